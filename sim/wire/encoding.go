package wire

import (
	"errors"
	"fmt"
)

// Nibbles packs two characters an octet. It is a moov encoding.Encoder, so
// that specs made of it work in moov too; the codec compiles it.
//
// moov's own BCD and LBCD do not serve: CUP packs odd lengths to the left and
// accepts any pad nibble, and tracks carry the separator D and, enciphered, any
// nibble at all.
type Nibbles struct {
	right bool // odd lengths: pad nibble first (field 23) instead of last
	track bool // allow A to F beside digits: the separator D (also written =), enciphered digits
}

var (
	// Digits packs digits to the left, a pad nibble 0 after an odd number.
	Digits = &Nibbles{}
	// DigitsRight packs digits to the right, the pad nibble first.
	DigitsRight = &Nibbles{right: true}
	// Track packs the digits of tracks 2 and 3 like Digits, the separator as D.
	Track = &Nibbles{track: true}
)

var (
	errNotDigit = errors.New("holds a character that is not a digit")
	errNibble   = errors.New("holds a nibble that is not a digit")
)

// Encode packs characters. It does not keep or change src.
func (e *Nibbles) Encode(src []byte) ([]byte, error) {
	return e.append(make([]byte, 0, (len(src)+1)/2), src)
}

// Decode unpacks length characters and says how many octets they took.
func (e *Nibbles) Decode(src []byte, length int) ([]byte, int, error) {
	if length < 0 {
		return nil, 0, fmt.Errorf("length %d is negative", length)
	}
	n := length/2 + length%2
	if n > len(src) {
		return nil, 0, fmt.Errorf("want %d octets, have %d", n, len(src))
	}
	out, err := e.appendText(make([]byte, 0, length), src[:n], length)
	return out, n, err
}

// append packs src to dst.
func (e *Nibbles) append(dst, src []byte) ([]byte, error) {
	if len(src)%2 == 1 && e.right {
		v, ok := e.nibble(src[0])
		if !ok {
			return dst, errNotDigit
		}
		dst, src = append(dst, v), src[1:]
	}
	for len(src) >= 2 {
		a, aok := e.nibble(src[0])
		b, bok := e.nibble(src[1])
		if !aok || !bok {
			return dst, errNotDigit
		}
		dst, src = append(dst, a<<4|b), src[2:]
	}
	if len(src) == 1 {
		v, ok := e.nibble(src[0])
		if !ok {
			return dst, errNotDigit
		}
		dst = append(dst, v<<4)
	}
	return dst, nil
}

// appendText unpacks n characters from the octets of src, which are just
// enough. The pad nibble of an odd n may be anything.
func (e *Nibbles) appendText(dst, src []byte, n int) ([]byte, error) {
	if n%2 == 1 && e.right {
		c := e.char(src[0] & 15)
		if c == 0 {
			return dst, errNibble
		}
		dst, src, n = append(dst, c), src[1:], n-1
	}
	for ; n >= 2; n -= 2 {
		a, b := e.char(src[0]>>4), e.char(src[0]&15)
		if a == 0 || b == 0 {
			return dst, errNibble
		}
		dst, src = append(dst, a, b), src[1:]
	}
	if n == 1 {
		c := e.char(src[0] >> 4)
		if c == 0 {
			return dst, errNibble
		}
		dst = append(dst, c)
	}
	return dst, nil
}

func (e *Nibbles) nibble(c byte) (byte, bool) {
	switch {
	case c-'0' <= 9:
		return c - '0', true
	case e.track && c-'A' <= 5:
		return c - 'A' + 10, true
	case e.track && c == '=':
		return 13, true
	}
	return 0, false
}

// char is the character of a nibble, 0 when it has none.
func (e *Nibbles) char(v byte) byte {
	switch {
	case v <= 9:
		return '0' + v
	case e.track:
		return 'A' + v - 10
	}
	return 0
}
