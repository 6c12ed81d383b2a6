package wire

import (
	"fmt"
	"strings"

	"github.com/moov-io/iso8583/prefix"
)

// counting is how a field's length is put before its value.
type counting uint8

const (
	fixed        counting = iota
	bcdCount              // packed digits, in one or two octets, of the value's units
	longBCDCount          // packed digits otherwise
	asciiCount            // digits
	binaryCount           // a big-endian number
	ebcdicCount           // digits in EBCDIC
	hexCount              // a number in hexadecimal digits, ASCII
	rest                  // none: the value ends with the octets
	berCount              // as BER-TLV has it, before a part of a composed field
)

// unit is what a length counts, where it is not what the value has.
type unit uint8

const (
	own     unit = iota // characters, digits, or octets of a binary value
	halves              // octets, of digits two an octet
	evened              // digits, with the spare one
	doubled             // hexadecimal digits, of octets
)

func (u unit) String() string {
	return [...]string{"units", "octets", "an even number of digits", "hexadecimal digits"}[u]
}

// goesWith are the encodings that have what u counts.
func (u unit) goesWith() string {
	if u == doubled {
		return "octets and hexadecimal text"
	}
	return "packed digits"
}

// counted is the length that is written for a value of n units.
func (u unit) counted(n int) int {
	switch u {
	case halves:
		return (n + 1) / 2
	case evened:
		return n + n&1
	case doubled:
		return 2 * n
	}
	return n
}

// odd is what units says of a length that no value has.
const odd = -2

// units undoes counted.
func (u unit) units(size int) int {
	switch {
	case u == halves:
		return 2 * size
	case u == doubled && size&1 == 1:
		return odd
	case u == doubled:
		return size / 2
	}
	return size
}

// longest is the longest value that is read where n is the longest written: an
// odd one comes back with its spare digit.
func (u unit) longest(n int) int {
	if u == halves || u == evened {
		return n + n&1
	}
	return n
}

// unitNames are the units by what they add to a prefix's name.
var unitNames = map[string]unit{"-octets": halves, "-even": evened, "-hex": doubled}

// lengthOf is a prefix that counts in a unit that is not the value's. It is a
// moov prefix.Prefixer.
type lengthOf struct {
	prefix.Prefixer
	unit unit
}

// EncodeLength is that of moov's prefix.Prefixer.
func (p *lengthOf) EncodeLength(maxLen, n int) ([]byte, error) {
	if n > p.unit.longest(maxLen) {
		return nil, fmt.Errorf("length %d is above %d", n, maxLen)
	}
	return p.Prefixer.EncodeLength(MaxField, p.unit.counted(n))
}

// DecodeLength is that of moov's prefix.Prefixer.
func (p *lengthOf) DecodeLength(maxLen int, data []byte) (int, int, error) {
	size, read, err := p.Prefixer.DecodeLength(MaxField, data)
	if err != nil {
		return 0, 0, err
	}
	n := p.unit.units(size)
	if n < 0 || n > p.unit.longest(maxLen) {
		return 0, 0, fmt.Errorf("length %d is above %d, or odd", size, p.unit.counted(maxLen))
	}
	return n, read, nil
}

// Inspect is that of moov's prefix.Prefixer.
func (p *lengthOf) Inspect() string {
	for name, u := range unitNames {
		if u == p.unit {
			return p.Prefixer.Inspect() + name
		}
	}
	return p.Prefixer.Inspect()
}

// variable are moov's length prefixes: from one digit, or octet, on.
var variable = map[counting][]prefix.Prefixers{
	bcdCount:    {prefix.BCD},
	asciiCount:  {prefix.ASCII},
	binaryCount: {prefix.Binary},
	ebcdicCount: {prefix.EBCDIC1047, prefix.EBCDIC},
	hexCount:    {prefix.Hex},
}

// widths are the prefixes of a set by their width, up to where the codec counts.
func widths(count counting, set prefix.Prefixers) []prefix.Prefixer {
	all := []prefix.Prefixer{set.L, set.LL, set.LLL, set.LLLL, set.LLLLL, set.LLLLLL}
	if count == binaryCount || count == hexCount {
		return all[:4]
	}
	return all
}

// length is how a field's length is written, compiled from a moov prefixer.
type length struct {
	count counting
	unit  unit
	size  uint8 // octets that it takes
	odd   bool  // packed, of an odd number of digits: its first nibble is none
	most  int   // the longest value that it can tell of
}

// isFixed reports whether p writes no length, and the value has always the same.
func isFixed(p prefix.Prefixer) bool {
	return p != prefix.None.Fixed && strings.HasSuffix(p.Inspect(), "Fixed")
}

// lengthBy reads a moov prefixer; it reports whether the codec knows it.
func lengthBy(p prefix.Prefixer) (length, bool) {
	if by, ok := p.(*lengthOf); ok {
		l, known := lengthBy(by.Prefixer)
		switch l.unit = by.unit; l.unit {
		case halves:
			l.most *= 2
		case evened:
			l.most &^= 1
		case doubled:
			l.most /= 2
		}
		if l.count == bcdCount {
			l.count = longBCDCount
		}
		return l, known && l.count != fixed
	}
	switch p {
	case prefix.None.Fixed:
		return length{count: rest, most: MaxField}, true
	case prefix.BerTLV:
		return length{count: berCount, most: MaxField}, true
	}
	if isFixed(p) {
		return length{most: MaxField}, p != prefix.Hex.Fixed // which counts in two ways
	}
	for count, sets := range variable {
		for _, set := range sets {
			for i, q := range widths(count, set) {
				if p == q {
					return lengthOfWidth(count, i+1), true
				}
			}
		}
	}
	return length{}, false
}

// lengthOfWidth is a length of n digits, or octets.
func lengthOfWidth(count counting, n int) length {
	l := length{count: count, size: uint8(n), most: 1}
	base := 10
	switch count {
	case binaryCount:
		base = 256
	case hexCount:
		base, l.size = 256, uint8(2*n)
	case bcdCount:
		if l.size, l.odd = uint8(n+1)/2, n&1 == 1; l.size > 2 {
			l.count = longBCDCount
		}
	}
	for range n {
		l.most *= base
	}
	l.most = min(l.most-1, MaxField)
	return l
}

// PrefixMost is the longest value that p can say, in the units of its field.
func PrefixMost(p prefix.Prefixer) int {
	l, known := lengthBy(p)
	if !known {
		return MaxField
	}
	return l.most
}
