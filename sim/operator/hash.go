package operator

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"sync"

	"golang.org/x/crypto/bcrypt"
)

// hash is a password, as its bcrypt hash. Many terminals may ask it at once.
//
// A password of six digits falls to whoever has the hash and an hour, whatever the
// function: the cost buys that hour. A fleet logs in by the thousand with one first
// password, though, which the profile holds in clear anyway, and would pay for it each
// time. Of first passwords, therefore, a digest is kept beside the hash, under a key
// that only this process has: the right one is known by it, and a wrong one still
// pays in full. What an operator chose is kept as its hash alone.
type hash struct {
	once  sync.Once
	first []byte // what is to be hashed, until it is
	cost  int
	sum   []byte
	known *[sha256.Size]byte // nil for a password that an operator chose
}

// process is the key of this process, under which right passwords are remembered.
var process = func() (key [32]byte) {
	_, _ = rand.Read(key[:]) // never fails
	return key
}()

// firstHash is of a first password, which is hashed when somebody first gives one.
func firstHash(password string, cost int) *hash { return &hash{first: []byte(password), cost: cost} }

// chosenHash is of a password that somebody has just chosen.
func chosenHash(password string, cost int) *hash {
	h := firstHash(password, cost)
	h.make(false)
	return h
}

// make hashes the password, once.
func (h *hash) make(keep bool) {
	h.once.Do(func() {
		sum, err := bcrypt.GenerateFromPassword(h.first, h.cost)
		if err != nil { // longer than 72 octets, or a cost out of bounds: Policy allows neither
			panic(err)
		}
		h.sum = sum
		if keep {
			d := h.digest(string(h.first))
			h.known = &d
		}
		clear(h.first)
		h.first = nil
	})
}

// digest is a password under the key of the process, with the salt of its hash.
func (h *hash) digest(password string) [sha256.Size]byte {
	var room [128]byte
	b := append(room[:0], process[:]...)
	b = append(append(b, h.sum...), password...)
	return sha256.Sum256(b)
}

// is reports whether a password is the one; a hash that is nil is of none.
func (h *hash) is(password string) bool {
	if h == nil {
		return false
	}
	h.make(true)
	if h.known != nil {
		if d := h.digest(password); subtle.ConstantTimeCompare(d[:], h.known[:]) == 1 {
			return true
		}
	}
	return bcrypt.CompareHashAndPassword(h.sum, []byte(password)) == nil
}
