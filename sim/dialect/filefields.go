package dialect

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"
	"github.com/moov-io/iso8583/prefix"

	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

var (
	// fieldShape is ISO 8583's own notation: kind, a dot for each digit of the
	// length prefix, the length or the longest one.
	fieldShape = regexp.MustCompile(`^(x\+n|anp|ans|an|as|ns|a|n|s|b|z) ?(\.{0,6}) ?(\d{1,6})( bits)?$`)
	partShape  = regexp.MustCompile(`^(\d{1,4})(?:-(\d{1,4}))? (\S.*)$`)
	placeShape = regexp.MustCompile(`^(\d{1,3}):(\d{1,4})(?:-(\d{1,4}))?$`)
	padShape   = regexp.MustCompile(`^(left|right) (space|[!-~])$`)
)

// encodings reads how values of each kind are put into octets.
func (r *reader) encodings(v strict.Value) {
	r.encoding = map[string]string{}
	forms := wire.Encodings()
	of := func(kind string) func(strict.Value) {
		return func(v strict.Value) {
			s, ok := r.Scalar(v)
			if kind == "bitmap" {
				s, r.bothBitmaps = strings.CutSuffix(s, " 16")
			}
			r.encoding[kind] = s
			if ok && kind != "length" && forms[s] == nil {
				r.Fail(v, "%s, want one of %s", strict.Quote(s), names(forms))
				r.encoding[kind] = "octets" // so that fields complain of their own faults
			}
			if _, known := wire.Prefix(s + "1"); ok && kind == "length" && !known {
				r.Fail(v, "%s, want ascii, packed, binary, ebcdic or hex", strict.Quote(s))
				r.encoding[kind] = "ascii"
			}
		}
	}
	t := strict.Table{}
	for _, kind := range []string{"mti", "bitmap", "length", "n", "text", "b", "z"} {
		t[kind] = of(kind)
	}
	found := r.Map(v, t)
	r.Need(v, found, "mti", "bitmap", "length", "n", "text", "b")
	if r.encoding["z"] == "" {
		r.encoding["z"] = r.encoding["n"]
	}
}

// fields reads the field table.
func (r *reader) fields(v strict.Value) {
	d := r.d
	d.Masks, d.Parts, r.at = map[int]Mask{}, map[int][]PartName{}, map[int]strict.Value{}
	all := map[int]field.Field{}
	r.Each(v, func(key string, v strict.Value) {
		n, err := strconv.Atoi(key)
		switch {
		case err != nil || strconv.Itoa(n) != key || n < 2 || n > 128:
			r.Fail(v, "fields are numbered 2 to 128; MTI and bitmap are described under encoding")
		case n == 65:
			r.Fail(v, "field 65 announces a third bitmap, there are two; leave it out")
		default:
			r.at[n] = v
			if f := r.field(n, v); f != nil {
				all[n] = f
			}
		}
	})
	if !r.OK() {
		return
	}
	forms := wire.Encodings()
	all[0] = field.NewString(field.NewSpec(4, "message type", forms[r.encoding["mti"]], prefix.ASCII.Fixed))
	bitmap := &field.Spec{Length: 8, Description: "bitmap", Enc: forms[r.encoding["bitmap"]], Pref: prefix.Hex.Fixed}
	if bitmap.Enc == encoding.Binary {
		bitmap.Pref = prefix.Binary.Fixed
	}
	bitmap.DisableAutoExpand = slices.Max(slices.Collect(maps.Keys(all))) <= 64
	if r.bothBitmaps {
		bitmap.Length, bitmap.DisableAutoExpand = 16, true
	}
	all[1] = field.NewBitmap(bitmap)
	d.Spec = &iso8583.MessageSpec{Name: d.Title, Fields: all}
}

// field reads one field.
func (r *reader) field(n int, v strict.Value) field.Field {
	var mask string
	f, chars := r.described(strconv.Itoa(n), v, strict.Table{"mask": r.Text(&mask)})
	if f == nil {
		return nil
	}
	if is, _ := v.Key("is"); is.Given() {
		s, _ := r.Scalar(is)
		if m := fieldShape.FindStringSubmatch(s); m != nil {
			r.d.kinds[n] = kind{m[1], len(m[2])}
		}
	}
	if mask != "" {
		m, ok := maskNamed(mask)
		if !ok {
			r.Fail(v, "mask %s, want clear, pan, hidden, tags or details", strict.Quote(mask))
		}
		r.d.Masks[n] = m
	}
	if chars.Given() {
		r.parts(n, f.Spec().Length, chars)
	}
	return f
}

