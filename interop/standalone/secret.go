package main

import (
	"bytes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"math/bits"
	"strings"
)

// newCipher makes DES of 8 octets of key, and two-key triple DES of 16.
func newCipher(key []byte) cipher.Block {
	var block cipher.Block
	var err error
	if len(key) == 8 {
		block, err = des.NewCipher(key)
	} else {
		block, err = des.NewTripleDESCipher(append(bytes.Clone(key), key[:8]...))
	}
	if err != nil {
		panic(err) // a key of another length is a fault of this program
	}
	return block
}

// newKey makes a random key with odd parity.
func newKey(octets int) []byte {
	key := make([]byte, octets)
	rand.Read(key)
	for i, b := range key {
		key[i] = b&^1 | byte(bits.OnesCount8(b&^1)+1)&1
	}
	return key
}

// ecb enciphers data block by block.
func ecb(block cipher.Block, data []byte) []byte {
	out := make([]byte, len(data))
	for i := 0; i < len(data); i += 8 {
		block.Encrypt(out[i:], data[i:i+8])
	}
	return out
}

// session is what a sign-in leaves at the host.
type session struct {
	pin, mac, track cipher.Block // track is nil when no track key was asked for
	double          bool         // the PIN key is of double length
}

// openSession makes fresh keys of the kind asked for and the block that brings
// them to the terminal under its master key. ok is false for other kinds.
func openSession(kind string, master cipher.Block, longMAC bool) (s *session, block string, ok bool) {
	var out []byte
	give := func(octets, room int) cipher.Block {
		key := newKey(octets)
		c := newCipher(key)
		out = append(out, ecb(master, key)...)
		out = append(out, make([]byte, room-octets)...)
		out = append(out, ecb(c, make([]byte, 8))[:4]...)
		return c
	}
	s = &session{double: kind != "001"}
	mac := 8
	if longMAC {
		mac = 16
	}
	switch kind {
	case "001":
		s.pin = give(8, 8)
		s.mac = give(8, 8)
	case "003", "004":
		s.pin = give(16, 16)
		s.mac = give(mac, 16)
	default:
		return nil, "", false
	}
	if kind == "004" {
		s.track = give(16, 16)
	}
	return s, string(out), true
}

// sign makes the MAC over data: all blocks into one by exclusive or, that one
// written in hexadecimal, and enciphered half by half.
func (s *session) sign(data []byte) string {
	var fold [8]byte
	for i, b := range data {
		fold[i%8] ^= b
	}
	text := []byte(strings.ToUpper(hex.EncodeToString(fold[:])))
	half := ecb(s.mac, text[:8])
	for i := range half {
		half[i] ^= text[8+i]
	}
	return strings.ToUpper(hex.EncodeToString(ecb(s.mac, half)[:4]))
}

var errPINBlock = errors.New("not a PIN block")

// openPIN takes the PIN out of a block of format 0. security is field 53.
func (s *session) openPIN(block, security, pan string) (string, error) {
	method := byte('0')
	if s.double {
		method = '6'
	}
	if len(block) != 8 || len(security) != 16 || security[1] != method {
		return "", errPINBlock
	}
	clear := make([]byte, 8)
	s.pin.Decrypt(clear, []byte(block))
	switch security[0] {
	case '1': // the card number has no part in it
	case '2':
		if len(pan) < 13 {
			return "", errPINBlock
		}
		for i, b := range pack(nil, "0000"+pan[len(pan)-13:len(pan)-1], false) {
			clear[i] ^= b
		}
	default:
		return "", errPINBlock
	}
	text := unpack(clear, 16, false)
	n := strings.IndexByte(nibbles, text[1])
	if text[0] != '0' || n < 4 || n > 12 {
		return "", errPINBlock
	}
	pin := text[2 : 2+n]
	if strings.Trim(pin, "0123456789") != "" || strings.Trim(text[2+n:], "F") != "" {
		return "", errPINBlock
	}
	return pin, nil
}

// openTrack deciphers the 8 octets before the last one of a track.
func (s *session) openTrack(t string) (string, bool) {
	from := len(t) - 18 // an even track
	if len(t)%2 == 1 {
		from = len(t) - 17
	}
	if s.track == nil || from < 0 {
		return "", false
	}
	clear := make([]byte, 8)
	s.track.Decrypt(clear, pack(nil, t[from:from+16], false))
	return t[:from] + unpack(clear, 16, false) + t[from+16:], true
}
