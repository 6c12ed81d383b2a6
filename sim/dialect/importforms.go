package dialect

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

// formBases are the dialects whose forms a specification may be given, by the width
// of the response code, with the fields whose contents ISO 8583 leaves to agreement,
// so that another network's use of them says nothing.
var formBases = []formBase{
	{2, "iso87", agreed87, []wire.Element{wire.ConditionCode, wire.Currency, wire.OriginalMTI}},
	{3, "iso93", agreed93, []wire.Element{wire.Reason, wire.Currency}},
}

type formBase struct {
	width    int
	name     string
	agreed   func(n int) bool
	needless []wire.Element // constants without which a request is told from others all the same, where they are zeros or the currency
}

// forms lends a draft the transactions of a dialect that comes with posfleet, as
// far as the fields allow.
type forms struct {
	*draft
	r       *reader
	of      formBase
	root    strict.Value
	was     map[int]strict.Value // the base's fields
	dropped []string             // elements
	kept    int                  // transactions
	missing int                  // a field that one which is not kept cannot do without
}

// borrow writes what a draft takes over from the dialect that it extends, and
// nothing when none fits, which it notes.
func (d *draft) borrow() []byte {
	width := 0
	if f := d.fields[isoResponseCode]; f != nil && f.prefix == "fixed" && f.kind != "b" {
		width = f.length
	}
	var of formBase
	if i := slices.IndexFunc(formBases, func(of formBase) bool { return of.width == width }); i >= 0 {
		of = formBases[i]
	}
	base := of.name
	text, ok := Text(base)
	if !ok {
		d.left = append(d.left, fmt.Sprintf("transactions, elements, pairing and response codes: field %d is not the response code of a network that comes with posfleet; until you add them the file explains messages and plays none", isoResponseCode))
		return nil
	}
	r, root, ok := document(base+".yaml", text, nil, nil)
	if !ok {
		return nil
	}
	f := &forms{draft: d, r: r, of: of, root: root, was: map[int]strict.Value{}}
	r.Each(f.key(root, "fields"), func(key string, v strict.Value) {
		n, _ := strconv.Atoi(key)
		f.was[n] = v
	})
	body := f.body()
	if why := f.lacks(); why != "" {
		d.left = append(d.left, fmt.Sprintf("transactions, elements, pairing and response codes: %s; until you add them the file explains messages and plays none", why))
		return nil
	}
	d.extends, d.absent = base, map[int]bool{}
	for n, v := range f.was {
		d.absent[n] = d.fields[n] == nil
		if ours := d.fields[n]; ours != nil && f.key(v, "parts").Given() && !f.same(n) {
			ours.whole = true
		}
	}
	d.guessed = append(d.guessed, fmt.Sprintf("transactions and response codes are those of %s, without its private fields (posfleet dialect show %s)", base, base))
	d.left = append(d.left,
		"sign-in and MAC: none until you say the block of working keys and the algorithm",
		"currency: another network's; write yours",
		"what your host wants in private fields: set, carries and requires of the transactions")
	return body
}

// lacks says what of a draft a transaction cannot do without.
func (f *forms) lacks() string {
	for _, e := range []string{"processing-code", "amount", "trace", "response-code"} {
		if slices.Contains(f.dropped, e) {
			at, _ := f.r.Scalar(f.key(f.key(f.root, "elements"), e))
			return fmt.Sprintf("field %s is not the %s of %s", at, e, f.of.name)
		}
	}
	if f.kept == 0 {
		return fmt.Sprintf("field %d is missing, which tells the transactions of %s", f.missing, f.of.name)
	}
	return ""
}

// body is what the file says besides its fields.
func (f *forms) body() []byte {
	var b bytes.Buffer
	b.WriteString("\n# The forms of " + f.of.name + ", but for what these fields do not have.\nmac: none\nsign-in: none\n")
	currency, _ := f.r.Scalar(f.key(f.root, "currency"))
	fmt.Fprintf(&b, "currency: %q\n", currency)
	f.elements()
	if len(f.dropped) > 0 {
		fmt.Fprintf(&b, "elements: {%s: none}\n", strings.Join(f.dropped, ": none, "))
	}
	if slices.Contains(f.dropped, "entry-mode") && f.key(f.root, "entry").Given() {
		b.WriteString("entry: none\n")
	}
	for _, key := range []string{"pair", "echo"} {
		if list, changed := f.list(f.key(f.root, key)); changed {
			fmt.Fprintf(&b, "%s: [%s]\n", key, strings.Join(list, ", "))
		}
	}
	var lists []string
	f.r.Each(f.key(f.root, "lists"), func(name string, v strict.Value) {
		if list, changed := f.list(v); changed {
			lists = append(lists, fmt.Sprintf("%s: [%s]", name, strings.Join(list, ", ")))
		}
	})
	if len(lists) > 0 {
		fmt.Fprintf(&b, "lists: {%s}\n", strings.Join(lists, ", "))
	}
	f.transactions(&b)
	return b.Bytes()
}

// has reports whether the draft has field n as the base means it.
func (f *forms) has(n int) bool { return f.fields[n] != nil && !f.of.agreed(n) && f.same(n) }

