package wire

import (
	"encoding/binary"
	"fmt"
)

// notInDialect is what is wrong with a field that the spec lacks.
const notInDialect = "is not in this dialect"

// slackFor is how much longer than its value a field's octets may be while it
// is packed or read: the length prefix and what Nibbles writes beyond the end.
const slackFor = longestCount + slack

// longestCount is how many octets a length takes at most.
const longestCount = 8

// put packs value v over dst[at:], which has room for it and slackFor, and
// says where it ends. The error lacks the field.
func (f *fieldCodec) put(dst []byte, at int, v []byte) (int, error) {
	if f.count == fixed {
		if len(v) != int(f.max) {
			if f.signed && len(v) > 0 && len(v) < int(f.max) {
				return f.put(dst, at, SignedZeros.Pad(v, int(f.max)))
			}
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
		if !f.nib.put(dst[at:], v) {
			return at, &FieldError{Offset: at, Reason: noDigit}
		}
		return at + (len(v)+1)/2, nil
	case ascii:
		if i := firstAbove127(v); i >= 0 {
			return at, &FieldError{Offset: at + i, Reason: above127}
		}
	case decimal:
		if i := firstNotDigit(v); i >= 0 {
			return at, &FieldError{Offset: at + i, Reason: noDigit}
		}
	case coded:
		return f.putCoded(dst, at, v)
	case composed:
		w := partWalk{scratch: dst[at:]}
		if bad := f.parts.through(&w, v, 0); bad != nil {
			return at, bad.inField(at)
		}
	case absent:
		return at, &FieldError{Offset: at, Reason: notInDialect}
	}
	return at + copy(dst[at:], v), nil
}

// putCoded packs a value by the field's coder.
func (f *fieldCodec) putCoded(dst []byte, at int, v []byte) (int, error) {
	if f.digits && firstNotDigit(v) >= 0 {
		return at, &FieldError{Offset: at, Reason: noDigit}
	}
	if reason := f.coder.pack(dst[at:], v); reason != "" {
		return at, &FieldError{Offset: at, Reason: reason}
	}
	return at + f.coder.span(len(v)), nil
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

// putCount writes the length of a value of n units.
func (f *fieldCodec) putCount(dst []byte, n int) {
	n = f.unit.counted(n)
	dst = dst[:f.countLen]
	switch f.count {
	case asciiCount, ebcdicCount:
		PutUint(dst, uint64(n))
		for i := range dst {
			if f.count == ebcdicCount {
				dst[i] |= 0xF0
			}
		}
	case longBCDCount:
		for i := len(dst) - 1; i >= 0; i-- {
			dst[i] = byte(n/10%10<<4 | n%10)
			n /= 100
		}
	case hexCount:
		for i := len(dst) - 1; i >= 0; i-- {
			dst[i] = asciiHex.digits[n&15]
			n >>= 4
		}
	default:
		for i := len(dst) - 1; i >= 0; i-- {
			dst[i] = byte(n)
			n >>= 8
		}
	}
}

// take reads a value at b[at:] into buf[to:], which has room for twice the
// octets of b and the slack, and says where both end. Nothing is read beyond
// len(b). The error lacks the field.
func (f *fieldCodec) take(buf, b []byte, to, at int) (int, int, error) {
	size := int(f.max)
	if f.count != fixed {
		if size = f.takeCount(b, at); size < 0 || size > int(f.max) {
			return to, at, f.badCount(b, at, size)
		}
		at += int(f.countLen)
	}
	if f.kind >= nibbles {
		if f.kind != nibbles {
			return f.takeCoded(buf, b, to, at, size)
		}
		span := (size + 1) / 2
		if span > len(b)-at {
			return to, at, tooShort(b, at, span)
		}
		if span > 0 && !f.nib.take(buf[to:], b[at:], size) ||
			f.strict && size&1 == 1 && !f.padIsDigit(b[at:at+span]) {
			return to, at, &FieldError{Offset: at, Reason: noNibble}
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
			return to, at, &FieldError{Offset: at + i, Reason: above127}
		}
	case decimal:
		if i := firstNotDigit(v); i >= 0 {
			return to, at, &FieldError{Offset: at + i, Reason: noDigit}
		}
	case absent:
		return to, at, &FieldError{Offset: at, Reason: notInDialect}
	}
	return to + copy(buf[to:], v), at + size, nil
}

// takeCoded reads a value of n units by the field's coder, or one of parts.
func (f *fieldCodec) takeCoded(buf, b []byte, to, at, n int) (int, int, error) {
	if f.kind == composed {
		return f.takeComposed(buf, b, to, at, n)
	}
	span := f.coder.span(n)
	if span > len(b)-at {
		return to, at, tooShort(b, at, span)
	}
	size, reason := f.coder.unpack(buf[to:], b[at:at+span], n)
	switch {
	case reason != "":
	case size != n && f.unit == own:
		reason = noNibble // a spare one where none was counted
	case f.digits && firstNotDigit(buf[to:to+size]) >= 0:
		reason = noDigit
	default:
		return to + size, at + span, nil
	}
	return to, at, &FieldError{Offset: at, Reason: reason}
}

// takeComposed reads a value of n octets, when its parts can be read.
func (f *fieldCodec) takeComposed(buf, b []byte, to, at, n int) (int, int, error) {
	if n > len(b)-at {
		return to, at, tooShort(b, at, n)
	}
	w := partWalk{scratch: buf[to:]}
	if bad := f.parts.through(&w, b[at:at+n], 0); bad != nil {
		return to, at, bad.inField(at)
	}
	return to + copy(buf[to:], b[at:at+n]), at + n, nil
}

func tooShort(b []byte, at, want int) error {
	return &FieldError{Offset: at, Reason: fmt.Sprintf("wants %d octets, %d are left", want, len(b)-at)}
}

// padIsDigit looks at the spare nibble of an odd number of digits.
func (f *fieldCodec) padIsDigit(v []byte) bool {
	if f.nib.right {
		return v[0]>>4 <= 9
	}
	return v[len(v)-1]&15 <= 9
}

// takeCount reads the length of a value, in units; -1, or odd, when it is none.
func (f *fieldCodec) takeCount(b []byte, at int) int {
	if f.count == rest {
		return len(b) - at
	}
	if int(f.countLen) > len(b)-at {
		return -1
	}
	if f.count == bcdCount && f.countLen == 1 && !f.odd && f.unit == own { // most of them
		c := b[at]
		if c>>4 > 9 || c&15 > 9 {
			return -1
		}
		return int(c>>4)*10 + int(c&15)
	}
	size := 0
	for i, c := range b[at : at+int(f.countLen)] {
		switch f.count {
		case bcdCount, longBCDCount:
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
		case ebcdicCount:
			if c-0xF0 > 9 {
				return -1
			}
			size = size*10 + int(c-0xF0)
		case hexCount:
			if asciiHex.value[c] > 15 {
				return -1
			}
			size = size<<4 | int(asciiHex.value[c])
		default:
			size = size<<8 | int(c)
		}
	}
	if f.unit != own {
		return f.unit.units(size)
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
	case size == odd:
		return &FieldError{Offset: at, Reason: "its length is not an even number"}
	case f.count == hexCount:
		return &FieldError{Offset: at, Reason: "has a length that is not made of hexadecimal digits"}
	}
	return &FieldError{Offset: at, Reason: "has a length that is not made of decimal digits"}
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
