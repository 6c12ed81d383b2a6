package sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// Run is a load run: so many terminals play a mix of plans, at the due times of
// a pacer (open model), or each over and over (closed model, when Pacer is nil).
type Run struct {
	Profile   *profile.Profile
	Dialer    *line.Dialer
	Lines     line.Mode
	Line      string // line profile that own lines play, or kinds for that of each terminal's; empty for as they are
	Terminals int    // how many of the profile's take part
	Mix       *Mix
	Pacer     Pacer
	Steering  *Steering     // of the pacer's arrivals while they are played; nil for none
	Think     time.Duration // closed model: pause between two plays
	For       time.Duration // arrivals fall due in [0, For)
	Drain     time.Duration // how long after that open exchanges are waited for
	Faults    bool          // the plans make lines fail: each terminal needs a line of its own
	Storm     *line.Storm   // what lines do wrong from the first arrival to the last; nil for nothing. Needs own lines too
	Settle    bool          // every terminal settles its batch before the first arrival and after the last
	NewHost   bool          // the host has booked nothing yet: no batch holds anything from before
	Share     Share         // of the arrivals: which are this run's; Terminals and Profile have its own already
	// Begin is asked, once the terminals have signed in, when arrival 0 may fall due, which
	// may be awaited; nil for at once.
	Begin func(ctx context.Context) (time.Time, error)
	// Mine is asked before each arrival whether it is this process' to play; nil for always.
	// Once it is not, the run is over.
	Mine func() bool
	// Trace is the first trace number of a terminal; nil for one that is drawn.
	Trace    func(*profile.Terminal) uint32
	Recorder *report.Recorder
	Observer Observer

	clock  *line.Clock
	judge  *rules.Judge
	origin time.Duration // of the run's time: when arrival 0 may fall due
	fleet  *fleet
}

// Observer is told what happens in a run. Any of its functions may be nil.
type Observer struct {
	// SignIn is told how signing in goes on, SignedIn how it went, and the first
	// settlements where there are some, Second each second's interval. They are called from one goroutine at a time.
	SignIn   func(signedIn, failed, of int)
	SignedIn func(signIn, opening *report.Phase)
	Second   func(report.Interval)
	// Closed is told what a terminal is about to forget of its journal: when its batch
	// is closed, and at the end of the run. It may be called from many goroutines at
	// once.
	Closed Closed
	// Exchange is told each exchange when it has ended, Failed each step that did
	// not hold. They may be called from many goroutines at once.
	Exchange func(Event)
	Failed   func(Event)
	// Panicked is told of a panic of a player, a line or whoever hands on the seconds;
	// without it, that ends the process.
	Panicked func(value any, stack []byte)
}

// Event is an exchange that has ended or a step that did not hold. What it points
// to holds until the observer returns.
type Event struct {
	Terminal        *Terminal
	Result          *Result       // of the exchange; of the latest one asked for by a step
	Request, Answer *wire.Message // the latest exchange's
	Step            *Step         // that did not hold; nil for an exchange
	Err             error         // why it did not
}

// grace is how long after the end an arrival that fell due in time may still
// be given to a terminal.
const grace = 100 * time.Millisecond

// Labels are the names under which a run records its exchanges: the index is
// the dialect.Transaction.
func Labels() []string {
	names := make([]string, dialect.Transactions)
	for t := range names {
		names[t] = dialect.Transaction(t).String()
	}
	return names
}

