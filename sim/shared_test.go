package sim_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

func newShared(t testing.TB, d *sim.Dialer) *sim.Shared {
	s := sim.NewShared(t.Context(), d, cup, sim.NewClock())
	t.Cleanup(func() {
		s.Close()
		s.Wait()
	})
	return s
}

// mine reports whether an exchange got its own answer: amount included, which
// does not pair.
func mine(x *sim.Exchange, err error, amount int) bool {
	return paired(x, err) && x.Answer.FieldUint(4) == uint64(amount)
}

// Two hundred terminals on four lines, answers in any order: each gets its own.
func TestAnswersOutOfOrderFindTheirRequests(t *testing.T) {
	const terminals, lines, exchanges = 200, 4, 25
	d := scripted(t, func(n int, c *peer) {
		rng := rand.New(rand.NewPCG(uint64(n), 1))
		var mu sync.Mutex
		var waiting [][]byte
		var flushing sync.WaitGroup
		defer flushing.Wait()
		flush := func() { // what has come so far, shuffled, in one write
			mu.Lock()
			defer mu.Unlock()
			rng.Shuffle(len(waiting), func(i, j int) { waiting[i], waiting[j] = waiting[j], waiting[i] })
			var out []byte
			for _, a := range waiting {
				out = append(out, a...)
			}
			waiting = waiting[:0]
			c.Write(out)
		}
		for {
			req := c.request()
			if req == nil {
				return
			}
			mu.Lock()
			waiting = append(waiting, approval(req))
			first := len(waiting) == 1
			mu.Unlock()
			if first {
				flushing.Add(1)
				time.AfterFunc(time.Millisecond, func() {
					defer flushing.Done()
					flush()
				})
			}
		}
	})
	var shared []*sim.Shared
	for range lines {
		shared = append(shared, newShared(t, d))
	}
	var wg sync.WaitGroup
	var got atomic.Int64
	for n := range terminals {
		wg.Go(func() {
			for trace := range exchanges {
				amount := n*exchanges + trace + 1
				x := purchaseOf(fmt.Sprint(10000001+n), trace+1, amount)
				x.Timeout = 5 * time.Second
				if err := shared[n%lines].Exchange(x); !mine(x, err, amount) || x.Late+x.Duplicate+x.Unmatched != 0 {
					t.Errorf("terminal %d, exchange %d: %v, %v", n, trace, err, x.Unreadable)
					return
				}
				if x.Done < x.Sent {
					t.Errorf("done at %v, sent at %v", x.Done, x.Sent)
				}
				got.Add(1)
			}
		})
	}
	wg.Wait()
	if got.Load() != terminals*exchanges {
		t.Errorf("%d of %d exchanges got their answer", got.Load(), terminals*exchanges)
	}
}

// On a shared line a late answer is counted when it comes; the request that is
// then open gets its own. Further answers and strangers' are counted too.
func TestSharedLineCountsWhatNobodyWaitsFor(t *testing.T) {
	stranger := cup.NewMessage()
	if err := stranger.Read(purchaseOf("19999999", 7, 1).Request[2:]); err != nil {
		t.Fatal(err)
	}
	d := scripted(t, func(_ int, c *peer) {
		late, other := c.request(), c.request()
		if late == nil || other == nil {
			return
		}
		c.Write(append(approval(late), approval(other)...))
		for {
			req := c.request()
			if req == nil {
				return
			}
			c.Write(append(append(approval(req), approval(req)...), append(approval(stranger), purchaseOf(tid, 1, 1).Request...)...))
		}
	})
	s := newShared(t, d)
	if err := s.Exchange(within(purchaseOf(tid, 999999, 100), 30*time.Millisecond)); !errors.Is(err, sim.ErrTimeout) {
		t.Fatalf("got %v, want a timeout", err)
	}
	x := purchaseOf(tid, 1, 200)
	if err := s.Exchange(x); !mine(x, err, 200) || x.Late != 1 || x.Duplicate+x.Unmatched != 0 {
		t.Errorf("err %v, %d late, %d duplicate, %d unmatched; want its own answer and one late", err, x.Late, x.Duplicate, x.Unmatched)
	}
	y := purchaseOf(tid, 2, 300)
	if err := s.Exchange(y); !mine(y, err, 300) {
		t.Errorf("got %v", err)
	}
	late, duplicate, unmatched := y.Late, y.Duplicate, y.Unmatched
	for wait := time.Now().Add(2 * time.Second); duplicate+unmatched < 3 && time.Now().Before(wait); time.Sleep(time.Millisecond) {
		a, b, c := s.Leftovers()
		late, duplicate, unmatched = late+a, duplicate+b, unmatched+c
	}
	if late != 0 || duplicate != 1 || unmatched != 2 {
		t.Errorf("%d late, %d duplicate, %d unmatched; want 0, 1, 2", late, duplicate, unmatched)
	}
}

