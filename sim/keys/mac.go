package keys

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"github.com/emmansun/gmsm/sm4"
)

// Algorithm is how a MAC is made. Each pads the octets it covers (the MAB)
// with zeros to whole blocks. Source: the CUP reconstruction, docs/sources.md.
type Algorithm uint8

const (
	// ECB is CUP's own and its default. The blocks are XORed into one, which is
	// written in upper-case hexadecimal; the first half of that text is
	// encrypted, XORed with the second half and encrypted again. The MAC is the
	// first 8 hexadecimal characters of the result. It uses the key at its full
	// length; with SM4 the same is done on blocks of 16.
	ECB Algorithm = iota

	// X99 is ANSI X9.9 (ISO/IEC 9797-1 algorithm 1): CBC under single DES, the
	// first 8 octets of the last block. Of a longer DES key it uses the first 8
	// octets only. With SM4 it is the CBC MAC, cut to 8 octets.
	X99

	// X919 is ANSI X9.19, the retail MAC (ISO/IEC 9797-1 algorithm 3): as X99,
	// but the last block is encrypted with the key at its full length. For keys
	// of one cipher, single DES and SM4, that is X99.
	X919
)

var algorithms = [...]string{ECB: "ecb", X99: "x9.9", X919: "x9.19"}

// ParseAlgorithm reads what String writes: "ecb", "x9.9" or "x9.19".
func ParseAlgorithm(name string) (Algorithm, error) {
	for a, n := range algorithms {
		if n == name {
			return Algorithm(a), nil
		}
	}
	return 0, fmt.Errorf("MAC algorithm %q, want ecb, x9.9 or x9.19", name)
}

// String gives the algorithm's name, as profiles write it.
func (a Algorithm) String() string {
	if int(a) < len(algorithms) {
		return algorithms[a]
	}
	return fmt.Sprintf("algorithm(%d)", uint8(a))
}

// MAC makes the 8 octets of field 64 over mab, which runs from the message
// type through the last field before 64. The octets are hexadecimal characters
// for ECB, binary for the others. An algorithm that is none of ours panics.
func (k *Key) MAC(a Algorithm, mab []byte) (mac [8]byte) {
	var block [sm4.BlockSize]byte
	sum := block[:k.size]
	switch a {
	case ECB:
		fold(sum, mab)
		var text [2 * sm4.BlockSize]byte // the sum in hexadecimal
		head, tail := text[:k.size], text[k.size:2*k.size]
		hexUpper(text[:2*k.size], sum)
		k.encrypt(head)
		xor(head, tail)
		k.encrypt(head)
		hexUpper(mac[:], head[:4])
	case X99:
		k.chain(sum, mab)
		k.stage(sum)
		copy(mac[:], sum)
	case X919:
		k.chain(sum, mab)
		k.encrypt(sum)
		copy(mac[:], sum)
	default:
		panic("keys: no MAC " + a.String())
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
// encryption of the last block. An empty mab is one block of zeros (ISO/IEC
// 9797-1 padding method 1).
func (k *Key) chain(sum, mab []byte) {
	for len(mab) > len(sum) {
		xor(sum, mab)
		k.stage(sum)
		mab = mab[len(sum):]
	}
	xor(sum, mab)
}

// stage encrypts a block with the key's first stage alone: single DES, or SM4.
func (k *Key) stage(block []byte) {
	single := Key{first: k.first, wide: k.wide}
	single.encrypt(block)
}

// hexUpper writes src in hexadecimal, upper case: two characters an octet.
func hexUpper(dst, src []byte) {
	const digits = "0123456789ABCDEF"
	for i, b := range src {
		dst[2*i], dst[2*i+1] = digits[b>>4], digits[b&15]
	}
}
