package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/page"
	"github.com/posfleet/posfleet/report/plot"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/audit"
	"github.com/posfleet/posfleet/sim/line"
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
	settle    bool
	strict    bool
	id        string // of the run, which its parts share
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
	fl.StringVar(&f.line, "line", "", "how they are connected: own, each (a line an exchange) or shared:N (default: the profile's, or own)")
	fl.StringSliceVar(&f.mix, "mix", nil, "shares of scenarios by id: cup-purchase-1=70,cup-balance-1=30")
	fl.StringArrayVar(&f.limits, "limit", nil, `a promise to keep: "p99 of purchase < 250ms"; may be repeated`)
	fl.Uint64Var(&f.seed, "seed", 0, "seed of mix, cards and Poisson arrivals (default: drawn, and told)")
	fl.StringVar(&f.tags, "tags", "", `tag expression (default without a feature: "@everyday")`)
	fl.StringSliceVar(&f.names, "name", nil, "part of a scenario's name, or its id")
	fl.BoolVar(&f.settle, "settle", false, "every terminal settles before the first arrival and after the last: compares the books of any host")
	fl.BoolVar(&f.strict, "strict", false, "answers that break a rule that they should keep are failures too")
	fl.StringVar(&f.id, "run-id", "", "name that the parts of one run on several machines have in common, so that posfleet report adds them up (default: drawn)")
	fl.StringVar(&f.out, "out", "", "run folder, which must not exist (default: runs/ and the time)")
	return cmd
}

// run plays a load run and tells it: everything in its order, nothing in detail.
func (f *loadFlags) run(cmd *cobra.Command, args []string, sig *signals) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	j, err := f.prepare(cmd, args)
	if err != nil {
		return usage(err)
	}
	n, err := f.net.open(ctx, f.fleetSize(cmd, j))
	if err != nil {
		return err
	}
	defer n.close()
	f.terminals = len(n.profile.Terminals)
	part := rand.Text()
	folder, err := report.Create(f.folder(), &report.Report{Run: f.runID(part), Part: part, Plan: f.plan(j, n), Environment: report.ThisMachine(version()), Started: time.Now()})
	if err != nil {
		return usage(err)
	}
	tell := newProgress(cmd.ErrOrStderr())
	tell.line("%s, %s for %v on %d terminals, line %s, seed %d, against %s (%s)",
		model(f.closed), j.arrivals, f.length, f.terminals, j.lines, f.seed, n.target, n.profile.Dialect.Title)
	run := f.simulation(j, n)
	taken, err := newJournal(folder, n.profile.LivePAN)
	if err != nil {
		return &exit{code: exitIncomplete, err: err}
	}
	run.Observer.Closed = taken.closed
	rep, incomplete, err := f.play(ctx, run, folder, tell, sig)
	if err != nil {
		os.RemoveAll(folder.Name())
		return f.unplayed(ctx, n, err, sig)
	}
	rep.Run, rep.Part = f.runID(part), part
	if err := f.complete(rep, run, j, n, sig); err != nil {
		return &exit{code: exitInternal, err: fmt.Errorf("the counters of this run do not add up: %w", err)}
	}
	err = errors.Join(folder.WriteAll(rep), taken.close()) // before anything that a full disk or a closed pipe may end
	rep.WriteText(out, tell.color(out))
	name := "run.json"
	if err == nil && sig.abort.Err() == nil {
		name = "report.html"
		err = illustrate(folder, rep)
	}
	if err == nil {
		fmt.Fprintf(out, "\nreport: %s\n", filepath.Join(folder.Name(), name))
	}
	broken := f.verdict(rep, j, errors.Join(incomplete, err), sig)
	if err := stepSummary(func(w io.Writer) error { return rep.WriteMarkdown(w, why(broken)) }); err != nil && broken == nil {
		broken = &exit{code: exitIncomplete, err: fmt.Errorf("GITHUB_STEP_SUMMARY: %w", err)}
	}
	return broken
}

