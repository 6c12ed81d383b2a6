package payout

import "errors"

// Paid are payouts of an account as a host's data keep them: what came out, so that it is
// the same again whatever plan, calendar and clock say by then.
type Paid struct {
	Sealed  date      // days up to this one take no more
	Payouts []PaidOut `json:",omitempty"`
}

// PaidOut is a payout, and what it paid of each day.
type PaidOut struct {
	Payout
	Of []PaidDay
}

// PaidDay is what of a day a payout paid, its fee, in fen.
type PaidDay struct {
	Day         date
	Amount, Fee int64
}

var errPaid = errors.New("it does not fit the account")

// Paid gives payouts, which [Account.Pay] has just made, for [Account.Repay]; false when
// there are none, and no more days are out than the last time.
func (a *Account) Paid(payouts []Payout) (all Paid, any bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(payouts) == 0 && a.sealed == a.told {
		return Paid{}, false
	}
	all, a.told = Paid{Sealed: a.sealed}, a.sealed
	for _, p := range payouts {
		all.Payouts = append(all.Payouts, PaidOut{p, p.of})
	}
	return all, true
}

// Repay makes payouts again. The error says that they are not of this account.
func (a *Account) Repay(all Paid) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sealed = max(a.sealed, all.Sealed)
	a.told = a.sealed
	for _, p := range all.Payouts {
		var amount, fee int64
		for _, of := range p.Of {
			amount, fee = amount+of.Amount, fee+of.Fee
		}
		if len(p.Of) == 0 || amount != p.Amount || fee != p.Fee || p.Net != p.Amount-p.Fee-p.Surcharge {
			return errPaid
		}
		for _, of := range p.Of {
			d := a.dayOf(of.Day)
			d.paid, d.paidFee = d.paid+of.Amount, d.paidFee+of.Fee
		}
		a.number++
		a.paid += p.Net + p.Surcharge
		a.extra += p.Surcharge
		p.Payout.of = p.Of
		a.payouts = append(a.payouts, p.Payout)
	}
	a.payouts = a.payouts[max(0, len(a.payouts)-KeepsDays):]
	return nil
}
