package book

import (
	"fmt"
	"time"

	"github.com/posfleet/posfleet/sim/host/payout"
)

// Check proves the books at a moment when nothing is being booked: no money has come or
// gone; what is held is what open pre-authorisations hold; what each merchant has in
// clearing is what its terminals took and nobody posted, what is payable is what was
// posted less fees and payouts; all that terminals took is one or the other; and issuers,
// network and acquirer have what the postings say.
func (l *Ledger) Check() error {
	sum := l.holds.balance.Load() + l.issuer.balance.Load() + l.network.balance.Load() + l.fees.balance.Load() + l.cash.balance.Load()
	for i := range l.cards {
		c := &l.cards[i]
		sum += c.balance.Load() + c.purse.balance.Load() + c.points.balance.Load() + c.alliance.balance.Load()
	}
	merchants := l.everyone()
	for _, m := range merchants {
		sum += m.clearing.balance.Load() + m.payable.balance.Load() + m.bank.balance.Load()
	}
	if sum != 0 {
		return fmt.Errorf("ledger: the accounts add up to %d fen, want 0", sum)
	}
	var took, held int64
	clearing := map[*merchant]int64{}
	for i := range l.terminals {
		t := &l.terminals[i]
		t.Lock()
		if j := t.journal; j != nil {
			took += j.ever().Net()
			held += j.held()
			clearing[t.merchant] += j.unposted()
		}
		t.Unlock()
	}
	if got := l.holds.balance.Load(); got != held {
		return fmt.Errorf("ledger: %d fen are on hold, the open pre-authorisations hold %d", got, held)
	}
	var all payout.Totals
	for _, m := range merchants {
		if err := m.of.Check(); err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
		if got := m.clearing.balance.Load(); got != clearing[m] {
			return fmt.Errorf("ledger: merchant %s has %d fen in clearing, %d of its payments are not posted", m.of.MID, got, clearing[m])
		}
		t := m.of.Totals()
		if got := m.payable.balance.Load(); got != t.Owed() {
			return fmt.Errorf("ledger: merchant %s is owed %d fen, its postings less fees and payouts come to %d", m.of.MID, got, t.Owed())
		}
		if got := m.bank.balance.Load(); got != t.Paid-t.Surcharges {
			return fmt.Errorf("ledger: merchant %s was paid %d fen, its payouts come to %d", m.of.MID, got, t.Paid-t.Surcharges)
		}
		took -= clearing[m] + t.Amount
		all.Add(t.Sums)
		all.Surcharges += t.Surcharges
	}
	if took != 0 {
		return fmt.Errorf("ledger: the terminals took %d fen more than merchants have in clearing and were posted", took)
	}
	for _, of := range []struct {
		who       string
		has, owed int64
	}{
		{"issuers have", l.issuer.balance.Load(), all.Issuer},
		{"the network has", l.network.balance.Load(), all.Network},
		{"the acquirer has", l.fees.balance.Load(), all.Acquirer + all.Surcharges},
	} {
		if of.has != of.owed {
			return fmt.Errorf("ledger: %s %d fen of fees, the postings come to %d", of.who, of.has, of.owed)
		}
	}
	return nil
}

// unposted is what payments come to whose fee has not been computed.
func (j *journal) unposted() (sum int64) {
	for i := range j.records {
		if r := &j.records[i]; r.State == Approved && r.Kind.Sells() && !r.posted {
			sum += r.Amount
		}
	}
	return sum
}

// Fees are what all merchants have been charged, open batches included, and who has it:
// issuers, the network, the acquirer with what payouts cost.
func (l *Ledger) Fees() payout.Totals {
	l.accrue(func(*merchant, time.Time) bool { return true })
	var all payout.Totals
	for _, m := range l.everyone() {
		t := m.of.Totals()
		all.Add(t.Sums)
		all.Paid += t.Paid
		all.Surcharges += t.Surcharges
	}
	return all
}
