package line_test

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

func TestAnswersInPiecesAreWhole(t *testing.T) {
	d := scripted(t, func(_ int, c *peer) {
		for {
			req := c.request()
			if req == nil {
				return
			}
			for _, octet := range approval(req) {
				if _, err := c.Write([]byte{octet}); err != nil {
					return
				}
			}
		}
	})
	l := newOwn(t, d)
	for trace := range 20 {
		x := purchaseOf(tid, trace+1, 100)
		if err := l.Exchange(x); !paired(x, err) || x.Late+x.Duplicate+x.Unmatched != 0 {
			t.Fatalf("trace %d: %v, %+v", trace+1, err, x)
		}
		if x.Done < x.Sent {
			t.Fatalf("trace %d: done at %v, sent at %v", trace+1, x.Done, x.Sent)
		}
	}
}

// Whatever octet of the answer is the last that comes, the exchange ends in
// its right class: broken when the line ended, a timeout when it fell silent,
// and an answer only when it is whole. Octets of it never reach the next one.
func TestAnswerCutAnywhere(t *testing.T) {
	req := cup.NewMessage()
	if err := req.Read(purchaseOf(tid, 1, 100).Request[2:]); err != nil {
		t.Fatal(err)
	}
	whole := len(approval(req))
	for _, how := range []string{"FIN", "RST", "silence"} {
		t.Run(how, func(t *testing.T) {
			var wg sync.WaitGroup
			var checked atomic.Int64
			for at := range whole {
				wg.Go(func() {
					d := scripted(t, func(n int, c *peer) {
						req := c.request()
						if req == nil {
							return
						}
						if n > 0 { // the next exchange, on a new line
							c.Write(approval(req))
							return
						}
						c.Write(approval(req)[:at])
						switch how {
						case "RST":
							c.reset()
						case "silence":
							c.request()
						}
					})
					l := newOwn(t, d)
					x := purchaseOf(tid, 1, 100)
					want := line.ErrBroken
					if how == "silence" {
						x.Timeout, want = 100*time.Millisecond, line.ErrTimeout
					}
					err := l.Exchange(x)
					if !errors.Is(err, want) || errors.Is(err, line.ErrUnsent) {
						t.Errorf("cut after %d of %d octets: %v, want %v", at, whole, err, want)
					}
					if how == "FIN" && errors.Is(err, io.ErrUnexpectedEOF) != (at > 0) {
						t.Errorf("cut after %d of %d octets: %v", at, whole, err)
					}
					l.Close()
					y := purchaseOf(tid, 2, 100)
					if err := l.Exchange(y); !paired(y, err) {
						t.Errorf("cut after %d of %d octets, then the next exchange: %v", at, whole, err)
					}
					checked.Add(1)
				})
			}
			wg.Wait()
			if int(checked.Load()) != whole {
				t.Errorf("%d offsets checked, want %d", checked.Load(), whole)
			}
		})
	}
}

// A line that breaks in the middle of the request ends as broken: what the host
// got of it is not known.
func TestRequestCutAnywhere(t *testing.T) {
	whole := len(purchaseOf(tid, 1, 100).Request)
	var wg sync.WaitGroup
	for at := range whole + 1 {
		wg.Go(func() {
			d := scripted(t, func(_ int, c *peer) {
				io.ReadFull(c.TCPConn, make([]byte, at))
				c.reset()
			})
			x := purchaseOf(tid, 1, 100)
			if err := newOwn(t, d).Exchange(x); !errors.Is(err, line.ErrBroken) && !(at == 0 && errors.Is(err, line.ErrUnsent)) {
				t.Errorf("cut after %d of %d octets: %v, want a broken line", at, whole, err)
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
					if err := s.Exchange(x); !errors.Is(err, line.ErrBroken) || x.Done-x.Sent >= x.Timeout {
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

// One cause has one text, whatever the line: reports count by it.
func TestResetIsToldAlikeOnEveryLine(t *testing.T) {
	reset := func(_ int, c *peer) {
		if c.request() != nil {
			c.SetLinger(0)
			c.Close()
		}
	}
	faulty := newOwn(t, scripted(t, reset))
	faulty.Faults = &line.Faults{}
	for name, l := range map[string]line.Link{
		"own": newOwn(t, scripted(t, reset)), "own, for faults": faulty, "shared": newShared(t, scripted(t, reset)),
	} {
		err := l.Exchange(purchaseOf(tid, 1, 100))
		if !errors.Is(err, line.ErrBroken) || !errors.Is(err, syscall.ECONNRESET) || err.Error() != "line broken: "+syscall.ECONNRESET.Error() {
			t.Errorf("%s: %v", name, err)
		}
	}
}
