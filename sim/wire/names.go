package wire

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/prefix"
)

// encodings are how a value is put into octets, by the names that dialect files
// use. The codec compiles each; moov's fields take each, too.
var encodings = map[string]encoding.Encoder{
	"ascii":        encoding.ASCII,           // an octet each, none above 127
	"octets":       encoding.Binary,          // as they are; text of any 8-bit character set
	"packed":       Digits,                   // two digits an octet; after an odd number a spare nibble 0
	"packed-right": DigitsRight,              // the spare nibble first
	"track":        Track,                    // packed digits and A to F; = is written as D
	"hex":          encoding.BytesToASCIIHex, // octets, each as two hexadecimal digits in ASCII
}

// Encodings are the encodings of values, by name. The map is the caller's.
func Encodings() map[string]encoding.Encoder { return maps.Clone(encodings) }

// EncodingName is the name of e among Encodings, "" when it has none.
func EncodingName(e encoding.Encoder) string {
	for _, name := range slices.Sorted(maps.Keys(encodings)) {
		if encodings[name] == e {
			return name
		}
	}
	return ""
}

// prefixes are how a value's length is put before it, by name.
var prefixes = map[string]prefix.Prefixer{"fixed": prefix.ASCII.Fixed}

func init() {
	for name, set := range map[string]prefix.Prefixers{"ascii": prefix.ASCII, "packed": prefix.BCD, "binary": prefix.Binary} {
		for i, p := range []prefix.Prefixer{set.L, set.LL, set.LLL, set.LLLL} {
			prefixes[fmt.Sprint(name, i+1)] = p
		}
	}
}

// Prefix is the length prefix of this name: "fixed" for none, "ascii2" for two
// decimal digits, "packed3" for three digits in two octets, "binary2" for a
// big-endian number of two octets. It reports whether there is one.
func Prefix(name string) (prefix.Prefixer, bool) {
	p, ok := prefixes[name]
	return p, ok
}

// Prefixes are the names that Prefix knows, sorted.
func Prefixes() []string { return slices.Sorted(maps.Keys(prefixes)) }

// PrefixName is the name of p, "" when it has none. All that write no length
// are "fixed".
func PrefixName(p prefix.Prefixer) string {
	if p != nil && p != prefix.None.Fixed && strings.HasSuffix(p.Inspect(), "Fixed") {
		return "fixed"
	}
	for _, name := range Prefixes() {
		if prefixes[name] == p {
			return name
		}
	}
	return ""
}
