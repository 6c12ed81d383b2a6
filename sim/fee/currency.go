package fee

// In is the plan for a network of another currency: its amounts, which files have with two
// decimals, in the minor units that minor makes of hundredths. Fees are rounded to these.
func (p *Plan) In(minor func(hundredths int64) int64) *Plan {
	q := *p
	for _, amount := range []*int64{&q.Price, &q.Rent, &q.Deposit.Amount, &q.Deposit.BackAfter, &q.Maintenance, &q.Data, &q.Payout.Surcharge} {
		*amount = minor(*amount)
	}
	q.tariff = p.tariff.in(minor)
	return &q
}

// In is the shares for a network of another currency, as [Plan.In] is a plan.
func (s *Splits) In(minor func(hundredths int64) int64) *Splits {
	var q Splits
	for c := range s.issuer {
		q.issuer[c], q.network[c] = s.issuer[c].in(minor), s.network[c].in(minor)
	}
	return &q
}

func (t tariff) in(minor func(int64) int64) tariff {
	bound := func(n int64) int64 {
		if n == unlimited {
			return n
		}
		return minor(n)
	}
	for k := range t.tiers {
		for c, tiers := range t.tiers[k] {
			of := make([]tier, len(tiers))
			for i, p := range tiers {
				of[i] = tier{upTo: bound(p.upTo), rate: p.rate, fixed: minor(p.fixed), floor: minor(p.floor), cap: bound(p.cap)}
			}
			t.tiers[k][c] = of
		}
	}
	return t
}
