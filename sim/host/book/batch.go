package book

import (
	"slices"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/profile"
)

// SignIn notes a sign-in: from now on a sign-off ends the batch, and what was sent before
// has another MAC.
func (t *Terminal) SignIn() {
	t.note(signedIn)
	t.fresh = false
	if t.journal != nil {
		t.journal.told = 0
	}
}

// SignOff moves the terminal on to the next batch, if it was signed in; what is
// unsettled stays so. A batch that a settlement has just opened stays, too, and
// a sign-off from the batch before or after, one that comes a second time, say,
// changes nothing. It reports false when the terminal speaks of any other batch.
func (t *Terminal) SignOff(batch uint32, signedIn bool) bool {
	was := uint64(0)
	if signedIn {
		was = 1
	}
	t.note(signedOff, uint64(batch), was)
	switch {
	case batch != t.Batch && dialect.Next(batch) != t.Batch && batch != dialect.Next(t.Batch):
		return false
	case batch == t.Batch && signedIn && !t.fresh:
		t.Batch = dialect.Next(t.Batch)
	}
	t.fresh = false
	return true
}

// Settle begins to settle a batch and gives the totals that the terminal's must
// agree with; trace is of the message that asks. The batch stays open until EndUpload, so it may be settled again,
// also once it is closed and nothing has been booked since. It reports false
// when it is another batch.
func (t *Terminal) Settle(batch, trace uint32) (dialect.Totals, bool) {
	t.note(settled, uint64(batch), uint64(trace))
	j := t.opened()
	switch {
	case batch == t.Batch:
		j.settling, j.told, j.details, j.upload = true, trace, 0, 0
		return j.open, true
	case batch == j.lastNo && j.open == dialect.Totals{}:
		return j.last, true
	}
	return dialect.Totals{}, false
}

// Foreign is what of the totals of a batch that [Terminal.Settle] gives is of foreign cards.
// The terminal is locked.
func (l *Ledger) Foreign(t *Terminal, batch uint32) (sum dialect.Totals) {
	if batch != t.Batch {
		return t.opened().lastForeign
	}
	for i := range t.opened().records {
		if r := &t.journal.records[i]; r.State != Reversed && r.State != Declined && l.classOf(r) == dialect.Foreign {
			sum.Add(r.Kind.Side(), r.Amount, 1)
		}
	}
	return sum
}

// classOf is the class of the card that a record is about. Behind a payment code it is not seen.
func (l *Ledger) classOf(r *Record) dialect.CardClass {
	if r.Card < 0 || int(r.Card) >= len(l.cards) || r.Channel >= fee.WalletQR {
		return dialect.Domestic
	}
	return l.profile.Dialect.ClassOf([]byte(profile.SchemeOf(l.cards[r.Card].of.PAN)))
}

// Overtaken reports whether a payment with this trace was sent before the totals of the
// open batch were told, and comes after: it is in no totals, and the batch may be closed
// at any moment. Traces go up, and from the last one to the first again. The terminal is
// locked.
func (t *Terminal) Overtaken(trace uint32) bool {
	j := t.journal
	return j != nil && j.settling && j.told != 0 && trace != j.told && (j.told+dialect.MaxNumber-trace)%dialect.MaxNumber < dialect.MaxNumber/2
}

// Upload notes n details of the batch that is being settled, told by a message
// with this trace. One that comes again is not counted again.
func (t *Terminal) Upload(trace uint32, n int) {
	t.note(uploaded, uint64(trace), uint64(n))
	if j := t.journal; j != nil && j.settling && j.upload != trace {
		j.details += int32(n)
		j.upload = trace
	}
}

// EndUpload closes the batch that was settled, and the next one begins. It
// reports whether n is how many details came. An end that comes again, or of a
// batch that was not settled, changes nothing.
func (l *Ledger) EndUpload(t *Terminal, batch uint32, n int) (right bool) {
	t.note(uploadEnded, uint64(batch), uint64(n))
	j := t.journal
	if j == nil || !j.settling || batch != t.Batch {
		return true
	}
	right = int(j.details) == n
	l.CloseBatch(t)
	return right
}

// CloseBatch settles all that is open and posts what has not been. Of its payments only
// what refunds need is kept, the youngest KeepsSettled of them; holds stay while
// they are open.
func (l *Ledger) CloseBatch(t *Terminal) {
	j, foreign := t.opened(), l.Foreign(t, t.Batch)
	next := 0 // of the index, which mostly has the records' order
	for i := range j.records {
		r := &j.records[i]
		var key Key
		if next < len(j.index) && int(j.index[next].at) == i {
			key = j.index[next].key
			next++
		} else if k := slices.IndexFunc(j.index, func(p place) bool { return int(p.at) == i }); k >= 0 {
			key, next = j.index[k].key, k+1
		}
		if r.State != Approved || !r.Kind.Sells() {
			continue
		}
		if !r.posted {
			l.postSale(t, r)
		}
		j.keep(settledPayment{amount: r.Amount, refunded: r.Refunded, serial: r.Serial, key: key, when: r.When, card: r.Card, channel: r.Channel, kind: r.Kind})
	}
	j.closed = j.closed.Plus(j.open)
	j.lastForeign = foreign
	j.last, j.lastNo, j.open = j.open, t.Batch, dialect.Totals{}
	j.records = j.records[:0]
	j.index, j.parts = j.index[:0], nil
	open := j.holds[:0]
	for _, h := range j.holds {
		if h.open {
			open = append(open, h)
		}
	}
	j.holds = open
	j.settling, j.details, j.upload = false, 0, 0
	t.Batch = dialect.Next(t.Batch)
	t.fresh = true
}

// keep keeps a settled payment, in the place of the oldest when there are many.
func (j *journal) keep(p settledPayment) {
	if len(j.settled) < KeepsSettled {
		j.settled = append(j.settled, p)
		return
	}
	j.settled[j.oldest] = p
	j.oldest = (j.oldest + 1) % KeepsSettled
}
