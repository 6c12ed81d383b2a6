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
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/page"
	"github.com/posfleet/posfleet/report/plot"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/audit"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
)

// loadFlags are how a load run is asked for.
type loadFlags struct {
	net         networkFlags
	rate        string
	ramp        time.Duration
	stages      []string
	arrivals    string // file of them
	speed       float64
	burst       string
	poisson     bool
	closed      bool
	think       time.Duration
	length      time.Duration
	warmup      time.Duration
	drain       time.Duration
	terminals   int
	line        string
	lineProfile string
	mix         []string
	limits      []string
	seed        uint64
	tags        string
	names       []string
	out         string
	settle      bool
	strict      bool
	view        viewFlags
	watched     *watched // the run's page; nil for none
	storm       stormFlags
	storms      int
	id          string          // of the run, which its parts share
	parts       []sim.Stage     // that stages says
	times       []time.Duration // of the file of arrivals
	digest      string          // of that file
	asked       report.Plan
	spread      spreadFlags
	share       sim.Share                 // of the run, that this process plays for a controller
	written     func()                    // is told when a second has been written down; nil for nobody
	began       atomic.Pointer[time.Time] // the run's zero; nil until a second of it has ended
	keys        bool                      // somebody at a terminal may press keys
	hand        *hand                     // that does what they say; nil for nobody
}

func loadCommand(sig *signals) *cobra.Command {
	cmd, _ := newLoad(sig)
	return cmd
}

// newLoad is the command, and the flags that it has been or will be given.
func newLoad(sig *signals) (*cobra.Command, *loadFlags) {
	f := &loadFlags{}
	cmd := &cobra.Command{
		Use:   "load [feature…]",
		Short: "load: play scenarios compiled, thousands at a time, and tell latency honestly",
		Long: "Plays scenarios at their due times on a fleet of terminals, however slow the host is, and leaves a\n" +
			"run folder with a report page, pictures and the interval log. Without a feature the embedded\n" +
			"@everyday scenarios are played in equal shares; an @load scenario, named by its file, brings its own\n" +
			"rate, mix and promises. Rate means arrivals: scenarios begun, each of one or more exchanges.\n" +
			"With no --host the bundled host is started in this process.\n\n" +
			"--fault has the terminals' lines fail from the first arrival to the last, then they heal. --storm N plays N\n" +
			"seeds instead, from --seed on: a few terminals, one exchange after another, with faults that each seed draws\n" +
			"(or those of --fault); then lines heal, what is owed is undone, all settle, and the books must agree. It\n" +
			"names the seeds that fail; the same seed is the same storm.\n\n" +
			"At a terminal keys change the run while it is played, and the report says so: " + keysHelp + ".\n" +
			"With --agents they do for all agents at one moment, 1.5 s later.\n\n" + faultHelp(line.Fault.OnLine) + "\n" + exitHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.storms != 0 || cmd.Flags().Changed("storm") {
				return f.runStorms(cmd, args)
			}
			if f.spread.attach != "" {
				return f.spread.goOn(cmd, args, f.view, sig)
			}
			if f.spread.wanted(cmd) {
				return f.control(cmd, args, sig)
			}
			return f.run(cmd, args, sig)
		},
	}
	f.net.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.net.behaviour, "behaviour", "", "when the bundled host's answers leave: stall:1s/10s, uniform:10ms-110ms, … (of payments, balance inquiries and echoes; others at once)")
	fl.StringVar(&f.rate, "rate", "500/s", "arrivals: 500/s, 30/m, 7200/h")
	fl.DurationVar(&f.ramp, "ramp", 0, "rise in a straight line from nothing to the rate over this time")
	fl.StringArrayVar(&f.stages, "stage", nil, "a part of the run at a rate of its own: 2m:500/s, or 30s:100/s-500/s in a straight line; may be repeated, one follows the other")
	fl.StringVar(&f.arrivals, "arrivals", "", "file that says when arrivals come: a time a line, or minutes with counts of a real day")
	fl.Float64Var(&f.speed, "speed", 1, "with --arrivals: so many times faster than they came")
	fl.StringVar(&f.burst, "burst", "", "arrivals that fall due all at once on top of the others, such as 200/10s: 200 every ten seconds")
	fl.BoolVar(&f.poisson, "poisson", false, "arrivals that know nothing of each other, instead of evenly spaced ones")
	fl.BoolVar(&f.closed, "closed", false, "closed model: every terminal plays over and over, no rate")
	fl.DurationVar(&f.think, "think", 0, "closed model: pause between two plays")
	fl.DurationVar(&f.length, "for", 10*time.Second, "how long arrivals come")
	fl.DurationVar(&f.warmup, "warmup", time.Second, "what falls due in the first so long is reported apart")
	fl.DurationVar(&f.drain, "drain", 0, "how long open exchanges are waited for at the end (default: the response timeout)")
	fl.IntVar(&f.terminals, "terminals", 1000, "terminals that take part")
	fl.StringVar(&f.line, "line", "", "how they are connected: own, each (a line an exchange) or shared:N (default: the profile's, or own)")
	fl.StringVar(&f.lineProfile, "line-profile", "", lineProfileUsage)
	fl.StringSliceVar(&f.mix, "mix", nil, "shares of scenarios by id, weights or percent: cup-purchase-1=70,cup-balance-1=30")
	fl.StringArrayVar(&f.limits, "limit", nil, `a promise to keep: "p99 of purchase < 250ms"; may be repeated`)
	fl.Uint64Var(&f.seed, "seed", 0, "seed of mix, cards, Poisson arrivals and what the bundled host draws (default: drawn, and told)")
	fl.StringVar(&f.tags, "tags", "", `tag expression (default without a feature: "@everyday")`)
	fl.StringSliceVar(&f.names, "name", nil, "part of a scenario's name, or its id")
	fl.BoolVar(&f.settle, "settle", false, "every terminal settles before the first arrival and after the last: compares the books of any host")
	fl.BoolVar(&f.strict, "strict", false, "answers that break a rule that they should keep are failures too")
	fl.StringVar(&f.id, "run-id", "", "name that the parts of one run on several machines have in common, so that posfleet report adds them up (default: drawn)")
	f.storm.add(cmd)
	fl.IntVar(&f.storms, "storm", 0, "how many seeds to play as storms")
	fl.StringVar(&f.view.live, "live", "", "serve the report page, growing, at this address while the run lasts: 127.0.0.1:8080")
	fl.StringVar(&f.view.metrics, "metrics", "", "answer Prometheus' scrapes at this address while the run lasts: 127.0.0.1:9464")
	fl.StringVar(&f.view.otlp, "otlp", "", "send metrics, and traces of the slowest exchanges and of some that went wrong, to the OpenTelemetry collector at this URL while the run lasts: http://127.0.0.1:4318")
	fl.StringVar(&f.out, "out", "", "run folder, which must not exist (default: runs/ and the time)")
	f.spread.add(cmd)
	return cmd, f
}

