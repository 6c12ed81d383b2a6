package book

import (
	"time"

	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/host/payout"
)

// Posting is off the way of a payment: what a record comes to is in the record, so its fee
// is computed when its batch is closed, when it is refunded, or when somebody wants a
// statement or payout, whatever comes first. From then on what undoes the record takes its
// posting back. The terminal is locked.

// sale is a payment as its fee sees it.
func (l *Ledger) sale(r *Record) fee.Sale {
	return fee.Sale{Kind: l.cards[r.Card].of.Kind, Channel: r.Channel, Amount: r.Amount, Time: time.Unix(int64(r.When), 0)}
}

// postSale posts a payment, whole.
func (l *Ledger) postSale(t *Terminal, r *Record) {
	sale := l.sale(r)
	l.post(t, payout.Posting{What: payout.Sale, When: sale.Time, Serial: r.Serial, Sums: l.sums(t, sale, r.Amount, 1)}, sale)
	r.posted = true
}

// unpost takes the posting of a payment back that is undone, whole, with all of its fee.
func (l *Ledger) unpost(t *Terminal, r *Record, when uint32) {
	if !r.posted {
		return
	}
	sale := l.sale(r)
	s := l.sums(t, sale, r.Amount, 1)
	var none payout.Sums
	l.post(t, payout.Posting{What: payout.Void, When: time.Unix(int64(when), 0), Serial: r.Serial, Sums: minus(none, s)}, sale)
	r.posted = false
}

// postRefund posts a refund, r, of a payment, which is posted first.
func (l *Ledger) postRefund(t *Terminal, r *Record, p Refundable) {
	if p.record != nil && !p.record.posted {
		l.postSale(t, p.record)
	}
	s := minus(l.sums(t, p.sale, p.Left-r.Amount, 0), l.sums(t, p.sale, p.Left, 0))
	s.Count = 1
	l.post(t, payout.Posting{What: payout.Refund, When: time.Unix(int64(r.When), 0), Serial: r.Serial, Sums: s}, p.sale)
}

// sums are what a sale comes to of which so much is left: the fee that is kept, and who
// gets how much of it.
func (l *Ledger) sums(t *Terminal, sale fee.Sale, left int64, count int) payout.Sums {
	m := t.merchant.of
	s := payout.Sums{Count: count, Amount: left, Fee: m.Plan.Kept(sale, left)}
	if s.Fee > 0 {
		s.Fee += l.wrong.Load()
	}
	sale.Amount = left
	s.Split = l.splits.Of(m.Class, sale, s.Fee)
	return s
}

func minus(a, b payout.Sums) payout.Sums {
	return payout.Sums{Count: a.Count - b.Count, Amount: a.Amount - b.Amount, Fee: a.Fee - b.Fee,
		Split: fee.Split{Issuer: a.Issuer - b.Issuer, Network: a.Network - b.Network, Acquirer: a.Acquirer - b.Acquirer}}
}

// post moves what a posting says, from clearing to payable and of that to those who have
// the fee, and enters it in the merchant's account.
func (l *Ledger) post(t *Terminal, p payout.Posting, sale fee.Sale) {
	m := t.merchant
	move(&m.clearing, &m.payable, p.Amount)
	move(&m.payable, &l.issuer, p.Issuer)
	move(&m.payable, &l.network, p.Network)
	move(&m.payable, &l.fees, p.Acquirer)
	p.Kind, p.Channel, p.TID = sale.Kind, sale.Channel, l.Entry(int(t.number)).TID
	m.of.Post(p)
}

// accrue posts what terminals have in open batches, where it is wanted.
func (l *Ledger) accrue(wanted func(m *merchant, when time.Time) bool) {
	for i := range l.terminals {
		t := &l.terminals[i]
		t.Lock()
		if t.journal != nil && t.merchant != nil {
			for k := range t.journal.records {
				r := &t.journal.records[k]
				if r.State == Approved && r.Kind.Sells() && !r.posted && wanted(t.merchant, time.Unix(int64(r.When), 0)) {
					l.postSale(t, r)
					l.noteAccrued(t, k)
				}
			}
		}
		t.Unlock()
	}
}

// Pay pays merchants out as far as value dates have come by now, of their clocks: one, or all
// when mid is empty.
func (l *Ledger) Pay(mid string, now time.Time) (all []payout.Payout) {
	meant := func(m *merchant) bool { return mid == "" || m.of.MID == mid }
	l.accrue(func(m *merchant, when time.Time) bool { return meant(m) && m.of.Due(when, now) })
	for _, m := range l.everyone() {
		if !meant(m) {
			continue
		}
		paid := m.of.Pay(now)
		for i := range paid {
			l.payOut(m, &paid[i])
		}
		l.notePaid(m, paid)
		all = append(all, paid...)
	}
	return all
}

// payOut moves the money of a payout.
func (l *Ledger) payOut(m *merchant, p *payout.Payout) {
	move(&m.payable, &m.bank, p.Net)
	move(&m.payable, &l.fees, p.Surcharge)
}

// Account is a merchant's, with what its terminals have in open batches posted to it; nil
// for none of that MID.
func (l *Ledger) Account(mid string) *payout.Account {
	m := l.merchant(mid)
	if m == nil {
		return nil
	}
	l.accrue(func(of *merchant, _ time.Time) bool { return of == m })
	return m.of
}

// WrongFees makes each fee a fen too high from now on, or right again, for a host that
// misbehaves.
func (l *Ledger) WrongFees(are bool) {
	var fen int64
	if are {
		fen = 1
	}
	l.wrong.Store(fen)
}

// Lax are the rules about business days and value dates that are broken on purpose.
func (l *Ledger) Lax() *payout.Lax { return &l.lax }

// PutAhead puts a merchant's clock so far ahead of the host's. What its terminals have done
// before counts by its clock of before.
func (l *Ledger) PutAhead(mid string, by time.Duration) {
	if a := l.Account(mid); a != nil {
		a.PutAhead(by)
	}
}
