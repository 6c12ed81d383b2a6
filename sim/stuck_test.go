package sim_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/line"
)

// total adds up counts.
func total(m map[string]int64) (n int64) {
	for _, k := range m {
		n += k
	}
	return n
}

// withPolicy gives a bench whose terminals have another policy.
func (b *bench) withPolicy(change func(*bench)) *bench {
	p := *b.profile
	c := &bench{&p, b.host, b.dialer}
	change(c)
	return c
}

// without is a way to a host on which requests of one type are lost.
func (b *bench) without(t *testing.T, mti string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	open := []net.Conn{}
	to, d := b.dialer.Address, b.profile.Dialect
	all.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				near.Close()
				continue
			}
			mu.Lock()
			open = append(open, near, far)
			mu.Unlock()
			all.Go(func() {
				defer far.Close()
				for r := d.NewReader(near); ; {
					body, err := r.Next()
					if err != nil {
						return
					}
					m := d.NewMessage()
					if m.Read(body) == nil && m.IsMTI(mti) {
						continue
					}
					far.Write(append([]byte{byte(len(body) >> 8), byte(len(body))}, body...))
				}
			})
			all.Go(func() { io.Copy(near, far) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	b.dialer = &line.Dialer{Address: l.Addr().String(), Timeout: 2 * time.Second}
}

// A batch that is full because its settlement is not answered stops the terminal:
// its arrivals are stuck and say why, and those of a closed model do not come by the
// million.
func TestFullBatchMakesArrivalsStuck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		pacer sim.Pacer
	}{{"open", sim.Constant(sim.Rate{N: 300, Per: time.Second})}, {"closed", nil}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "cup", 4).withPolicy(func(b *bench) {
				b.profile.Policy.JournalLimit, b.profile.Policy.Timeout = 4, 200*time.Millisecond
				b.without(t, "0500")
			})
			rep := b.run(t, &sim.Run{Terminals: 4, Pacer: c.pacer, For: 8 * time.Second, NewHost: true})
			stuck := total(rep.Stuck)
			if stuck == 0 || rep.Played != 16+rep.Failed || rep.Planned != rep.Played+stuck+rep.NotPlayed || rep.Failed > 16 { // a busy machine may lose some
				t.Errorf("%d planned, %d played, %d stuck, %d not played, %d failed; want 16 played", rep.Planned, rep.Played, stuck, rep.NotPlayed, rep.Failed)
			}
			if c.pacer == nil && stuck > 100 {
				t.Errorf("%d stuck arrivals of 4 terminals in 8 s", stuck)
			}
			for why := range rep.Stuck {
				if !strings.Contains(why, "the batch is full (4), its settlement was not done: no answer in time") {
					t.Errorf("stuck because %q", why)
				}
			}
			if s := rep.Settlements; s.Failed == 0 || s.Balanced+s.Unbalanced > 0 || len(s.Detail) != 4 {
				t.Errorf("settlements: %+v", s)
			}
		})
	}
}

// Where there is no settlement no batch fills, however long the run, and the
// terminal's memory of it stays small.
func TestWithoutSettlementNoBatchFills(t *testing.T) {
	t.Parallel()
	b := newBench(t, "iso87", 2).withPolicy(func(b *bench) { b.profile.Policy.JournalLimit = 2 })
	var told, played int
	var mu sync.Mutex
	r := &sim.Run{Terminals: 2, NewHost: true, Observer: sim.Observer{Closed: func(_ *sim.Terminal, records []sim.Record, _ []sim.Doubt) {
		mu.Lock()
		told += len(records)
		mu.Unlock()
	}}}
	rep := b.runUntil(t, r, func(sim.Event) bool { played++; return played == 40 })
	if rep.Played <= 2*2*2 || len(rep.Stuck) > 0 || rep.Failed > 0 || int64(told) != int64(rep.Played) {
		t.Errorf("%d played, %d stuck, %d failed, %d records told; want all that were played told, and more than two batches hold", rep.Played, total(rep.Stuck), rep.Failed, told)
	}
}

// A terminal whose reversal no one acknowledges sends no payment: that is no
// scenario played.
func TestUnacknowledgedReversalMakesArrivalsStuck(t *testing.T) {
	t.Parallel()
	b := newBench(t, "cup", 3, misbehaving("wrong-mac"))
	rep := b.run(t, &sim.Run{Terminals: 3, For: time.Second, NewHost: true})
	if total(rep.Stuck) == 0 || rep.Failed != rep.Played || rep.Planned > 3000 {
		t.Errorf("%d planned, %d played, %d failed, stuck %v", rep.Planned, rep.Played, rep.Failed, rep.Stuck)
	}
	if len(rep.Failures) == 0 || rep.Failures[0].N != rep.Failed || !strings.Contains(rep.Failures[0].Why, "MAC") {
		t.Errorf("failures: %+v", rep.Failures)
	}
}

// A host that has gone away is asked again once a second by each terminal.
func TestGoneHostIsNotAskedByTheMillion(t *testing.T) {
	t.Parallel()
	b := newBench(t, "cup", 5)
	address, cut := cuttable(t, b.dialer.Address)
	b.dialer = &line.Dialer{Address: address, Timeout: time.Second}
	p := *b.profile
	p.Policy.Timeout = 100 * time.Millisecond
	b.profile = &p
	rep := b.run(t, &sim.Run{Terminals: 5, For: 1500 * time.Millisecond, Observer: sim.Observer{SignedIn: func(_, _ *report.Phase) {
		b.dialer.Address = "127.0.0.1:1"
		cut()
	}}})
	if l := rep.Label("purchase"); l == nil || l.Counts[report.Unsent] == 0 || rep.Planned > 100 {
		t.Errorf("%d planned, %+v", rep.Planned, l)
	}
	if rep.Lines.Refused == 0 {
		t.Errorf("lines: %+v", rep.Lines)
	}
}

