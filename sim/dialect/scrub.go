package dialect

import (
	"bytes"
	"slices"
	"sync"
	"unicode/utf8"
)

// Hosts put card numbers, tracks and PINs into texts where none belong. The
// scrubber finds them by their shape, in whatever text is shown of a message:
//
//   - 13 to 19 digits that pass the Luhn check, together or in groups with one
//     blank or hyphen between; of those that begin with 62 (UnionPay) 16 to 19
//     whether they pass or not
//   - those of the large schemes in groups with one of . / _ or two blanks between too,
//     and in groups as on cards whatever character is between, a line's end among them
//   - within other runs of digits, what begins as card numbers of the large
//     schemes do, has their length and passes the check
//   - a card number with what follows it on track 1 or 2, in groups too
//   - digits after words such as PIN, PW, 密码, CVV2, EXP, in groups too, and 16 or
//     more hexadecimal digits after such as TMK, KEY, 密钥
//   - 16, 32 or 48 hexadecimal characters: a PIN block, a key
//
// and by what is known of the cards ([Secrets]). Digits are read in each of these
// forms: as they are, full-width, circled, Chinese or of another script (see
// digitOf); as escapes, &#54; %36 \x36; as hexadecimal digits of text, 3632; and
// words that are base64 of a text with any of this. Those of known cards are read
// backwards and with the letter O for 0 too.
//
// What is found becomes asterisks, but for the digits that [MaskPAN] shows.

// context is what a text is of, and so how much of it is sought.
type context uint8

const (
	freeText context = iota // a field that may hold anything
	sentence                // of people, or about messages: a known PIN may as well be a trace number in it
	octets                  // a whole message, in which fields of digits stand one after the other
	element                 // a field with a form of its own: nothing is told by its shape alone
	amounts                 // an element with amounts and counts one after the other
)

// scrub is v with what must not be shown as asterisks, octet for octet; v itself when
// there is nothing. starts are where parts of it begin.
func (k *Secrets) scrub(v []byte, of context, starts ...int) []byte {
	if len(v) < 4 || of >= element && len(v) < dataDigits && !wordy(v) {
		return v
	}
	s := scrubbers.Get().(*scrubber)
	defer scrubbers.Put(s)
	s.text, s.out, s.of, s.known, s.starts = v, nil, of, k.known(), starts
	if s.wordy = wordy(v); !s.wordy && of >= element && k == nil {
		return v
	}
	s.all()
	if of != octets && s.wordy {
		s.base64()
	}
	if s.out == nil {
		return v
	}
	return s.out
}

// scrubbers are not in use, each with room for digits.
var scrubbers = sync.Pool{New: func() any { return new(scrubber) }}

// all covers what is found in each reading of the text.
func (s *scrubber) all() {
	s.scan(false)
	s.read()
	if s.swallowed {
		s.scanOctets()
		s.read()
	}
	if s.of == octets {
		return
	}
	if s.of <= sentence {
		s.hex()
	}
	if s.escaped() {
		s.scan(true)
		s.read()
	}
	for from := range 2 {
		if len(s.text) < 2*pinDigits || s.of >= element && len(s.text) < 2*dataDigits {
			break // too few
		}
		if s.scanHex(from); len(s.digits) >= pinDigits {
			s.hexText()
		}
	}
	if s.known != nil && s.wordy && s.scanLetters() {
		s.secrets()
	}
}

// read covers what is found among the digits.
func (s *scrubber) read() {
	if len(s.digits) < 3 {
		return
	}
	for i, n := 0, 0; i < len(s.digits); i += n {
		n = s.group(i)
		if s.wordy {
			s.pin(i, i+n)
		}
		if s.of >= element {
			continue
		}
		s.run(i, i+n)
		s.track(i, i+n)
	}
	if s.of <= sentence {
		s.grouped()
	}
	if s.known != nil {
		s.secrets()
	}
}

type scrubber struct {
	text, out []byte // out is nil as long as nothing is found
	of        context
	known     *Secrets // nil for none
	wordy     bool
	swallowed bool    // a character of the reading has digits for octets
	digits    []digit // of the present reading
	starts    []int   // of parts of the text
	capitals  [48]byte
}

// digit is one decimal digit of the text: its value, and the octets it has.
type digit struct {
	value    byte
	from, to int
}

// group is how many digits from number i on stand together.
func (s *scrubber) group(i int) int {
	n := 1
	for i+n < len(s.digits) && s.digits[i+n].from == s.digits[i+n-1].to {
		n++
	}
	return n
}

// cover makes digits from..to, to not included, asterisks.
func (s *scrubber) cover(from, to int) {
	for _, d := range s.digits[from:to] {
		s.blot(d.from, d.to)
	}
}

func (s *scrubber) blot(from, to int) {
	if s.out == nil {
		s.out = bytes.Clone(s.text)
	}
	for i := from; i < to; i++ {
		s.out[i] = '*'
	}
}

// mask covers the digits of a PAN that MaskPAN does not show.
func (s *scrubber) mask(from, to int) {
	first, last := shownOfPAN(to - from)
	s.cover(from+first, to-last)
}

// run masks digits that stand together and are a card number, or hold one.
func (s *scrubber) run(from, to int) {
	if n := to - from; n >= 13 && n <= 19 && s.isPAN(from, to) {
		s.mask(from, to)
		return
	}
	for i := from; s.of == octets && i+15 <= to; i++ {
		n := int(s.digits[i].value)*10 + int(s.digits[i+1].value)
		if first := s.digits[i+2].value; n >= 13 && n <= 19 && i+2+n <= to && first >= 2 && first <= 6 && s.isPAN(i+2, i+2+n) {
			s.mask(i+2, i+2+n)
		}
	}
	if s.of != octets {
		s.within(from, to)
	}
}

