package line_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/line"
)

// The answer to a request given up is counted late, never taken for another's:
// not for the next one's, and not for that of the first after the trace wrapped.
func TestLateAnswerNeverPairs(t *testing.T) {
	for _, first := range []int{41, 999999} {
		d := scripted(t, func(_ int, c *peer) {
			a, b := c.request(), c.request()
			if a != nil && b != nil {
				c.Write(append(approval(a), approval(b)...))
			}
			c.request()
		})
		l := newOwn(t, d)
		if err := l.Exchange(within(purchaseOf(tid, first, 100), 30*time.Millisecond)); !errors.Is(err, line.ErrTimeout) {
			t.Fatalf("got %v, want a timeout", err)
		}
		x := purchaseOf(tid, first%999999+1, 200)
		if err := l.Exchange(x); !paired(x, err) || x.Late != 1 || x.Answer.FieldUint(4) != 200 {
			t.Errorf("after trace %d: err %v, paired %v, %d late, amount %d", first, err, paired(x, err), x.Late, x.Answer.FieldUint(4))
		}
	}
}

// A request that is sent again is not answered by what came before that: the answer to
// the first try, or another answer to it, is late or too many.
func TestAnswerThatWasThereBeforeIsNotTheAnswer(t *testing.T) {
	givenUp, there := make(chan struct{}), make(chan struct{})
	d := scripted(t, func(_ int, c *peer) {
		first := c.request()
		if first == nil {
			return
		}
		<-givenUp
		c.Write(approval(first))
		close(there)
		second := c.request()
		time.Sleep(20 * time.Millisecond)
		c.Write(approval(second))
		c.request()
	})
	l := newOwn(t, d)
	err := l.Exchange(within(purchaseOf(tid, 7, 100), 30*time.Millisecond))
	close(givenUp)
	if !errors.Is(err, line.ErrTimeout) {
		t.Fatalf("got %v, want a timeout", err)
	}
	<-there
	time.Sleep(20 * time.Millisecond) // through the kernel
	again := purchaseOf(tid, 7, 100)
	if err := l.Exchange(again); !paired(again, err) || again.Late != 1 || again.Done-again.Sent < 15*time.Millisecond {
		t.Errorf("err %v, %d late, after %v; want its own answer after 20 ms, and one late", err, again.Late, again.Done-again.Sent)
	}
}

// What came after an answer is not the answer to the next request, be it no message: that
// would refuse what the host does right.
func TestWhatFollowedAnAnswerDoesNotAnswerTheNextRequest(t *testing.T) {
	for _, apart := range []time.Duration{0, 5 * time.Millisecond} {
		d := scripted(t, func(_ int, c *peer) {
			for req := c.request(); req != nil; req = c.request() {
				a := approval(req)
				rest := slices.Concat(a[:2], bytes.Repeat([]byte{0xEE}, len(a)-2))
				if apart == 0 {
					c.Write(slices.Concat(a, rest))
				} else {
					c.Write(a)
					time.Sleep(apart)
					c.Write(rest)
				}
			}
		})
		l := newOwn(t, d)
		for trace := range 4 {
			x := purchaseOf(tid, trace+1, 100)
			if err := l.Exchange(x); !paired(x, err) || x.Unreadable != nil || trace > 0 && x.Unmatched != 1 {
				t.Errorf("%v apart, exchange %d: err %v, %v, %d unmatched", apart, trace, err, x.Unreadable, x.Unmatched)
			}
			time.Sleep(apart + 20*time.Millisecond) // through the kernel
		}
	}
}

// On a line that ends with its exchange all is counted that has come with the answer.
func TestAllThatFollowsTheLastAnswerIsCounted(t *testing.T) {
	d := scripted(t, func(_ int, c *peer) {
		if req := c.request(); req != nil {
			a := approval(req)
			other := slices.Clone(a)
			other[13] = 0x08 // 0800
			c.Write(slices.Concat(a, other, a, other, a))
			c.request()
		}
	})
	l := newOwn(t, d)
	l.Each = true
	x := purchaseOf(tid, 1, 100)
	if err := l.Exchange(x); !paired(x, err) || x.Duplicate != 2 || x.Unmatched != 2 {
		t.Errorf("err %v, %d duplicate, %d unmatched; want 2 of each", err, x.Duplicate, x.Unmatched)
	}
}

