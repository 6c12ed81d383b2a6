package wire

import (
	"fmt"
	"strings"
)

// Length is the number before each message that says how many octets follow it.
// It counts the message, routing header included, and, if it says so, more.
type Length struct {
	Octets   int        // 1 to 8; 0 for no length
	Form     LengthForm // how the number is written
	Itself   bool       // it counts its own octets
	Reserved bool       // it counts those of Before and After
	NoHeader bool       // it does not count the routing header, which follows all the same
	Trailer  bool       // it counts those of the trailer and the check octet
}

// LengthForm is how the number of a [Length] is written.
type LengthForm uint8

// The forms of a length. Of digits the first are zeros.
const (
	BigEndian    LengthForm = iota // a number, its first octet the greatest
	LittleEndian                   // a number, its first octet the least
	ASCIIDigits                    // decimal digits in ASCII
	PackedDigits                   // decimal digits, two to an octet
	HexDigits                      // hexadecimal digits in ASCII: written small, read either way
	EBCDICDigits                   // decimal digits in EBCDIC
)

// lengthForms are the forms by name.
var lengthForms = [...]string{BigEndian: "binary", LittleEndian: "little", ASCIIDigits: "digits", PackedDigits: "packed", HexDigits: "hex", EBCDICDigits: "ebcdic"}

// String is the name of the form as files have it.
func (f LengthForm) String() string {
	if int(f) < len(lengthForms) {
		return lengthForms[f]
	}
	return "?"
}

// String is the name by which [LengthNamed] knows the length, without what it
// counts; "none" for none.
func (l Length) String() string {
	if l.Octets == 0 {
		return "none"
	}
	return fmt.Sprintf("%v%d", l.Form, l.Octets)
}

// The lengths that profiles may name.
var (
	Binary2 = Length{Octets: 2}
	Binary4 = Length{Octets: 4}
	Digits4 = Length{Octets: 4, Form: ASCIIDigits}
)

// Lengths are the usual lengths by name.
func Lengths() map[string]Length {
	return map[string]Length{"binary2": Binary2, "binary4": Binary4, "digits4": Digits4}
}

// LengthNamed is the length of a name: a form and how many octets, such as
// binary2, little4, digits5, packed2, hex4 or ebcdic4, or none. It counts the
// message.
func LengthNamed(name string) (Length, bool) {
	for f, form := range lengthForms {
		if n, is := strings.CutPrefix(name, form); is && len(n) == 1 && n[0] >= '1' && n[0] <= '8' {
			return Length{Octets: int(n[0] - '0'), Form: LengthForm(f)}, true
		}
	}
	return Length{}, name == "none"
}

// LengthNames says which names LengthNamed knows.
const LengthNames = "binary, little, digits, packed, hex or ebcdic and the number of octets, from 1 to 8, such as binary2, or none"

// Put writes the number n over dst's first octets; it must not be greater than
// Max.
func (l Length) Put(dst []byte, n int) {
	for i := l.Octets - 1; i >= 0; i-- {
		switch l.Form {
		case BigEndian:
			dst[i], n = byte(n), n>>8
		case LittleEndian:
			dst[l.Octets-1-i], n = byte(n), n>>8
		case PackedDigits:
			dst[i], n = byte(n/10%10<<4|n%10), n/100
		case HexDigits:
			dst[i], n = "0123456789abcdef"[n&15], n>>4
		default:
			dst[i], n = l.zero()+byte(n%10), n/10
		}
	}
}

// zero is the digit 0.
func (l *Length) zero() byte {
	if l.Form == EBCDICDigits {
		return 0xF0
	}
	return '0'
}

// Max is the greatest number that the length can say.
func (l Length) Max() uint64 {
	base, octets := uint64(10), l.Octets
	switch l.Form {
	case BigEndian, LittleEndian:
		return 1<<(8*octets) - 1 // of 8 octets all bits: a shift by 64 gives 0
	case HexDigits:
		base = 16
	case PackedDigits:
		base = 100
	}
	n := uint64(1)
	for range octets {
		n *= base
	}
	return n - 1
}

// Number reads the length; ErrLength when b does not begin with one.
func (l Length) Number(b []byte) (uint64, error) {
	if len(b) < l.Octets {
		return 0, fmt.Errorf("%w: %d octets, want %d", ErrLength, len(b), l.Octets)
	}
	return l.number(b)
}

// number is Number of octets enough.
func (l *Length) number(b []byte) (n uint64, err error) {
	b = b[:l.Octets]
	switch l.Form {
	case BigEndian:
		for _, c := range b {
			n = n<<8 | uint64(c)
		}
		return n, nil
	case LittleEndian:
		for i, c := range b {
			n |= uint64(c) << (8 * i)
		}
		return n, nil
	}
	for _, c := range b {
		switch l.Form {
		case PackedDigits:
			if c>>4 > 9 || c&15 > 9 {
				return 0, fmt.Errorf("%w: holds 0x%02X, want %d packed decimal digits", ErrLength, c, 2*len(b))
			}
			n = n*100 + uint64(c>>4)*10 + uint64(c&15)
		case HexDigits:
			v := hexDigit(c)
			if v > 15 {
				return 0, fmt.Errorf("%w: holds 0x%02X, want %d hexadecimal digits", ErrLength, c, len(b))
			}
			n = n<<4 | uint64(v)
		default:
			v := c - l.zero()
			if v > 9 {
				return 0, fmt.Errorf("%w: holds 0x%02X, want %d decimal digits", ErrLength, c, len(b))
			}
			n = n*10 + uint64(v)
		}
	}
	return n, nil
}

// hexDigit is the value of a hexadecimal digit, above 15 for what is none.
func hexDigit(c byte) byte {
	switch {
	case c-'0' <= 9:
		return c - '0'
	case c|0x20-'a' <= 5:
		return c | 0x20 - 'a' + 10
	}
	return 0xFF
}
