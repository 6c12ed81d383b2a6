package wire

import (
	"strconv"
	"strings"

	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/prefix"
)

// Encodings are how values are put into octets, by the names that dialect files
// use.
func Encodings() map[string]encoding.Encoder {
	return map[string]encoding.Encoder{
		"ascii":        encoding.ASCII,
		"octets":       encoding.Binary,
		"ebcdic":       encoding.EBCDIC1047,
		"packed":       Digits,
		"packed-right": DigitsRight,
		"track":        Track,
		"hex":          encoding.BytesToASCIIHex,
	}
}

// Prefix is a length prefix by the name that dialect files use: fixed, or a form
// and how many digits (octets of binary) it has, as ascii2, packed3, binary1.
func Prefix(name string) (prefix.Prefixer, bool) {
	if name == "fixed" {
		return prefix.ASCII.Fixed, true
	}
	form := strings.TrimRight(name, "0123456789")
	n, err := strconv.Atoi(name[len(form):])
	sets := map[string]prefix.Prefixers{"ascii": prefix.ASCII, "packed": prefix.BCD, "binary": prefix.Binary, "ebcdic": prefix.EBCDIC1047}
	set, ok := sets[form]
	all := []prefix.Prefixer{set.L, set.LL, set.LLL, set.LLLL, set.LLLLL, set.LLLLLL}
	if !ok || err != nil || n < 1 || n > len(all) || all[n-1] == nil {
		return nil, false
	}
	return all[n-1], true
}
