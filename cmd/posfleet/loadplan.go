package main

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/scenarios"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// job is a load run made ready.
type job struct {
	language *scenarios.Language
	load     *scenarios.Load
	features []*scenarios.Feature
	limits   []report.Limit
	pacer    sim.Pacer
	arrivals string
	lines    line.Mode
	profile  string // that own lines play; empty for as they are
	mix      *sim.Mix
	storm    *line.Storm // what lines do wrong; nil for nothing
	idle     []string    // selectors of what is selected beside an @load scenario and not played
}

// prepare turns flags and features into a job, before anything is started.
func (f *loadFlags) prepare(cmd *cobra.Command, args []string) (*job, error) {
	j := &job{}
	p, err := f.net.load(0)
	if err != nil {
		return nil, err
	}
	lang := scenarios.NewLanguage(p)
	j.language = lang
	tags := f.tags
	if len(args) == 0 && tags == "" && len(f.names) == 0 && len(f.mix) == 0 {
		tags = "@everyday"
	}
	if j.features, err = choose(args, p.Dialect, tags, f.names, &f.net.files); err != nil {
		return nil, err
	}
	if err := f.net.resultsApart(); err != nil {
		return nil, err
	}
	rest, loads := without(j.features, "@load")
	switch {
	case len(loads) > 1 || len(loads) == 1 && len(loads[0].Scenarios) > 1:
		return nil, fmt.Errorf("%d @load scenarios are selected, one runs at a time: choose with file:line or @id", count(loads))
	case len(loads) == 1:
		all, err := embedded(p.Dialect, true)
		if err != nil {
			return nil, err
		}
		if j.load, err = lang.CompileLoad(loads[0].Scenarios[0], append(all, rest...)); err != nil {
			return nil, err
		}
		j.idle = selectors(rest, func(s *scenarios.Scenario) bool {
			return !slices.ContainsFunc(j.load.Plans, func(p *sim.Plan) bool { return p.At == s.At() })
		})
		if len(f.mix) > 0 {
			return nil, errors.New("--mix: the @load scenario brings its own mix")
		}
	default:
		if j.load, err = f.compile(lang, rest, tags != f.tags); err != nil {
			return nil, err
		}
	}
	if j.lines, err = line.ParseMode(cmp.Or(f.line, p.Line)); err != nil {
		return nil, err
	}
	if j.profile, err = playedLine(p, f.lineProfile); err != nil {
		return nil, err
	}
	if j.profile != "" && j.lines.Shared > 0 {
		return nil, fmt.Errorf("--line-profile %s: lines that terminals share play none, leave --line %s out", j.profile, j.lines)
	}
	return j, f.shape(cmd, j, p)
}

func count(fs []*scenarios.Feature) (n int) {
	for _, f := range fs {
		n += len(f.Scenarios)
	}
	return n
}

// compile makes plans of the selected scenarios, with the shares that --mix
// says or equal ones. Of an everyday's mix, which nobody named, scenarios that do not
// apply to the network are left out.
func (f *loadFlags) compile(lang *scenarios.Language, fs []*scenarios.Feature, everyday bool) (*scenarios.Load, error) {
	shares := map[string]float64{}
	var all scenarios.Shares
	for _, m := range f.mix {
		id, share, ok := strings.Cut(m, "=")
		v, err := all.Add(share)
		if !ok || err != nil {
			return nil, fmt.Errorf("--mix %q: want id=share, such as cup-purchase-1=70", m)
		}
		id = strings.TrimPrefix(id, "@")
		if _, twice := shares[id]; twice {
			return nil, fmt.Errorf("--mix: %s has two shares, give it one", id)
		}
		shares[id] = v
	}
	if err := all.Check(); err != nil {
		return nil, fmt.Errorf("--mix: %w", err)
	}
	load, mixed := &scenarios.Load{}, len(shares) > 0
	for _, ft := range fs {
		for _, s := range ft.Scenarios {
			share := 1.0
			if mixed {
				var named bool
				if share, named = shares[s.ID]; !named {
					continue
				}
				delete(shares, s.ID)
			}
			plan, faults, err := lang.Compile(s)
			if _, lacking := errors.AsType[*scenarios.Need](err); lacking && everyday {
				continue
			}
			if err != nil {
				return nil, err
			}
			load.Plans, load.Shares = append(load.Plans, plan), append(load.Shares, share)
			load.Faults = load.Faults || faults
		}
	}
	for id := range shares {
		return nil, fmt.Errorf("--mix: no selected scenario has the id %s (posfleet check --list lists them)", id)
	}
	if len(load.Plans) == 0 {
		return nil, errors.New("nothing is selected to play")
	}
	return load, nil
}

