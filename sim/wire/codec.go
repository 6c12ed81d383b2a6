package wire

import (
	"fmt"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"
)

// kind is how a field's value is put into octets.
type kind uint8

const (
	absent  kind = iota
	octets       // as they are
	ascii        // an octet each, none above 127
	nibbles      // packed by a Nibbles
	foreign      // by moov's own code: padded, numeric, composite, EBCDIC, …
)

// counting is how a field's length is put before its value.
type counting uint8

const (
	fixed       counting = iota
	bcdCount             // packed digits
	asciiCount           // characters
	binaryCount          // a big-endian number
)

// fieldCodec is one row of the table that a spec compiles into.
type fieldCodec struct {
	kind     kind
	count    counting
	countLen int // digits of the count (bcd, ascii), octets (binary)
	max      int // in characters for nibbles, else in octets
	nib      *Nibbles
	lenient  bool        // moov's BCD: the pad nibble must be a digit on reading
	moov     field.Field // the prototype, for foreign fields
	name     string
}

// codec is a compiled spec.
type codec struct {
	fields    [129]fieldCodec
	bitmapHex bool // the bitmap is written as hexadecimal characters
	second    bool // fields above 64 exist
}

// compile makes the table of a spec. Padded fields, numeric and composite ones
// and kinds that it does not know are left to moov's own code for that field.
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
		c.second = c.second || n > 64
		if n == 1 {
			continue
		}
		c.fields[n] = compileField(f)
	}
	if mti := &c.fields[0]; mti.count != fixed || mti.max != 4 || mti.kind == foreign {
		return nil, fmt.Errorf("MTI (field 0): want 4 digits of fixed length in ASCII or BCD")
	}
	bitmap := spec.Fields[1].Spec()
	switch bitmap.Enc {
	case encoding.Binary:
	case encoding.BytesToASCIIHex:
		c.bitmapHex = true
	default:
		return nil, fmt.Errorf("bitmap (field 1): want it in binary or hexadecimal")
	}
	if l := bitmap.Length; l != 0 && l != 8 {
		return nil, fmt.Errorf("bitmap (field 1): length %d, want 8 octets a bitmap", l)
	}
	if bitmap.DisableAutoExpand {
		c.second = false
	}
	return c, nil
}

func compileField(f field.Field) fieldCodec {
	s := f.Spec()
	out := fieldCodec{kind: foreign, max: s.Length, moov: f, name: s.Description}
	switch f.(type) {
	case *field.String, *field.Binary:
	default:
		return out
	}
	if s.Pad != nil || s.Packer != nil || s.Unpacker != nil || s.Pref == nil {
		return out
	}
	count, digits := countOf(s.Pref)
	if digits < 0 {
		return out
	}
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
			out.kind, out.nib, out.lenient = nibbles, DigitsRight, true
		case encoding.LBCD:
			out.kind, out.nib, out.lenient = nibbles, Digits, true
		default:
			return out
		}
	}
	out.count, out.countLen = count, digits
	return out
}

// countOf reads a moov prefixer: how it counts and in how many digits or
// octets; digits is -1 when the codec does not know it.
func countOf(p prefix.Prefixer) (counting, int) {
	for i, set := range []prefix.Prefixers{prefix.BCD, prefix.ASCII, prefix.Binary} {
		if p == set.Fixed {
			return fixed, 0
		}
		for digits, q := range []prefix.Prefixer{set.L, set.LL, set.LLL, set.LLLL} {
			if p == q {
				return [...]counting{bcdCount, asciiCount, binaryCount}[i], digits + 1
			}
		}
	}
	return fixed, -1
}

// append packs value v of field n to dst.
func (f *fieldCodec) append(dst []byte, n int, v []byte) ([]byte, error) {
	if f.kind == foreign {
		return f.appendForeign(dst, n, v)
	}
	if f.count == fixed {
		if len(v) != f.max {
			return dst, &FieldError{Field: n, Offset: len(dst), Reason: fmt.Sprintf("has %d characters, want %d", len(v), f.max)}
		}
	} else {
		if len(v) > f.max {
			return dst, &FieldError{Field: n, Offset: len(dst), Reason: fmt.Sprintf("has %d characters, at most %d fit", len(v), f.max)}
		}
		var ok bool
		if dst, ok = f.appendCount(dst, len(v)); !ok {
			return dst, &FieldError{Field: n, Offset: len(dst), Reason: fmt.Sprintf("length %d does not fit its prefix", len(v))}
		}
	}
	switch f.kind {
	case nibbles:
		at := len(dst)
		dst, err := f.nib.append(dst, v)
		if err != nil {
			return dst, &FieldError{Field: n, Offset: at, Reason: err.Error()}
		}
		return dst, nil
	case ascii:
		for _, c := range v {
			if c > 127 {
				return dst, &FieldError{Field: n, Offset: len(dst), Reason: "holds an octet above 127"}
			}
		}
	}
	return append(dst, v...), nil
}

