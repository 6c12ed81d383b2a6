package keys

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/emmansun/gmsm/sm4"
)

// A clear PIN block is two fields XORed: the PIN field (a nibble of format; a nibble
// of length; the digits; fill) and, but for formats 1 and 2, the account field (the 12
// rightmost digits of the card number without its check digit, right-aligned after
// zeros). Format 4 has the whole card number and is enciphered twice. Source: ISO 9564-1. Under SM4 the block is that of format 0,
// 16 octets wide, or its 8 octets and 8 zeros: the CUP reconstruction, docs/sources.md.

// PINFormat is a format of PIN blocks (ISO 9564-1).
type PINFormat uint8

// The formats. ISO 9564-1 has format 2 for cards off line; a network may have it in messages
// all the same. Format 4 goes with AES alone, and AES with no other.
const (
	PINFormat0 PINFormat = 0 // filled with F, and the card number; ANSI X9.8
	PINFormat1 PINFormat = 1 // filled at random, without the card number
	PINFormat2 PINFormat = 2 // filled with F, without the card number
	PINFormat3 PINFormat = 3 // filled with A to F at random, and the card number
	PINFormat4 PINFormat = 4 // 16 octets: filled with A and at random; the card number comes in between two encipherments

	// PINFormat0Narrow is format 0 in 8 octets under whatever cipher: under SM4 8 zeros follow.
	PINFormat0Narrow PINFormat = 16
)

// Bound reports whether the card number goes into a block.
func (format PINFormat) Bound() bool { return format != PINFormat1 && format != PINFormat2 }

func (format PINFormat) String() string {
	if format == PINFormat0Narrow {
		return "0 in 8 octets"
	}
	return strconv.Itoa(int(format))
}

var (
	errPIN      = errors.New("PIN is not 4 to 12 digits")
	errPAN      = errors.New("card number is not 8 to 19 digits")
	errPINBlock = errors.New("PIN block does not open: of another format, or made with another key or card number")
)

// NoPAN takes the place of the card number where a PIN block is made over none.
const NoPAN = "0000000000000000"

// PINBlock writes the PIN block in clear: 8 octets. The PIN (4 to 12) and the card
// number (8 to 19), or NoPAN, are ASCII digits.
func (format PINFormat) PINBlock(dst *[8]byte, pin, pan []byte) error {
	return format.block(dst[:], pin, pan)
}

// PINBlockWide writes the PIN block of 16 octets that goes with SM4, in clear, of format 0.
func PINBlockWide(dst *[16]byte, pin, pan []byte) error { return PINFormat0.block(dst[:], pin, pan) }

// EncryptPIN makes field 52 under a DES PIN key: the clear block, encrypted.
func (k *Key) EncryptPIN(format PINFormat, pin, pan []byte) (sealed [8]byte, err error) {
	err = k.encryptPIN(format, sealed[:], pin, pan)
	return sealed, err
}

// EncryptPINWide makes the field 52 of 16 octets: under an AES PIN key of format 4 whatever
// the format is, under an SM4 one of format 0, narrow where the format is.
func (k *Key) EncryptPINWide(format PINFormat, pin, pan []byte) (sealed [16]byte, err error) {
	err = k.encryptPIN(k.wideFormat(format), sealed[:], pin, pan)
	return sealed, err
}

func (k *Key) wideFormat(format PINFormat) PINFormat {
	switch {
	case k.aes:
		return PINFormat4
	case format == PINFormat0Narrow:
		return format
	}
	return PINFormat0
}

// DecryptPIN undoes EncryptPIN: it appends the PIN's digits to pin[:0], which wants
// a capacity of 12. A block that is not of its format for this card number is an
// error, and tells no more.
func (k *Key) DecryptPIN(format PINFormat, block [8]byte, pan, pin []byte) ([]byte, error) {
	return k.decryptPIN(format, block[:], pan, pin)
}

// DecryptPINWide undoes EncryptPINWide, on the terms of DecryptPIN.
func (k *Key) DecryptPINWide(format PINFormat, block [16]byte, pan, pin []byte) ([]byte, error) {
	return k.decryptPIN(k.wideFormat(format), block[:], pan, pin)
}

func (k *Key) encryptPIN(format PINFormat, dst, pin, pan []byte) error {
	if err := k.fitsPIN(dst); err != nil {
		return err
	}
	if err := format.block(dst, pin, pan); err != nil {
		clear(dst)
		return err
	}
	if k.encrypt(dst); format == PINFormat4 {
		xorWholePAN(dst, pan)
		k.encrypt(dst)
	}
	return nil
}

func (k *Key) decryptPIN(format PINFormat, sealed, pan, pin []byte) ([]byte, error) {
	if err := k.fitsPIN(sealed); err != nil {
		return pin[:0], err
	}
	var clear [sm4.BlockSize]byte
	block := clear[:copy(clear[:], sealed)]
	if k.decrypt(block); format == PINFormat0Narrow {
		if len(bytes.Trim(block[8:], "\x00")) > 0 {
			return pin[:0], errPINBlock
		}
		format, block = PINFormat0, block[:8]
	}
	if format == PINFormat4 {
		if err := checkPAN(pan); err != nil {
			return pin[:0], err
		}
		xorWholePAN(block, pan)
		k.decrypt(block)
	} else if err := format.xorPAN(block, pan); err != nil {
		return pin[:0], err
	}
	return format.readPIN(pin[:0], block)
}

