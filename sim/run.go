package sim

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// Run is a load run: so many terminals play a mix of plans, at the due times of
// a pacer (open model), or each over and over (closed model, when Pacer is nil).
type Run struct {
	Profile   *profile.Profile
	Dialer    *line.Dialer
	Lines     line.Mode
	Terminals int // how many of the profile's take part
	Mix       *Mix
	Pacer     Pacer
	Think     time.Duration // closed model: pause between two plays
	For       time.Duration // arrivals fall due in [0, For)
	Drain     time.Duration // how long after that open exchanges are waited for
	Faults    bool          // the plans make lines fail: each terminal needs a line of its own
	Recorder  *report.Recorder

	// Setup is told how sign-in goes on; Second each second's interval. Both
	// may be nil, and are called from one goroutine at a time.
	Setup  func(signedIn, failed, of int)
	Second func(report.Interval)
	// Ended is told of each exchange that was not approved or declined, and of
	// each step that did not hold. It may be called from many goroutines at
	// once. The messages hold until it returns. It may be nil.
	Ended func(t *Terminal, r *Result, step *Step, err error, request, answer *wire.Message)
	// Slow says whether a response time is worth a closer look; Slowest is then
	// told of the exchange, as Ended is. Both or neither are nil.
	Slow    func(time.Duration) bool
	Slowest func(t *Terminal, r *Result, request, answer *wire.Message)

	clock    *line.Clock
	origin   time.Duration // of the run's time: when arrival 0 may fall due
	fleet    []*Terminal
	shared   []*line.Shared
	free     chan *Terminal // read cards and codes
	boxes    chan *Terminal // read codes only
	stop     context.Context
	hangUp   context.CancelFunc
	failedIn int // terminals that did not sign in
	why      error
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
// says why nothing could be played at all.
func (r *Run) Do(ctx, abort context.Context) (*report.Report, error) {
	if r.Terminals > len(r.Profile.Terminals) {
		return nil, fmt.Errorf("%d terminals asked for, profile %s has %d", r.Terminals, r.Profile.Name, len(r.Profile.Terminals))
	}
	if r.Faults && r.Lines.Shared > 0 {
		return nil, errors.New("the scenarios make lines fail: that needs own lines, not shared ones")
	}
	r.stop, r.hangUp = context.WithCancel(abort)
	defer func() { r.hangUp() }()
	r.clock = line.NewClock()
	r.build()
	if err := r.signIn(ctx); err != nil {
		r.close()
		return nil, err
	}
	started := time.Now()
	r.origin = r.clock.Now() + 20*time.Millisecond
	var ticking sync.WaitGroup
	tickEnd := make(chan struct{})
	ticking.Go(func() { r.tick(tickEnd) })

	interrupted := r.play(ctx)
	if abort.Err() == nil {
		r.heal(abort)
	}
	took := r.Now()
	r.close()
	close(tickEnd)
	ticking.Wait()
	r.last()
	rep := r.Recorder.Report()
	rep.Started, rep.Took = started, took
	rep.ClockDrift = time.Now().Round(0).Sub(started.Round(0)) - time.Since(started)
	rep.Interrupted = interrupted
	rep.Faults = r.faults()
	return rep, nil
}

// Now is the run's time: zero is when arrival 0 may fall due.
func (r *Run) Now() time.Duration { return r.clock.Now() - r.origin }

// build makes the fleet and its lines.
func (r *Run) build() {
	r.fleet = make([]*Terminal, r.Terminals)
	r.free, r.boxes = make(chan *Terminal, r.Terminals), make(chan *Terminal, r.Terminals)
	for i := range r.fleet {
		r.fleet[i] = NewTerminal(r.Profile, &r.Profile.Terminals[i])
		if r.Faults {
			r.fleet[i].Faults = &line.Faults{Wait: true}
		}
	}
	r.link()
}

// link gives every terminal its line.
func (r *Run) link() {
	for range r.Lines.Shared {
		r.shared = append(r.shared, line.NewShared(r.stop, r.Dialer, &r.Profile.Dialect.Format, r.clock))
	}
	for i, t := range r.fleet {
		if r.Lines.Shared > 0 {
			t.Link = r.shared[i%len(r.shared)]
		} else {
			own := line.NewOwn(r.stop, r.Dialer, &r.Profile.Dialect.Format, r.clock)
			own.Each, own.Faults = r.Lines.Each, t.Faults
			t.Link = own
		}
	}
}

// player makes a player that records into shard s.
func (r *Run) player(s *report.Shard) *Player {
	p := NewPlayer(r.Profile.Dialect, r.clock)
	p.Shard, p.origin, p.seed = s, &r.origin, r.Mix.Seed
	p.Each = func(request, answer *wire.Message, res *Result) {
		switch {
		case res.Outcome > report.Declined && r.Ended != nil:
			r.Ended(p.T, res, nil, nil, request, answer)
		case r.Slow != nil && res.Due >= 0 && r.Slow(res.Done-res.Due):
			r.Slowest(p.T, res, request, answer)
		}
	}
	return p
}

// signIn powers on, logs in and signs in every terminal; those that cannot are
// left out and counted. It fails when none can.
func (r *Run) signIn(ctx context.Context) error {
	operator := ""
	password := ""
	for _, o := range r.Profile.Operators {
		if o.Number != "00" && o.Number != "99" {
			operator, password = o.Number, string(o.Password)
			break
		}
	}
	// The run's time is not known yet. A sign-in counts as warm-up whatever
	// that is set to, so let its due time lie far back.
	r.origin = 24 * time.Hour
	var next, ok, bad atomic.Int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range min(len(r.fleet), 128) {
		wg.Go(func() {
			p := r.player(r.Recorder.Shard())
			for {
				i := int(next.Add(1)) - 1
				if i >= len(r.fleet) || ctx.Err() != nil {
					return
				}
				t := r.fleet[i]
				p.T = t
				t.PowerOn()
				err := t.Login(operator, password)
				if err == nil {
					err = p.SignIn()
				}
				if err == nil && !t.SignedIn {
					err = p.Last.Reason()
				}
				if err != nil {
					bad.Add(1)
					mu.Lock()
					if r.why == nil {
						r.why = fmt.Errorf("terminal %s: sign-in: %w", t.TID, err)
					}
					mu.Unlock()
				} else {
					r.giveBack(t)
					ok.Add(1)
				}
				if r.Setup != nil {
					mu.Lock()
					r.Setup(int(ok.Load()), int(bad.Load()), len(r.fleet))
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	r.failedIn = int(bad.Load())
	if ok.Load() == 0 {
		return r.why
	}
	return nil
}

// NotSignedIn says how many terminals could not sign in, and why the first.
func (r *Run) NotSignedIn() (int, error) { return r.failedIn, r.why }

// play lets arrivals come and waits for what they began. It reports whether it
// was stopped before its time.
func (r *Run) play(ctx context.Context) (interrupted bool) {
	var players sync.WaitGroup
	ending, cancel := context.WithDeadline(ctx, r.clock.At(r.origin+r.For+grace))
	defer cancel()
	if r.Pacer == nil {
		r.closed(ending, &players)
		<-ending.Done()
	} else {
		r.open(ending, &players)
	}
	interrupted = ctx.Err() != nil && r.Now() < r.For
	r.await(&players)
	return interrupted
}

// await waits for the players until the drain is over, then hangs up on what
// is still open, which ends those exchanges as open.
func (r *Run) await(players *sync.WaitGroup) {
	drained := make(chan struct{})
	go func() {
		players.Wait()
		close(drained)
	}()
	over := time.NewTimer(r.Drain)
	defer over.Stop()
	select {
	case <-drained:
	case <-over.C:
		r.hangUp()
	case <-r.stop.Done():
	}
	<-drained
}

// one plays arrival n on terminal t, and then does what a shop does between
// customers: sign in when told to, settle when the batch is nearly full.
func (r *Run) one(p *Player, t *Terminal, n int, due time.Duration) {
	p.Shard.Played(due - r.origin)
	p.Fresh()
	step, err := p.Play(t, r.Mix.Plan(n), n, due)
	if err != nil {
		p.Shard.Failed()
		if r.Ended != nil {
			r.Ended(t, &p.Last, step, err, p.req, p.ans)
		}
	}
	if t.Faults != nil {
		t.Faults.Queue = t.Faults.Queue[:0]
	}
	p.due = -1
	limit := r.Profile.Policy.JournalLimit
	if t.SignedIn && limit > 0 && len(t.Journal.Records)+journalRoom > limit && len(t.Journal.Records) > 0 {
		p.Settle()
	}
	if !t.SignedIn && r.stop.Err() == nil {
		p.SignIn()
	}
}

// journalRoom is how many records one scenario may need in a batch.
const journalRoom = 10

// closed has every terminal play over and over, with a pause in between. A QR
// box passes over what it cannot play.
func (r *Run) closed(ctx context.Context, players *sync.WaitGroup) {
	var next atomic.Int64
	ending, cancel := context.WithDeadline(ctx, r.clock.At(r.origin+r.For))
	context.AfterFunc(ending, cancel)
	codes := slices.ContainsFunc(r.Mix.Plans, func(p *Plan) bool { return !p.Cards })
	play := func(p *Player, t *Terminal) {
		n := int(next.Add(1)) - 1
		if t.Kind == profile.QRBox && r.Mix.Plan(n).Cards {
			return
		}
		now := r.clock.Now()
		r.Recorder.Planned(now-r.origin, 1)
		r.one(p, t, n, now)
	}
	alone := func(p *Player, t *Terminal) {
		pause(ending, r.clock, r.origin)
		for ending.Err() == nil {
			play(p, t)
			if r.Think > 0 {
				pause(ending, r.clock, r.clock.Now()+r.Think)
			}
		}
	}
	// With coroutines as many readers as there are lines do all the playing.
	var coroutines []*line.Coroutines
	if r.Think == 0 && len(r.shared) >= runtime.GOMAXPROCS(0) {
		for _, s := range r.shared {
			coroutines = append(coroutines, line.NewCoroutines(s))
		}
	}
	for i, t := range r.fleet {
		if !t.SignedIn || t.Kind == profile.QRBox && !codes {
			continue
		}
		p := r.player(r.Recorder.Shard())
		if coroutines == nil {
			players.Go(func() { alone(p, t) })
			continue
		}
		// A player to which anything happens but an approval or a decline gets a
		// goroutine: there it may wait for a new connection without holding
		// others up.
		players.Add(1)
		coroutines[i%len(coroutines)].Add(&p.x, func() {
			for ending.Err() == nil && p.Last.Outcome <= report.Declined {
				play(p, t)
			}
		}, func() {
			if ending.Err() == nil {
				players.Go(func() { alone(p, t) })
			}
			players.Done()
		})
	}
	for _, c := range coroutines {
		players.Go(func() {
			pause(ending, r.clock, r.origin)
			c.Start()
		})
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

// heal has the terminals that owe a reversal send it, so that the books can be
// compared, and counts answers that nobody waited for. It takes as long as a
// drain at most.
func (r *Run) heal(abort context.Context) {
	if r.stop.Err() != nil { // the drain ran out: what was open is unknown now, and owed
		r.close()
		r.stop, r.hangUp = context.WithCancel(abort)
		r.shared = nil
		r.link()
	}
	over, cancel := context.WithTimeout(r.stop, r.Drain)
	defer cancel()
	defer context.AfterFunc(over, func() { r.hangUp() })()
	jobs := make(chan *Terminal)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			p := r.player(r.Recorder.Shard())
			for t := range jobs {
				r.healOne(p, t)
			}
		})
	}
	for _, t := range r.fleet {
		jobs <- t
	}
	close(jobs)
	wg.Wait()
	s := r.Recorder.Shard()
	for _, l := range r.shared {
		recordStrays(s, l.Leftovers())
	}
}

func (r *Run) healOne(p *Player, t *Terminal) {
	if t.Owes() && r.stop.Err() == nil {
		p.SettleOwed(t)
	}
	if l, own := t.Link.(*line.Own); own {
		recordStrays(p.Shard, l.Leftovers(time.Millisecond))
	}
}

func recordStrays(s *report.Shard, met line.Strays) {
	s.Late(met.Late)
	s.Duplicate(met.Duplicate)
	s.Unmatched(met.Unmatched)
}

// close hangs up all lines.
func (r *Run) close() {
	r.hangUp()
	for _, t := range r.fleet {
		if l, own := t.Link.(*line.Own); own {
			l.Close()
		}
	}
	for _, l := range r.shared {
		l.Close()
		l.Wait()
	}
}

// tick hands on what happened, each second.
func (r *Run) tick(end <-chan struct{}) {
	for k := time.Duration(1); ; k++ {
		t := time.NewTimer(r.origin + k*time.Second - r.clock.Now())
		select {
		case <-end:
			t.Stop()
			return
		case <-t.C:
		}
		r.second(k * time.Second)
	}
}

// last hands on what happened since the last whole second.
func (r *Run) last() { r.second(r.Now()) }

func (r *Run) second(at time.Duration) {
	iv := r.Recorder.Tick(at)
	if r.Second != nil {
		r.Second(iv)
	}
}

// faults sums up what the lines were made to do wrong.
func (r *Run) faults() map[string]int64 {
	sum := map[string]int64{}
	for _, t := range r.fleet {
		if t.Faults == nil {
			continue
		}
		for f, n := range t.Faults.Injected {
			if n > 0 {
				sum[line.Fault(f).String()] += n
			}
		}
	}
	return sum
}

// Fleet gives the terminals after a run: their journals, what they still owe.
func (r *Run) Fleet() []*Terminal { return r.fleet }