func (f *fieldCodec) appendCount(dst []byte, n int) ([]byte, bool) {
	switch f.count {
	case asciiCount:
		for d := pow10[f.countLen-1]; d > 0; d /= 10 {
			dst = append(dst, '0'+byte(n/d%10))
		}
		return dst, n < pow10[f.countLen]
	case bcdCount:
		if f.countLen > 2 {
			dst = append(dst, byte(n/1000%10)<<4|byte(n/100%10))
		}
		return append(dst, byte(n/10%10)<<4|byte(n%10)), n < pow10[f.countLen]
	default:
		for i := f.countLen - 1; i >= 0; i-- {
			dst = append(dst, byte(n>>(8*i)))
		}
		return dst, f.countLen >= 4 || n < 1<<(8*f.countLen)
	}
}

var pow10 = [...]int{1, 10, 100, 1000, 10000}

// take reads field n at b[at:], appends its value to buf, and says where the
// next field begins. Nothing is read or allocated beyond len(b).
func (f *fieldCodec) take(buf, b []byte, at, n int) ([]byte, int, error) {
	if f.kind == foreign {
		return f.takeForeign(buf, b, at, n)
	}
	size := f.max
	if f.count != fixed {
		var err error
		if size, at, err = f.takeCount(b, at, n); err != nil {
			return buf, at, err
		}
	}
	span := size
	if f.kind == nibbles {
		span = size/2 + size%2
	}
	if span > len(b)-at {
		return buf, at, &FieldError{Field: n, Offset: at, Reason: fmt.Sprintf("wants %d octets, %d are left", span, len(b)-at)}
	}
	v := b[at : at+span]
	switch f.kind {
	case nibbles:
		if f.lenient && size%2 == 1 {
			pad := v[span-1] & 15
			if f.nib.right {
				pad = v[0] >> 4
			}
			if pad > 9 {
				return buf, at, &FieldError{Field: n, Offset: at, Reason: errNibble.Error()}
			}
		}
		out, err := f.nib.appendText(buf, v, size)
		if err != nil {
			return buf, at, &FieldError{Field: n, Offset: at, Reason: err.Error()}
		}
		return out, at + span, nil
	case ascii:
		for i, c := range v {
			if c > 127 {
				return buf, at, &FieldError{Field: n, Offset: at + i, Reason: "holds an octet above 127"}
			}
		}
	}
	return append(buf, v...), at + span, nil
}

// takeCount reads a length prefix.
func (f *fieldCodec) takeCount(b []byte, at, n int) (size, next int, err error) {
	span := f.countLen
	if f.count == bcdCount {
		span = (f.countLen + 1) / 2
	}
	if span > len(b)-at {
		return 0, at, &FieldError{Field: n, Offset: at, Reason: fmt.Sprintf("its length wants %d octets, %d are left", span, len(b)-at)}
	}
	for i, c := range b[at : at+span] {
		switch f.count {
		case asciiCount:
			if c-'0' > 9 {
				return 0, at, &FieldError{Field: n, Offset: at + i, Reason: "its length holds a character that is not a digit"}
			}
			size = size*10 + int(c-'0')
		case bcdCount:
			if c>>4 > 9 || c&15 > 9 {
				return 0, at, &FieldError{Field: n, Offset: at + i, Reason: "its length holds a nibble that is not a digit"}
			}
			if i == 0 && f.countLen%2 == 1 {
				c &= 15
			}
			size = size*100 + int(c>>4)*10 + int(c&15)
		default:
			size = size<<8 | int(c)
		}
	}
	if size > f.max {
		return 0, at, &FieldError{Field: n, Offset: at, Reason: fmt.Sprintf("its length %d is above %d", size, f.max)}
	}
	return size, at + span, nil
}

// appendForeign packs with moov's code; v is what moov calls the field's bytes.
func (f *fieldCodec) appendForeign(dst []byte, n int, v []byte) (_ []byte, err error) {
	at := len(dst)
	defer func() {
		if p := recover(); p != nil {
			err = &FieldError{Field: n, Offset: at, Reason: "cannot be packed with this spec"}
		}
	}()
	m := field.NewInstanceOf(f.moov)
	if err := m.SetBytes(v); err != nil {
		return dst, &FieldError{Field: n, Offset: at, Reason: "is not a value for this spec"}
	}
	packed, err := m.Pack()
	if err != nil {
		return dst, &FieldError{Field: n, Offset: at, Reason: "cannot be packed with this spec"}
	}
	return append(dst, packed...), nil
}

// takeForeign reads with moov's code, which has panicked on hostile lengths
// before; a panic is an error of this field.
func (f *fieldCodec) takeForeign(buf, b []byte, at, n int) (_ []byte, _ int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &FieldError{Field: n, Offset: at, Reason: "cannot be read with this spec"}
		}
	}()
	m := field.NewInstanceOf(f.moov)
	read, err := m.Unpack(b[at:])
	if err != nil || read < 0 || read > len(b)-at {
		return buf, at, &FieldError{Field: n, Offset: at, Reason: "cannot be read with this spec"}
	}
	v, err := m.Bytes()
	if err != nil || len(v) > 8*len(b) {
		return buf, at, &FieldError{Field: n, Offset: at, Reason: "cannot be read with this spec"}
	}
	return append(buf, v...), at + read, nil
}
