package payout

import (
	"fmt"
	"time"

	"github.com/posfleet/posfleet/sim/fee"
)

// Payout is money on its way to a merchant's account.
type Payout struct {
	Number    string // of this merchant's
	Days      []string
	Value     time.Time // the value date, its midnight in China
	Cycle     fee.Cycle
	Amount    int64 // of the days, less what was given back
	Fee       int64
	Surcharge int64
	Net       int64 // Amount - Fee - Surcharge: what arrives
	Guessed   bool  // working days of a year counted that the calendar does not have

	of []PaidDay // what of each day it paid
}

// fastAfter is how long a merchant is there before it may have its money on the same
// day (PBoC, late 2016).
const fastAfter = 90 * 24 * time.Hour

// cycle is when the sales of a day are paid out: as the plan says, but a merchant who is
// new waits for the next day.
func (a *Account) cycle(d date) fee.Payout {
	p := a.Plan.Payout
	if !a.Since.IsZero() && d.midnight().Before(a.Since.Add(fastAfter)) && !a.lax().NewMerchant.Load() {
		switch p.Cycle {
		case fee.T0:
			p.Cycle = fee.T1
		case fee.D0:
			p.Cycle = fee.D1
		}
	}
	return p
}

// value is the value date of a business day.
func (a *Account) value(d date) (day time.Time, cycle fee.Cycle, known bool) {
	p := a.cycle(d)
	day, known = p.ValueDate(fee.BundledCalendar(), d.midnight())
	return day, p.Cycle, known
}

// Due reports whether a sale of a moment of the host's clock has come to its value date by
// now, of the merchant's.
func (a *Account) Due(sale, now time.Time) bool {
	value, _, _ := a.value(a.business(a.Now(sale)))
	return !value.After(now)
}

// Pay pays out what has come to its value date by now: a payout for each value date. What
// refunds have taken more than sales brought, or a surcharge would, waits for later
// sales. Business days that are over and have come to their value date take no more.
func (a *Account) Pay(now time.Time) []Payout {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []Payout
	var p Payout
	var of []*day
	pay := func() {
		p.Surcharge = a.Plan.Payout.Surcharge
		if p.Net = p.Amount - p.Fee - p.Surcharge; p.Net <= 0 {
			return
		}
		for _, d := range of {
			p.of = append(p.of, PaidDay{d.date, d.Amount - d.paid, d.Fee - d.paidFee})
			d.paid, d.paidFee = d.Amount, d.Fee
		}
		a.number++
		p.Number = fmt.Sprintf("%s-%06d", a.MID, a.number)
		a.paid += p.Net + p.Surcharge
		a.extra += p.Surcharge
		all = append(all, p)
		p, of = Payout{}, nil
	}
	for i := range a.days {
		d := &a.days[i]
		value, cycle, known := a.value(d.date)
		if value.After(now) {
			break
		}
		if d.date < a.business(now) {
			a.sealed = max(a.sealed, d.date)
		}
		if d.unpaid() == 0 {
			continue
		}
		if len(of) > 0 && !value.Equal(p.Value) {
			pay()
		}
		of = append(of, d)
		p.Days = append(p.Days, d.date.midnight().Format(time.DateOnly))
		p.Value, p.Cycle, p.Guessed = value, cycle, !known
		p.Amount += d.Amount - d.paid
		p.Fee += d.Fee - d.paidFee
	}
	pay()
	a.payouts = append(a.payouts, all...)
	a.payouts = a.payouts[max(0, len(a.payouts)-KeepsDays):]
	return all
}

// unpaid is what of the day has not left.
func (d *day) unpaid() int64 { return d.Amount - d.Fee - d.paid + d.paidFee }

// Payouts are the latest, at most KeepsDays of them.
func (a *Account) Payouts() []Payout {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]Payout(nil), a.payouts...)
}
