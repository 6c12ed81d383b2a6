package dialect

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"

	"github.com/posfleet/posfleet/sim/wire"
)

// Fit is a way in which octets are a whole message though a dialect cannot read
// them as they stand.
type Fit struct {
	Words   string // what would have to be so
	Dialect *Dialect
	Message *wire.Message
}

// FitsFields gives the change of one field of d, or the fields more, with which
// octets from a routing header on read whole; false when there is none. Fields
// that d lacks are tried as text of variable length, packed digits of variable
// length as digits of which the octets are counted or as text, and those that are longer than d says as long as their prefix can tell.
func (d *Dialect) FitsFields(octets []byte) (Fit, bool) {
	if f, ok := d.withUnknown(octets, 3); ok {
		return f, true
	}
	if f, ok := d.withLonger(octets, 3); ok {
		return f, true
	}
	m := d.NewMessage()
	if _, err := m.ReadPart(octets); err == nil {
		return Fit{}, false
	}
	for n := 2; n <= 128; n++ {
		if !d.HasField(n) || !d.packedDigits(n) || fixedLength(d.Spec.Fields[n]) {
			continue
		}
		s := *d.Spec.Fields[n].Spec()
		v, err := d.withField(n, field.NewSpec(wire.MaxField, s.Description, encoding.Binary, s.Pref))
		if err != nil {
			continue
		}
		m := v.NewMessage()
		if m.Read(octets) != nil || !m.HasField(n) {
			continue
		}
		if p, is := wire.Prefix(wire.PrefixName(s.Pref) + "-octets"); is && !printable(m.Field(n)) {
			packed, err := d.withField(n, field.NewSpec(s.Length, s.Description, s.Enc, p))
			if err == nil {
				if m := packed.NewMessage(); m.Read(octets) == nil {
					return Fit{fmt.Sprintf("the length of field %d counts octets, not digits (prefix: %s)", n, wire.PrefixName(p)), packed, m}, true
				}
			}
		}
		return Fit{fmt.Sprintf("field %d is text and its length counts octets, not digits", n), v, m}, true
	}
	return Fit{}, false
}

// withUnknown adds fields that d lacks, at most most of them.
func (d *Dialect) withUnknown(octets []byte, most int) (Fit, bool) {
	m := d.NewMessage()
	e, ok := errors.AsType[*wire.FieldError](m.Read(octets))
	if !ok || e.Field < 2 || d.HasField(e.Field) || most == 0 {
		return Fit{}, false
	}
	for _, g := range d.guesses(e.Field) {
		v, err := d.withField(e.Field, g.spec)
		if err != nil {
			continue
		}
		words := fmt.Sprintf("field %d is %s", e.Field, g.words)
		m := v.NewMessage()
		if m.Read(octets) == nil {
			return Fit{words, v, m}, true
		}
		if f, ok := v.withUnknown(octets, most-1); ok {
			f.Words = words + ", " + f.Words
			return f, true
		}
	}
	return Fit{}, false
}

// withLonger lets fields that are longer than d says be as long as their prefix can
// tell, at most most of them.
func (d *Dialect) withLonger(octets []byte, most int) (Fit, bool) {
	m := d.NewMessage()
	e, ok := errors.AsType[*wire.FieldError](m.Read(octets))
	if !ok || e.Field < 2 || !d.HasField(e.Field) || most == 0 || fixedLength(d.Spec.Fields[e.Field]) {
		return Fit{}, false
	}
	s := d.Spec.Fields[e.Field].Spec()
	length := wire.PrefixMost(s.Pref)
	if s.Enc == nil || s.Tag != nil || s.Bitmap != nil || length <= s.Length {
		return Fit{}, false
	}
	v, err := d.withField(e.Field, field.NewSpec(length, s.Description, s.Enc, s.Pref))
	if err != nil {
		return Fit{}, false
	}
	m = v.NewMessage()
	if m.Read(octets) == nil {
		return Fit{fmt.Sprintf("field %d may be longer than %d, here %d", e.Field, s.Length, len(m.Field(e.Field))), v, m}, true
	}
	f, ok := v.withLonger(octets, most-1)
	if ok {
		f.Words = fmt.Sprintf("field %d may be longer than %d, here %d, and %s", e.Field, s.Length, len(f.Message.Field(e.Field)), f.Words)
	}
	return f, ok
}

type guess struct {
	spec  *field.Spec
	words string
}

// guesses are what field n may be: what ISO 8583:1987 says, encoded as fields of its
// kind are in d, then text of variable length.
func (d *Dialect) guesses(n int) []guess {
	const name = "not of this dialect"
	like := func(f, length int) *field.Spec {
		s := d.Spec.Fields[f].Spec()
		return field.NewSpec(length, name, s.Enc, s.Pref)
	}
	var all []guess
	if iso, _ := Named("iso87"); iso.kinds[n] != (kind{}) {
		k := iso.kinds[n]
		length := iso.Spec.Fields[n].Spec().Length
		if f := slices.Index(d.kinds[:], k); f > 0 {
			all = append(all, guess{like(f, length), k.words(length)})
		}
	}
	for _, digits := range []string{"LLL", "LL"} {
		if f := d.textOf(digits); f > 0 {
			all = append(all, guess{like(f, map[string]int{"LL": 99, "LLL": 999}[digits]),
				fmt.Sprintf("text of variable length with %d digits of length (%sVAR)", len(digits), digits)})
		}
	}
	return all
}

// kind is what a field's notation says of it besides its length.
type kind struct {
	of   string // n, an, b …
	dots int    // digits of the length before it
}

// words say what a value of some length is.
func (k kind) words(length int) string {
	of := "characters"
	if k.of == "n" {
		of = "digits"
	}
	if k.dots > 0 {
		return fmt.Sprintf("up to %d %s, with %d digits of length", length, of, k.dots)
	}
	return fmt.Sprintf("%d %s", length, of)
}

// textOf is a field of text with so many digits of length, 0 when d has none.
func (d *Dialect) textOf(digits string) int {
	for n := 2; n <= 128; n++ {
		if f, ok := d.Spec.Fields[n].(*field.String); ok && !d.packedDigits(n) && strings.HasSuffix(f.Spec().Pref.Inspect(), "."+digits) {
			return n
		}
	}
	return 0
}

func fixedLength(f field.Field) bool { return strings.HasSuffix(f.Spec().Pref.Inspect(), "Fixed") }

// withField is d with another field n.
func (d *Dialect) withField(n int, s *field.Spec) (*Dialect, error) {
	return d.WithSpec(withField(d.Spec, n, s))
}

// withField is a spec with another field n.
func withField(spec *iso8583.MessageSpec, n int, s *field.Spec) *iso8583.MessageSpec {
	with := &iso8583.MessageSpec{Name: spec.Name, Fields: maps.Clone(spec.Fields)}
	with.Fields[n] = field.NewString(s)
	return with
}
