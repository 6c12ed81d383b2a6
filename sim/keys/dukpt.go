package keys

import (
	"crypto/aes"
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/posfleet/posfleet/sim/keys/des"
)

// DUKPT is a way to derive a key for each transaction of a terminal from one initial
// key (derived unique key per transaction). The key serial number of a message says
// which terminal it is and counts its transactions; the host derives the same keys from
// the base derivation key (BDK) that is behind all initial keys. Sources: ANSI
// X9.24-1:2009 (TDES) and X9.24-3:2017 (AES).
type DUKPT uint8

// The ways; NoDUKPT is for working keys that a sign-in brings.
const (
	NoDUKPT DUKPT = iota
	DUKPTTDES
	DUKPTAES128
	DUKPTAES192
	DUKPTAES256
)

var dukpts = [...]string{DUKPTTDES: "tdes", DUKPTAES128: "aes128", DUKPTAES192: "aes192", DUKPTAES256: "aes256"}

// ParseDUKPT reads what String writes: "tdes", "aes128", "aes192" or "aes256".
func ParseDUKPT(name string) (DUKPT, error) {
	for d, n := range dukpts {
		if n == name && d > 0 {
			return DUKPT(d), nil
		}
	}
	return 0, fmt.Errorf("DUKPT %q, want tdes, aes128, aes192 or aes256", name)
}

// String gives the name that dialect files write.
func (d DUKPT) String() string { return dukpts[d] }

// The longest key serial number and initial key, in octets.
const (
	maxKSN     = 12
	maxInitial = 32
)

// KSNLen is the octets in a key serial number: 10, or 12 with AES.
func (d DUKPT) KSNLen() int {
	if d == DUKPTTDES {
		return 10
	}
	return maxKSN
}

// KeyLen is the octets in an initial key.
func (d DUKPT) KeyLen() int {
	switch d {
	case DUKPTAES192:
		return 24
	case DUKPTAES256:
		return 32
	}
	return 16
}

// Makes says why keys of DUKPT, or without it working keys, cannot make MACs by an
// algorithm; nil when they can.
func (d DUKPT) Makes(a Algorithm) error {
	aes := d > DUKPTTDES
	switch {
	case a.method() == HMAC && !aes:
		return fmt.Errorf("%s needs keys that DUKPT under AES derives (keys: {dukpt: aes128})", a)
	case aes && a.method() != HMAC && a.method() != CMAC:
		return fmt.Errorf("%s is not for AES keys, want cmac or hmac-sha256", a)
	}
	return nil
}

// counters gives how many bits a counter has and how many of them may be set.
func (d DUKPT) counters() (all, set int) {
	if d == DUKPTTDES {
		return 21, 10
	}
	return 32, 16
}

// LastCounter is the highest counter that may be used.
func (d DUKPT) LastCounter() int {
	all, set := d.counters()
	return 1<<all - 1<<(all-set)
}

// Counter is the transaction counter in a key serial number.
func (d DUKPT) Counter(ksn []byte) uint32 {
	all, _ := d.counters()
	return binary.BigEndian.Uint32(ksn[len(ksn)-4:]) & (1<<all - 1)
}

// SetCounter puts a transaction counter into a key serial number.
func (d DUKPT) SetCounter(ksn []byte, counter uint32) {
	all, _ := d.counters()
	mask := uint32(1<<all - 1)
	at := ksn[len(ksn)-4:]
	binary.BigEndian.PutUint32(at, binary.BigEndian.Uint32(at)&^mask|counter&mask)
}

// Usable reports whether a counter may be used: it is not 0, and not more of its bits
// are set than a terminal has steps to its key.
func (d DUKPT) Usable(counter uint32) bool {
	all, set := d.counters()
	return counter != 0 && uint64(counter) < 1<<all && bits.OnesCount32(counter) <= set
}

// Next is the counter after this one, 0 when the terminal has used up its keys: it
// skips those that may not be used.
func (d DUKPT) Next(counter uint32) uint32 {
	all, _ := d.counters()
	c := uint64(counter) + 1
	for c < 1<<all && !d.Usable(uint32(c)) {
		c += c & -c
	}
	if c >= 1<<all {
		return 0
	}
	return uint32(c)
}

