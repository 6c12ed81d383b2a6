package dialect

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// secretWord says that digits after it are a secret: what it is called, in capitals, UTF-8 or
// GBK, and how many digits there may be.
type secretWord struct {
	word        string
	least, most int
}

// secretWords are by their last octet, by which texts are looked up.
var secretWords = byLastOctet(
	secretNames{4, 12, []string{"PIN", "PINS", "P.I.N", "PINCODE", "PIN码", "PASSWORD", "PASSWORDS", "PASSWD", "PASSWRD", "PASSCODE", "PASS", "PSWD", "PWD", "PW",
		"OTP", "密码", "密碼", "口令", "验证码", "動態碼", "动态码"}},
	secretNames{3, 4, []string{"CVV", "CVV2", "CVC", "CVC2", "CVN", "CVN2", "CAV", "CAV2", "CSC", "CID", "SECURITY CODE", "CARD CODE", "VERIFICATION VALUE", "VERIFICATION CODE", "安全码", "安全碼"}},
	secretNames{4, 6, []string{"EXP", "EXPIRY", "EXPIRES", "EXPIRATION", "EXPDATE", "EXP DATE", "EXPIRY DATE", "EXPIRATION DATE", "VALID THRU", "VALID UNTIL", "GOOD THRU", "有效期", "有效期至", "到期日"}},
)

type secretNames struct {
	least, most int
	words       []string
}

func byLastOctet(all ...secretNames) (by [256][]secretWord) {
	for _, of := range all {
		for _, word := range of.words {
			gbk, err := simplifiedchinese.GBK.NewEncoder().String(word)
			if err != nil {
				panic(word)
			}
			for _, form := range slices.Compact([]string{word, gbk}) {
				last := form[len(form)-1]
				by[last] = append(by[last], secretWord{form, of.least, of.most})
			}
		}
	}
	return by
}

// keyWords say that hexadecimal digits after them are a key.
var keyWords = []string{"KEY", "TMK", "ZMK", "TPK", "TAK", "TDK", "TEK", "ZPK", "ZAK", "PEK", "MAK", "PIK", "LMK", "BDK", "IPEK", "KEK", "PIN BLOCK", "PINBLOCK",
	"密钥", "\xC3\xDC\xD4\xBF"}

// fillers stand between such a word and what it says.
var fillers = []string{" ", ":", "=", "#", "\"", "'", "-", ">", "(", "[", "：", "\xA3\xBA", "为", "\xCE\xAA", "是", "\xCA\xC7", "\xA1\xA1", "\u3000"}

// fillerWords do so, too, as words of their own: PIN-Code: 1234, PIN was 1234.
var fillerWords = []string{"IS", "WAS", "ARE", "CODE", "NO", "NO.", "NUMBER", "VALUE"}

// after reports whether a word, in capitals, stands at the end of what is before octet at. A
// word in letters is a word of its own, or begins a part of the field.
func (s *scrubber) after(before []byte, from int, word string) bool {
	if len(before) < len(word) || string(before[len(before)-len(word):]) != word {
		return false
	}
	at := len(before) - len(word)
	return word[0] > 0x7F || at == 0 || !isCapital(before[at-1]) || slices.Contains(s.starts, from+at)
}

func isCapital(c byte) bool { return c-'A' <= 'Z'-'A' }

// before is the text before octet at, in capitals, without fillers at its end, and the octet
// that it begins with.
func (s *scrubber) before(at int) (text []byte, from int) {
	from = max(0, at-len(s.capitals))
	text = s.capitals[:copy(s.capitals[:], s.text[from:at])]
	for i, c := range text { // bytes.ToUpper would change GBK
		if c-'a' <= 'z'-'a' {
			text[i] = c - 'a' + 'A'
		}
	}
	for trimmed := true; trimmed; {
		trimmed = false
		for len(text) > 0 && text[len(text)-1] < ' ' { // the end of a line, padding
			text, trimmed = text[:len(text)-1], true
		}
		for _, f := range fillers {
			if n := len(text) - len(f); n >= 0 && string(text[n:]) == f {
				text, trimmed = text[:n], true
			}
		}
		for _, w := range fillerWords {
			if n := len(text) - len(w); n > 0 && string(text[n:]) == w && !isCapital(text[n-1]) && !s.isWord(text, from) {
				text, trimmed = text[:n], true
			}
		}
	}
	return text, from
}

