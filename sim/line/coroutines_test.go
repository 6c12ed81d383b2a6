package line_test

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/line"
)

// Players that are coroutines get their own answers, and start no goroutines.
func TestCoroutinesGetTheirAnswers(t *testing.T) {
	const players, exchanges = 100, 20
	d := scripted(t, func(_ int, c *peer) {
		for req := c.request(); req != nil; req = c.request() {
			c.Write(approval(req))
		}
	})
	s := newShared(t, d)
	if err := s.Exchange(purchaseOf(tid, 1, 1)); err != nil { // connects, which starts the line's goroutines
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	c := line.NewCoroutines(s)
	var got atomic.Int64
	var all sync.WaitGroup
	for n := range players {
		all.Add(1)
		x := &line.Exchange{}
		c.Add(x, func() {
			for trace := range exchanges {
				amount := n*exchanges + trace + 1
				y := purchaseOf(fmt.Sprint(10000001+n), trace+1, amount)
				x.Request, x.Key, x.Timeout, x.Answer = y.Request, y.Key, y.Timeout, nil
				if err := s.Exchange(x); !mine(x, err, amount) {
					t.Errorf("player %d, exchange %d: %v, %v", n, trace, err, x.Unreadable)
					return
				}
				got.Add(1)
			}
		}, all.Done)
	}
	c.Start()
	all.Wait()
	if more := runtime.NumGoroutine() - before; more > 2 {
		t.Errorf("%d goroutines more than before", more)
	}
	if got.Load() != players*exchanges {
		t.Errorf("%d of %d exchanges got their answer", got.Load(), players*exchanges)
	}
}

// A coroutine that hears nothing returns, and goes on as a goroutine with the
// same exchange; the others are not held up.
func TestCoroutineBecomesAGoroutine(t *testing.T) {
	d := scripted(t, func(_ int, c *peer) {
		first := c.request()
		for req := c.request(); first != nil && req != nil; req = c.request() {
			c.Write(approval(req))
		}
	})
	s := newShared(t, d)
	c := line.NewCoroutines(s)
	var all sync.WaitGroup
	var answered atomic.Int64
	for n := range 10 {
		all.Add(1)
		x := purchaseOf(tid, n+1, 100)
		if n == 0 {
			x.Timeout = 500 * time.Millisecond
		}
		var err error
		c.Add(x, func() { err = s.Exchange(x) }, func() {
			if n > 0 {
				if !mine(x, err, 100) {
					t.Errorf("player %d: %v", n, err)
				}
				answered.Add(1)
				all.Done()
				return
			}
			if !errors.Is(err, line.ErrTimeout) {
				t.Errorf("the first player: %v, want a timeout", err)
			}
			if n := answered.Load(); n != 9 {
				t.Errorf("%d of the 9 others were held up", 9-n)
			}
			go func() {
				defer all.Done()
				x.Key, x.Request, x.Timeout, x.Answer = purchaseOf(tid, 99, 300).Key, purchaseOf(tid, 99, 300).Request, patient, nil
				if err := s.Exchange(x); !mine(x, err, 300) {
					t.Errorf("the first player, as a goroutine: %v", err)
				}
			}()
		})
	}
	c.Start()
	all.Wait()
}
