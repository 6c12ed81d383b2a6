package wire

import (
	"encoding/binary"
	"fmt"
	"iter"
)

// Tag is one element of BER-TLV data (EMV book 3, annex B).
type Tag struct {
	Tag   uint32 // its octets as a number: 0x9F26
	Value []byte // a view
	Depth int    // how many constructed elements it is in
}

// MaxDepth is how deep constructed elements may be nested.
const MaxDepth = 8

// constructed reports whether the tag says that the value is itself a sequence
// of elements. Hosts put text into such tags all the same (FF00 of field 62).
func constructed(tag uint32) bool {
	for tag > 0xFF {
		tag >>= 8
	}
	return tag&0x20 != 0
}

// tlvError says at which octet of the data BER-TLV is broken. It quotes none.
type tlvError struct {
	at     int
	reason string
}

func (e *tlvError) Error() string { return fmt.Sprintf("octet %d: %s", e.at, e.reason) }

// Tags walks through BER-TLV data, constructed elements before what is in
// them. A constructed element that holds no elements, or lies MaxDepth deep, is
// a value like any other. After the last element it yields the error, if any,
// with a zero Tag. Tags have at most 3 octets, lengths at most 4 and never the
// indefinite form; zero octets between elements are filler. Nothing is
// allocated but the error.
func Tags(data []byte) iter.Seq2[Tag, error] {
	return func(yield func(Tag, error) bool) {
		if bad, more := walk(data, 0, yield); more && bad != nil {
			yield(Tag{}, bad)
		}
	}
}

// walk yields the elements of b. It reports what broke it off and whether
// yield wants more.
func walk(b []byte, depth int, yield func(Tag, error) bool) (*tlvError, bool) {
	for at := 0; ; {
		e, bad := nextElement(b, at)
		switch {
		case bad != nil:
			return bad, true
		case e.tag == 0:
			return nil, true
		}
		value := b[e.from:e.to:e.to]
		if !yield(Tag{e.tag, value, depth}, nil) {
			return nil, false
		}
		if constructed(e.tag) && depth < MaxDepth && holdsElements(value) {
			if _, more := walk(value, depth+1, yield); !more {
				return nil, false
			}
		}
		at = e.to
	}
}

// holdsElements reports whether b is a sequence of one element or more.
func holdsElements(b []byte) bool {
	for at, n := 0, 0; ; n++ {
		e, bad := nextElement(b, at)
		if bad != nil || e.tag == 0 {
			return bad == nil && n > 0
		}
		at = e.to
	}
}

// element is where an element lies: its tag and its value.
type element struct {
	tag      uint32
	from, to int
}

// nextElement is the first element of b from octet at on, one without a tag
// after the last.
func nextElement(b []byte, at int) (element, *tlvError) {
	i := at
	for i < len(b) && b[i] == 0 {
		i++
	}
	if i == len(b) {
		return element{}, nil
	}
	size, reason := berTag(b[i:])
	if reason != "" {
		return element{}, &tlvError{i, reason}
	}
	var tag uint32
	for _, c := range b[i : i+size] {
		tag = tag<<8 | uint32(c)
	}
	i += size
	n, took, reason := tlvLength(b[i:])
	if reason != "" {
		return element{}, &tlvError{i, reason}
	}
	i += took
	if n > uint64(len(b)-i) {
		return element{}, &tlvError{i, fmt.Sprintf("value wants %d octets, %d are left", n, len(b)-i)}
	}
	return element{tag, i, i + int(n)}, nil
}

// berTag is how many octets the BER-TLV tag at the start of b has.
func berTag(b []byte) (n int, reason string) {
	if len(b) == 0 {
		return 0, "tag is missing"
	}
	if b[0]&0x1F != 0x1F {
		return 1, ""
	}
	for n = 1; n < 3; n++ {
		switch {
		case n == len(b):
			return 0, "tag is cut off"
		case b[n]&0x80 == 0:
			return n + 1, ""
		}
	}
	return 0, "tag is longer than 3 octets"
}

// tlvLength reads a length and says how many octets it took.
func tlvLength(b []byte) (n uint64, took int, reason string) {
	if len(b) == 0 {
		return 0, 0, "length is missing"
	}
	if b[0] < 0x80 {
		return uint64(b[0]), 1, ""
	}
	took = int(b[0] & 0x7F)
	switch {
	case took == 0:
		return 0, 0, "length is indefinite, which EMV does not allow"
	case took > 4:
		return 0, 0, fmt.Sprintf("length has %d octets, at most 4 are read", took)
	case took >= len(b):
		return 0, 0, "length is cut off"
	}
	for _, c := range b[1 : 1+took] {
		n = n<<8 | uint64(c)
	}
	return n, 1 + took, ""
}

// appendBERLength writes a length as BER-TLV has it.
func appendBERLength(dst []byte, n int) []byte {
	switch {
	case n < 0x80:
		return append(dst, byte(n))
	case n <= 0xFF:
		return append(dst, 0x81, byte(n))
	case n <= 0xFFFF:
		return binary.BigEndian.AppendUint16(append(dst, 0x82), uint16(n))
	}
	return append(dst, 0x83, byte(n>>16), byte(n>>8), byte(n))
}

// CheckTLV checks that field f, when present, is whole BER-TLV without an
// element twice on the top level. The error is a *FieldError with the offset
// in the message last packed or read.
func (m *Message) CheckTLV(f int) error {
	v := m.Field(f)
	var seen [64]uint32
	n := 0
	for t, err := range Tags(v) {
		if bad, ok := err.(*tlvError); ok {
			return &FieldError{f, m.offset(f) + bad.at, "TLV: " + bad.reason}
		}
		if t.Depth > 0 {
			continue
		}
		for _, s := range seen[:n] {
			if s == t.Tag {
				return &FieldError{f, m.offset(f), fmt.Sprintf("TLV: tag %X is there twice", t.Tag)}
			}
		}
		if n == len(seen) {
			return &FieldError{f, m.offset(f), fmt.Sprintf("TLV: more than %d elements", n)}
		}
		seen[n] = t.Tag
		n++
	}
	return nil
}

// offset is where the value of field f stands in the packed message, counted
// from the routing header. It is 0 when a field before it is packed by moov.
func (m *Message) offset(f int) int {
	c := m.f.codec
	at := len(m.Head) + c.fields[0].span(4)
	bitmap := c.bitmapSpan()
	at += bitmap
	if m.set[1] != 0 {
		at += bitmap
	}
	for g := range m.Fields {
		fc := &c.fields[g]
		if fc.kind == foreign {
			return 0
		}
		at += int(fc.countLen)
		if g == f {
			break
		}
		at += fc.span(len(m.Field(g)))
	}
	return at
}

// span is how many octets n characters take, without their length prefix.
func (f *fieldCodec) span(n int) int {
	switch f.kind {
	case nibbles:
		return (n + 1) / 2
	case coded:
		return f.coder.span(n)
	}
	return n
}
