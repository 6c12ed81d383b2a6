package order

import (
	"math"
	"sync"

	"github.com/posfleet/posfleet/sim/dialect"
)

// Codes are the payment codes of customers' phones that have been used, as long as
// they would still be good. It is ready once it has a limit.
type Codes struct {
	Limit int64 // what a payer may pay in a day by static codes, in minor units; see StaticLimit

	mu   sync.Mutex
	used [2]map[uint64]struct{} // in this span of time and in the one before
	from int64                  // when this one began
	paid map[int32]spent        // by static codes, for each payer
}

// spent is what a payer has paid by static codes on a day.
type spent struct {
	day    uint32
	amount int64
}

// Use uses a code up, at a time. It says why it is no good.
func (c *Codes) Use(code dialect.OneTimeCode, now int64) dialect.OrderReason {
	if !code.Fresh(now) {
		return dialect.CodeTooOld
	}
	key := uint64(code.Payer)<<40 | uint64(code.Second)<<20 | uint64(code.Number)
	c.mu.Lock()
	defer c.mu.Unlock()
	if now-c.from > 2*dialect.CodeAge { // what the span before has is too old by now
		c.used[0], c.used[1], c.from = map[uint64]struct{}{}, c.used[0], now
	}
	for _, used := range c.used {
		if _, is := used[key]; is {
			return dialect.CodeUsed
		}
	}
	c.used[0][key] = struct{}{}
	return dialect.NoReason
}

// StaticLimit is what a payer may pay in a day by static codes, in hundredths of the
// currency's unit (PBoC notice 296 of 2017, level D).
const StaticLimit = 500_00

// Unspend takes back what Spend added, for a payment that was not made after all.
func (c *Codes) Unspend(payer int32, amount int64, day uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.paid[payer]; s.day == day {
		s.amount -= min(amount, s.amount)
		c.paid[payer] = s
	}
}

// Spent adds what a payer has paid by static codes on a day, or takes it back when it is
// negative: what is known from before, of which no limit is asked.
func (c *Codes) Spent(payer int32, amount int64, day uint32) {
	if amount < 0 {
		c.Unspend(payer, -amount, day)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spend(payer, amount, day, math.MaxInt64)
}

// Spend adds what a payer pays by a static code on a day (MMDD), as far as the limit
// lets it.
func (c *Codes) Spend(payer int32, amount int64, day uint32) dialect.OrderReason {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.spend(payer, amount, day, c.Limit)
}

func (c *Codes) spend(payer int32, amount int64, day uint32, limit int64) dialect.OrderReason {
	if c.paid == nil {
		c.paid = map[int32]spent{}
	}
	s := c.paid[payer]
	if s.day != day {
		s = spent{day: day}
	}
	if s.amount > limit-amount {
		return dialect.OverStaticLimit
	}
	s.amount += amount
	c.paid[payer] = s
	return dialect.NoReason
}