func TestFurtherAnswersAreCounted(t *testing.T) {
	d := scripted(t, func(_ int, c *peer) {
		for {
			req := c.request()
			if req == nil {
				return
			}
			a := approval(req)
			c.Write(slices.Concat(a, a, a))
		}
	})
	l := newOwn(t, d)
	for trace := range 5 {
		x := purchaseOf(tid, trace+1, 100)
		want := min(trace, 1) * 2
		if err := l.Exchange(x); !paired(x, err) || x.Duplicate != want {
			t.Errorf("trace %d: err %v, %d duplicates, want %d", trace+1, err, x.Duplicate, want)
		}
	}
	if left := l.Leftovers(50 * time.Millisecond); left.Duplicate != 2 || left.Late+left.Unmatched != 0 {
		t.Errorf("%+v are left over, want 2 duplicates", left)
	}
}

// An answer to no request is nobody's, even on a line with one exchange in flight; nor
// is a request from the host an answer.
func TestForeignMessages(t *testing.T) {
	stranger := cup.NewMessage()
	other := purchaseOf("19999999", 1, 100)
	if err := stranger.Read(other.Request[2:]); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		first     []byte
		paired    bool
		unmatched int
		broken    bool
	}{
		"another terminal's answer":  {first: approval(stranger), paired: true, unmatched: 1},
		"a request":                  {first: other.Request, paired: true, unmatched: 1},
		"octets that are no message": {first: []byte("\x00\x14GET / HTTP/1.1\r\n\r\n!!"), paired: true, unmatched: 1},
		"nothing but keep-alives":    {first: make([]byte, 2*10), paired: true},
		"too many keep-alives":       {first: make([]byte, 2*5000), broken: true},
		"a length of 64 KB":          {first: []byte{0xFF, 0xFF, 1, 2, 3}, broken: true},
	} {
		t.Run(name, func(t *testing.T) {
			d := scripted(t, func(_ int, p *peer) {
				for {
					req := p.request()
					if req == nil {
						return
					}
					p.Write(append(slices.Clone(c.first), approval(req)...))
				}
			})
			x := purchaseOf(tid, 1, 100)
			err := newOwn(t, d).Exchange(x)
			if c.broken {
				if !errors.Is(err, line.ErrBroken) {
					t.Fatalf("got %v, want a broken line", err)
				}
				return
			}
			if err != nil || paired(x, err) != c.paired || x.Unmatched != c.unmatched || x.Unreadable != nil {
				t.Errorf("err %v, paired %v, %d unmatched, unreadable %v", err, paired(x, err), x.Unmatched, x.Unreadable)
			}
		})
	}
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
	var shared []*line.Shared
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
	if err := s.Exchange(within(purchaseOf(tid, 999999, 100), 30*time.Millisecond)); !errors.Is(err, line.ErrTimeout) {
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
	met := y.Strays
	for wait := time.Now().Add(patient); met.Duplicate+met.Unmatched < 3 && time.Now().Before(wait); time.Sleep(time.Millisecond) {
		more := s.Leftovers()
		met.Late, met.Duplicate, met.Unmatched = met.Late+more.Late, met.Duplicate+more.Duplicate, met.Unmatched+more.Unmatched
	}
	if met.Duplicate != 1 || met.Unmatched != 2 || met.Late != 0 {
		t.Errorf("met %+v; want 1 duplicate, 2 unmatched", met)
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
	if err := s.Exchange(purchaseOf(tid, 1, 200)); !errors.Is(err, line.ErrUnsent) {
		t.Errorf("a second request with the same key: %v, want it unsent", err)
	}
	close(answer)
	wg.Wait()
}
