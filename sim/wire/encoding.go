package wire

import "encoding/binary"

// Nibbles packs two characters an octet. It is a moov encoding.Encoder, so
// that specs made of it work in moov too; the codec compiles it.
//
// moov's own BCD and LBCD do not serve: CUP packs odd lengths to the left and
// accepts any spare nibble, and tracks carry the separator D and, enciphered, any
// nibble at all.
type Nibbles struct {
	right     bool // odd lengths: spare nibble first (field 23) instead of last
	letters   bool // allow A to F beside digits
	separator byte // of tracks, D on the line: what it is read as, D or =; both are written
	spare     byte // after odd lengths: 0 or 15; reading takes any
}

var (
	// Digits packs digits to the left, a spare nibble 0 after an odd number.
	Digits = &Nibbles{}
	// DigitsRight packs digits to the right, the spare nibble first.
	DigitsRight = &Nibbles{right: true}
	// Track packs the digits of tracks 2 and 3 like Digits, the separator as D,
	// and whatever else enciphered digits may be.
	Track = &Nibbles{letters: true, separator: 'D'}
)

func (e *Nibbles) span(n int) int { return (n + 1) / 2 }

func (e *Nibbles) pack(dst, v []byte) string {
	if !e.put(dst, v) {
		return noDigit
	}
	if e.spare != 0 && len(v)&1 == 1 {
		dst[len(v)/2] |= e.spare
	}
	return ""
}

func (e *Nibbles) unpack(dst, src []byte, n int) (int, string) {
	if n > 0 && e.spared(src, n) {
		n--
	}
	if !e.take(dst, src, n) {
		return 0, noNibble
	}
	if e.separator == '=' {
		for i, c := range dst[:n] {
			if c == 'D' {
				dst[i] = '='
			}
		}
	}
	return n, ""
}

// spared reports whether the last of an even number n of nibbles is a spare F: a
// length in octets counts it.
func (e *Nibbles) spared(src []byte, n int) bool {
	return e.spare == 15 && n&1 == 0 && src[n/2-1]&15 == 15 && (!e.letters || e.separator != 0)
}

// Encode packs characters. It does not keep or change src.
func (e *Nibbles) Encode(src []byte) ([]byte, error) { return encode(e, src) }

// Decode unpacks length characters and says how many octets they took.
func (e *Nibbles) Decode(src []byte, length int) ([]byte, int, error) { return decode(e, src, length) }

// slack is how far beyond the end put and take may write: they handle eight
// characters at a time, as the octets of one number.
const slack = 8

const (
	each  = 0x0101010101010101
	zeros = '0' * each
	highs = 0x80 * each
	// Added to a nibble it raises the high bit of those above 9.
	above9 = (0x80 - 10) * each
)

// put packs src into dst, which has room for it and the slack. It reports
// false when a character has no nibble. Octets in the array of src beyond its
// length may be looked at, they do not count.
func (e *Nibbles) put(dst, src []byte) bool {
	if n := len(src) & 7; e.right && n&1 == 1 { // the spare nibble first
		v, ok := e.few(src, n)
		if !ok {
			return false
		}
		binary.BigEndian.PutUint32(dst, squeeze(v>>8))
		dst, src = dst[(n+1)/2:], src[n:]
	}
	for len(src) >= 8 {
		text := binary.BigEndian.Uint64(src)
		v := text ^ zeros
		if !allDigits(v) {
			var ok bool
			if v, ok = e.lettered(text, 8); !ok {
				return false
			}
		}
		binary.BigEndian.PutUint32(dst, squeeze(v))
		dst, src = dst[4:], src[8:]
	}
	if len(src) == 0 {
		return true
	}
	v, ok := e.few(src, len(src))
	binary.BigEndian.PutUint32(dst, squeeze(v))
	return ok
}

// few gives the nibbles of the first n characters of src, fewer than eight, each in an octet.
func (e *Nibbles) few(src []byte, n int) (v uint64, ok bool) {
	text := first8(src)
	if v = (text ^ zeros) & (^uint64(0) << (64 - 8*n)); allDigits(v) {
		return v, true
	}
	return e.lettered(text, n)
}

// lettered gives the nibbles of the first n of eight characters, each in an octet, when they
// are what there are nibbles of.
func (e *Nibbles) lettered(text uint64, n int) (v uint64, ok bool) {
	if !e.letters {
		return 0, false
	}
	of := ^uint64(0) << ((64 - 8*n) & 63)
	text &= of
	v = text&(0x0F*each) + 9*(text>>6&each)
	letters := (v + 6*each) >> 4 & each
	if v&(0xF0*each) == 0 && v+(zeros+7*letters)&of == text {
		return v, true // digits and A to F
	}
	v = 0
	for i := range n {
		c := byte(text >> (56 - 8*i))
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c-'A' <= 5:
			c -= 'A' - 10
		case c == '=' && e.separator != 0:
			c = 0xD
		default:
			return 0, false
		}
		v |= uint64(c) << (56 - 8*i)
	}
	return v, true
}

// take unpacks n characters from src, which has enough, into dst, which has
// room for them and the slack. The spare nibble of an odd n may be anything. It
// reports false when a nibble has no character.
func (e *Nibbles) take(dst, src []byte, n int) bool {
	if few := n & 7; e.right && few&1 == 1 { // the spare nibble first
		if !e.spell(dst, spread(first4(src))<<8, few) {
			return false
		}
		dst, src, n = dst[few:], src[(few+1)/2:], n-few
	}
	for ; n >= 8; n -= 8 {
		v := spread(binary.BigEndian.Uint32(src))
		letters := (v + above9) & highs >> 7
		if letters != 0 && !e.letters {
			return false
		}
		binary.BigEndian.PutUint64(dst, v+zeros+letters*('A'-'0'-10))
		dst, src = dst[8:], src[4:]
	}
	return n == 0 || e.spell(dst, spread(first4(src)), n)
}

// spell writes the first n of eight nibbles, each in an octet, as characters, fewer than eight.
func (e *Nibbles) spell(dst []byte, v uint64, n int) bool {
	v &= ^uint64(0) << (64 - 8*n)
	letters := (v + above9) & highs >> 7
	binary.BigEndian.PutUint64(dst, v+zeros+letters*('A'-'0'-10))
	return letters == 0 || e.letters
}

// spread puts each nibble into an octet.
func spread(x uint32) uint64 {
	v := uint64(x)
	v = (v | v<<16) & 0x0000FFFF0000FFFF
	v = (v | v<<8) & 0x00FF00FF00FF00FF
	return (v | v<<4) & (0x0F * each)
}

// squeeze undoes spread.
func squeeze(v uint64) uint32 {
	v = (v | v>>4) & 0x00FF00FF00FF00FF
	v = (v | v>>8) & 0x0000FFFF0000FFFF
	return uint32(v | v>>16)
}

// first8 is the first eight octets of b, of those beyond it what there is in
// its array.
func first8(b []byte) uint64 {
	if cap(b) >= 8 {
		return binary.BigEndian.Uint64(b[:8])
	}
	var v uint64
	for i, c := range b {
		v |= uint64(c) << (56 - 8*i)
	}
	return v
}

// first4 is the first four octets of b, likewise.
func first4(b []byte) uint32 {
	if cap(b) >= 4 {
		return binary.BigEndian.Uint32(b[:4])
	}
	var v uint32
	for i, c := range b {
		v |= uint32(c) << (24 - 8*i)
	}
	return v
}