// within masks what looks like a card number of the large schemes in a run of digits.
func (s *scrubber) within(from, to int) {
	for i := from; i+13 <= to; i++ {
		for _, n := range schemeLengths(s.digits[i].value, s.digits[i+1].value) {
			if i+n <= to && s.isPAN(i, i+n) {
				s.mask(i, i+n)
			}
		}
	}
}

// grouped masks card numbers written in groups, 6225 8800 0000 5678.
func (s *scrubber) grouped() {
	for from := 0; from < len(s.digits); from += s.group(from) {
		to := from + s.group(from)
		same := s.text[s.digits[to-1].to:]
		wide := false // there is one of what stands between figures, too
		for blanks := true; to < len(s.digits) && to-from <= 19 && (s.apart(to) || s.apartWidely(to)) && (s.apartByBlank(to) || same[0] == s.text[s.digits[to-1].to]); {
			blanks, wide = blanks && s.apartByBlank(to), wide || s.apartWidely(to)
			to += s.group(to)
			n := to - from
			if n < 13 || n > 19 || !s.isPAN(from, to) || wide && !s.inFours(from, to) {
				continue
			}
			if blanks || slices.Contains(schemeLengths(s.digits[from].value, s.digits[from+1].value), n) {
				s.mask(from, to)
				s.trackData(to)
			}
		}
	}
}

// apart reports whether what people put between groups of a card number stands
// before digit i, once or twice.
func (s *scrubber) apart(i int) bool {
	gap := s.text[s.digits[i-1].to:s.digits[i].from]
	return slices.Contains(gaps, string(gap))
}

var gaps = []string{" ", "-", ".", "/", "_", "  ", "--", " -", "- ", "\u00a0", "\u3000", "\xA1\xA1"}

// apartWidely reports whether what also stands between figures stands before digit i: one
// character that is no letter, or the end of a line.
func (s *scrubber) apartWidely(i int) bool {
	gap := s.text[s.digits[i-1].to:s.digits[i].from]
	one := len(gap) == 1 || string(gap) == "\r\n" || len(gap) > 1 && len(gap) < utf8.UTFMax && gap[0] >= utf8.RuneSelf
	return one && !s.apart(i) && !isWordOctet(gap[0])
}

// inFours reports whether digits are in groups as they are on cards: of four, or 4, 6 and the
// rest.
func (s *scrubber) inFours(from, to int) bool {
	if s.group(from) != 4 {
		return false
	}
	if to-from <= 15 && s.group(from+4) == 6 {
		return from+10 < to && from+10+s.group(from+10) == to
	}
	for i := from; i < to; i += s.group(i) {
		if n := s.group(i); n > 4 || n < 4 && i+n < to {
			return false
		}
	}
	return true
}

// apartByBlank reports whether one blank or hyphen stands before digit i.
func (s *scrubber) apartByBlank(i int) bool {
	gap := s.text[s.digits[i-1].to:s.digits[i].from]
	return len(gap) == 1 && (gap[0] == ' ' || gap[0] == '-')
}

// hex covers what may be a PIN block or a key in hexadecimal characters.
func (s *scrubber) hex() {
	for i := 0; i < len(s.text); {
		n, letters := 0, 0
		for i+n < len(s.text) && isHex(s.text[i+n]) {
			if s.text[i+n] > '9' {
				letters++
			}
			n++
		}
		if (n == 16 || n == 32 || n == 48) && letters > 0 && letters < n {
			s.blot(i, i+n)
		} else if end := s.hexGroups(i, n); end > 0 {
			s.blot(i, end)
			n = end - i
		} else if n > 0 {
			s.key(i)
		}
		i += n + 1
	}
}

func isHex(c byte) bool { return c-'0' <= 9 || c|0x20 >= 'a' && c|0x20 <= 'f' }

func (s *scrubber) isPAN(from, to int) bool {
	return isPAN(to-from, func(i int) byte { return s.digits[from+i].value })
}

// isPAN reports whether n digits, 13 to 19, may be a card number: by their check
// digit (ISO/IEC 7812-1, annex B), which zeros alone do not have, or as one of
// UnionPay.
func isPAN(n int, digit func(i int) byte) bool {
	if n >= 16 && digit(0) == 6 && digit(1) == 2 {
		return true
	}
	return luhn(n, digit)
}

// luhn reports whether the last of n digits, which are not all zeros, checks the others.
func luhn(n int, digit func(i int) byte) bool {
	sum, any := 0, byte(0)
	for i := range n {
		d := digit(n - 1 - i)
		any |= d
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += int(d)
	}
	return any != 0 && sum%10 == 0
}

// schemeLengths are the lengths of card numbers that begin with two digits, of
// schemes that issue many.
func schemeLengths(a, b byte) []int {
	switch {
	case a == 6: // UnionPay, Discover, Maestro
		return []int{16, 17, 18, 19}
	case a == 4: // Visa
		return []int{16, 19, 13}
	case a == 5 && b >= 1 && b <= 5, a == 2 && b >= 2 && b <= 7, a == 3 && b == 5: // Mastercard, JCB
		return []int{16}
	case a == 3 && (b == 4 || b == 7): // American Express
		return []int{15}
	case a == 3 && (b == 0 || b == 6 || b == 8): // Diners
		return []int{14}
	}
	return nil
}
