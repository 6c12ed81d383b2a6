package keys

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/emmansun/gmsm/sm4"
)

// Algorithm is how a MAC is made: by what method, with which padding, and how it is
// written. The zero Algorithm is ECB, CUP's own. Source of ECB: the CUP
// reconstruction, docs/sources.md.
type Algorithm uint8

const (
	// ECB is CUP's own and its default. The octets it covers (the MAB) are padded
	// with zeros; the blocks are XORed into one, which is
	// written in upper-case hexadecimal; the first half of that text is
	// encrypted, XORed with the second half and encrypted again. The MAC is the
	// first 8 hexadecimal characters of the result. It uses the key at its full
	// length; with blocks of 16 the same is done on those.
	ECB Algorithm = iota

	// X99 is ANSI X9.9 (ISO/IEC 9797-1 algorithm 1): CBC under single DES, the
	// first 8 octets of the last block. Of a longer DES key it uses the first 8
	// octets only. With SM4 and AES it is the CBC MAC, cut to 8 octets.
	X99

	// X919 is ANSI X9.19, the retail MAC (ISO/IEC 9797-1 algorithm 3): as X99,
	// but the last block is encrypted with the key at its full length. For keys
	// of one cipher, single DES, SM4 and AES, that is X99.
	X919

	// CMAC is that of NIST SP 800-38B (ISO/IEC 9797-1:2011 algorithm 5), cut to 8
	// octets.
	CMAC

	// HMAC is HMAC-SHA-256 (RFC 2104), cut to 8 octets. It wants a key of NewHMAC.
	HMAC
)

// The paddings of ISO/IEC 9797-1, of X99 and X919 alone: without one it is method 1,
// zeros to whole blocks.
const (
	Padding2 Algorithm = 1 << 4 // an octet of 80, then zeros
	Padding3 Algorithm = 2 << 4 // the length in bits as a block before, zeros behind
)

// How a MAC is written, of all methods but ECB: without one as its first 8 octets.
const (
	Octets4 Algorithm = 1 << 6 // its first 4 octets, then zeros
	Hex     Algorithm = 2 << 6 // its first 4 octets as 8 hexadecimal characters
)

func (a Algorithm) method() Algorithm  { return a & 0x0F }
func (a Algorithm) padding() Algorithm { return a & 0x30 }
func (a Algorithm) form() Algorithm    { return a & 0xC0 }

var (
	algorithms = [...]string{ECB: "ecb", X99: "x9.9", X919: "x9.19", CMAC: "cmac", HMAC: "hmac-sha256"}
	variants   = []struct {
		name string
		bits Algorithm
	}{{"padding-2", Padding2}, {"padding-3", Padding3}, {"4", Octets4}, {"hex", Hex}}
)

// AlgorithmNames is what ParseAlgorithm takes, for messages.
const AlgorithmNames = "ecb, x9.9, x9.19, cmac or hmac-sha256; behind x9.9 and x9.19 padding-2 or padding-3, behind all but ecb 4 or hex"

// ParseAlgorithm reads what String writes: a method and what differs from its usual
// padding and form, with blanks between: "ecb", "x9.9", "x9.19 padding-2 4", "cmac hex".
func ParseAlgorithm(name string) (a Algorithm, err error) {
	wrong := fmt.Errorf("MAC algorithm %q, want %s", name, AlgorithmNames)
	words := strings.Split(name, " ")
	n := slices.Index(algorithms[:], words[0])
	if n < 0 {
		return 0, wrong
	}
	a = Algorithm(n)
	for _, w := range words[1:] {
		bits, known := variant(w)
		if !known {
			return 0, wrong
		}
		of, taken := a.form(), a.method() == ECB
		if bits.padding() != 0 {
			of, taken = a.padding()|a.form(), a.method() != X99 && a.method() != X919
		}
		if of != 0 || taken {
			return 0, wrong
		}
		a |= bits
	}
	return a, nil
}

func variant(word string) (bits Algorithm, known bool) {
	for _, v := range variants {
		if v.name == word {
			return v.bits, true
		}
	}
	return 0, false
}

// String gives the algorithm's name, as dialect files and profiles write it.
func (a Algorithm) String() string {
	if int(a.method()) >= len(algorithms) {
		return fmt.Sprintf("algorithm(%d)", uint8(a))
	}
	name := algorithms[a.method()]
	for _, v := range variants {
		if v.bits == a.padding() && v.bits != 0 || v.bits == a.form() && v.bits != 0 {
			name += " " + v.name
		}
	}
	return name
}

// MAC makes the 8 octets of field 64 over mab, which runs from the message
// type through the last field before 64. The octets are hexadecimal characters
// for ECB, binary for the others unless the algorithm says Hex. An algorithm that is
// none of ours panics, and so does one that is not for the key's cipher.
func (k *Key) MAC(a Algorithm, mab []byte) (mac [8]byte) {
	var block [sha256.Size]byte
	sum := block[:k.size]
	switch a.method() {
	case ECB:
		fold(sum, mab)
		var text [2 * sm4.BlockSize]byte // the sum in hexadecimal
		head, tail := text[:k.size], text[k.size:2*k.size]
		hexUpper(text[:2*k.size], sum)
		k.encrypt(head)
		xor(head, tail)
		k.encrypt(head)
		hexUpper(mac[:], head[:4])
		return mac
	case X99:
		k.chain(a.padding(), sum, mab)
		k.stage(sum)
	case X919:
		k.chain(a.padding(), sum, mab)
		k.encrypt(sum)
	case CMAC:
		k.cmac(sum, mab)
	case HMAC:
		k.pads.sum(&block, mab)
		sum = block[:]
	default:
		panic("keys: no MAC " + a.String())
	}
	switch a.form() {
	case Octets4:
		copy(mac[:4], sum)
	case Hex:
		hexUpper(mac[:], sum[:4])
	default:
		copy(mac[:], sum)
	}
	return mac
}

