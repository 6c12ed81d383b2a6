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
		end := from
		for next := to; next-from <= w.most; next += s.group(next) {
			if next-from >= w.least {
				end = next
			}
			if next == len(s.digits) || !s.apart(next) {
				break
			}
		}
		s.cover(from, end)
	}
}

// wordy reports whether a text has letters at all.
func wordy(text []byte) bool {
	for _, c := range text {
		if c >= 'A' {
			return true
		}
	}
	return false
}

// key covers hexadecimal digits, at least 16, in groups too, that a word says are a
// key.
func (s *scrubber) key(i int) {
	if i > 0 && isHex(s.text[i-1]) {
		return
	}
	if n, _ := s.hexDigits(i, 16); n < 16 {
		return
	}
	text := s.before(i)
	if slices.ContainsFunc(keyWords, func(w string) bool { return after(text, w) }) {
		_, end := s.hexDigits(i, len(s.text))
		s.blot(i, end)
	}
}

// hexDigits is how many hexadecimal digits, in groups too, begin with octet i, at most
// so many, and where they end.
func (s *scrubber) hexDigits(i, most int) (n, end int) {
	end = i
	for k := i; k < len(s.text) && n < most && (isHex(s.text[k]) || (s.text[k] == ' ' || s.text[k] == '-') && n > 0 && k == end); k++ {
		if isHex(s.text[k]) {
			n, end = n+1, k+1
		}
	}
	return n, end
}

// hexText masks what is known and card numbers among digits that hexadecimal digits
// of text say, 36323235….
func (s *scrubber) hexText() {
	for i, n := 0, 0; s.of <= sentence && i < len(s.digits); i += n {
		n = s.group(i)
		s.within(i, i+n)
	}
	if s.known != nil {
		s.secrets()
	}
}

// base64 covers words that are base64 of text with something to scrub.
func (s *scrubber) base64() {
	inWord := func(c byte) bool {
		return c-'0' <= 9 || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '+' || c == '/'
	}
	var room [96]byte
	for i := 0; i < len(s.text); i++ {
		n := 0
		for i+n < len(s.text) && inWord(s.text[i+n]) {
			n++
		}
		for from := i; from < i+4 && i+n-from >= 8; from++ { // it may follow other letters
			word := s.text[from : i+n]
			if len(word)%4 == 1 {
				word = word[:len(word)-1]
			}
			plain := append(room[:0], make([]byte, base64.RawStdEncoding.DecodedLen(len(word)))...)
			if _, err := base64.RawStdEncoding.Decode(plain, word); err == nil && s.hasSecret(plain) {
				s.blot(from, i+n)
				break
			}
		}
		i += n
	}
}

// hasSecret reports whether there is something to scrub in the ASCII of what a word
// says, which may be little of it.
func (s *scrubber) hasSecret(plain []byte) bool {
	text := 0
	for i, c := range plain {
		if c >= ' ' && c <= '~' {
			text++
		} else {
			plain[i] = 0
		}
	}
	if text < pinDigits {
		return false
	}
	in := scrubber{text: plain, of: s.of, known: s.known, wordy: true}
	in.all()
	return in.out != nil
}
