package keys

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
)

// RSABits is the size of the keys under which terminals are sent their master keys, and
// rsaExponent the public exponent of all of them.
const (
	RSABits     = 2048
	rsaExponent = 65537
)

// RSAKey is a terminal's own key pair, under which a host sends it its master key. The
// private half is made in the process and never leaves it: it does not print, and nothing
// writes it.
type RSAKey struct{ private *rsa.PrivateKey }

// NewRSAKey makes a key pair.
func NewRSAKey() (*RSAKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, RSABits)
	if err != nil {
		return nil, fmt.Errorf("RSA key: %w", err)
	}
	return &RSAKey{private}, nil
}

// Modulus is the public half: RSABits/8 octets. The exponent is 65537.
func (k *RSAKey) Modulus() []byte { return k.private.N.FillBytes(make([]byte, RSABits/8)) }

// IsRSAModulus reports whether octets can be the public half of a terminal's key.
func IsRSAModulus(b []byte) bool {
	return len(b) == RSABits/8 && b[0]&0x80 != 0 && b[len(b)-1]&1 != 0
}

var errRSA = errors.New("master key does not open with the terminal's RSA key: made under another one, or changed since")

// SealMasterRSA puts a master key of 16 octets under a terminal's public key, as a host
// sends it: enciphered by RSAES-OAEP (RFC 8017) with SHA-256 and no label, and 4 octets of
// its check value. The layout is posfleet's own; each maker of terminals has another. It
// takes a modulus of other sizes, too: see [IsRSAModulus].
func SealMasterRSA(c Cipher, modulus, master []byte) ([]byte, error) {
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: rsaExponent}
	block, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, public, master, nil)
	if err != nil {
		return nil, fmt.Errorf("RSA key: %w", err)
	}
	kcv, err := CheckValue(Software{}, c, master)
	return append(block, kcv[:]...), err
}

// OpenMaster undoes SealMasterRSA. The error is a [*KCVError] when the key is not the one
// of the check value.
func (k *RSAKey) OpenMaster(c Cipher, block []byte) ([]byte, error) {
	if len(block) != RSABits/8+kcvLen {
		return nil, fmt.Errorf("master key under an RSA key: %d octets, want %d", len(block), RSABits/8+kcvLen)
	}
	sealed, want := block[:RSABits/8], block[RSABits/8:]
	master, err := rsa.DecryptOAEP(sha256.New(), nil, k.private, sealed, nil)
	if err != nil {
		return nil, errRSA // no more is told of it
	}
	if len(master) != masterLen {
		clear(master)
		return nil, fmt.Errorf("master key of %d octets under an RSA key, want %d", len(master), masterLen)
	}
	return checked(c, master, want)
}

// checked gives a master key if it is the one of its check value.
func checked(c Cipher, master, want []byte) ([]byte, error) {
	switch kcv, err := CheckValue(Software{}, c, master); {
	case err != nil:
		return nil, err
	case subtle.ConstantTimeCompare(kcv[:], want) != 1:
		return nil, &KCVError{Key: "master", Got: kcv, Want: [kcvLen]byte(want)}
	}
	return master, nil
}

// String gives "key(hidden)".
func (RSAKey) String() string { return hiddenKey }

// GoString gives "key(hidden)".
func (RSAKey) GoString() string { return hiddenKey }

// Format writes "key(hidden)" whatever the verb and flags.
func (RSAKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hiddenKey) }

// MarshalText gives "key(hidden)".
func (RSAKey) MarshalText() ([]byte, error) { return []byte(hiddenKey), nil }

// MarshalJSON gives "key(hidden)" as a string.
func (RSAKey) MarshalJSON() ([]byte, error) { return []byte(`"` + hiddenKey + `"`), nil }

// LogValue gives "key(hidden)".
func (RSAKey) LogValue() slog.Value { return slog.StringValue(hiddenKey) }