// run plays a load run and tells it: everything in its order, nothing in detail.
func (f *loadFlags) run(cmd *cobra.Command, args []string, sig *signals) error {
	j, err := f.prepare(cmd, args)
	if err != nil {
		return usage(err)
	}
	f.keys = true
	return f.runJob(cmd, j, sig)
}

// runJob is run for a job that is ready.
func (f *loadFlags) runJob(cmd *cobra.Command, j *job, sig *signals) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	n, err := f.net.open(ctx, f.fleetSize(cmd, j))
	if err != nil {
		return err
	}
	defer n.close()
	j.language.Reach(n.admin)
	f.terminals = len(n.profile.Terminals)
	part := rand.Text()
	f.asked = f.plan(j, n)
	folder, err := report.Create(f.folder(), &report.Report{Run: f.runID(part), Part: part, Plan: f.asked, Environment: report.ThisMachine(build()), Started: time.Now()})
	if errors.Is(err, report.ErrNoRoom) {
		return unwritten(err)
	}
	if err != nil {
		return usage(err)
	}
	tell := newProgress(cmd.ErrOrStderr())
	f.introduce(tell, j, n)
	run := f.simulation(j, n)
	taken, err := newJournal(folder, n.profile.LivePAN)
	if err != nil {
		return &exit{code: exitIncomplete, err: err}
	}
	run.Observer.Closed = taken.closed
	if f.watched, err = f.view.show(ctx, tell, f.runID(part), f.sight(f.runID(part), run, folder, j, n)); err != nil {
		return err
	}
	defer f.watched.close()
	playing, drain := context.WithCancel(ctx)
	defer drain()
	if f.keys {
		if in := atTerminal(cmd.InOrStdin(), out, cmd.ErrOrStderr()); in != nil {
			f.takeKeys(in, run, folder, tell, drain)
		}
	}
	rep, incomplete, err := f.play(playing, run, folder, taken, tell, sig)
	signalled := sig.stopped(ctx)
	if err == nil && j.storm != nil {
		incomplete = errors.Join(incomplete, unproven(j.storm, rep.Faults))
	}
	rep.Run, rep.Part = f.runID(part), part
	if err != nil {
		return f.unplayed(ctx, out, folder, rep, n, err)
	}
	if err := f.complete(ctx, rep, run, folder, j, n, sig); err != nil {
		return &exit{code: exitInternal, err: fmt.Errorf("the counters of this run do not add up: %w", err)}
	}
	f.watched.end(rep)
	err = taken.keep(folder, rep) // before anything that a full disk or a closed pipe may end
	if told := rep.WriteText(out, tell.color(out)); told != nil {
		incomplete = errors.Join(incomplete, fmt.Errorf("the report could not be printed: %w", told))
	}
	return conclude(out, folder, rep, sig, signalled, incomplete, err)
}