// fitsPIN reports whether a PIN block is a block of this key's cipher.
func (k *Key) fitsPIN(block []byte) error {
	if len(block) != int(k.size) {
		return fmt.Errorf("PIN block of %d octets under a key of blocks of %d: %w", len(block), k.size, errCipher)
	}
	return nil
}

// block writes a clear PIN block as wide as dst.
func (format PINFormat) block(dst, pin, pan []byte) error {
	if len(pin) < 4 || len(pin) > 12 || !allDigits(pin) {
		return errPIN
	}
	if format == PINFormat0Narrow {
		clear(dst[8:])
		format, dst = PINFormat0, dst[:8]
	}
	if format == PINFormat0 || format == PINFormat2 {
		for i := range dst {
			dst[i] = 0xFF
		}
	} else {
		format.fill(dst)
	}
	after := 56 - 4*len(pin) // bits of the first 8 octets that the PIN leaves
	v := uint64(format)<<60 | uint64(len(pin))<<56 | packed(pin)<<after
	binary.BigEndian.PutUint64(dst, v|binary.BigEndian.Uint64(dst)&(1<<after-1))
	if format == PINFormat4 {
		return checkPAN(pan)
	}
	return format.xorPAN(dst, pan)
}

// fill writes what stands after the PIN at random.
func (format PINFormat) fill(dst []byte) {
	random := rand.Uint64()
	for i := range 2 * len(dst) {
		half := byte(random >> (4 * (i & 15)) & 15)
		switch {
		case format == PINFormat3:
			half = 0xA + half%6
		case format == PINFormat4 && i < 16:
			half = 0xA
		}
		setNibble(dst, i, half)
	}
}

// isFill reports whether a nibble may stand i half octets into a block, after the PIN.
func (format PINFormat) isFill(i int, v byte) bool {
	switch format {
	case PINFormat1:
		return true
	case PINFormat3:
		return v >= 0xA
	case PINFormat4:
		return v == 0xA || i >= 16
	}
	return v == 0xF
}

// xorPAN XORs the account field into a block, putting it on or taking it off.
func (format PINFormat) xorPAN(block, pan []byte) error {
	if !format.Bound() {
		return nil
	}
	if err := checkPAN(pan); err != nil {
		return err
	}
	pan = pan[:len(pan)-1]
	last := block[len(block)-8:]
	binary.BigEndian.PutUint64(last, binary.BigEndian.Uint64(last)^packed(pan[max(0, len(pan)-12):]))
	return nil
}

func checkPAN(pan []byte) error {
	if len(pan) < 8 || len(pan) > 19 || !allDigits(pan) {
		return errPAN
	}
	return nil
}

// xorWholePAN XORs the account field of format 4 into a block: how many digits more
// than 12 the card number has, then its digits, at least 12.
func xorWholePAN(block, pan []byte) {
	block[0] ^= byte(max(0, len(pan)-12)) << 4
	xorDigits(block, 1+max(0, 12-len(pan)), pan)
}

// xorDigits XORs digits into the half octets of b from the i-th on.
func xorDigits(b []byte, i int, digits []byte) {
	for _, c := range digits {
		b[uint(i)/2] ^= (c - '0') << (4 * (^uint(i) & 1))
		i++
	}
}

// readPIN appends the digits of a PIN field to pin.
func (format PINFormat) readPIN(pin, field []byte) ([]byte, error) {
	n := int(field[0] & 15)
	if field[0]>>4 != byte(format) || n < 4 || n > 12 {
		return pin, errPINBlock
	}
	v := binary.BigEndian.Uint64(field) << 8
	for range n {
		if v>>60 > 9 {
			return pin[:0], errPINBlock
		}
		pin = append(pin, '0'+byte(v>>60))
		v <<= 4
	}
	for i := 2 + n; i < 2*len(field); i++ {
		if !format.isFill(i, nibble(field, i)) {
			return pin[:0], errPINBlock
		}
	}
	return pin, nil
}

// packed are digits two an octet, the last at the lowest.
func packed(digits []byte) (v uint64) {
	for _, c := range digits {
		v = v<<4 | uint64(c&15)
	}
	return v
}

// nibble is the i-th half octet of b, high one first.
func nibble(b []byte, i int) byte {
	if i%2 == 0 {
		return b[i/2] >> 4
	}
	return b[i/2] & 15
}

func setNibble(b []byte, i int, v byte) {
	if i%2 == 0 {
		b[i/2] = b[i/2]&0x0F | v<<4
	} else {
		b[i/2] = b[i/2]&0xF0 | v
	}
}

func allDigits(s []byte) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
