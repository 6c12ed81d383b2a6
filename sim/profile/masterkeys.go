package profile

import (
	"bytes"
	"encoding/hex"
	"regexp"

	"github.com/posfleet/posfleet/sim/strict"
)

// maxKeyFile is the longest file of one key, in octets.
const maxKeyFile = 4 << 10

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
	data = bytes.TrimSpace(data)
	key := make([]byte, hex.DecodedLen(len(data)))
	if n, err := hex.Decode(key, data); err != nil || n != 16 {
		r.Fail(v, "file %s holds no key, want 32 hexadecimal digits", path)
		return nil
	}
	return key
}
