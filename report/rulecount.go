package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// RuleCount is how many answers of a run broke a rule about answers
// (`posfleet rules` lists them). An answer that breaks a must is refused and counts
// for the first one that it breaks; any number of shoulds may be counted of others.
type RuleCount struct {
	ID    string `json:"id"`
	Level string `json:"level"` // "must" or "should"
	N     int64  `json:"n"`
}

// Broken is how often each rule was broken, up to the last tick, by the rule's
// place in its table.
func (r *Recorder) Broken() [Rules]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.broken
}

// Beside takes over what another recorder counted beside its exchanges: answers that
// nobody waited for and rules that were broken. The exchanges themselves stay apart.
func (r *Recorder) Beside(o *Recorder) {
	o.Tick(o.upto)
	beside, broken, strays := o.tally, o.Broken(), o.failures.strays()
	r.mu.Lock()
	r.tally.Late += beside.Late
	r.tally.Cut += beside.Cut
	r.tally.Duplicate += beside.Duplicate
	r.tally.Unmatched += beside.Unmatched
	for i, n := range broken {
		r.broken[i] += n
	}
	r.mu.Unlock()
	for _, s := range strays {
		r.failures.addStray(s.Kind, s.N, func() string { return s.First })
	}
}

// addRules adds up two runs' counts of rules.
func addRules(a, b []RuleCount) []RuleCount {
	sum := slices.Clone(a)
	for _, o := range b {
		if i := slices.IndexFunc(sum, func(c RuleCount) bool { return c.ID == o.ID }); i >= 0 {
			sum[i].N += o.N
		} else {
			sum = append(sum, o)
		}
	}
	return sum
}

// rules writes which rules answers broke.
func (t *text) rules(counts []RuleCount) {
	if len(counts) > 0 {
		t.wrapped("answers", "break "+DescribeRules(counts)+" (posfleet rules)")
	}
}

// DescribeRules says which rules answers broke and how many, musts first:
// "ANS-54-PRESENT (should): 12".
func DescribeRules(counts []RuleCount) string {
	counts = slices.SortedStableFunc(slices.Values(counts), func(a, b RuleCount) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(b.N, a.N))
	})
	said := make([]string, len(counts))
	for i, c := range counts {
		said[i] = fmt.Sprintf("%s (%s): %s", c.ID, c.Level, FormatCount(c.N))
	}
	return strings.Join(said, "   ")
}
