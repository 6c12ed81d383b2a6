// Package compare tells whether runs differ, and by how much. A [Side] is runs that
// were played alike; [Compare] holds two sides against each other and gives a
// [Comparison]: for each measure how much it changed, between which bounds, and a
// [Verdict].
//
// The unit is the run, since exchanges of one run are not independent of each other
// (Kalibera and Jones 2013): each run gives one figure of each measure. The bounds are
// Welch's on the logarithms of these, of shares on themselves (1947), over all measures at once as Bonferroni
// has it, and never narrower than what resampling the seconds of the runs gives, in
// blocks, since a slow second seldom comes alone (Künsch 1989). docs/compare.md has it
// in words.
package compare

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/report"
)

// Fewest is the fewest runs a side from which a difference is told. Of fewer the
// bounds are those of the runs at hand alone.
const Fewest = 4

// confidence that none of the differences told is chance, when there are none.
const confidence = 0.95

// Run is one run as it is compared.
type Run struct {
	Name   string
	Report *report.Report
	Slices []report.Slice
}

// Side is runs that were played alike.
type Side struct {
	Name string
	Runs []*Run
}

// Verdict is what comparing a measure came to.
type Verdict uint8

const (
	NoDifference Verdict = iota // that could be seen
	Better
	Worse
	Unknown // Row.Why says why
)

// Row is one measure of both sides. Changes are shares of the old figure, 0.05 is five
// percent more; those of a share are points, 0.05 is five of a hundred more.
type Row struct {
	Measure
	Old, New          float64 // means over the runs, in seconds, a second or of 1; geometric but of shares
	Change, Low, High float64
	Verdict           Verdict
	Why               string // that it is unknown; else empty
}

// Comparison is two sides held against each other.
type Comparison struct {
	Old, New *Side
	Rows     []Row
	Few      bool // fewer runs than Fewest on a side
	Uneven   []Uneven
}

// Uneven is a label that not every run has, so that none of its figures is compared.
type Uneven struct {
	Label string `json:"label"`
	Old   int    `json:"old_runs"` // that have it
	New   int    `json:"new_runs"`
}

// Compare holds two sides against each other. The error says why they cannot be
// compared: other plan, other machine, a run that is invalid or not whole, the same
// run on both sides.
func Compare(old, new *Side) (*Comparison, error) {
	if err := comparable(slices.Concat(old.Runs, new.Runs), len(old.Runs)); err != nil {
		return nil, err
	}
	c := &Comparison{Old: old, New: new, Few: min(len(old.Runs), len(new.Runs)) < Fewest}
	measures := []Measure{{}, {Share: Unanswered}, {Share: Failed}}
	for _, u := range labels(old, new) {
		if u.Old < len(old.Runs) || u.New < len(new.Runs) {
			c.Uneven = append(c.Uneven, u)
			continue
		}
		for _, q := range quantiles {
			measures = append(measures, Measure{Label: u.Label, Q: q})
		}
	}
	for _, m := range measures {
		c.Rows = append(c.Rows, c.row(m, len(measures)))
	}
	return c, nil
}

// labels are those of all runs, with how many of each side have it.
func labels(old, new *Side) (all []Uneven) {
	for i, r := range slices.Concat(old.Runs, new.Runs) {
		for _, l := range r.Report.Labels {
			at := slices.IndexFunc(all, func(u Uneven) bool { return u.Label == l.Name })
			if at < 0 {
				all, at = append(all, Uneven{Label: l.Name}), len(all)
			}
			if i < len(old.Runs) {
				all[at].Old++
			} else {
				all[at].New++
			}
		}
	}
	return all
}

// Regressed are the rows that are worse by more than a share allowed: the difference
// is seen, and the best estimate of it is beyond.
func (c *Comparison) Regressed(allow float64) (rows []Row) {
	for _, r := range c.Rows {
		if r.Verdict == Worse && r.Loss() > allow {
			rows = append(rows, r)
		}
	}
	return rows
}

// little is what a smaller share is taken for when its change is held to what is allowed:
// of nothing every change is without bound.
const little = 0.01

// Loss is how much worse the new side is, as a share of the old one: more time, fewer
// approved, more unanswered; of a share below one in a hundred, as a share of that.
func (r *Row) Loss() float64 {
	switch {
	case r.Share != "":
		return r.Change / max(r.Old, little)
	case r.Q == 0:
		return -r.Change
	}
	return r.Change
}

// Unseen is the smallest change that these runs could have shown, as [Row] has changes.
func (r *Row) Unseen() float64 {
	if r.Share != "" {
		return r.High - r.Change
	}
	return (1+r.High)/(1+r.Change) - 1
}

