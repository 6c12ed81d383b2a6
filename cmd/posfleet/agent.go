package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/scenarios"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/agent"
	"github.com/posfleet/posfleet/sim/audit"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// agentFlags say which run an agent takes part in.
type agentFlags struct {
	url  string
	join joinFlags
	dir  string
	view viewFlags
}

func agentCommand(sig *signals) *cobra.Command {
	var f agentFlags
	cmd := &cobra.Command{
		Use:   "agent",
		Short: "agent: play a share of a run that posfleet load --agents spreads over machines",
		Long: "Waits at the controller (--join) or at your own NATS (--nats) for a run, plays a share of it, sends what came\n" +
			"of it, and ends. It may be started before the controller. What the run is made of, keys too, comes from\n" +
			"the controller, sealed to who has the run's credentials, and stays in memory.\n\n" + agentExitHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, sig) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.url, "join", "", "where the controller listens, such as nats://10.0.0.1:4222")
	f.join.add(cmd)
	fl.StringVar(&f.dir, "out", "", "folder for what this agent plays, which must not exist (default: a temporary one, removed when the controller has it all)")
	fl.StringVar(&f.view.live, "live", "", "serve the report page of this share, growing, at this address while it is played: 127.0.0.1:8080")
	fl.StringVar(&f.view.metrics, "metrics", "", "answer Prometheus' scrapes of this share at this address: 127.0.0.1:9464")
	cmd.AddCommand(&cobra.Command{
		Use:   "credentials FILE",
		Short: "make the credentials of a run: who has the file can take part, and can command",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return usage(agent.NewCredentials().Save(args[0]))
		},
	})
	return cmd
}

// agentExitHelp says how an agent ends, whatever its share found.
const agentExitHelp = `Exit codes, which say what became of this agent; what the run found is in the controller's:
  0 its share is handed over, or none was left for it · 4 this machine has no descriptors to begin with
  5 not all was played, kept or handed over · 64 usage, or another version than the controller's
  69 controller or host unreachable · 70 internal error · 129, 130, 131, 143 stopped by a signal`

// connect meets the run's NATS server.
func (f *agentFlags) connect(ctx context.Context) (*agent.Conn, error) {
	switch {
	case (f.url == "") == (f.join.cluster.URL == ""):
		return nil, usage(errors.New("want --join nats://CONTROLLER:4222, or --nats with your own NATS"))
	case f.join.creds == "":
		return nil, usage(errors.New("want the run's credentials, --creds FILE: the controller has them too"))
	}
	if _, err := os.Lstat(f.dir); f.dir != "" && err == nil { // before it takes a share, which would end the run
		return nil, usage(fmt.Errorf("--out: run folder %s exists: name another, or move it away", f.dir))
	}
	creds, err := agent.ReadCredentials(f.join.creds)
	if err != nil {
		return nil, usage(err)
	}
	var c *agent.Conn
	if f.url != "" {
		c, err = agent.Join(ctx, f.url, creds)
	} else {
		c, err = agent.JoinCluster(ctx, f.join.cluster, creds)
	}
	if err != nil {
		return nil, &exit{code: exitUnreachable, err: err}
	}
	return c, nil
}

// beside reports whether the controller is on this machine.
func (f *agentFlags) beside() bool {
	u, err := url.Parse(f.url)
	return err == nil && profile.IsLoopback(u.Hostname())
}

var errStopped = errors.New("stopped while waiting for a run")

