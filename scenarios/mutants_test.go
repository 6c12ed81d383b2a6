package scenarios

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// mutant is one change to all answers of a kind.
type mutant struct {
	of     kindOfAnswer
	where  string // a field's number, or "header", "TPDU", "MTI", "end"
	change string
	// Edit changes the answer, raw its octets after it was packed and before its MAC
	// is made, from the routing header on. Either may be nil.
	edit func(a *wire.Message)
	raw  func(octets []byte) []byte
	mac  func(mac []byte) // after the right one was made

	copied int    // the field whose value is another exchange's
	other  string // that value, of the answer before
}

func (m *mutant) String() string { return fmt.Sprintf("%s: %s %s", m.of, m.where, m.change) }

// apply changes one answer; sum makes its MAC.
func (m *mutant) apply(a *wire.Message, sum func(covered []byte) [8]byte) []byte {
	if m.edit != nil {
		m.edit(a)
	}
	octets, err := a.Append(nil)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", m, err))
	}
	if m.raw != nil {
		octets = m.raw(octets)
	}
	if a.HasField(64) || a.HasField(128) {
		end := len(octets)
		if m.where == "end" {
			end-- // what is after the MAC
		}
		mac := octets[end-8 : end]
		right := sum(octets[len(a.Head) : end-8])
		copy(mac, right[:])
		if m.mac != nil {
			m.mac(mac)
		}
	}
	return octets
}

// specimens are what answers of a kind were seen to hold: an answer, and the values
// that their fields had.
type specimens struct {
	answer *wire.Message
	values map[int][]string
}

// mutantsOf are all the mutants of a kind of answer: each field absent, with another
// value, malformed, and as another exchange has it; what answers never carry, added;
// MTI, routing header and MAC changed. Elsewhere are the values that fields had in
// other answers.
func mutantsOf(d *dialect.Dialect, k kindOfAnswer, s *specimens, elsewhere map[int][]string) (all []*mutant) {
	add := func(where, change string, edit func(*wire.Message), raw func([]byte) []byte, mac func([]byte)) {
		all = append(all, &mutant{of: k, where: where, change: change, edit: edit, raw: raw, mac: mac})
	}
	maced := s.answer.HasField(64) || s.answer.HasField(128)
	for n := range s.answer.Fields {
		if n == 64 || n == 128 {
			continue
		}
		where, value := strconv.Itoa(n), s.answer.FieldText(n)
		add(where, "absent", func(a *wire.Message) { a.UnsetField(n) }, nil, nil)
		for part, change := range otherValues(d, k, n, value) {
			add(where, strings.TrimSpace("another value "+part), func(a *wire.Message) {
				if v := a.Field(n); len(v) > 0 {
					change(v)
				}
			}, nil, nil)
		}
		edit, raw := malformed(d, n)
		add(where, "malformed", edit, raw, nil)
		if n == d.Place(wire.LocalTime).Field {
			continue // that of an exchange moments before is as good
		}
		if i := slices.IndexFunc(elsewhere[n], func(v string) bool { return !slices.Contains(s.values[n], v) && packs(d, n, v) }); i >= 0 {
			m := &mutant{of: k, where: where, change: "of another exchange", copied: n}
			m.edit = func(a *wire.Message) {
				if m.other == "" || m.other == a.FieldText(n) {
					m.other = elsewhere[n][i]
				}
				a.SetFieldString(n, m.other)
			}
			all = append(all, m)
		}
	}
	for _, extra := range []struct {
		field int
		value string
	}{{2, "6225000000000998"}, {14, "4913"}, {35, "6225000000000014D49121010000012300000"}, {36, "6225000000000014D49121010000012300000"}, {45, "B6225000000000014^A"}, {52, "\x12\x34\x56\x78\x90\x12\x34\x56"}} {
		if d.HasField(extra.field) && !s.answer.HasField(extra.field) {
			add(strconv.Itoa(extra.field), "added", func(a *wire.Message) { a.SetFieldString(extra.field, extra.value) }, nil, nil)
		}
	}
	add("MTI", "of a request", func(a *wire.Message) { v := []byte(a.MTI()); v[2]--; a.SetMTI(string(v)) }, nil, nil)
	add("MTI", "of another class", func(a *wire.Message) {
		v := []byte(a.MTI())
		v[1] = '1' + (v[1]-'0')%8
		a.SetMTI(string(v))
	}, nil, nil)
	add("end", "with an octet after it", nil, func(o []byte) []byte { return append(o, 0) }, nil)
	for i := range s.answer.Head {
		for bit := range 8 {
			where := "header"
			if d.Header.TPDU && i < 5 {
				where = "TPDU"
			}
			if where == "header" && i == d.Header.Len()-d.Header.App+2 && bit < 4 {
				where = "header, processing requirement"
			}
			add(where, fmt.Sprintf("octet %d, bit %d", i+1, bit), func(a *wire.Message) { a.Head[i] ^= 1 << bit }, nil, nil)
		}
	}
	if d.MAC && maced {
		add("MAC", "absent", func(a *wire.Message) { a.UnsetField(64); a.UnsetField(128) }, nil, nil)
		add("MAC", "wrong", nil, nil, func(mac []byte) { mac[7] ^= 1 })
		add("MAC", "in small letters", nil, nil, func(mac []byte) {
			copy(mac, bytes.ToLower(mac))
			if bytes.Equal(mac, bytes.ToUpper(mac)) { // no letters in it
				mac[0] ^= 1
			}
		})
	} else if d.MAC {
		add("MAC", "added, wrong", func(a *wire.Message) { a.AddMAC() }, nil, func(mac []byte) { mac[7] ^= 1 })
	}
	return all
}

