package host

import (
	"github.com/posfleet/posfleet/sim/profile"
)

// panOf is the number of the k-th card of a range: the account number counts
// on, the check digit is each card's own.
func panOf(c *profile.Card, k int) string {
	if k == 0 || len(c.PAN) < 2 {
		return c.PAN
	}
	body := []byte(c.PAN[:len(c.PAN)-1])
	count(body, k)
	return string(append(body, luhn(body)))
}

// codeOf is the payment code of the k-th card of a range.
func codeOf(c *profile.Card, k int) string {
	code := []byte(c.Code)
	count(code, k)
	return string(code)
}

// count adds k to a decimal number.
func count(digits []byte, k int) {
	for i := len(digits) - 1; i >= 0 && k > 0; i-- {
		k += int(digits[i] - '0')
		digits[i] = '0' + byte(k%10)
		k /= 10
	}
}

// luhn is the check digit of a number (ISO/IEC 7812-1).
func luhn(body []byte) byte {
	sum := 0
	for i := range body {
		d := int(body[len(body)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return '0' + byte((10-sum%10)%10)
}
