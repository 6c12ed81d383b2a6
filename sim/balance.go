package sim

import (
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
)

// Comparison is how the totals that terminal and host have of a batch compare.
type Comparison uint8

const (
	NotTold    Comparison = iota // no settlement, or one that was not approved
	Balanced                     // the host says so, and its totals are the terminal's
	Explained                    // the host says that they differ, and they do, by payments that the terminal is in doubt of and by nothing else
	Uncompared                   // the batch may hold payments from before, or more than a settlement can say
	Unbalanced
	comparisons
)

// Settled is what came of the settlements of a terminal.
type Settled struct {
	Counts    [comparisons]int64
	Failed    int64          // attempts not approved, or not finished, at batches that none closed
	Repeated  int64          // the same, at batches that a later one closed
	CutOff    int64          // attempts that whoever ended the run at once cut off
	failed    attempts       // of Failed, those at one batch
	Own, Host dialect.Totals // of all batches whose totals were compared
	Detail    string         // the first that did not balance, with both totals
	Why       error          // why the latest was not done; nil when it was
	ending    *ending        // what its open batch waits for; nil for nothing
	last      *settledBatch  // the latest; nil for none
	Open      *OpenBatch     // of the latest, when it was not done although the host told totals that cannot be; else nil
}

// attempts are how many settlements of a batch were not done.
type attempts struct {
	batch uint32
	n     int64
}

// OpenBatch is both totals of a batch whose settlement was not done.
type OpenBatch struct {
	Own, Host dialect.Totals
	Detail    string
}

// Settled is what came of the terminal's settlements. Most terminals of a large fleet
// have none: it is made when first asked for.
func (t *Terminal) Settled() *Settled {
	if t.settled == nil {
		t.settled = &Settled{}
	}
	return t.settled
}

// classes are the totals of the batch, of domestic cards and of foreign ones.
func (j *Journal) classes() (own, foreign dialect.Totals) {
	for i := range j.Records {
		if r := &j.Records[i]; r.class == dialect.Foreign {
			foreign.Add(r.Of.Side(), r.Amount, 1)
		}
	}
	return j.Batch.Minus(foreign), foreign
}

// compare says whether a host's totals of a class of cards are the terminal's, and whether
// its flag says just that. Some hosts leave a class that has no payments without a flag.
func compare(own, host dialect.Totals, f dialect.Flag) (same, told bool) {
	switch same = own == host; {
	case same && own == dialect.Totals{} && f != dialect.Unbalanced && f != dialect.InError:
		return same, true
	case same:
		return same, f == dialect.Balanced
	}
	return same, f == dialect.Unbalanced
}

// balance compares a settlement's totals with the host's, class of cards by class. A host
// that calls equal totals unbalanced, or in error, is not explained by anything.
func (t *Terminal) balance(r *Result, host *dialect.Reconciliation) Comparison {
	own, foreign := t.Journal.classes()
	same, told := compare(own, host.Own, host.Flag)
	sameToo, toldToo := compare(foreign, host.Foreign, host.ForeignFlag)
	switch {
	case same && sameToo && host.Flag == dialect.Balanced && toldToo:
		return Balanced
	case !own.Fit() || !foreign.Fit():
		return Uncompared
	case !told || !toldToo || r.Host == t.Journal.Batch:
		return Unbalanced
	}
	return t.differ(r.Host)
}

// differ says what may be why a host's totals are others than the terminal's.
func (t *Terminal) differ(host dialect.Totals) Comparison {
	more := host.Minus(t.Journal.Batch)
	switch {
	case PossibleOf(t.Journal.open()).Has(more):
		return Explained
	case !t.Opened && more.Debit >= 0 && more.Credit >= 0 && (more.Debit > 0) == (more.DebitN > 0) && (more.Credit > 0) == (more.CreditN > 0):
		return Uncompared
	}
	return Unbalanced
}

// unsettled takes down that the settlement with this answer was not done, and why.
// What the host told of the batch is told all the same.
func (t *Terminal) unsettled(r *Result, why error) {
	s := t.Settled()
	if s.failed.batch != t.Batch {
		s.failed = attempts{batch: t.Batch}
	}
	s.Failed++
	s.failed.n++
	s.Why, s.Open = why, nil
	if own := t.Journal.Batch; r.ToldTotals && own.Fit() && t.differ(r.Host) == Unbalanced {
		s.Open = &OpenBatch{own, r.Host, t.compared(r) + "; not settled: " + why.Error()}
	}
}

// settle takes down a batch that terminal and host have closed, and empties the
// journal. Where the host's totals decide what the terminal was in doubt of, the
// journal takes them over.
func (t *Terminal) settle(r *Result) {
	j, s := &t.Journal, t.Settled()
	s.Counts[r.Totals]++
	if s.failed.batch == t.Batch {
		s.Failed, s.Repeated = s.Failed-s.failed.n, s.Repeated+s.failed.n
	}
	s.failed = attempts{}
	s.Why, s.Open = nil, nil
	switch r.Totals {
	case Explained:
		j.All = j.All.Plus(r.Host.Minus(j.Batch))
		fallthrough
	case Balanced:
		j.Doubts = j.Doubts[:len(j.Doubts)-len(j.open())]
		s.Own, s.Host = s.Own.Plus(r.Host), s.Host.Plus(r.Host)
	case Unbalanced:
		s.Own, s.Host = s.Own.Plus(j.Batch), s.Host.Plus(r.Host)
		if s.Detail == "" {
			s.Detail = t.compared(r)
		}
	}
	for i := range j.Doubts {
		j.Doubts[i].settled = true
	}
	t.Opened = true
	j.clear()
	t.forgetDetails()
}

// compared says both totals of a settlement.
func (t *Terminal) compared(r *Result) string {
	d := t.Profile.Dialect
	said := d.Verdict(r.Flag, r.Code)
	if own := t.Journal.Batch; r.Host == own {
		return fmt.Sprintf("terminal %s, batch %06d: the host says %s, %s, with the terminal's own totals: %s", t.TID, t.Batch, said, flagWords(r.Flag), describeTotals(d, own))
	}
	return fmt.Sprintf("terminal %s, batch %06d: %s; the host has %s, %s", t.TID, t.Batch, describeTotals(d, t.Journal.Batch), describeTotals(d, r.Host), said)
}

func flagWords(f dialect.Flag) string {
	switch f {
	case dialect.Balanced:
		return "balanced"
	case dialect.Unbalanced:
		return "unbalanced"
	case dialect.InError:
		return "in error"
	}
	return "no verdict"
}

func describeTotals(d *dialect.Dialect, t dialect.Totals) string {
	return fmt.Sprintf("debits of %s %s in %d, credits of %s %s in %d", report.FormatAmount(t.Debit, d.Exponent), d.Unit(), t.DebitN, report.FormatAmount(t.Credit, d.Exponent), d.Unit(), t.CreditN)
}
