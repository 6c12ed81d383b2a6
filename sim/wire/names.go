package wire

import (
	"fmt"
	"maps"
	"slices"

	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/prefix"
)

// encodings are how a value is put into octets, by the names that dialect files
// use. The codec compiles each; moov's fields take each, too. Text in a value is
// Latin-1.
var encodings = map[string]encoding.Encoder{
	"ascii":      encoding.ASCII,           // characters, none above 127
	"latin1":     latin1,                   // characters
	"ebcdic":     ebcdic,                   // characters, in IBM-1047
	"octets":     encoding.Binary,          // as they are
	"hex":        encoding.BytesToASCIIHex, // octets, each as two hexadecimal digits, ASCII
	"ebcdic-hex": ebcdicHex,                // the digits in EBCDIC

	// Two digits an octet; after an odd number a spare nibble: 0, with -right 0 in
	// front, with -f F.
	"packed":       Digits,
	"packed-right": DigitsRight,
	"packed-f":     &Nibbles{spare: 15},

	// Likewise A to F beside digits, and the separator of tracks, D on the line:
	// written as D or =, read as D; with -equals as =.
	"track":              Track,
	"track-right":        &Nibbles{letters: true, separator: 'D', right: true},
	"track-f":            &Nibbles{letters: true, separator: 'D', spare: 15},
	"track-equals":       &Nibbles{letters: true, separator: '='},
	"track-equals-right": &Nibbles{letters: true, separator: '=', right: true},
	"track-equals-f":     &Nibbles{letters: true, separator: '=', spare: 15},

	// Hexadecimal digits, packed; the spare nibble is F, with -right 0 in front.
	"packed-hex":       &Nibbles{letters: true, spare: 15},
	"packed-hex-right": &Nibbles{letters: true, right: true},

	// An amount: a sign, one character of ASCII, and digits packed.
	"signed":       &signed{Digits},
	"signed-right": &signed{DigitsRight},
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
var prefixes = map[string]prefix.Prefixer{"fixed": prefix.ASCII.Fixed, "rest": prefix.None.Fixed, "ber": prefix.BerTLV, "ber-octets": &lengthOf{prefix.BerTLV, halves}}

func init() {
	for name, count := range map[string]counting{"ascii": asciiCount, "ebcdic": ebcdicCount, "packed": bcdCount, "binary": binaryCount, "hex": hexCount} {
		for i, p := range widths(count, variable[count][0]) {
			name := fmt.Sprint(name, i+1)
			prefixes[name] = p
			for suffix, unit := range unitNames {
				prefixes[name+suffix] = &lengthOf{p, unit}
			}
		}
	}
}

// Prefix is the length prefix of this name; it reports whether there is one.
//
// "fixed" writes no length. "ascii2" is two decimal digits, as "ebcdic2" is;
// "packed3" three digits in two octets; "binary2" a big-endian number of two
// octets, "hex2" that in four hexadecimal digits. They count what a field's length
// counts, characters, digits or octets, unless a suffix says otherwise: "-octets"
// counts the octets of packed digits, "-even" packed digits and the spare one,
// "-hex" the hexadecimal digits of octets. "rest" writes no length and takes what
// is left, "ber" is that of BER-TLV: they are for parts of composed fields.
func Prefix(name string) (prefix.Prefixer, bool) {
	p, ok := prefixes[name]
	return p, ok
}

// Prefixes are the names that Prefix knows, sorted.
func Prefixes() []string { return slices.Sorted(maps.Keys(prefixes)) }

// PrefixName is the name of p, or of what the codec takes for the same, "" when
// it has none. All that write no length are "fixed".
func PrefixName(p prefix.Prefixer) string {
	by, known := lengthBy(p)
	for _, name := range Prefixes() {
		if same, _ := lengthBy(prefixes[name]); known && by == same {
			return name
		}
	}
	return ""
}
