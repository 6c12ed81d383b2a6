package sim

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// fleet is the terminals of a run, on their lines, and which of them are idle.
type fleet struct {
	run       *Run
	terminals []*Terminal
	shared    []*line.Shared
	stop      context.Context // ends all exchanges
	hangUp    context.CancelFunc

	idle   chan *Terminal // read cards and codes
	qrOnly chan *Terminal // read codes only

	signedIn, failed int
	why              error // why the first did not sign in
}

// newFleet makes a run's terminals and their lines, which end when abort is done.
func newFleet(r *Run, abort context.Context) *fleet {
	f := &fleet{run: r, terminals: make([]*Terminal, r.Terminals),
		idle: make(chan *Terminal, r.Terminals), qrOnly: make(chan *Terminal, r.Terminals)}
	for i := range f.terminals {
		f.terminals[i] = NewTerminal(r.Profile, &r.Profile.Terminals[i])
		if r.Faults {
			f.terminals[i].Faults = &line.Faults{Wait: true}
		}
	}
	f.connect(abort)
	return f
}

// connect gives every terminal a new line; it connects when first used.
func (f *fleet) connect(abort context.Context) {
	r := f.run
	f.stop, f.hangUp = context.WithCancel(abort)
	f.shared = nil // more lines than terminals would stay unused
	for range min(r.Lines.Shared, len(f.terminals)) {
		f.shared = append(f.shared, line.NewShared(f.stop, r.Dialer, &r.Profile.Dialect.Format, r.clock))
	}
	for i, t := range f.terminals {
		if r.Lines.Shared > 0 {
			t.Link = f.shared[i%len(f.shared)]
			continue
		}
		own := line.NewOwn(f.stop, r.Dialer, &r.Profile.Dialect.Format, r.clock)
		own.Each, own.Faults = r.Lines.Each, t.Faults
		t.Link = own
	}
}

// close hangs up all lines and waits for their goroutines.
func (f *fleet) close() {
	f.hangUp()
	for _, t := range f.terminals {
		if own, is := t.Link.(*line.Own); is {
			own.Close()
		}
	}
	for _, s := range f.shared {
		s.Close()
		s.Wait()
	}
}

// acquire waits for an idle terminal that can play the plan; nil when there is
// none before the arrivals end.
func (f *fleet) acquire(ctx context.Context, plan *Plan) *Terminal {
	qrOnly := f.qrOnly
	if plan.Cards {
		qrOnly = nil
	}
	select {
	case t := <-qrOnly: // rather than one that others may need for a card
		return t
	default:
	}
	select {
	case t := <-f.idle:
		return t
	case t := <-qrOnly:
		return t
	case <-ctx.Done():
		return nil
	}
}

// release gives a terminal back.
func (f *fleet) release(t *Terminal) {
	if t.Kind == profile.QRBox {
		f.qrOnly <- t
		return
	}
	f.idle <- t
}

// each has so many players at once do something with every terminal.
func (f *fleet) each(players int, do func(*Player, *Terminal)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(players, len(f.terminals)) {
		wg.Go(func() {
			p := f.run.newPlayer()
			for i := next.Add(1) - 1; i < int64(len(f.terminals)); i = next.Add(1) - 1 {
				do(p, f.terminals[i])
			}
		})
	}
	wg.Wait()
}

// signIn powers on, logs in and signs in every terminal; those that cannot are
// left out and counted. It fails when none can.
func (f *fleet) signIn(ctx context.Context) error {
	operator := f.run.Profile.Cashier()
	// The run's time is not known yet. A sign-in counts as warm-up whatever
	// that is set to, so let its due time lie far back.
	f.run.origin = 24 * time.Hour
	var mu sync.Mutex
	f.each(128, func(p *Player, t *Terminal) {
		if ctx.Err() != nil {
			return
		}
		p.T = t
		t.PowerOn()
		err := t.Login(operator.Number, string(operator.Password))
		if err == nil {
			err = p.SignIn()
		}
		if err == nil && !t.SignedIn {
			err = p.Last.Reason()
		}
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			f.release(t)
			f.signedIn++
		} else if f.failed++; f.why == nil {
			f.why = fmt.Errorf("terminal %s: sign-in: %w", t.TID, err)
		}
		if told := f.run.Observer.SignIn; told != nil {
			told(f.signedIn, f.failed, len(f.terminals))
		}
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	if f.signedIn == 0 {
		return f.why
	}
	return nil
}

// drain waits until the players have ended, as long as the run allows, then hangs
// up on what is still open, which ends those exchanges as open.
func (f *fleet) drain(players *sync.WaitGroup) {
	ended := make(chan struct{})
	go func() {
		players.Wait()
		close(ended)
	}()
	over := time.NewTimer(f.run.Drain)
	defer over.Stop()
	select {
	case <-ended:
	case <-over.C:
		f.hangUp()
	case <-f.stop.Done():
	}
	<-ended
}

// drainOwed has the terminals that owe a reversal send it, so that the books can
// be compared, and counts answers that nobody waited for. It takes as long as a
// drain at most.
func (f *fleet) drainOwed(abort context.Context) {
	if f.stop.Err() != nil { // the drain ran out: what was open is unknown now, and owed
		f.close()
		f.connect(abort)
	}
	over, cancel := context.WithTimeout(f.stop, f.run.Drain)
	defer cancel()
	defer context.AfterFunc(over, func() { f.hangUp() })()
	f.each(64, func(p *Player, t *Terminal) {
		if t.Owes() && f.stop.Err() == nil {
			p.SettleOwed(t)
		}
		if own, is := t.Link.(*line.Own); is {
			recordStrays(p.Shard, own.Leftovers(time.Millisecond))
		}
	})
	shard := f.run.Recorder.Shard()
	for _, s := range f.shared {
		recordStrays(shard, s.Leftovers())
	}
}

func recordStrays(s *report.Shard, met line.Strays) {
	s.Late(met.Late)
	s.Duplicate(met.Duplicate)
	s.Unmatched(met.Unmatched)
}

// injected sums up what the lines were made to do wrong, by the fault's name.
func (f *fleet) injected() map[string]int64 {
	sum := map[string]int64{}
	for _, t := range f.terminals {
		if t.Faults == nil {
			continue
		}
		for k, n := range t.Faults.Injected {
			if n > 0 {
				sum[line.Fault(k).String()] += n
			}
		}
	}
	return sum
}
