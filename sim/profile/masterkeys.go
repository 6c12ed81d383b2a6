package profile

import (
	"bytes"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/strict"
)

// maxKeyFile is the longest file of one key, in octets.
const maxKeyFile = 4 << 10

// masterKeyWays are the ways in which terminals download their master keys.
var masterKeyWays = regexp.MustCompile(`^(transport-key|rsa)$`)

var testKeyShape = regexp.MustCompile(`^test:([0-9A-Fa-f]{2})+$`)

// testKey reads octets in hexadecimal that say of themselves to be for tests.
func (r reader) testKey(v strict.Value, least, most int) []byte {
	s, ok := r.Scalar(v)
	if !ok {
		return nil
	}
	if !testKeyShape.MatchString(s) {
		r.Fail(v, "want test: and hexadecimal digits; a key that is not for tests only goes into a file, read by file: <path>")
		return nil
	}
	key, err := hex.DecodeString(s[len("test:"):])
	if err != nil || len(key) < least || len(key) > most {
		if least == most {
			r.Fail(v, "%d octets, want %d", len(key), least)
		} else {
			r.Fail(v, "%d octets, want %d to %d", len(key), least, most)
		}
		return nil
	}
	return key
}

// keyFile reads a master key from a file of its own.
func (r reader) keyFile(v strict.Value, dir folder) []byte {
	path, ok := r.Scalar(v)
	if !ok {
		return nil
	}
	data, err := dir.read(path, true, maxKeyFile)
	if err != nil {
		r.Fail(v, "%w", err)
		return nil
	}
	defer clear(data)
	key, err := keyOf(data, 16)
	if err != nil {
		r.Fail(v, "file %s %w", path, err)
		return nil
	}
	return key
}

// transportKey reads a transport key: test:<hex>, or {file: <path>}.
func (r reader) transportKey(v strict.Value, dir folder) (key []byte) {
	if !v.IsMap() {
		return r.testKey(v, 16, 16)
	}
	r.Map(v, strict.Table{"file": func(v strict.Value) { key = r.keyFile(v, dir) }})
	return key
}

// Components of a key: as many people as there are components have to meet to know it.
const leastComponents, mostComponents = 2, 3

// components puts a master key together from the files of its components: 32 hexadecimal
// digits each, and behind them the check value that was handed over with it, if one was.
// Components that cancel each other, but for the bits of parity that DES does not read, are one
// that somebody gave twice, or the key given with its parts.
func (r reader) components(v strict.Value, p *Profile, dir folder) []byte {
	key, n := make([]byte, 16), 0
	r.List(v, func(v strict.Value) {
		path, ok := r.Scalar(v)
		if !ok {
			return
		}
		data, err := dir.read(path, true, maxKeyFile)
		if err != nil {
			r.Fail(v, "%w", err)
			return
		}
		defer clear(data)
		words := bytes.Fields(data)
		if len(words) == 0 || len(words) > 2 {
			r.Fail(v, "file %s holds %d words, want a component and its check value, or it alone", path, len(words))
			return
		}
		part, err := keyOf(words[0], len(key))
		if err != nil {
			r.Fail(v, "file %s %w", path, err)
			return
		}
		if len(words) == 2 {
			if err := checks(p.SignIn.Cipher(), part, string(words[1])); err != nil {
				r.Fail(v, "file %s: %w; a digit of it is not as it was handed over", path, err)
			}
		}
		n++
		if subtle.XORBytes(key, key, part); n > 1 && !slices.ContainsFunc(key, func(b byte) bool { return b > 1 }) {
			r.Fail(v, "file %s cancels the components before: one stands twice, or is the whole key", path)
		}
	})
	if r.OK() && (n < leastComponents || n > mostComponents) {
		r.Fail(v, "%d components, want %d or %d", n, leastComponents, mostComponents)
	}
	if !r.OK() {
		return nil
	}
	return key
}

// kcvShape is a check value: the first 3 to 8 octets of a block of zeros under the key.
var kcvShape = regexp.MustCompile(`^([0-9A-Fa-f]{2}){3,8}$`)

// checks holds a key to its check value.
func checks(c keys.Cipher, key []byte, kcv string) error {
	if !kcvShape.MatchString(kcv) {
		return errors.New("check value, want 6 to 16 hexadecimal digits")
	}
	block, err := keys.CheckBlock(keys.Software{}, c, key)
	if err != nil {
		return err
	}
	is := fmt.Sprintf("%X", block[:len(kcv)/2])
	switch {
	case strings.EqualFold(is, kcv):
		return nil
	case len(kcv) == 16: // as many digits as half a key has
		return fmt.Errorf("its check value begins with %s (by %s), and what stands here is another one (%d digits, which may be of a key and are not repeated)", is[:8], c, len(kcv))
	}
	return fmt.Errorf("its check value is %s, want %s (by %s)", is, strings.ToUpper(kcv), c)
}