// Skipped is how many usable counters are between two, neither counted.
func (d DUKPT) Skipped(from, to uint32) uint32 {
	if to <= from {
		return 0
	}
	return uint32(d.upTo(uint64(to)) - d.upTo(uint64(from)+1))
}

// upTo is how many counters below n may be used, 0 counted: of those that differ from n
// first in one of its bits that is set, whatever combinations of lower bits leave few enough.
func (d DUKPT) upTo(n uint64) (usable uint64) {
	all, set := d.counters()
	for bit := all; bit >= 0 && set >= 0; bit-- {
		if n>>bit&1 == 0 {
			continue
		}
		ways := uint64(1) // of setting so many of the lower bits
		for ones := 0; ones <= min(set, bit); ones++ {
			usable += ways
			ways = ways * uint64(bit-ones) / uint64(ones+1)
		}
		set--
	}
	return usable
}

// SameDevice reports whether two key serial numbers differ in nothing but their
// counters.
func (d DUKPT) SameDevice(a, b []byte) bool {
	if len(a) != d.KSNLen() || len(b) != d.KSNLen() {
		return false
	}
	var x, y [maxKSN]byte
	n := copy(x[:], a)
	copy(y[:], b)
	d.SetCounter(x[:n], 0)
	d.SetCounter(y[:n], 0)
	return x == y
}

// Initial makes the initial key of the terminal that a key serial number names from
// the base derivation key.
func (d DUKPT) Initial(bdk, ksn []byte) ([]byte, error) {
	if len(bdk) != d.KeyLen() || len(ksn) != d.KSNLen() {
		return nil, fmt.Errorf("DUKPT %s: base derivation key of %d octets and key serial number of %d, want %d and %d",
			d, len(bdk), len(ksn), d.KeyLen(), d.KSNLen())
	}
	key := make([]byte, d.KeyLen())
	if d != DUKPTTDES {
		data := derivation{usage: useInitial, key: d}
		copy(data.id[:], ksn[:8])
		data.expand(key, bdk)
		return key, nil
	}
	var id [10]byte
	copy(id[:], ksn)
	d.SetCounter(id[:], 0)
	var base [16]byte
	defer clear(base[:])
	copy(base[:], bdk)
	for _, half := range [][]byte{key[:8], key[8:]} {
		k, err := New(base[:])
		if err != nil {
			return nil, err
		}
		k.Encrypt(half, id[:8])
		mask(base[:], 0xC0C0C0C000000000)
	}
	return key, nil
}

// Derived are the keys of one transaction, a [Set] without a track key. Its memory is
// used again by the next [DUKPT.Derive]: TDES allocates nothing then, AES its
// schedules.
type Derived struct {
	Set
	Answer *Key // for MACs of answers; MAC of the set is for requests

	made  [3]Key
	room  [6]des.Schedule
	plain [maxInitial]byte
}

// Derive makes the keys of the transaction that a key serial number counts from its
// terminal's initial key, of that key's length, for MACs by an algorithm.
func (d DUKPT) Derive(to *Derived, initial, ksn []byte, mac Algorithm) error {
	counter := d.counter(ksn)
	if len(initial) != d.KeyLen() || !d.Usable(counter) {
		return fmt.Errorf("DUKPT %s: no key: initial key of %d octets, key serial number of %d with counter %d", d, len(initial), len(ksn), counter)
	}
	key := to.plain[:copy(to.plain[:], initial)]
	to.PIN, to.MAC, to.Answer = &to.made[0], &to.made[1], &to.made[2]
	if d == DUKPTTDES {
		d.walkTDES(key, ksn, counter)
		to.tdes(key)
	} else {
		d.walkAES(key, ksn, counter)
		if err := to.aes(d, key, ksn, mac.method() == HMAC); err != nil {
			return err
		}
	}
	clear(key)
	return nil
}

// counter is that of a key serial number of the right length, else 0.
func (d DUKPT) counter(ksn []byte) uint32 {
	if len(ksn) != d.KSNLen() {
		return 0
	}
	return d.Counter(ksn)
}

