package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"
	"github.com/moov-io/iso8583/sort"
)

// division is how the value of a composed field is told into its parts.
type division uint8

const (
	positional division = iota // all of them in order, up to where the octets end
	bitmapped                  // those that a bitmap announces
	tagged                     // each after a tag of fixed length
	berTagged                  // each after a BER-TLV tag
)

// parts is how the value of a composed field is divided: moov's Composite,
// compiled.
type parts struct {
	by      division
	rows    []part         // in the order in which they are packed
	row     map[string]int // of a tag on the line
	bit     []int          // of a bit of the bitmap: its row and one, 0 of none
	bitmap  *hexText       // how the bitmap is written; nil for octets
	tagLen  int            // octets of a tag
	tagAs   *field.TagSpec // how it is written
	path    string         // of the field: "127.25"
	unknown *fieldCodec    // the value of a tag that is not in rows; nil where they are refused
}

// part is one row of parts.
type part struct {
	id    string // "25", "9F26"
	path  string // "127.25"
	tag   string // on the line
	title string
	codec fieldCodec
	parts *parts // of a part that is itself composed
}

// maxDivided is how deep composed fields may be nested.
const maxDivided = 8

// compileParts compiles a composite field, whose path is given. It gives nil when
// a part is of a kind that only moov's code knows.
func compileParts(path string, s *field.Spec, depth int) (*parts, error) {
	switch {
	case depth > maxDivided:
		return nil, fmt.Errorf("%s: parts are nested deeper than %d", path, maxDivided)
	case len(s.Subfields) == 0 && !anyTag(s.Tag):
		return nil, fmt.Errorf("%s: it has no parts", path)
	}
	p := &parts{path: path, row: map[string]int{}}
	if err := p.divide(s); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	ids := ordered(s)
	for i, id := range ids {
		row, err := p.compilePart(s, id, depth)
		if row == nil || err != nil {
			return nil, err
		}
		if row.codec.count == rest && i < len(ids)-1 {
			return nil, fmt.Errorf("%s: it takes what is left, and others follow", row.path)
		}
		if _, twice := p.row[row.tag]; twice && p.by >= tagged {
			return nil, fmt.Errorf("%s: another part has the same tag", row.path)
		}
		p.row[row.tag] = len(p.rows)
		p.rows = append(p.rows, *row)
		if p.by != bitmapped {
			continue
		}
		n, err := strconv.Atoi(id)
		if err != nil || n < 1 || n >= len(p.bit) {
			return nil, fmt.Errorf("%s: a bitmap of %d bits does not announce it", row.path, len(p.bit)-1)
		}
		p.bit[n] = len(p.rows)
	}
	return p, nil
}

// anyTag reports whether parts may have tags that are not listed.
func anyTag(t *field.TagSpec) bool {
	return t != nil && t.SkipUnknownTLVTags && (t.Enc == encoding.BerTLVTag || t.PrefUnknownTLV != nil)
}

// ordered are the ids of the parts in the order of the spec.
func ordered(s *field.Spec) []string {
	ids := slices.Sorted(maps.Keys(s.Subfields))
	if s.Tag != nil {
		s.Tag.Sort(ids)
	} else {
		sort.StringsByInt(ids)
	}
	return ids
}

// divide compiles what tells the parts apart.
func (p *parts) divide(s *field.Spec) error {
	switch {
	case s.Bitmap != nil:
		p.by = bitmapped
		return p.divideByBitmap(s.Bitmap.Spec())
	case s.Tag.Enc == nil:
		p.by = positional
		return nil
	case s.Tag.Enc == encoding.BerTLVTag:
		p.by = berTagged
	default:
		p.by, p.tagAs = tagged, s.Tag
	}
	unknown := s.Tag.PrefUnknownTLV
	if unknown == nil && p.by == berTagged {
		unknown = prefix.BerTLV
	}
	if !s.Tag.SkipUnknownTLVTags || unknown == nil {
		return nil
	}
	by, known := lengthBy(unknown)
	if !known || by.count == fixed || by.unit != own {
		return fmt.Errorf("the length of unknown tags is not known")
	}
	p.unknown = &fieldCodec{kind: octets, count: by.count, countLen: by.size, odd: by.odd, max: int32(by.most)}
	if p.by == tagged && len(s.Subfields) == 0 {
		_, err := p.tag(s.Tag, strings.Repeat("0", s.Tag.Length)) // how many octets a tag has
		return err
	}
	return nil
}

