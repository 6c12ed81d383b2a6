package capture

import (
	"fmt"
	"sync"

	"github.com/posfleet/posfleet/sim/wire"
)

// prefix is a length and what stands around it, tried on octets before a message.
type prefix struct{ wire.Framing }

// kinds are the prefixes that there are, the likeliest first.
var kinds = sync.OnceValue(func() []prefix {
	var all []prefix
	for _, name := range []string{"binary2", "binary4", "digits4", "packed2", "packed4", "little2", "little4", "hex4", "ebcdic4", "binary1", "binary3",
		"digits2", "digits3", "digits5", "digits6", "digits7", "digits8"} {
		l, _ := wire.LengthNamed(name)
		all = append(all, prefix{wire.Framing{Length: l}})
	}
	packed2, _ := wire.LengthNamed("packed2")
	return append(all,
		prefix{wire.Framing{Length: wire.Binary2, After: "\x00\x00"}},
		prefix{wire.Framing{Before: "\x00\x00", Length: wire.Binary2}},
		prefix{wire.Framing{Before: "\xD0\x4A", Length: wire.Binary2, After: "\x00\x00"}},
		prefix{wire.Framing{Before: "\x02", Length: packed2}}, // STX
	)
})

// number reads p, all of it, as such a prefix.
func (k prefix) number(p []byte) (int, bool) {
	if len(p) != k.Lead() || string(p[:len(k.Before)]) != k.Before {
		return 0, false
	}
	n, err := k.Length.Number(p[len(k.Before):])
	return int(n), err == nil && n < 1<<31
}

// key is how a profile names it; empty when none does.
func (k prefix) key() string {
	for name, l := range wire.Lengths() {
		if k.Framing == (wire.Framing{Length: l}) {
			return name
		}
	}
	return ""
}

// words says what the prefix is.
func (k prefix) words() string {
	l, what := k.Length, ""
	switch l.Form {
	case wire.LittleEndian:
		what = "little-endian"
	case wire.ASCIIDigits:
		what = fmt.Sprintf("%d decimal digits", l.Octets)
	case wire.PackedDigits:
		what = "BCD, two digits to an octet"
	case wire.HexDigits:
		what = fmt.Sprintf("%d hexadecimal digits", l.Octets)
	case wire.EBCDICDigits:
		what = fmt.Sprintf("%d decimal digits in EBCDIC", l.Octets)
	default:
		what = fmt.Sprintf("%d octets, big-endian", l.Octets)
	}
	switch {
	case l.Octets == 0:
		return fmt.Sprintf("none, a message ends with %X", k.Trailer)
	case l.Octets == 1:
		what = "1 octet"
	}
	if k.Before == "\x02" {
		what = "STX and " + what + ", as on a serial line"
	} else if k.Before != "" {
		what = fmt.Sprintf("%X and %s", k.Before, what)
	}
	if k.After != "" {
		what += fmt.Sprintf(", with %d more after it", len(k.After))
	}
	if l.Itself {
		what += ", which counts itself"
	}
	return what
}