// same reports whether values of field n are alike in the draft and the base:
// octets or not, of the same fixed length or one that it fits in, but for those that a
// profile gives, which are as long as the dialect has them, and long enough for the parts
// of the base.
func (f *forms) same(n int) bool {
	is, _ := f.r.Scalar(f.key(f.was[n], "is"))
	m := fieldShape.FindStringSubmatch(is)
	ours := f.fields[n]
	if m == nil || (m[1] == "b") != (ours.kind == "b") {
		return false
	}
	longest, _ := strconv.Atoi(m[3])
	switch {
	case f.key(f.was[n], "parts").Given() && ours.length < longest:
		return false
	case m[2] != "" || f.isElement(n, wire.TerminalID, wire.MerchantID):
		return true
	case ours.prefix == "fixed" || f.isElement(n, wire.EntryMode, wire.Reason): // whose codes are as wide as the field
		return ours.length == longest
	}
	return ours.length >= longest // what the base writes there fits
}

// isElement reports whether the base has one of the elements in field n.
func (f *forms) isElement(n int, of ...wire.Element) bool {
	for _, e := range of {
		v := f.key(f.key(f.root, "elements"), e.String())
		if !v.Given() {
			continue
		}
		if at, _ := f.r.Scalar(v); leadingShape.FindString(at) == strconv.Itoa(n) {
			return true
		}
	}
	return false
}

// key is the value of a key of a mapping; the zero Value where there is none.
func (f *forms) key(v strict.Value, key string) strict.Value {
	v, _ = v.Key(key)
	return v
}

var leadingShape = regexp.MustCompile(`^\d+`)

// elements finds those that the draft has no place for.
func (f *forms) elements() {
	f.r.Each(f.key(f.root, "elements"), func(name string, v strict.Value) {
		at, _ := f.r.Scalar(v)
		if n, err := strconv.Atoi(leadingShape.FindString(at)); err != nil || !f.has(n) {
			f.dropped = append(f.dropped, name)
		}
	})
}

// list is a list of fields and of names of lists without the fields that the draft
// lacks.
func (f *forms) list(v strict.Value) (list []string, changed bool) {
	if !v.Given() {
		return nil, false
	}
	f.r.List(v, func(v strict.Value) {
		s, _ := f.r.Scalar(v)
		if n, err := strconv.Atoi(s); err == nil && !f.has(n) {
			changed = true
			return
		}
		list = append(list, s)
	})
	return list, changed
}

// settling are the transactions that nothing is left of without totals.
var settling = []string{Settlement.String(), BatchUpload.String(), UploadEnd.String()}

// cannotSettle reports whether the draft has no place for totals, or for what tells the
// messages of a settlement apart.
func (f *forms) cannotSettle() bool {
	return slices.ContainsFunc([]string{"totals", "credits-number", "debits-number", "credits-amount", "debits-amount", "management-code"},
		func(e string) bool { return slices.Contains(f.dropped, e) })
}

// transactions writes what differs in each form.
func (f *forms) transactions(b *bytes.Buffer) {
	var lines []string
	reversal := ""
	if slices.Contains(f.dropped, "reversal-reason") {
		reversal = "reversal: {reasons: none}\n"
	}
	f.r.Each(f.key(f.root, "transactions"), func(name string, v strict.Value) {
		line := f.form(v)
		if line == strict.None && name == Reversal.String() {
			reversal = "reversal: none\n"
		}
		if slices.Contains(settling, name) && f.cannotSettle() {
			line = strict.None
		}
		if line != strict.None {
			f.kept++
		}
		if line != "" {
			lines = append(lines, fmt.Sprintf("  %s: %s\n", name, line))
		}
	})
	if len(lines) > 0 {
		b.WriteString("transactions:\n" + strings.Join(lines, ""))
	}
	b.WriteString(reversal)
}

// form is what differs in one: none where a constant that tells it from others has
// no field.
func (f *forms) form(v strict.Value) string {
	var parts, unset []string
	impossible := false
	if set := f.key(v, "set"); set.Given() {
		f.r.Each(set, func(key string, v strict.Value) {
			is, _ := f.r.Scalar(v)
			n, _ := strconv.Atoi(key)
			if f.has(n) {
				return
			}
			unset = append(unset, key+": none")
			needless := f.isElement(n, f.of.needless...) && (is == "currency" || strings.Trim(is, "0") == "")
			if !f.of.agreed(n) && !needless {
				impossible, f.missing = true, n
			}
		})
	}
	if impossible {
		return strict.None
	}
	if len(unset) > 0 {
		parts = append(parts, fmt.Sprintf("set: {%s}", strings.Join(unset, ", ")))
	}
	for _, key := range []string{"carries", "requires"} {
		if list, changed := f.list(f.key(v, key)); changed {
			parts = append(parts, fmt.Sprintf("%s: [%s]", key, strings.Join(list, ", ")))
		}
	}
	var answer []string
	for _, key := range []string{"must", "should"} {
		if list, changed := f.list(f.key(f.key(v, "answer"), key)); changed {
			answer = append(answer, fmt.Sprintf("%s: [%s]", key, strings.Join(list, ", ")))
		}
	}
	if len(answer) > 0 {
		parts = append(parts, fmt.Sprintf("answer: {%s}", strings.Join(answer, ", ")))
	}
	if len(parts) == 0 {
		return ""
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
