package sim

import "github.com/posfleet/posfleet/sim/dialect"

// Doubt is a payment without a verified answer that no reversal undoes: a refund,
// an advice, or one whose reversal was given up. The host has booked it, or it has
// not; until a settlement tells, both are right.
type Doubt struct {
	Of     dialect.Transaction
	Trace  uint32
	Batch  uint32
	Amount int64 // fen

	settled bool // its batch has been settled, and did not tell
}

// Possible is what a host may have booked of some doubts: the sums of every choice
// of them. Payments of equal amounts make one sum for each number of them, so the
// set stays small; where it does not, only its bounds are kept.
type Possible struct {
	sums map[dialect.Totals]bool // nil when there are too many
	high dialect.Totals          // all of them
}

// mostSums is how many sums are told apart.
const mostSums = 1 << 14

// PossibleOf gives what may have been booked of doubts.
func PossibleOf(doubts []Doubt) Possible {
	p := Possible{sums: map[dialect.Totals]bool{{}: true}}
	for _, d := range doubts {
		p.high.Add(d.Of.Side(), d.Amount, 1)
		if p.sums == nil {
			continue
		}
		more := make(map[dialect.Totals]bool, 2*len(p.sums))
		for s := range p.sums {
			more[s] = true
			s.Add(d.Of.Side(), d.Amount, 1)
			more[s] = true
		}
		if p.sums = more; len(more) > mostSums {
			p.sums = nil
		}
	}
	return p
}

// Has reports whether the totals may have been booked.
func (p Possible) Has(t dialect.Totals) bool {
	if p.sums != nil {
		return p.sums[t]
	}
	within := func(v, high int64) bool { return v >= 0 && v <= high }
	return within(t.Debit, p.high.Debit) && within(t.Credit, p.high.Credit) &&
		within(int64(t.DebitN), int64(p.high.DebitN)) && within(int64(t.CreditN), int64(p.high.CreditN))
}

// HasNet reports whether totals with this net may have been booked.
func (p Possible) HasNet(net int64) bool {
	if p.sums == nil {
		return net >= -p.high.Credit && net <= p.high.Debit
	}
	for s := range p.sums {
		if s.Net() == net {
			return true
		}
	}
	return false
}

// open gives the doubts of the open batch.
func (j *Journal) open() []Doubt {
	for i, d := range j.Doubts {
		if !d.settled {
			return j.Doubts[i:] // those of settled batches come first
		}
	}
	return nil
}
