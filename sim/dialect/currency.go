package dialect

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/sim/strict"
)

var currencyShape = regexp.MustCompile(`^\d{3}$`)

// exponents are how many decimals the minor unit of a currency is, by its number,
// where these are not two. Source: ISO 4217, list one.
var exponents = map[string]int{
	"108": 0, "152": 0, "262": 0, "324": 0, "352": 0, "392": 0, "410": 0, "548": 0, "600": 0, "646": 0, "704": 0, "800": 0, "950": 0, "952": 0, "953": 0,
	"048": 3, "368": 3, "400": 3, "414": 3, "434": 3, "512": 3, "788": 3,
}

// usualExponent is that of most currencies.
const usualExponent = 2

// currency reads the currency: its number, or that and how many decimals its minor
// unit is.
func (r *reader) currency(v strict.Value) {
	d := r.d
	d.Exponent = usualExponent
	if !v.Given() {
		return
	}
	const words = "three digits (ISO 4217)"
	exponent := -1
	if v.IsMap() {
		found := r.Map(v, strict.Table{"code": r.Match(&d.Currency, currencyShape, words), "exponent": strict.Int(r.Reader, &exponent, 0, 4)})
		r.Need(v, found, "code")
	} else {
		r.Match(&d.Currency, currencyShape, words)(v)
	}
	if n, known := exponents[d.Currency]; known {
		d.Exponent = n
	}
	if exponent >= 0 {
		d.Exponent = exponent
	}
}

// ParseAmount reads an amount as people write it, 12.34 or 12, and gives the
// currency's minor units. Decimals that it does not have must be zeros.
func (d *Dialect) ParseAmount(s string) (int64, error) {
	whole, rest, _ := strings.Cut(s, ".")
	if len(rest) > d.Exponent {
		if strings.Trim(rest[d.Exponent:], "0") != "" {
			return 0, fmt.Errorf("amount %s: currency %s has %d decimals", s, d.Currency, d.Exponent)
		}
		rest = rest[:d.Exponent]
	}
	n, err := strconv.ParseInt(whole+rest+strings.Repeat("0", d.Exponent-len(rest)), 10, 64)
	if err != nil || n > maxAmount {
		return 0, fmt.Errorf("amount %s: messages have twelve digits for it, %d of them decimals", s, d.Exponent)
	}
	return n, nil
}

// FromHundredths gives the minor units of an amount of hundredths, which profiles
// have: down to a whole one, and where they are smaller at most what a message can say.
func (d *Dialect) FromHundredths(n int64) int64 {
	for range d.Exponent - usualExponent {
		n = min(n, maxAmount) * 10
	}
	if d.Exponent > usualExponent {
		return min(n, maxAmount)
	}
	for range usualExponent - d.Exponent {
		n /= 10
	}
	return n
}