// CheckMAC reports whether mac is the one MAC would make, in a time that does
// not tell how much of it was right. One of another length than 8 is not.
func (k *Key) CheckMAC(a Algorithm, mab, mac []byte) bool {
	want := k.MAC(a, mab)
	return subtle.ConstantTimeCompare(want[:], mac) == 1
}

// fold XORs the blocks of mab into sum, which is one block long. It goes by 16
// octets, which are one block or two; zeros fill the last ones.
func fold(sum, mab []byte) {
	var last [16]byte
	copy(last[:], mab[len(mab)&^15:])
	a, b := binary.BigEndian.Uint64(last[:8]), binary.BigEndian.Uint64(last[8:])
	for ; len(mab) >= 16; mab = mab[16:] {
		a ^= binary.BigEndian.Uint64(mab)
		b ^= binary.BigEndian.Uint64(mab[8:])
	}
	if len(sum) == 8 {
		binary.BigEndian.PutUint64(sum, a^b)
		return
	}
	binary.BigEndian.PutUint64(sum, a)
	binary.BigEndian.PutUint64(sum[8:], b)
}

// xor XORs src into dst, as far as both go.
func xor(dst, src []byte) {
	n := min(len(dst), len(src))
	dst, src = dst[:n], src[:n]
	for len(dst) >= 8 {
		binary.BigEndian.PutUint64(dst, binary.BigEndian.Uint64(dst)^binary.BigEndian.Uint64(src))
		dst, src = dst[8:], src[8:]
	}
	for i := range dst {
		dst[i] ^= src[i]
	}
}

// chain runs CBC with the first stage of the key over mab, all but the
// encryption of the last block. With zeros as padding an empty mab is one block of
// them.
func (k *Key) chain(padding Algorithm, sum, mab []byte) {
	if padding == Padding3 {
		binary.BigEndian.PutUint64(sum[len(sum)-8:], 8*uint64(len(mab)))
		if len(mab) == 0 {
			return
		}
		k.stage(sum)
	}
	for len(mab) > len(sum) {
		xor(sum, mab)
		k.stage(sum)
		mab = mab[len(sum):]
	}
	xor(sum, mab)
	if padding != Padding2 {
		return
	}
	if len(mab) == len(sum) {
		k.stage(sum)
		mab = nil
	}
	sum[len(mab)] ^= 0x80
}

// cmac leaves in sum, which is zeros, the CMAC of mab.
func (k *Key) cmac(sum, mab []byte) {
	for len(mab) > len(sum) {
		xor(sum, mab)
		k.encrypt(sum)
		mab = mab[len(sum):]
	}
	xor(sum, mab)
	var last [sm4.BlockSize]byte
	sub := last[:len(sum)]
	k.encrypt(sub)
	double(sub)
	if len(mab) < len(sum) {
		sum[len(mab)] ^= 0x80
		double(sub)
	}
	xor(sum, sub)
	k.encrypt(sum)
}

// double multiplies a block by x in the field of CMAC.
func double(block []byte) {
	carry := byte(0)
	for i := len(block) - 1; i >= 0; i-- {
		b := block[i]
		block[i] = b<<1 | carry
		carry = b >> 7
	}
	rest := byte(0x1B)
	if len(block) == 16 {
		rest = 0x87
	}
	block[len(block)-1] ^= rest & -carry
}

// stage encrypts a block with the key's first stage alone: single DES, or SM4.
func (k *Key) stage(block []byte) {
	single := Key{first: k.first, wide: k.wide}
	single.encrypt(block)
}

// hexUpper writes src in hexadecimal, upper case: two characters an octet.
func hexUpper(dst, src []byte) {
	for ; len(src) >= 4; dst, src = dst[8:], src[4:] {
		binary.BigEndian.PutUint64(dst, hex8(binary.BigEndian.Uint32(src)))
	}
	const digits = "0123456789ABCDEF"
	for i, b := range src {
		dst[2*i], dst[2*i+1] = digits[b>>4], digits[b&15]
	}
}

// unhexUpper undoes it for whole fours of octets, as long as dst is. It reports whether
// src is such characters.
func unhexUpper(dst, src []byte) bool {
	for ; len(dst) >= 4; dst, src = dst[4:], src[8:] {
		text := binary.BigEndian.Uint64(src)
		v := text&(0x0F*each) + 9*(text>>6&each)
		v = (v | v>>4) & 0x00FF00FF00FF00FF
		v = (v | v>>8) & 0x0000FFFF0000FFFF
		n := uint32(v | v>>16)
		if hex8(n) != text {
			return false
		}
		binary.BigEndian.PutUint32(dst, n)
	}
	return true
}

const each = 0x0101010101010101 // 1 in each of 8 octets

// hex8 is n in hexadecimal, eight characters at once.
func hex8(n uint32) uint64 {
	v := uint64(n)
	v = (v | v<<16) & 0x0000FFFF0000FFFF
	v = (v | v<<8) & 0x00FF00FF00FF00FF
	v = (v | v<<4) & (0x0F * each)
	letters := (v + 6*each) >> 4 & each
	return v + '0'*each + ('A'-'0'-10)*letters
}

// AppendHex appends src in hexadecimal, upper case.
func AppendHex(dst, src []byte) []byte {
	n := len(dst)
	dst = append(dst, make([]byte, 2*len(src))...)
	hexUpper(dst[n:], src)
	return dst
}