// described reads a field or a part of a composed one: what both have, and besides
// it the keys of more. Parts that are characters of the value are left to be read.
func (r *reader) described(path string, v strict.Value, more strict.Table) (f field.Field, chars strict.Value) {
	var is, name, as, pref, pad string
	var c composition
	t := strict.Table{
		"is": r.Text(&is), "name": r.Text(&name), "as": r.Text(&as), "prefix": r.Text(&pref),
		"pad": r.Match(&pad, padShape, `a side and a character, as "left 0" or right space`),
		"by":  r.Text(&c.by), "others": r.Text(&c.others), "parts": strict.Keep(&c.parts),
	}
	maps.Copy(t, more)
	found := r.Map(v, t)
	r.Need(v, found, "is", "name")
	if found["is"] == 0 {
		return nil, chars
	}
	kind, s, err := r.spec(is, as, pref)
	if err != nil {
		r.Fail(v, "%w", err)
		return nil, chars
	}
	s.Description = name
	if c.of(r) {
		if as != "" || pad != "" {
			r.Fail(v, "a composed field is octets as its parts make them; leave as and pad away")
			return nil, chars
		}
		return r.composed(path, kind, v, s, &c), chars
	}
	if c.others != "" {
		r.Fail(v, "others: only of a composed field, told apart by tags; leave it away")
	}
	if pad != "" {
		if s.Pad = padder(pad); kind == "x+n" && pad == "left 0" {
			s.Pad = wire.SignedZeros // its sign comes first
		}
		if strings.Contains(is, ".") {
			r.Fail(v, "pad fills a field up to its length, and this one has no fixed length; leave pad away")
		}
	}
	if kind == "b" {
		return field.NewBinary(s), c.parts
	}
	return field.NewString(s), c.parts
}

// spec makes moov's spec of a field's notation: kind, length, encoding, prefix.
func (r *reader) spec(is, as, pref string) (kind string, s *field.Spec, err error) {
	m := fieldShape.FindStringSubmatch(is)
	if m == nil {
		return "", nil, fmt.Errorf("is: %s, want ISO 8583's notation: n 6, an 12, ans..25, n...999, z..37, b 8 (octets) or b 64 bits", strict.Quote(is))
	}
	kind, dots := m[1], len(m[2])
	length, _ := strconv.Atoi(m[3])
	switch {
	case m[4] != "" && (kind != "b" || length%8 != 0):
		return "", nil, fmt.Errorf("is: %s: bits are of b alone, and 8 make an octet", is)
	case m[4] != "":
		length /= 8
	}
	most := wire.MaxField
	if dots > 0 && dots < 4 {
		most = [...]int{9, 99, 999}[dots-1]
	}
	if length < 1 || length > most {
		return "", nil, fmt.Errorf("is: %s: length %d, want 1 to %d", is, length, most)
	}
	if as == "" {
		as = r.encoding[encodedAs(kind)]
	}
	forms := wire.Encodings()
	if forms[as] == nil {
		return "", nil, fmt.Errorf("as: %s, want one of %s", strict.Quote(as), names(forms))
	}
	if pref == "" {
		pref = prefixName(r.encoding["length"], dots)
	}
	p, ok := wire.Prefix(pref)
	if !ok {
		return "", nil, fmt.Errorf("prefix: %s, want a form and how many digits or octets, as in ascii2, packed3 or binary1", strict.Quote(pref))
	}
	if (pref == "fixed" || pref == "rest") != (dots == 0) {
		return "", nil, fmt.Errorf("is: %s has no dots for a length before it, prefix: %s; write a dot for each digit", is, pref)
	}
	if most := wire.PrefixMost(p); dots > 0 && length > most {
		return "", nil, fmt.Errorf("is: %s: the length prefix %s says at most %d; give a longer one (prefix), or a shorter field", is, pref, most)
	}
	if !holds(kind, as) {
		return "", nil, fmt.Errorf("is: %s: as %s cannot hold values of kind %s", is, as, kind)
	}
	return kind, field.NewSpec(length, "", forms[as], p), nil
}