// An arrival whose first request found no connection has not been played: it is stuck,
// in the open model too, and whatever its scenario was to hear.
func TestArrivalThatCouldNotConnectIsStuck(t *testing.T) {
	t.Parallel()
	for _, pacer := range []sim.Pacer{nil, sim.Constant(sim.Rate{N: 20, Per: time.Second})} {
		b := newBench(t, "cup", 5)
		address, cut := cuttable(t, b.dialer.Address)
		b.dialer = &line.Dialer{Address: address, Timeout: time.Second}
		rep := b.run(t, &sim.Run{Terminals: 5, Pacer: pacer, For: 1200 * time.Millisecond, Observer: sim.Observer{SignedIn: func(_, _ *report.Phase) {
			b.dialer.Address = "127.0.0.1:1"
			cut()
		}}})
		var sent int64
		if l := rep.Label("purchase"); l != nil {
			sent = int64(l.Counts.Sent())
		}
		if stuck := total(rep.Stuck); stuck == 0 || int64(rep.Played) != sent || int64(rep.Planned) != int64(rep.Played)+stuck+int64(rep.NotPlayed) {
			t.Errorf("%d planned, %d played, %d purchases sent, stuck %v", rep.Planned, rep.Played, sent, rep.Stuck)
		}
		for why := range rep.Stuck {
			if !strings.Contains(why, "refused") && !strings.Contains(why, "reversal") {
				t.Errorf("stuck because %q", why)
			}
		}
	}
}

// Arrivals that found every terminal waiting for the host are the host's doing.
func TestWaitingForTheHostIsNoLag(t *testing.T) {
	t.Parallel()
	slow, err := host.ParseBehaviour("delay:100ms", 1)
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, "cup", 5, host.WithBehaviour(slow))
	// 100 a second, each of 100 ms, need some ten terminals.
	rep := b.run(t, &sim.Run{Terminals: 5, Pacer: sim.Constant(sim.Rate{N: 100, Per: time.Second}), For: 2 * time.Second, NewHost: true})
	all, err := rep.Overall()
	if err != nil {
		t.Fatal(err)
	}
	w := rep.Waited
	slowest := time.Duration(all.Service.Max()) * time.Microsecond // of a machine that stood still, seconds
	if w.Terminals != 5 || w.Arrivals < 100 || w.Longest < 500*time.Millisecond || w.Enough < 10 || w.Enough > 80+int(100*slowest.Seconds()) {
		t.Errorf("%+v: want some 195 arrivals that waited, and ten terminals at least", w)
	}
	if lag, waited := all.LagQuantile(0.9).Value, all.Quantile(0.5).Value; lag > waited/2 {
		t.Errorf("p90 of the generator's lag is %v, the median response %v: it waited for the host", lag, waited)
	}
	for _, why := range report.ValidityOf(rep.Seconds, false).Reasons {
		if strings.Contains(why, "not played") {
			t.Errorf("the generator is blamed: %s", why)
		}
	}
}

// The fleet's sign-in is no part of any second, nor of the warm-up.
func TestSignInIsAPhaseOfItsOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t, "cup", 300)
	rep := b.run(t, &sim.Run{Terminals: 300, Pacer: sim.Constant(sim.Rate{N: 50, Per: time.Second}), For: time.Second, NewHost: true})
	s := &rep.SignIn
	if s.Terminals != 300 || s.Failed != 0 || s.Took <= 0 || s.Label.Counts[report.Approved] != 300 || s.Label.Response.TotalCount() != 300 {
		t.Errorf("sign-in: %+v", s)
	}
	if l := rep.Label("sign-in"); l != nil {
		t.Errorf("the run has sign-ins, too: %+v", l.Counts)
	}
	// A busy machine may send some of the 50 later, but never a sign-in with them.
	if n := rep.Seconds[0].Counts.Sent(); n > 50 {
		t.Errorf("%d exchanges in the first second, want 50", n)
	}
}

// A run that is cut off tells what its terminals' journals hold, all the same.
func TestAbortedRunTellsItsJournals(t *testing.T) {
	b := newBench(t, "cup", 4)
	m, err := sim.NewMix(1, []*sim.Plan{purchase(b.profile)}, []float64{1})
	if err != nil {
		t.Fatal(err)
	}
	abort, cut := context.WithCancel(t.Context())
	defer cut()
	var told, approved atomic.Int64
	r := &sim.Run{Profile: b.profile, Dialer: b.dialer, Mix: m, Terminals: 4, Pacer: sim.Constant(sim.Rate{N: 200, Per: time.Second}), For: 10 * time.Second,
		Drain: time.Second, Recorder: report.NewRecorder(sim.Labels(), b.profile.Policy.Timeout, 0),
		Observer: sim.Observer{
			Closed: func(_ *sim.Terminal, records []sim.Record, _ []sim.Doubt) { told.Add(int64(len(records))) },
			Exchange: func(e sim.Event) {
				if e.Result.Of == dialect.Purchase && e.Result.Outcome == report.Approved && approved.Add(1) == 20 {
					cut()
				}
			}}}
	if _, err := r.Do(abort, abort); err != nil {
		t.Fatal(err)
	}
	if told.Load() < 20 || told.Load() > approved.Load() {
		t.Errorf("%d records told of %d payments approved", told.Load(), approved.Load())
	}
}
