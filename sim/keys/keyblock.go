package keys

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/sim/keys/des"
)

// KeyBlock is the kind of key block a sign-in brings in field 62 of its answer,
// named by the network management code (field 60.3) that asks for it. Each
// key in a block is encrypted under the master key and followed by 4 octets
// of check value. Source: the CUP reconstruction, docs/sources.md.
type KeyBlock string

const (
	Single   KeyBlock = "001" // single DES: PIN and MAC key of 8 octets
	Double   KeyBlock = "003" // PIN key of 16 octets; MAC key of 8 and 8 octets of zero, or of 16
	Track    KeyBlock = "004" // as Double, and a track key of 16
	SM4      KeyBlock = "005" // SM4: PIN and MAC key
	SM4Track KeyBlock = "006" // as SM4, and a track key
)

const kcvLen = 4

// slots are the octets a block gives each key; track is 0 where there is none.
type slots struct {
	pin, mac, track int
	sm4             bool
}

func (b KeyBlock) slots() (slots, bool) {
	switch b {
	case Single:
		return slots{pin: 8, mac: 8}, true
	case Double:
		return slots{pin: 16, mac: 16}, true
	case Track:
		return slots{pin: 16, mac: 16, track: 16}, true
	case SM4:
		return slots{pin: 16, mac: 16, sm4: true}, true
	case SM4Track:
		return slots{pin: 16, mac: 16, track: 16, sm4: true}, true
	}
	return slots{}, false
}

// Len is the octets in a key block of this kind, 0 for a kind unknown.
func (b KeyBlock) Len() int {
	s, known := b.slots()
	if !known {
		return 0
	}
	n := s.pin + kcvLen + s.mac + kcvLen
	if s.track > 0 {
		n += s.track + kcvLen
	}
	return n
}

// SM4 reports whether the keys of the block are SM4 keys, and the master key too.
func (b KeyBlock) SM4() bool {
	s, _ := b.slots()
	return s.sm4
}

// Master makes the master key under which blocks of this kind are wrapped.
func (b KeyBlock) Master(octets []byte) (*Key, error) {
	if b.SM4() {
		return NewSM4(octets)
	}
	return New(octets)
}

// Issue makes working keys for a terminal with this master key, at random, and
// the key block that carries them. The MAC key of blocks Double and Track has 8
// octets, as most hosts issue.
func Issue(master []byte, kind KeyBlock) (set Set, block []byte, err error) {
	under, err := kind.Master(master)
	if err != nil {
		return set, nil, fmt.Errorf("master key: %w", err)
	}
	s, err := kind.under(under)
	if err != nil {
		return set, nil, err
	}
	if !s.sm4 {
		s.mac = 8
	}
	octets := make([]byte, s.pin+s.mac+s.track)
	defer clear(octets)
	if _, err := rand.Read(octets); err != nil {
		return set, nil, fmt.Errorf("working keys: %w", err)
	}
	if block, err = Wrap(under, kind, octets[:s.pin], octets[s.pin:s.pin+s.mac], octets[s.pin+s.mac:]); err != nil {
		return set, nil, err
	}
	set, err = Unwrap(under, kind, block)
	return set, block, err
}

// Set is one terminal's working keys. They are nil until a sign-in brings
// them, and Track stays nil in modes without one. It never prints itself.
type Set struct {
	PIN   *Key // for EncryptPIN and DecryptPIN
	MAC   *Key // for MAC and CheckMAC
	Track *Key // for EncryptTrack and DecryptTrack
}

// Touch reads a little of each key, for nothing but to have it. With ten thousand
// terminals no key is in the processor's cache when its terminal's turn comes; those
// that are touched together come together, those that are not one after another. The
// caller keeps the sum, or a compiler would leave the reading out.
func (s *Set) Touch() uint64 { return s.PIN.Touch() ^ s.MAC.Touch() ^ s.Track.Touch() }

// KCVError says that a key in a key block is not the one its check value was
// made from: most often, that terminal and host hold different master keys.
type KCVError struct {
	Key       string  // "PIN", "MAC" or "track"
	Got, Want [4]byte // of the key as decrypted; as the block has it
}

func (e *KCVError) Error() string {
	return fmt.Sprintf("%s key: check value %X, the key block says %X; is it the same master key at both ends?",
		e.Key, e.Got, e.Want)
}

