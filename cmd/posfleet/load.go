package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/page"
	"github.com/posfleet/posfleet/report/plot"
	"github.com/posfleet/posfleet/scenarios"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/audit"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// loadFlags are how a load run is asked for.
type loadFlags struct {
	net       networkFlags
	rate      string
	ramp      time.Duration
	poisson   bool
	closed    bool
	think     time.Duration
	length    time.Duration
	warmup    time.Duration
	drain     time.Duration
	terminals int
	line      string
	mix       []string
	limits    []string
	seed      uint64
	tags      string
	names     []string
	out       string
}

func loadCommand(sig *signals) *cobra.Command {
	var f loadFlags
	cmd := &cobra.Command{
		Use:   "load [feature…]",
		Short: "load: play scenarios compiled, thousands at a time, and tell latency honestly",
		Long: "Plays scenarios at their due times on a fleet of terminals, however slow the host is, and leaves a\n" +
			"run folder with a report page, pictures and the interval log. Without a feature the embedded\n" +
			"@everyday scenarios are played in equal shares; an @load scenario, named by its file, brings its own\n" +
			"rate, mix and promises. Rate means arrivals: scenarios begun, each of one or more exchanges.\n" +
			"With no --host the bundled host is started in this process.\n\n" + exitHelp,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args, sig) },
	}
	f.net.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.net.behaviour, "behaviour", "", "when the bundled host's answers leave: stall:1s/10s, uniform:10ms-110ms, …")
	fl.StringVar(&f.rate, "rate", "500/s", "arrivals: 500/s, 30/m, 7200/h")
	fl.DurationVar(&f.ramp, "ramp", 0, "rise in a straight line from nothing to the rate over this time")
	fl.BoolVar(&f.poisson, "poisson", false, "arrivals that know nothing of each other, instead of evenly spaced ones")
	fl.BoolVar(&f.closed, "closed", false, "closed model: every terminal plays over and over, no rate")
	fl.DurationVar(&f.think, "think", 0, "closed model: pause between two plays")
	fl.DurationVar(&f.length, "for", 10*time.Second, "how long arrivals come")
	fl.DurationVar(&f.warmup, "warmup", time.Second, "what falls due in the first so long is reported apart")
	fl.DurationVar(&f.drain, "drain", 0, "how long open exchanges are waited for at the end (default: the response timeout)")
	fl.IntVar(&f.terminals, "terminals", 1000, "terminals that take part")
	fl.StringVar(&f.line, "line", "own", "how they are connected: own, each (a line an exchange) or shared:N")
	fl.StringSliceVar(&f.mix, "mix", nil, "shares of scenarios by id: cup-purchase-1=70,cup-balance-1=30")
	fl.StringArrayVar(&f.limits, "limit", nil, `a promise to keep: "p99 of purchase < 250ms"; may be repeated`)
	fl.Uint64Var(&f.seed, "seed", 0, "seed of mix, cards and Poisson arrivals (default: drawn, and told)")
	fl.StringVar(&f.tags, "tags", "", `tag expression (default without a feature: "@everyday")`)
	fl.StringSliceVar(&f.names, "name", nil, "part of a scenario's name, or its id")
	fl.StringVar(&f.out, "out", "", "run folder, which must not exist (default: runs/ and the time)")
	return cmd
}

// job is a load run made ready.
type job struct {
	load     *scenarios.Load
	features []*scenarios.Feature
	limits   []report.Limit
	pacer    sim.Pacer
	arrivals string
	lines    sim.Lines
	mix      *sim.Mix
}

