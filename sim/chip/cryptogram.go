package chip

import (
	"crypto/subtle"

	"github.com/posfleet/posfleet/sim/keys"
)

// Kind is what a cryptogram says (of tag 9F27 the two highest bits).
type Kind byte

// The kinds.
const (
	AAC  Kind = 0x00 // declined
	TC   Kind = 0x40 // approved
	ARQC Kind = 0x80 // asks the issuer
)

// String names the kind as EMV does.
func (k Kind) String() string {
	switch k {
	case AAC:
		return "AAC"
	case TC:
		return "TC"
	case ARQC:
		return "ARQC"
	}
	return "?"
}

// MaxIAD is the most that issuer application data have, in octets.
const MaxIAD = 32

// Data is what a card and its issuer know of one payment, as a cryptogram is made over
// it. Amounts and dates are packed digits.
type Data struct {
	Amount   [6]byte // 9F02
	Other    [6]byte // 9F03
	Country  [2]byte // 9F1A
	TVR      [5]byte // 95: terminal verification results
	Currency [2]byte // 5F2A
	Date     [3]byte // 9A
	Type     byte    // 9C
	UN       [4]byte // 9F37: unpredictable number
	AIP      [2]byte // 82: application interchange profile
	ATC      [2]byte // 9F36: application transaction counter

	iad    [MaxIAD]byte // 9F10: issuer application data
	iadLen uint8
}

// IAD are the issuer application data.
func (d *Data) IAD() []byte { return d.iad[:d.iadLen] }

// Counter is the card's transaction counter.
func (d *Data) Counter() uint16 { return uint16(d.ATC[0])<<8 | uint16(d.ATC[1]) }

// Work is memory for what is worked out of one payment's keys and cryptograms.
type Work struct {
	room [2]keys.Room
	key  *keys.Key // of the session
	buf  [96]byte
	sk   [16]byte
}

// open derives the session key for cryptograms.
func (w *Work) open(s *Scheme, k *Keys, d *Data) error {
	if s.session == noSession {
		w.key = k.of[ofCryptograms].key
		return nil
	}
	s.sessionKey(&w.sk, s.session, &k.of[ofCryptograms], d.ATC, d.UN, [8]byte{})
	key, err := w.room[0].Make(s.cipher, w.sk[:])
	w.key = key
	return err
}

// cryptogram makes the cryptogram of a payment under the session key.
func (w *Work) cryptogram(s *Scheme, d *Data) [8]byte {
	return w.key.MAC(s.mac, s.appendInput(w.buf[:0], d))
}

// appendInput puts together what a cryptogram is made over. The order is fixed, whatever
// order the card asks for its data in.
func (s *Scheme) appendInput(b []byte, d *Data) []byte {
	iad := d.IAD()
	if s.input == short {
		b = append(b, d.Amount[:]...)
		b = append(b, d.UN[:]...)
		b = append(b, d.ATC[:]...)
		if len(iad) > 4 {
			b = append(b, iad[4])
		}
		return b
	}
	b = append(b, d.Amount[:]...)
	b = append(b, d.Other[:]...)
	b = append(b, d.Country[:]...)
	b = append(b, d.TVR[:]...)
	b = append(b, d.Currency[:]...)
	b = append(b, d.Date[:]...)
	b = append(b, d.Type)
	b = append(b, d.UN[:]...)
	b = append(b, d.AIP[:]...)
	b = append(b, d.ATC[:]...)
	from, to := s.results()
	switch s.input {
	case withIAD:
		return append(b, iad...)
	case withCounters:
		b = append(b, iad[min(from, len(iad)):min(to, len(iad))]...)
		return append(b, iad[min(10, len(iad)):min(18, len(iad))]...)
	}
	return append(b, iad[min(from, len(iad)):min(to, len(iad))]...)
}

// results is where issuer application data have the card verification results, with
// their length where they have one.
func (s *Scheme) results() (from, to int) {
	if s.iad == mchipIAD {
		return 2, 8
	}
	return 3, 7
}

// Right reports whether a cryptogram is the one that the card of these keys makes over d. It
// readies w for the answer.
func (w *Work) Right(s *Scheme, k *Keys, d *Data, cryptogram []byte) bool {
	if w.open(s, k, d) != nil {
		return false
	}
	want := w.cryptogram(s, d)
	return subtle.ConstantTimeCompare(want[:], cryptogram) == 1
}

// AuthLen is the octets that the issuer's answer to a cryptogram has (tag 91).
func (s *Scheme) AuthLen() int {
	if s.second {
		return 8
	}
	return 10
}

// Answer makes the issuer's answer to a cryptogram that [Work.Right] has found right: the
// value of tag 91. code is the response code of the message, two characters.
func (w *Work) Answer(dst *[10]byte, s *Scheme, k *Keys, cryptogram []byte, code [2]byte, approves bool) []byte {
	if s.second {
		var csu [4]byte // card status update
		if approves {
			csu[1] = 0x80
		}
		b := append(append(w.buf[:0], cryptogram...), csu[:]...)
		mac := w.key.MAC(keys.X919|keys.Padding2, b)
		return append(append(dst[:0], mac[:4]...), csu[:]...)
	}
	if s.binaryCode {
		code = [2]byte{0, 0x05}
		if approves {
			code = [2]byte{0, 0x10}
		}
	}
	w.first(dst, s, k, cryptogram, code)
	return append(dst[:8], code[:]...)
}

// first is method 1: the cryptogram with the code XORed in, enciphered.
func (w *Work) first(dst *[10]byte, s *Scheme, k *Keys, cryptogram []byte, code [2]byte) {
	key := w.key
	if s.underCard {
		key = k.of[ofCryptograms].key
	}
	block := w.buf[:key.BlockSize()]
	clear(block)
	copy(block, cryptogram)
	block[0] ^= code[0]
	block[1] ^= code[1]
	key.Encrypt(block, block)
	copy(dst[:8], block)
}

// authentic reports whether the value of tag 91 answers a cryptogram, and whether it
// approves.
func (w *Work) authentic(s *Scheme, k *Keys, cryptogram, value []byte) (right, approves bool) {
	if len(value) < s.AuthLen() {
		return false, false
	}
	var dst [10]byte
	if s.second {
		csu := value[4:]
		b := append(append(w.buf[:0], cryptogram...), csu...)
		mac := w.key.MAC(keys.X919|keys.Padding2, b)
		return subtle.ConstantTimeCompare(mac[:4], value[:4]) == 1, csu[1]&0x80 != 0
	}
	code := [2]byte{value[8], value[9]}
	w.first(&dst, s, k, cryptogram, code)
	approves = code == [2]byte{'0', '0'} || s.binaryCode && code == [2]byte{0, 0x10}
	return len(value) == 10 && subtle.ConstantTimeCompare(dst[:8], value[:8]) == 1, approves
}
