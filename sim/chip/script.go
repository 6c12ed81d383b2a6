package chip

import (
	"crypto/subtle"

	"github.com/posfleet/posfleet/sim/keys"
)

// Command is what an issuer tells its card over a terminal's head, in an answer (tag 71
// before the second cryptogram, 72 after it).
type Command uint8

// The commands.
const (
	NoCommand Command = iota
	BlockApplication
	UnblockApplication
	BlockCard
	UnblockPIN
	ChangePIN  // carries the new PIN, enciphered
	SetBalance // carries the balance of electronic cash, 6 octets of packed digits
)

var commands = [...]struct {
	name string
	head [4]byte // CLA, INS, P1, P2
}{
	BlockApplication:   {"block-application", [4]byte{0x84, 0x1E}},
	UnblockApplication: {"unblock-application", [4]byte{0x84, 0x18}},
	BlockCard:          {"block-card", [4]byte{0x84, 0x16}},
	UnblockPIN:         {"unblock-pin", [4]byte{0x84, 0x24}},
	ChangePIN:          {"change-pin", [4]byte{0x84, 0x24, 0, 2}},
	SetBalance:         {"set-balance", [4]byte{0x04, 0xDA, 0x9F, 0x79}},
}

// CommandNames are the names of all commands.
func CommandNames() (names []string) {
	for _, c := range commands[1:] {
		names = append(names, c.name)
	}
	return names
}

// CommandNamed is the command of a name.
func CommandNamed(name string) (Command, bool) {
	for c, row := range commands {
		if row.name == name && c > 0 {
			return Command(c), true
		}
	}
	return NoCommand, false
}

// String is the command's name.
func (c Command) String() string { return commands[c].name }

// What a card answers to a command.
const (
	done           = 0x9000
	noSuchCommand  = 0x6D00
	wrongOrder     = 0x6985
	wrongMAC       = 0x6988
	wrongData      = 0x6A80
	notPossible    = 0x6A81
	authentication = 0x6300
)

// scriptKey derives the key for MACs of scripts, or to encipher what they carry.
func (w *Work) scriptKey(s *Scheme, k *Keys, use int, d *Data, cryptogram [8]byte) (*keys.Key, error) {
	s.sessionKey(&w.sk, s.script, &k.of[use], d.ATC, d.UN, cryptogram)
	return w.room[1].Make(s.cipher, w.sk[:])
}

// AppendCommand appends a command as the card takes it, an APDU: head, length, data and a
// MAC over these, the counter and the cryptogram. Of [ChangePIN] the data is the new
// PIN's digits.
func (w *Work) AppendCommand(dst []byte, s *Scheme, k *Keys, c Command, d *Data, cryptogram [8]byte, data []byte) ([]byte, error) {
	if c == ChangePIN {
		var err error
		if data, err = w.sealPIN(s, k, d, cryptogram, data); err != nil {
			return dst, err
		}
	}
	head := commands[c].head
	at := len(dst)
	dst = append(dst, head[:]...)
	dst = append(dst, byte(len(data)+s.scriptMAC))
	mac, err := w.commandMAC(s, k, d, cryptogram, dst[at:], data)
	if err != nil {
		return dst[:at], err
	}
	return append(append(dst, data...), mac[:s.scriptMAC]...), nil
}

// commandMAC is the MAC of a command; head has its length, too.
func (w *Work) commandMAC(s *Scheme, k *Keys, d *Data, cryptogram [8]byte, head, data []byte) ([8]byte, error) {
	key, err := w.scriptKey(s, k, ofMACs, d, cryptogram)
	if err != nil {
		return [8]byte{}, err
	}
	b := append(w.buf[:0], head[:5]...)
	b = append(b, d.ATC[:]...)
	b = append(b, cryptogram[:]...)
	b = append(b, data...)
	mac := keys.X919 | keys.Padding2
	if s.cipher == keys.CipherSM4 {
		mac = keys.X99 | keys.Padding2
	}
	return key.MAC(mac, b), nil
}

// sealPIN enciphers a new PIN: a block of its length and digits with four octets of the
// card's key in it, with its own length before and 80 and zeros behind.
func (w *Work) sealPIN(s *Scheme, k *Keys, d *Data, cryptogram [8]byte, pin []byte) ([]byte, error) {
	var block [8]byte
	if err := keys.PINFormat2.PINBlock(&block, pin, nil); err != nil {
		return nil, err
	}
	block[0] &= 0x0F
	part := k.of[ofCryptograms].octets[4:8]
	for i := range part {
		block[4+i] ^= part[i]
	}
	key, err := w.scriptKey(s, k, ofSecrets, d, cryptogram)
	if err != nil {
		return nil, err
	}
	sealed := make([]byte, 16)
	sealed[0] = 8
	copy(sealed[1:], block[:])
	sealed[9] = 0x80
	key.Encrypt(sealed, sealed)
	return sealed, nil
}

// openPIN undoes sealPIN.
func (w *Work) openPIN(s *Scheme, k *Keys, d *Data, cryptogram [8]byte, sealed []byte) ([]byte, bool) {
	key, err := w.scriptKey(s, k, ofSecrets, d, cryptogram)
	if err != nil || len(sealed) != 16 {
		return nil, false
	}
	plain := make([]byte, 16)
	key.Decrypt(plain, sealed)
	if plain[0] != 8 || plain[9] != 0x80 {
		return nil, false
	}
	block := plain[1:9]
	part := k.of[ofCryptograms].octets[4:8]
	for i := range part {
		block[4+i] ^= part[i]
	}
	n := int(block[0])
	if n < 4 || n > 12 {
		return nil, false
	}
	pin := make([]byte, n)
	for i := range pin {
		if pin[i] = '0' + block[1+i/2]>>(4*(1-i%2))&15; pin[i] > '9' {
			return nil, false
		}
	}
	return pin, true
}

// take is the card taking a command. It gives the status words.
func (c *Card) take(w *Work, d *Data, cryptogram [8]byte, apdu []byte) uint16 {
	if len(apdu) < 5 || len(apdu) != 5+int(apdu[4]) || int(apdu[4]) < c.scheme.scriptMAC {
		return wrongData
	}
	data, mac := apdu[5:len(apdu)-c.scheme.scriptMAC], apdu[len(apdu)-c.scheme.scriptMAC:]
	want, err := w.commandMAC(c.scheme, c.keys, d, cryptogram, apdu, data)
	if err != nil || subtle.ConstantTimeCompare(want[:c.scheme.scriptMAC], mac) != 1 {
		return wrongMAC
	}
	switch [4]byte(apdu) {
	case commands[BlockApplication].head:
		c.blocked = true
	case commands[UnblockApplication].head:
		c.blocked = false
	case commands[BlockCard].head:
		c.dead = true
	case commands[UnblockPIN].head:
		c.tries = pinTries
	case commands[ChangePIN].head:
		pin, ok := w.openPIN(c.scheme, c.keys, d, cryptogram, data)
		if !ok {
			return wrongData
		}
		c.pin, c.tries = pin, pinTries
	case commands[SetBalance].head:
		if len(data) != 6 {
			return wrongData
		}
		c.balance = [6]byte(data)
	default:
		return noSuchCommand
	}
	return done
}
