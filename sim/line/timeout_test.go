package line_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/line"
)

// The deadline is the message's, not a read's: a host that trickles one octet
// every few milliseconds is cut off like one that is silent.
func TestTricklingHostIsCutOff(t *testing.T) {
	d := scripted(t, func(_ int, c *peer) {
		req := c.request()
		if req == nil {
			return
		}
		for _, octet := range approval(req) {
			if _, err := c.Write([]byte{octet}); err != nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
	x := within(purchaseOf(tid, 1, 100), 150*time.Millisecond)
	err := newOwn(t, d).Exchange(x)
	if took := x.Done - x.Sent; !errors.Is(err, line.ErrTimeout) || took < x.Timeout || took > x.Timeout+patient {
		t.Errorf("%v after %v, want a timeout after %v", err, took, x.Timeout)
	}
}

// An answer that meets the timer is either in time or late: each is seen once,
// as one or the other.
func TestAnswerAtTheTimer(t *testing.T) {
	const lines, tries, timeout = 32, 25, 20 * time.Millisecond
	d := scripted(t, func(n int, c *peer) {
		for i := 0; ; i++ {
			req := c.request()
			if req == nil {
				return
			}
			time.Sleep(timeout + time.Duration((i*7+n)%9-6)*500*time.Microsecond) // it oversleeps by up to a millisecond
			c.Write(approval(req))
		}
	})
	var inTime, timedOut, late atomic.Int64
	var wg sync.WaitGroup
	for n := range lines {
		wg.Go(func() {
			l := line.NewOwn(t.Context(), d, &cup.Format, line.NewClock())
			defer l.Close()
			for trace := range tries + 1 {
				x := within(purchaseOf(fmt.Sprint(10000001+n), trace+1, 100), timeout)
				if trace == tries { // what is late comes before its answer
					x.Timeout = patient
				}
				switch err := l.Exchange(x); {
				case paired(x, err):
					inTime.Add(1)
				case errors.Is(err, line.ErrTimeout):
					timedOut.Add(1)
				default:
					t.Errorf("got %v", err)
				}
				late.Add(int64(x.Late))
				if x.Duplicate+x.Unmatched > 0 {
					t.Errorf("%d duplicates, %d unmatched", x.Duplicate, x.Unmatched)
				}
			}
		})
	}
	wg.Wait()
	// After two timeouts a connection is left as silent, with what comes on it.
	left := d.Connected.Load() - lines
	if lost := timedOut.Load() - late.Load(); inTime.Load()+timedOut.Load() != lines*(tries+1) || lost < 0 || lost > 2*left {
		t.Errorf("%d in time, %d timed out of %d; %d of those came late, and %d connections were left", inTime.Load(), timedOut.Load(), lines*(tries+1), late.Load(), left)
	}
	t.Logf("%d in time, %d late", inTime.Load(), late.Load())
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
			if took := x.Done - x.Sent; !errors.Is(err, line.ErrTimeout) || took < x.Timeout || took > x.Timeout+patient {
				t.Errorf("%v after %v, want a timeout after %v", err, took, x.Timeout)
			}
		})
	}
	wg.Wait()
}

func TestStopEndsTheExchange(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	d := scripted(t, func(_ int, c *peer) {
		c.request()
		stop()
		c.request() // never answers
	})
	l := line.NewOwn(ctx, d, &cup.Format, line.NewClock())
	defer l.Close()
	x := purchaseOf(tid, 1, 100)
	if err := l.Exchange(x); !errors.Is(err, line.ErrStopped) || errors.Is(err, line.ErrBroken) || x.Done-x.Sent >= x.Timeout {
		t.Errorf("got %v after %v, want the run's end", err, x.Done-x.Sent)
	}
	if err := l.Exchange(purchaseOf(tid, 2, 100)); !errors.Is(err, line.ErrStopped) || !errors.Is(err, line.ErrUnsent) {
		t.Errorf("after the end: got %v, want it unsent", err)
	}
}

func TestStopEndsAllThatIsOpen(t *testing.T) {
	d := scripted(t, func(_ int, c *peer) {
		for c.request() != nil {
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	s := line.NewShared(ctx, d, &cup.Format, line.NewClock())
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			x := purchaseOf(tid, n+1, 100)
			if err := s.Exchange(x); !errors.Is(err, line.ErrStopped) {
				t.Errorf("got %v, want the run's end", err)
			}
		})
	}
	time.Sleep(20 * time.Millisecond)
	stop()
	wg.Wait()
	s.Wait() // without Close: the end of the run is enough
	if err := s.Exchange(purchaseOf(tid, 1, 100)); !errors.Is(err, line.ErrUnsent) {
		t.Errorf("after the end: got %v, want it unsent", err)
	}
}
