package wire

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"
	"github.com/moov-io/iso8583/prefix"
)

// kind is how a field's value is put into octets.
type kind uint8

const (
	absent  kind = iota
	octets       // as they are
	ascii        // an octet each, none above 127
	decimal      // an octet each, digits only
	nibbles      // packed by a Nibbles
	foreign      // by moov's own code: composite, EBCDIC, …
)

// counting is how a field's length is put before its value.
type counting uint8

const (
	fixed       counting = iota
	bcdCount             // packed digits
	asciiCount           // characters
	binaryCount          // a big-endian number
)

// padSide is where a short value is filled up to its fixed length.
type padSide uint8

const (
	padNone padSide = iota
	padLeft
	padRight
)

// fieldCodec is one row of the table that a spec compiles into.
type fieldCodec struct {
	kind     kind
	count    counting
	countLen uint8 // octets of the count
	odd      bool  // a packed count has an odd number of digits, its first nibble is none
	strict   bool  // moov's BCD: the pad nibble must be a digit on reading
	pad      padSide
	padWith  byte
	max      int32 // in characters for nibbles, else in octets
	nib      *Nibbles
	keep     uint64 // of up to 8 packed digits of fixed length: the characters as a mask
	shift    uint8  // and where they begin: 8 after a pad nibble
}

// codec is a compiled spec.
type codec struct {
	pool      sync.Pool // of messages
	fields    [129]fieldCodec
	moov      [129]field.Field // the prototypes
	bitmapHex bool             // the bitmap is written as hexadecimal characters
	second    bool             // fields above 64 exist
}

// compile makes the table of a spec. Composite fields and kinds that it does
// not know are left to moov's own code for that field.
func compile(spec *iso8583.MessageSpec) (*codec, error) {
	if spec == nil {
		return nil, fmt.Errorf("there is no field spec")
	}
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	c := &codec{}
	for n, f := range spec.Fields {
		if n < 0 || n > 128 {
			return nil, fmt.Errorf("field %d: ISO 8583 has fields 0 to 128", n)
		}
		if f == nil || f.Spec() == nil {
			return nil, fmt.Errorf("field %d has no spec", n)
		}
		if l := f.Spec().Length; l < 0 || l > MaxField {
			return nil, fmt.Errorf("field %d: length %d, want 0 to %d", n, l, MaxField)
		}
		c.second = c.second || n > 64
		c.moov[n] = f
		if n != 1 {
			c.fields[n] = compileField(f)
		}
	}
	if mti := &c.fields[0]; mti.count != fixed || mti.max != 4 || mti.kind == foreign {
		return nil, fmt.Errorf("MTI (field 0): want 4 digits of fixed length in ASCII or BCD")
	}
	if c.fields[65].kind != absent {
		return nil, fmt.Errorf("field 65: it announces a third bitmap, there are two; leave it out")
	}
	bitmap := spec.Fields[1].Spec()
	switch bitmap.Enc {
	case encoding.Binary:
	case encoding.BytesToASCIIHex:
		c.bitmapHex = true
	default:
		return nil, fmt.Errorf("bitmap (field 1): want it in Binary or HexToASCII")
	}
	if l := bitmap.Length; l != 0 && l != 8 {
		return nil, fmt.Errorf("bitmap (field 1): length %d, want 8; the second bitmap comes by itself when it is needed", l)
	}
	if bitmap.DisableAutoExpand {
		c.second = false
	}
	return c, nil
}

// MaxField is the longest field: four digits of length prefix.
const MaxField = 9999

func compileField(f field.Field) fieldCodec {
	s := f.Spec()
	out := fieldCodec{kind: foreign, max: int32(s.Length)}
	digits := false
	switch f.(type) {
	case *field.Numeric:
		digits = true
	case *field.String, *field.Binary, *field.Hex, *field.Track1, *field.Track2, *field.Track3:
	default:
		return out
	}
	if s.Packer != nil || s.Unpacker != nil || s.Pref == nil || s.Enc == nil {
		return out
	}
	isFixed := strings.HasSuffix(s.Pref.Inspect(), "Fixed") && s.Pref != prefix.None.Fixed
	if s.Pad != nil && s.Pad != padding.None {
		if !isFixed {
			return out
		}
		var ok bool
		if out.pad, out.padWith, ok = padOf(s.Pad); !ok {
			return out
		}
	}
	known := false
	if out.count, out.countLen, out.odd, known = countOf(s.Pref); !known {
		return out
	}
	out.max = min(out.max, out.mostCounted())
	switch e := s.Enc.(type) {
	case *Nibbles:
		out.kind, out.nib = nibbles, e
	default:
		switch s.Enc {
		case encoding.ASCII:
			out.kind = ascii
		case encoding.Binary:
			out.kind = octets
		case encoding.BCD:
			out.kind, out.nib, out.strict = nibbles, DigitsRight, true
		case encoding.LBCD:
			out.kind, out.nib, out.strict = nibbles, Digits, true
		}
	}
	if digits && (out.kind == ascii || out.kind == octets) {
		out.kind = decimal
	}
	if n := out.max; out.kind == nibbles && out.count == fixed && n > 0 && n <= 8 && !out.strict {
		out.keep = ^uint64(0) << (64 - 8*n)
		if out.nib.right && n%2 == 1 {
			out.shift = 8
		}
	}
	return out
}