// Do plays the run. When ctx is done arrivals stop, what is open is drained and
// the run ends early; when abort is done everything ends at once. The error
// says why nothing could be played at all; the report then has the phases before.
func (r *Run) Do(ctx, abort context.Context) (*report.Report, error) {
	if r.Terminals > len(r.Profile.Terminals) {
		return nil, fmt.Errorf("%d terminals asked for, profile %s has %d", r.Terminals, r.Profile.Name, len(r.Profile.Terminals))
	}
	if (r.Faults || r.Storm != nil) && r.Lines.Shared > 0 {
		return nil, errors.New("lines are made to fail: that needs own lines, not shared ones")
	}
	if r.Line != "" && r.Lines.Shared > 0 {
		return nil, fmt.Errorf("line profile %s: shared lines play none, that needs own lines", r.Line)
	}
	r.clock, r.judge = line.NewClock(), rules.NewJudge(r.Profile.Dialect)
	r.fleet = newFleet(r, abort)
	defer r.fleet.close()
	started := time.Now()
	signIn, opening, err := r.fleet.signIn(ctx)
	if told := r.Observer.SignedIn; told != nil {
		told(signIn, opening)
	}
	if err != nil {
		rep := r.Recorder.Report()
		rep.Started, rep.SignIn, rep.Interrupted = started, *signIn, ctx.Err() != nil
		rep.Opening = opening.OrNone()
		return rep, err
	}
	if started, err = r.begin(ctx); err != nil {
		rep := r.Recorder.Report()
		rep.Started, rep.SignIn, rep.Opening, rep.Interrupted = started, *signIn, opening.OrNone(), ctx.Err() != nil
		return rep, err
	}
	var ticking sync.WaitGroup
	end := make(chan struct{})
	ticking.Go(func() { r.tick(end) })

	r.fleet.strike(r.Storm)
	interrupted := r.play(ctx)
	r.fleet.strike(nil)
	if abort.Err() == nil {
		r.fleet.drainOwed(abort)
	}
	r.fleet.tellJournals()
	took := r.Now()
	r.fleet.close()
	close(end)
	ticking.Wait()
	rep := r.Recorder.Report()
	rep.Started, rep.Took = started, took
	rep.ClockDrift = time.Now().Round(0).Sub(started.Round(0)) - time.Since(started)
	rep.Interrupted = interrupted || abort.Err() != nil // which ends settlements, too
	rep.SignIn, rep.Opening = *signIn, opening.OrNone()
	rep.Waited = r.Recorder.Waited(r.fleet.signedIn)
	rep.Faults = r.fleet.injected()
	r.fleet.delayed(&rep.LineDelay)
	rep.Settlements = r.fleet.settled()
	rep.Lines = report.Lines{Connected: r.Dialer.Connected.Load(), Refused: r.Dialer.Refused.Load()}
	rep.Rules = rules.Count(r.Recorder.Broken())
	return rep, nil
}

// begin works out when arrival 0 may fall due.
func (r *Run) begin(ctx context.Context) (started time.Time, err error) {
	r.origin = r.clock.Now() + 20*time.Millisecond
	if r.Begin == nil {
		return time.Now(), nil
	}
	at, err := r.Begin(ctx)
	if err != nil {
		return time.Now(), err
	}
	r.origin = r.clock.Now() + time.Until(at)
	r.Recorder.Since(r.Share.From)
	return at, nil
}

// Now is the run's time: zero is when arrival 0 may fall due.
func (r *Run) Now() time.Duration { return r.clock.Now() - r.origin }

// Fleet gives the terminals after a run: their journals, what they still owe.
func (r *Run) Fleet() []*Terminal { return r.fleet.terminals }

// newPlayer makes a player that records what it plays.
func (r *Run) newPlayer(recorder *report.Recorder) *Player {
	p := NewPlayer(r.Profile.Dialect, r.clock)
	p.Judge = r.judge
	p.Shard, p.origin, p.seed = recorder.Shard(), &r.origin, r.Mix.Seed
	p.emulates, p.many = r.Line != "", r.Terminals >= keys.ManyTerminals
	p.Closed, p.Panicked = r.Observer.Closed, r.Observer.Panicked
	if told := r.Observer.Exchange; told != nil {
		p.Each = func(request, answer *wire.Message, res *Result) {
			told(Event{Terminal: p.T, Result: res, Request: request, Answer: answer})
		}
	}
	return p
}

// play lets arrivals come and waits for what they began. It reports whether it
// was stopped before its time.
func (r *Run) play(ctx context.Context) (interrupted bool) {
	var players sync.WaitGroup
	ending, cancel := context.WithDeadline(ctx, r.clock.At(r.origin+r.For+grace))
	defer cancel()
	if r.Pacer == nil {
		playClosed(ending, r, &players)
	} else {
		playOpen(ending, r, &players)
	}
	interrupted = (ctx.Err() != nil || !r.mine()) && r.Now() < r.For
	r.fleet.drain(&players)
	return interrupted
}

func (r *Run) mine() bool { return r.Mine == nil || r.Mine() }

