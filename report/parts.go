package report

import (
	"fmt"
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

// Differs says in what two runs were asked for differently.
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
		{"lines", a.Lines, b.Lines}, {"mix", shares(a.Mix), shares(b.Mix)},
	} {
		if x.a != x.b {
			all = append(all, fmt.Sprintf("%s %v and %v", x.what, x.a, x.b))
		}
	}
	if !reflect.DeepEqual(a.Digests, b.Digests) {
		all = append(all, "other features")
	}
	if len(all) == 0 {
		all = append(all, "nothing that was asked for")
	}
	return all
}

// Join adds another part of the same run, as [Report.Merge] does, and tells its plan
// too. Parts of one run are measured over the same time, with the same timeout.
func (r *Report) Join(o *Report) error {
	a, b := r.Plan, o.Plan
	for _, x := range []struct {
		what string
		a, b any
	}{{"dialect", a.Dialect, b.Dialect}, {"model", a.Model, b.Model}, {"duration", a.For, b.For}, {"warm-up", a.Warmup, b.Warmup}, {"timeout", a.Timeout, b.Timeout}} {
		if x.a != x.b {
			return fmt.Errorf("not parts of one run: %s %v and %v", x.what, x.a, x.b)
		}
	}
	if err := r.Merge(o); err != nil {
		return err
	}
	r.Part += "+" + o.Part
	r.Plan.Terminals += b.Terminals
	r.Plan.Arrivals += " + " + b.Arrivals
	if !slices.Contains(strings.Split(r.Plan.Target, " and "), b.Target) {
		r.Plan.Target += " and " + b.Target
	}
	return nil
}