func (f *loadFlags) run(cmd *cobra.Command, args []string, sig *signals) error {
	ctx := cmd.Context()
	j, err := f.prepare(cmd, args)
	if err != nil {
		return usage(err)
	}
	want := f.terminals
	if f.net.profile != "" && !cmd.Flags().Changed("terminals") && j.load.Terminals == 0 {
		want = 0 // all that the profile has
	}
	n, err := f.net.open(ctx, want)
	if err != nil {
		return err
	}
	f.terminals = len(n.profile.Terminals)
	defer n.close()
	folder, err := report.Create(f.folder(), &report.Report{Plan: f.plan(j, n), Environment: report.ThisMachine(version()), Started: time.Now()})
	if err != nil {
		return usage(err)
	}
	tell := newProgress(cmd.ErrOrStderr())
	tell.line("%s, %s for %v on %d terminals, line %s, seed %d, against %s (%s)",
		model(f.closed), j.arrivals, f.length, f.terminals, j.lines, f.seed, n.target, n.profile.Dialect.Title)

	run := &sim.Run{
		Profile: n.profile, Dialer: n.dialer, Lines: j.lines, Terminals: f.terminals, Mix: j.mix, Pacer: j.pacer,
		Think: f.think, For: f.length, Drain: f.drain, Faults: j.load.Faults,
		Recorder: report.NewRecorder(sim.Labels(), n.profile.Policy.Timeout, f.warmup),
	}
	if f.drain <= 0 {
		run.Drain = n.profile.Policy.Timeout + 50*time.Millisecond // so that the last timeout is noticed as one
	}
	watch := report.NewWatch()
	watching, unwatch := context.WithCancel(context.WithoutCancel(ctx))
	defer unwatch()
	go watch.Run(watching)
	var broken error
	run.Setup = tell.signIn
	run.Second = func(iv report.Interval) {
		watch.Judge(iv.Second)
		if err := folder.Interval(iv); err != nil && broken == nil {
			broken = err
			unwatch()
		}
		tell.second(run.Recorder.Progress(), f.length)
	}
	note(run, folder.Events)
	rep, err := run.Do(ctx, sig.abort)
	tell.done()
	if err != nil {
		os.RemoveAll(folder.Path(""))
		return f.unplayed(ctx, n, err, sig)
	}
	rep.Plan, rep.Environment = f.plan(j, n), report.ThisMachine(version())
	rep.Validity = report.ValidityOf(rep.Seconds, n.bundled != nil || n.local())
	if n.bundled != nil && sig.abort.Err() == nil {
		rep.Money = audit.Compare(run.Fleet(), n.books())
	} else {
		rep.Money = audit.Journals(run.Fleet())
	}
	rep.Judge(j.limits)
	if err := rep.Check(); err != nil {
		return &exit{code: exitInternal, err: fmt.Errorf("the counters of this run do not add up: %w", err)}
	}
	if bad, why := run.NotSignedIn(); bad > 0 {
		tell.line("%d of %d terminals could not sign in and took no part; the first: %v", bad, f.terminals, why)
	}
	rep.WriteText(cmd.OutOrStdout(), tell.color(cmd.OutOrStdout()))
	if name, err := finish(folder, rep, sig.abort.Err() == nil); err != nil {
		broken = errors.Join(broken, err)
	} else {
		fmt.Fprintf(cmd.OutOrStdout(), "\nreport: %s\n", filepath.Join(folder.Name(), name))
	}
	return f.verdict(rep, j, broken, sig)
}

// prepare turns flags and features into a job, before anything is started.
func (f *loadFlags) prepare(cmd *cobra.Command, args []string) (*job, error) {
	j := &job{}
	p, err := f.net.load(0)
	if err != nil {
		return nil, err
	}
	lang := scenarios.NewLanguage(p)
	tags := f.tags
	if len(args) == 0 && tags == "" && len(f.names) == 0 && len(f.mix) == 0 {
		tags = "@everyday"
	}
	if j.features, err = choose(args, p.Dialect.Name, tags, f.names); err != nil {
		return nil, err
	}
	rest, loads := without(j.features, "@load")
	switch {
	case len(loads) > 1 || len(loads) == 1 && len(loads[0].Scenarios) > 1:
		return nil, fmt.Errorf("%d @load scenarios are selected, one runs at a time: choose with file:line or @id", count(loads))
	case len(loads) == 1:
		all, err := embedded(p.Dialect.Name)
		if err != nil {
			return nil, err
		}
		if j.load, err = lang.CompileLoad(loads[0].Scenarios[0], append(all, rest...)); err != nil {
			return nil, err
		}
		if len(f.mix) > 0 {
			return nil, errors.New("--mix: the @load scenario brings its own mix")
		}
	default:
		if j.load, err = f.compile(lang, rest); err != nil {
			return nil, err
		}
	}
	return j, f.shape(cmd, j)
}