// countOf reads a moov prefixer: how it counts, in how many octets, and
// whether a packed count has an odd number of digits.
func countOf(p prefix.Prefixer) (count counting, octets uint8, odd, known bool) {
	for i, set := range []prefix.Prefixers{prefix.BCD, prefix.ASCII, prefix.Binary} {
		if p == set.Fixed {
			return fixed, 0, false, true
		}
		for n, q := range []prefix.Prefixer{set.L, set.LL, set.LLL, set.LLLL} {
			if p != q {
				continue
			}
			n++
			if i == 0 {
				return bcdCount, uint8(n+1) / 2, n%2 == 1, true
			}
			return [...]counting{asciiCount, binaryCount}[i-1], uint8(n), false, true
		}
	}
	return fixed, 0, false, false
}

// mostCounted is the largest length that the prefix can say.
func (f *fieldCodec) mostCounted() int32 {
	digits := int(f.countLen)
	switch {
	case f.count == fixed, f.count == binaryCount && f.countLen > 1:
		return MaxField
	case f.count == binaryCount:
		return 255
	case f.count == bcdCount && f.odd:
		digits = 2*digits - 1
	case f.count == bcdCount:
		digits = 2 * digits
	}
	most := int32(1)
	for range digits {
		most *= 10
	}
	return most - 1
}

// padOf reads a moov padder by trying it: the side it fills and with what. A
// pad that is not one ASCII character is not known.
func padOf(p padding.Padder) (padSide, byte, bool) {
	with := p.Inspect()
	if len(with) != 1 || with[0] > 127 {
		return padNone, 0, false
	}
	other := with[0] ^ 1
	switch out := string(p.Pad([]byte{other}, 2)); out {
	case string([]byte{with[0], other}):
		return padLeft, with[0], true
	case string([]byte{other, with[0]}):
		return padRight, with[0], true
	}
	return padNone, 0, false
}

// notInDialect is what is wrong with a field that the spec lacks.
const notInDialect = "is not in this dialect"

// slackFor is how much longer than its value a field's octets may be while it
// is packed or read: the length prefix and what Nibbles writes beyond the end.
const slackFor = 4 + slack

// put packs value v over dst[at:], which has room for it and slackFor, and
// says where it ends. The error lacks the field.
func (f *fieldCodec) put(dst []byte, at int, v []byte) (int, error) {
	if f.keep != 0 && len(v) == int(f.max) && cap(v) >= 8 { // most fields, without a loop
		d := (binary.BigEndian.Uint64(v[:8]) ^ zeros) & f.keep
		if (d|(d+6*each))&(0xF0*each) == 0 {
			binary.BigEndian.PutUint32(dst[at:], squeeze(d>>(f.shift&63)))
			return at + (len(v)+1)/2, nil
		}
	}
	if f.count == fixed {
		if len(v) != int(f.max) {
			return at, f.notFixed(at, len(v))
		}
	} else {
		if len(v) > int(f.max) {
			return at, f.tooLong(at, len(v))
		}
		if f.count == bcdCount {
			n := uint(len(v))
			if f.countLen == 2 {
				dst[at] = byte(n/1000%10<<4 | n/100%10)
				at++
			}
			dst[at] = byte(n/10%10<<4 | n%10)
			at++
		} else {
			f.putCount(dst[at:], len(v))
			at += int(f.countLen)
		}
	}
	switch f.kind {
	case nibbles:
		if !f.nib.pack(dst[at:], v) {
			return at, &FieldError{Offset: at, Reason: errNotDigit.Error()}
		}
		return at + (len(v)+1)/2, nil
	case ascii:
		if i := firstAbove127(v); i >= 0 {
			return at, &FieldError{Offset: at + i, Reason: "holds an octet above 127"}
		}
	case decimal:
		if i := firstNotDigit(v); i >= 0 {
			return at, &FieldError{Offset: at + i, Reason: errNotDigit.Error()}
		}
	case absent:
		return at, &FieldError{Offset: at, Reason: notInDialect}
	}
	return at + copy(dst[at:], v), nil
}

func (f *fieldCodec) notFixed(at, n int) error {
	if f.kind == absent {
		return &FieldError{Offset: at, Reason: notInDialect}
	}
	return &FieldError{Offset: at, Reason: fmt.Sprintf("has %d characters, want %d", n, f.max)}
}

