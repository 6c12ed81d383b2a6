package dialect

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"

	"github.com/posfleet/posfleet/sim/wire"
)

// Reencoded is a dialect whose messages are put into octets in another way, and what
// its file would say for it.
type Reencoded struct {
	Dialect *Dialect
	Key     string // encoding: {bitmap: hex}

	from   *Dialect
	change map[string]string // of encoding
}

// Shows notes the keys of encoding by which a message would be other octets: what no
// message has shown is not known to be so.
func (re *Reencoded) Shows(m *wire.Message, shown map[string]bool) {
	shown["mti"], shown["bitmap"] = true, true
	for n, f := range re.Dialect.Spec.Fields {
		if n < 2 || !m.HasField(n) {
			continue
		}
		was := re.from.Spec.Fields[n].Spec()
		if f.Spec().Enc != was.Enc {
			shown[encodedAs(re.Dialect.kinds[n].of)] = true
		}
		if f.Spec().Pref != was.Pref {
			shown["length"] = true
		}
	}
}

// KeyShown is the key with what messages have shown of it, and what they have not.
func (re *Reencoded) KeyShown(shown map[string]bool) (key, guessed string) {
	is := maps.Clone(re.change)
	var not []string
	for _, k := range encodingKeys {
		if to := is[k]; to != "" && !shown[k] {
			not = append(not, k+": "+to)
			delete(is, k)
		}
	}
	return keyOf(is), strings.Join(not, ", ")
}

// Guesses are the same with tracks otherwise, where it is about tracks and no message has
// shown how they are.
func (re *Reencoded) Guesses(shown map[string]bool) (all []Reencoded) {
	if re.change["z"] == "" || shown["z"] {
		return nil
	}
	for _, to := range []string{"ascii", "track", "ebcdic"} {
		if to == re.change["z"] {
			continue
		}
		change := maps.Clone(re.change)
		change["z"] = to
		if of, err := re.from.reencoded(re.from.encoding(), change); err == nil {
			all = append(all, Reencoded{of, keyOf(change), re.from, change})
		}
	}
	return all
}

// keyOf is a change of encoding as a file says it.
func keyOf(change map[string]string) string {
	var all []string
	for _, k := range encodingKeys {
		if to := change[k]; to != "" {
			all = append(all, k+": "+to)
		}
	}
	return "encoding: {" + strings.Join(all, ", ") + "}"
}

// InFile begins what a dialect file would have to say for d to be otherwise: d's own, or
// one that extends it where it comes with posfleet.
func (d *Dialect) InFile() string {
	if _, comes := Named(d.Name); comes {
		return "in a dialect file that extends " + d.Name + ": "
	}
	return "in the file of dialect " + d.Name + ": "
}

// encodingKeys are the keys of encoding, in the order of a file.
var encodingKeys = []string{"mti", "bitmap", "length", "n", "text", "z"}

// usualEncodings are ways in which networks put the same fields into octets: one thing
// otherwise, then all of it as is usual.
var usualEncodings = []map[string]string{
	{"bitmap": "octets"}, {"bitmap": "hex"}, {"bitmap": "ebcdic-hex"},
	{"mti": "packed"}, {"mti": "ascii"}, {"mti": "ebcdic"},
	{"text": "ascii"}, {"text": "ebcdic"},
	{"n": "packed", "z": "track"}, {"n": "ascii", "z": "ascii"}, {"n": "ebcdic", "z": "ebcdic"},
	{"n": "packed-right", "z": "track"}, {"mti": "packed", "n": "packed-right", "z": "track"},
	{"length": "packed"}, {"length": "ascii"}, {"length": "ebcdic"}, {"length": "binary"},
	{"mti": "packed", "n": "packed", "z": "track"}, {"mti": "ascii", "n": "ascii", "z": "ascii"},
	{"mti": "packed", "n": "packed", "z": "track", "length": "packed"}, {"mti": "ascii", "n": "ascii", "z": "ascii", "length": "ascii"},
	{"mti": "packed", "bitmap": "octets", "length": "packed", "n": "packed", "text": "ascii", "z": "track"},
	{"mti": "ascii", "bitmap": "octets", "length": "ascii", "n": "ascii", "text": "ascii", "z": "ascii"},
	{"mti": "ascii", "bitmap": "hex", "length": "ascii", "n": "ascii", "text": "ascii", "z": "ascii"},
	{"mti": "ebcdic", "bitmap": "octets", "length": "ebcdic", "n": "ebcdic", "text": "ebcdic", "z": "ebcdic"},
}

// Reencodings are ways in which networks that have d's fields may put them into
// octets. Fields that say an encoding of their own keep it.
func (d *Dialect) Reencodings() (all []Reencoded) {
	now := d.encoding()
	seen := map[string]bool{}
	for _, to := range usualEncodings {
		change := map[string]string{}
		for _, k := range encodingKeys {
			if to[k] != "" && to[k] != now[k] && now[k] != "" && !alike(to[k], now[k]) {
				change[k] = to[k]
			}
		}
		key := keyOf(change)
		if len(change) == 0 || seen[key] {
			continue
		}
		seen[key] = true
		if of, err := d.reencoded(now, change); err == nil {
			all = append(all, Reencoded{of, key, d, change})
		}
	}
	return all
}

