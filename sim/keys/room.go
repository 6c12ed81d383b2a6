package keys

import (
	"fmt"

	"github.com/posfleet/posfleet/sim/keys/des"
)

// Cipher is what a key enciphers by.
type Cipher uint8

// The ciphers.
const (
	CipherDES Cipher = iota // single or triple, as the key's length says
	CipherSM4
	CipherAES
)

// String gives "triple DES", "SM4" or "AES".
func (c Cipher) String() string { return [...]string{"triple DES", "SM4", "AES"}[c] }

// BlockSize is the octets in one block.
func (c Cipher) BlockSize() int {
	if c == CipherDES {
		return des.BlockSize
	}
	return 16
}

// Key makes a key of the cipher.
func (c Cipher) Key(octets []byte) (*Key, error) {
	switch c {
	case CipherSM4:
		return NewSM4(octets)
	case CipherAES:
		return NewAES(octets)
	}
	return New(octets)
}

// Room is memory for one key that is made anew again and again, as the session keys of
// chip cards are. DES keys allocate nothing in it.
type Room struct {
	key    Key
	stages [3]des.Schedule
}

// Make makes a key of a cipher. It takes the place of the key before, which must not be
// used any more.
func (r *Room) Make(c Cipher, octets []byte) (*Key, error) {
	switch c {
	case CipherSM4:
		if err := r.key.sm4Key(octets); err != nil {
			return nil, err
		}
		return &r.key, nil
	case CipherAES:
		return NewAES(octets)
	}
	switch len(octets) {
	case 8, 16, 24:
	default:
		return nil, fmt.Errorf("DES key of %d octets, want 8, 16 or 24", len(octets))
	}
	r.key.des(octets, r.stages[:])
	return &r.key, nil
}
