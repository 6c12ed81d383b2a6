package book

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/sim/host/payout"
)

// changedAccounts are what was posted and paid because somebody asked for it, as a host's
// data keep it. What follows from payments alone is not among it.
type changedAccounts struct {
	Accrued []accrued `json:",omitempty"`
	Paid    []paidOut `json:",omitempty"`
}

// accrued are payments of an open batch that were posted before its settlement.
type accrued struct {
	Terminal int
	Records  []int
}

// paidOut are payouts of a merchant, and up to which day its statements are out by then.
type paidOut struct {
	MID string
	payout.Paid
}

// noteAccrued notes that a record of the open batch was posted. The terminal is locked.
func (l *Ledger) noteAccrued(t *Terminal, record int) {
	if !l.keeping {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	all := &l.accounts.Accrued
	if n := len(*all); n == 0 || (*all)[n-1].Terminal != int(t.number) {
		*all = append(*all, accrued{Terminal: int(t.number)})
	}
	of := &(*all)[len(*all)-1]
	of.Records = append(of.Records, record)
}

// notePaid notes payouts, and days that are out.
func (l *Ledger) notePaid(m *merchant, paid []payout.Payout) {
	if !l.keeping {
		return
	}
	if p, any := m.of.Paid(paid); any {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.accounts.Paid = append(l.accounts.Paid, paidOut{m.of.MID, p})
	}
}

// TakeAccounts gives what was posted and paid since the last time because somebody asked
// for it, as octets that [Ledger.RedoAccounts] takes; nil for nothing.
func (l *Ledger) TakeAccounts() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.accounts.Accrued)+len(l.accounts.Paid) == 0 {
		return nil
	}
	text, err := json.Marshal(l.accounts)
	if err != nil {
		panic(err) // texts, numbers and times have JSON
	}
	l.accounts = changedAccounts{}
	return text
}

// RedoAccounts posts and pays what TakeAccounts gave, after all that was before it. The
// error says that it is not of these books.
func (l *Ledger) RedoAccounts(text []byte) error {
	var c changedAccounts
	if err := json.Unmarshal(text, &c); err != nil {
		return errors.Join(errChange, err)
	}
	for _, a := range c.Accrued {
		if err := l.redoAccrued(a); err != nil {
			return err
		}
	}
	for i := range c.Paid {
		p := &c.Paid[i]
		m := l.merchant(p.MID)
		if m == nil {
			return fmt.Errorf("merchant %q: %w", p.MID, errChange)
		}
		if err := m.of.Repay(p.Paid); err != nil {
			return fmt.Errorf("merchant %q: %w: %w", p.MID, errChange, err)
		}
		for k := range p.Payouts {
			l.payOut(m, &p.Payouts[k].Payout)
		}
	}
	return nil
}

func (l *Ledger) redoAccrued(a accrued) error {
	if a.Terminal < 0 || a.Terminal >= len(l.terminals) {
		return fmt.Errorf("terminal %d: %w", a.Terminal, errChange)
	}
	t := &l.terminals[a.Terminal]
	t.Lock()
	defer t.Unlock()
	if t.journal == nil || t.merchant == nil {
		return nil
	}
	for _, n := range a.Records {
		if n < 0 || n >= len(t.journal.records) {
			continue // settled, and so posted
		}
		if r := &t.journal.records[n]; r.State == Approved && r.Kind.Sells() && !r.posted {
			l.postSale(t, r)
		}
	}
	return nil
}
