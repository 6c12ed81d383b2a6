package chip

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"math/big"
)

// publicKey is an RSA key as chips have them (EMV book 2, annex B2.1): what is signed is one
// block as long as the modulus, without any padding but its own. It is made of math/big since
// crypto/rsa has no such signatures, and refuses the small keys that cards have.
type publicKey struct {
	n, e *big.Int
	size int // octets of the modulus
}

// Octets that a modulus may have (book 2, 5.1 and 6.1: up to 248).
const (
	leastModulus = 64
	mostModulus  = 248
)

// newPublicKey makes a key of a modulus and an exponent, which is 3 or 65537.
func newPublicKey(modulus, exponent []byte) (k publicKey, ok bool) {
	if len(modulus) < leastModulus || len(modulus) > mostModulus || modulus[0] == 0 || modulus[len(modulus)-1]&1 == 0 {
		return k, false
	}
	k = publicKey{new(big.Int).SetBytes(modulus), new(big.Int).SetBytes(exponent), len(modulus)}
	return k, k.e.IsUint64() && (k.e.Uint64() == 3 || k.e.Uint64() == 65537)
}

// A signed block begins and ends so, and has a SHA-1 before its end.
const (
	blockHead = 0x6A
	blockTail = 0xBC
	filler    = 0xBB
)

// open recovers the block that a signature of a format is made of: body is what its hash is
// over, from the format on. It gives nil for what is none.
func (k *publicKey) open(signature []byte, format byte) (body, hash []byte) {
	s := new(big.Int).SetBytes(signature)
	if k.size < leastModulus || len(signature) != k.size || s.Cmp(k.n) >= 0 {
		return nil, nil
	}
	block := s.Exp(s, k.e, k.n).FillBytes(make([]byte, k.size))
	end := len(block) - 1
	if block[0] != blockHead || block[1] != format || block[end] != blockTail {
		return nil, nil
	}
	return block[1 : end-sha1.Size], block[end-sha1.Size : end]
}

// hashIs reports whether a hash is that of the parts in a row.
func hashIs(hash []byte, parts ...[]byte) bool {
	sum := hashOf(parts...)
	return subtle.ConstantTimeCompare(sum[:], hash) == 1
}

func hashOf(parts ...[]byte) (sum [sha1.Size]byte) {
	h := sha1.New()
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(sum[:0])
	return sum
}

// keyPair is a key with its private half.
type keyPair struct {
	publicKey
	p, q, dp, dq, qInverse *big.Int
}

// makePair makes the key pair of a name, always the same one. Whoever has this program has it:
// it is for tests only.
func makePair(name string, bits int) *keyPair {
	one := big.NewInt(1)
	k := &keyPair{p: prime(name+" p", bits/2), q: prime(name+" q", bits/2)}
	k.n, k.e, k.size = new(big.Int).Mul(k.p, k.q), big.NewInt(3), bits/8
	private := func(prime *big.Int) *big.Int {
		return new(big.Int).ModInverse(k.e, new(big.Int).Sub(prime, one))
	}
	k.dp, k.dq, k.qInverse = private(k.p), private(k.q), new(big.Int).ModInverse(k.q, k.p)
	return k
}

// prime is the first prime after a number that a name gives, of so many bits of which the two
// highest are set, and to which 3 can be an exponent.
func prime(name string, bits int) *big.Int {
	octets := make([]byte, 0, bits/8+sha256.Size)
	for n := byte(0); len(octets) < bits/8; n++ {
		sum := sha256.Sum256(append([]byte("posfleet test key "+name), n))
		octets = append(octets, sum[:]...)
	}
	octets = octets[:bits/8]
	octets[0] |= 0xC0
	octets[len(octets)-1] |= 1
	p, two, three := new(big.Int).SetBytes(octets), big.NewInt(2), big.NewInt(3)
	for new(big.Int).Mod(p, three).Int64() != 2 || !p.ProbablyPrime(0) {
		p.Add(p, two)
	}
	return p
}

// sign signs a block as long as the modulus.
func (k *keyPair) sign(block []byte) []byte {
	x := new(big.Int).SetBytes(block)
	a, b := new(big.Int).Exp(x, k.dp, k.p), new(big.Int).Exp(x, k.dq, k.q)
	a.Sub(a, b).Mul(a, k.qInverse).Mod(a, k.p) // by the Chinese remainders
	return a.Mul(a, k.q).Add(a, b).FillBytes(make([]byte, k.size))
}

// seal signs a body, filled up to the length of the key, with a hash over it and what else is
// hashed.
func (k *keyPair) seal(body []byte, hashed ...[]byte) []byte {
	block := append(make([]byte, 0, k.size), blockHead)
	block = append(block, body...)
	for len(block) < k.size-1-sha1.Size {
		block = append(block, filler)
	}
	sum := hashOf(append([][]byte{block[1:]}, hashed...)...)
	return k.sign(append(append(block, sum[:]...), blockTail))
}
