package profile

import (
	"strconv"

	"github.com/posfleet/posfleet/sim/wire"
)

// consecutive writes count numbers of the width of first one after another:
// first, the next, … With a check digit the digits before it count up, and
// each number's check digit is as far off the right one as first's.
func consecutive(first string, count int, check bool) []byte {
	n := len(first)
	if n == 0 {
		return nil
	}
	off := byte(0)
	if check {
		off = first[n-1] - CheckDigit(first[:n-1]) + 10
		n--
	}
	start := wire.Uint([]byte(first[:min(n, 18)]))
	head := ""
	if n > 18 { // more than wire.Uint reads: count in the last 18 digits
		head, start = first[:n-18], wire.Uint([]byte(first[n-18:n]))
	}
	out := make([]byte, 0, count*len(first))
	for i := range count {
		from := len(out)
		out = append(out, head...)
		out = out[:from+n]
		wire.PutUint(out[from+len(head):], start+uint64(i))
		if check {
			out = append(out, '0'+(CheckDigit(string(out[from:]))-'0'+off)%10)
		}
	}
	return out
}

// CheckDigit is the Luhn check digit that completes a card number, of which
// account is all digits but the last (ISO/IEC 7812-1, annex B).
func CheckDigit(account string) byte {
	sum := 0
	for i := len(account) - 1; i >= 0; i-- {
		d := int(account[i] - '0')
		if (len(account)-i)&1 == 1 { // every second one, from the right
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return '0' + byte((10-sum%10)%10)
}

// Luhn reports whether a card number is digits that end in their check digit.
func Luhn(pan string) bool {
	n := len(pan)
	return n > 1 && digits(pan) && CheckDigit(pan[:n-1]) == pan[n-1]
}

// digits reports whether s is decimal digits and nothing else.
func digits(s string) bool {
	for i := range len(s) {
		if s[i]-'0' > 9 {
			return false
		}
	}
	return s != ""
}

// fitsWidth reports whether count numbers from first on keep its width.
func fitsWidth(first string, count int, check bool) bool {
	if check {
		first = first[:len(first)-1]
	}
	if len(first) > 18 {
		first = first[len(first)-18:]
	}
	n, err := strconv.ParseUint(first, 10, 64)
	room := uint64(1)
	for range first {
		room *= 10
	}
	return err == nil && n+uint64(count)-1 < room
}