func (p *parts) divideByBitmap(s *field.Spec) (err error) {
	if p.bitmap, err = bitmapBy(s.Enc); err != nil {
		return fmt.Errorf("bitmap: %w", err)
	}
	n := s.Length
	if n == 0 {
		n = 8
	}
	if n < 1 || n > 24 {
		return fmt.Errorf("bitmap: length %d, want 1 to 24 octets", n)
	}
	p.bit = make([]int, 8*n+1)
	return nil
}

// tag is the tag of part id on the line.
func (p *parts) tag(s *field.TagSpec, id string) (string, error) {
	if p.by == berTagged {
		tag, err := hex.DecodeString(id)
		if n, reason := berTag(tag); err != nil || reason != "" || n != len(tag) {
			return "", fmt.Errorf("%q is no BER-TLV tag in hexadecimal digits", id)
		}
		return string(tag), nil
	}
	v := []byte(id)
	if s.Pad != nil {
		v = s.Pad.Pad(v, s.Length)
	}
	tag, err := s.Enc.Encode(v)
	if err != nil {
		return "", fmt.Errorf("its tag cannot be written: %w", err)
	}
	back, n, err := s.Enc.Decode(tag, s.Length)
	if s.Pad != nil {
		back = s.Pad.Unpad(back)
	}
	if p.tagLen == 0 {
		p.tagLen = len(tag)
	}
	if err != nil || string(back) != id || n != len(tag) || n != p.tagLen || n == 0 {
		return "", fmt.Errorf("its tag does not come back as written; want tags of %d characters", s.Length)
	}
	return string(tag), nil
}

// compilePart compiles one part, nil when it is of a kind that only moov knows.
func (p *parts) compilePart(s *field.Spec, id string, depth int) (*part, error) {
	f := s.Subfields[id]
	row := &part{id: id, path: p.path + "." + id, tag: id}
	if f == nil || f.Spec() == nil {
		return nil, fmt.Errorf("%s has no spec", row.path)
	}
	row.title = f.Spec().Description
	var err error
	if p.by >= tagged {
		if row.tag, err = p.tag(s.Tag, id); err != nil {
			return nil, fmt.Errorf("%s: %w", row.path, err)
		}
	}
	if c, ok := f.(*field.Composite); ok {
		row.parts, err = compileParts(row.path, c.Spec(), depth+1)
		if row.parts == nil || err != nil {
			return nil, err
		}
	}
	if row.codec, err = compileField(f); err != nil {
		return nil, fmt.Errorf("%s: %w", row.path, err)
	}
	if row.codec.kind == foreign {
		return nil, nil
	}
	return row, nil
}

// partWalk is one way through the parts of a value.
type partWalk struct {
	scratch []byte         // room for twice the octets of the value and the slack
	visit   func(Sub) bool // told each part; nil where the value is only checked
	ended   bool           // visit wants no more
}

// partError says at which octet of a value, and in which part, it is wrong.
type partError struct {
	at     int
	path   string
	reason string
}

func (e *partError) Error() string { return fmt.Sprintf("%s, octet %d: %s", e.path, e.at, e.reason) }

// inField is the error of the field, whose value begins at octet at.
func (e *partError) inField(at int) *FieldError {
	reason := e.reason
	if strings.Contains(e.path, ".") {
		reason = "part " + e.path + " " + reason
	}
	return &FieldError{Offset: at + e.at, Reason: reason}
}

// through goes through the parts of b in order.
func (p *parts) through(w *partWalk, b []byte, depth int) *partError {
	at := 0
	var bad *partError
	switch {
	case len(b) == 0:
	case p.by == positional:
		for i := range p.rows {
			if at, bad = p.rows[i].through(w, b, at, depth); bad != nil || w.ended || at == len(b) {
				break
			}
		}
	case p.by == bitmapped:
		at, bad = p.announced(w, b, depth)
	default:
		for at < len(b) && bad == nil && !w.ended {
			at, bad = p.afterTag(w, b, at, depth)
		}
	}
	if bad == nil && !w.ended && at != len(b) {
		return &partError{at, p.path, fmt.Sprintf("%d octets after the last part", len(b)-at)}
	}
	return bad
}

