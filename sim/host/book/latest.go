package book

import (
	"slices"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// Payment is a record with what it is found by, for people to look at.
type Payment struct {
	Record
	Batch, Trace uint32
	Voids        uint32 // of a void, the trace of what it voids; 0 of others
	Settled      bool   // its batch is closed
}

// Latest gives the payments of the open batch that have the highest traces, approved or
// not, the highest first; then those of closed batches that may still be refunded, the
// youngest first: at most so many. The terminal is locked.
func (t *Terminal) Latest(most int) []Payment {
	j := t.journal
	if j == nil {
		return nil
	}
	var all []Payment
	for _, p := range slices.Backward(t.journal.index) {
		if len(all) == most {
			break
		}
		one := Payment{Record: *t.Record(p.at), Batch: p.key.batch(), Trace: p.key.trace()}
		if b := one.Kind.Booking(); one.State != Declined && (b == dialect.Uncharge || b == dialect.Uncapture || b == dialect.CashOut) {
			for _, o := range t.journal.index {
				if o.at == one.Original {
					one.Voids = o.key.trace()
				}
			}
		}
		all = append(all, one)
	}
	for i := range j.settled {
		if len(all) == most {
			break
		}
		p := &j.settled[(int(j.oldest)+len(j.settled)-1-i)%len(j.settled)]
		all = append(all, Payment{Batch: p.key.batch(), Trace: p.key.trace(), Settled: true, Record: Record{
			Kind: p.kind, State: Approved, Amount: p.amount, Refunded: p.refunded, Serial: p.serial, When: p.when, Card: p.card, Channel: p.channel, Original: -1}})
	}
	return all
}

// Open is what the open batch comes to. The terminal is locked.
func (t *Terminal) Open() (sum dialect.Totals) {
	if t.journal != nil {
		sum = t.journal.open
	}
	return sum
}

func (k Key) batch() uint32 { return uint32(k >> 28) }
func (k Key) trace() uint32 { return uint32(k>>8) & (1<<20 - 1) }

// Merchant is whose terminal it is; empty for nobody's. The terminal is locked.
func (t *Terminal) Merchant() (mid, name string) {
	if t.merchant == nil {
		return "", ""
	}
	return t.merchant.of.MID, t.merchant.of.Name
}

// Holder is whose account a card is; nil for cards that nobody knows.
func (l *Ledger) Holder(c Card) *profile.Holder {
	if c < 0 {
		return nil
	}
	for i := range l.profile.Cards {
		holders := l.profile.Holders(l.profile.Cards[i].Role)
		if int(c) < len(holders) {
			return &holders[c]
		}
		c -= Card(len(holders))
	}
	return nil
}

var states = [...]string{Declined: "declined", Approved: "approved", Voided: "voided", Reversed: "reversed"}

func (s State) String() string { return states[s] }