// shape works out pacer, lines, mix and limits.
func (f *loadFlags) shape(cmd *cobra.Command, j *job, p *profile.Profile) (err error) {
	d := p.Dialect
	given := cmd.Flags().Changed
	f.adopt(j.load, given)
	if f.seed == 0 {
		f.seed = rand.Uint64N(1<<32-1) + 1
	}
	f.net.seed = f.seed
	if err := f.schedule(given); err != nil {
		return err
	}
	if err := f.check(given); err != nil {
		return err
	}
	if j.pacer, j.arrivals, err = f.pacer(); err != nil {
		return err
	}
	if j.load.Faults && j.lines.Shared > 0 {
		return fmt.Errorf("--line %s: the scenarios make lines fail, which needs own lines", j.lines)
	}
	if f.storm.events != "" && f.storms == 0 {
		return errors.New("--events: a load run has none that come again, only --storm has; leave it out")
	}
	if len(f.storm.faults) > 0 && f.storms == 0 {
		if j.storm, err = line.ParseStorm(f.seed, f.storm.faults); err == nil {
			err = strikable(j.storm, faultsOnLine(d))
		}
		switch {
		case err != nil:
			return err
		case j.lines.Shared > 0:
			return fmt.Errorf("--line %s: --fault needs own lines", j.lines)
		}
	}
	if j.mix, err = sim.NewMix(f.seed, j.load.Plans, j.load.Shares); err != nil {
		return err
	}
	if j.limits, err = f.promises(j, p); err != nil {
		return err
	}
	return f.settleable(d)
}

// settleable refuses --settle where terminals cannot settle.
func (f *loadFlags) settleable(d *dialect.Dialect) error {
	if f.settle && !settles(d) {
		return fmt.Errorf("--settle: dialect %s has no settlement", d.Name)
	}
	return nil
}

// settles reports whether terminals of a dialect settle.
func settles(d *dialect.Dialect) bool { return d.Form(dialect.Settlement) != nil }

// adopt takes what an @load scenario says for flags that were not given.
func (f *loadFlags) adopt(l *scenarios.Load, given func(flag string) bool) {
	if l.Terminals > 0 && !given("terminals") {
		f.terminals = l.Terminals
	}
	if l.For > 0 && !given("for") {
		f.length = l.For
	}
	if l.Scenario != nil && !given("warmup") {
		f.warmup = l.Warmup
	}
	if l.Rate > 0 && !given("rate") {
		f.rate = strconv.FormatFloat(l.Rate, 'f', -1, 64) + "/s"
	}
}

// longest is the longest time that a run may be asked to last or wait.
const longest = 10_000 * time.Hour

// slowestAnswer is the longest response timeout: profiles may not say more either.
const slowestAnswer = 10 * time.Minute

// fastestAnswer is the shortest: below it a timeout says more about this machine's
// scheduler than about the host.
const fastestAnswer = time.Millisecond