// otherValues are changes of a field's value that leave its form right, by the part
// that they change.
func otherValues(d *dialect.Dialect, k kindOfAnswer, n int, value string) map[string]func(v []byte) {
	last := func(v []byte) { v[len(v)-1] = another(v[len(v)-1]) }
	at := func(i int) func(v []byte) { return func(v []byte) { v[i] = another(v[i]) } }
	text := func(s string) func(v []byte) { return func(v []byte) { copy(v, s) } }
	is := func(e wire.Element) bool { return d.Place(e).Field == n }
	switch {
	case is(wire.ResponseCode) && k.declines:
		return map[string]func([]byte){"": text("00")}
	case is(wire.ResponseCode):
		return map[string]func([]byte){"": text("05")}
	case is(wire.LocalTime):
		return map[string]func([]byte){"": func(v []byte) { wire.PutUint(v[:2], (wire.Uint(v[:2])+6)%24) }}
	case is(wire.LocalDate), is(wire.SettlementDate):
		return map[string]func([]byte){"": func(v []byte) { copy(v, fmt.Sprintf("%02d01", (wire.Uint(v[:2])+5)%12+1)) }}
	case is(wire.TransmissionTime):
		return map[string]func([]byte){"": func(v []byte) { copy(v, fmt.Sprintf("%02d01", (wire.Uint(v[:2])+5)%12+1)) }}
	case is(wire.Totals) && len(value) == dialect.TotalsLen:
		return map[string]func([]byte){"of the amount": at(11), "of the count": at(14), "of the flag": func(v []byte) { v[30] = '2' }, "of a foreign amount": at(42), "of the foreign flag": func(v []byte) { v[61] = '3' }}
	case is(wire.Batch) && d.Place(wire.Batch).To > 0:
		parts := map[string]func([]byte){"of the batch": at(d.Place(wire.Batch).To - 1)}
		for e, name := range map[wire.Element]string{wire.TransactionType: "of the type", wire.ManagementCode: "of the management code", wire.ReadCapability: "of the rest"} {
			if p := d.Place(e); p.Field == n && p.To > 0 && p.To <= len(value) {
				parts[name] = at(p.To - 1)
			}
		}
		return parts
	}
	return map[string]func([]byte){"": last}
}

// another is the next digit, letter or octet.
func another(c byte) byte {
	switch {
	case c >= '0' && c <= '8', c >= 'A' && c < 'Z', c >= 'a' && c < 'z':
		return c + 1
	case c == '9':
		return '0'
	case c == ' ':
		return 'X'
	}
	return c ^ 1
}

// malformed puts something into field n that is not of its form: a control character
// into text, an octet less into binary data, and what is no digit into digits, which
// only the octets can hold.
func malformed(d *dialect.Dialect, n int) (func(*wire.Message), func([]byte) []byte) {
	if d.Texts().Has(n) {
		return func(a *wire.Message) {
			if v := a.Field(n); len(v) > 0 {
				v[0] = 0x07
			}
		}, nil
	}
	if n == d.Place(wire.WorkingKeys).Field {
		return func(a *wire.Message) {
			if v := a.Field(n); len(v) > 0 {
				a.SetField(n, slices.Clone(v[:len(v)-1]))
			}
		}, nil
	}
	at := 0
	return func(a *wire.Message) {
			from, to := packed(a, n), packed(a, n+1)
			at = from + (to-from)/2 // in the middle of it: past any length
		}, func(o []byte) []byte {
			o[at] = 0xFF
			return o
		}
}

// packed is how many octets a message has up to field n.
func packed(a *wire.Message, n int) int {
	before := a.Clone()
	for f := range a.Fields {
		if f >= n {
			before.UnsetField(f)
		}
	}
	octets, err := before.Append(nil)
	if err != nil {
		panic(err)
	}
	return len(octets)
}

// packs reports whether a value can be packed as field n.
func packs(d *dialect.Dialect, n int, value string) bool {
	m := d.NewMessage()
	m.SetMTI("0210")
	m.SetFieldString(n, value)
	_, err := m.Append(nil)
	return err == nil
}

// note keeps what answers held.
func (s *specimens) note(a *wire.Message) {
	if s.answer == nil {
		s.answer, s.values = a.Clone(), map[int][]string{}
	}
	for n := range a.Fields {
		if v := a.FieldText(n); !slices.Contains(s.values[n], v) && len(s.values[n]) < 200 {
			s.values[n] = append(s.values[n], v)
		}
	}
}

// sorted are the kinds of answers in a steady order.
func sorted(of map[kindOfAnswer]*specimens) (kinds []kindOfAnswer) {
	for k := range of {
		kinds = append(kinds, k)
	}
	sort.Slice(kinds, func(i, j int) bool {
		return kinds[i].to < kinds[j].to || kinds[i].to == kinds[j].to && !kinds[i].declines && kinds[j].declines
	})
	return kinds
}
