package chip

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/posfleet/posfleet/sim/keys"
)

// A card has three keys, each derived in the same way from one of its issuer's: for
// cryptograms, for MACs of script commands (integrity), and to encipher what these
// carry (confidentiality).
const (
	ofCryptograms = iota
	ofMACs
	ofSecrets
	uses
)

// Keys are one card's. They never print themselves.
type Keys struct{ of [uses]cardKey }

// cardKey is a key with its octets, which some session keys are made of.
type cardKey struct {
	key    *keys.Key
	octets [16]byte
}

// String gives "keys(hidden)".
func (Keys) String() string { return "keys(hidden)" }

// GoString gives "keys(hidden)".
func (Keys) GoString() string { return "keys(hidden)" }

// Format writes "keys(hidden)" whatever the verb and flags.
func (Keys) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("keys(hidden)")) }

// Issuer is an issuer's master keys: they make the keys of each of its cards.
type Issuer struct {
	Scheme    *Scheme
	of        [uses]*keys.Key
	certifier *certifier // of its keys for offline data authentication; nil for none
}

// NewIssuer makes an issuer of master keys of 16 octets each: for cryptograms, for MACs
// of scripts and to encipher what scripts carry.
func NewIssuer(s *Scheme, cryptograms, macs, secrets []byte) (*Issuer, error) {
	i := &Issuer{Scheme: s}
	for use, octets := range [][]byte{cryptograms, macs, secrets} {
		k, err := s.newKey(octets)
		if err != nil {
			return nil, fmt.Errorf("issuer's master key: %w", err)
		}
		i.of[use] = k
	}
	return i, nil
}

// newKey makes a key of the scheme's cipher.
func (s *Scheme) newKey(octets []byte) (*keys.Key, error) {
	if len(octets) != 16 {
		return nil, fmt.Errorf("%d octets, want 16", len(octets))
	}
	if s.cipher == keys.CipherSM4 {
		return keys.NewSM4(octets)
	}
	return keys.New(octets)
}

// CardKeys makes the keys of a card: of its number, 8 to 19 digits, and its sequence
// number, of which the last two digits count; empty for none.
func (i *Issuer) CardKeys(pan, sequence string) (*Keys, error) {
	k := new(Keys)
	for use := range k.of {
		octets := i.Scheme.cardKey(i.of[use], pan, sequence)
		key, err := i.Scheme.newKey(octets[:])
		if err != nil {
			return nil, err
		}
		k.of[use] = cardKey{key, octets}
	}
	return k, nil
}

// cardKey derives a card's key (EMV book 2, A1.4).
func (s *Scheme) cardKey(master *keys.Key, pan, sequence string) (key [16]byte) {
	if len(sequence) < 2 {
		sequence = "00"
	}
	digits := pan + sequence[len(sequence)-2:]
	var y [16]byte // its digits
	if s.optionB && len(pan) > 16 {
		decimalise(&y, digits)
	} else {
		for i := range y {
			if at := len(digits) - 16 + i; at >= 0 {
				y[i] = digits[at] - '0'
			}
		}
	}
	for i := range 8 {
		key[i] = y[2*i]<<4 | y[2*i+1]
		key[8+i] = ^key[i]
	}
	master.Encrypt(key[:], key[:])
	if s.cipher == keys.CipherDES && s.session != pboc { // PBOC leaves parity as it comes, which PIN blocks show
		oddParity(key[:])
	}
	return key
}

// decimalise is option B: the first 16 decimal digits of the SHA-1 of number and
// sequence, then its letters as digits.
func decimalise(y *[16]byte, digits string) {
	if len(digits)%2 != 0 {
		digits = "0" + digits
	}
	packed := make([]byte, len(digits)/2)
	for i := range packed {
		packed[i] = (digits[2*i]-'0')<<4 | (digits[2*i+1] - '0')
	}
	sum := sha1.Sum(packed)
	n := 0
	for _, letters := range [...]bool{false, true} {
		for i := 0; i < 2*len(sum) && n < len(y); i++ {
			v := sum[i/2] >> (4 * (1 - i%2)) & 15
			if letters == (v > 9) {
				if letters {
					v -= 10
				}
				y[n] = v
				n++
			}
		}
	}
}

func oddParity(key []byte) {
	for i, b := range key {
		if bits.OnesCount8(b)%2 == 0 {
			key[i] = b ^ 1
		}
	}
}

// sessionKey derives the key of one transaction into key: from the counter, the
// unpredictable number and, for scripts, the cryptogram.
func (s *Scheme) sessionKey(key *[16]byte, by session, card *cardKey, atc [2]byte, un [4]byte, ac [8]byte) {
	var r [8]byte
	switch by {
	case noSession:
		*key = card.octets
		return
	case visaScript:
		*key = card.octets
		key[6] ^= atc[0]
		key[7] ^= atc[1]
		key[14] ^= ^atc[0]
		key[15] ^= ^atc[1]
		return
	case pboc:
		*key = [16]byte{6: atc[0], 7: atc[1], 14: ^atc[0], 15: ^atc[1]}
		card.key.Encrypt(key[:], key[:])
		return
	case tree4:
		*key = tree(card, binary.BigEndian.Uint16(atc[:]), 4, 8, [16]byte{})
		return
	case tree2:
		*key = tree(card, binary.BigEndian.Uint16(atc[:]), 2, 16, [16]byte{})
		return
	case common:
		r = [8]byte{atc[0], atc[1]}
	case mastercard:
		r = [8]byte{atc[0], atc[1], 0, 0, un[0], un[1], un[2], un[3]}
	case commonAgain:
		r = ac
	}
	copy(key[:8], r[:])
	copy(key[8:], r[:])
	key[2], key[10] = 0xF0, 0x0F
	card.key.Encrypt(key[:], key[:])
	oddParity(key[:])
}

// tree is the session key of EMV2000 (book 2, A1.3): the way down a tree to the leaf of the
// counter, each node's key of its parent's and the one above that, the last XORed with the one
// two above. Where the tree begins, iv is above the card's key.
func tree(card *cardKey, atc uint16, branches, height int, iv [16]byte) [16]byte {
	above, at, key := iv, card.octets, card.key
	for level := range height {
		j := int(atc)
		for range height - 1 - level {
			j /= branches
		}
		next := above
		next[7] ^= byte(j % branches)
		next[15] ^= byte(j%branches) ^ 0xF0
		key.Encrypt(next[:], next[:])
		if level == height-1 {
			subtle.XORBytes(next[:], next[:], above[:])
			oddParity(next[:])
			return next
		}
		above, at = at, next
		key, _ = keys.New(at[:]) // of 16 octets
	}
	return at
}
