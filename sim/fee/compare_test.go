package fee

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func comparison(t testing.TB, plans, mix string) *Comparison {
	t.Helper()
	p, err := Parse("plans.yaml", []byte(plans))
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseMix("shop.yaml", []byte(mix))
	if err != nil {
		t.Fatal(err)
	}
	return Compare(p, m)
}

// twoPlans: 300.00 once and 0.5 %, or 10.00 a month and 0.4 %, and 0.3 % after a
// deposit that comes back with 2,000.00 a month.
const twoPlans = `plans:
  - {name: bought, device: {price: 300.00}, rounding: half-up, refund: none, rates: [{rate: 0.5%}]}
  - {name: rented, device: {rent: 22.50}, data: 12.00, rounding: half-up, refund: none, rates: [{rate: 0.4%}]}
  - {name: deposit, deposit: {amount: 240.00, back-after: 6000.00, within: 3}, payout: {cycle: D+0, surcharge: 1.00}, rounding: half-up, refund: none, rates: [{rate: 0.45%}]}
`

func TestCostsByPart(t *testing.T) {
	mix := "name: a\nmonths: 24\npayouts: 10\nsales: [{kind: debit, channel: card, amount: 100.00, count: 19}, {kind: credit, channel: card, amount: 33.00, count: 3}]"
	c := comparison(t, twoPlans, mix)
	if c.Turnover != 1_999_00 {
		t.Fatalf("turnover %d", c.Turnover)
	}
	for i, want := range []Cost{
		{Device: 300_00, Transactions: 24 * (19*50 + 3*17)}, // 0.5 % of 33.00 is 0.165
		{Device: 24 * 22_50, Maintenance: 24_00, Transactions: 24 * (19*40 + 3*13)},
		{Device: 240_00, Payouts: 240_00, Transactions: 24 * (19*45 + 3*15), Forfeits: true},
	} {
		want.Plan = c.Costs[i].Plan
		if c.Costs[i] != want {
			t.Errorf("%s costs %+v, want %+v", want.Plan.Name, c.Costs[i], want)
		}
		if got, want := c.At(i, c.Turnover), c.Costs[i].Total(); HalfUp.part(want, 1, 24) != got {
			t.Errorf("plan %d at the shop's own turnover: %d, want %d/24", i, got, want)
		}
	}
	// One yuan more, and the deposit comes back.
	c = comparison(t, twoPlans, "name: a\nsales: [{kind: debit, channel: card, amount: 100.00, count: 20}]")
	if x := c.Costs[2]; x.Device != 0 || x.Forfeits {
		t.Errorf("a deposit that comes back costs %+v", x)
	}
	c = comparison(t, twoPlans, "name: a\nmonths: 25\nsales: [{kind: debit, channel: card, amount: 100.00, count: 20}]")
	if got := c.Costs[1].Maintenance; got != 36_00 {
		t.Errorf("25 months begin three years of 12.00, not %d", got)
	}
}

func TestMonthsAddUp(t *testing.T) {
	rnd := rand.New(rand.NewPCG(10, 6))
	for range 10_000 {
		months := 1 + rnd.IntN(60)
		c := Cost{Device: rnd.Int64N(1000), Maintenance: rnd.Int64N(1000), Payouts: rnd.Int64N(1000), Transactions: rnd.Int64N(1000)}
		m := c.Monthly(months)
		if m.Total() != HalfUp.part(c.Total(), 1, int64(months)) {
			t.Fatalf("%+v over %d months: %+v adds up to %d", c, months, m, m.Total())
		}
		for _, p := range [][2]int64{{c.Device, m.Device}, {c.Maintenance, m.Maintenance}, {c.Payouts, m.Payouts}, {c.Transactions, m.Transactions}} {
			if off := p[1]*int64(months) - p[0]; off <= -int64(months) || off >= int64(months) {
				t.Fatalf("%d over %d months is told as %d", p[0], months, p[1])
			}
		}
	}
}

