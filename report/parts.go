package report

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Same reports whether both are of one run's one part: added up they would count
// everything twice.
func (r *Report) Same(o *Report) bool {
	if r.Part == "" && o.Part == "" { // written before runs had names
		return r.Started.Equal(o.Started) && r.Plan.Seed == o.Plan.Seed && slices.Equal(r.Plan.Command, o.Plan.Command)
	}
	return r.Part == o.Part
}

// PartsOf reports whether both are parts of one run.
func (r *Report) PartsOf(o *Report) bool { return r.Run != "" && r.Run == o.Run }

// Differs says in what two runs were asked for differently, nothing when they were asked
// for alike.
func (r *Report) Differs(o *Report) []string {
	a, b := &r.Plan, &o.Plan
	var all []string
	for _, x := range []struct {
		what string
		a, b any
	}{
		{"host", a.Target, b.Target}, {"dialect", a.Dialect, b.Dialect}, {"model", a.Model, b.Model},
		{"arrivals", a.Arrivals, b.Arrivals}, {"seed", a.Seed, b.Seed}, {"duration", a.For, b.For},
		{"warm-up", a.Warmup, b.Warmup}, {"timeout", a.Timeout, b.Timeout}, {"terminals", a.Terminals, b.Terminals},
		{"lines", a.Lines, b.Lines}, {"line profile", a.Profile, b.Profile}, {"mix", shares(a.Mix), shares(b.Mix)},
		{"drain", drained(a), drained(b)}, {"faults", faults(a), faults(b)}, {"--settle", a.Settle, b.Settle}, {"--strict", a.Strict, b.Strict},
		{"keys pressed", cmp.Or(pressed(a.Pressed), "none"), cmp.Or(pressed(b.Pressed), "none")},
	} {
		if x.a != x.b {
			all = append(all, fmt.Sprintf("%s %v and %v", x.what, x.a, x.b))
		}
	}
	if !reflect.DeepEqual(a.Digests, b.Digests) {
		all = append(all, "other features")
	}
	return all
}

// drained is how long a run waits for what is open at its end, where that was asked for.
func drained(p *Plan) string {
	if p.Drain == 0 || p.Drain == p.Timeout {
		return "of one timeout"
	}
	return p.Drain.String()
}

// faults are those that lines were made to have, in words.
func faults(p *Plan) string { return cmp.Or(strings.Join(p.Faults, ", "), "none") }

// notToItsEnd is why a run is not judged that was killed.
const notToItsEnd = "the run did not come to its end"

// Named has what a part of a run says of itself name it: its reasons, and why it is not
// whole.
func (r *Report) Named(name string) {
	if r.Incomplete != "" {
		r.Incomplete = name + ": " + r.Incomplete
	}
	for i, reason := range r.Validity.Reasons {
		if reason == notToItsEnd { // it is the part that did not
			reason = "it did not come to its end"
		}
		r.Validity.Reasons[i] = name + ": " + reason
	}
}

// Join adds another part of the same run, as [Report.Merge] does, tells its plan too,
// and holds the sums to the promises. Parts of one run are asked for alike, but for
// how many terminals and arrivals each has, its seed and the address of the host.
func (r *Report) Join(o *Report) error {
	a, b := r.Plan, o.Plan
	for _, x := range []struct {
		what string
		a, b any
	}{
		{"dialect", a.Dialect, b.Dialect}, {"model", a.Model, b.Model}, {"duration", a.For, b.For}, {"warm-up", a.Warmup, b.Warmup},
		{"timeout", a.Timeout, b.Timeout}, {"drain", a.Drain, b.Drain}, {"lines", a.Lines, b.Lines}, {"line profile", a.Profile, b.Profile}, {"mix", shares(a.Mix), shares(b.Mix)},
		{"faults", faults(&a), faults(&b)}, {"--settle", a.Settle, b.Settle}, {"--strict", a.Strict, b.Strict}, {"limits", promised(r, o), promised(o, r)},
	} {
		if x.a != x.b {
			return fmt.Errorf("not parts of one run: %s %v and %v", x.what, x.a, x.b)
		}
	}
	if sorted := func(m map[string]string) []string { return slices.Sorted(maps.Values(m)) }; !slices.Equal(sorted(a.Digests), sorted(b.Digests)) {
		return errors.New("not parts of one run: they played other features, or other versions of them")
	}
	if a.Of != b.Of {
		return fmt.Errorf("not parts of one run: shares of %d and of %d", a.Of, b.Of)
	}
	if i := slices.IndexFunc(b.Shares, func(s int) bool { return slices.Contains(a.Shares, s) }); i >= 0 {
		return fmt.Errorf("share %d of %d is there twice: added up it would count twice", b.Shares[i], b.Of)
	}
	if a.Of > 0 && (a.Arrivals != b.Arrivals || a.Seed != b.Seed) {
		return fmt.Errorf("not shares of one plan: arrivals %s of seed %d and %s of seed %d", a.Arrivals, a.Seed, b.Arrivals, b.Seed)
	}
	limits, err := promises(r.Limits)
	if err != nil {
		return err
	}
	apart := o.Started.Sub(r.Started).Abs()
	if err := r.Merge(o); err != nil {
		return err
	}
	r.Part += "+" + o.Part
	if a.Seed != b.Seed {
		r.Plan.Seed = 0
	}
	r.Plan.Terminals += b.Terminals
	if a.Of == 0 {
		r.Plan.Arrivals += " + " + b.Arrivals
	}
	r.Plan.Shares = slices.Concat(a.Shares, b.Shares)
	if !slices.Contains(strings.Split(r.Plan.Target, " and "), b.Target) {
		r.Plan.Target += " and " + b.Target
	}
	if apart > a.For/2 {
		r.Validity.Level = max(r.Validity.Level, Suspect)
		r.Validity.Reasons = append(r.Validity.Reasons, fmt.Sprintf("suspect: the parts did not go on side by side, they began %s apart: their rates do not add up", FormatDuration(apart)))
	}
	if r.Incomplete == "" {
		r.Judge(limits)
	}
	return nil
}

// promised is what a part promised, in words; nothing where one of both was killed, of
// which it is not known.
func promised(r, o *Report) string {
	var all []string
	if r.Incomplete != "" || o.Incomplete != "" {
		return ""
	}
	for _, l := range r.Limits {
		all = append(all, l.Limit)
	}
	return strings.Join(all, "; ")
}

// promises gives the promises back that results are of.
func promises(results []LimitResult) ([]Limit, error) {
	var all []Limit
	for _, l := range results {
		if i := slices.IndexFunc(defaults, func(d Limit) bool { return l.Default && d.Text == l.Limit }); i >= 0 {
			all = append(all, defaults[i])
			continue
		}
		limit, err := ParseLimit(l.Limit)
		if err != nil {
			return nil, err
		}
		all = append(all, limit)
	}
	return all, nil
}
