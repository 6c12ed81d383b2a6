package keys

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"

	"github.com/posfleet/posfleet/sim/keys/des"
)

// KeyBlock is the kind of key block a sign-in brings in field 62 of its answer,
// named by the network management code (field 60.3) that asks for it. In those up to
// AESTrack each key is encrypted under the master key and followed by 4 octets of check
// value; in the others it is a TR-31 key block, of which the master key is the key block
// protection key. Source: the CUP reconstruction, docs/sources.md; of the codes behind
// SM4Track, which no public source has, posfleet.
type KeyBlock string

const (
	Single       KeyBlock = "001" // single DES: PIN and MAC key of 8 octets
	Double       KeyBlock = "003" // PIN key of 16 octets; MAC key of 8 and 8 octets of zero, or of 16
	Track        KeyBlock = "004" // as Double, and a track key of 16
	SM4          KeyBlock = "005" // SM4: PIN and MAC key
	SM4Track     KeyBlock = "006" // as SM4, and a track key
	AES          KeyBlock = "007" // AES: PIN and MAC key of 16 octets
	AESTrack     KeyBlock = "008" // as AES, and a track key
	TR31         KeyBlock = "013" // triple DES: PIN and MAC key, as key blocks of version B
	TR31Track    KeyBlock = "014" // as TR31, and a track key
	TR31AES      KeyBlock = "017" // AES: PIN and MAC key, as key blocks of version D
	TR31AESTrack KeyBlock = "018" // as TR31AES, and a track key
)

// KeyBlocks are all kinds that there are.
var KeyBlocks = []KeyBlock{Single, Double, Track, SM4, SM4Track, AES, AESTrack, TR31, TR31Track, TR31AES, TR31AESTrack}

// KeyBlockNames says them, for messages.
const KeyBlockNames = "001 (single), 003 (double), 004 (double and track key), 005 (SM4), 006 (SM4 and track key), 007 (AES), 008 (AES and track key), 013, 014, 017, 018 (as 003, 004, 007, 008 in TR-31 key blocks)"

const kcvLen = 4

// slots are the octets a block gives each key; track is 0 where there is none.
type slots struct {
	pin, mac, track int
	cipher          Cipher
	tr31            bool // each key is a key block of its own length
}

// slotNames are those of a block's keys, in its order.
var slotNames = [...]string{"PIN", macSlot: "MAC", "track"}

const macSlot = 1

// sizes are the octets of each key, 0 for none.
func (s slots) sizes() [len(slotNames)]int { return [...]int{s.pin, s.mac, s.track} }

func (b KeyBlock) slots() (slots, bool) {
	switch b {
	case Single:
		return slots{pin: 8, mac: 8}, true
	case Double:
		return slots{pin: 16, mac: 16}, true
	case Track:
		return slots{pin: 16, mac: 16, track: 16}, true
	case SM4:
		return slots{pin: 16, mac: 16, cipher: CipherSM4}, true
	case SM4Track:
		return slots{pin: 16, mac: 16, track: 16, cipher: CipherSM4}, true
	case AES, TR31AES:
		return slots{pin: 16, mac: 16, cipher: CipherAES, tr31: b == TR31AES}, true
	case AESTrack, TR31AESTrack:
		return slots{pin: 16, mac: 16, track: 16, cipher: CipherAES, tr31: b == TR31AESTrack}, true
	case TR31:
		return slots{pin: 16, mac: 16, tr31: true}, true
	case TR31Track:
		return slots{pin: 16, mac: 16, track: 16, tr31: true}, true
	}
	return slots{}, false
}

// Known reports whether there is such a kind.
func (b KeyBlock) Known() bool {
	_, known := b.slots()
	return known
}

// Fits reports whether octets look like a block of this kind.
func (b KeyBlock) Fits(block []byte) bool {
	s, known := b.slots()
	if !known || !s.tr31 {
		return known && len(block) == b.Len()
	}
	n := 0
	for len(block) > 0 {
		one, rest, err := s.cutTR31(block)
		if err != nil || one[0] != s.version() {
			return false
		}
		block = rest
		n++
	}
	return n == s.count()
}

// Len is the octets in a key block of this kind that is not of TR-31, whose have no one
// length.
func (b KeyBlock) Len() int {
	s, known := b.slots()
	if !known || s.tr31 {
		return 0
	}
	n := s.pin + kcvLen + s.mac + kcvLen
	if s.track > 0 {
		n += s.track + kcvLen
	}
	return n
}

// Cipher is that of the keys of the block, and of the master key that they are under.
func (b KeyBlock) Cipher() Cipher {
	s, _ := b.slots()
	return s.cipher
}

// TR31 reports whether the keys of the block are TR-31 key blocks.
func (b KeyBlock) TR31() bool {
	s, _ := b.slots()
	return s.tr31
}