// announced goes through the parts that a bitmap announces.
func (p *parts) announced(w *partWalk, b []byte, depth int) (int, *partError) {
	var set [24]byte
	n := len(p.bit) / 8
	at := n
	if p.bitmap != nil {
		at = 2 * n
	}
	if at > len(b) {
		return 0, &partError{0, p.path, fmt.Sprintf("its bitmap wants %d octets, %d are there", at, len(b))}
	}
	for i := range n {
		if p.bitmap == nil {
			set[i] = b[i]
			continue
		}
		high, low := p.bitmap.value[b[2*i]], p.bitmap.value[b[2*i+1]]
		if high|low > 15 {
			return 0, &partError{2 * i, p.path, "its bitmap " + noHex}
		}
		set[i] = high<<4 | low
	}
	for n := 1; n < len(p.bit) && !w.ended; n++ {
		if set[(n-1)>>3]>>(7-(n-1)&7)&1 == 0 {
			continue
		}
		if p.bit[n] == 0 {
			return at, &partError{at, p.path, fmt.Sprintf("its bitmap announces part %d, which %s", n, notInDialect)}
		}
		var bad *partError
		if at, bad = p.rows[p.bit[n]-1].through(w, b, at, depth); bad != nil {
			return at, bad
		}
	}
	return at, nil
}

// afterTag goes through the part whose tag begins at b[at:].
func (p *parts) afterTag(w *partWalk, b []byte, at, depth int) (int, *partError) {
	n := p.tagLen
	if p.by == berTagged {
		for at < len(b) && b[at] == 0 { // filler
			at++
		}
		if at == len(b) {
			return at, nil
		}
		var reason string
		if n, reason = berTag(b[at:]); reason != "" {
			return at, &partError{at, p.path, reason}
		}
	}
	if n > len(b)-at {
		return at, &partError{at, p.path, fmt.Sprintf("a tag wants %d octets, %d are left", n, len(b)-at)}
	}
	if row, ok := p.row[string(b[at:at+n])]; ok {
		return p.rows[row].through(w, b, at+n, depth)
	}
	if p.unknown == nil {
		return at, &partError{at, p.path, "holds a tag that " + notInDialect}
	}
	other := part{codec: *p.unknown, path: p.path}
	if w.visit != nil {
		other.path = p.path + "." + p.unknownID(b[at:at+n])
	}
	return other.through(w, b, at+n, depth)
}

// unknownID names a tag of which the spec knows nothing, in hexadecimal digits
// where its characters cannot be shown.
func (p *parts) unknownID(tag []byte) string {
	if p.by == tagged {
		id, _, err := p.tagAs.Enc.Decode(tag, p.tagAs.Length)
		if err == nil && !bytes.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r == '.' || r > '~' }) {
			return string(id)
		}
	}
	return fmt.Sprintf("%X", tag)
}

// unknownTag is the tag that unknownID names so.
func (p *parts) unknownTag(id string) (tag []byte, err error) {
	if p.by == tagged && len(id) == p.tagAs.Length {
		tag, err = p.tagAs.Enc.Encode([]byte(id))
	} else {
		tag, err = hex.DecodeString(id)
	}
	n := p.tagLen
	if p.by == berTagged {
		n, _ = berTag(tag)
	}
	if p.unknown == nil || err != nil || n != len(tag) || n == 0 {
		return nil, errors.New(notInDialect)
	}
	return tag, nil
}

// through goes through the part at b[at:] and the parts of it.
func (p *part) through(w *partWalk, b []byte, at, depth int) (int, *partError) {
	n, end, err := p.codec.takePart(w.scratch, b, at)
	if err != nil {
		bad := err.(*FieldError)
		return at, &partError{bad.Offset, p.path, bad.Reason}
	}
	v := w.scratch[:n]
	if k := p.codec.kind; k == octets || k == ascii || k == decimal || k == composed {
		v = b[end-n : end : end]
	}
	if w.visit != nil && !w.visit(Sub{p.path, p.title, v, depth, p.parts != nil}) {
		w.ended = true
		return end, nil
	}
	if p.parts == nil {
		return end, nil
	}
	if bad := p.parts.through(w, v, depth+1); bad != nil {
		bad.at += end - n
		return end, bad
	}
	return end, nil
}

// takePart reads the value of a part at b[at:] into buf: its length, and where it
// ends. That of a composed part stays where it is.
func (f *fieldCodec) takePart(buf, b []byte, at int) (int, int, error) {
	as := *f
	if as.kind == composed {
		as.kind = octets
	}
	if as.count == berCount {
		n, took, reason := tlvLength(b[at:])
		if reason != "" {
			return 0, at, &FieldError{Offset: at, Reason: reason}
		}
		if n > uint64(2*len(b)) { // digits, two an octet, as moov counts them
			return 0, at, &FieldError{Offset: at, Reason: fmt.Sprintf("its length %d is above what is left", n)}
		}
		units := f.unit.units(int(n))
		if units < 0 || units > int(f.max) {
			return 0, at, &FieldError{Offset: at, Reason: fmt.Sprintf("its length %d is above %d, or odd", n, f.max)}
		}
		at += took
		as.count, as.max = fixed, int32(units)
	}
	return as.take(buf, b, 0, at)
}