// playArrival plays arrival n on terminal t, and then does what a shop does
// between customers: sign in when told to, settle when the batch is nearly full.
// The due time, and since when the terminal was free for it, are the clock's. It
// reports whether anything could be sent: whoever has the choice waits a little
// before the next one when not.
func (r *Run) playArrival(p *Player, t *Terminal, n int, due, free time.Duration) (sent bool) {
	p.second = p.Shard.Played(due - r.origin)
	p.Fresh()
	t.ServeNext()
	p.free = free
	step, err := p.Play(t, r.Mix.Plan(n), n, due)
	return r.afterArrival(p, t, step, err)
}

// afterArrival takes down how an arrival went and readies its terminal for the next.
// It is apart from playArrival since every player that waits for an answer has that
// on its stack.
func (r *Run) afterArrival(p *Player, t *Terminal, step *Step, err error) (sent bool) {
	switch {
	case !p.sent && p.Last.Outcome == report.Unsent: // whatever the scenario makes of that
		r.stuck(p, step, cmp.Or(p.Last.Why, err))
	case err == nil || errors.Is(err, ErrUntested):
	case p.sent:
		r.failed(p, step, err)
	default:
		r.stuck(p, step, cmp.Or(p.left.refusal, err))
	}
	sent = p.sent && p.Last.Outcome != report.Unsent
	p.due = -1
	if t.Condition != nil {
		t.Mend()
	}
	if t.Faults != nil {
		t.Faults.Queue, t.Faults.Outage = t.Faults.Queue[:0], line.Unclear
		p.SettleOwed(t) // now, or the next scenario's fault would meet the reversal of this one
	}
	if err != nil && t.settling() && t.SignedIn {
		p.settleBatch()
	}
	if limit := r.Profile.Policy.JournalLimit; limit > 0 && len(t.Journal.Records) > 0 && len(t.Journal.Records)+journalRoom > limit {
		switch {
		case !t.settles():
			r.forget(t, limit)
		case t.SignedIn:
			p.settleBatch()
		}
	}
	if !t.SignedIn && r.fleet.stop.Err() == nil {
		p.SignIn()
	}
	return sent
}

// failed takes down a scenario that did not hold.
func (r *Run) failed(p *Player, step *Step, err error) {
	p.Shard.Failed()
	r.Recorder.Failure(step.At, step.Text, p.Last.Outcome, err)
	r.tell(p, step, err)
}

// stuck takes down an arrival of which the terminal sent nothing of its own, and at
// which step if one did not hold.
func (r *Run) stuck(p *Player, step *Step, err error) {
	r.Recorder.Stuck(p.Shard, p.second, err)
	r.tell(p, step, err)
}

// tell tells the observer of an arrival that did not go as it was to.
func (r *Run) tell(p *Player, step *Step, err error) {
	if r.Observer.Failed != nil {
		r.Observer.Failed(Event{Terminal: p.T, Result: &p.Last, Request: p.req, Answer: p.ans, Step: step, Err: err})
	}
}

// forget has a terminal that never settles, because its network has no settlement,
// keep the younger half of its records.
func (r *Run) forget(t *Terminal, limit int) {
	if len(t.Journal.Records) < limit {
		return
	}
	if r.Observer.Closed != nil {
		r.Observer.Closed(t, t.Journal.Records[:len(t.Journal.Records)/2], nil)
	}
	t.Journal.Records = append(t.Journal.Records[:0], t.Journal.Records[len(t.Journal.Records)/2:]...)
}

// journalRoom is how many records one scenario may need in a batch.
const journalRoom = 10

// tick hands on what happened, each second and at the end.
func (r *Run) tick(end <-chan struct{}) {
	defer caught(r.Observer.Panicked)
	for k := r.Share.From/time.Second + 1; ; k++ {
		t := time.NewTimer(r.origin + k*time.Second - r.clock.Now())
		select {
		case <-end:
			t.Stop()
			for ; k*time.Second <= r.Now(); k++ { // a busy machine has not come to it
				r.second(k * time.Second)
			}
			r.second(max(0, r.Now())) // it may have ended before it began
			return
		case <-t.C:
		}
		r.second(k * time.Second)
	}
}

func (r *Run) second(at time.Duration) {
	iv := r.Recorder.Tick(at)
	if r.Observer.Second != nil {
		r.Observer.Second(iv)
	}
}

// pause waits until the clock shows d, or ctx is done; a millisecond does not
// matter.
func pause(ctx context.Context, clock *line.Clock, d time.Duration) {
	t := time.NewTimer(d - clock.Now())
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
