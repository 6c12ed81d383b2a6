package scenarios

import (
	"errors"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// Amounts in texts and field tables are written once, for whatever the network's currency is; what
// it cannot say skips the scenario.
func TestAmountsAreThoseOfTheCurrency(t *testing.T) {
	for _, c := range []struct {
		currency, text, printed string // empty for what is skipped
		field, value, digits    string
	}{
		{"156", "2笔 51.00", "2笔 51.00", "88", "153.00", "0000000000015300"},
		{"392", "2笔 51.00", "2笔 51", "88", "153.00", "0000000000000153"},
		{"414", "2笔 51.00", "2笔 51.000", "88", "153.00", "0000000000153000"},
		{"392", "51.50", "", "88", "153.50", ""},
		{"392", "消费", "消费", "97", "D100.00", "D0000000000000100"},
		{"414", "1.00, 2.00", "1.000, 2.000", "4", "88.00", "000000088000"},
		{"414", "1.005", "1.005", "4", "1.005", "000000001005"},
		{"156", "1.005", "1.005", "4", "1.005", ""},
		{"156", "1.5", "1.5", "4", "000000008800", "000000008800"},
		{"392", "1.5", "1.5", "4", "000000008800", ""},
		{"392", "", "", "86", "0000000000000000", "0000000000000000"},
	} {
		d, err := dialect.Parse("x.yaml", []byte("extends: iso93\ncurrency: \""+c.currency+"\"\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		p, err := profile.BundledIn(d, 1)
		if err != nil {
			t.Fatal(err)
		}
		a := Args{Profile: p, Words: map[string][]string{"text": {c.text}}, Table: [][]string{{"field", "value"}, {c.field, c.value}}}
		if got, err := a.Priced(0); err == nil && got != c.printed || (err != nil) != (c.printed == "" && c.text != "") || err != nil && !isNeed(err) {
			t.Errorf("%s: %q is %q, %v, want %q", c.currency, c.text, got, err, c.printed)
		}
		switch rows, err := fieldRows(a); {
		case c.digits == "" && !isNeed(err), c.digits != "" && (err != nil || rows[0].value != c.digits):
			t.Errorf("%s: field %s of %s is %+v, %v, want %q", c.currency, c.field, c.value, rows, err, c.digits)
		}
	}
}

func isNeed(err error) bool {
	_, is := errors.AsType[*Need](err)
	return is
}
