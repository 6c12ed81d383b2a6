package rules

import (
	"bytes"
	"slices"
	"sync/atomic"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// Judge holds the answers of one run to the rules that apply in its dialect, and
// against each other: by the latest reference numbers, and by how much the host's
// clock is off the run's. Its size is the same however long the run is. Any number
// of goroutines may use it at once.
type Judge struct {
	rules [dialect.Transactions]struct{ musts, shoulds []entry }

	references [references]atomic.Uint64 // by hash, the latest with it; 0 for none
	offset     atomic.Int64              // of the host's clock, in seconds, plus one; 0 for not known
	year       int64                     // its length in seconds
	leap       bool
}

// entry is a rule that applies, and the field of its element in the dialect.
type entry struct {
	*Rule
	holds     func(x *Exchange) bool
	field     int
	when      when
	approvals bool
}

// NewJudge makes the judge of a run.
func NewJudge(d *dialect.Dialect) *Judge {
	j := &Judge{}
	j.startYear()
	for i := range table {
		r := &table[i]
		place := d.Place(r.of)
		if r.holds == nil || r.when != always && place.Field == 0 {
			continue
		}
		if r.when == ifDiffers && place.To == 0 && slices.Contains(d.Pair, place.Field) {
			continue // ANS-PAIR has held it
		}
		for t := range j.rules {
			f := d.Form(dialect.Transaction(t))
			if f == nil || r.Of&KindOf(f.Transaction) == 0 {
				continue
			}
			carries, should := f.Answered()
			to := &j.rules[t].musts
			if r.Level == Should {
				carries, to = should, &j.rules[t].shoulds
			}
			if r.when == ifNot && r.Approvals && !carries.Has(place.Field) {
				continue // the form does not want it
			}
			*to = append(*to, entry{r, r.holds, place.Field, r.when, r.Approvals})
		}
	}
	return j
}

// Check holds an exchange to the rules that apply: to the musts in their order up
// to the first that does not hold, which is the error, a [*Broken]; and if all do,
// to the shoulds, of which it gives those that do not.
func (j *Judge) Check(x *Exchange) (broken Set, err error) {
	x.judge, x.approves = j, x.Approves()
	there, sent := x.Answer.Present(), x.Request.Present()
	by := &j.rules[x.Form.Transaction]
	for i := range by.musts {
		if r := &by.musts[i]; r.asked(x, there, sent) && !r.holds(x) {
			return 0, &Broken{r.Rule, r.why(x)}
		}
	}
	for i := range by.shoulds {
		if r := &by.shoulds[i]; r.asked(x, there, sent) && !r.holds(x) {
			broken.Add(r.Rule)
		}
	}
	return broken, nil
}

// All gives every rule that an exchange breaks: all the musts, or if it keeps those,
// the shoulds. It is for people; the hot path has Check.
func (j *Judge) All(x *Exchange) (broken []*Broken) {
	should, err := j.Check(x)
	if err == nil {
		return Explain(x, should)
	}
	there, sent := x.Answer.Present(), x.Request.Present()
	for i := range j.rules[x.Form.Transaction].musts {
		if r := &j.rules[x.Form.Transaction].musts[i]; r.asked(x, there, sent) && !r.holds(x) {
			broken = append(broken, &Broken{r.Rule, r.why(x)})
		}
	}
	return broken
}

// asked reports whether the rule is asked of an answer with these fields, to a
// request with those.
func (r *entry) asked(x *Exchange, there, sent wire.FieldSet) bool {
	if r.approvals && !x.approves {
		return false
	}
	switch r.when {
	case ifThere:
		return there.Has(r.field)
	case ifNot:
		return !there.Has(r.field)
	case ifDiffers:
		return there.Has(r.field) && sent.Has(r.field) && !bytes.Equal(x.Answer.Field(r.field), x.Request.Field(r.field))
	}
	return true
}

// Explain says how an exchange breaks the rules of a set that Check gave.
func Explain(x *Exchange, broken Set) (all []*Broken) {
	for r := range broken.All {
		all = append(all, &Broken{r, r.why(x)})
	}
	return all
}
