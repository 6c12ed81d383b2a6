package dialect

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// readable makes text safe to print anywhere a line is: ASCII and Chinese in
// GBK (GB 18030), or in UTF-8 when all of it is that, stay as they read;
// controls, marks that change the direction of writing, backslashes and octets
// that are no character become \xHH.
func readable(v []byte) string {
	if plainASCII(v) {
		return string(v)
	}
	next := nextGBK
	if isUTF8(v) {
		next = utf8.DecodeRune
	}
	var s strings.Builder
	for len(v) > 0 {
		r, n := rune(v[0]), 1
		if r >= utf8.RuneSelf {
			r, n = next(v)
		}
		if r != '\\' && r != utf8.RuneError && (unicode.IsPrint(r) || r == '\u3000') {
			s.WriteRune(r)
		} else {
			if r == utf8.RuneError {
				n = 1
			}
			escape(&s, v[:n])
		}
		v = v[n:]
	}
	return s.String()
}

// plainASCII reports whether all of v is ASCII that readable leaves as it is.
func plainASCII[text string | []byte](v text) bool {
	for i := range len(v) {
		if c := v[i]; c < ' ' || c > '~' || c == '\\' {
			return false
		}
	}
	return true
}

func escape(s *strings.Builder, v []byte) {
	for _, c := range v {
		fmt.Fprintf(s, `\x%02X`, c)
	}
}

// isUTF8 reports whether v is UTF-8 with characters of three octets, as all
// Chinese ones are: GBK of the same form is possible and means nothing.
func isUTF8(v []byte) bool {
	v = v[:len(v)-unfinished(v)]
	if !utf8.Valid(v) {
		return false
	}
	for len(v) > 0 {
		_, n := utf8.DecodeRune(v)
		if n > 2 {
			return true
		}
		v = v[n:]
	}
	return false
}

// unfinished is how many octets at the end of v begin a character of UTF-8 that was cut
// off: fields have an end where texts have none.
func unfinished(v []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(v); n++ {
		if c := v[len(v)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(v[len(v)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}

// nextGBK is the first character of v, which begins with an octet above 127,
// and its length. RuneError when v begins with none.
func nextGBK(v []byte) (rune, int) {
	n := 2
	if len(v) >= 4 && v[1]-'0' <= 9 {
		n = 4
	}
	if len(v) < n {
		return utf8.RuneError, 1
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(v[:n])
	if r, size := utf8.DecodeRune(text); err == nil && size == len(text) {
		return r, n
	}
	return utf8.RuneError, 1
}

// printable reports whether v is printable ASCII.
func printable(v []byte) bool {
	for _, c := range v {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// IsTime reports whether v is hhmmss.
func IsTime(v []byte) bool {
	return len(v) == 6 && twoDigits(v) < 24 && twoDigits(v[2:]) < 60 && twoDigits(v[4:]) < 60
}

// IsDate reports whether v is MMDD of some year.
func IsDate(v []byte) bool {
	if len(v) != 4 {
		return false
	}
	month, day := twoDigits(v), twoDigits(v[2:])
	return day >= 1 && month < uint(len(longest)) && day <= longest[month]
}

var longest = [...]uint{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31} // by month, from 1 on

// twoDigits is the number that v begins with; above 99 when these are no digits.
func twoDigits(v []byte) uint {
	tens, ones := uint(v[0]-'0'), uint(v[1]-'0')
	if tens > 9 || ones > 9 {
		return 100
	}
	return 10*tens + ones
}
