package dialect

import (
	"bytes"
	"encoding/base64"
	"slices"
)

// secretWords say that digits after them are a secret: what they are called, in
// capitals, UTF-8 or GBK, and how many digits there may be.
var secretWords = []struct {
	word        string
	least, most int
}{
	{"PIN", 4, 12}, {"PIN码", 4, 12}, {"PIN\xC2\xEB", 4, 12}, {"PASSWORD", 4, 12}, {"PASSWD", 4, 12}, {"PASSCODE", 4, 12}, {"PWD", 4, 12}, {"PW", 4, 12},
	{"密码", 4, 12}, {"\xC3\xDC\xC2\xEB", 4, 12}, {"口令", 4, 12}, {"\xBF\xDA\xC1\xEE", 4, 12},
	{"CVV", 3, 4}, {"CVV2", 3, 4}, {"CVC", 3, 4}, {"CVC2", 3, 4}, {"CVN", 3, 4}, {"CVN2", 3, 4},
	{"EXP", 4, 4}, {"EXPIRY", 4, 4}, {"EXPIRES", 4, 4}, {"EXPDATE", 4, 4}, {"EXP DATE", 4, 4}, {"EXPIRY DATE", 4, 4}, {"VALID THRU", 4, 4},
	{"有效期", 4, 4}, {"\xD3\xD0\xD0\xA7\xC6\xDA", 4, 4},
}

// keyWords say that hexadecimal digits after them are a key.
var keyWords = []string{"KEY", "TMK", "ZMK", "TPK", "TAK", "TDK", "TEK", "ZPK", "ZAK", "PEK", "MAK", "PIK", "LMK", "BDK", "IPEK", "KEK", "PIN BLOCK", "PINBLOCK",
	"密钥", "\xC3\xDC\xD4\xBF"}

// fillers stand between such a word and what it says.
var fillers = []string{" ", "\t", ":", "=", "#", "\"", "'", "-", ">", "(", "[", "：", "\xA3\xBA", "为", "\xCE\xAA", "是", "\xCA\xC7", "\xA1\xA1", "\u3000"}

// after reports whether a word, in capitals, and fillers stand at the end of
// before. A word in letters is a word of its own.
func after(before []byte, word string) bool {
	if !bytes.HasSuffix(before, []byte(word)) {
		return false
	}
	at := len(before) - len(word)
	return word[0] > 0x7F || at == 0 || before[at-1] < 'A' || before[at-1] > 'Z'
}

// before is the text before octet at, in capitals, without fillers at its end.
func (s *scrubber) before(at int) []byte {
	text := bytes.Clone(s.text[max(0, at-24):at])
	for i, c := range text { // bytes.ToUpper would change GBK
		if c-'a' <= 'z'-'a' {
			text[i] = c - 'a' + 'A'
		}
	}
	for trimmed := true; trimmed; {
		trimmed = false
		for _, f := range fillers {
			if rest, is := bytes.CutSuffix(text, []byte(f)); is {
				text, trimmed = rest, true
			}
		}
	}
	return text
}

// pin covers digits that a word says are a PIN, a password, a card's verification
// value or expiry.
func (s *scrubber) pin(from, to int) {
	n := to - from
	if n > 12 {
		return
	}
	text := s.before(s.digits[from].from)
	for _, w := range secretWords {
		if !after(text, w.word) && !(w.word == "PIN" && bytes.HasSuffix(text, []byte(w.word))) {
			continue
		}
		if n >= w.least && n <= w.most {
			s.cover(from, to)
		}
		if n == 2 && w.least == 4 && w.most == 4 && to+2 <= len(s.digits) && s.group(to) == 2 && s.digits[to].from-s.digits[to-1].to == 1 { // 12/49
			s.cover(from, to+2)
		}
	}
}

// key covers hexadecimal digits, at least 16, in groups too, that a word says are a
// key.
func (s *scrubber) key(i int) {
	if i > 0 && isHex(s.text[i-1]) {
		return
	}
	n, end := 0, i
	for k := i; k < len(s.text) && (isHex(s.text[k]) || (s.text[k] == ' ' || s.text[k] == '-') && n > 0 && k == end); k++ {
		if isHex(s.text[k]) {
			n, end = n+1, k+1
		}
	}
	if n < 16 {
		return
	}
	text := s.before(i)
	if slices.ContainsFunc(keyWords, func(w string) bool { return after(text, w) }) {
		s.blot(i, end)
	}
}

// hexText masks card numbers among hexadecimal digits of text, 36323235….
func (s *scrubber) hexText() {
	var digits []byte
	flush := func(end int) {
		begin := end - 2*len(digits)
		for i := 0; i+13 <= len(digits); i++ {
			for _, n := range schemeLengths(digits[i], digits[i+1]) {
				if i+n <= len(digits) && isPAN(n, func(k int) byte { return digits[i+k] }) {
					first, last := shownOfPAN(n)
					s.blot(begin+2*(i+first), begin+2*(i+n-last))
				}
			}
		}
		digits = digits[:0]
	}
	for from := range 2 {
		i := from
		for ; i+1 < len(s.text); i += 2 {
			if s.text[i] == '3' && s.text[i+1]-'0' <= 9 {
				digits = append(digits, s.text[i+1]-'0')
			} else {
				flush(i)
			}
		}
		flush(i)
	}
}

// base64 covers words that are base64 of text with something to scrub.
func (s *scrubber) base64() {
	inWord := func(c byte) bool {
		return c-'0' <= 9 || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '+' || c == '/'
	}
	for i := 0; i < len(s.text); i++ {
		n := 0
		for i+n < len(s.text) && inWord(s.text[i+n]) {
			n++
		}
		if n >= 18 && n%4 != 1 {
			plain, err := base64.RawStdEncoding.DecodeString(string(s.text[i : i+n]))
			if err == nil && !bytes.ContainsFunc(plain, func(r rune) bool { return r < ' ' || r > '~' }) && !bytes.Equal(scrubPlain(plain), plain) {
				s.blot(i, i+n)
			}
		}
		i += n
	}
}

func scrubPlain(v []byte) []byte {
	s := scrubber{text: v, out: bytes.Clone(v)}
	s.all()
	return s.out
}
