package keys

import (
	"crypto/sha256"
	"hash"
	"sync"
)

// NewHMAC makes a key for HMAC-SHA-256 from octets of any number but none. It makes
// MACs only: it enciphers nothing and has no check value.
func NewHMAC(octets []byte) (*Key, error) {
	if len(octets) == 0 {
		return nil, errHMAC
	}
	p := new(pads)
	if len(octets) > len(p.inner) {
		sum := sha256.Sum256(octets)
		octets = sum[:]
	}
	copy(p.inner[:], octets)
	p.outer = p.inner
	for i := range p.inner {
		p.inner[i] ^= 0x36
		p.outer[i] ^= 0x5C
	}
	return &Key{pads: p}, nil
}

// pads are an HMAC key as it is hashed: before the message, and before the sum of
// that.
type pads struct{ inner, outer [sha256.BlockSize]byte }

// hashing is one hash under way, from a pool: it is called through an interface, so
// what it works on would be moved to the heap each time.
type hashing struct {
	hash.Hash
	sum [sha256.Size]byte
}

var hashes = sync.Pool{New: func() any { return &hashing{Hash: sha256.New()} }}

// sum is the whole HMAC of mab.
func (p *pads) sum(dst *[sha256.Size]byte, mab []byte) {
	h := hashes.Get().(*hashing)
	h.Reset()
	h.Write(p.inner[:])
	h.Write(mab)
	h.Sum(h.sum[:0])
	h.Reset()
	h.Write(p.outer[:])
	h.Write(h.sum[:])
	h.Sum(h.sum[:0])
	*dst = h.sum
	hashes.Put(h)
}
