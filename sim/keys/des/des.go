// Package des is DES as FIPS 46-3 has it: a [Schedule] for each key, and blocks
// that [Encrypt] and [Decrypt] work in place with one schedule, or three for
// triple DES.
//
// A purchase takes some twenty blocks of it at both ends together, and a sign-in
// 19 schedules: that is why it is here and not crypto/des, which is called
// through an interface, so that its blocks live on the heap, and works a
// schedule out bit by bit. The tests hold the two against each other;
// BenchmarkDES compares them.
package des

import (
	"encoding/binary"
	"math/bits"
)

// Halves are kept rotated right by 3, which puts the six bits that enter S-boxes
// 1, 3, 5 and 7 at the low end of each octet, and with another 4 to the left
// those of S-boxes 2, 4, 6 and 8. Bits are counted from 1, the highest, as the
// standard does.

// BlockSize is the octets in a block.
const BlockSize = 8

// Schedule is one single DES key, ready for use: for each round the sixes for
// S-boxes 1, 3, 5, 7 in the high half and for S-boxes 2, 4, 6, 8 in the low
// one, each in the octet that it enters.
type Schedule [16]uint64

// stage is one pass of single DES over the halves, without the permutations
// around it. What a round does to the other half but for the S-boxes is done
// before they are asked, while those of the round before are.
func (s *Schedule) stage(l, r uint32) (uint32, uint32) {
	t, key := sp, s[0]
	odd, even := r^uint32(key>>32), bits.RotateLeft32(r, 4)^uint32(key)
	for _, key := range s[1:] {
		nextOdd, nextEven := l^uint32(key>>32), bits.RotateLeft32(l, 4)^uint32(key)
		mixed := t.odd(odd) ^ t.even(even)
		l, r = r, l^mixed
		odd, even = nextOdd^mixed, nextEven^bits.RotateLeft32(mixed, 4)
	}
	return l ^ t.odd(odd) ^ t.even(even), r
}

// unstage is its inverse: the rounds in reverse order.
func (s *Schedule) unstage(l, r uint32) (uint32, uint32) {
	t, key := sp, s[15]
	odd, even := r^uint32(key>>32), bits.RotateLeft32(r, 4)^uint32(key)
	for i := 14; i >= 0; i-- {
		key := s[i]
		nextOdd, nextEven := l^uint32(key>>32), bits.RotateLeft32(l, 4)^uint32(key)
		mixed := t.odd(odd) ^ t.even(even)
		l, r = r, l^mixed
		odd, even = nextOdd^mixed, nextEven^bits.RotateLeft32(mixed, 4)
	}
	return l ^ t.odd(odd) ^ t.even(even), r
}

// boxes are the eight S-boxes, each with permutation P behind it and rotated as the
// halves are. They are used by pointer: their addresses are then worked out once.
type boxes [8][64]uint32

// odd is what S-boxes 1, 3, 5 and 7 make of the octets of x.
func (t *boxes) odd(x uint32) uint32 {
	return (t[0][x>>24&63] ^ t[2][x>>16&63]) ^ (t[4][x>>8&63] ^ t[6][x&63])
}

// even is what S-boxes 2, 4, 6 and 8 do.
func (t *boxes) even(x uint32) uint32 {
	return (t[1][x>>24&63] ^ t[3][x>>16&63]) ^ (t[5][x>>8&63] ^ t[7][x&63])
}

// Encrypt enciphers one block in place: with the first schedule alone when there
// are no others, else as triple DES, which enciphers, deciphers, enciphers.
func Encrypt(block []byte, first, second, third *Schedule) {
	l, r := load(block)
	if second == nil {
		l, r = first.stage(l, r)
	} else {
		l, r = third.stage(second.unstage(first.stage(l, r)))
	}
	store(block, l, r)
}

// Decrypt undoes Encrypt.
func Decrypt(block []byte, first, second, third *Schedule) {
	l, r := load(block)
	if second == nil {
		l, r = first.unstage(l, r)
	} else {
		l, r = first.unstage(second.stage(third.unstage(l, r)))
	}
	store(block, l, r)
}

func load(block []byte) (l, r uint32) {
	v := binary.BigEndian.Uint64(block)
	return permute(uint32(v>>32), uint32(v))
}

func store(block []byte, l, r uint32) {
	l, r = unpermute(l, r)
	binary.BigEndian.PutUint64(block, uint64(l)<<32|uint64(r))
}

// permute is the initial permutation IP: bits change places by squares, the
// sides of which halve.
func permute(l, r uint32) (uint32, uint32) {
	l, r = exchange(l, r, 4, 0x0F0F0F0F)
	l, r = exchange(l, r, 16, 0x0000FFFF)
	r, l = exchange(r, l, 2, 0x33333333)
	r, l = exchange(r, l, 8, 0x00FF00FF)
	l, r = exchange(l, r, 1, 0x55555555)
	return bits.RotateLeft32(l, -3), bits.RotateLeft32(r, -3)
}

