// Package keys is the cryptography of a card terminal: what it does with the
// keys a bank gives it, and the host's half of the same.
//
// There are few nouns. A [Key] is one cipher key, ready for use: single DES,
// triple DES, SM4 or AES (or one for HMAC, which has no cipher). A [Set] is one terminal's working keys, a Key each for
// PINs, MACs and tracks; a sign-in delivers it wrapped under the terminal's
// master key, in a layout called a [KeyBlock] ([Wrap] makes such a block, [Unwrap]
// opens it). An [Algorithm] is how a MAC is made with a Key.
//
// Everything done once for each message (MAC, PIN block, track) neither
// allocates nor parses, and any number of goroutines may share a Key. Nothing
// here prints a key, a PIN or a track, and no error carries one.
//
// The rules are those of the CUP direct-connect family as reconstructed from
// public sources, and ISO 9564-1, ISO/IEC 9797-1 and GB/T 32907 beneath them;
// see docs/sources.md. The tests carry the published vectors.
package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"sync"

	"github.com/emmansun/gmsm/sm4"

	"github.com/posfleet/posfleet/sim/keys/des"
)

// Key is one cipher key with its schedule made once. It never prints itself:
// every verb of fmt, JSON, text and slog give "key(hidden)". Use a Key that
// New or NewSM4 made; the zero Key is no key.
type Key struct {
	// A triple DES key is kept as single ones, encrypt-decrypt-encrypt. A
	// double-length key so shares its outer stage (256 octets of schedule, not
	// 384), and the retail MAC finds its single DES in first. A single DES key
	// has first alone. Only pointers: a Key printed by accident, as a field
	// inside some other value, shows addresses.
	first, second, third *des.Schedule
	wide                 cipher.Block // of an SM4 or AES key; it has no stages
	pads                 *pads        // of an HMAC key, which has nothing else
	size                 uint8        // of a block: 8 DES, 16 SM4 and AES, 0 HMAC
	aes                  bool
	_                    [12]byte // to a line of cache each, where a set of them lies together
}

// Touch reads a little of each schedule: see [Set.Touch].
func (k *Key) Touch() (sum uint64) {
	if k == nil || k.first == nil {
		return 0
	}
	sum = k.first[0] ^ k.first[8]
	if k.second != nil {
		sum ^= k.second[0] ^ k.second[8]
	}
	return sum
}

// New makes a DES key from 8 octets or a triple DES key from 16 (double
// length) or 24. Parity bits are not looked at, as most PIN pads do not; a key
// of equal parts is the single DES key it amounts to.
func New(octets []byte) (*Key, error) {
	switch len(octets) {
	case 8, 16, 24:
	default:
		return nil, fmt.Errorf("DES key of %d octets, want 8, 16 or 24", len(octets))
	}
	k := new(Key)
	k.des(octets, make([]des.Schedule, stages(octets)))
	return k, nil
}

// des makes k a DES key, over as many of the schedules as it needs, and gives
// the rest.
func (k *Key) des(octets []byte, room []des.Schedule) []des.Schedule {
	n := stages(octets)
	own := room[:n:n]
	for i := range own {
		own[i].Expand(octets[8*i : 8*i+8])
	}
	*k = Key{size: des.BlockSize, first: &own[0]}
	if n > 1 {
		k.second, k.third = &own[1], &own[(n-1)&2]
	}
	return room[n:]
}

// stages is how many schedules a DES key needs: that of 16 octets, with its
// third stage like its first, two.
func stages(octets []byte) int {
	if allEqual(octets) {
		return 1
	}
	return len(octets) / 8
}

// NewSM4 makes an SM4 key (GB/T 32907) from 16 octets.
func NewSM4(octets []byte) (*Key, error) {
	k := new(Key)
	if err := k.sm4Key(octets); err != nil {
		return nil, err
	}
	return k, nil
}

// sm4Key makes k an SM4 key.
func (k *Key) sm4Key(octets []byte) error {
	if len(octets) != 16 {
		return fmt.Errorf("SM4 key of %d octets, want 16", len(octets))
	}
	b, err := sm4.NewCipher(octets)
	if err != nil {
		return fmt.Errorf("SM4 key: %w", err)
	}
	*k = Key{wide: b, size: sm4.BlockSize}
	return nil
}

