package sim_test

import (
	"context"
	"errors"
	"io"
	"net"
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

// playShared plays 200 terminals on shared lines for so long, in the closed model,
// and holds the books of both sides against each other.
func playShared(t *testing.T, b *bench, length, timeout time.Duration, told sim.Observer) *report.Report {
	t.Helper()
	p := *b.profile
	p.Policy.Timeout = timeout
	p.Policy.ReversalTries = 99 // of a reversal that is given up the books disagree
	p.Policy.JournalLimit = 15  // settlements in between, too
	b = &bench{&p, b.host, b.dialer}
	run := &sim.Run{Lines: line.Mode{Shared: 8}, Terminals: 200, For: length, Observer: told,
		Recorder: report.NewRecorder(sim.Labels(), timeout, 0)}
	rep := b.run(t, run)
	if err := b.host.Check(); err != nil {
		t.Error(err)
	}
	for i, book := range b.host.Books()[:200] {
		if mine := run.Fleet()[i].Journal.All.Net(); mine != book.Net() {
			t.Errorf("terminal %s has %d fen, the host %d", book.TID, mine, book.Net())
		}
	}
	return rep
}

func TestCoroutinesPlayOn(t *testing.T) {
	t.Parallel()
	// The race detector on a busy machine leaves some hundred purchases a second.
	rep := playShared(t, newBench(t, "cup", 200), 3*time.Second, 5*time.Second, sim.Observer{})
	l := rep.Label("purchase")
	if n := l.Counts[report.Approved]; n < 1000 || n != l.Counts.Sent() || rep.Failed > 0 {
		t.Errorf("%v: want some thousand purchases, all approved; %d scenarios failed", l.Counts, rep.Failed)
	}
	if rep.Label("settlement") == nil {
		t.Error("no batch was settled")
	}
}

// A player that hears nothing goes on by itself; the others are not held up.
func TestCoroutinesOutliveLostAnswers(t *testing.T) {
	t.Parallel()
	drop, err := host.ParseBehaviour("drop:97", 1)
	if err != nil {
		t.Fatal(err)
	}
	rep := playShared(t, newBench(t, "cup", 200, host.WithBehaviour(drop)), 4*time.Second, time.Second, sim.Observer{})
	l := rep.Label("purchase")
	if l.Counts[report.TimedOut] == 0 || l.Counts[report.Approved] < 500 {
		t.Errorf("%v: want some timeouts among many approvals", l.Counts)
	}
	if r := rep.Label("reversal"); r == nil || r.Counts[report.Approved] == 0 {
		t.Error("nothing was reversed")
	}
}

// All lines are cut in the middle of the run: what was open is broken, and all
// players find their way back.
func TestCoroutinesComeBackAfterACut(t *testing.T) {
	t.Parallel()
	b := newBench(t, "cup", 200)
	address, cut := cuttable(t, b.dialer.Address)
	b.dialer = &line.Dialer{Address: address, Timeout: 10 * time.Second}
	rep := playShared(t, b, 5*time.Second, 5*time.Second, sim.Observer{SignIn: func(signedIn, _, of int) {
		if signedIn == of {
			time.AfterFunc(600*time.Millisecond, cut)
		}
	}})
	l := rep.Label("purchase")
	if l.Counts[report.Broken] == 0 || l.Counts[report.Broken] > 200 || l.Counts[report.Approved] < 1000 {
		t.Errorf("%v: want at most 200 broken, and many approvals", l.Counts)
	}
	var late int64
	for _, s := range rep.Seconds[1:] {
		late += s.Counts[report.Approved]
	}
	if late < 200 {
		t.Errorf("%d approvals after the cut", late)
	}
}

// cuttable is a way to a host on which all connections can be cut.
func cuttable(t *testing.T, to string) (address string, cut func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	var all sync.WaitGroup
	cut = func() {
		mu.Lock()
		defer mu.Unlock()
		for c := range open {
			c.Close()
		}
	}
	pipe := func(dst, src net.Conn) {
		io.Copy(dst, src)
		dst.Close()
		src.Close()
	}
	all.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", to)
			if err != nil {
				near.Close()
				continue
			}
			mu.Lock()
			open[near], open[far] = true, true
			mu.Unlock()
			all.Go(func() { pipe(near, far) })
			all.Go(func() { pipe(far, near) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		cut()
		all.Wait()
	})
	return l.Addr().String(), cut
}

// Terminals at a real host on shared lines that are broken again and again:
// what is unanswered is reversed, and in the end the books agree.
func TestBooksAgreeAfterSharedLinesBroke(t *testing.T) {
	t.Parallel()
	const terminals = 40
	b := newBench(t, "cup", terminals)
	clock := line.NewClock()
	shared := line.NewShared(t.Context(), b.dialer, &b.profile.Dialect.Format, clock)
	t.Cleanup(func() {
		shared.Close()
		shared.Wait()
	})
	stop := make(chan struct{})
	var breaking, wg sync.WaitGroup
	breaking.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(3 * time.Millisecond):
				shared.Close()
			}
		}
	})
	broken := atomic.Int64{}
	tills := make([]*till, terminals)
	for n := range tills {
		tm := sim.NewTerminal(b.profile, &b.profile.Terminals[n])
		tm.Link = shared
		tills[n] = &till{Terminal: tm, p: sim.NewPlayer(b.profile.Dialect, clock)}
		tills[n].p.T = tm
		wg.Go(func() {
			x := tills[n]
			x.PowerOn()
			if err := x.Login("01", "0000"); err != nil {
				t.Error(err)
				return
			}
			for i := range 2000 {
				if i >= 40 && broken.Load() > 0 {
					return // a quick machine has played 40 before a line breaks
				}
				if !x.SignedIn {
					x.p.SignIn()
					continue
				}
				// Given up reversals cannot be told from booked payments: leave none.
				x.Owed.Tries = 0
				x.p.Pay(&sim.Order{Of: dialect.Purchase, Amount: int64(100 + i), Entry: sim.Swipe, PIN: true, Holder: &b.profile.Holders("good")[n]})
				if errors.Is(x.p.Last.Why, line.ErrBroken) {
					broken.Add(1)
				}
			}
		})
	}
	wg.Wait()
	close(stop)
	breaking.Wait()
	failed, owed := int64(0), 0
	for _, x := range tills {
		failed += int64(x.Failed)
		if x.Owes() {
			owed++
			x.p.SettleOwed(x.Terminal)
		}
		if x.Failed == 0 && b.booked(x) != x.Journal.All.Net() {
			t.Errorf("terminal %s: journal %d, booked %d", x.TID, x.Journal.All.Net(), b.booked(x))
		}
	}
	if broken.Load() == 0 {
		t.Error("no line broke: nothing was tested")
	}
	if err := b.host.Check(); err != nil {
		t.Error(err)
	}
	t.Logf("%d exchanges broken, %d reversals owed at the end, %d given up", broken.Load(), owed, failed)
}