// protection reads what keys of a list are under: the file of a key block protection key,
// or the URI of an HSM with an LMK, which all of the profile's terminals have then.
func (r reader) protection(v strict.Value, p *Profile, dir folder) (under []byte, inHSM bool) {
	path, ok := r.Scalar(v)
	if !ok {
		return nil, false
	}
	if strings.HasPrefix(path, keys.TokenScheme) {
		h, err := openHSM(path, func(pin string) ([]byte, error) { return dir.read(pin, true, maxKeyFile) })
		switch {
		case err != nil:
			r.Fail(v, "%w", err)
		case p.InHSM() && p.HSM != h:
			r.Fail(v, "another HSM, or another LMK, than of the list before; put all lists under one")
		default:
			if err := h.Supports(p.SignIn.Cipher()); err != nil {
				r.Fail(v, "%w", err)
			}
			p.HSM = h
		}
		return nil, true
	}
	data, err := dir.read(path, true, maxKeyFile)
	if err == nil {
		defer clear(data)
		var key []byte
		if key, err = keyOf(data, 16, 24, 32); err == nil {
			return key, false
		}
		err = fmt.Errorf("file %s %w", path, err)
	}
	r.Fail(v, "%w", err)
	return nil, false
}

// OpenHSM opens the HSM that a PKCS#11 URI names. The file of the PIN must be readable by
// its owner only.
func OpenHSM(uri string) (keys.HSM, error) {
	return openHSM(uri, func(pin string) ([]byte, error) { return ReadPrivate(pin) })
}

func openHSM(uri string, read func(pin string) ([]byte, error)) (keys.HSM, error) {
	t, err := keys.ParseToken(uri)
	if err != nil {
		return nil, err
	}
	pin, err := read(t.PIN)
	if err != nil {
		return nil, fmt.Errorf("PIN of HSM %s: %w", t, err)
	}
	defer clear(pin)
	return t.Open(bytes.TrimRight(pin, "\r\n"))
}

// keyOf reads a key in hexadecimal, which has one of the lengths.
func keyOf(data []byte, lengths ...int) ([]byte, error) {
	data = bytes.TrimSpace(data)
	key := make([]byte, hex.DecodedLen(len(data)))
	if n, err := hex.Decode(key, data); err != nil || !slices.Contains(lengths, n) {
		var digits []string
		for _, n := range lengths {
			digits = append(digits, strconv.Itoa(2*n))
		}
		return nil, fmt.Errorf("holds no key, want %s hexadecimal digits", strings.Join(digits, " or "))
	}
	return key, nil
}

// ReadKey reads a key block protection key from a file that only its owner can read: 16, 24
// or 32 octets in hexadecimal.
func ReadKey(path string) (Secret, error) {
	data, err := ReadPrivate(path)
	if err != nil {
		return nil, err
	}
	defer clear(data)
	key, err := keyOf(data, 16, 24, 32)
	if err != nil {
		return nil, fmt.Errorf("file %s %w", path, err)
	}
	return key, nil
}

// MasterUsage is the usage that a TR-31 key block of a master key has: to encipher keys.
const MasterUsage = "K0"

// InHSM reports whether the master keys are in an HSM, and not in this process.
func (p *Profile) InHSM() bool { return p.HSM != keys.HSM(keys.Software{}) }

// hold makes a master key in clear, nil for none, one of the profile's HSM.
func (p *Profile) hold(key []byte) (Secret, error) {
	if key == nil || !p.InHSM() {
		return key, nil
	}
	return p.HSM.Import(key)
}

// wrappedLen is the octets in a master key under the LMK of an HSM.
const wrappedLen = 24

// wrappedOf reads a master key under the LMK of an HSM.
func wrappedOf(text string) (Secret, error) {
	key, err := keyOf([]byte(text), wrappedLen)
	if err != nil {
		return nil, fmt.Errorf("master key under an LMK, want %d hexadecimal digits", 2*wrappedLen)
	}
	return key, nil
}

// masterOf reads a master key: 32 hexadecimal digits, or a TR-31 key block under a
// protection key.
func masterOf(text string, under []byte) (Secret, error) {
	if under == nil {
		key, err := keyOf([]byte(text), 16)
		if err != nil {
			return nil, errors.New("master key, want 32 hexadecimal digits")
		}
		return key, nil
	}
	h, key, err := keys.UnwrapKey(under, text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("master key: %w", err)
	case h.Usage != MasterUsage:
		return nil, fmt.Errorf("master key: the key block is of a key for another use (%s), want %s", h.Usage, MasterUsage)
	case len(key) != 16:
		return nil, fmt.Errorf("master key of %d octets in its key block, want 16", len(key))
	}
	return key, nil
}