// OtherSpare is d with the spare nibble of an odd number of packed digits at the other
// end: in field n, and in all digits where most have it as n has; false where the field has
// no packed digits.
func (d *Dialect) OtherSpare(n int) (Reencoded, bool) {
	f, is := d.Spec.Fields[n].(*field.String)
	if !is || n < 2 {
		return Reencoded{}, false
	}
	name := wire.EncodingName(f.Spec().Enc)
	to, right := strings.CutSuffix(name, "-right")
	if !right {
		to = strings.TrimSuffix(name, "-f") + "-right"
	}
	if alike(name, "packed") && wire.Encodings()[to] != nil {
		if now := d.encoding(); now["n"] == name {
			of, err := d.reencoded(now, map[string]string{"n": to})
			return Reencoded{Dialect: of, Key: "encoding: {n: " + to + "}"}, err == nil
		}
		s := *f.Spec()
		s.Enc = wire.Encodings()[to]
		spec := &iso8583.MessageSpec{Name: d.Spec.Name, Fields: maps.Clone(d.Spec.Fields)}
		spec.Fields[n] = field.NewString(&s)
		of, err := d.WithSpec(spec)
		return Reencoded{Dialect: of, Key: fmt.Sprintf("fields: {%d: {as: %s}}", n, to)}, err == nil
	}
	return Reencoded{}, false
}

// alike reports whether two encodings are the same but for what few values have.
func alike(a, b string) bool {
	form := func(s string) string {
		switch {
		case strings.HasPrefix(s, "track"), strings.HasPrefix(s, "packed"):
			return "packed"
		case s == "latin1":
			return "ascii"
		}
		return s
	}
	return form(a) == form(b)
}

// encoding is how most fields of each kind are put into octets, by the keys of a file;
// a kind of which there is none is left out.
func (d *Dialect) encoding() map[string]string {
	now := map[string]string{"mti": wire.EncodingName(d.Spec.Fields[0].Spec().Enc), "bitmap": wire.EncodingName(d.Spec.Fields[1].Spec().Enc)}
	votes := map[string]map[string]int{"n": {}, "text": {}, "z": {}, "length": {}}
	for n, f := range d.Spec.Fields {
		if n < 2 {
			continue
		}
		if kind := encodedAs(d.kinds[n].of); votes[kind] != nil && d.kinds[n].of != "" && f.Spec().Enc != nil {
			votes[kind][wire.EncodingName(f.Spec().Enc)]++
		}
		if form := strings.TrimRight(wire.PrefixName(f.Spec().Pref), "0123456789"); form != "fixed" && form != "" {
			votes["length"][form]++
		}
	}
	for kind, of := range votes {
		for _, name := range slices.Sorted(maps.Keys(of)) {
			if best := now[kind]; best == "" || of[name] > of[best] {
				now[kind] = name
			}
		}
	}
	return now
}

// reencoded is d with changes, in place of what it has now.
func (d *Dialect) reencoded(now, change map[string]string) (*Dialect, error) {
	forms := wire.Encodings()
	spec := &iso8583.MessageSpec{Name: d.Spec.Name, Fields: maps.Clone(d.Spec.Fields)}
	if to := change["mti"]; to != "" {
		spec.Fields[0] = field.NewString(field.NewSpec(4, "message type", forms[to], prefix.ASCII.Fixed))
	}
	if to := change["bitmap"]; to != "" {
		s := *d.Spec.Fields[1].Spec()
		s.Enc, s.Pref = forms[to], prefix.Hex.Fixed
		if s.Enc == encoding.Binary {
			s.Pref = prefix.Binary.Fixed
		}
		spec.Fields[1] = field.NewBitmap(&s)
	}
	for n, f := range d.Spec.Fields {
		if n < 2 {
			continue
		}
		s := *f.Spec()
		if _, is := f.(*field.String); is {
			if kind := encodedAs(d.kinds[n].of); change[kind] != "" && d.kinds[n].of != "" && wire.EncodingName(s.Enc) == now[kind] {
				s.Enc = forms[change[kind]]
			}
		}
		if to := change["length"]; to != "" {
			name := wire.PrefixName(s.Pref)
			if digits, is := strings.CutPrefix(name, now["length"]); is && len(digits) == 1 {
				if p, known := wire.Prefix(prefixName(to, int(digits[0]-'0'))); known {
					s.Pref = p
				}
			}
		}
		if s.Enc == f.Spec().Enc && s.Pref == f.Spec().Pref {
			continue
		}
		switch f.(type) {
		case *field.String:
			spec.Fields[n] = field.NewString(&s)
		case *field.Binary:
			spec.Fields[n] = field.NewBinary(&s)
		}
	}
	return d.WithSpec(spec)
}
