package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// ErrVersion is that controller and agent are of different versions: they might play
// the same plan differently.
var ErrVersion = errors.New("another version")

// Seen is how long an agent of another version stays for its controller to see it.
const Seen = 2 * time.Second

// ErrOrdered is why an agent stops that its controller has stop.
var ErrOrdered = errors.New("the controller ends the run")

// ErrOver is that the run has ended.
var ErrOver = errors.New("the run is over")

// Agent is one that plays a share of a run.
type Agent struct {
	Share Share
	Plan  []byte
	// Drain is done when no more arrivals are wanted, Abort when all is to end at once. The
	// cause is [ErrOrdered] where the controller wants that.
	Drain, Abort context.Context

	conn   *Conn
	kv     jetstream.KeyValue
	lease  jetstream.Msg
	sender *sender
	leave  context.CancelFunc      // ends what goes on beside the run
	stop   context.CancelCauseFunc // of Drain
	end    context.CancelCauseFunc // of Abort
	beside sync.WaitGroup

	heard  atomic.Int64 // when it last said that it plays and that was heard, as a time since taken in ns
	taken  time.Time
	lapsed atomic.Bool // that was too long ago

	telling sync.Mutex // held while the status is told: the newest is told last

	mu     sync.Mutex
	status Status
	order  Order
	apply  func(Change) (behind time.Duration) // nil for not yet
	news   chan struct{}                       // closed when there is another order
}

// header is what the run's bucket says first: who may play, and how many.
type header struct {
	Version string `json:"version"`
	Of      int    `json:"of"`
}

// Take waits for the run, and for a share of it that nobody plays. name is what people
// call this agent; told is told what it waits for.
func Take(ctx context.Context, c *Conn, name, version string, told func(string)) (*Agent, error) {
	if err := c.Connected(ctx, told); err != nil {
		return nil, err
	}
	service, err := c.announce(name, version)
	if err != nil {
		return nil, err
	}
	a := &Agent{conn: c, status: Status{Agent: name, State: Joined}, news: make(chan struct{})}
	beside, leave := context.WithCancel(context.WithoutCancel(ctx))
	a.leave = leave
	a.beside.Go(func() {
		<-beside.Done()
		_ = service.Stop()
	})
	if err := a.take(ctx, beside, version, told); err != nil {
		if errors.Is(err, ErrVersion) {
			select { // the controller is to see who was there
			case <-ctx.Done():
			case <-time.After(Seen):
			}
		}
		a.Leave()
		return nil, err
	}
	return a, nil
}

func (a *Agent) take(ctx, beside context.Context, version string, told func(string)) error {
	told("waiting for a run to begin")
	if err := a.meet(ctx, version); err != nil {
		return err
	}
	a.follow(beside)
	told("waiting for a share to play")
	if err := a.claim(ctx); err != nil {
		return err
	}
	a.beside.Go(func() { a.hold(beside) })
	err := retry(ctx, large, func(ctx context.Context) (err error) {
		a.Plan, err = a.conn.object(ctx, "plan")
		return err
	})
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	a.sender = newSender(a.conn, a.Share)
	a.beside.Go(func() { a.sender.run(beside) })
	return a.tell(ctx, func(*Status) {})
}

