package fee

import (
	"testing"
	"time"
)

// plans is one of each rounding and refund rule, at the rates merchants are quoted.
const quoted = `plans:
  - name: quoted
    rounding: half-up
    refund: remaining
    payout: {cycle: T+0, surcharge: 3.00}
    rates:
      - {channels: [wallet-qr], rate: 0.38%}
      - {channels: [contactless, unionpay-qr], up-to: 1000.00, rate: 0.38%}
      - {kinds: [debit], rate: 0.5%, cap: 20.00}
      - {rate: 0.6%}
  - name: even
    rounding: half-even
    refund: pro-rata
    rates:
      - {channels: [wallet-qr], rate: 0.38%}
      - {channels: [unionpay-qr], rate: 0.25%}
      - {kinds: [debit], rate: 0.5%, cap: 20.00}
      - {rate: 0.6%}
  - name: kept
    rounding: half-up
    refund: none
    rates:
      - {channels: [unionpay-qr], rate: 0.25%}
      - {rate: 0.6%}
`

func plansOf(t testing.TB, text string) map[string]*Plan {
	t.Helper()
	plans, err := Parse("plans.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]*Plan{}
	for _, p := range plans {
		named[p.Name] = p
	}
	return named
}

func TestFeesToTheFen(t *testing.T) {
	plans := plansOf(t, quoted)
	for _, c := range []struct {
		plan    string
		kind    Kind
		channel Channel
		amount  int64
		want    int64
	}{
		{"quoted", Credit, Card, 10_000_00, 60_00},
		{"quoted", Debit, Card, 3_000_00, 15_00},
		{"quoted", Debit, Card, 4_000_01, 20_00},
		{"quoted", Debit, Card, 50_000_00, 20_00},
		{"quoted", Debit, WalletQR, 800_00, 3_04},
		{"quoted", Debit, WalletQR, 1_31, 0},
		{"quoted", Debit, WalletQR, 1_32, 1},
		{"quoted", Credit, Contactless, 1_000_00, 3_80},
		{"quoted", Credit, Contactless, 1_000_01, 6_00},
		// ties
		{"quoted", Debit, WalletQR, 75_00, 29},
		{"even", Debit, WalletQR, 75_00, 28},
		{"quoted", Credit, Card, 7_50, 5},
		{"even", Credit, Card, 7_50, 4},
		{"kept", Debit, UnionPayQR, 2_00, 1},
		{"even", Debit, UnionPayQR, 2_00, 0},
		// each sale is rounded, not their sum
		{"quoted", Credit, Card, 1_00, 1},
		{"quoted", Credit, Card, 3_00, 2},
		// bounds
		{"quoted", Credit, Card, 0, 0},
		{"quoted", Credit, Card, MaxAmount, MaxAmount / 1000 * 6},
	} {
		if got := plans[c.plan].Fee(Sale{Kind: c.kind, Channel: c.channel, Amount: c.amount}); got != c.want {
			t.Errorf("%s: %s by %s of %d fen costs %d, want %d", c.plan, c.kind, c.channel, c.amount, got, c.want)
		}
	}
	quoted := plans["quoted"]
	if net := 10_000_00 - quoted.Fee(Sale{Kind: Credit, Amount: 10_000_00}) - quoted.Payout.Surcharge; net != 9_937_00 {
		t.Errorf("10,000.00 paid out at once leaves %d fen, want 993700", net)
	}
}

func TestRefundsGiveBackByRule(t *testing.T) {
	plans := plansOf(t, quoted)
	thrice := Sale{Kind: Credit, Amount: 3_00}
	capped := Sale{Kind: Debit, Amount: 50_000_00}
	for _, c := range []struct {
		plan string
		sale Sale
		part int64
		want []int64
	}{
		{"quoted", thrice, 1_00, []int64{1, 0, 1}},
		{"even", thrice, 1_00, []int64{1, 0, 1}},
		{"even", Sale{Kind: Credit, Amount: 2_00}, 1_00, []int64{0, 1}}, // half a fen of one
		{"kept", thrice, 1_00, []int64{0, 0, 0}},
		{"quoted", capped, 46_000_00, []int64{0}},
		{"even", capped, 46_000_00, []int64{18_40}},
		{"quoted", capped, 50_000_00, []int64{20_00}},
		{"even", capped, 50_000_00, []int64{20_00}},
		{"kept", capped, 50_000_00, []int64{0}},
	} {
		left := c.sale.Amount
		for i, want := range c.want {
			if got := plans[c.plan].Returned(c.sale, left, c.part); got != want {
				t.Errorf("%s: refund %d of %d out of %d gives back %d fen, want %d", c.plan, i+1, c.part, c.sale.Amount, got, want)
			}
			left -= c.part
		}
	}
}

// Above 1,000.00 this plan is cheaper: 1,000.01 costs 3.80, what is left of it after a
// refund of 1 fen would cost 6.00 by itself, and 400.00 costs 2.40.
func TestARefundNeverCosts(t *testing.T) {
	p := plansOf(t, `plans: [{name: a, rounding: half-up, refund: remaining, rates: [{up-to: 1000, rate: 0.6%}, {rate: 0.38%}]}]`)["a"]
	s := Sale{Amount: 1_000_01}
	for _, c := range []struct{ left, want int64 }{{1_000_01, 3_80}, {1_000_00, 3_80}, {700_00, 3_80}, {400_00, 2_40}, {0, 0}} {
		if got := p.Kept(s, c.left); got != c.want {
			t.Errorf("with %d fen left %d are kept, want %d", c.left, got, c.want)
		}
	}
	s.Amount = 1_000_00 // what is above it does not count
	if got := p.Kept(s, 999_99); got != 6_00 {
		t.Errorf("of 1,000.00 less a fen %d are kept, want 600", got)
	}
	// between cheap tiers: 2,000.00 costs 6.00, 1,500.00 by itself 3.00, 1,000.00 by itself 6.00
	p = plansOf(t, `plans: [{name: a, rounding: half-up, refund: remaining, rates: [{up-to: 1000, rate: 0.6%}, {up-to: 1999.99, rate: 0.2%}, {rate: 0.3%}]}]`)["a"]
	s.Amount = 2_000_00
	for _, c := range []struct{ left, want int64 }{{1_500_00, 3_00}, {1_000_00, 2_00}, {500_00, 2_00}, {200_00, 1_20}} {
		if got := p.Kept(s, c.left); got != c.want {
			t.Errorf("with %d fen left %d are kept, want %d", c.left, got, c.want)
		}
	}
}

func TestFloorCapAndFixedPart(t *testing.T) {
	p := plansOf(t, `plans: [{name: a, rounding: half-up, refund: none, rates: [{rate: 0.5%, fixed: 0.10, floor: 0.50, cap: 3.00}]}]`)["a"]
	for _, c := range []struct{ amount, want int64 }{{0, 0}, {1, 50}, {80_00, 50}, {81_00, 51}, {100_00, 60}, {579_00, 3_00}, {90_000_00, 3_00}} {
		if got := p.Fee(Sale{Amount: c.amount}); got != c.want {
			t.Errorf("%d fen cost %d, want %d", c.amount, got, c.want)
		}
	}
	if got := p.Kept(Sale{Amount: 100_00}, 0); got != 60 {
		t.Errorf("rule none keeps %d of 60", got)
	}
}

func TestPromotionsHoldOnTheirDays(t *testing.T) {
	p := plansOf(t, `plans:
  - name: a
    rounding: half-up
    refund: remaining
    rates: [{kinds: [debit], rate: 0.5%, cap: 20.00}, {rate: 0.6%}]
    promotions:
      - {from: 2026-11-11, to: 2026-11-11, kinds: [credit], channels: [card], rate: 0.1%}
      - {from: 2026-11-01, to: 2026-11-30, multiplier: 0.5}
`)["a"]
	day := func(s string) time.Time {
		d, err := time.ParseInLocation("2006-01-02 15:04:05", s, China)
		if err != nil {
			t.Fatal(err)
		}
		return d.UTC()
	}
	for _, c := range []struct {
		when string
		kind Kind
		want int64
	}{
		{"2026-10-31 23:59:59", Credit, 6_00},
		{"2026-11-01 00:00:00", Credit, 3_00},
		{"2026-11-10 23:59:59", Credit, 3_00},
		{"2026-11-11 00:00:00", Credit, 1_00},
		{"2026-11-11 23:59:59", Credit, 1_00},
		{"2026-11-11 12:00:00", Debit, 2_50},
		{"2026-11-12 00:00:00", Credit, 3_00},
		{"2026-11-30 23:59:59", Debit, 2_50},
		{"2026-12-01 00:00:00", Debit, 5_00},
	} {
		if got := p.Fee(Sale{Kind: c.kind, Amount: 1_000_00, Time: day(c.when)}); got != c.want {
			t.Errorf("%s, %s: %d, want %d", c.when, c.kind, got, c.want)
		}
	}
	if got := p.Fee(Sale{Kind: Credit, Amount: 1_000_00}); got != 6_00 {
		t.Errorf("without a time %d, want no promotion", got)
	}
	if got := p.Fee(Sale{Kind: Debit, Amount: 10_000_00, Time: day("2026-11-02 00:00:00")}); got != 20_00 {
		t.Errorf("half of 0.5%% of 10,000.00 with a cap of 20.00 costs %d", got)
	}
}

func TestFeesAreSharedOut(t *testing.T) {
	before := time.Date(2020, 1, 1, 0, 0, 0, 0, China)
	reduced := time.Date(2026, 11, 26, 0, 0, 0, 0, China)
	splits := BundledSplits()
	for _, c := range []struct {
		class Class
		sale  Sale
		fee   int64
		want  Split
	}{
		{Standard, Sale{Debit, Card, 10_000_00, before}, 20_00, Split{13_00, 3_25, 3_75}},
		{Standard, Sale{Debit, Card, 10_000_00, reduced}, 20_00, Split{13_00, 2_93, 4_07}},
		{Standard, Sale{Credit, Card, 10_000_00, reduced}, 60_00, Split{45_00, 3_25, 11_75}},
		{Standard, Sale{Debit, Card, 3_714_28, before}, 18_57, Split{13_00, 1_21, 4_36}},
		{Standard, Sale{Debit, Card, 3_714_00, before}, 18_57, Split{13_00, 1_21, 4_36}},
		{Standard, Sale{Debit, Card, 3_712_00, before}, 18_56, Split{12_99, 1_21, 4_36}},
		{Standard, Sale{Debit, Card, 20_000_00, before}, 20_00, Split{13_00, 3_25, 3_75}},
		{Standard, Sale{Debit, Card, 10_000_00, time.Date(2027, 10, 1, 0, 0, 0, 0, China)}, 20_00, Split{13_00, 3_25, 3_75}},
		{Favoured, Sale{Credit, Card, 10_000_00, reduced}, 38_00, Split{35_10, 2_54, 36}},
		{Exempt, Sale{Credit, Card, 10_000_00, reduced}, 1_00, Split{0, 0, 1_00}},
		{Standard, Sale{Credit, Contactless, 1_000_00, reduced}, 3_80, Split{4_50, 33, -1_03}},
		{Standard, Sale{Debit, WalletQR, 1_000_00, reduced}, 3_80, Split{0, 0, 3_80}},
		{Standard, Sale{Foreign, Card, 1_000_00, reduced}, 18_00, Split{0, 0, 18_00}},
	} {
		if got := splits.Of(c.class, c.sale, c.fee); got != c.want {
			t.Errorf("%s, %s by %s of %d fen on %s: %+v, want %+v", c.class, c.sale.Kind, c.sale.Channel, c.sale.Amount, c.sale.Time.Format(time.DateOnly), got, c.want)
		}
	}
}

func TestMoneyArrivesOnWorkingDays(t *testing.T) {
	at := func(s string) time.Time {
		d, err := time.ParseInLocation("2006-01-02 15:04", s, China)
		if err != nil {
			t.Fatal(err)
		}
		return d.UTC() // 00:30 in China is the day before there
	}
	for _, c := range []struct {
		cycle Cycle
		sale  string
		want  string
	}{
		{T1, "2026-11-26 12:00", "2026-11-27"}, // Thursday
		{T1, "2026-11-26 00:30", "2026-11-27"},
		{T1, "2026-11-27 12:00", "2026-11-30"}, // Friday to Sunday: Monday
		{T1, "2026-11-28 12:00", "2026-11-30"},
		{T1, "2026-11-29 22:59", "2026-11-30"},
		{T1, "2026-11-26 22:59", "2026-11-27"}, // the cut-off
		{T1, "2026-11-26 23:00", "2026-11-30"},
		{T1, "2018-04-04 12:00", "2018-04-08"}, // Qingming, and a Sunday worked instead
		{T1, "2018-04-08 12:00", "2018-04-09"},
		{T0, "2018-04-05 12:00", "2018-04-08"},
		{T0, "2018-04-08 12:00", "2018-04-08"},
		{T0, "2026-11-26 12:00", "2026-11-26"},
		{T0, "2026-11-28 12:00", "2026-11-30"},
		{T1, "2026-02-13 12:00", "2026-02-14"}, // Saturday before the Spring Festival
		{T1, "2026-02-14 12:00", "2026-02-24"},
		{D0, "2026-02-16 12:00", "2026-02-16"},
		{D0, "2026-02-16 23:00", "2026-02-17"},
		{D1, "2026-02-16 12:00", "2026-02-17"},
		{D1, "2026-02-16 23:59", "2026-02-18"},
	} {
		day, known := Payout{Cycle: c.cycle, CutOff: 23 * time.Hour}.ValueDate(BundledCalendar(), at(c.sale))
		if got := day.Format(time.DateOnly); got != c.want || !known || !day.Equal(time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, China)) {
			t.Errorf("%s of %s: %s (%v), want %s", c.cycle, c.sale, day, known, c.want)
		}
	}
	for _, when := range []string{"2026-11-26 00:30", "2026-11-26 23:59"} {
		day, _ := Payout{Cycle: T1}.ValueDate(BundledCalendar(), at(when))
		if got := day.Format(time.DateOnly); got != "2026-11-27" {
			t.Errorf("T+1 of %s without cut-off: %s", when, got)
		}
	}
	// A year without holidays is told: nobody knows the first working day of it.
	for _, when := range []string{"2030-01-01 12:00", "2026-12-31 12:00"} {
		if day, known := (Payout{Cycle: T1}).ValueDate(BundledCalendar(), at(when)); known {
			t.Errorf("T+1 of %s is known to be %s", when, day)
		}
	}
	c, err := ParseCalendar("calendar.yaml", []byte("2022: {}"))
	if err != nil {
		t.Fatal(err)
	}
	if day, known := (Payout{Cycle: T0}).ValueDate(c, at("2022-12-31 12:00")); known { // a Saturday
		t.Errorf("T+0 of the last Saturday of the calendar is known to be %s", day)
	}
	if _, known := (Payout{Cycle: D1}).ValueDate(BundledCalendar(), at("2030-01-01 12:00")); !known {
		t.Error("D+1 needs no holidays")
	}
}
