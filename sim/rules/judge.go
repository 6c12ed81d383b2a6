package rules

import (
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
	rules    [dialect.Transactions][2]applied // to declines, to approvals
	compared wire.FieldSet                    // fields that some rule wants as they were in the request
	texts    wire.FieldSet                    // fields of text that are not echoed
	secrets  wire.FieldSet                    // fields that never come back

	references [references]atomic.Uint64 // by hash, the latest with it; 0 for none
	offset     atomic.Int64              // of the host's clock, in seconds, plus one; 0 for not known
	year       int64                     // its length in seconds
	leap       bool
}

// applied are the rules that apply to answers of one kind, in the table's order.
type applied struct{ musts, shoulds []entry }

// entry is a rule that applies. It is asked if a bit is set in one of the fields.
type entry struct {
	*Rule
	holds func(x *Exchange) bool
	bit   uint64
	word  uint8 // of fields
}

// fields are which fields of an answer are there and which are not what they were in
// the request: for each when the two words of a set.
type fields [8]uint64

func (f *fields) put(w when, set wire.FieldSet) { f[2*w&7], f[(2*w+1)&7] = set[0], set[1] }

// asked reports whether the rule is asked of an answer with these fields.
func (r *entry) asked(f *fields) bool { return f[r.word&7]&r.bit != 0 }

// NewJudge makes the judge of a run.
func NewJudge(d *dialect.Dialect) *Judge {
	j := &Judge{texts: d.Texts().Without(d.Echoed())}
	for _, e := range secrets {
		j.secrets.Add(d.Place(e).Field)
	}
	j.startYear()
	for i := range table {
		r := &table[i]
		place := d.Place(r.of)
		if r.holds == nil || slices.Contains(d.Without, r.ID) || r.when != always && place.Field == 0 {
			continue
		}
		if r.when == ifDiffers {
			if place.To == 0 && slices.Contains(d.Pair, place.Field) {
				continue // ANS-PAIR has held it
			}
			j.compared.Add(place.Field)
		}
		for t := range j.rules {
			if f := d.Form(dialect.Transaction(t)); f != nil && r.Of&KindOf(f.Transaction) != 0 {
				j.apply(r, f, place.Field)
			}
		}
	}
	return j
}

// apply puts a rule about field n among those that answers to requests of form f
// are held to.
func (j *Judge) apply(r *Rule, f *dialect.Form, n int) {
	n = max(n, 1) // any will do for a rule that is always asked
	e := entry{r, r.holds, 1 << (63 - (n-1)&63), 2*uint8(r.when) + uint8((n-1)>>6)}
	must, should := f.Answered()
	for approves := range j.rules[f.Transaction] {
		to := &j.rules[f.Transaction][approves]
		switch wanted := r.when != ifNot || !r.Approvals; {
		case approves == 0 && r.Approvals:
		case r.Level == Must && (wanted || must.Has(n)):
			to.musts = append(to.musts, e)
		case r.Level == Should && (wanted || should.Has(n)):
			to.shoulds = append(to.shoulds, e)
		}
	}
}

// begin readies an exchange: which rules apply to its answer, and what they ask for.
func (j *Judge) begin(x *Exchange) *applied {
	x.judge, x.code = j, x.Code()
	x.approves = x.approvesBy(x.code)
	there := x.Answer.Present()
	x.fields.put(always, wire.FieldSet{^uint64(0), ^uint64(0)})
	x.fields.put(ifThere, there)
	x.fields.put(ifNot, wire.FieldSet{^there[0], ^there[1]})
	x.fields.put(ifDiffers, x.Answer.Differing(x.Request, j.compared))
	to := 0
	if x.approves {
		to = 1
	}
	return &j.rules[x.Form.Transaction][to]
}

// Check holds an exchange to the rules that apply: to the musts in their order up
// to the first that does not hold, which is the error, a [*Broken]; and if all do,
// to the shoulds, of which it gives those that do not.
func (j *Judge) Check(x *Exchange) (broken Set, err error) {
	by, f := j.begin(x), &x.fields
	musts, shoulds := by.musts, by.shoulds
	for i := range musts {
		if r := &musts[i]; r.asked(f) && !r.holds(x) {
			return 0, &Broken{r.Rule, r.why(x)}
		}
	}
	for i := range shoulds {
		if r := &shoulds[i]; r.asked(f) && !r.holds(x) {
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
		return append(Explain(x, should), Leaks(x)...)
	}
	by, f := j.begin(x), &x.fields
	for i := range by.musts {
		if r := &by.musts[i]; r.asked(f) && !r.holds(x) {
			broken = append(broken, &Broken{r.Rule, r.why(x)})
		}
	}
	return broken
}

// Asked are the rules to which Check has held the answer of an exchange: whatever applies
// up to the first must that is broken, if one is.
func (j *Judge) Asked(x *Exchange, broken *Rule) (asked Set) {
	by := j.begin(x)
	answered := x.Answer.Present()
	both := answered.And(x.Request.Present())
	for _, list := range [...][]entry{by.musts, by.shoulds} {
		for i := range list {
			r := &list[i]
			there := answered
			if r.when == ifDiffers {
				there = both
			}
			if r.when == always || r.when == ifNot || there[r.word&1]&r.bit != 0 {
				asked.Add(r.Rule)
			}
			if r.Rule == broken {
				return asked
			}
		}
	}
	for i := range table { // held by whoever reads the line
		if r := &table[i]; r.holds == nil && r.Of&KindOf(x.Form.Transaction) != 0 {
			asked.Add(r)
		}
	}
	return asked
}

// Applying are the rules that answers to requests of transaction t can be held to.
func (j *Judge) Applying(t dialect.Transaction) (all Set) {
	for approves := range j.rules[t] {
		for _, list := range [...][]entry{j.rules[t][approves].musts, j.rules[t][approves].shoulds} {
			for i := range list {
				all.Add(list[i].Rule)
			}
		}
	}
	for i := range table {
		if r := &table[i]; r.holds == nil && r.Of&KindOf(t) != 0 {
			all.Add(r)
		}
	}
	return all
}

// Leaks holds the texts of an answer to ANS-LEAK, which Check does not: it takes
// longer than all other rules.
func Leaks(x *Exchange) []*Broken {
	if x.Dialect.Leaks(x.Answer) == 0 {
		return nil
	}
	return []*Broken{{noLeaks, noLeaks.why(x)}}
}

// Explain says how an exchange breaks the rules of a set that Check gave.
func Explain(x *Exchange, broken Set) (all []*Broken) {
	for r := range broken.All {
		all = append(all, &Broken{r, r.why(x)})
	}
	return all
}