func TestSharedTimeoutIsTheExchangesOwn(t *testing.T) {
	d := scripted(t, func(_ int, c *peer) {
		for c.request() != nil {
		}
	})
	s := newShared(t, d)
	var wg sync.WaitGroup
	for n := range 10 {
		wg.Go(func() {
			x := within(purchaseOf(tid, n+1, 100), time.Duration(n+1)*20*time.Millisecond)
			err := s.Exchange(x)
			if took := x.Done - x.Sent; !errors.Is(err, sim.ErrTimeout) || took < x.Timeout || took > x.Timeout+100*time.Millisecond {
				t.Errorf("%v after %v, want a timeout after %v", err, took, x.Timeout)
			}
		})
	}
	wg.Wait()
}

// When a shared line breaks, everything that is open on it ends as broken, at
// once; the next exchange connects again.
func TestBrokenLineEndsAllThatIsOpen(t *testing.T) {
	const open = 50
	for _, how := range []string{"FIN", "RST", "half an answer"} {
		t.Run(how, func(t *testing.T) {
			d := scripted(t, func(n int, c *peer) {
				if n > 0 {
					if req := c.request(); req != nil {
						c.Write(approval(req))
					}
					c.request()
					return
				}
				var last *wire.Message
				for range open {
					last = c.request()
				}
				switch how {
				case "RST":
					c.reset()
				case "half an answer":
					c.Write(approval(last)[:20])
				}
			})
			s := newShared(t, d)
			var wg sync.WaitGroup
			for n := range open {
				wg.Go(func() {
					x := purchaseOf(tid, n+1, 100)
					if err := s.Exchange(x); !errors.Is(err, sim.ErrBroken) || x.Done-x.Sent > time.Second {
						t.Errorf("got %v after %v, want a broken line", err, x.Done-x.Sent)
					}
				})
			}
			wg.Wait()
			x := purchaseOf(tid, 1, 200)
			if err := s.Exchange(x); !mine(x, err, 200) {
				t.Errorf("after the break: %v", err)
			}
		})
	}
}

// Two open requests that answers could not tell apart are not let onto one
// line.
func TestSameKeyTwiceIsRefused(t *testing.T) {
	got, answer := make(chan struct{}), make(chan struct{})
	d := scripted(t, func(_ int, c *peer) {
		req := c.request()
		close(got)
		<-answer
		c.Write(approval(req))
		c.request()
	})
	s := newShared(t, d)
	var wg sync.WaitGroup
	wg.Go(func() {
		x := purchaseOf(tid, 1, 100)
		if err := s.Exchange(x); !mine(x, err, 100) {
			t.Errorf("the first request: %v", err)
		}
	})
	<-got
	if err := s.Exchange(purchaseOf(tid, 1, 200)); !errors.Is(err, sim.ErrUnsent) {
		t.Errorf("a second request with the same key: %v, want it unsent", err)
	}
	close(answer)
	wg.Wait()
}

func TestStopEndsAllThatIsOpen(t *testing.T) {
	d := scripted(t, func(_ int, c *peer) {
		for c.request() != nil {
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	s := sim.NewShared(ctx, d, cup, sim.NewClock())
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			x := purchaseOf(tid, n+1, 100)
			if err := s.Exchange(x); !errors.Is(err, sim.ErrStopped) {
				t.Errorf("got %v, want the run's end", err)
			}
		})
	}
	time.Sleep(20 * time.Millisecond)
	stop()
	wg.Wait()
	s.Wait() // without Close: the end of the run is enough
	if err := s.Exchange(purchaseOf(tid, 1, 100)); !errors.Is(err, sim.ErrUnsent) {
		t.Errorf("after the end: got %v, want it unsent", err)
	}
}

func TestSharedLineThatCannotConnect(t *testing.T) {
	s := newShared(t, &sim.Dialer{Address: "127.0.0.1:1", Timeout: time.Second})
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			x := purchaseOf(tid, n+1, 100)
			if err := s.Exchange(x); !errors.Is(err, sim.ErrUnsent) || errors.Is(err, sim.ErrBroken) {
				t.Errorf("got %v, want it unsent", err)
			}
		})
	}
	wg.Wait()
}

// Terminals at a real host on shared lines that are broken again and again:
// what is unanswered is reversed, and in the end the books agree.
func TestBooksAgreeAfterSharedLinesBroke(t *testing.T) {
	const terminals = 40
	b := newBench(t, "cup", terminals)
	shared := newShared(t, b.dialer)
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
	clock := sim.NewClock()
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
				if errors.Is(x.p.Last.Why, sim.ErrBroken) {
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
		failed += x.Failed
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
