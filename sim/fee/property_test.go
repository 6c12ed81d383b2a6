package fee

import (
	"math/big"
	"math/rand/v2"
	"testing"
	"time"
)

// anyPlan makes a plan of drawn tiers, the same for each kind and channel.
func anyPlan(rnd *rand.Rand) *Plan {
	p := &Plan{Refund: Refund(rnd.IntN(len(refunds)))}
	p.tariff.rounding = Rounding(rnd.IntN(len(roundings)))
	var tiers []tier
	upTo := int64(0)
	for n := rnd.IntN(4); n >= 0; n-- {
		upTo += 1 + rnd.Int64N(200_000)
		t := tier{upTo: upTo, rate: Rate(rnd.Int64N(200)) * 1e6, cap: unlimited}
		if rnd.IntN(3) == 0 {
			t.fixed = rnd.Int64N(100)
		}
		if rnd.IntN(3) == 0 {
			t.floor = rnd.Int64N(200)
		}
		if rnd.IntN(3) == 0 {
			t.cap = t.floor + rnd.Int64N(3000)
		}
		tiers = append(tiers, t)
	}
	tiers[len(tiers)-1].upTo = unlimited
	for k := range kinds {
		for c := range channels {
			p.tariff.tiers[k][c] = tiers
		}
	}
	return p
}

// exact is the fee of a tier worked out with numbers of any size.
func exact(p *Plan, t tier, amount int64) int64 {
	num := new(big.Int).Mul(big.NewInt(amount), big.NewInt(int64(t.rate)))
	num.Add(num, new(big.Int).Mul(big.NewInt(t.fixed), big.NewInt(int64(Whole))))
	q, rest := new(big.Int).QuoRem(num, big.NewInt(int64(Whole)), new(big.Int))
	switch twice := rest.Lsh(rest, 1).Cmp(big.NewInt(int64(Whole))); {
	case twice > 0, twice == 0 && (p.Rounding() == HalfUp || q.Bit(0) == 1):
		q.Add(q, big.NewInt(1))
	}
	return min(max(q.Int64(), t.floor), t.cap)
}

func TestFeeIsExact(t *testing.T) {
	rnd := rand.New(rand.NewPCG(10, 1))
	for range 20_000 {
		p := anyPlan(rnd)
		tiers := p.tariff.tiers[0][0]
		amount := 1 + rnd.Int64N(1_000_000)
		if rnd.IntN(4) == 0 {
			amount = MaxAmount - rnd.Int64N(1000)
		}
		i := 0
		for amount > tiers[i].upTo {
			i++
		}
		if got, want := p.Fee(Sale{Amount: amount}), exact(p, tiers[i], amount); got != want {
			t.Fatalf("%d fen by %+v, %s: %d, want %d", amount, tiers[i], p.Rounding(), got, want)
		}
	}
}

// Within a tier more never costs less, and from tier to tier only where the next one
// is cheaper.
func TestMoreCostsLessOnlyWhereThePlanSaysSo(t *testing.T) {
	rnd := rand.New(rand.NewPCG(10, 2))
	cheaper := 0
	for range 5_000 {
		p := anyPlan(rnd)
		from := int64(1)
		var before tier
		for i, tr := range p.tariff.tiers[0][0] {
			end := min(tr.upTo, from+300_000)
			if i > 0 && tr.rate >= before.rate && tr.fixed >= before.fixed && tr.floor >= before.floor && tr.cap >= before.cap {
				if p.Fee(Sale{Amount: from}) < p.Fee(Sale{Amount: from - 1}) {
					t.Fatalf("%d fen cost less than one fen less, and %+v is nowhere cheaper than %+v", from, tr, before)
				}
			} else if i > 0 {
				cheaper++
			}
			a, b := from+rnd.Int64N(end-from+1), from+rnd.Int64N(end-from+1)
			if a, b = min(a, b), max(a, b); p.Fee(Sale{Amount: a}) > p.Fee(Sale{Amount: b}) {
				t.Fatalf("%d fen cost more than %d within %+v", a, b, tr)
			}
			from, before = end+1, tr
		}
	}
	if cheaper == 0 {
		t.Error("no plan had a tier that is cheaper than the one below")
	}
}

