package fee

import (
	"math"
	"math/big"
)

// Comparison is what several plans cost one shop.
type Comparison struct {
	Mix      *Mix
	Turnover int64  // of the mix, fen a month
	Costs    []Cost // by plan, in the order given
}

// Cost is what a plan costs a shop over all the months of its mix, in fen.
type Cost struct {
	Plan         *Plan
	Device       int64 // price, rents, and a deposit that does not come back
	Maintenance  int64 // and the yearly data fee, for each year begun
	Payouts      int64 // surcharges
	Transactions int64 // fees of the sales
	Forfeits     bool  // Device has the deposit: the shop sells too little to have it back
}

// Compare plays a shop's trade through plans.
func Compare(plans []*Plan, m *Mix) *Comparison {
	c := &Comparison{Mix: m, Turnover: m.Turnover()}
	months := int64(m.Months)
	for _, p := range plans {
		cost := Cost{
			Plan:        p,
			Device:      p.Price + p.Rent*months,
			Maintenance: p.Maintenance*months + p.Data*((months+11)/12),
			Payouts:     p.Payout.Surcharge * int64(m.Payouts) * months,
		}
		if c.Turnover < p.Deposit.Needs() {
			cost.Device += p.Deposit.Amount
			cost.Forfeits = true
		}
		for _, s := range m.Sales {
			cost.Transactions += p.Fee(s.Sale) * s.Count * months
		}
		c.Costs = append(c.Costs, cost)
	}
	return c
}

// Needs is the least turnover of a month with which the deposit comes back.
func (d Deposit) Needs() int64 {
	if d.BackAfter == 0 {
		return 0
	}
	within := int64(d.Within)
	return (d.BackAfter + within - 1) / within
}

// Total is the sum of all parts.
func (c Cost) Total() int64 { return c.Device + c.Maintenance + c.Payouts + c.Transactions }

// Monthly is the cost of one month of so many, each part rounded so that the parts
// still add up to the total, which is rounded half up.
func (c Cost) Monthly(months int) Cost {
	sum, told := int64(0), int64(0)
	share := func(part int64) int64 {
		sum += part
		before := told
		told = HalfUp.part(sum, 1, int64(months))
		return told - before
	}
	c.Device, c.Maintenance, c.Payouts, c.Transactions = share(c.Device), share(c.Maintenance), share(c.Payouts), share(c.Transactions)
	return c
}

// Share is what a plan costs of each yuan sold, rounded half up. It may be more than
// all of it.
func (c *Comparison) Share(plan int) Rate {
	return Rate(quotient(
		new(big.Int).Mul(big.NewInt(c.Costs[plan].Total()), big.NewInt(int64(Whole))),
		new(big.Int).Mul(big.NewInt(c.Turnover), big.NewInt(int64(c.Mix.Months)))))
}

// quotient is a/b of what is not negative, rounded half up; at most what int64 holds.
func quotient(a, b *big.Int) int64 {
	a.Lsh(a, 1)
	a.Quo(a.Add(a, b), b.Lsh(b, 1))
	if !a.IsInt64() {
		return math.MaxInt64
	}
	return a.Int64()
}

// at is what a plan would cost with another turnover a month, of the same mix, over
// all months and times the mix's own turnover, which makes it a whole number.
func (c *Comparison) at(plan int, turnover int64) *big.Int {
	cost := c.Costs[plan]
	d := cost.Plan.Deposit
	fixed := cost.Total() - cost.Transactions
	if cost.Forfeits {
		fixed -= d.Amount
	}
	if turnover < d.Needs() {
		fixed += d.Amount
	}
	sum := new(big.Int).Mul(big.NewInt(fixed), big.NewInt(c.Turnover))
	return sum.Add(sum, new(big.Int).Mul(big.NewInt(cost.Transactions), big.NewInt(turnover)))
}

// At is what a plan would cost a month if the shop sold so much a month, of the same
// mix, in fen, rounded half up.
func (c *Comparison) At(plan int, turnover int64) int64 {
	return quotient(c.at(plan, turnover), new(big.Int).Mul(big.NewInt(c.Turnover), big.NewInt(int64(c.Mix.Months))))
}
