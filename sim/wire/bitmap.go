package wire

import (
	"encoding/binary"
	"fmt"
)

// putBitmap writes a bitmap over dst[at:] and says where it ends.
func (c *codec) putBitmap(dst []byte, at int, bits uint64) int {
	if c.bitmap == nil {
		binary.BigEndian.PutUint64(dst[at:], bits)
		return at + 8
	}
	for i := range 16 {
		dst[at+i] = c.bitmap.digits[bits>>(60-4*i)&15]
	}
	return at + 16
}

func (c *codec) takeBitmap(b []byte, at int) (uint64, int, error) {
	span := c.bitmapSpan()
	if len(b)-at < span {
		return 0, at, &FieldError{Field: 1, Offset: at, Reason: fmt.Sprintf("wants %d octets, %d are left", span, len(b)-at)}
	}
	if c.bitmap == nil {
		return binary.BigEndian.Uint64(b[at:]), at + 8, nil
	}
	var v uint64
	for i, h := range b[at : at+16] {
		d := c.bitmap.value[h]
		if d > 15 {
			return 0, at, &FieldError{Field: 1, Offset: at + i, Reason: noHex}
		}
		v = v<<4 | uint64(d)
	}
	return v, at + 16, nil
}

// bitmapSpan is how many octets a bitmap takes.
func (c *codec) bitmapSpan() int {
	if c.bitmap == nil {
		return 8
	}
	return 16
}

// takeBitmaps reads the one bitmap or the two: the fields that they announce, and
// where they end, after an error where the one that is wrong begins.
func (c *codec) takeBitmaps(b []byte, at int) (set FieldSet, end int, err error) {
	if set[0], end, err = c.takeBitmap(b, at); err != nil || set[0]>>63 == 0 && !c.both {
		return set, end, err
	}
	if c.both && c.longer && set[0]>>63 == 1 {
		return set, at, &FieldError{Field: 1, Offset: at, Reason: "announces a third bitmap, there are two"}
	}
	if !c.second && !c.both {
		return set, at, &FieldError{Field: 1, Offset: at, Reason: "announces a second bitmap, this dialect has one"}
	}
	set[0] &^= 1 << 63
	at = end
	if set[1], end, err = c.takeBitmap(b, at); err == nil && set[1]>>63 == 1 {
		return set, at, &FieldError{Field: 1, Offset: at, Reason: "announces a third bitmap, there are two"}
	}
	return set, end, err
}

// below is set without field f and those after it.
func below(set FieldSet, f int) FieldSet {
	if f > 64 {
		return FieldSet{set[0], set[1] &^ (1<<(129-f) - 1)}
	}
	return FieldSet{set[0] &^ (1<<(65-f) - 1), 0}
}