// walkTDES turns the initial key into the one of a counter: a step for each bit set.
func (d DUKPT) walkTDES(key, ksn []byte, counter uint32) {
	register := binary.BigEndian.Uint64(ksn[2:]) &^ (1<<21 - 1)
	var block [8]byte
	var s des.Schedule
	for bit := uint32(1 << 20); bit != 0; bit >>= 1 {
		if counter&bit == 0 {
			continue
		}
		register |= uint64(bit)
		left, right := binary.BigEndian.Uint64(key), binary.BigEndian.Uint64(key[8:])
		step := func() uint64 {
			binary.BigEndian.PutUint64(block[:], register^right)
			s.Expand(key[:8])
			des.Encrypt(block[:], &s, nil, nil)
			return binary.BigEndian.Uint64(block[:]) ^ right
		}
		low := step()
		right ^= 0xC0C0C0C000000000
		binary.BigEndian.PutUint64(key, left^0xC0C0C0C000000000)
		high := step()
		binary.BigEndian.PutUint64(key, high)
		binary.BigEndian.PutUint64(key[8:], low)
	}
}

// tdes makes the working keys out of the transaction's.
func (to *Derived) tdes(key []byte) {
	room := to.room[:]
	for i, variant := range [...]uint64{0xFF, 0xFF00, 0xFF000000} {
		mask(key, variant)
		room = to.made[i].des(key, room)
		mask(key, variant)
	}
}

// mask XORs v into each half of a key of 16 octets.
func mask(key []byte, v uint64) {
	binary.BigEndian.PutUint64(key, binary.BigEndian.Uint64(key)^v)
	binary.BigEndian.PutUint64(key[8:], binary.BigEndian.Uint64(key[8:])^v)
}

// What an AES key is derived for (X9.24-3, table 2).
const (
	usePIN     = 0x1000
	useMAC     = 0x2000 // generation at the terminal
	useAnswer  = 0x2001 // verification at the terminal
	useData    = 0x3000
	useDerive  = 0x8000
	useInitial = 0x8001
)

// derivation is the data block of AES derivation (X9.24-3, 6.3.3).
type derivation struct {
	usage uint16
	key   DUKPT // the cipher and length of the key that is made
	hmac  bool  // it is for HMAC
	id    [8]byte
}

// expand makes a key of the length of dst under another. The two may be the same.
func (x *derivation) expand(dst, under []byte) {
	c, err := aes.NewCipher(under)
	if err != nil {
		panic("keys: derivation under a key of no AES length")
	}
	algorithm := [...]uint16{DUKPTTDES: 0, DUKPTAES128: 2, DUKPTAES192: 3, DUKPTAES256: 4}[x.key]
	if x.hmac {
		algorithm = 5
	}
	block := make([]byte, aes.BlockSize)
	for i := byte(1); len(dst) > 0; i++ {
		block[0], block[1] = 1, i
		binary.BigEndian.PutUint16(block[2:], x.usage)
		binary.BigEndian.PutUint16(block[4:], algorithm)
		binary.BigEndian.PutUint16(block[6:], uint16(8*x.key.KeyLen()))
		copy(block[8:], x.id[:])
		c.Encrypt(block, block)
		dst = dst[copy(dst, block):]
	}
}

// walkAES is walkTDES for AES.
func (d DUKPT) walkAES(key, ksn []byte, counter uint32) {
	x := derivation{usage: useDerive, key: d}
	copy(x.id[:4], ksn[4:8])
	reached := uint32(0)
	for bit := uint32(1 << 31); bit != 0; bit >>= 1 {
		if counter&bit != 0 {
			reached |= bit
			binary.BigEndian.PutUint32(x.id[4:], reached)
			x.expand(key, key)
		}
	}
}

// aes makes the working keys out of the transaction's, of its length.
func (to *Derived) aes(d DUKPT, key, ksn []byte, hmac bool) error {
	var room [maxInitial]byte
	defer clear(room[:])
	x := derivation{key: d}
	copy(x.id[:], ksn[4:])
	for i, usage := range [...]uint16{usePIN, useMAC, useAnswer} {
		x.usage, x.hmac = usage, hmac && usage != usePIN
		made := room[:d.KeyLen()]
		x.expand(made, key)
		fresh := NewAES
		if x.hmac {
			fresh = NewHMAC
		}
		k, err := fresh(made)
		if err != nil {
			return err
		}
		to.made[i] = *k
	}
	return nil
}
