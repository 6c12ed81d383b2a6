package keys

import (
	"crypto/hmac"
	"crypto/sha256"
)

// Derive makes the master key of one terminal of a generated fleet, 16 octets
// with odd parity, from the fleet's seed and the terminal's name: the first
// half of HMAC-SHA-256 under the seed over "posfleet master key", an octet of
// zero and the name. The same two give the same key on any machine, and other
// names give others. Such keys are as secret as the seed: for tests.
func Derive(seed []byte, name string) [16]byte { return Deriver(seed)(name) }

// Deriver gives [Derive] under one seed, for a whole fleet in a fifth of the time; one
// goroutine may use it.
func Deriver(seed []byte) func(name string) [16]byte {
	h := hmac.New(sha256.New, seed)
	var message, sum []byte
	return func(name string) [16]byte {
		h.Reset()
		message = append(append(message[:0], "posfleet master key\x00"...), name...)
		h.Write(message)
		sum = h.Sum(sum[:0])
		key := [16]byte(sum[:16])
		oddParity(key[:])
		return key
	}
}
