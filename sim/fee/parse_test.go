package fee

import (
	"strings"
	"testing"
)

func TestWhatIsWrongWithPlansIsTold(t *testing.T) {
	const good = "plans:\n  - name: a\n    rounding: half-up\n    refund: none\n    rates:\n      - {rate: 0.5%}\n"
	if _, err := Parse("p.yaml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{"rounding: half-up", "rounding: up", `p.yaml:3: plans[1].rounding: "up", want one of half-up, half-even`},
		{"rounding: half-up", "data: 1.00", "p.yaml:2: plans[1]: key rounding is missing; add it"},
		{"refund: none", "refund: some", `p.yaml:4: plans[1].refund: "some", want one of none, remaining, pro-rata`},
		{"0.5%", "0.5", `p.yaml:6: plans[1].rates[1].rate: "0.5", want percent with at most four decimals as in 0.38%, up to 100%`},
		{"0.5%", "0.38001%", "want percent"},
		{"0.5%", "100.0001%", "want percent"},
		{"0.5%", "0.5%, floor: 2.00, cap: 1.00", "rates[1]: floor is above cap"},
		{"0.5%", "0.5%, fixed: 1000000.01", "want at most 1000000.00"},
		{"0.5%", "0.5%, up-to: 1000.50", "no line is for debit by card over 1000.50; add one at the end"},
		{"0.5%", "0.5%, kinds: [debit, foreign]", "no line is for credit by card; add"},
		{"0.5%", "0.5%, kinds: [gold]", `rates[1].kinds[1]: "gold", want one of debit, credit, foreign`},
		{"0.5%", "0.5%, channels: []", "rates[1].channels: is empty; leave it away for all"},
		{"- {rate: 0.5%}", "- {rate: 0.5%}\n      - {kinds: [debit], rate: 0.4%}", "p.yaml:7: plans[1].rates[2]: lines before this one take all that it is for"},
		{"- {rate: 0.5%}", "- {rate: 0.5%}\n    promotions: [{from: 2026-01-01, to: 2026-01-31, rate: 0.6%}]", "promotions[1]: 0.6% is more than the 0.5% that debit by card pays anyway"},
		{"- {rate: 0.5%}", "- {rate: 0.5%}\n    promotions: [{from: 2026-02-01, to: 2026-01-31, rate: 0.4%}]", "promotions[1]: to is before from"},
		{"- {rate: 0.5%}", "- {rate: 0.5%}\n    promotions: [{from: 2026-02-30, to: 2026-03-31, rate: 0.4%}]", `from: "2026-02-30", want a day`},
		{"- {rate: 0.5%}", "- {rate: 0.5%}\n    promotions: [{from: 2026-02-01, to: 2026-03-31}]", "want either multiplier or rate"},
		{"- {rate: 0.5%}", "- {rate: 0.5%}\n    promotions: [{from: 2026-02-01, rate: 0.1%}]", "key to is missing"},
		{"- {rate: 0.5%}", "- {rate: 0.5%}\n    promotions: [{from: 2026-02-01, to: 2026-03-31, multiplier: 1.1}]", "want from 0 to 1"},
		{"rounding: half-up", "rounding: half-up\n    deposit: {amount: 99, within: 3}", "p.yaml:4: plans[1].deposit: want back-after and within together"},
		{"rounding: half-up", "rounding: half-up\n    payout: {cycle: T+2}", `"T+2", want one of T+0, T+1, D+0, D+1`},
		{"rounding: half-up", `rounding: half-up` + "\n    payout: {cycle: T+1, cut-off: \"24:00\"}", `"24:00", want a time as in 23:00`},
		{good, good + good[len("plans:\n"):], `p.yaml:7: plans[2]: plan "a" stands twice`},
		{good, "plans: []", "p.yaml:1: plans: is empty; add a plan"},
		{good, "plan: 1", `unknown key "plan"`},
		{good, "", "p.yaml:1: file is empty; posfleet's own plans.yaml is a start"},
	} {
		_, err := Parse("p.yaml", []byte(strings.Replace(good, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.new, err, c.want)
		}
	}
}

func TestWhatIsWrongWithOtherFilesIsTold(t *testing.T) {
	mix := func(s string) error { _, err := ParseMix("m.yaml", []byte(s)); return err }
	splits := func(s string) error { _, err := ParseSplits("s.yaml", []byte(s)); return err }
	calendar := func(s string) error { _, err := ParseCalendar("c.yaml", []byte(s)); return err }
	for _, c := range []struct {
		read       func(string) error
		text, want string
	}{
		{mix, "name: a", "m.yaml:1: key sales is missing"},
		{mix, "name: a\nsales: [{kind: debit, channel: card, amount: 1.00}]", "m.yaml:2: sales[1]: key count is missing"},
		{mix, "name: a\nsales: [{kind: debit, channel: card, amount: 1.00, count: 0}]", "nothing is sold"},
		{mix, "name: a\nsales: [{kind: debit, channel: card, amount: 0, count: 3}]", "amount is 0"},
		{mix, "name: a\nsales: [{kind: debit, channel: post, amount: 1, count: 3}]", "want one of card, contactless, wallet-qr, unionpay-qr"},
		{mix, "name: a\nsales: [{kind: debit, channel: card, amount: 1000000000.00, count: 11}]", "with this line more than 100000000 sales or 10000000000 yuan a month"},
		{mix, "name: a\nsales: [{kind: debit, channel: card, amount: 1000000000.00, count: 6}, {kind: debit, channel: card, amount: 1000000000.00, count: 6}]", "sales[2]: with this line more than"},
		{mix, "name: a\nmonths: 0\nsales: [{kind: debit, channel: card, amount: 1, count: 1}]", "want a whole number from 1 to 600"},
		{splits, "issuer: []", "s.yaml:1: key network is missing"},
		{splits, "issuer: [{rate: 1%}]\nnetwork: [{rate: 1%}]\nmultipliers: [{multiplier: 0.5}]", "s.yaml:3: multipliers[1]: key class is missing"},
		{splits, "issuer: [{rate: 1%}]\nnetwork: [{rate: 1%}]\nmultipliers: [{class: exempt, rate: 0%}]", "want a multiplier"},
		{splits, "issuer: [{rate: 1%}]\nnetwork: [{rate: 1%}]\nmultipliers: [{class: odd, multiplier: 0}]", "want one of standard, favoured, exempt"},
		{calendar, "twenty: {}", "c.yaml:1: twenty: \"twenty\", want a year"},
		{calendar, "2026: {holidays: [2026-01-01]}", "want month and day as in 05-09"},
		{calendar, "2026: {holidays: [02-30]}", "there are no such days in 2026"},
		{calendar, "2026: {holidays: [05-05..05-01]}", "there are no such days in 2026"},
		{calendar, "2026: {holidays: [05-01..05-05], working: [05-04]}", "2026-05-04 stands twice"},
	} {
		if err := c.read(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.text, err, c.want)
		}
	}
}

func TestPlansAreReadAsWritten(t *testing.T) {
	p := plansOf(t, string(BundledYAML()))["Harbour Instant"]
	want := Plan{Name: "Harbour Instant", Deposit: Deposit{199_00, 10_000_00, 3}, Data: 60_00,
		Payout: Payout{D0, 22 * 60 * 60 * 1e9, 2_00}, Refund: KeepAll}
	if p == nil {
		t.Fatal("there is no such plan")
	}
	got := *p
	got.tariff = tariff{}
	if got.Name != want.Name || got.Deposit != want.Deposit || got.Data != want.Data || got.Payout != want.Payout || got.Refund != want.Refund || got.Price != 0 {
		t.Errorf("%+v, want %+v", got, want)
	}
	if fee := p.Fee(Sale{Kind: Foreign, Amount: 10_00}); fee != 1_00 {
		t.Errorf("a floor of 1.00: %d", fee)
	}
	for r, want := range map[Rate]string{38_000_000: "0.38%", Whole: "100%", 3_250_000: "0.0325%", 0: "0%", 2_925_000: "0.02925%"} {
		if r.String() != want {
			t.Errorf("%d is %s, want %s", r, r, want)
		}
	}
}
