package chip

import (
	"bytes"
	"crypto/subtle"

	"github.com/posfleet/posfleet/sim/keys"
)

// Electronic cash: what a chip has, its issuer is told with each cryptogram, in the issuer
// application data under a MAC of their own, and sets with [SetBalance].

// Load puts electronic cash on the card, in place of what it has.
func (c *Card) Load(amount int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.balance = pack(amount)
}

// Cash is the electronic cash on the card, in fen.
func (c *Card) Cash() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return unpack(c.balance)
}

// spend takes electronic cash, if there is enough of it.
func (c *Card) spend(amount [6]byte) bool {
	left := unpack(c.balance) - unpack(amount)
	if left < 0 {
		return false
	}
	c.balance = pack(left)
	return true
}

// pack writes an amount in packed digits.
func pack(amount int64) (v [6]byte) {
	for i := 5; i >= 0; i-- {
		v[i] = byte(amount/10%10)<<4 | byte(amount%10)
		amount /= 100
	}
	return v
}

// unpack reads one.
func unpack(v [6]byte) (amount int64) {
	for _, b := range v {
		amount = 100*amount + 10*int64(b>>4) + int64(b&15)
	}
	return amount
}

// headCash begins what issuer application data tell of electronic cash: its length, and
// what it is.
var headCash = []byte{0x0A, 0x01}

// The rest of it: the five low octets of the balance, and of their MAC four.
const cashOctets, cashMAC = 5, 4

// addBalance adds the balance of electronic cash to the issuer application data, and the MAC
// over it.
func (c *Card) addBalance(t *Transaction) error {
	d := &t.Data
	mac, err := t.work.cashMAC(c.scheme, c.keys, d, c.balance[1:])
	if err != nil {
		return err
	}
	iad := append(append(append(d.IAD(), headCash...), c.balance[1:]...), mac[:cashMAC]...)
	d.iadLen = uint8(len(iad))
	return nil
}

// cashMAC is the MAC over a balance and the counter.
func (w *Work) cashMAC(s *Scheme, k *Keys, d *Data, balance []byte) ([8]byte, error) {
	key, err := w.scriptKey(s, k, ofMACs, d, [8]byte{})
	if err != nil {
		return [8]byte{}, err
	}
	b := append(append(w.buf[:0], d.ATC[:]...), balance...)
	return key.MAC(keys.X919|keys.Padding2, append(b, 0)), nil
}

// Cash is the electronic cash that the card tells that it has, in fen. It reports false for a
// card that tells of none, or not under its key.
func (w *Work) Cash(s *Scheme, k *Keys, d *Data) (int64, bool) {
	iad := d.IAD()
	at := len(iad) - len(headCash) - cashOctets - cashMAC
	if !s.balance || at < 0 || !bytes.HasPrefix(iad[at:], headCash) {
		return 0, false
	}
	balance, mac := iad[at+len(headCash):][:cashOctets], iad[len(iad)-cashMAC:]
	want, err := w.cashMAC(s, k, d, balance)
	if err != nil || subtle.ConstantTimeCompare(want[:cashMAC], mac) != 1 {
		return 0, false
	}
	return unpack([6]byte(append([]byte{0}, balance...))), true
}

// AppendCash appends the command that sets the electronic cash on the card to an amount.
func (w *Work) AppendCash(dst []byte, s *Scheme, k *Keys, amount int64, d *Data, cryptogram [8]byte) ([]byte, error) {
	balance := pack(amount)
	return w.AppendCommand(dst, s, k, SetBalance, d, cryptogram, balance[:])
}
