package dialect

import (
	"bytes"
	"slices"
)

// track masks a card number and all that follows it on a track: after = or D
// digits, after ^ a name, ^ and digits.
func (s *scrubber) track(from, to int) {
	if to-from < 12 || s.digits[to-1].to == len(s.text) {
		return
	}
	if c := s.text[s.digits[to-1].to]; c|0x20 == 'd' { // a hexadecimal digit too: only after a card number
		n := 19
		for n > 12 && (n > to-from || !s.isPAN(to-n, to) || !slices.Contains(schemeLengths(s.digits[to-n].value, s.digits[to-n+1].value), n)) {
			n--
		}
		if n == 12 {
			return
		}
		from = to - n
	}
	if s.trackData(to) {
		s.mask(max(from, to-19), to)
	}
}

// longestTrack is how many digits the longest track has, the third (ISO/IEC 4909).
const longestTrack = 107

// trackData covers what follows on a track the card number whose last digit is before
// number to: expiry, service code and discretionary data, in groups too.
func (s *scrubber) trackData(to int) bool {
	at := s.digits[to-1].to
	for at < len(s.text) && s.text[at] == ' ' {
		at++
	}
	begin, ok := s.separated(at, to)
	if !ok {
		return false
	}
	end, n := begin, 0
	for i := to; i < len(s.digits) && n < longestTrack; i++ {
		d := s.digits[i]
		if d.from < begin {
			continue // of a name
		}
		if gap := s.text[end:d.from]; len(gap) > 0 && string(gap) != "=" && !slices.Contains(gaps, string(gap)) {
			break
		}
		end, n = d.to, n+1
	}
	if n < 4 {
		return false
	}
	for end < len(s.text) && s.text[end] == '=' {
		end++
	}
	if s.text[at] == '^' {
		begin = at + 1
	}
	s.blot(begin, end)
	return true
}

// separated is where the data begin that what stands at octet at separates from the
// card number before digit to.
func (s *scrubber) separated(at, to int) (begin int, ok bool) {
	rest := s.text[at:]
	switch {
	case len(rest) == 0:
	case rest[0] == '=':
		return at + 1, true
	case rest[0] == 'D', rest[0] == 'd':
		return at + 1, s.isExpiry(to)
	case rest[0] == '^':
		name := bytes.IndexByte(rest[1:min(len(rest), 42)], '^')
		return at + 1 + name + 1, name >= 0
	}
	for _, equals := range []string{"＝", "\xA3\xBD"} {
		if bytes.HasPrefix(rest, []byte(equals)) {
			return at + len(equals), true
		}
	}
	return 0, false
}

// isExpiry reports whether a track's expiry, YYMM, which digit i begins, has a month.
func (s *scrubber) isExpiry(i int) bool {
	if i+4 > len(s.digits) {
		return false
	}
	month := s.digits[i+2].value*10 + s.digits[i+3].value
	return month >= 1 && month <= 12
}
