package wire

import (
	"fmt"

	"github.com/moov-io/iso8583/encoding"
)

// coder is an encoding that the codec calls by its interface; those that most
// fields have (see kind) it knows itself. A unit is what a field's length counts:
// a character, a digit, an octet of a binary value.
type coder interface {
	encoding.Encoder
	// span is how many octets n units take on the line.
	span(n int) int
	// pack packs v over dst, which has room for its span and the slack. It gives
	// the reason why it cannot, "" when it has.
	pack(dst, v []byte) string
	// unpack unpacks n units from src, which is their span and no longer, over
	// dst, which has room for twice as much and the slack. It gives the length of
	// the value, or the reason why it cannot.
	unpack(dst, src []byte, n int) (int, string)
}

// encode is Encode of moov's interface for a coder.
func encode(c coder, src []byte) ([]byte, error) {
	n := c.span(len(src))
	dst := make([]byte, n+slack)
	if reason := c.pack(dst, src[:len(src):len(src)]); reason != "" {
		return nil, fmt.Errorf("value %s", reason)
	}
	return dst[:n], nil
}

// decode is Decode of moov's interface for a coder.
func decode(c coder, src []byte, length int) ([]byte, int, error) {
	if length < 0 {
		return nil, 0, fmt.Errorf("length %d is negative", length)
	}
	if length > 2*len(src) {
		return nil, 0, fmt.Errorf("want %d characters, have %d octets", length, len(src))
	}
	n := c.span(length)
	if n > len(src) {
		return nil, 0, fmt.Errorf("want %d octets, have %d", n, len(src))
	}
	dst := make([]byte, 2*n+slack)
	size, reason := c.unpack(dst, src[:n:n], length)
	if reason != "" {
		return nil, 0, fmt.Errorf("value %s", reason)
	}
	return dst[:size], n, nil
}

// The reasons why a value does not fit its encoding; they continue its name.
const (
	noDigit  = "holds a character that is not a digit"
	noNibble = "holds a nibble that is not a digit"
	noHex    = "holds a character that is not hexadecimal"
	above127 = "holds an octet above 127"
)
