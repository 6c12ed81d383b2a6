package main

import (
	"bytes"
	"regexp"

	"github.com/posfleet/posfleet/sim/dialect"
)

// track is what track 2 looks like in text; its first group is the card number.
var track = regexp.MustCompile(`([0-9]{13,19})([=D])[0-9]{7,}`)

// scrub hides card numbers, tracks and what URLs have before their hosts' names in text of
// whatever origin: of a card number of
// 16 digits or more the first six and last four stay, of a shorter one the last four, of
// what follows it in a track nothing.
// A card number is a run of digits with the length and beginning of one and a
// right check digit. It gives text itself when there is nothing to hide.
//
// Texts of messages have been scrubbed more closely where they are described; this
// is for what else is said, among which are digests, times and merchants' numbers.
func scrub(text []byte) []byte {
	if bytes.Contains(text, []byte("://")) {
		text = userInfo.ReplaceAll(text, []byte("${1}…@"))
	}
	if !anyRun(text) {
		return text
	}
	text = track.ReplaceAllFunc(text, func(t []byte) []byte {
		m := track.FindSubmatch(t)
		return append(truncate(append([]byte(nil), m[1]...)), string(m[2])+"…"...)
	})
	var out []byte
	for from := 0; from < len(text); {
		to := from
		for to < len(text) && digit(text[to]) {
			to++
		}
		if alone(text, from, to) && isPAN(text[from:to]) {
			if out == nil {
				out = append(out, text...)
			}
			truncate(out[from:to])
		}
		from = to + 1
	}
	if out == nil {
		return text
	}
	return out
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// anyRun reports whether there are 13 digits in a row.
func anyRun(text []byte) bool {
	n := 0
	for _, c := range text {
		if n++; !digit(c) {
			n = 0
		}
		if n == 13 {
			return true
		}
	}
	return false
}

// alone reports whether digits are no part of a longer hexadecimal number.
func alone(text []byte, from, to int) bool {
	hex := func(c byte) bool { return c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }
	return (from == 0 || !hex(text[from-1])) && (to == len(text) || !hex(text[to]))
}

// truncate puts asterisks into a card number, as many as everywhere else.
func truncate(pan []byte) []byte {
	copy(pan, dialect.MaskPAN(pan))
	return pan
}

// isPAN reports whether digits are a card number by length, beginning and check
// digit. Numbers of merchants have 15 digits, times begin with 20: of those
// lengths only what card networks give out counts (ISO/IEC 7812).
func isPAN(digits []byte) bool {
	first2 := ""
	if len(digits) >= 2 {
		first2 = string(digits[:2])
	}
	switch n := len(digits); {
	case n == 13 && digits[0] != '4', n == 15 && first2 != "34" && first2 != "37",
		n == 14 && first2 != "30" && first2 != "36" && first2 != "38" && first2 != "39",
		n < 13, n > 19, digits[0] < '2',
		bytes.HasSuffix(digits, []byte("0000000000")): // field 53
		return false
	}
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
