package keys

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/bits"
)

// HSM (hardware security module) is where the keys lie that outlive a session: master
// keys. Between calls such a key is octets as the HSM has it out of itself: in clear for
// [Software], under its local master key (LMK) for a token that [Token.Open] opens. So
// there may be any number of them, and what is derived from them once for each session,
// the [Set] of working keys, is in the process and costs an HSM nothing.
//
// Any number of goroutines may share an HSM.
type HSM interface {
	// Supports says why the HSM has no keys of a cipher; nil when it has.
	Supports(c Cipher) error
	// Generate draws a key of 16 octets.
	Generate(c Cipher) (key []byte, err error)
	// Import makes a key of the HSM of one in clear.
	Import(clear []byte) (key []byte, err error)
	// Encrypt encrypts whole blocks in place, each by itself (ECB).
	Encrypt(c Cipher, key, data []byte) error
	// Decrypt undoes Encrypt.
	Decrypt(c Cipher, key, data []byte) error
}

// HSMError is what an HSM could not do: nothing that a host, a terminal or a message did
// wrong.
type HSMError struct {
	Token string // where
	Doing string // what was asked of it
	Why   error  // and the mend
}

func (e *HSMError) Error() string { return fmt.Sprintf("HSM %s: %s: %v", e.Token, e.Doing, e.Why) }

// Unwrap gives Why.
func (e *HSMError) Unwrap() error { return e.Why }

// Software is the HSM that is none: keys in clear in this process.
type Software struct{}

var _ HSM = Software{}

// Supports gives nil: it has all ciphers.
func (Software) Supports(Cipher) error { return nil }

// Generate draws a key, of DES with odd parity.
func (Software) Generate(c Cipher) ([]byte, error) {
	key := make([]byte, masterLen)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	if c == CipherDES {
		oddParity(key)
	}
	return key, nil
}

// Import gives a copy.
func (Software) Import(clear []byte) ([]byte, error) { return append([]byte(nil), clear...), nil }

// Encrypt encrypts data in place.
func (Software) Encrypt(c Cipher, key, data []byte) error {
	k, err := c.wholeBlocks(key, data)
	if err == nil {
		k.Encrypt(data, data)
	}
	return err
}

// Decrypt undoes Encrypt.
func (Software) Decrypt(c Cipher, key, data []byte) error {
	k, err := c.wholeBlocks(key, data)
	if err == nil {
		k.Decrypt(data, data)
	}
	return err
}

// wholeBlocks makes a key for data of whole blocks.
func (c Cipher) wholeBlocks(key, data []byte) (*Key, error) {
	if len(data)%c.BlockSize() != 0 {
		return nil, errBlocks
	}
	return c.Key(key)
}

var errBlocks = errors.New("data that is not whole blocks")

// masterLen is the octets in a master key in clear.
const masterLen = 16

// CheckValue is that of a key in an HSM: see [Key.KCV].
func CheckValue(h HSM, c Cipher, key []byte) (kcv [4]byte, err error) {
	block, err := CheckBlock(h, c, key)
	copy(kcv[:], block)
	return kcv, err
}

// CheckBlock is the block of which a check value is the first octets, however many a
// document gives: zeros encrypted, of an AES key their CMAC.
func CheckBlock(h HSM, c Cipher, key []byte) ([]byte, error) {
	block := make([]byte, c.BlockSize())
	if err := h.Encrypt(c, key, block); err != nil || c != CipherAES {
		return block, err
	}
	double(block)
	return block, h.Encrypt(c, key, block)
}

func oddParity(key []byte) {
	for i, b := range key {
		if bits.OnesCount8(b)%2 == 0 {
			key[i] = b ^ 1
		}
	}
}
