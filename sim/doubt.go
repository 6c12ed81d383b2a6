package sim

import (
	"cmp"
	"slices"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// Doubt is a payment without a verified answer that no reversal undoes: a refund,
// an advice, or one whose reversal was given up. The host has booked it, or it has
// not; until a settlement tells, both are right.
type Doubt struct {
	Of     dialect.Transaction
	Trace  uint32
	Batch  uint32
	Amount int64 // fen
	Part   bool  // its request took an approval of a part: the host may have booked less, too
	Told   Told  // whether the settlement of its batch tells

	settled bool // its batch has been settled, and did not tell
}

// Told is what a settlement tells of a payment that its terminal is in doubt of.
type Told uint8

const (
	Untold    Told = iota
	Booked         // the host's totals have it
	NotBooked      // they have not
)

// Possible is what a host may have booked of some doubts: the sums of every choice
// of them. Payments of equal amounts make one sum for each number of them, so the
// set stays small; where it does not, only its bounds are kept.
type Possible struct {
	sums  map[dialect.Totals]bool // of those that are booked whole; nil when there are too many
	high  dialect.Totals          // all of them
	parts []int64                 // of those of which a part may be booked, the highest first
}

// mostSums is how many sums are told apart.
const mostSums = 1 << 14

// PossibleOf gives what may have been booked of doubts.
func PossibleOf(doubts []Doubt) Possible {
	p := Possible{sums: map[dialect.Totals]bool{{}: true}}
	for _, d := range doubts {
		p.high.Add(d.Of.Side(), d.Amount, 1)
		if d.Part {
			p.parts = append(p.parts, d.Amount)
			continue
		}
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
	slices.SortFunc(p.parts, func(a, b int64) int { return cmp.Compare(b, a) })
	return p
}

// takesPart reports whether a request takes an approval of a part.
func takesPart(m *wire.Message) bool { return m.Uint(wire.PartialApproval) == 1 }

// inParts reports whether totals may be of some of the payments of which a part may be booked.
func (p Possible) inParts(t dialect.Totals) bool {
	n := int(t.DebitN)
	if t.Credit != 0 || t.CreditN != 0 || n < 0 || n > len(p.parts) {
		return false
	}
	var most int64
	for _, amount := range p.parts[:n] {
		most += amount
	}
	return t.Debit >= int64(n) && t.Debit <= most
}

// Has reports whether the totals may have been booked.
func (p Possible) Has(t dialect.Totals) bool {
	if p.sums != nil && p.parts == nil {
		return p.sums[t]
	}
	for s := range p.sums {
		if p.inParts(t.Minus(s)) {
			return true
		}
	}
	if p.sums != nil {
		return false
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
	var most int64
	for _, amount := range p.parts {
		most += amount
	}
	for s := range p.sums {
		if rest := net - s.Net(); rest >= 0 && rest <= most {
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

// resolved gives the doubts of the open batch with what the answer to its settlement
// tells of them: which of them make up the difference of the totals. Of several
// payments of one amount it tells how many, and the first are taken.
func (t *Terminal) resolved(r *Result) []Doubt {
	open := t.Journal.open()
	if len(open) == 0 || r.Totals != Balanced && r.Totals != Explained {
		return open
	}
	if slices.ContainsFunc(open, func(d Doubt) bool { return d.Part }) {
		return open // of which how much was booked is not known
	}
	chosen, found := chosen(open, r.Host.Minus(t.Journal.Batch))
	if !found {
		return open
	}
	told := slices.Clone(open)
	for i := range told {
		told[i].Told = NotBooked
		if chosen[i] {
			told[i].Told = Booked
		}
	}
	return told
}

// chosen finds doubts that sum up to the totals; none when there are too many sums
// to tell them apart.
func chosen(doubts []Doubt, want dialect.Totals) (in []bool, found bool) {
	type step struct {
		from dialect.Totals
		at   int // the doubt that was added last
	}
	sums := []dialect.Totals{{}}
	by := map[dialect.Totals]step{{}: {at: -1}}
	for i, d := range doubts {
		for _, from := range sums {
			sum := from
			sum.Add(d.Of.Side(), d.Amount, 1)
			if _, known := by[sum]; !known {
				by[sum], sums = step{from, i}, append(sums, sum)
			}
		}
		if len(sums) > mostSums {
			return nil, false
		}
	}
	in = make([]bool, len(doubts))
	for s, known := by[want]; ; s, known = by[s.from] {
		switch {
		case !known:
			return nil, false
		case s.at < 0:
			return in, true
		}
		in[s.at] = true
	}
}