// NewAES makes an AES key (FIPS 197) from 16, 24 or 32 octets.
func NewAES(octets []byte) (*Key, error) {
	k := new(Key)
	if err := k.aesKey(octets); err != nil {
		return nil, err
	}
	return k, nil
}

// aesKey makes k an AES key.
func (k *Key) aesKey(octets []byte) error {
	b, err := aes.NewCipher(octets)
	if err != nil {
		return fmt.Errorf("AES key of %d octets, want 16, 24 or 32", len(octets))
	}
	*k = Key{wide: b, size: aes.BlockSize, aes: true}
	return nil
}

// allEqual reports whether the 8-octet parts of a key are the same DES key,
// that is the same but for the lowest bit of each octet, the parity.
func allEqual(octets []byte) bool {
	for i := 8; i < len(octets); i++ {
		if (octets[i]^octets[i-8])&0xFE != 0 {
			return false
		}
	}
	return true
}

// KCV works out the key's check value: the first 4 octets of a block of zeros (8,
// or 16 for SM4) encrypted; of an AES key, of its CMAC, as X9.24-1 has it; an
// HMAC key has none, and gives zeros. It may be shown.
func (k *Key) KCV() (kcv [4]byte) {
	var zeros, sum [sm4.BlockSize]byte
	switch {
	case k.aes:
		k.cmac(sum[:], zeros[:])
	case k.pads == nil:
		k.encrypt(sum[:k.size])
	}
	copy(kcv[:], sum[:])
	return kcv
}

// BlockSize is the octets in one block: 8, or 16 for SM4 and AES.
func (k *Key) BlockSize() int { return int(k.size) }

// sm4 tells the ciphers apart.
func (k *Key) sm4() bool { return k.size == sm4.BlockSize && !k.aes }

// Encrypt encrypts src into dst, each block by itself (ECB). The two may be
// the same slice. It panics if src is not whole blocks or dst is shorter, as
// crypto/cipher does: both are the program's mistakes, not the message's.
func (k *Key) Encrypt(dst, src []byte) {
	for dst = k.room(dst, src); len(dst) > 0; dst = dst[k.size:] {
		k.encrypt(dst[:k.size])
	}
}

// Decrypt undoes Encrypt, on the same terms.
func (k *Key) Decrypt(dst, src []byte) {
	for dst = k.room(dst, src); len(dst) > 0; dst = dst[k.size:] {
		k.decrypt(dst[:k.size])
	}
}

// room copies src to where it is worked on, and gives that.
func (k *Key) room(dst, src []byte) []byte {
	if len(src)%int(k.size) != 0 {
		panic("keys: input is not whole blocks")
	}
	if len(dst) < len(src) {
		panic("keys: output shorter than input")
	}
	return dst[:copy(dst, src)]
}

// encrypt encrypts one block in place.
func (k *Key) encrypt(block []byte) {
	if k.wide == nil {
		des.Encrypt(block, k.first, k.second, k.third)
		return
	}
	s := acquire(block)
	k.wide.Encrypt(s[:], s[:])
	s.release(block)
}

// decrypt undoes encrypt.
func (k *Key) decrypt(block []byte) {
	if k.wide == nil {
		des.Decrypt(block, k.first, k.second, k.third)
		return
	}
	s := acquire(block)
	k.wide.Decrypt(s[:], s[:])
	s.release(block)
}

// scratch is where a block lies while SM4 works on it. That is called through
// an interface, so an array on the stack would be moved to the heap each time;
// one from the pool is not.
type scratch [sm4.BlockSize]byte

var scratchPool = sync.Pool{New: func() any { return new(scratch) }}

func acquire(block []byte) *scratch {
	s := scratchPool.Get().(*scratch)
	copy(s[:], block)
	return s
}

// release hands over what s holds and wipes it: it may be a PIN or a track.
func (s *scratch) release(block []byte) {
	copy(block, s[:])
	*s = scratch{}
	scratchPool.Put(s)
}
