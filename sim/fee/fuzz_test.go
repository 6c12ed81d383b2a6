package fee

import (
	"strings"
	"testing"
	"time"
)

// Whatever a plan file holds: an error with a line, or plans whose fees are sane.
func FuzzPlans(f *testing.F) {
	f.Add(string(bundledPlans), int64(123_45))
	f.Add(quoted, int64(MaxAmount))
	f.Add("plans: [{name: a, rounding: half-up, refund: none, rates: [{rate: 100%, fixed: 0.01, floor: 1}]}]", int64(1))
	f.Fuzz(func(t *testing.T, text string, amount int64) {
		plans, err := Parse("plans.yaml", []byte(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "plans.yaml:") {
				t.Fatalf("no file and line: %v", err)
			}
			return
		}
		amount = min(max(amount, 0), MaxAmount)
		for _, p := range plans {
			for k := range kinds {
				for c := range channels {
					for _, when := range []time.Time{{}, time.Date(2026, 12, 24, 0, 0, 0, 0, China)} {
						s := Sale{k, c, amount, when}
						fee := p.Fee(s)
						if fee < 0 || fee > max(amount+maxFixed, maxFixed) || amount == 0 && fee != 0 {
							t.Fatalf("%s: %+v costs %d", p.Name, s, fee)
						}
						if back := p.Returned(s, amount, amount/3); back < 0 || back > fee {
							t.Fatalf("%s: %+v, fee %d: a refund of a third gives back %d", p.Name, s, fee, back)
						}
					}
				}
			}
		}
	})
}

// No number of fen, no rate and no fixed part leaves int64 or panics.
func FuzzFee(f *testing.F) {
	f.Add(int64(75_00), int64(38_000_000), int64(0), true, int64(25_00))
	f.Add(int64(MaxAmount), int64(Whole), int64(maxFixed), false, int64(1))
	f.Fuzz(func(t *testing.T, amount, rate, fixed int64, even bool, left int64) {
		if amount < 0 || amount > MaxAmount || rate < 0 || rate > int64(Whole) || fixed < 0 || fixed > maxFixed {
			return
		}
		p := Flat("a", Rate(rate), 0)
		tr := &p.tariff.tiers[0][0][0]
		tr.fixed = fixed
		if even {
			p.tariff.rounding = HalfEven
		}
		s := Sale{Amount: amount}
		want := int64(0)
		if amount > 0 {
			want = exact(p, *tr, amount)
		}
		if got := p.Fee(s); got != want {
			t.Fatalf("%d of %d, %d fixed: %d, want %d", rate, amount, fixed, got, want)
		}
		for _, p.Refund = range []Refund{KeepAll, Remaining, ProRata} {
			if kept := p.Kept(s, left); kept < 0 || kept > want {
				t.Fatalf("%s: %d of %d kept", p.Refund, kept, want)
			}
		}
	})
}

func FuzzOtherFiles(f *testing.F) {
	f.Add(string(bundledMix))
	f.Add(string(bundledSplits))
	f.Add(string(bundledCalendar))
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := ParseMix("a.yaml", []byte(text)); err == nil {
			if m.Turnover() <= 0 || m.Turnover() > MaxTurnover {
				t.Fatalf("turnover %d", m.Turnover())
			}
			c := Compare(Bundled(), m)
			c.Cheapest()
			for i := range c.Costs {
				if c.Costs[i].Total() < 0 {
					t.Fatalf("%+v", c.Costs[i])
				}
			}
		}
		ParseSplits("a.yaml", []byte(text))
		if c, err := ParseCalendar("a.yaml", []byte(text)); err == nil {
			Payout{Cycle: T1}.ValueDate(c, time.Date(2026, 12, 24, 0, 0, 0, 0, China))
		}
	})
}
