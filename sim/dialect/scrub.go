package dialect

import (
	"bytes"
	"slices"
)

// Hosts put card numbers, tracks and PINs into texts where none belong. The
// scrubber finds them by their shape, in whatever text is shown of a message:
//
//   - 13 to 19 digits that pass the Luhn check, together or in groups with one
//     blank or hyphen between; full-width digits too; of those that begin with 62
//     (UnionPay) 16 to 19 whether they pass or not
//   - those of the large schemes in groups with one of . / _ or two blanks between too,
//     and as hexadecimal digits of text, 36323235…
//   - within other runs of digits, what begins as card numbers of the large
//     schemes do, has their length and passes the check
//   - a card number with what follows it on track 1 or 2
//   - digits after words such as PIN, PW, 密码, CVV2, EXP, and 16 or more
//     hexadecimal digits after such as TMK, KEY, 密钥
//   - 16, 32 or 48 hexadecimal characters: a PIN block, a key
//   - words that are base64 of a text with any of these
//
// What is found becomes asterisks, but for the digits that [MaskPAN] shows.

// scrub is v with what must not be shown as asterisks, octet for octet.
func scrub(v []byte) []byte {
	return scrubText(v, false)
}

// scrubText scrubs text; raw is that of a whole message, in which fields of
// digits stand one after the other.
func scrubText(v []byte, raw bool) []byte {
	if len(v) < 4 {
		return v
	}
	s := scrubber{text: v, out: bytes.Clone(v), raw: raw}
	s.all()
	if !raw {
		s.base64()
	}
	return s.out
}

func (s *scrubber) all() {
	s.scan()
	for i, n := 0, 0; i < len(s.digits); i += n {
		n = s.group(i)
		s.run(i, i+n)
		s.track(i, i+n)
		s.pin(i, i+n)
	}
	if !s.raw {
		s.grouped()
		s.hex()
		s.hexText()
	}
}

type scrubber struct {
	text, out []byte
	digits    []digit
	raw       bool
}

// digit is one decimal digit of the text: its value, and the octets it has.
type digit struct {
	value    byte
	from, to int
}

// scan finds the digits, ASCII and full-width ones of GBK (A3B0 to A3B9) and UTF-8
// (EFBC90 to EFBC99).
func (s *scrubber) scan() {
	for i := 0; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c-'0' <= 9:
			s.digits = append(s.digits, digit{c - '0', i, i + 1})
		case c == 0xEF && i+2 < len(s.text) && s.text[i+1] == 0xBC && s.text[i+2]-0x90 <= 9:
			s.digits = append(s.digits, digit{s.text[i+2] - 0x90, i, i + 3})
			i += 2
		case c >= 0x81 && i+1 < len(s.text) && s.text[i+1] >= 0x40:
			if low := s.text[i+1]; c == 0xA3 && low >= 0xB0 && low <= 0xB9 {
				s.digits = append(s.digits, digit{low - 0xB0, i, i + 2})
			}
			i++
		}
	}
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
	for i := from; s.raw && i+15 <= to; i++ {
		n := int(s.digits[i].value)*10 + int(s.digits[i+1].value)
		if first := s.digits[i+2].value; n >= 13 && n <= 19 && i+2+n <= to && first >= 2 && first <= 6 && s.isPAN(i+2, i+2+n) {
			s.mask(i+2, i+2+n)
		}
	}
	for i := from; !s.raw && i+13 <= to; i++ {
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
		for blanks := true; to < len(s.digits) && to-from <= 19 && s.apart(to) && (s.apartByBlank(to) || same[0] == s.text[s.digits[to-1].to]); {
			blanks = blanks && s.apartByBlank(to)
			to += s.group(to)
			n := to - from
			if n < 13 || n > 19 || !s.isPAN(from, to) {
				continue
			}
			if blanks || slices.Contains(schemeLengths(s.digits[from].value, s.digits[from+1].value), n) {
				s.mask(from, to)
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

var gaps = []string{" ", "-", ".", "/", "_", "  ", "--", " -", "- ", "\u3000", "\xA1\xA1"}

// apartByBlank reports whether one blank or hyphen stands before digit i.
func (s *scrubber) apartByBlank(i int) bool {
	gap := s.text[s.digits[i-1].to:s.digits[i].from]
	return len(gap) == 1 && (gap[0] == ' ' || gap[0] == '-')
}

// track masks a card number and all that follows it on a track: after = or D
// digits, after ^ a name, ^ and digits.
func (s *scrubber) track(from, to int) {
	if n := to - from; n < 12 || s.digits[to-1].to == len(s.text) {
		return
	}
	at := s.digits[to-1].to
	end := at + 1
	switch s.text[at] {
	case '=':
	case 'D', 'd': // a hexadecimal digit too: only after a card number
		n := 19
		for n > 12 && (n > to-from || !s.isPAN(to-n, to) || !slices.Contains(schemeLengths(s.digits[to-n].value, s.digits[to-n+1].value), n)) {
			n--
		}
		if n == 12 || !isMonth(s.text[end:]) {
			return
		}
		from = to - n
	case '^':
		name := bytes.IndexByte(s.text[end:], '^')
		if name < 0 || name > 40 {
			return
		}
		end += name + 1
	default:
		return
	}
	data := end
	for end < len(s.text) && (s.text[end]-'0' <= 9 || s.text[end] == '=') {
		end++
	}
	if end-data < 4 {
		return
	}
	if from < to-19 {
		from = to - 19
	}
	s.mask(from, to)
	s.blot(at+1, end)
}

// isMonth reports whether a track's expiry, YYMM, has a month.
func isMonth(v []byte) bool {
	if len(v) < 4 {
		return false
	}
	month := int(v[2]-'0')*10 + int(v[3]-'0')
	return month >= 1 && month <= 12
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

// scrubs reports whether field f is a text that may hold anything: what ISO
// 8583 leaves to agreement and additional response data, but for packed digits
// and amounts.
func (d *Dialect) scrubs(f int, v []byte) bool {
	if !private(f) && f != 44 || d.packedDigits(f) {
		return false
	}
	amounts := f == 54 && len(v) >= 20 && len(v)%20 == 0 && (v[7] == 'C' || v[7] == 'D')
	return !amounts
}