// meet waits for the run's bucket, and refuses a controller of another version.
func (a *Agent) meet(ctx context.Context, version string) error {
	for {
		asking, cancel := context.WithTimeout(ctx, patience)
		kv, err := a.conn.js.KeyValue(asking, a.conn.name("state"))
		var e jetstream.KeyValueEntry
		if err == nil {
			e, err = kv.Get(asking, "run")
		}
		cancel()
		if err == nil {
			var h header
			if err := a.conn.value(e, &h); err != nil {
				return fmt.Errorf("controller: %w", err)
			}
			if h.Version != version {
				return fmt.Errorf("%w: the controller is posfleet %s, this agent %s: run the same build on both", ErrVersion, h.Version, version)
			}
			a.kv = kv
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !passing(err) && !errors.Is(err, jetstream.ErrBucketNotFound) && !errors.Is(err, jetstream.ErrKeyNotFound) {
			return fmt.Errorf("run: %w", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// follow does what the controller orders. It is told as it comes, and asks each second
// besides: whoever tells it may take ten seconds to find another node of a cluster.
func (a *Agent) follow(ctx context.Context) {
	drain, stop := context.WithCancelCause(ctx)
	abort, end := context.WithCancelCause(ctx)
	a.Drain, a.Abort, a.stop, a.end = drain, abort, stop, end
	a.beside.Go(func() {
		defer stop(nil)
		defer end(nil)
		watched := false
		for ctx.Err() == nil {
			if !watched {
				watched = a.conn.watch(ctx, a.kv, "order", a.ordered) == nil
			}
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
			asking, cancel := context.WithTimeout(ctx, patience)
			if e, err := a.kv.Get(asking, "order"); err == nil {
				a.ordered(e)
			} else if _, err := a.conn.js.KeyValue(asking, a.conn.name("state")); errors.Is(err, jetstream.ErrBucketNotFound) {
				a.obey(Order{Over: true})
			}
			cancel()
		}
	})
}

func (a *Agent) ordered(e jetstream.KeyValueEntry) {
	var o Order
	if a.conn.value(e, &o) == nil {
		a.obey(o)
	}
}

func (a *Agent) obey(o Order) {
	a.mu.Lock()
	o.Over = o.Over || a.order.Over
	a.order = o
	close(a.news)
	a.news = make(chan struct{})
	a.change()
	superseded := a.Share.Attempt > 0 && o.Newest[a.Share.Index] > a.Share.Attempt
	a.mu.Unlock()
	if o.Stop != "" {
		a.stop(ErrOrdered)
	}
	if o.Stop == Abort {
		a.end(ErrOrdered)
	}
	if superseded {
		a.Cede(errSuperseded)
	}
}

// Change has each change of the run applied in its order, those that were made before too.
// behind is for how long after it held what was played was as before.
func (a *Agent) Change(apply func(c Change) (behind time.Duration)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.apply = apply
	a.change()
}

// change applies what has not been applied yet, and says so. The lock is held.
func (a *Agent) change() {
	if a.apply == nil || len(a.order.Changes) <= a.status.Changes {
		return
	}
	for _, c := range a.order.Changes[a.status.Changes:] {
		a.status.Behind = max(a.status.Behind, a.apply(c))
	}
	a.status.Changes = len(a.order.Changes)
	go func() { _ = a.tell(a.Abort, func(*Status) {}) }()
}

// until waits for an order that will do.
func (a *Agent) until(ctx context.Context, will func(Order) bool) error {
	for {
		a.mu.Lock()
		o, news := a.order, a.news
		a.mu.Unlock()
		switch {
		case will(o):
			return nil
		case o.Over:
			return ErrOver
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-news:
		}
	}
}

// claim waits for a share that nobody plays.
func (a *Agent) claim(ctx context.Context) error {
	for {
		asking, cancel := context.WithTimeout(ctx, patience)
		shares, err := a.conn.js.Consumer(asking, a.conn.name("shares"), "agents")
		cancel()
		if err == nil {
			a.lease, err = shares.Next(jetstream.FetchMaxWait(time.Second))
		}
		a.mu.Lock()
		over := a.order.Over || a.order.Stop != ""
		a.mu.Unlock()
		switch {
		case err == nil:
			var s Share
			text, err := a.conn.creds.open("share", a.lease.Data())
			if err == nil {
				err = json.Unmarshal(text, &s)
			}
			if err != nil {
				return fmt.Errorf("share: %w", err)
			}
			a.mu.Lock()
			a.Share, a.status.Share = s, s
			a.mu.Unlock()
			a.taken = time.Now()
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case over || errors.Is(err, jetstream.ErrStreamNotFound):
			return ErrOver
		case !errors.Is(err, jetstream.ErrNoHeartbeat) && !passing(err) && !errors.Is(err, jetstream.ErrNoMessages):
			return fmt.Errorf("share: %w", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// tell puts what this agent says of itself into the run's bucket.
func (a *Agent) tell(ctx context.Context, change func(*Status)) error {
	a.telling.Lock()
	defer a.telling.Unlock()
	a.mu.Lock()
	change(&a.status)
	s := a.status
	s.Files = maps.Clone(s.Files)
	a.mu.Unlock()
	return a.conn.put(ctx, a.kv, statusKey(s.Share), s)
}

func statusKey(s Share) string { return fmt.Sprintf("agent.%d.%d", s.Index, s.Attempt) }

// Begin says that this agent is ready, and waits for all others. It gives when arrival
// 0 falls due, on this machine's clock, and from when on arrivals are this agent's: one
// that takes over plays what falls due once it is ready.
func (a *Agent) Begin(ctx context.Context) (at time.Time, from time.Duration, err error) {
	offset, within, err := a.conn.offset(ctx)
	if err != nil {
		return at, 0, err
	}
	if err := a.tell(ctx, func(s *Status) { s.State, s.Offset, s.Within = Ready, offset, within }); err != nil {
		return at, 0, err
	}
	if err := a.until(ctx, func(o Order) bool { return o.Begin != 0 }); err != nil {
		return at, 0, err
	}
	a.mu.Lock()
	begin := a.order.Begin
	a.mu.Unlock()
	late := max(0, time.Duration(a.conn.clock.now()+int64(offset)-begin))
	if a.Share.Attempt > 1 {
		from, late = late+takeover, 0
	}
	// The others may have taken minutes: what was measured then has drifted.
	measuring, cancel := context.WithDeadline(ctx, a.conn.clock.moment(begin-int64(offset)).Add(from-100*time.Millisecond))
	defer cancel()
	if again, closer, err := a.conn.offset(measuring); err == nil {
		offset, within = again, closer
	}
	a.beside.Go(func() {
		_ = a.tell(a.Abort, func(s *Status) { s.State, s.Offset, s.Within, s.Late, s.From = Playing, offset, within, late, from })
	})
	return a.conn.clock.moment(begin - int64(offset)), from, nil
}

// takeover is how long after it is ready an agent that takes over begins.
const takeover = 300 * time.Millisecond

// Send has the folder in which this agent writes go to the controller: of the files that
// grow each octet soon after Grown is called, all others when End is.
func (a *Agent) Send(dir string, grow ...string) { a.sender.follow(dir, grow) }

// Put sends a file of the folder as it is now, under another name.
func (a *Agent) Put(ctx context.Context, file, as string) error { return a.sender.put(ctx, file, as) }

// Grown says that the growing files have grown. It never waits.
func (a *Agent) Grown() { a.sender.grown() }

// Played says that this agent's terminals have ended, and waits until the controller
// has what the books are compared with; nil where it has nothing.
func (a *Agent) Played(ctx context.Context) ([]byte, error) {
	if err := a.tell(ctx, func(s *Status) { s.State = Played }); err != nil {
		return nil, err
	}
	for {
		books, err := a.conn.object(ctx, "books")
		if err == nil {
			return books, nil
		}
		a.mu.Lock()
		over := a.order.Over
		a.mu.Unlock()
		switch {
		case over:
			return nil, ErrOver
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !passing(err) && !errors.Is(err, jetstream.ErrObjectNotFound):
			return nil, fmt.Errorf("books: %w", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// End sends what is left of the folder, these files whole, and says that this is all;
// then it waits until the controller has it.
func (a *Agent) End(ctx context.Context, files ...string) error {
	lengths, err := a.sender.end(ctx, files)
	if err != nil {
		return err
	}
	a.mu.Lock()
	began := a.status.Offset
	a.mu.Unlock()
	var drift time.Duration
	if now, _, err := a.conn.offset(ctx); err == nil {
		drift = now - began
	}
	if err := a.tell(ctx, func(s *Status) { s.State, s.Files, s.Drift = Ended, lengths, drift }); err != nil {
		return err
	}
	if err := a.until(ctx, func(o Order) bool { return o.Over }); err != nil {
		return err
	}
	return nil
}

// Fail says that this agent cannot play, and why; its exit code is code.
func (a *Agent) Fail(ctx context.Context, code int, why string) error {
	return a.tell(ctx, func(s *Status) { s.State, s.Why, s.Code = Failed, why, code })
}

// Leave ends this agent's part.
func (a *Agent) Leave() {
	if a.lease != nil && a.kv != nil {
		_ = a.lease.Ack()
	}
	a.leave()
	a.beside.Wait()
}