func TestBreakEvensWorkedOutByHand(t *testing.T) {
	// Sales of 100.00 have no rounding. bought: 12.50 + 0.5 %; rented: 23.50 + 0.4 %; equal
	// at 11.00/0.1 % = 11,000.00. deposit: 10.00 + 0.45 % and 10.00 more below 2,000.00.
	c := comparison(t, twoPlans, "name: a\nmonths: 24\npayouts: 10\nsales: [{kind: debit, channel: card, amount: 100.00, count: 20}]")
	got := c.BreakEvens()
	want := []BreakEven{
		{[2]int{0, 1}, []Stretch{{0, []int{0}}, {11_000_00, []int{0, 1}}, {11_000_01, []int{1}}}},
		// below 2,000.00: 12.50 + 0.5 % against 20.00 + 0.45 %: equal at 15,000.00, beyond; from
		// 2,000.00 on 10.00 + 0.45 % is less.
		{[2]int{0, 2}, []Stretch{{0, []int{0}}, {2_000_00, []int{2}}}},
		// 23.50 + 0.4 % against 20.00 + 0.45 %, from 2,000.00 on 10.00 + 0.45 %: 27,000.00.
		{[2]int{1, 2}, []Stretch{{0, []int{2}}, {27_000_00, []int{1, 2}}, {27_000_01, []int{1}}}},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("break-even\n%v, want\n%v", got, want)
	}
	if got, want := fmt.Sprint(c.Cheapest()), "[{0 [0]} {200000 [2]} {2700000 [1 2]} {2700001 [1]}]"; got != want {
		t.Errorf("cheapest %s, want %s", got, want)
	}
	// A stretch that is narrow beside all that is searched.
	example := Compare(Bundled(), BundledMix())
	if got, want := fmt.Sprint(example.BreakEvens()[0]), "{[0 1] [{0 [0]} {333334 [1]} {457358 [0]}]}"; got != want {
		t.Errorf("%s or %s: %s, want %s", example.Costs[0].Plan.Name, example.Costs[1].Plan.Name, got, want)
	}
	same := comparison(t, `plans:
  - {name: a, rounding: half-up, refund: none, rates: [{rate: 0.5%}]}
  - {name: b, rounding: half-even, refund: none, rates: [{rate: 0.5%}]}`, "name: a\nsales: [{kind: debit, channel: card, amount: 100.00, count: 20}]")
	if got, want := fmt.Sprint(same.BreakEvens()), "[{[0 1] [{0 [0 1]}]}]"; got != want {
		t.Errorf("two plans of one price: %s, want %s", got, want)
	}
}

// What the search says is held to the costs at each end of each stretch, and to those
// at drawn turnovers between.
func TestBreakEvensHoldOnBothSides(t *testing.T) {
	rnd := rand.New(rand.NewPCG(10, 7))
	changed := 0
	for range 300 {
		var plans []*Plan
		for range 3 {
			p := anyPlan(rnd)
			p.Price, p.Rent = rnd.Int64N(500_00), rnd.Int64N(50_00)
			if rnd.IntN(2) == 0 {
				p.Deposit = Deposit{rnd.Int64N(300_00), 1 + rnd.Int64N(1_000_000_00), 1 + rnd.IntN(6)}
			}
			plans = append(plans, p)
		}
		m := &Mix{Months: 1 + rnd.IntN(36), Payouts: 3}
		for range 1 + rnd.IntN(4) {
			m.Sales = append(m.Sales, Sales{Sale{Amount: 1 + rnd.Int64N(300_000)}, 1 + rnd.Int64N(100)})
		}
		c := Compare(plans, m)
		check := func(s Stretch, at int64, of []int) {
			for _, i := range of {
				cheapest := slices.Contains(s.Cheapest, i)
				if o := c.order(i, s.Cheapest[0], at); o < 0 || (o == 0) != cheapest {
					t.Fatalf("at %d plan %d against %d is %d, the stretch from %d has %v", at, i, s.Cheapest[0], o, s.From, s.Cheapest)
				}
			}
		}
		all := append(c.BreakEvens(), BreakEven{Stretches: c.Cheapest()})
		for k, b := range all {
			of := b.Plans[:]
			if k == len(all)-1 {
				of = []int{0, 1, 2}
			}
			changed += len(b.Stretches) - 1
			for i, s := range b.Stretches {
				end := int64(MaxTurnover)
				if i+1 < len(b.Stretches) {
					end = b.Stretches[i+1].From - 1
				}
				check(s, s.From, of)
				check(s, end, of)
				check(s, s.From+rnd.Int64N(end-s.From+1), of)
				check(s, min(s.From+rnd.Int64N(100_000_00), end), of)
			}
		}
	}
	if changed < 100 {
		t.Errorf("only %d changes in all", changed)
	}
}