func (f *agentFlags) run(cmd *cobra.Command, sig *signals) error {
	ctx := cmd.Context()
	c, err := f.connect(ctx)
	switch {
	case err != nil && sig.first != nil:
		return &exit{code: sig.code(), err: errStopped}
	case err != nil:
		return err
	}
	defer c.Close()
	tell := newProgress(cmd.ErrOrStderr())
	lasting, gaveUp := context.WithCancelCause(context.WithoutCancel(ctx))
	defer gaveUp(nil)
	ctx, stop := context.WithCancel(ctx)
	defer context.AfterFunc(lasting, stop)()
	var playing atomic.Bool
	go func() {
		if c.Alone(lasting, patience, playing.Load) == nil {
			gaveUp(fmt.Errorf("the controller has not been heard of for %v", patience))
		}
	}()
	a, err := agent.Take(ctx, c, thisAgent(), build(), func(what string) { tell.line("%s", what) })
	switch {
	case sig.first != nil:
		return &exit{code: sig.code(), err: errStopped}
	case ctx.Err() != nil:
		return &exit{code: exitUnreachable, err: context.Cause(lasting)}
	case errors.Is(err, agent.ErrVersion):
		return usage(err)
	case errors.Is(err, agent.ErrOver):
		tell.line("the run is over, and no share was left for this agent")
		return nil
	case err != nil:
		return &exit{code: exitUnreachable, err: err}
	}
	defer a.Leave()
	tell.line("share %d of %d", a.Share.Index+1, a.Share.Of)
	s := &sharePlayer{agent: a, beside: f.beside(), view: f.view, tell: tell, sig: sig, lasting: lasting, playing: &playing}
	err = s.play(ctx, f.dir)
	if err == nil && s.own != nil {
		return s.own
	}
	if errors.Is(err, errUnheard) {
		return err // nobody is there to be told
	}
	if err != nil {
		code, why := exitInternal, err.Error()
		if e, is := errors.AsType[*exit](err); is {
			if code = e.code; e.hint != "" {
				why += "; hint: " + e.hint
			}
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_ = a.Fail(last, code, report.Printable(strings.ReplaceAll(why, "\n", "; ")))
		return err
	}
	return nil
}

// thisAgent is what people call this process.
func thisAgent() string {
	name, _ := os.Hostname()
	return fmt.Sprintf("%s/%d", name, os.Getpid())
}

// The names of a run's summary, before it has been played and after, and of its log.
const (
	begunName   = report.BegunName
	summaryName = "run.json"
	logName     = "latency.hlog" // what grows
	nowName     = "now.ndjson"   // likewise, of a run that is seen while it runs
)

// sharePlayer plays a share of a run for a controller.
type sharePlayer struct {
	agent   *agent.Agent
	beside  bool // the controller is on this machine
	watched bool // somebody sees the run while it runs
	keys    bool // or may ask for its slowest exchanges
	view    viewFlags
	tell    *progress
	sig     *signals
	lasting context.Context // ends when there is no controller any more
	waiting context.Context // likewise, and with a signal where the controller is not heard of
	playing *atomic.Bool    // its terminals need no controller

	zero atomic.Pointer[time.Time] // when arrival 0 falls due; nil until the run begins
	own  *exit                     // why it ended before its time though the controller did not say so; nil where it did not
}

// patience is how long an agent that plays nothing waits for a controller that it
// cannot reach.
const patience = 5 * time.Minute

// play plays the share and sends what comes of it.
func (s *sharePlayer) play(ctx context.Context, dir string) error {
	a := s.agent
	plan, err := unpackPlan(a.Plan)
	if err != nil {
		return &exit{code: exitInternal, err: err}
	}
	defer s.endWaiting(ctx)()
	ctx, sig := s.orders(ctx)
	cmd, f := newLoad(sig)
	if err := giveFlags(cmd.Flags(), plan.Flags); err != nil {
		return usage(fmt.Errorf("plan: %w", err))
	}
	s.watched, s.keys = plan.Watched, plan.Keys
	f.id, f.share = plan.Run, sim.Share{Index: a.Share.Index, Of: a.Share.Of}
	f.net.files, f.net.share, f.net.other = profile.Files{From: plan.files, Dir: plan.Dir}, f.share, plan.Bundled
	f.net.same = s.beside
	j, err := f.prepare(cmd, plan.Args)
	if err != nil {
		return usage(err)
	}
	n, err := f.net.open(ctx, f.fleetSize(cmd, j))
	if err != nil {
		return err
	}
	defer n.close()
	j.language.Reach(n.admin)
	if plan.Bundled != nil {
		n.books = func(context.Context) (audit.Books, error) { return s.books(&n.admin) }
		beside, ended := context.WithCancel(s.lasting)
		defer ended()
		go s.outliveHost(beside, plan.Bundled.Address)
	}
	f.terminals = len(n.profile.Terminals)
	f.asked = f.plan(j, n)
	if f.asked.Of = a.Share.Of; a.Share.Attempt == 1 {
		f.asked.Shares = []int{a.Share.Index + 1} // who takes over plays another's
	}
	if !maps.Equal(f.asked.Digests, plan.Digests) {
		return &exit{code: exitInternal, err: errors.New("the features are not those of the controller")}
	}
	temporary := dir == ""
	if temporary {
		if dir, err = os.MkdirTemp("", "posfleet-agent-"); err != nil {
			return &exit{code: exitIncomplete, err: err}
		}
		dir = filepath.Join(dir, "run")
	}
	if err := s.playIn(ctx, dir, f, j, n, sig); err != nil {
		switch {
		case temporary && s.zero.Load() == nil: // nothing was
			_ = os.RemoveAll(filepath.Dir(dir))
		case temporary || errors.Is(err, errUnheard):
			s.tell.line("what was played is in %s", dir)
		}
		return err
	}
	if temporary {
		_ = os.RemoveAll(filepath.Dir(dir))
	}
	return nil
}

// errUnheard is why an agent that has played ends though its share is not handed over.
var errUnheard = errors.New("stopped by a signal: the controller is not heard of, and has not all of what was played")

// endWaiting has waits for the controller end once a signal has come, which ends ctx, and
// that is not heard of: one that is there is sent the rest first.
func (s *sharePlayer) endWaiting(ctx context.Context) (over func()) {
	waiting, end := context.WithCancelCause(s.lasting)
	s.waiting = waiting
	stop := context.AfterFunc(ctx, func() {
		for silent := false; waiting.Err() == nil; {
			switch there := s.agent.Attended(waiting); {
			case !there && silent: // twice: or the run is over, or the line comes back
				end(errUnheard)
			default:
				silent = !there
			}
			select {
			case <-waiting.Done():
			case <-time.After(400 * time.Millisecond):
			}
		}
	})
	return func() {
		stop()
		end(nil)
	}
}

// grow are the files that go to the controller as they grow.
func (s *sharePlayer) grow() []string {
	if s.watched || s.keys {
		return []string{logName, nowName}
	}
	return []string{logName}
}

// orders are the controller's and this process's own signals in one.
func (s *sharePlayer) orders(ctx context.Context) (context.Context, *signals) {
	drain, stop := context.WithCancelCause(ctx)
	abort, end := context.WithCancelCause(s.sig.abort)
	for from, to := range map[context.Context]context.CancelCauseFunc{s.agent.Drain: stop, s.agent.Abort: end} {
		context.AfterFunc(from, func() { to(context.Cause(from)) })
	}
	return drain, &signals{abort: abort}
}

// ownEnd is why drain or abort is done, when it is so though the controller did not say so.
func (s *sharePlayer) ownEnd(ctx context.Context) *exit {
	why := context.Cause(ctx)
	switch {
	case why == nil, errors.Is(why, agent.ErrOrdered):
		return nil
	case s.sig.first != nil && errors.Is(why, errSignal):
		return &exit{code: s.sig.code(), err: fmt.Errorf("it was stopped by a signal (%v)", s.sig.first)}
	}
	return &exit{code: exitIncomplete, err: why}
}

// stopped tells the controller that this share, whose arrivals fall due for so long, ends
// before its time by itself.
func (s *sharePlayer) stopped(why *exit, length time.Duration, cut bool) {
	zero := s.zero.Load()
	if why == nil || zero == nil {
		return
	}
	if at := time.Since(*zero); at < length || cut {
		s.agent.Stopped(why.Error(), at, cut)
	}
}

// trace is where the trace numbers of terminals begin: drawn anew for each run, and for
// whoever takes a share over a quarter of all numbers further, where the agent before
// has not been.
func (s *sharePlayer) trace(run string) func(*profile.Terminal) uint32 {
	return func(t *profile.Terminal) uint32 {
		h := fnv.New64a()
		_, _ = io.WriteString(h, run+" "+t.TID)
		return uint32((h.Sum64()+uint64(s.agent.Share.Attempt-1)*dialect.MaxNumber/4)%dialect.MaxNumber) + 1
	}
}

// errNoBooks is that the bundled host's books are not to be had.
var errNoBooks = errors.New("the host's books are not to be had")

// books asks the controller for the bundled host's, and its API for what they say of terminals
// that disagree.
func (s *sharePlayer) books(api *scenarios.Admin) (audit.Books, error) {
	text, err := s.agent.Played(s.waiting)
	if s.waiting.Err() != nil {
		return audit.Books{}, errNoBooks
	}
	if err != nil {
		return audit.Books{}, err
	}
	var b sentBooks
	if err := json.Unmarshal(text, &b); err != nil {
		return audit.Books{}, err
	}
	if b.Gone || s.agent.Share.Attempt > 1 { // of payments that the agent before has made no journal is left
		return audit.Books{}, errNoBooks
	}
	return audit.Books{Net: b.Net, Payments: func(tid string) []audit.Payment { return bookedAt(api, tid) }}, nil
}

// playIn plays the share into a folder, which goes to the controller as it grows.
func (s *sharePlayer) playIn(ctx context.Context, dir string, f *loadFlags, j *job, n *network, sig *signals) error {
	part := fmt.Sprintf("%s-%d-%d", f.id, s.agent.Share.Index+1, s.agent.Share.Attempt)
	begun := &report.Report{Run: f.id, Part: part, Plan: f.asked, Environment: report.ThisMachine(build()), Started: time.Now()}
	folder, err := report.Create(dir, begun)
	if err != nil {
		return &exit{code: exitIncomplete, err: err}
	}
	s.agent.Send(dir, s.grow()...)
	if err := s.agent.Put(s.lasting, summaryName, begunName); err != nil {
		return &exit{code: exitIncomplete, err: err}
	}
	run := f.simulation(j, n)
	run.Begin = func(ctx context.Context) (time.Time, error) {
		s.tell.line("ready, waiting for the others")
		at, from, err := s.agent.Begin(ctx)
		run.Share.From = from
		if err == nil {
			s.zero.Store(&at)
		}
		s.playing.Store(err == nil)
		return at, err
	}
	run.Trace, run.Mine = s.trace(f.id), s.agent.Mine
	defer context.AfterFunc(ctx, func() { s.stopped(s.ownEnd(ctx), f.length, false) })()
	f.hand, run.Steering = f.newHand(folder, s.tell), &sim.Steering{}
	s.obeyKeys(f.hand, run.Steering)
	if s.agent.Share.Attempt > 1 {
		run.NewHost = false // what the agent before has booked is there
	}
	taken, err := newJournal(folder, n.profile.LivePAN)
	if err != nil {
		return &exit{code: exitIncomplete, err: err}
	}
	run.Observer.Closed = taken.closed
	seen := f.sight(f.id, run, folder, j, n)
	if f.watched, err = s.view.show(ctx, s.tell, f.id, seen); err != nil {
		return err
	}
	defer f.watched.close()
	f.written = s.agent.Grown
	if s.watched || s.keys {
		if !s.watched {
			seen = func() (*report.Report, []report.Event, []report.Event) {
				_, slow := folder.Events.Lately()
				return nil, nil, slow
			}
		}
		told, err := newTelling(folder.Path(nowName), seen)
		if err != nil {
			return &exit{code: exitIncomplete, err: err}
		}
		defer told.close()
		f.written = func() {
			told.second()
			s.agent.Grown()
		}
	}
	rep, incomplete, err := f.play(ctx, run, folder, taken, s.tell, sig)
	s.playing.Store(false)
	s.agent.Change(nil)
	cut := s.ownEnd(sig.abort)
	if s.own = cut; rep.Interrupted {
		s.own = cmp.Or(s.ownEnd(ctx), cut)
	}
	s.stopped(s.own, f.length, cut != nil)
	rep.Run, rep.Part = f.id, part
	if err != nil {
		return unplayedShare(ctx, rep, n, err)
	}
	if err := f.complete(ctx, rep, run, folder, j, n, sig); err != nil {
		return &exit{code: exitInternal, err: fmt.Errorf("the counters of this share do not add up: %w", err)}
	}
	f.watched.end(rep)
	if err := errors.Join(incomplete, taken.keep(folder, rep)); err != nil {
		return &exit{code: exitIncomplete, err: err}
	}
	s.tell.line("played; sending the rest")
	ended := make(chan error, 1)
	go func() { ended <- s.agent.End(s.waiting, summaryName, "events.ndjson", journalName) }()
	select {
	case err = <-ended:
	case <-s.waiting.Done(): // what sends beside has it wait on
		err = context.Cause(s.waiting)
	}
	if err != nil {
		if s.sig.first != nil && errors.Is(context.Cause(s.waiting), errUnheard) {
			return &exit{code: s.sig.code(), err: errUnheard}
		}
		return &exit{code: exitIncomplete, err: err}
	}
	return nil
}

// unplayedShare is why nothing of a share could be played.
func unplayedShare(ctx context.Context, rep *report.Report, n *network, err error) error {
	if ctx.Err() != nil {
		return &exit{code: exitIncomplete, err: errors.New("stopped before anything was played")}
	}
	if errors.Is(err, agent.ErrOver) {
		return &exit{code: exitIncomplete, err: errors.New("let go before anything was played: the controller ended the run before it began")}
	}
	return &exit{code: unplayedCode(err), err: fmt.Errorf("%s of %s could sign in: %s", report.Plural(int64(rep.SignIn.Terminals-rep.SignIn.Failed), "terminal"),
		report.FormatCount(int64(rep.SignIn.Terminals)), n.profile.Dialect.Scrubbed(err.Error()))}
}