// unpermute is its inverse, FP.
func unpermute(l, r uint32) (uint32, uint32) {
	l, r = bits.RotateLeft32(l, 3), bits.RotateLeft32(r, 3)
	l, r = exchange(l, r, 1, 0x55555555)
	r, l = exchange(r, l, 8, 0x00FF00FF)
	r, l = exchange(r, l, 2, 0x33333333)
	l, r = exchange(l, r, 16, 0x0000FFFF)
	return exchange(l, r, 4, 0x0F0F0F0F)
}

// exchange swaps the bits of a that lie n above those of b in the mask.
func exchange(a, b uint32, n uint, mask uint32) (uint32, uint32) {
	t := (a>>n ^ b) & mask
	return a ^ t<<n, b ^ t
}

// Expand makes the schedule of a key of 8 octets. Each bit of the key goes to
// its places whatever the others are, so the schedule is the sum over its bits, and over
// its sixteen digits.
func (s *Schedule) Expand(octets []byte) {
	v := binary.BigEndian.Uint64(octets)
	*s = ofDigit[0][v&15]
	for n := 1; n < len(ofDigit); n++ {
		v >>= 4
		of := &ofDigit[n][v&15]
		for i := range s {
			s[i] ^= of[i]
		}
	}
}

var (
	sp      = new(boxes)
	ofDigit [16][16]Schedule // of keys with one hexadecimal digit, the lowest of the 16 first
)

func init() {
	for box := range sp {
		for in := range sp[box] {
			row, column := in>>4&2|in&1, in>>1&15
			out := uint32(sBoxes[box][row]>>(60-4*column)&15) << (28 - 4*box)
			var p uint32
			for i, from := range permutationP {
				p |= out >> (32 - from) & 1 << (31 - i)
			}
			sp[box][in] = bits.RotateLeft32(p, -3)
		}
	}
	for n := range ofDigit {
		for bit := range 4 {
			of := slowly(1 << (4*n + bit))
			for digit := range ofDigit[n] {
				for i := range of {
					ofDigit[n][digit][i] ^= of[i] * uint64(digit>>bit&1)
				}
			}
		}
	}
}

// slowly works a schedule out as the standard describes it.
func slowly(key uint64) (s Schedule) {
	var c [56]uint64 // C and D, bit by bit
	for i, from := range choice1 {
		c[i] = key >> (64 - from) & 1
	}
	turned := 0
	for round := range 16 {
		turned += 2
		if round == 0 || round == 1 || round == 8 || round == 15 {
			turned--
		}
		for i, from := range choice2 {
			half, at := (int(from)-1)/28, (int(from)-1)%28
			six := i / 6 // of the S-boxes, from 0
			s[round] |= c[28*half+(at+turned)%28] << (56 - 32*(six&1) - 8*(six/2) + 5 - i%6)
		}
	}
	return s
}

// The tables of FIPS 46-3. The S-boxes are written a row a number, a
// digit a column.
var (
	sBoxes = [8][4]uint64{
		{0xE4D12FB83A6C5907, 0x0F74E2D1A6CB9538, 0x41E8D62BFC973A50, 0xFC8249175B3EA06D},
		{0xF18E6B34972DC05A, 0x3D47F28EC01A69B5, 0x0E7BA4D158C6932F, 0xD8A13F42B67C05E9},
		{0xA09E63F51DC7B428, 0xD709346A285ECBF1, 0xD6498F30B12C5AE7, 0x1AD069874FE3B52C},
		{0x7DE3069A1285BC4F, 0xD8B56F03472C1AE9, 0xA690CB7DF13E5284, 0x3F06A1D8945BC72E},
		{0x2C417AB6853FD0E9, 0xEB2C47D150FA3986, 0x421BAD78F9C5630E, 0xB8C71E2D6F09A453},
		{0xC1AF92680D34E75B, 0xAF427C9561DE0B38, 0x9EF528C3704A1DB6, 0x432C95FABE17608D},
		{0x4B2EF08D3C975A61, 0xD0B7491AE35C2F86, 0x14BDC37EAF680592, 0x6BD814A7950FE23C},
		{0xD2846FB1A93E50C7, 0x1FD8A374C56B0E92, 0x7B419CE206ADF358, 0x21E74A8DFC90356B},
	}
	permutationP = [32]uint8{
		16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10,
		2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25,
	}
	choice1 = [56]uint8{
		57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18,
		10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
		63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22,
		14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
	}
	choice2 = [48]uint8{
		14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10,
		23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
		41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48,
		44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
	}
)