// row compares one measure of so many.
func (c *Comparison) row(m Measure, of int) Row {
	r := Row{Measure: m}
	var sides [2]sample
	for i, side := range []*Side{c.Old, c.New} {
		for _, run := range side.Runs {
			x, why := m.of(run)
			if why != "" {
				r.Verdict, r.Why = Unknown, fmt.Sprintf("%s: %s", run.Name, why)
				return r
			}
			sides[i].figures = append(sides[i].figures, m.scaled(x))
			sides[i].within += m.noise(run) / float64(len(side.Runs)*len(side.Runs))
		}
	}
	old, new := &sides[0], &sides[1]
	change := new.mean() - old.mean()
	half := max(m.least(), within(old, new, 1-(1-confidence)/float64(of)))
	if !c.Few {
		half = max(half, welch(old, new, 1-(1-confidence)/float64(of)))
	}
	if m.Share != "" {
		r.Old, r.New, r.Change, r.Low, r.High = old.mean(), new.mean(), change, change-half, change+half
	} else {
		r.Old, r.New = math.Exp(old.mean()), math.Exp(new.mean())
		r.Change, r.Low, r.High = math.Expm1(change), math.Expm1(change-half), math.Expm1(change+half)
	}
	switch {
	case c.Few:
		r.Verdict, r.Why = Unknown, "too few runs"
	case math.Abs(change) <= half:
	case r.Loss() > 0:
		r.Verdict = Worse
	default:
		r.Verdict = Better
	}
	return r
}

// comparable says why runs cannot be compared; the first so many are the old ones.
func comparable(runs []*Run, old int) error {
	if old == 0 || old == len(runs) {
		return errors.New("not comparable: a side has no runs")
	}
	for i, r := range runs {
		switch {
		case r.Report.Incomplete != "":
			return fmt.Errorf("not comparable: %s is not the whole run: %s", r.Name, r.Report.Incomplete)
		case r.Report.Interrupted:
			return fmt.Errorf("not comparable: %s was interrupted before its time", r.Name)
		case r.Report.Validity.Level == report.Invalid:
			return fmt.Errorf("not comparable: %s is invalid, its generator was the limit", r.Name)
		}
		for _, o := range runs[:i] {
			if r.Report.Same(o.Report) {
				return fmt.Errorf("not comparable: %s and %s are the same run", o.Name, r.Name)
			}
		}
		if other := differing(runs[0].Report, r.Report); other != "" {
			return fmt.Errorf("not comparable: %s and %s were not played alike: %s", runs[0].Name, r.Name, other)
		}
	}
	return nil
}

// differing says in what two runs were played differently, empty for in nothing that
// matters: the host may stand at another address, which is what is compared.
func differing(a, b *report.Report) string {
	x, y := a.Plan, b.Plan
	x.Seed, x.Target = y.Seed, y.Target
	if d := (&report.Report{Plan: x}).Differs(&report.Report{Plan: y}); len(d) > 0 {
		return strings.Join(d, "; ")
	}
	if d := otherMachine(&a.Environment, &b.Environment); d != "" {
		return d
	}
	return otherAgents(a.Agents, b.Agents)
}

// otherMachine says in what two machines, or the builds of posfleet on them, differ.
func otherMachine(p, q *report.Environment) string {
	for _, e := range []struct {
		what string
		a, b any
	}{
		{"processor", p.CPU, q.CPU}, {"cores", p.Cores, q.Cores}, {"GOMAXPROCS", p.GOMAXPROCS, q.GOMAXPROCS},
		{"system", p.OS, q.OS}, {"version of posfleet", p.Version, q.Version},
	} {
		if e.a != e.b {
			return fmt.Sprintf("%s %v and %v", e.what, e.a, e.b)
		}
	}
	return ""
}

// otherAgents says in what the agents of two runs differ: how many there were, how many of
// them on one machine, and on what machines. Who played which share is chance, and the names
// of machines are, where each run has its containers.
func otherAgents(a, b []report.Agent) string {
	if len(a) != len(b) {
		return fmt.Sprintf("played by %s and by %s", players(a), players(b))
	}
	if x, y := together(a), together(b); !slices.Equal(x, y) {
		return fmt.Sprintf("agents on each machine %v and %v", x, y)
	}
	ordered := func(agents []report.Agent) (all []*report.Environment) {
		for i := range agents {
			all = append(all, &agents[i].Machine)
		}
		slices.SortFunc(all, func(p, q *report.Environment) int {
			return cmp.Or(cmp.Compare(p.CPU, q.CPU), cmp.Compare(p.Cores, q.Cores), cmp.Compare(p.GOMAXPROCS, q.GOMAXPROCS), cmp.Compare(p.OS, q.OS), cmp.Compare(p.Version, q.Version))
		})
		return all
	}
	y := ordered(b)
	for i, p := range ordered(a) {
		if d := otherMachine(p, y[i]); d != "" {
			return "an agent's " + d
		}
	}
	return ""
}

func players(agents []report.Agent) string {
	if len(agents) == 0 {
		return "one process"
	}
	return report.Plural(int64(len(agents)), "agent")
}

// together is how many agents each machine had, the most first.
func together(agents []report.Agent) []int {
	on := map[string]int{}
	for i := range agents {
		on[agents[i].Machine.Hostname]++
	}
	all := slices.Sorted(maps.Values(on))
	slices.Reverse(all)
	return all
}
