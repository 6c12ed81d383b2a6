package line_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// A firewall that has forgotten a connection drops what is sent on it. Every
// connection of this host falls silent after three answers; the line must find
// its way back to a host that answers.
func TestSilentConnectionIsLeft(t *testing.T) {
	for _, shared := range []bool{false, true} {
		var conns atomic.Int64
		d := scripted(t, func(_ int, c *peer) {
			conns.Add(1)
			for range 3 {
				req := c.request()
				if req == nil {
					return
				}
				c.Write(approval(req))
			}
			for c.request() != nil {
			}
		})
		var l line.Link = newOwn(t, d)
		if shared {
			l = newShared(t, d)
		}
		answered, unanswered := 0, 0
		for trace := range 20 {
			x := purchaseOf(tid, trace+1, 100)
			if trace%5 >= 3 { // it will not be answered
				x.Timeout = 40 * time.Millisecond
			}
			switch err := l.Exchange(x); {
			case paired(x, err):
				answered++
			case errors.Is(err, line.ErrTimeout):
				unanswered++
			default:
				t.Errorf("shared %v: got %v", shared, err)
			}
		}
		if answered != 12 || unanswered != 8 || conns.Load() != 4 {
			t.Errorf("shared %v: %d answered, %d not, on %d connections; want 12, 8 and 4: three answers, two timeouts, and again",
				shared, answered, unanswered, conns.Load())
		}
	}
}

// A shared line that is left as silent still pairs what comes on it in time,
// and tells what comes late.
func TestAnswersOnALeftConnectionCount(t *testing.T) {
	first, late := make(chan struct{}), make(chan struct{})
	d := scripted(t, func(n int, c *peer) {
		if n > 0 {
			for req := c.request(); req != nil; req = c.request() {
				c.Write(approval(req))
			}
			return
		}
		var all []*wire.Message
		for i := range 3 {
			all = append(all, c.request())
			if i == 0 {
				close(first)
			}
		}
		<-late
		for _, req := range all {
			c.Write(approval(req))
		}
		c.request()
	})
	s := newShared(t, d)
	var open, over sync.WaitGroup
	var counted atomic.Int64
	for n, timeout := range []time.Duration{patient, 40 * time.Millisecond, 40 * time.Millisecond} {
		wg := &over
		if n == 0 {
			wg = &open
		}
		wg.Go(func() {
			x := within(purchaseOf(tid, n+1, 100), timeout)
			if err := s.Exchange(x); timeout == patient != paired(x, err) {
				t.Errorf("with a timeout of %v: %v", timeout, err)
			}
			counted.Add(int64(x.Late))
		})
		if n == 0 {
			<-first
		}
	}
	over.Wait() // two have timed out
	x := purchaseOf(tid, 10, 100)
	if err := s.Exchange(x); !paired(x, err) {
		t.Errorf("on the next connection: %v", err)
	}
	close(late)
	open.Wait()
	counted.Add(int64(x.Late))
	for wait := time.Now().Add(patient); time.Now().Before(wait); time.Sleep(10 * time.Millisecond) { // the answer waited for may have come before the late ones
		if counted.Add(int64(s.Leftovers().Late)) == 2 {
			return
		}
	}
	t.Errorf("%d late answers, want the 2 that were given up", counted.Load())
}

// What came instead of an answer is kept, and why it is none.
func TestStrayIsKept(t *testing.T) {
	for _, c := range []struct {
		name, why string
		of        func(answer []byte) (sent, kept []byte)
	}{
		{"half", "octets announced", func(a []byte) ([]byte, []byte) {
			a[1]++
			return a, a[2:]
		}},
		{"one octet", "whose length is not known", func([]byte) ([]byte, []byte) { return []byte{0}, []byte{0} }},
		{"foreign", "the answer to no request of this line", func(a []byte) ([]byte, []byte) {
			a[bytes.Index(a, []byte(tid))] ^= 1
			return a, a[2:]
		}},
		{"reject", "its message type is not that of an answer", func(a []byte) ([]byte, []byte) {
			a[13], a[14] = 0x06, 0x20
			return a, a[2:]
		}},
	} {
		for _, how := range []string{"own", "faulty", "shared"} {
			t.Run(c.name+" "+how, func(t *testing.T) {
				t.Parallel()
				if c.name == "foreign" && how != "shared" {
					t.Skip("on an own line nothing else can be meant")
				}
				var kept []byte
				d := scripted(t, func(_ int, p *peer) {
					req := p.request()
					if req == nil {
						return
					}
					var sent []byte
					sent, kept = c.of(approval(req))
					for _, octet := range sent {
						p.Write([]byte{octet})
					}
					p.request()
				})
				var l line.Link
				switch own := newOwn(t, d); how {
				case "own":
					l = own
				case "faulty":
					own.Faults = &line.Faults{}
					l = own
				default:
					l = newShared(t, d)
				}
				x := within(purchaseOf(tid, 1, 100), 500*time.Millisecond)
				err := l.Exchange(x)
				if !errors.Is(err, line.ErrTimeout) || len(x.Kept) != 1 || !strings.Contains(x.Kept[0].Why, c.why) || string(x.Kept[0].Octets) != string(kept) {
					t.Errorf("got %v, %+v; want %q, % X", err, x.Kept, c.why, kept)
				}
			})
		}
	}
}