// holds reports whether an encoding has room for what values of a kind are made of.
func holds(kind, as string) bool {
	digits := strings.HasPrefix(as, "packed") && !strings.HasPrefix(as, "packed-hex") || strings.HasPrefix(as, "track")
	switch kind {
	case "n", "z":
		return !strings.HasPrefix(as, "signed")
	case "x+n":
		return !digits
	}
	return !digits && !strings.HasPrefix(as, "signed") // letters and octets
}

// encodedAs is the key of encoding for a kind of values.
func encodedAs(kind string) string {
	switch kind {
	case "n", "b", "z":
		return kind
	}
	return "text"
}

// prefixName is the length prefix of so many digits in a form; a binary octet
// counts up to 255, so that two digits need one and three need two.
func prefixName(form string, digits int) string {
	switch {
	case digits == 0:
		return "fixed"
	case form == "binary":
		return fmt.Sprintf("binary%d", (digits+1)/2)
	}
	return fmt.Sprintf("%s%d", form, digits)
}

func padder(pad string) padding.Padder {
	side, with, _ := strings.Cut(pad, " ")
	if with == "space" {
		with = " "
	}
	if side == "left" {
		return padding.Left(rune(with[0]))
	}
	return padding.Right(rune(with[0]))
}

var maskNames = [...]string{Clear: "clear", Truncated: "pan", Hidden: "hidden", Tags: "tags", Details: "details"}

func maskNamed(name string) (Mask, bool) {
	i := slices.Index(maskNames[:], name)
	return Mask(max(i, 0)), i >= 0
}

// parts reads the parts of a composed field.
func (r *reader) parts(n, length int, v strict.Value) {
	r.Each(v, func(key string, v strict.Value) {
		s, ok := r.Scalar(v)
		if !ok {
			return
		}
		m := partShape.FindStringSubmatch(s)
		if m == nil {
			r.Fail(v, "%s, want which characters, and what they are: 3-8 batch", strict.Quote(s))
			return
		}
		if of, _, _ := strings.Cut(key, "."); of != strconv.Itoa(n) {
			r.Fail(v, "want parts of field %d numbered %d.1 and so on", n, n)
			return
		}
		from, to, err := span(m[1], m[2], length)
		if err != nil {
			r.Fail(v, "%w", err)
			return
		}
		r.d.Parts[n] = append(r.d.Parts[n], PartName{from, to, key, m[3]})
	})
}

// span reads which characters of a field of some length are meant: first and last,
// counted from 1; last may be empty. It gives them as Place has them.
func span(first, last string, length int) (from, to int, err error) {
	from, _ = strconv.Atoi(first)
	to = from
	if last != "" {
		to, _ = strconv.Atoi(last)
	}
	if from < 1 || to < from || to > length {
		return 0, 0, fmt.Errorf("characters %d to %d, want some of 1 to %d", from, to, length)
	}
	return from - 1, to, nil
}

// notAmong is what is wrong with the place of an element.
const notAmong = "field %s is not among the fields; add it there, or say none here"

// place reads where an element is: a field, a part by its number, or characters
// of a field as 60:1-6.
func (r *reader) place(s string) (wire.Place, error) {
	if n, err := strconv.Atoi(s); err == nil {
		if !r.at[n].Given() {
			return wire.Place{}, fmt.Errorf(notAmong, s)
		}
		return wire.Whole(n), nil
	}
	for n, parts := range r.d.Parts {
		for _, p := range parts {
			if p.Number == s {
				return wire.Part(n, p.From, p.To, s), nil
			}
		}
	}
	m := placeShape.FindStringSubmatch(s)
	if m == nil {
		return wire.Place{}, fmt.Errorf("%s is no field and none of the parts; want 4, 60.2, or characters of a field as 60:1-6", strict.Quote(s))
	}
	n, _ := strconv.Atoi(m[1])
	if !r.at[n].Given() {
		return wire.Place{}, fmt.Errorf(notAmong, m[1])
	}
	from, to, err := span(m[2], m[3], r.d.Spec.Fields[n].Spec().Length)
	return wire.Part(n, from, to, m[1]), err
}
