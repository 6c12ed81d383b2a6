package scenarios

import (
	"regexp"
	"strings"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// hundredths is an amount as features write it, whatever the network's currency is.
var hundredths = regexp.MustCompile(`\d+\.\d{2}\b`)

// Priced is the {text} number i, its amounts as the network's currency writes them.
func (a Args) Priced(i int) (text string, err error) {
	d := a.Profile.Dialect
	text = hundredths.ReplaceAllStringFunc(a.Quoted(i), func(amount string) string {
		n, wrong := d.ParseAmount(amount)
		if wrong != nil && err == nil {
			err = lack("%v", wrong)
		}
		return report.FormatAmount(n, d.Exponent)
	})
	return text, err
}

// amounts are the elements that have an amount, and how many digits it has.
var amounts = map[wire.Element]int{
	wire.Amount: 12, wire.CreditsAmount: 16, wire.DebitsAmount: 16, wire.CreditsReversed: 16, wire.DebitsReversed: 16, wire.NetAmount: 16,
}

// amountDigits is how many digits the amount has that a row is of; 0 for a row of none.
func amountDigits(is func(wire.Element) bool) int {
	for e, n := range amounts {
		if is(e) {
			return n
		}
	}
	return 0
}

// signed is an amount of a field as features write it, with the letter that some have before.
var signed = regexp.MustCompile(`^[A-Z]?\d+\.\d{2,4}$`)

// priced puts an amount into digits that the row writes with its point. Where it writes digits
// they are those of a currency with two decimals.
func (r *fieldRow) priced(d *dialect.Dialect, digits int) error {
	if !signed.MatchString(r.value) {
		if d.Exponent != 2 && strings.Trim(r.value, "CD0") != "" {
			return lack("the scenario writes the digits of an amount with two decimals, currency %s has %d; written with its point it is one of any currency", d.Currency, d.Exponent)
		}
		return nil
	}
	amount := strings.TrimLeft(r.value, "CD")
	n, err := d.ParseAmount(amount)
	if err != nil {
		return lack("%v", err)
	}
	b := make([]byte, digits)
	wire.PutUint(b, uint64(n))
	r.value = strings.TrimSuffix(r.value, amount) + string(b)
	return nil
}