// introduce says what is about to be played.
func (f *loadFlags) introduce(tell *progress, j *job, n *network) {
	if len(j.idle) > 0 {
		tell.line("not played, beside an @load scenario: %s (posfleet check)", strings.Join(j.idle, ", "))
	}
	tell.line("%s, %s for %v on %d terminals, line %s, seed %d, against %s (%s)",
		model(f.closed), j.arrivals, f.length, f.terminals, j.lines, f.seed, n.target, n.profile.Dialect.Title)
	if n.sharedAnswersOnce(f.asked.Lines) {
		tell.line("hint: %s", sharedLines)
	}
}

// conclude draws what a run that has been told looks like, says where it is, and gives
// its exit code. signalled is that of the signal that stopped it, incomplete says what could
// not be told, unwritten what could not be kept.
func conclude(out io.Writer, folder *report.Folder, rep *report.Report, sig *signals, signalled int, incomplete, unwritten error) error {
	name := "run.json"
	if sig.abort.Err() == nil {
		if drawn := illustrate(folder, rep); drawn == nil {
			name = "report.html"
		} else {
			unwritten = cmp.Or(unwritten, drawn)
		}
	}
	if unwritten == nil {
		fmt.Fprintf(out, "\nreport: %s\n", filepath.Join(folder.Name(), name))
	}
	broken := verdict(rep, signalled, onceEach(unwritten, incomplete))
	if err := stepSummary(func(w io.Writer) error { return rep.WriteMarkdown(w, why(broken)) }); err != nil {
		return withLost(broken, fmt.Errorf("GITHUB_STEP_SUMMARY: %w", err))
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
	if j.storm != nil {
		n.profile.Policy.ReversalTries = max(n.profile.Policy.ReversalTries, sim.StormTries)
	}
	return &sim.Run{
		Profile: n.profile, Dialer: n.dialer, Lines: j.lines, Line: j.profile, Terminals: f.terminals, Mix: j.mix, Pacer: j.pacer,
		Think: f.think, For: f.length, Drain: drain, Faults: j.load.Faults, Storm: j.storm,
		Settle: f.settles(j, n), NewHost: n.books != nil, Share: f.share,
		Recorder: report.NewRecorder(sim.Labels(), n.profile.Policy.Timeout, f.warmup),
	}
}

// settles reports whether the run compares books by settlements.
func (f *loadFlags) settles(j *job, n *network) bool {
	return f.settle || j.load.Books && n.books == nil && settles(n.profile.Dialect)
}

// play plays a run, second by second into its folder and onto the terminal,
// while the machine is watched. incomplete says why not all could be written.
func (f *loadFlags) play(ctx context.Context, run *sim.Run, folder *report.Folder, taken *journal, tell *progress, sig *signals) (rep *report.Report, incomplete, err error) {
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
	var phases []*report.Phase // that are not written yet: the log begins with the run
	begins := func(at time.Time) {
		for _, phase := range phases {
			if phase != nil {
				phase.Why = hidden(run.Profile.Dialect, phase.Why)
				keep(folder.Phase(phase, at))
			}
		}
		phases = nil
	}
	run.Observer.SignedIn = func(signIn, opening *report.Phase) {
		if phases = []*report.Phase{signIn, opening}; run.Begin == nil {
			begins(time.Now())
		}
	}
	if begin := run.Begin; begin != nil { // with the others
		run.Begin = func(ctx context.Context) (time.Time, error) {
			at, err := begin(ctx)
			if err == nil {
				begins(at)
			}
			return at, err
		}
	}
	run.Observer.Second = func(iv report.Interval) {
		watch.Judge(iv.Second)
		if f.began.Load() == nil {
			zero := time.Now().Add(-run.Now())
			f.began.Store(&zero)
		}
		keep(errors.Join(folder.Interval(iv), taken.failed()))
		if f.written != nil {
			f.written()
		}
		f.watched.tick()
		tell.second(run.Recorder.Progress(), f.length)
	}
	run.Observer.Panicked = func(value any, stack []byte) {
		f.hand.leave()
		tellPanic(tell.w, value, stack)
		os.Exit(exitInternal) // the interval log tells the run so far
	}
	defer context.AfterFunc(sig.abort, f.hand.leave)() // a third signal may end the process
	note(run, folder.Events)
	tell.begin()
	rep, err = run.Do(ctx, sig.abort)
	begins(time.Now()) // of what did not begin
	f.hand.leave()
	tell.done()
	return rep, incomplete, err
}

// complete adds to a report what its recorder does not know: was the generator
// the limit, do the books agree, which promises held? The error is about the
// report's own counters.
func (f *loadFlags) complete(ctx context.Context, rep *report.Report, run *sim.Run, folder *report.Folder, j *job, n *network, sig *signals) error {
	rep.Plan, rep.Environment = f.planned(), report.ThisMachine(build())
	rep.Validity = report.ValidityOf(rep.Seconds, n.books != nil || n.local())
	rep.Advise()
	switch {
	case sig.abort.Err() != nil:
		rep.Money = audit.Journals(run.Fleet())
	case n.books != nil:
		books, err := n.books(ctx)
		books.Story = storiesIn(folder)
		if rep.Money = audit.Compare(run.Fleet(), books); errors.Is(err, errNoBooks) {
			rep.Money = audit.Journals(run.Fleet())
		} else if err != nil {
			return err
		}
	case run.Settle:
		rep.Money = audit.Settlements(run.Fleet())
	default:
		rep.Money = audit.Journals(run.Fleet())
	}
	if d := n.profile.Dialect; d.Exponent != 2 {
		rep.Money.Decimals = &d.Exponent
	}
	if unit := n.profile.Dialect.Unit(); unit != "yuan" {
		rep.Money.Unit = unit
	}
	rep.Without = n.profile.Dialect.Without
	rep.Judge(j.limits)
	hide(rep, n.profile.Dialect)
	return rep.Check()
}

// hide masks card numbers in what a report tells in others' words.
func hide(rep *report.Report, d *dialect.Dialect) {
	for i := range rep.Failures {
		f := &rep.Failures[i]
		f.Sentence, f.Why = d.Scrubbed(f.Sentence), d.Scrubbed(f.Why)
	}
	for i := range rep.Strays {
		rep.Strays[i].Kind, rep.Strays[i].First = d.Scrubbed(rep.Strays[i].Kind), d.Scrubbed(rep.Strays[i].First)
	}
	for _, list := range [][]string{rep.Settlements.Detail, rep.Money.Detail} {
		for i := range list {
			list[i] = d.Scrubbed(list[i])
		}
	}
	rep.Stuck, rep.SignIn.Why, rep.Opening.Why = hidden(d, rep.Stuck), hidden(d, rep.SignIn.Why), hidden(d, rep.Opening.Why)
}

// hidden masks card numbers in the names of counts.
func hidden(d *dialect.Dialect, by map[string]int64) map[string]int64 {
	var masked map[string]int64
	for why, n := range by {
		if masked == nil {
			masked = map[string]int64{}
		}
		masked[d.Scrubbed(why)] += n
	}
	return masked
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

// illustrate puts the page and the pictures of a run into its folder, the page first:
// where the disk fills up it is what is wanted.
func illustrate(folder *report.Folder, rep *report.Report) error {
	if err := page.Save(rep, folder.Path("report.html")); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	if _, err := plot.Save(rep, folder.Path("")); err != nil {
		return fmt.Errorf("pictures: %w", err)
	}
	return nil
}
