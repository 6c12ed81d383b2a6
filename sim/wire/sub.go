package wire

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Sub is a part of a composed field, as Subs tells it.
type Sub struct {
	Path     string // "127.25.2", "55.9F26"
	Title    string // as the spec describes it
	Value    []byte // holds until the next part, or until the message changes
	Depth    int    // how many parts it is in
	Composed bool   // it has parts itself, which follow
}

// Subs walks through the parts of field f in order, a part that is composed
// before what is in it. After what is wrong, which Read and Append refuse, it
// yields the error with an empty Sub. A field without parts has none.
func (m *Message) Subs(f int) iter.Seq2[Sub, error] {
	return func(yield func(Sub, error) bool) {
		if f < 0 || f > 128 || m.f.codec.fields[f].parts == nil {
			return
		}
		v := m.Field(f)
		w := &partWalk{scratch: make([]byte, 2*len(v)+slackFor), visit: func(s Sub) bool { return yield(s, nil) }}
		if bad := m.f.codec.fields[f].parts.through(w, v, 0); bad != nil && !w.ended {
			yield(Sub{}, bad)
		}
	}
}

// Sub is a copy of the part with this path, nil when the message does not have
// it. The path of a part begins with its field: "127.25.2".
func (m *Message) Sub(path string) []byte {
	for s, err := range m.Subs(fieldOf(path)) {
		if err == nil && s.Path == path {
			return append([]byte{}, s.Value...)
		}
	}
	return nil
}

// SetSub sets the part with this path and packs its field again, in the order of
// the spec. The error names the part.
func (m *Message) SetSub(path, v string) error {
	values := map[string]string{}
	for s, err := range m.Subs(fieldOf(path)) {
		if err != nil {
			return err
		}
		if _, twice := values[s.Path]; twice {
			return fmt.Errorf("%s is there twice", s.Path)
		}
		if !s.Composed {
			values[s.Path] = string(s.Value)
		}
	}
	maps.DeleteFunc(values, func(other, _ string) bool { return strings.HasPrefix(other, path+".") })
	values[path] = v
	packed, err := m.f.PackSubs(fieldOf(path), values)
	if err == nil {
		m.SetField(fieldOf(path), packed)
	}
	return err
}

// fieldOf is the field that a path begins with, -1 of none.
func fieldOf(path string) int {
	number, _, _ := strings.Cut(path, ".")
	n, err := strconv.Atoi(number)
	if err != nil {
		return -1
	}
	return n
}

// HasParts reports whether field n is composed of parts that the format knows.
func (f *Format) HasParts(n int) bool {
	return n >= 0 && n < len(f.codec.fields) && f.codec.fields[n].parts != nil
}

// PackSubs packs the value of field n, for SetField, of its parts by path:
// "127.25.2". A composed part is given whole or by its parts. Of positional parts,
// those left out before the last are packed empty, filled up where the spec pads
// them. The error names the part.
func (f *Format) PackSubs(n int, values map[string]string) ([]byte, error) {
	if !f.HasParts(n) {
		return nil, fmt.Errorf("field %d has no parts in this dialect", n)
	}
	for path := range values {
		if fieldOf(path) != n {
			return nil, fmt.Errorf("%s is no part of field %d", path, n)
		}
	}
	v, err := f.codec.fields[n].parts.pack(values)
	if err == nil {
		w := &partWalk{scratch: make([]byte, 2*len(v)+slackFor)}
		if bad := f.codec.fields[n].parts.through(w, v, 0); bad != nil {
			return nil, bad
		}
	}
	return v, err
}

// pack packs the parts that values has, by path.
func (p *parts) pack(values map[string]string) ([]byte, error) {
	have, err := p.have(values)
	if err != nil {
		return nil, err
	}
	var out []byte
	if p.by == bitmapped {
		out = p.packBitmap(have)
	}
	last := -1
	for i := range p.rows {
		if _, ok := have[p.rows[i].path]; ok {
			last = i
		}
	}
	for i := range p.rows {
		row := &p.rows[i]
		v, ok := have[row.path]
		if !ok && (p.by != positional || i > last) {
			continue
		}
		delete(have, row.path)
		if p.by >= tagged {
			out = append(out, row.tag...)
		}
		if out, err = row.codec.appendPart(out, []byte(v)); err != nil {
			return nil, fmt.Errorf("%s %w", row.path, err)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(have)) { // what the spec does not know
		tag, err := p.unknownTag(path[len(p.path)+1:])
		if err != nil {
			return nil, fmt.Errorf("%s %w", path, err)
		}
		if out, err = p.unknown.appendPart(append(out, tag...), []byte(have[path])); err != nil {
			return nil, fmt.Errorf("%s %w", path, err)
		}
	}
	return out, nil
}

// have are the values of p's own parts, those of composed ones packed.
func (p *parts) have(values map[string]string) (map[string]string, error) {
	have := map[string]string{}
	for path, v := range values {
		rest, mine := strings.CutPrefix(path, p.path+".")
		if !mine {
			continue
		}
		id, _, deeper := strings.Cut(rest, ".")
		own := p.path + "." + id
		if !deeper {
			have[own] = v
			continue
		}
		i := slices.IndexFunc(p.rows, func(row part) bool { return row.id == id && row.parts != nil })
		if i < 0 {
			return nil, fmt.Errorf("%s %s", path, notInDialect)
		}
		if _, whole := values[own]; whole {
			return nil, fmt.Errorf("%s is given whole and by its parts", own)
		}
		packed, err := p.rows[i].parts.pack(values)
		if err != nil {
			return nil, err
		}
		have[own] = string(packed)
	}
	return have, nil
}

func (p *parts) packBitmap(have map[string]string) []byte {
	set := make([]byte, len(p.bit)/8)
	for n, row := range p.bit {
		if row == 0 {
			continue
		}
		if _, ok := have[p.rows[row-1].path]; ok {
			set[(n-1)/8] |= 0x80 >> ((n - 1) % 8)
		}
	}
	if p.bitmap == nil {
		return set
	}
	out := make([]byte, 2*len(set))
	p.bitmap.pack(out, set)
	return out
}

// appendPart packs a part's value after dst; the error continues its name.
func (f *fieldCodec) appendPart(dst, v []byte) ([]byte, error) {
	as := *f
	if as.kind == composed {
		as.kind = octets
	}
	if short := int(as.max) - len(v); as.pad != padNone && short > 0 {
		fill := slices.Repeat([]byte{as.padWith}, short)
		if as.pad == padLeft {
			v = append(fill, v...)
		} else {
			v = append(slices.Clip(v), fill...)
		}
	}
	if as.count == berCount {
		if len(v) > int(as.max) {
			return dst, fmt.Errorf("has %d characters, at most %d fit", len(v), as.max)
		}
		dst = appendBERLength(dst, as.unit.counted(len(v)))
		as.count, as.max = fixed, int32(len(v))
	}
	if as.signed {
		v = SignedZeros.Pad(v, int(as.max))
	}
	at := len(dst)
	dst = append(dst, make([]byte, 2*len(v)+slackFor)...)
	end, err := as.put(dst, at, v)
	if err != nil {
		return dst[:at], fmt.Errorf("%s", err.(*FieldError).Reason)
	}
	return dst[:end], nil
}
