package wire

import (
	"fmt"

	"github.com/moov-io/iso8583/field"
)

// appendForeign packs with moov's code. v is what moov calls the field's bytes,
// of a composite field the octets that stand on the line: moov would pack its
// elements in another order and one of no octets without its length.
func (c *codec) appendForeign(dst []byte, n int, v []byte) (_ []byte, err error) {
	at := len(dst)
	defer func() {
		if p := recover(); p != nil {
			err = &FieldError{n, at, "cannot be packed with this spec"}
		}
	}()
	m := field.NewInstanceOf(c.moov[n])
	if _, ok := m.(*field.Composite); ok {
		count, err := m.Spec().Pref.EncodeLength(m.Spec().Length, len(v))
		if err != nil {
			return dst, &FieldError{n, at, fmt.Sprintf("has %d octets, which its length does not allow", len(v))}
		}
		dst = append(append(dst, count...), v...)
		if read, err := m.Unpack(dst[at:]); err != nil || read != len(dst)-at {
			return dst[:at], &FieldError{n, at, "is not a value for this spec"}
		}
		return dst, nil
	}
	if err := m.SetBytes(v); err != nil {
		return dst, &FieldError{n, at, "is not a value for this spec"}
	}
	packed, err := m.Pack()
	if err != nil {
		return dst, &FieldError{n, at, "cannot be packed with this spec"}
	}
	return append(dst, packed...), nil
}

// takeForeign reads with moov's code, which has panicked on hostile lengths
// before; a panic is an error of this field. Fixed values keep the padding
// that moov takes off, as those of compiled fields do.
func (c *codec) takeForeign(buf, b []byte, at, n int) (_ []byte, _ int, err error) {
	unreadable := &FieldError{n, at, "cannot be read with this spec"}
	defer func() {
		if p := recover(); p != nil {
			err = unreadable
		}
	}()
	m := field.NewInstanceOf(c.moov[n])
	spec := m.Spec()
	read, err := m.Unpack(b[at:])
	if err != nil || read < 0 || read > len(b)-at {
		return buf, at, unreadable
	}
	if _, ok := m.(*field.Composite); ok {
		_, count, err := spec.Pref.DecodeLength(spec.Length, b[at:])
		if err != nil || count < 0 || count > read {
			return buf, at, unreadable
		}
		return append(buf, b[at+count:at+read]...), at + read, nil
	}
	v, err := m.Bytes()
	if err == nil && c.fields[n].pad != padNone {
		v = spec.Pad.Pad(v, spec.Length)
	}
	if err != nil || len(v) > 8*len(b) {
		return buf, at, unreadable
	}
	return append(buf, v...), at + read, nil
}
