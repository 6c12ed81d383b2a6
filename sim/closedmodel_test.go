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

// withCards is how many of 200 terminals play: every twentieth reads no cards.
const withCards = 190

// playShared plays 200 terminals on shared lines in the closed model until that is enough,
// and holds the books of both sides against each other.
func playShared(t *testing.T, b *bench, timeout time.Duration, enough func(sim.Event) bool) *report.Report {
	t.Helper()
	p := *b.profile
	p.Policy.Timeout = timeout
	p.Policy.ReversalTries = 99 // of a reversal that is given up the books disagree
	p.Policy.JournalLimit = 5   // settlements in between, too
	b = &bench{&p, b.host, b.dialer}
	run := &sim.Run{Lines: line.Mode{Shared: 8}, Terminals: 200, Recorder: report.NewRecorder(sim.Labels(), timeout, 0)}
	rep := b.runUntil(t, run, enough)
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

// is reports whether an exchange was of that kind and ended so.
func is(e sim.Event, of dialect.Transaction, outcome report.Outcome) bool {
	return e.Result.Of == of && e.Result.Outcome == outcome
}

func TestCoroutinesPlayOn(t *testing.T) {
	t.Parallel()
	approved, settled := 0, map[string]bool{}
	rep := playShared(t, newBench(t, "cup", 200), 30*time.Second, func(e sim.Event) bool {
		if is(e, dialect.Settlement, report.Approved) {
			settled[e.Terminal.TID] = true
		}
		if is(e, dialect.Purchase, report.Approved) {
			approved++
		}
		return approved >= 1000 && len(settled) == withCards
	})
	l := rep.Label("purchase")
	if n := l.Counts[report.Approved]; n < 1000 || n != l.Counts.Sent() || rep.Failed > 0 {
		t.Errorf("%v: want a thousand purchases, all approved; %d scenarios failed", l.Counts, rep.Failed)
	}
	if len(settled) < withCards {
		t.Errorf("%d of %d terminals have settled a batch", len(settled), withCards)
	}
}

// A player that hears nothing goes on by itself; the others are not held up.
func TestCoroutinesOutliveLostAnswers(t *testing.T) {
	t.Parallel()
	drop, err := host.ParseBehaviour("drop:97", 1)
	if err != nil {
		t.Fatal(err)
	}
	approved, reversed := 0, 0
	rep := playShared(t, newBench(t, "cup", 200, host.WithBehaviour(drop)), time.Second, func(e sim.Event) bool {
		if is(e, dialect.Purchase, report.Approved) {
			approved++
		}
		if is(e, dialect.Reversal, report.Approved) {
			reversed++
		}
		return approved >= 500 && reversed >= 3
	})
	l := rep.Label("purchase")
	if l.Counts[report.TimedOut] == 0 || l.Counts[report.Approved] < 500 {
		t.Errorf("%v: want some timeouts among many approvals", l.Counts)
	}
	if reversed < 3 {
		t.Errorf("%d payments were reversed", reversed)
	}
}

// All lines are cut in the middle of the run: what was open is broken, and all
// players find their way back.
func TestCoroutinesComeBackAfterACut(t *testing.T) {
	t.Parallel()
	b := newBench(t, "cup", 200)
	address, cut := cuttable(t, b.dialer.Address)
	b.dialer = &line.Dialer{Address: address, Timeout: 10 * time.Second}
	approved, last, broken, back := 0, 0, false, map[string]bool{}
	rep := playShared(t, b, 30*time.Second, func(e sim.Event) bool {
		broken = broken || is(e, dialect.Purchase, report.Broken)
		if !is(e, dialect.Purchase, report.Approved) {
			return false
		}
		if approved++; !broken && approved >= last+300 { // a cut may meet a moment when nothing is open
			last = approved
			cut()
		}
		if broken && approved > last+200 { // each that was on its way has been heard
			back[e.Terminal.TID] = true
		}
		return len(back) == withCards
	})
	l := rep.Label("purchase")
	if l.Counts[report.Broken] == 0 || l.Counts[report.Broken] > 200 {
		t.Errorf("%v: want at most 200 broken, and some", l.Counts)
	}
	if len(back) < withCards {
		t.Errorf("%d of %d terminals play on after the cut", len(back), withCards)
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
