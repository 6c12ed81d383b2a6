package wire

import (
	"encoding/binary"
	"math/bits"
)

// short is a field of fixed length and at most 16 characters, as most are: it is packed
// and read without a loop and without a call, eight characters at a time. Whatever cannot go
// this way goes the other, which also says what is wrong.
type short struct {
	as        shortAs
	chars     uint8  // of the value
	octets    uint8  // on the line
	shift     uint8  // where digits begin: 8 after a spare nibble
	low, high uint64 // which bits count, of the first eight characters and of the others
}

// shorts are the short fields of a spec: in each half those that a bitmap announces.
type shorts struct {
	set FieldSet
	of  [2][64]short
}

// add takes in field n.
func (s *shorts) add(n int, f short) {
	if f.as != notShort && n > 1 {
		s.set.Add(n)
		s.of[(n-1)>>6][(n-1)&63] = f
	}
}

// shortAs is how the characters of a short field stand on the line.
type shortAs uint8

const (
	notShort      shortAs = iota
	eightDigits           // packed, at most 8; the bits are those of the characters, the first highest
	sixteenDigits         // packed, more
	plain                 // an octet each; the bits are those that must be 0, of the first character lowest
	plainDigits           // an octet each, digits only; the bits are those of the characters
)

// shortest is how many octets there must be from where a short field begins: what stands
// behind its own is looked at and written, but does not count.
const shortest = 16

// short is the field as a short one.
func (f *fieldCodec) short() (s short) {
	if f.count != fixed || f.max < 1 || f.max > shortest || f.signed {
		return short{}
	}
	n := int(f.max)
	s.chars, s.octets = uint8(n), uint8(n)
	s.low, s.high = ^uint64(0)>>(64-8*min(n, 8)), ^uint64(0)>>(128-8*max(n, 8))
	switch f.kind {
	case octets:
		s.as, s.low, s.high = plain, 0, 0
	case ascii:
		s.as, s.low, s.high = plain, s.low&highs, s.high&highs
	case decimal:
		s.as = plainDigits
	case nibbles:
		if f.strict || n > 8 && f.nib.right && n&1 == 1 {
			return short{}
		}
		s.as, s.octets = eightDigits, uint8((n+1)/2)
		s.low, s.high = bits.ReverseBytes64(s.low), bits.ReverseBytes64(s.high)
		if n > 8 {
			s.as = sixteenDigits
		}
		if f.nib.right && n&1 == 1 {
			s.shift = 8
		}
	default:
		return short{}
	}
	return s
}

// allDigits reports whether each octet is 0 to 9. A carry comes only from one that is wrong
// by itself.
func allDigits(v uint64) bool { return (v|(v+6*each))&(0xF0*each) == 0 }

// allNibbles reports the same of octets of which none is above 15.
func allNibbles(v uint64) bool { return (v+above9)&highs == 0 }

// takeShort reads the fields of set, of bitmap w, from b[at:] into what follows to in the
// buffer, up to the first that is not short or cannot be read so. It says where both end and
// which fields are left.
func (m *Message) takeShort(b []byte, to, at, w int, set uint64) (int, int, uint64) {
	spans, fields := (*[64]span)(m.at[64*w+1:]), &m.f.codec.short.of[w]
	buf := m.buf[:min(cap(m.buf), mostHeld)]
	for set != 0 {
		i := bits.LeadingZeros64(set) & 63
		s := &fields[i]
		src, dst := b[at:], buf[to:]
		if len(src) < shortest || len(dst) < shortest {
			break
		}
		if s.as == eightDigits {
			v := spread(binary.BigEndian.Uint32(src)) << (s.shift & 63) & s.low
			if !allNibbles(v) {
				break
			}
			binary.BigEndian.PutUint64(dst, v+zeros)
		} else if s.as == plain {
			low, high := binary.LittleEndian.Uint64(src), binary.LittleEndian.Uint64(src[8:])
			if low&s.low|high&s.high != 0 {
				break
			}
			binary.LittleEndian.PutUint64(dst, low)
			binary.LittleEndian.PutUint64(dst[8:], high)
		} else if s.as == sixteenDigits {
			low, high := spread(binary.BigEndian.Uint32(src))&s.low, spread(binary.BigEndian.Uint32(src[4:]))&s.high
			if !allNibbles(low) || !allNibbles(high) {
				break
			}
			binary.BigEndian.PutUint64(dst, low+zeros)
			binary.BigEndian.PutUint64(dst[8:], high+zeros)
		} else if s.as == plainDigits {
			low, high := binary.LittleEndian.Uint64(src), binary.LittleEndian.Uint64(src[8:])
			if !allDigits((low^zeros)&s.low) || !allDigits((high^zeros)&s.high) {
				break
			}
			binary.LittleEndian.PutUint64(dst, low)
			binary.LittleEndian.PutUint64(dst[8:], high)
		} else {
			break
		}
		from := to
		to += int(s.chars)
		at += int(s.octets)
		spans[i] = span{uint16(from), uint16(to)}
		set &^= 1 << (63 - i)
	}
	return to, at, set
}

// putShort packs fields of set likewise over dst[at:].
func (m *Message) putShort(dst []byte, at, w int, set uint64) (int, uint64) {
	spans, fields := (*[64]span)(m.at[64*w+1:]), &m.f.codec.short.of[w]
	buf := m.buf[:cap(m.buf)]
	for set != 0 {
		i := bits.LeadingZeros64(set) & 63
		s, v := &fields[i], spans[i]
		src, out := buf[v.from:], dst[at:]
		if len(src) < shortest || len(out) < shortest || v.to-v.from != uint16(s.chars) {
			break
		}
		if s.as == eightDigits {
			d := (binary.BigEndian.Uint64(src) ^ zeros) & s.low
			if !allDigits(d) {
				break
			}
			binary.BigEndian.PutUint32(out, squeeze(d>>(s.shift&63)))
		} else if s.as == plain {
			low, high := binary.LittleEndian.Uint64(src), binary.LittleEndian.Uint64(src[8:])
			if low&s.low|high&s.high != 0 {
				break
			}
			binary.LittleEndian.PutUint64(out, low)
			binary.LittleEndian.PutUint64(out[8:], high)
		} else if s.as == sixteenDigits {
			low, high := (binary.BigEndian.Uint64(src)^zeros)&s.low, (binary.BigEndian.Uint64(src[8:])^zeros)&s.high
			if !allDigits(low) || !allDigits(high) {
				break
			}
			binary.BigEndian.PutUint32(out, squeeze(low))
			binary.BigEndian.PutUint32(out[4:], squeeze(high))
		} else if s.as == plainDigits {
			low, high := binary.LittleEndian.Uint64(src), binary.LittleEndian.Uint64(src[8:])
			if !allDigits((low^zeros)&s.low) || !allDigits((high^zeros)&s.high) {
				break
			}
			binary.LittleEndian.PutUint64(out, low)
			binary.LittleEndian.PutUint64(out[8:], high)
		} else {
			break
		}
		at += int(s.octets)
		set &^= 1 << (63 - i)
	}
	return at, set
}