// check refuses flags that make no sense, by themselves or together.
func (f *loadFlags) check(given func(flag string) bool) error {
	switch {
	case f.terminals < 1:
		return fmt.Errorf("--terminals %d: want at least 1", f.terminals)
	case f.length <= 0:
		return fmt.Errorf("--for %v: want a time above 0, such as 10s", f.length)
	case f.length > longest:
		return fmt.Errorf("--for %v: want %v at most", f.length, longest)
	case f.ramp < 0 || given("ramp") && f.ramp == 0 || f.ramp > longest:
		return fmt.Errorf("--ramp %v: want a time above 0, such as 30s", f.ramp)
	case f.drain < 0 || given("drain") && f.drain == 0 || f.drain > longest:
		return fmt.Errorf("--drain %v: want a time above 0, such as 5s", f.drain)
	case f.think < 0 || f.think > longest:
		return fmt.Errorf("--think %v: want 0 or more, such as 2s", f.think)
	case given("timeout") && (f.net.timeout <= 0 || f.net.timeout > slowestAnswer):
		return fmt.Errorf("--timeout %v: want a time above 0, such as 5s, and %v at most", f.net.timeout, slowestAnswer)
	case given("timeout") && f.net.timeout < fastestAnswer:
		return fmt.Errorf("--timeout %v: no answer comes so fast: want %v at least, such as 5s", f.net.timeout, fastestAnswer)
	case given("mix") && len(f.mix) == 0:
		return errors.New(`--mix "": want id=share, such as cup-purchase-1=70`)
	case f.warmup < 0:
		return fmt.Errorf("--warmup %v: want 0 or more, such as 1s", f.warmup)
	case f.warmup >= f.length:
		return fmt.Errorf("--warmup %v: want less than the %v that arrivals come", f.warmup, f.length)
	case f.closed && (f.poisson || f.ramp > 0 || given("rate") || len(f.stages) > 0 || f.arrivals != "" || f.burst != ""):
		return errors.New("--closed: a closed model has no arrivals, leave --rate, --ramp, --stage, --arrivals, --burst and --poisson out")
	case len(f.stages) > 0 && (f.poisson || f.ramp > 0 || given("rate") || f.arrivals != ""):
		return errors.New("--stage: stages say the rates, leave --rate, --ramp, --arrivals and --poisson out")
	case f.arrivals != "" && (f.ramp > 0 || given("rate")):
		return errors.New("--arrivals: the file says when arrivals come, leave --rate and --ramp out")
	case given("speed") && (f.arrivals == "" || !(f.speed > 0) || f.speed > 1e6):
		return fmt.Errorf("--speed %v: want a number above 0, and --arrivals FILE that it makes faster", f.speed)
	case f.think > 0 && !f.closed:
		return errors.New("--think: only terminals of a closed model think, add --closed")
	case f.poisson && f.ramp > 0:
		return errors.New("--poisson and --ramp: choose one")
	}
	return nil
}

// plan writes down what was asked for, enough to run it again.
func (f *loadFlags) plan(j *job, n *network) report.Plan {
	plan := report.Plan{
		Command: commandLine(), Model: strings.Fields(model(f.closed))[0], Arrivals: j.arrivals,
		For: f.length, Warmup: f.warmup, Timeout: n.profile.Policy.Timeout, Drain: f.drain, Terminals: f.terminals,
		Lines: j.lines.String(), Profile: j.profile, Mix: map[string]float64{}, Seed: f.seed, Target: n.target, Dialect: n.profile.Dialect.Name,
		Digests: map[string]string{}, Strict: f.strict, Books: j.load.Books,
		Settle: f.settles(j, n), Faults: slices.Sorted(slices.Values(f.storm.faults)),
	}
	if f.drain <= 0 {
		plan.Drain = plan.Timeout
	}
	sum := 0.0
	for _, s := range j.load.Shares {
		sum += s
	}
	for i, p := range j.load.Plans {
		plan.Mix[p.ID] += j.load.Shares[i] / sum
	}
	for _, ft := range j.features {
		plan.Digests[ft.Path] = ft.Digest()
	}
	if f.arrivals != "" {
		plan.Digests[f.arrivals] = f.digest
	}
	return plan
}