func count(fs []*scenarios.Feature) (n int) {
	for _, f := range fs {
		n += len(f.Scenarios)
	}
	return n
}

// compile makes plans of the selected scenarios, with the shares that --mix
// says or equal ones.
func (f *loadFlags) compile(lang *scenarios.Language, fs []*scenarios.Feature) (*scenarios.Load, error) {
	shares := map[string]float64{}
	for _, m := range f.mix {
		id, share, ok := strings.Cut(m, "=")
		v, err := strconv.ParseFloat(strings.TrimSuffix(share, "%"), 64)
		if !ok || err != nil || v <= 0 {
			return nil, fmt.Errorf("--mix %q: want id=share, such as cup-purchase-1=70", m)
		}
		shares[strings.TrimPrefix(id, "@")] = v
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

// shape works out pacer, mix, lines and limits. What the flags say goes before
// what an @load scenario says.
func (f *loadFlags) shape(cmd *cobra.Command, j *job) (err error) {
	given := cmd.Flags().Changed
	l := j.load
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
	switch {
	case f.terminals < 1:
		return fmt.Errorf("--terminals %d: want at least 1", f.terminals)
	case f.length <= 0:
		return fmt.Errorf("--for %v: want a time above 0, such as 10s", f.length)
	case f.warmup < 0 || f.warmup >= f.length:
		return fmt.Errorf("--warmup %v: want less than the %v that arrivals come", f.warmup, f.length)
	case f.closed && (f.poisson || f.ramp > 0 || given("rate")):
		return errors.New("--closed: a closed model has no arrivals, leave --rate, --ramp and --poisson out")
	case f.think > 0 && !f.closed:
		return errors.New("--think: only terminals of a closed model think, add --closed")
	case f.poisson && f.ramp > 0:
		return errors.New("--poisson and --ramp: choose one")
	}
	if f.seed == 0 {
		f.seed = rand.Uint64N(1<<32-1) + 1
	}
	rate, err := sim.ParseRate(f.rate)
	if err != nil {
		return err
	}
	switch {
	case f.closed:
		j.arrivals = fmt.Sprintf("think time %v", f.think)
	case f.poisson:
		j.pacer, j.arrivals = sim.Poisson(rate, f.seed), "poisson "+rate.String()
	case f.ramp > 0:
		j.pacer = sim.Ramp(sim.Rate{N: 0, Per: time.Second}, rate, f.ramp)
		j.arrivals = fmt.Sprintf("ramp 0/s to %s over %v", rate, f.ramp)
	default:
		j.pacer, j.arrivals = sim.Constant(rate), rate.String()+" constant"
	}
	if j.lines, err = sim.ParseLines(f.line); err != nil {
		return err
	}
	if j.load.Faults && j.lines.Shared > 0 {
		return fmt.Errorf("--line %s: the scenarios make lines fail, which needs own lines", j.lines)
	}
	if j.mix, err = sim.NewMix(f.seed, l.Plans, l.Shares); err != nil {
		return err
	}
	for _, text := range append(slices.Clone(l.Limits), f.limits...) {
		limit, err := report.ParseLimit(text)
		if err != nil {
			return err
		}
		j.limits = append(j.limits, limit)
	}
	return nil
}

func (f *loadFlags) folder() string {
	if f.out != "" {
		return f.out
	}
	return filepath.Join("runs", time.Now().Format("20060102-150405.000"))
}

func model(closed bool) string {
	if closed {
		return "closed model"
	}
	return "open model"
}

// plan writes down what was asked for, enough to run it again.
func (f *loadFlags) plan(j *job, n *network) report.Plan {
	plan := report.Plan{
		Command: append([]string{"posfleet"}, os.Args[1:]...), Model: strings.Fields(model(f.closed))[0], Arrivals: j.arrivals,
		For: f.length, Warmup: f.warmup, Timeout: n.profile.Policy.Timeout, Drain: f.drain, Terminals: f.terminals,
		Lines: j.lines.String(), Mix: map[string]float64{}, Seed: f.seed, Target: n.target, Dialect: n.profile.Dialect.Name,
		Digests: map[string]string{},
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
	return plan
}

// unplayed explains a run in which nothing could be played.
func (f *loadFlags) unplayed(ctx context.Context, n *network, err error, sig *signals) error {
	switch {
	case ctx.Err() != nil:
		return &exit{code: sig.code(), err: errors.New("stopped before anything was played")}
	case errors.Is(err, syscall.EMFILE):
		return &exit{code: exitGenerator, err: err, hint: "this process may not open more files: raise that (ulimit -n), or let terminals share lines, --line shared:8"}
	case errors.Is(err, sim.ErrUnsent):
		return &exit{code: exitUnreachable, err: err}
	case errors.Is(err, sim.ErrTimeout), errors.Is(err, sim.ErrBroken):
		return &exit{code: exitUnreachable, err: err,
			hint: fmt.Sprintf("%s can be reached but does not answer: does it speak %s, with this length prefix and TPDU?", n.target, n.profile.Dialect.Title)}
	}
	return &exit{code: exitFailed, err: err}
}

// verdict is the exit code of a run that was played.
func (f *loadFlags) verdict(rep *report.Report, j *job, broken error, sig *signals) error {
	bad := func(code int, format string, args ...any) error {
		return &exit{code: code, err: fmt.Errorf(format, args...)}
	}
	switch {
	case rep.Money.Checked && !rep.Money.Agree():
		return bad(exitBooks, "the books of terminals and host disagree")
	case j.load.Books && rep.Money.Owed > 0:
		return bad(exitBooks, "%d payments may or may not have been booked: their reversals were not acknowledged", rep.Money.Owed)
	case j.load.Books && !rep.Money.Checked:
		return bad(exitIncomplete, "the books could not be compared: the host's are known only when it is the bundled one in this process")
	case broken != nil:
		return bad(exitIncomplete, "results are incomplete: %w", broken)
	case sig.code() != 0:
		return bad(sig.code(), "stopped by a signal; what was played until then is reported")
	case rep.Validity.Level == report.Invalid:
		return bad(exitGenerator, "the generator was the limit, not the host: this run is invalid (reasons above)")
	}
	for _, l := range rep.Limits {
		if !l.OK {
			return bad(exitLimit, "limit broken: %s (%s)", l.Limit, l.Seen)
		}
	}
	return nil
}

// finish closes the run folder, with page and pictures when there is time to
// make them, and gives the name of the file to look at.
func finish(folder *report.Folder, rep *report.Report, whole bool) (string, error) {
	if !whole {
		return "run.json", folder.WriteAll(rep)
	}
	if _, err := plot.Save(rep, folder.Path("")); err != nil {
		return "", fmt.Errorf("pictures: %w", err)
	}
	if err := page.Save(rep, folder.Path("report.html")); err != nil {
		return "", fmt.Errorf("page: %w", err)
	}
	return "report.html", folder.WriteAll(rep)
}

// note has a run tell events.ndjson of what went wrong and of the slowest
// exchanges, masked.
func note(run *sim.Run, events *report.Events) {
	run.Ended = func(t *sim.Terminal, r *sim.Result, step *sim.Step, err error, request, answer *wire.Message) {
		if !events.Room(r.Of.String(), r.Outcome) {
			return
		}
		e := event(run, t, r, request, answer)
		if why := errors.Join(err, r.Why); why != nil {
			e.Note = report.Printable(why.Error())
		}
		if step != nil {
			e.Note = step.At + ": " + step.Text + ": " + e.Note
		}
		events.Add(e)
	}
	run.Slow = events.Slow
	run.Slowest = func(t *sim.Terminal, r *sim.Result, request, answer *wire.Message) {
		events.AddSlow(event(run, t, r, request, answer))
	}
}

func event(run *sim.Run, t *sim.Terminal, r *sim.Result, request, answer *wire.Message) report.Event {
	return report.Event{At: run.Now(), Terminal: t.TID, Label: r.Of.String(), Outcome: r.Outcome,
		Due: r.Due, Sent: r.Sent, Done: r.Done, Request: described(t.Profile.Dialect, request), Answer: described(t.Profile.Dialect, answer)}
}

func described(d *dialect.Dialect, m *wire.Message) string {
	if m == nil || m.IsMTI("\x00\x00\x00\x00") {
		return ""
	}
	var b strings.Builder
	d.Describe(&b, m)
	return b.String()
}
