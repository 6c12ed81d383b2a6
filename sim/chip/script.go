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
// MAC over these and, in most schemes, the counter and the cryptogram. Of [ChangePIN] the data
// is the new PIN's digits.
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
	if !s.bare {
		b = append(b, d.ATC[:]...)
		b = append(b, cryptogram[:]...)
	}
	b = append(b, data...)
	mac := keys.X919 | keys.Padding2
	if s.cipher == keys.CipherSM4 {
		mac = keys.X99 | keys.Padding2
	}
	return key.MAC(mac, b), nil
}

// sealPIN enciphers a new PIN.
func (w *Work) sealPIN(s *Scheme, k *Keys, d *Data, cryptogram [8]byte, pin []byte) ([]byte, error) {
	var block [8]byte
	if err := keys.PINFormat2.PINBlock(&block, pin, nil); err != nil {
		return nil, err
	}
	s.bindPIN(&block, k)
	key, err := w.scriptKey(s, k, ofSecrets, d, cryptogram)
	if err != nil {
		return nil, err
	}
	return s.seal(key, block[:]), nil
}

// bindPIN makes the form of a scheme of a PIN block of format 2, and the other way round: four
// octets of a card's key in it, and no format.
func (s *Scheme) bindPIN(block *[8]byte, k *Keys) {
	if s.pin == isoPIN {
		return
	}
	part := k.of[ofCryptograms].octets[4:8]
	if s.pin == underSecrets {
		part = k.of[ofSecrets].octets[4:8]
	}
	block[0] ^= 0x20
	for i := range part {
		block[4+i] ^= part[i]
	}
}

// seal enciphers what a command carries.
func (s *Scheme) seal(key *keys.Key, data []byte) (sealed []byte) {
	if s.sealing == withLength {
		sealed = append(sealed, byte(len(data)))
	}
	sealed = append(sealed, data...)
	n := key.BlockSize()
	if s.sealing != chained || len(sealed)%n != 0 {
		sealed = append(sealed, 0x80)
		sealed = append(sealed, make([]byte, (n-len(sealed)%n)%n)...)
	}
	if s.sealing == withLength {
		key.Encrypt(sealed, sealed)
		return sealed
	}
	for at := 0; at < len(sealed); at += n {
		if block := sealed[at : at+n]; at > 0 {
			subtle.XORBytes(block, block, sealed[at-n:at])
		}
		key.Encrypt(sealed[at:at+n], sealed[at:at+n])
	}
	return sealed
}

// openPIN undoes sealPIN.
func (w *Work) openPIN(s *Scheme, k *Keys, d *Data, cryptogram [8]byte, sealed []byte) ([]byte, bool) {
	key, err := w.scriptKey(s, k, ofSecrets, d, cryptogram)
	if err != nil || len(sealed) == 0 || len(sealed)%key.BlockSize() != 0 {
		return nil, false
	}
	plain, n := make([]byte, len(sealed)), key.BlockSize()
	key.Decrypt(plain, sealed)
	if s.sealing == withLength {
		plain = plain[1:]
	} else {
		subtle.XORBytes(plain[n:], plain[n:], sealed[:len(sealed)-n])
	}
	if len(plain) < 8 {
		return nil, false
	}
	block := [8]byte(plain)
	s.bindPIN(&block, k)
	digits := int(block[0]) - 0x20
	if digits < 4 || digits > 12 {
		return nil, false
	}
	pin := make([]byte, digits)
	for i := range pin {
		pin[i] = '0' + block[1+i/2]>>(4*(1-i%2))&15
	}
	again, err := w.sealPIN(s, k, d, cryptogram, pin)
	return pin, err == nil && subtle.ConstantTimeCompare(again, sealed) == 1
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