// An answer that the end of the line cuts off is told like one that time does.
func TestHalfAnswerAtTheEndIsKept(t *testing.T) {
	for _, shared := range []bool{false, true} {
		d := scripted(t, func(_ int, c *peer) {
			if req := c.request(); req != nil {
				c.Write(approval(req)[:30])
			}
		})
		var l line.Link = newOwn(t, d)
		if shared {
			l = newShared(t, d)
		}
		x := purchaseOf(tid, 1, 100)
		if err := l.Exchange(x); !errors.Is(err, io.ErrUnexpectedEOF) || len(x.Kept) != 1 || len(x.Kept[0].Octets) != 28 || !strings.HasPrefix(x.Kept[0].Why, "28 of the ") {
			t.Errorf("shared %v: %v, %+v", shared, err, x.Kept)
		}
	}
}

// A host that hangs up after each answer, while the next request is on its way:
// what has not left is sent on a new connection, and what may have is not.
func TestHostThatHangsUpAtOnceCostsNoPayment(t *testing.T) {
	for _, how := range []string{"own", "told", "shared"} {
		t.Run(how, func(t *testing.T) {
			d := scripted(t, func(_ int, c *peer) {
				if req := c.request(); req != nil {
					c.Write(approval(req))
				}
			})
			own := newOwn(t, d)
			var l line.Link = own
			switch how {
			case "told":
				d.HangsUp = true
			case "shared":
				l = newShared(t, d)
			}
			lost, most := 0, 200
			if how == "shared" {
				most = 50 // it waits behind each
			}
			for trace := range most {
				x := purchaseOf(tid, trace+1, 100)
				switch err := l.Exchange(x); {
				case paired(x, err):
				case errors.Is(err, line.ErrBroken):
					lost++
				default:
					t.Fatalf("exchange %d: %v", trace+1, err)
				}
				if how == "shared" {
					time.Sleep(10 * time.Millisecond) // for the end to come, on a busy machine too
				}
			}
			// A line that was not told may meet it, until it knows.
			if lost > 2 || how == "told" && lost > 0 {
				t.Errorf("%d of %d lost", lost, most)
			}
		})
	}
}

func TestHungUpIsSeen(t *testing.T) {
	for _, hangs := range []bool{false, true} {
		d := scripted(t, func(_ int, c *peer) {
			c.Write(approval(c.request()))
			if !hangs {
				c.request()
			}
		})
		l := newOwn(t, d)
		x := purchaseOf(tid, 1, 100)
		if err := l.Exchange(x); !paired(x, err) {
			t.Fatal(err)
		}
		within := 50 * time.Millisecond
		if hangs {
			within = patient
		}
		if got := l.HungUp(within); got != hangs {
			t.Errorf("got %v, want %v", got, hangs)
		}
	}
}

// A host that ends its half of the connection with the answer, and reads on for a
// while, sends nothing more when the next request comes: no event tells of it. The
// line must look itself, or it would wait the whole timeout out.
func TestHalfClosedConnectionIsNoticedAtOnce(t *testing.T) {
	d := scripted(t, func(n int, c *peer) {
		req := c.request()
		if req == nil {
			return
		}
		c.Write(approval(req))
		for begun := time.Now(); time.Since(begun) < time.Duration(n%60)*time.Microsecond; {
		}
		c.CloseWrite()
		c.SetReadDeadline(time.Now().Add(2 * patient))
		c.request() // whatever still comes is not answered
		c.request()
	})
	for n := range 300 {
		own := newOwn(t, d) // one that does not know the host yet
		for i := range 2 {
			x := purchaseOf(tid, 2*n+i+1, 100)
			if err := own.Exchange(x); errors.Is(err, line.ErrTimeout) {
				t.Fatalf("exchange %d waited its timeout out on a connection that the host had ended", 2*n+i)
			}
			x.Answer.Release()
		}
		own.Close()
	}
}