// Unwrap reads the key block of a sign-in answer: it decrypts each key under
// the master key, works its check value out again and compares. On any error,
// a [*KCVError] among them, the Set is zero and the caller keeps its old keys.
func Unwrap(master *Key, mode KeyBlock, block []byte) (Set, error) {
	s, err := mode.under(master)
	if err != nil {
		return Set{}, err
	}
	if len(block) != mode.Len() {
		return Set{}, fmt.Errorf("sign-in %s: key block of %d octets, want %d", mode, len(block), mode.Len())
	}
	var set Set
	parts := [...]struct {
		name   string
		size   int
		key    **Key
		kcv    []byte
		octets []byte
	}{
		{name: "PIN", size: s.pin, key: &set.PIN},
		{name: "MAC", size: s.mac, key: &set.MAC},
		{name: "track", size: s.track, key: &set.Track},
	}
	var plain [3][16]byte
	defer clear(plain[:])
	n := 0
	for i := range parts {
		p := &parts[i]
		if p.size == 0 {
			continue
		}
		sealed := block[:p.size]
		p.kcv = block[p.size : p.size+kcvLen]
		if block = block[p.size+kcvLen:]; p.name == "MAC" && !s.sm4 {
			sealed = trimFiller(sealed)
		}
		p.octets = plain[i][:len(sealed)]
		master.Decrypt(p.octets, sealed)
		if !s.sm4 {
			n += stages(p.octets)
		}
	}
	// One terminal's keys lie together: they are used together.
	made, room := new([len(parts)]Key), make([]des.Schedule, n)
	for i := range parts {
		p, k := &parts[i], &made[i]
		if p.size == 0 {
			continue
		}
		if !s.sm4 {
			room = k.des(p.octets, room)
		} else if err := k.sm4Key(p.octets); err != nil {
			return Set{}, fmt.Errorf("sign-in %s: %s key: %w", mode, p.name, err)
		}
		if got := k.KCV(); subtle.ConstantTimeCompare(got[:], p.kcv) != 1 {
			return Set{}, fmt.Errorf("sign-in %s: %w", mode, &KCVError{p.name, got, [4]byte(p.kcv)})
		}
		*p.key = k
	}
	return set, nil
}

// Wrap is the host's side of Unwrap: it makes the key block for working keys
// given in clear. In modes Double and Track the MAC key may have 8 octets, as
// most hosts issue, or 16. A mode without a track key wants none.
func Wrap(master *Key, mode KeyBlock, pik, mak, tdk []byte) ([]byte, error) {
	s, err := mode.under(master)
	if err != nil {
		return nil, err
	}
	block := make([]byte, 0, mode.Len())
	for _, slot := range []struct {
		name string
		size int
		key  []byte
	}{
		{"PIN", s.pin, pik},
		{"MAC", s.mac, mak},
		{"track", s.track, tdk},
	} {
		short := slot.name == "MAC" && !s.sm4 && len(slot.key) == 8
		if len(slot.key) != slot.size && !short {
			return nil, fmt.Errorf("sign-in %s: %s key of %d octets, want %d", mode, slot.name, len(slot.key), slot.size)
		}
		if slot.size == 0 {
			continue
		}
		key, err := s.make(slot.key)
		if err != nil {
			return nil, fmt.Errorf("sign-in %s: %s key: %w", mode, slot.name, err)
		}
		at := len(block)
		block = block[:at+slot.size] // the filler is already there, as zeros
		master.Encrypt(block[at:], slot.key)
		block = append(block, key.kcv[:]...)
	}
	return block, nil
}

// under gives the mode's slots, if the master key is one for it.
func (b KeyBlock) under(master *Key) (slots, error) {
	s, known := b.slots()
	switch {
	case !known:
		return s, fmt.Errorf("sign-in mode %q, want 001, 003, 004, 005 or 006", string(b))
	case master == nil || master.size == 0:
		return s, fmt.Errorf("sign-in %s: no master key", b)
	case s.sm4 != master.sm4():
		return s, fmt.Errorf("sign-in %s: %w", b, errCipher)
	}
	return s, nil
}

var (
	errCipher = errors.New("a key of one cipher where one of another was wanted (DES, SM4, AES)")
	errHMAC   = errors.New("an HMAC key of no octets")
)

func (s slots) make(octets []byte) (*Key, error) {
	if s.sm4 {
		return NewSM4(octets)
	}
	return New(octets)
}

// trimFiller drops the 8 octets of zero behind a single-length MAC key. They
// are not encrypted; a double-length one has its second half there.
func trimFiller(slot []byte) []byte {
	if len(slot) == 16 && bytes.Equal(slot[8:], make([]byte, 8)) {
		return slot[:8]
	}
	return slot
}
