package book

import (
	"fmt"
	"maps"
	"slices"

	"github.com/posfleet/posfleet/sim/host/payout"
)

// open opens the accounts of a merchant.
func (l *Ledger) open(a *payout.Account) *merchant {
	m := &merchant{of: a}
	a.Lax = &l.lax
	l.merchants = append(l.merchants, m)
	return m
}

// OpenMerchant opens the accounts of a new merchant. It reports false when there is one
// of that MID already.
func (l *Ledger) OpenMerchant(a *payout.Account) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if slices.ContainsFunc(l.merchants, func(m *merchant) bool { return m.of.MID == a.MID }) {
		return false
	}
	l.open(a)
	return true
}

// everyone is all merchants, as they are now.
func (l *Ledger) everyone() []*merchant {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.merchants)
}

func (l *Ledger) merchant(mid string) *merchant {
	for _, m := range l.everyone() {
		if m.of.MID == mid {
			return m
		}
	}
	return nil
}

// At is the terminal of a number.
func (l *Ledger) At(number int) *Terminal { return &l.terminals[number] }

// Bind makes the terminal of a number one of a merchant: requests that name both are its
// own from now on. What it did for another one is settled, what it holds is let go.
func (l *Ledger) Bind(number int, mid string, bar Bar) error {
	m := l.merchant(mid)
	if m == nil {
		return fmt.Errorf("there is no merchant %s", mid)
	}
	l.Unbind(number, bar)
	t := &l.terminals[number]
	t.Lock()
	t.merchant = m
	t.Unlock()
	l.rename(number, mid, int32(number))
	return nil
}

// Unbind takes a terminal from its merchant: its batch is closed, what it holds is let go,
// and it trades no more.
func (l *Ledger) Unbind(number int, bar Bar) {
	t := &l.terminals[number]
	t.Lock()
	defer t.Unlock()
	t.SetBar(bar)
	if t.merchant == nil {
		return
	}
	if j := t.journal; j != nil {
		for i := range j.holds {
			if j.holds[i].open {
				l.release(&j.holds[i])
			}
		}
		l.CloseBatch(t)
		j.settled, j.oldest = nil, 0
	}
	mid := t.merchant.of.MID
	t.merchant = nil
	l.rename(number, mid, -1)
}

// rename has requests of a terminal and merchant find a terminal, or none.
func (l *Ledger) rename(number int, mid string, to int32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	changes := map[identity]int32{}
	if old := l.rebound.Load(); old != nil {
		maps.Copy(changes, *old)
	}
	id := identityOf(l.Entry(number).TID, mid)
	if was, ok := l.names[id]; ok && was == to || !ok && to < 0 {
		delete(changes, id)
	} else {
		changes[id] = to
	}
	l.rebound.Store(&changes)
}

// Payments are the payments of a terminal since a moment that stand, without what is
// known of them besides card, amount and time.
func (l *Ledger) Payments(number int, since uint32) (all []Record) {
	t := &l.terminals[number]
	t.Lock()
	defer t.Unlock()
	if t.journal == nil {
		return nil
	}
	for i := range t.journal.records {
		if r := &t.journal.records[i]; r.State == Approved && r.Kind.Sells() && r.When >= since {
			all = append(all, Record{Card: r.Card, Amount: r.Amount, When: r.When})
		}
	}
	for _, p := range t.journal.settled {
		if p.when >= since {
			all = append(all, Record{Card: p.card, Amount: p.amount, When: p.when})
		}
	}
	return all
}
