package profile

import "github.com/posfleet/posfleet/sim/fee"

// inMinorUnits makes the amounts of a profile's cards, policy, menu and fee plans, which are
// read as hundredths, minor units of the network's currency.
func (p *Profile) inMinorUnits() {
	minor := p.Dialect.FromHundredths
	pol := &p.Policy
	pol.RefundLimit, pol.TapPINAbove, pol.OfflineLimit = minor(pol.RefundLimit), minor(pol.TapPINAbove), minor(pol.OfflineLimit)
	for i := range p.Cards {
		c := &p.Cards[i]
		c.Balance, c.Limit = minor(c.Balance), minor(c.Limit)
		c.Cash, c.CashLimit, c.Points, c.Alliance = minor(c.Cash), minor(c.CashLimit), minor(c.Points), minor(c.Alliance)
	}
	for i := range p.Menu.Dishes {
		d := &p.Menu.Dishes[i]
		d.Price = uint32(min(minor(int64(d.Price)), highestPrice))
	}
	if p.Dialect.Exponent == 2 {
		return // two decimals, as files have
	}
	in := map[*fee.Plan]*fee.Plan{} // merchants share them
	for i, plan := range p.Plans {
		in[plan] = plan.In(minor)
		p.Plans[i] = in[plan]
	}
	for i := range p.Merchants {
		m := &p.Merchants[i]
		if in[m.Plan] == nil {
			in[m.Plan] = m.Plan.In(minor)
		}
		m.Plan = in[m.Plan]
	}
}