func (f *fieldCodec) tooLong(at, n int) error {
	return &FieldError{Offset: at, Reason: fmt.Sprintf("has %d characters, at most %d fit", n, f.max)}
}

// putCount writes length n in characters or as a number.
func (f *fieldCodec) putCount(dst []byte, n int) {
	if f.count == asciiCount {
		PutUint(dst[:f.countLen], uint64(n))
		return
	}
	for i := range f.countLen {
		dst[i] = byte(n >> (8 * (f.countLen - 1 - i)))
	}
}

// take reads a value at b[at:] into buf[to:], which has room for twice the
// octets of b and the slack, and says where both end. Nothing is read beyond
// len(b). The error lacks the field.
func (f *fieldCodec) take(buf, b []byte, to, at int) (int, int, error) {
	size := int(f.max)
	if f.keep != 0 && len(b)-at >= 4 { // most fields, without a loop
		v := spread(binary.BigEndian.Uint32(b[at:])) << (f.shift & 63) & f.keep
		if (v+above9)&highs == 0 {
			binary.BigEndian.PutUint64(buf[to:], v+zeros)
			return to + size, at + (size+1)/2, nil
		}
	}
	if f.count != fixed {
		if size = f.takeCount(b, at); size < 0 || size > int(f.max) {
			return to, at, f.badCount(b, at, size)
		}
		at += int(f.countLen)
	}
	if f.kind == nibbles {
		span := (size + 1) / 2
		if span > len(b)-at {
			return to, at, tooShort(b, at, span)
		}
		if span > 0 && !f.nib.unpack(buf[to:], b[at:], size) ||
			f.strict && size&1 == 1 && !f.padIsDigit(b[at:at+span]) {
			return to, at, &FieldError{Offset: at, Reason: errNibble.Error()}
		}
		return to + size, at + span, nil
	}
	if size > len(b)-at {
		return to, at, tooShort(b, at, size)
	}
	v := b[at : at+size]
	switch f.kind {
	case ascii:
		if i := firstAbove127(v); i >= 0 {
			return to, at, &FieldError{Offset: at + i, Reason: "holds an octet above 127"}
		}
	case decimal:
		if i := firstNotDigit(v); i >= 0 {
			return to, at, &FieldError{Offset: at + i, Reason: errNotDigit.Error()}
		}
	case absent:
		return to, at, &FieldError{Offset: at, Reason: notInDialect}
	}
	return to + copy(buf[to:], v), at + size, nil
}

func tooShort(b []byte, at, want int) error {
	return &FieldError{Offset: at, Reason: fmt.Sprintf("wants %d octets, %d are left", want, len(b)-at)}
}

// padIsDigit looks at the pad nibble of an odd number of digits.
func (f *fieldCodec) padIsDigit(v []byte) bool {
	if f.nib.right {
		return v[0]>>4 <= 9
	}
	return v[len(v)-1]&15 <= 9
}

// takeCount reads a length prefix; -1 when it is none.
func (f *fieldCodec) takeCount(b []byte, at int) int {
	if int(f.countLen) > len(b)-at {
		return -1
	}
	size := 0
	for i, c := range b[at : at+int(f.countLen)] {
		switch f.count {
		case bcdCount:
			if c>>4 > 9 || c&15 > 9 {
				return -1
			}
			if i == 0 && f.odd {
				c &= 15
			}
			size = size*100 + int(c>>4)*10 + int(c&15)
		case asciiCount:
			if c-'0' > 9 {
				return -1
			}
			size = size*10 + int(c-'0')
		default:
			size = size<<8 | int(c)
		}
	}
	return size
}

// badCount says why takeCount's answer will not do.
func (f *fieldCodec) badCount(b []byte, at, size int) error {
	switch {
	case size >= 0:
		return &FieldError{Offset: at, Reason: fmt.Sprintf("its length %d is above %d", size, f.max)}
	case int(f.countLen) > len(b)-at:
		return &FieldError{Offset: at, Reason: fmt.Sprintf("its length wants %d octets, %d are left", f.countLen, len(b)-at)}
	}
	return &FieldError{Offset: at, Reason: "its length is not made of decimal digits"}
}

// firstAbove127 is where v first leaves ASCII, -1 when it does not.
func firstAbove127(v []byte) int {
	i := 0
	for ; len(v)-i >= 8; i += 8 {
		if binary.LittleEndian.Uint64(v[i:])&0x8080808080808080 != 0 {
			break
		}
	}
	for ; i < len(v); i++ {
		if v[i] > 127 {
			return i
		}
	}
	return -1
}

func firstNotDigit(v []byte) int {
	for i, c := range v {
		if c-'0' > 9 {
			return i
		}
	}
	return -1
}

// IsDigits reports whether v is decimal digits and nothing else.
func IsDigits(v []byte) bool { return firstNotDigit(v) < 0 }
