package dialect

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// scan finds the digits as they read, those of other scripts in UTF-8 or GBK; or with
// escapes of digits for the digits.
func (s *scrubber) scan(escapes bool) {
	s.digits, s.swallowed = s.digits[:0], false
	next := nextGBK
	if isUTF8(s.text) {
		next = utf8.DecodeRune
	}
	for i := 0; i < len(s.text); {
		c := s.text[i]
		switch {
		case c-'0' <= 9:
			s.digits = append(s.digits, digit{c - '0', i, i + 1})
			i++
		case c < utf8.RuneSelf:
			r, n := rune(0), 1
			if escapes {
				r, n = unescape(s.text[i:])
			}
			if v, is := digitOf(r); is {
				s.digits = append(s.digits, digit{v, i, i + n})
			}
			i += n
		case c == 0xEF && i+2 < len(s.text) && s.text[i+1] == 0xBC && s.text[i+2]-0x90 <= 9: // full-width, though the text is no UTF-8
			s.digits = append(s.digits, digit{s.text[i+2] - 0x90, i, i + 3})
			i += 3
		default:
			r, size := next(s.text[i:])
			if v, is := digitOf(r); is {
				s.digits = append(s.digits, digit{v, i, i + size})
			}
			s.swallowed = s.swallowed || s.text[i+size-1]-'0' <= 9
			i += size
		}
	}
}

// scanOctets finds the digits of ASCII, whatever characters they are octets of: those of
// four octets in GB 18030 have digits for the second and the last.
func (s *scrubber) scanOctets() {
	s.digits = s.digits[:0]
	for i, c := range s.text {
		if c-'0' <= 9 {
			s.digits = append(s.digits, digit{c - '0', i, i + 1})
		}
	}
}

// runs of ten digits in Unicode that are none of its decimal digits, and Chinese ones.
var (
	tens    = []rune{'⁰', '₀'}
	ones    = []rune{'①', '❶', '➀', '➊', '⑴', '⒈', '⓵'} // from 1 on, to 9
	chinese = []rune("〇一二三四五六七八九")
	formal  = []rune("零壹贰叁肆伍陆柒捌玖")
	others  = map[rune]byte{'⓪': 0, '⓿': 0, '²': 2, '³': 3, '¹': 1}
)

// digitOf is the value of a digit of any script, circled, raised or Chinese.
func digitOf(r rune) (byte, bool) {
	if r < utf8.RuneSelf {
		return byte(r - '0'), r >= '0' && r <= '9'
	}
	for _, begin := range tens {
		if r >= begin && r < begin+10 {
			return byte(r - begin), true
		}
	}
	for _, begin := range ones {
		if r >= begin && r < begin+9 {
			return byte(r-begin) + 1, true
		}
	}
	for _, ten := range [][]rune{chinese, formal} {
		for i, c := range ten {
			if r == c {
				return byte(i), true
			}
		}
	}
	if v, is := others[r]; is {
		return v, true
	}
	for _, run := range unicode.Nd.R16 { // each is of whole tens
		if rune(run.Lo) <= r && r <= rune(run.Hi) {
			return byte((r - rune(run.Lo)) % 10), true
		}
	}
	for _, run := range unicode.Nd.R32 {
		if rune(run.Lo) <= r && r <= rune(run.Hi) {
			return byte((r - rune(run.Lo)) % 10), true
		}
	}
	return 0, false
}

// escaped reports whether the text may have escapes.
func (s *scrubber) escaped() bool { return bytes.ContainsAny(s.text, `&%\=`) }

// unescape is the character that an escape at the beginning of v means, and how long
// the escape is; 0 and 1 when there is none. Escapes are those of HTML, URLs, quoted
// printable text and of strings in JSON and C.
func unescape(v []byte) (rune, int) {
	number := func(from, most, base int) (rune, int) {
		n := 0
		for from+n < len(v) && n < most && (isHex(v[from+n]) && base == 16 || v[from+n]-'0' <= 9) {
			n++
		}
		r, err := strconv.ParseInt(string(v[from:from+n]), base, 32)
		if err != nil {
			return 0, 1
		}
		return rune(r), from + n
	}
	begins := func(prefix string) bool {
		return strings.HasPrefix(strings.ToLower(string(v[:min(len(v), 3)])), prefix)
	}
	r, n := rune(0), 1
	switch {
	case begins("&#x"):
		r, n = number(3, 6, 16)
	case begins("&#"):
		r, n = number(2, 7, 10)
	case begins(`\x`):
		r, n = number(2, 2, 16)
	case begins(`\u`):
		r, n = number(2, 4, 16)
	case begins("%"), begins("="):
		if r, n = number(1, 2, 16); n != 3 || r > '?' { // %B begins a track 1
			return 0, 1
		}
	}
	if v[0] == '&' && n > 1 && n < len(v) && v[n] == ';' {
		n++
	}
	return r, n
}

// scanHex finds digits that pairs of hexadecimal digits say, in ASCII (36) or EBCDIC
// (F6); from is with which of a run's digits the first pair begins, 0 or 1.
func (s *scrubber) scanHex(from int) {
	s.digits = s.digits[:0]
	for i := 0; i < len(s.text); i++ {
		begin := i
		for i < len(s.text) && isHex(s.text[i]) {
			i++
		}
		for at := begin + from; at+1 < i; at += 2 {
			if c := s.text[at]; (c == '3' || c|0x20 == 'f') && s.text[at+1]-'0' <= 9 {
				s.digits = append(s.digits, digit{s.text[at+1] - '0', at, at + 2})
			}
		}
	}
}

// scanLetters finds the digits with letters O that stand at a digit for 0, and reports
// whether there are any of these.
func (s *scrubber) scanLetters() (any bool) {
	s.digits = s.digits[:0]
	for i, c := range s.text {
		switch {
		case c-'0' <= 9:
			s.digits = append(s.digits, digit{c - '0', i, i + 1})
		case c|0x20 == 'o' && (len(s.digits) > 0 && s.digits[len(s.digits)-1].to == i || i+1 < len(s.text) && s.text[i+1]-'0' <= 9):
			any = true
			s.digits = append(s.digits, digit{0, i, i + 1})
		}
	}
	return any
}