// In whatever parts a sale is refunded: no part costs the merchant, all parts give back
// no more than the fee, and a full refund gives back all of it, or by the rule none
// nothing.
func TestRefundsGiveBackNoMoreThanTheFee(t *testing.T) {
	rnd := rand.New(rand.NewPCG(10, 3))
	for range 20_000 {
		p := anyPlan(rnd)
		s := Sale{Amount: 1 + rnd.Int64N(500_000)}
		fee, left, back := p.Fee(s), s.Amount, int64(0)
		for left > 0 {
			part := 1 + rnd.Int64N(left)
			r := p.Returned(s, left, part)
			left -= part
			if back += r; r < 0 || back > fee {
				t.Fatalf("rule %s: a refund gives back %d, all so far %d of a fee of %d", p.Refund, r, back, fee)
			}
			if kept := p.Kept(s, left); kept != fee-back {
				t.Fatalf("rule %s: %d were given back of %d, %d kept", p.Refund, back, fee, kept)
			}
		}
		want := fee
		if p.Refund == KeepAll {
			want = 0
		}
		if back != want {
			t.Fatalf("rule %s: a full refund gives back %d of %d", p.Refund, back, fee)
		}
	}
}

// least is held to a look at every amount.
func TestKeptIsTheLeastBetween(t *testing.T) {
	rnd := rand.New(rand.NewPCG(10, 4))
	for range 200 {
		p := anyPlan(rnd)
		p.Refund = Remaining
		for k := range p.tariff.tiers[0][0] { // near together
			if q := &p.tariff.tiers[0][0][k]; q.upTo != unlimited {
				q.upTo = q.upTo/1000 + int64(k) + 1
			}
		}
		s := Sale{Amount: 1 + rnd.Int64N(1000)}
		want := p.Fee(s)
		for left := s.Amount; left > 0; left-- {
			want = min(want, p.Fee(Sale{Amount: left}))
			if got := p.Kept(s, left); got != want {
				t.Fatalf("%d of %d left: %d kept, want %d", left, s.Amount, got, want)
			}
		}
	}
}

func TestSplitsAddUp(t *testing.T) {
	rnd := rand.New(rand.NewPCG(10, 5))
	splits := BundledSplits()
	for range 20_000 {
		s := Sale{Kind(rnd.IntN(int(kinds))), Channel(rnd.IntN(int(channels))), rnd.Int64N(MaxAmount), time.Unix(rnd.Int64N(2_000_000_000), 0)}
		class, fee := Class(rnd.IntN(int(classes))), rnd.Int64N(1_000_000)
		got := splits.Of(class, s, fee)
		if got.Issuer+got.Network+got.Acquirer != fee {
			t.Fatalf("%+v adds up to other than %d", got, fee)
		}
		if got.Issuer < 0 || got.Network < 0 || got.Network > 3_25 || s.Kind == Debit && got.Issuer > 13_00 {
			t.Fatalf("%+v: %+v", s, got)
		}
	}
}

// A promotion never costs more than the plan without it.
func TestPromotionsNeverCostMore(t *testing.T) {
	now := time.Date(2026, 12, 24, 12, 0, 0, 0, China)
	for _, p := range Bundled() {
		for k := range kinds {
			for c := range channels {
				for amount := int64(1); amount < 1e9; amount = amount*3 + 1 {
					s := Sale{Kind: k, Channel: c, Amount: amount}
					usual := p.Fee(s)
					s.Time = now
					if got := p.Fee(s); got > usual {
						t.Errorf("%s: %s by %s of %d costs %d in a promotion, else %d", p.Name, k, c, amount, got, usual)
					}
				}
			}
		}
	}
}

// The hot path: what the bundled host does for each payment.
func TestFeesAllocateNothing(t *testing.T) {
	p, splits := Bundled()[2], BundledSplits()
	s := Sale{Credit, UnionPayQR, 123_45, time.Date(2026, 12, 24, 12, 0, 0, 0, China)}
	if n := testing.AllocsPerRun(100, func() {
		fee := p.Fee(s)
		splits.Of(Standard, s, fee)
		p.Returned(s, s.Amount, 1_00)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFee(b *testing.B) {
	p := Bundled()[2]
	s := Sale{Credit, Card, 123_45, time.Date(2026, 12, 24, 12, 0, 0, 0, China)}
	b.ReportAllocs()
	for b.Loop() {
		p.Fee(s)
	}
}

func BenchmarkSplit(b *testing.B) {
	splits := BundledSplits()
	s := Sale{Debit, Card, 123_45, time.Date(2026, 12, 24, 12, 0, 0, 0, China)}
	b.ReportAllocs()
	for b.Loop() {
		splits.Of(Standard, s, 60)
	}
}