// isWord reports whether a secret's word ends a text: EXPIRY DATE, SECURITY CODE.
func (s *scrubber) isWord(text []byte, from int) bool {
	return slices.ContainsFunc(secretWords[text[len(text)-1]], func(w secretWord) bool { return s.after(text, from, w.word) })
}

// pin covers digits that a word says are a PIN, a password, a card's verification
// value or expiry.
func (s *scrubber) pin(from, to int) {
	n := to - from
	if n > 12 {
		return
	}
	text, begin := s.before(s.digits[from].from)
	if len(text) == 0 {
		return
	}
	for _, w := range secretWords[text[len(text)-1]] {
		if !s.after(text, begin, w.word) && !(w.word == "PIN" && bytes.HasSuffix(text, []byte(w.word))) {
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
	text, begin := s.before(i)
	if slices.ContainsFunc(keyWords, func(w string) bool { return s.after(text, begin, w) }) {
		_, end := s.hexDigits(i, len(s.text))
		s.blot(i, end)
	}
}

// guid is how 16 octets are written, too.
var guid = strings.Split("00000000-0000-0000-0000-000000000000", "-")

// hexGroups is where groups of hexadecimal digits end, of which n digits from octet i on are the
// first, that are a PIN block or a key: 16, 32 or 48 of them, letters among them, in groups
// of one length or as a GUID. 0 for none.
func (s *scrubber) hexGroups(i, n int) (end int) {
	if n < 2 || n > secretLen || n&(n-1) != 0 || i > 0 && isWordOctet(s.text[i-1]) && !slices.Contains(s.starts, i) || i+n >= len(s.text) || s.text[i+n] >= utf8.RuneSelf || isWordOctet(s.text[i+n]) {
		return 0
	}
	separator, digits, letters, all := s.text[i+n], 0, 0, 0
	asGUID := true
	for group, at := 0, i; ; group++ {
		k := at
		for k < len(s.text) && isHex(s.text[k]) {
			if s.text[k] > '9' {
				letters++
			} else {
				digits++
			}
			k++
		}
		asGUID = asGUID && group < len(guid) && k-at == len(guid[group])
		if k-at != n && !asGUID || k < len(s.text) && isWordOctet(s.text[k]) {
			break
		}
		all, end = all+k-at, k
		if k+1 >= len(s.text) || s.text[k] != separator || asGUID && group+1 == len(guid) {
			break
		}
		at = k + 1
	}
	if (all == 16 || all == 32 || all == 48) && letters > 0 && digits > 0 {
		return end
	}
	return 0
}

func isWordOctet(c byte) bool { return c-'0' <= 9 || c|0x20 >= 'a' && c|0x20 <= 'z' }

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
		if s.of <= sentence && s.keyInBase64(i, i+n) {
			s.blot(i, i+n)
			i += n
			continue
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

// keyInBase64 reports whether a word is base64 of a PIN block or a key: of its length, with its
// padding, and at random.
func (s *scrubber) keyInBase64(from, to int) bool {
	pad := 0
	for to+pad < len(s.text) && s.text[to+pad] == '=' && pad < 3 {
		pad++
	}
	n := to - from
	octets := base64.RawStdEncoding.DecodedLen(n)
	if octets%secretLen != 0 || octets > 4*secretLen || n+pad != base64.StdEncoding.EncodedLen(octets) || n < base64.RawStdEncoding.EncodedLen(secretLen) || to+pad < len(s.text) && isWordOctet(s.text[to+pad]) {
		return false
	}
	small, capital, other := 0, 0, 0
	for _, c := range s.text[from:to] {
		switch {
		case c >= 'a':
			small++
		case isCapital(c):
			capital++
		default:
			other++
		}
	}
	return small > 1 && capital > 1 && other > 0
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
