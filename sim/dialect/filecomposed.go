package dialect

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"
	"github.com/moov-io/iso8583/sort"

	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

// byShape is how the parts of a composed field are told apart.
var byShape = regexp.MustCompile(`^(?:(order)|(ber-tlv)|bitmap (octets|hex|ebcdic-hex) (\d{1,2})|tag (ascii|latin1|ebcdic|octets|hex|packed) (\d{1,2}))$`)

const byWords = "order, ber-tlv, a bitmap and its octets as in bitmap octets 8 or bitmap hex 8, or a tag and its characters as in tag ascii 2"

// composition is what a file says of a composed field besides its length.
type composition struct {
	by     string
	others string // the length prefix of parts whose tags are not listed
	parts  strict.Value
}

// of reports whether parts are fields themselves, not characters of one.
func (c *composition) of(r *reader) bool {
	fields := c.by != ""
	if fields || !c.parts.Given() || !c.parts.IsMap() {
		return fields
	}
	r.Each(c.parts, func(_ string, v strict.Value) { fields = fields || v.IsMap() })
	return fields
}

// composed makes a composed field: its parts are fields, told apart as by says.
func (r *reader) composed(path, kind string, v strict.Value, s *field.Spec, c *composition) field.Field {
	m := byShape.FindStringSubmatch(c.by)
	switch {
	case kind != "b":
		r.Fail(v, "is: a composed field is octets, write b; its parts have kinds of their own")
		return nil
	case c.by == "":
		m = byShape.FindStringSubmatch("order")
	case m == nil:
		r.Fail(v, "by: %s, want %s", strict.Quote(c.by), byWords)
		return nil
	}
	s.Enc, s.Pad, s.Subfields = nil, nil, map[string]field.Field{}
	size, _ := strconv.Atoi(m[4] + m[6])
	switch {
	case m[1] != "":
		s.Tag = &field.TagSpec{Sort: sort.StringsByInt}
	case m[2] != "":
		s.Tag = &field.TagSpec{Enc: encoding.BerTLVTag, Sort: sort.StringsByHex, SkipUnknownTLVTags: true, StoreUnknownTLVTags: true}
	case m[3] != "":
		if size < 1 || size > 24 {
			r.Fail(v, "by: %s: want 1 to 24 octets", c.by)
			return nil
		}
		s.Bitmap = field.NewBitmap(&field.Spec{Length: size, Enc: wire.Encodings()[m[3]], Pref: prefix.Binary.Fixed, DisableAutoExpand: true})
	default:
		if size < 1 || size > 16 {
			r.Fail(v, "by: %s: want 1 to 16 characters", c.by)
			return nil
		}
		s.Tag = &field.TagSpec{Length: size, Enc: wire.Encodings()[m[5]], Sort: slices.Sort[[]string]}
	}
	if c.others != "" && !r.others(v, s.Tag, m[5], c.others) {
		return nil
	}
	if c.parts.Given() {
		r.Each(c.parts, func(key string, v strict.Value) { r.subfield(path, key, v, s) })
	}
	if !r.OK() {
		return nil
	}
	return r.newComposite(v, s)
}

// others reads the length prefix of parts whose tags the file does not list.
func (r *reader) others(v strict.Value, t *field.TagSpec, tag, name string) bool {
	p, known := wire.Prefix(name)
	switch {
	case t == nil || tag == "":
		r.Fail(v, "others: only parts told apart by a tag of fixed length may be others than those listed; leave it away")
	case !known || name == "fixed" || name == "rest":
		r.Fail(v, "others: %s, want the length prefix of parts that are not listed, as in ascii2", strict.Quote(name))
	default:
		t.SkipUnknownTLVTags, t.StoreUnknownTLVTags, t.PrefUnknownTLV = true, true, p
		return true
	}
	return false
}

// subfield reads one part of the composed field at path.
func (r *reader) subfield(path, key string, v strict.Value, s *field.Spec) {
	id, in := strings.CutPrefix(key, path+".")
	if !in || id == "" || strings.Contains(id, ".") {
		r.Fail(v, "want parts of field %s numbered %s.1 and so on", path, path)
		return
	}
	if n, err := strconv.Atoi(id); (s.Bitmap != nil || s.Tag.Enc == nil) && (err != nil || strconv.Itoa(n) != id || n < 0 || s.Bitmap != nil && n == 0) {
		r.Fail(v, "want a number after %s., as parts are told apart by their order or a bitmap", path)
		return
	}
	if f, _ := r.described(key, v, nil); f != nil {
		s.Subfields[id] = f
	}
}

// newComposite is moov's, which panics on what it does not like.
func (r *reader) newComposite(v strict.Value, s *field.Spec) (f field.Field) {
	defer func() {
		if p := recover(); p != nil {
			r.Fail(v, "%w", fmt.Errorf("these parts make no field: %v", p))
			f = nil
		}
	}()
	if len(s.Subfields) == 0 && (s.Tag == nil || !s.Tag.SkipUnknownTLVTags) {
		r.Fail(v, "has no parts; name them under parts, say under others how long those are that are not listed, or leave by away")
		return nil
	}
	return field.NewComposite(s)
}
