package profile

import (
	"regexp"

	"github.com/posfleet/posfleet/sim/strict"
)

// A Range is card numbers known to be nobody's: those that begin with Prefix.
type Range struct {
	Name   string
	Prefix string // 6 to 19 digits
}

// TestRanges are the ranges that every profile may use. The whole numbers are
// those that payment services publish for testing (docs/profile.md).
func TestRanges() []Range {
	return []Range{
		{"posfleet's bundled cards", "62250000"},
		{"no issuer: 9 is national, 999 no country (ISO/IEC 7812-1)", "9999"},
		{"UnionPay test card", "6200000000000005"},
		{"UnionPay test card, 19 digits", "6205500000000000004"},
		{"UnionPay test cards of Worldline", "62509300000000"},
		{"UnionPay sandbox, debit", "6216261000000000018"},
		{"UnionPay sandbox, debit", "6226090000000048"},
		{"Visa test card", "4111111111111111"},
		{"Visa test card", "4012888888881881"},
		{"Visa test card", "4242424242424242"},
		{"Mastercard test card", "5555555555554444"},
		{"Mastercard test card", "5105105105105100"},
		{"Mastercard test card", "2223003122003222"},
		{"American Express test card", "378282246310005"},
		{"American Express test card", "371449635398431"},
		{"JCB test card", "3566002020360505"},
		{"JCB test card", "3530111333300000"},
		{"Discover test card", "6011111111111117"},
		{"Diners Club test card", "30569309025904"},
	}
}

// ranges gives the test ranges that cards may be in: everybody's and those
// that the file names.
func (r reader) ranges(v strict.Value) []Range {
	all := TestRanges()
	if !v.Given() {
		return all
	}
	r.List(v, func(v strict.Value) {
		var own Range
		found := r.Map(v, strict.Table{
			"name":   r.Text(&own.Name),
			"prefix": r.Match(&own.Prefix, regexp.MustCompile(`^\d{6,19}$`), "the 6 to 19 digits that its card numbers begin with"),
		})
		r.Need(v, found, "name", "prefix")
		if own.Prefix != "" {
			all = append(all, own)
		}
	})
	return all
}

// inRange reports whether a succession of card numbers, from first to last, is
// all inside one of the ranges.
func inRange(ranges []Range, first, last string) bool {
	for _, r := range ranges {
		if n := len(r.Prefix); len(first) >= n && first[:n] == r.Prefix && last[:n] == r.Prefix {
			return true
		}
	}
	return false
}