// count is how many keys there are.
func (s slots) count() int {
	if s.track > 0 {
		return 3
	}
	return 2
}

// Issue makes working keys for a terminal with this master key, at random, and
// the key block that carries them. The MAC key of blocks Double and Track has 8
// octets, as most hosts issue; that of TR-31 key blocks 16.
func Issue(h HSM, master []byte, kind KeyBlock) (set Set, block []byte, err error) {
	s, err := kind.known()
	if err != nil {
		return set, nil, err
	}
	if s.cipher == CipherDES && !s.tr31 {
		s.mac = 8
	}
	octets := make([]byte, s.pin+s.mac+s.track)
	defer clear(octets)
	if _, err := rand.Read(octets); err != nil {
		return set, nil, fmt.Errorf("working keys: %w", err)
	}
	return s.wrap(h, master, kind, octets)
}

// Set is one terminal's working keys. They are nil until a sign-in brings
// them, and Track stays nil in modes without one. It never prints itself.
type Set struct {
	PIN   *Key // for EncryptPIN and DecryptPIN
	MAC   *Key // for MAC and CheckMAC
	Track *Key // for EncryptTrack and DecryptTrack
}

// ManyTerminals is from how many terminals on a player or host does well to touch what a
// payment takes before it takes it: what fewer have mostly comes from the processor's caches.
const ManyTerminals = 5_000

// Touch reads a little of each key, for nothing but to have it. With very many
// terminals no key is in the processor's cache when its terminal's turn comes; those
// that are touched together come together, those that are not one after another. The
// caller keeps the sum, or a compiler would leave the reading out.
func (s *Set) Touch() uint64 { return s.PIN.Touch() ^ s.MAC.Touch() ^ s.Track.Touch() }

// KCVError says that a key in a key block is not the one its check value was
// made from: most often, that terminal and host hold different master keys.
type KCVError struct {
	Key       string  // "PIN", "MAC" or "track"
	Got, Want [4]byte // of the key as decrypted; as the block has it
	Right     string  // another key of the block whose check value is right; empty for none
}

func (e *KCVError) Error() string {
	if n := e.right(); n > 0 {
		return fmt.Sprintf("%s key: check value %X, the key block says %X: its first %d octets are right, so the key is, and all 4 are wanted of the host",
			e.Key, e.Got, e.Want, n)
	}
	return fmt.Sprintf("%s key: check value %X, the key block says %X; %s", e.Key, e.Got, e.Want, e.mend())
}

func (e *KCVError) mend() string {
	if e.Right != "" {
		return "that of the " + e.Right + " key is right, so the master key is: this key or its check value is wrong"
	}
	return "is it the same master key at both ends?"
}

// Alike is the same of each terminal: without the check values.
func (e *KCVError) Alike() string {
	if e.right() > 0 {
		return e.Key + " key: its check value in the key block is not whole; all 4 octets are wanted of the host"
	}
	return e.Key + " key: its check value is not the one in the key block; " + e.mend()
}

// right is how many octets of the block's check value are right where the others are
// filler, or are the last one: chance has one in 65,536 of them at most. 0 where another
// key is likelier.
func (e *KCVError) right() int {
	n := 0
	for n < len(e.Got) && e.Got[n] == e.Want[n] {
		n++
	}
	rest := string(e.Want[n:])
	if n == kcvLen-1 || n == kcvLen-2 && (rest == "\x00\x00" || rest == "\xff\xff" || rest == "  ") {
		return n
	}
	return 0
}

// Unwrap reads the key block of a sign-in answer: it has the HSM decrypt the keys under
// the master key, works their check values out again and compares. On any error, a
// [*KCVError] or [*HSMError] among them, the Set is zero and the caller keeps its old
// keys.
func Unwrap(h HSM, master []byte, mode KeyBlock, block []byte) (Set, error) {
	s, err := mode.known()
	if err != nil {
		return Set{}, err
	}
	if s.tr31 {
		set, err := s.openTR31(h, master, block)
		if err != nil {
			return Set{}, fmt.Errorf("sign-in %s: %w", mode, err)
		}
		return set, nil
	}
	if len(block) != mode.Len() {
		return Set{}, fmt.Errorf("sign-in %s: key block of %d octets, want %d", mode, len(block), mode.Len())
	}
	var kcvs [len(slotNames)][]byte
	octets := make([]byte, 0, mode.Len())
	defer func() { clear(octets) }()
	for i, size := range s.sizes() {
		if size == 0 {
			continue
		}
		sealed := block[:size]
		kcvs[i] = block[size : size+kcvLen]
		if block = block[size+kcvLen:]; i == macSlot && s.cipher == CipherDES {
			sealed = trimFiller(sealed)
			s.mac = len(sealed)
		}
		octets = append(octets, sealed...)
	}
	if err := h.Decrypt(mode.Cipher(), master, octets); err != nil {
		return Set{}, fmt.Errorf("sign-in %s: master key: %w", mode, err)
	}
	set, err := s.set(octets)
	if err != nil {
		return Set{}, fmt.Errorf("sign-in %s: %w", mode, err)
	}
	var wrong *KCVError
	right := ""
	for i, k := range []*Key{set.PIN, set.MAC, set.Track} {
		if k == nil {
			continue
		}
		if kcv := k.KCV(); subtle.ConstantTimeCompare(kcv[:], kcvs[i]) == 1 {
			right = slotNames[i]
		} else if wrong == nil {
			wrong = &KCVError{Key: slotNames[i], Got: kcv, Want: [4]byte(kcvs[i])}
		}
	}
	if wrong != nil {
		wrong.Right = right
		return Set{}, fmt.Errorf("sign-in %s: %w", mode, wrong)
	}
	return set, nil
}

