package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
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

	signedIn int
}

// newFleet makes a run's terminals and their lines, which end when abort is done.
func newFleet(r *Run, abort context.Context) *fleet {
	f := &fleet{run: r, terminals: make([]*Terminal, r.Terminals),
		idle: make(chan *Terminal, r.Terminals), qrOnly: make(chan *Terminal, r.Terminals)}
	for i := range f.terminals {
		f.terminals[i] = NewTerminal(r.Profile, &r.Profile.Terminals[i])
		f.terminals[i].Opened = r.NewHost
		if r.Trace != nil {
			f.terminals[i].Trace = r.Trace(f.terminals[i].Terminal)
		}
		if r.Faults || r.Storm != nil {
			f.terminals[i].Faults = &line.Faults{Wait: true, Terminal: f.terminals[i].TID}
		}
	}
	f.connect(abort)
	return f
}

// strike has the lines do what a storm says from now on; nil heals them.
func (f *fleet) strike(s *line.Storm) {
	for _, t := range f.terminals {
		if t.Faults != nil {
			t.Faults.Storm = s
		}
	}
}

// connect gives every terminal a new line; it connects when first used.
func (f *fleet) connect(abort context.Context) {
	r := f.run
	f.stop, f.hangUp = context.WithCancel(abort)
	f.shared = nil // more lines than terminals would stay unused
	for range min(r.Share.Lines(r.Lines.Shared), len(f.terminals)) {
		s := line.NewShared(f.stop, r.Dialer, &r.Profile.Dialect.Format, r.clock)
		s.Panicked = r.Observer.Panicked
		f.shared = append(f.shared, s)
	}
	for i, t := range f.terminals {
		if r.Lines.Shared > 0 {
			t.Link = f.shared[i%len(f.shared)]
			continue
		}
		own := line.NewOwn(f.stop, r.Dialer, &r.Profile.Dialect.Format, r.clock)
		own.Each, own.Faults = r.Lines.Each, t.Faults
		if l := r.Profile.LineOf(t.Terminal, r.Line); l != nil {
			own.Like(l, r.Mix.Seed, t.TID)
			if before, is := t.Link.(*line.Own); is {
				own.Emulation = before.Emulation // with what it has counted
			}
		}
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
// none before the arrivals end. waited says that none was idle.
func (f *fleet) acquire(ctx context.Context, plan *Plan) (t *Terminal, waited bool) {
	qrOnly := f.qrOnly
	if plan.Cards {
		qrOnly = nil
	}
	select {
	case t := <-qrOnly: // rather than one that others may need for a card
		return t, false
	default:
	}
	select {
	case t := <-f.idle:
		return t, false
	default:
	}
	select {
	case t := <-f.idle:
		return t, true
	case t := <-qrOnly:
		return t, true
	case <-ctx.Done():
		return nil, true
	}
}

// release gives a terminal back, which is another's from then on, and says when.
func (f *fleet) release(t *Terminal) (freed time.Duration) {
	freed = f.run.clock.Now()
	t.freed = freed
	if !t.Kind.ReadsCards() {
		f.qrOnly <- t
		return freed
	}
	f.idle <- t
	return freed
}

// each has so many players at once do something with every terminal.
func (f *fleet) each(recorder *report.Recorder, players int, do func(*Player, *Terminal)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(players, len(f.terminals)) {
		wg.Go(func() {
			p := f.run.newPlayer(recorder)
			defer caught(p.Panicked)
			for i := next.Add(1) - 1; i < int64(len(f.terminals)); i = next.Add(1) - 1 {
				do(p, f.terminals[i])
			}
		})
	}
	wg.Wait()
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
// be compared, has all of them settle where the run wants that, and counts answers
// that nobody waited for. It takes as long as a drain at most in which no terminal
// hears an answer; what that cuts off is said.
func (f *fleet) drainOwed(abort context.Context) {
	if f.stop.Err() != nil { // the drain ran out: what was open is unknown now, and owed
		f.close()
		f.connect(abort)
	}
	over := time.AfterFunc(f.run.Drain, f.hangUp)
	defer over.Stop()
	apart := report.NewRecorder(Labels(), f.run.Profile.Policy.Timeout, 0)
	f.each(f.run.Recorder, 64, func(p *Player, t *Terminal) {
		defer p.alsoTold(func(r *Result) {
			if r.Outcome <= report.Refused && f.stop.Err() == nil {
				over.Reset(f.run.Drain)
			}
		})()
		if (t.Owes() || t.OfflineSales() > 0) && f.stop.Err() == nil {
			p.SettleOwed(t)
		}
		if f.run.Settle {
			f.settle(p, t, apart, abort)
		}
		if own, is := t.Link.(*line.Own); is {
			met := own.Leftovers(time.Millisecond)
			recordStrays(p.Shard, f.run.Profile.Dialect, &met, nil)
			if t.doubled() {
				met.Duplicate = 0
			}
			if t.Disturbed() {
				met.Unmatched = 0
			}
			recordFurther(p.Shard, &met)
		}
	})
	shard := f.run.Recorder.Shard()
	for _, s := range f.shared {
		met := s.Leftovers()
		recordStrays(shard, f.run.Profile.Dialect, &met, nil)
		recordFurther(shard, &met)
	}
	f.run.Recorder.Beside(apart)
}

// tellJournals tells what the terminals' open batches hold at the end, however the run ended.
func (f *fleet) tellJournals() {
	for _, t := range f.terminals {
		if told := f.run.Observer.Closed; told != nil && (len(t.Journal.Records) > 0 || len(t.Journal.open()) > 0) {
			told(t, t.Journal.Records, t.Journal.open())
		}
	}
}

// alsoTold has f told each exchange of a player, beside whoever is told already; what
// it gives ends that.
func (p *Player) alsoTold(f func(*Result)) (end func()) {
	each := p.Each
	p.Each = func(request, answer *wire.Message, r *Result) {
		f(r)
		if each != nil {
			each(request, answer, r)
		}
	}
	return func() { p.Each = each }
}

// resume has somebody log in where a scenario has left nobody, and the terminal signed in.
func (f *fleet) resume(p *Player, t *Terminal) error {
	if t.Operator == "" {
		operator := f.run.Profile.Cashier()
		if err := t.LoginWhole(operator.Number, string(operator.Password)); err != nil {
			return err
		}
	}
	return p.signInUntilHeard()
}

// settle has a terminal that took part settle at the end of the run. What the whole
// fleet does at once, when no more arrivals come, is in none of the run's latencies. What
// abort cuts off is no settlement that was not done, and counted apart: that is whoever's who
// ended the run.
func (f *fleet) settle(p *Player, t *Terminal, apart *report.Recorder, abort context.Context) {
	if t.freed == 0 {
		return
	}
	shard := p.Shard
	defer func() { p.Shard = shard }()
	p.T, p.due, p.Shard = t, -1, apart.Shard()
	before := t.Settled().Why
	var why error
	switch {
	case f.stop.Err() == nil && !t.SignedIn:
		why = f.resume(p, t)
	case f.stop.Err() == nil:
	default:
		why = line.ErrStopped
	}
	if why != nil {
		t.unsettled(&Result{}, why)
	} else {
		p.settleBatch()
	}
	switch s := t.Settled(); {
	case !errors.Is(s.Why, line.ErrStopped):
	case abort.Err() != nil && s.Open == nil:
		s.Failed, s.CutOff, s.Why = s.Failed-1, s.CutOff+1, before
	case abort.Err() == nil:
		s.Why = fmt.Errorf("cut off: no terminal heard an answer for %v, which is how long --drain waits", f.run.Drain)
	}
}

// mostDetails is how many settlements that were not as they must be are told in full.
const mostDetails = 100

// settled sums up what came of the fleet's settlements.
func (f *fleet) settled() (sum report.Settlements) {
	for _, t := range f.terminals {
		s := t.settled
		if s == nil {
			continue
		}
		sum.Balanced += s.Counts[Balanced]
		sum.Explained += s.Counts[Explained]
		sum.Uncompared += s.Counts[Uncompared]
		sum.Unbalanced += s.Counts[Unbalanced]
		sum.Failed += s.Failed
		sum.Repeated += s.Repeated
		sum.CutOff += s.CutOff
		if s.Detail != "" && len(sum.Detail) < mostDetails {
			sum.Detail = append(sum.Detail, s.Detail)
		}
		if s.Why != nil && len(sum.Detail) < mostDetails {
			sum.Detail = append(sum.Detail, fmt.Sprintf("terminal %s, batch %06d: settlement not done: %v", t.TID, t.Batch, s.Why))
		}
	}
	return sum
}

// delayed says like which profiles the lines were played, and how often they stalled
// and broke.
func (f *fleet) delayed(d *report.LineDelay) {
	for _, t := range f.terminals {
		own, is := t.Link.(*line.Own)
		if !is || own.Emulation == nil {
			continue
		}
		if words := own.Emulation.Profile.String(); !slices.Contains(d.Profiles, words) {
			d.Profiles = append(d.Profiles, words)
		}
		d.Stalls += own.Emulation.Stalls
		d.Broken += own.Emulation.Broken
	}
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