// why is an error in words, empty for none.
func why(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// runID is what the parts of this run have in common: when nobody said so this is
// its only one.
func (f *loadFlags) runID(part string) string { return cmp.Or(f.id, part) }

// fleetSize is how many terminals to load, 0 for all that the profile has.
func (f *loadFlags) fleetSize(cmd *cobra.Command, j *job) int {
	if f.net.profile != "" && !cmd.Flags().Changed("terminals") && j.load.Terminals == 0 {
		return 0
	}
	return f.terminals
}

// simulation is the run that was asked for.
func (f *loadFlags) simulation(j *job, n *network) *sim.Run {
	drain := f.drain
	if drain <= 0 {
		drain = n.profile.Policy.Timeout + 50*time.Millisecond // so that the last timeout is noticed as one
	}
	return &sim.Run{
		Profile: n.profile, Dialer: n.dialer, Lines: j.lines, Terminals: f.terminals, Mix: j.mix, Pacer: j.pacer,
		Think: f.think, For: f.length, Drain: drain, Faults: j.load.Faults,
		Settle: f.settle || j.load.Books && n.bundled == nil && settles(n.profile.Dialect), NewHost: n.bundled != nil,
		Recorder: report.NewRecorder(sim.Labels(), n.profile.Policy.Timeout, f.warmup),
	}
}

// play plays a run, second by second into its folder and onto the terminal,
// while the machine is watched. incomplete says why not all could be written.
func (f *loadFlags) play(ctx context.Context, run *sim.Run, folder *report.Folder, tell *progress, sig *signals) (rep *report.Report, incomplete, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watch := report.NewWatch()
	watching, unwatch := context.WithCancel(context.WithoutCancel(ctx))
	defer unwatch()
	go watch.Run(watching)
	keep := func(err error) {
		if err != nil && incomplete == nil {
			incomplete = err
			cancel() // a full disk: what comes would not be kept
		}
	}
	run.Observer.SignIn = tell.signIn
	run.Observer.SignedIn = func(s *report.SignIn) { keep(folder.SignIn(s)) }
	run.Observer.Second = func(iv report.Interval) {
		watch.Judge(iv.Second)
		keep(folder.Interval(iv))
		tell.second(run.Recorder.Progress(), f.length)
	}
	run.Observer.Panicked = func(value any, stack []byte) {
		tellPanic(tell.w, value, stack)
		os.Exit(exitInternal) // the interval log tells the run so far
	}
	note(run, folder.Events)
	rep, err = run.Do(ctx, sig.abort)
	tell.done()
	return rep, incomplete, err
}

// complete adds to a report what its recorder does not know: was the generator
// the limit, do the books agree, which promises held? The error is about the
// report's own counters.
func (f *loadFlags) complete(rep *report.Report, run *sim.Run, j *job, n *network, sig *signals) error {
	rep.Plan, rep.Environment = f.plan(j, n), report.ThisMachine(version())
	rep.Validity = report.ValidityOf(rep.Seconds, n.bundled != nil || n.local())
	switch {
	case sig.abort.Err() != nil:
		rep.Money = audit.Journals(run.Fleet())
	case n.bundled != nil:
		rep.Money = audit.Compare(run.Fleet(), n.books())
	case run.Settle:
		rep.Money = audit.Settlements(run.Fleet())
	default:
		rep.Money = audit.Journals(run.Fleet())
	}
	rep.Judge(j.limits)
	return rep.Check()
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

// unplayed explains a run in which nothing could be played.
func (f *loadFlags) unplayed(ctx context.Context, n *network, err error, sig *signals) error {
	switch {
	case ctx.Err() != nil:
		return &exit{code: sig.code(), err: errors.New("stopped before anything was played")}
	case errors.Is(err, syscall.EMFILE):
		return &exit{code: exitGenerator, err: err, hint: "this process may not open more files: raise that (ulimit -n), or let terminals share lines, --line shared:8"}
	case errors.Is(err, line.ErrUnsent):
		return &exit{code: exitUnreachable, err: err}
	case errors.Is(err, line.ErrTimeout), errors.Is(err, line.ErrBroken):
		return &exit{code: exitUnreachable, err: err,
			hint: fmt.Sprintf("%s can be reached but does not answer: does it speak %s, with this length prefix and TPDU?", n.target, n.profile.Dialect.Title)}
	}
	return &exit{code: exitFailed, err: err}
}

// verdict is the exit code of a run that was played, and in words why.
func (f *loadFlags) verdict(rep *report.Report, j *job, broken error, sig *signals) error {
	bad := func(code int, format string, args ...any) error {
		return &exit{code: code, err: fmt.Errorf(format, args...)}
	}
	kept := func(measure string) bool {
		for i, l := range j.limits {
			if l.Default && l.Measure == measure {
				return rep.Limits[i].OK
			}
		}
		return true // somebody asked for something else
	}
	stuck := rep.Planned - rep.Played - rep.NotPlayed
	switch {
	case rep.Money.Checked && rep.Money.Compared > 0 && !rep.Money.Agree():
		return bad(exitBooks, "the books of terminals and host disagree")
	case sig.code() != 0 && broken == nil:
		return bad(sig.code(), "stopped by a signal; what was played until then is reported")
	case rep.Money.Owed > 0 && (j.load.Books || !kept("owed")):
		return bad(exitBooks, "%d payments may or may not have been booked: their reversals were not acknowledged", rep.Money.Owed)
	case !kept("unbalanced"):
		return bad(exitBooks, "%d of %d settlements did not balance or were not done", rep.Settlements.Broken(), rep.Settlements.All())
	case !kept("failed"):
		return bad(exitFailed, "%d of %d scenarios did not hold", rep.Failed, rep.Played)
	case f.strict && len(rep.Rules) > 0:
		return bad(exitFailed, "answers break rules that they must or should keep: %s (posfleet rules)", report.DescribeRules(rep.Rules))
	case j.load.Books && !rep.Money.Checked:
		return bad(exitIncomplete, "the books could not be compared: the host's are known when it is the bundled one in this process, or by its settlements")
	case broken != nil:
		return bad(exitIncomplete, "results are incomplete: %w", broken)
	case rep.SignIn.Failed > 0:
		return bad(exitIncomplete, "%d of %d terminals could not sign in and took no part", rep.SignIn.Failed, rep.SignIn.Terminals)
	case stuck > 0:
		return bad(exitIncomplete, "%d of %d arrivals were stuck: their terminals could not send them (reasons above)", stuck, rep.Planned)
	case !kept("notplayed") && rep.Validity.Level != report.Invalid: // else it was the generator that found no time
		return bad(exitIncomplete, "%d of %d arrivals were not played: no terminal was free in time", rep.NotPlayed, rep.Planned)
	case rep.Validity.Level == report.Invalid:
		return bad(exitGenerator, "the generator was the limit, not the host: this run is invalid (reasons above)")
	}
	for _, l := range rep.Limits {
		if !l.OK && !l.Default {
			return bad(exitLimit, "limit broken: %s (%s)", l.Limit, l.Seen)
		}
	}
	return nil
}

// illustrate puts the pictures and the page of a run into its folder.
func illustrate(folder *report.Folder, rep *report.Report) error {
	if _, err := plot.Save(rep, folder.Path("")); err != nil {
		return fmt.Errorf("pictures: %w", err)
	}
	if err := page.Save(rep, folder.Path("report.html")); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	return nil
}