// set makes the keys of octets that lie one behind the other. One terminal's keys lie
// together in memory, too: they are used together.
func (s slots) set(octets []byte) (set Set, err error) {
	n, at := 0, 0
	for _, size := range s.sizes() {
		if s.cipher == CipherDES && size > 0 {
			n += stages(octets[at : at+size])
		}
		at += size
	}
	made, room := new([len(slotNames)]Key), make([]des.Schedule, n)
	for i, to := range []**Key{&set.PIN, &set.MAC, &set.Track} {
		size := s.sizes()[i]
		if size == 0 {
			continue
		}
		var err error
		switch s.cipher {
		case CipherDES:
			room = made[i].des(octets[:size], room)
		case CipherSM4:
			err = made[i].sm4Key(octets[:size])
		case CipherAES:
			err = made[i].aesKey(octets[:size])
		}
		if err != nil {
			return Set{}, fmt.Errorf("%s key: %w", slotNames[i], err)
		}
		*to, octets = &made[i], octets[size:]
	}
	return set, nil
}

// Wrap is the host's side of Unwrap: it makes the key block for working keys
// given in clear. In modes Double and Track the MAC key may have 8 octets, as
// most hosts issue, or 16. A mode without a track key wants none.
func Wrap(h HSM, master []byte, mode KeyBlock, pik, mak, tdk []byte) ([]byte, error) {
	s, err := mode.known()
	if err != nil {
		return nil, err
	}
	if s.cipher == CipherDES && len(mak) == 8 {
		s.mac = 8
	}
	given := [...]int{len(pik), len(mak), len(tdk)}
	for i, size := range s.sizes() {
		if given[i] != size {
			return nil, fmt.Errorf("sign-in %s: %s key of %d octets, want %d", mode, slotNames[i], given[i], size)
		}
	}
	octets := slices.Concat(pik, mak, tdk)
	defer clear(octets)
	_, block, err := s.wrap(h, master, mode, octets)
	return block, err
}

// wrap makes the keys of octets that lie one behind the other, which it encrypts, and
// the block that carries them. The filler behind a short MAC key is zeros.
func (s slots) wrap(h HSM, master []byte, mode KeyBlock, octets []byte) (set Set, block []byte, err error) {
	if set, err = s.set(octets); err != nil {
		return Set{}, nil, fmt.Errorf("sign-in %s: %w", mode, err)
	}
	if s.tr31 {
		if block, err = s.sealTR31(h, master, octets); err != nil {
			return Set{}, nil, fmt.Errorf("sign-in %s: %w", mode, err)
		}
		return set, block, nil
	}
	if err := h.Encrypt(mode.Cipher(), master, octets); err != nil {
		return Set{}, nil, fmt.Errorf("sign-in %s: master key: %w", mode, err)
	}
	block = make([]byte, mode.Len())
	whole, _ := mode.slots()
	rest := block
	for i, k := range []*Key{set.PIN, set.MAC, set.Track} {
		if size := s.sizes()[i]; size > 0 {
			copy(rest, octets[:size])
			rest = rest[whole.sizes()[i]:]
			kcv := k.KCV()
			rest = rest[copy(rest, kcv[:]):]
			octets = octets[size:]
		}
	}
	return set, block, nil
}

// known gives the slots of a mode that is known.
func (b KeyBlock) known() (slots, error) {
	s, known := b.slots()
	if !known {
		return s, fmt.Errorf("sign-in mode %q, want %s", string(b), KeyBlockNames)
	}
	return s, nil
}

var (
	errCipher = errors.New("a key of one cipher where one of another was wanted (DES, SM4, AES)")
	errHMAC   = errors.New("an HMAC key of no octets")
)

// trimFiller drops the 8 octets of zero behind a single-length MAC key. They
// are not encrypted; a double-length one has its second half there.
func trimFiller(slot []byte) []byte {
	if len(slot) == 16 && bytes.Equal(slot[8:], make([]byte, 8)) {
		return slot[:8]
	}
	return slot
}
