package sim_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// No test leaves a goroutine behind.
func TestMain(m *testing.M) {
	before := runtime.NumGoroutine()
	code := m.Run()
	for wait := time.Now().Add(3 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(wait); {
		time.Sleep(10 * time.Millisecond)
	}
	if left := runtime.NumGoroutine() - before; code == 0 && left > 0 {
		stacks := make([]byte, 1<<20)
		fmt.Fprintf(os.Stderr, "%d goroutines were left:\n%s\n", left, stacks[:runtime.Stack(stacks, true)])
		code = 1
	}
	os.Exit(code)
}

var cup = func() *dialect.Dialect {
	p, err := profile.Bundled("cup", 1)
	if err != nil {
		panic(err)
	}
	return p.Dialect
}()

// peer is a scripted host's end of one connection.
type peer struct {
	*net.TCPConn
	reader *wire.Reader
}

// request waits for the next request; nil when the line ended.
func (c *peer) request() *wire.Message {
	body, err := c.reader.Next()
	if err != nil {
		return nil
	}
	m := cup.NewMessage()
	if m.Read(body) != nil {
		return nil
	}
	return m
}

// reset ends the connection with RST instead of FIN.
func (c *peer) reset() {
	c.SetLinger(0)
	c.Close()
}

// approval is the frame that approves a request.
func approval(req *wire.Message) []byte {
	a := cup.NewMessage()
	a.AnswerTo(req)
	a.SetFieldString(39, "00")
	frame, err := wire.AppendFrame(nil, a)
	if err != nil {
		panic(err)
	}
	return frame
}

// scripted is a host that has the same conversation on every connection; n
// counts them from 0. The connection is closed when talk returns.
func scripted(t testing.TB, talk func(n int, c *peer)) *sim.Dialer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var open []net.Conn
	closed := false
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			if closed {
				c.Close()
			}
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				talk(n, &peer{c.(*net.TCPConn), cup.NewReader(c)})
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		closed = true
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return &sim.Dialer{Address: l.Addr().String(), Timeout: 2 * time.Second}
}

// purchaseOf is an exchange: a purchase of so many fen by terminal tid, with
// the given trace.
func purchaseOf(tid string, trace, amount int) *sim.Exchange {
	m := cup.NewMessage()
	cup.Form(dialect.Purchase).Begin(m)
	copy(m.Head, "\x60\x00\x03\x00\x00\x60\x31\x00\x31\x00\x00")
	m.SetFieldUint(4, uint64(amount))
	m.SetFieldUint(11, uint64(trace))
	m.SetFieldString(41, tid)
	m.SetFieldString(42, "999290054110001")
	frame, err := wire.AppendFrame(nil, m)
	if err != nil {
		panic(err)
	}
	return &sim.Exchange{Request: frame, Key: m.Key(), Timeout: 2 * time.Second}
}

const tid = "10000001"

func newLine(t testing.TB, d *sim.Dialer, each bool) *sim.Line {
	l := sim.NewLine(t.Context(), d, cup, sim.NewClock(), each, nil)
	t.Cleanup(func() { l.Close() })
	return l
}

// within is an exchange with another timeout.
func within(x *sim.Exchange, timeout time.Duration) *sim.Exchange {
	x.Timeout = timeout
	return x
}

// paired reports whether the answer of an exchange is the one to its request.
func paired(x *sim.Exchange, err error) bool {
	return err == nil && x.Unreadable == nil && x.Answer.IsAnswer() && x.Answer.Key() == x.Key
}

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
	l := newLine(t, d, false)
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
		l := newLine(t, d, false)
		if err := l.Exchange(within(purchaseOf(tid, first, 100), 30*time.Millisecond)); !errors.Is(err, sim.ErrTimeout) {
			t.Fatalf("got %v, want a timeout", err)
		}
		x := purchaseOf(tid, first%999999+1, 200)
		if err := l.Exchange(x); !paired(x, err) || x.Late != 1 || x.Answer.FieldUint(4) != 200 {
			t.Errorf("after trace %d: err %v, paired %v, %d late, amount %d", first, err, paired(x, err), x.Late, x.Answer.FieldUint(4))
		}
	}
}

// When the trace has come round and the old answer comes at last, its amount
// gives it away: the link cannot tell, the terminal's checks can.
func TestOldAnswerAfterAWholeRoundIsRefused(t *testing.T) {
	b := newBench(t, "cup", 1)
	var old []byte
	d := scripted(t, func(_ int, c *peer) {
		for {
			req := c.request()
			if req == nil {
				return
			}
			if old == nil {
				old = approval(req)
				continue
			}
			c.Write(old)
		}
	})
	x := newTill(t, b)
	x.Profile.Policy.Timeout = 30 * time.Millisecond
	x.Link = newLine(t, d, false)
	x.Trace = 77
	x.pay(t, 100)
	x.wants(t, report.TimedOut, true)
	x.Owed = sim.Owed{} // it was reversed meanwhile
	x.Trace = 77
	x.pay(t, 200)
	x.wants(t, report.Refused, true)
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
	l := newLine(t, d, false)
	for trace := range 5 {
		x := purchaseOf(tid, trace+1, 100)
		want := min(trace, 1) * 2
		if err := l.Exchange(x); !paired(x, err) || x.Duplicate != want {
			t.Errorf("trace %d: err %v, %d duplicates, want %d", trace+1, err, x.Duplicate, want)
		}
	}
	x := purchaseOf(tid, 9, 100)
	l.Leftovers(x, 50*time.Millisecond)
	if x.Duplicate != 2 {
		t.Errorf("%d duplicates are left over, want 2", x.Duplicate)
	}
}

// An answer that no request has, on a line with one exchange in flight, is
// given to the terminal, whose checks refuse it. A request from the host is
// nobody's answer.
func TestForeignMessages(t *testing.T) {
	stranger := cup.NewMessage()
	other := purchaseOf("19999999", 1, 100)
	if err := stranger.Read(other.Request[2:]); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		first      []byte
		paired     bool
		unmatched  int
		unreadable bool
		broken     bool
	}{
		"another terminal's answer":  {first: approval(stranger)},
		"a request":                  {first: other.Request, paired: true, unmatched: 1},
		"octets that are no message": {first: []byte("\x00\x14GET / HTTP/1.1\r\n\r\n!!"), unreadable: true},
		"nothing but keep-alives":    {first: make([]byte, 2*10), paired: true},
		"too many keep-alives":       {first: make([]byte, 2*100), broken: true},
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
			err := newLine(t, d, false).Exchange(x)
			if c.broken {
				if !errors.Is(err, sim.ErrBroken) {
					t.Fatalf("got %v, want a broken line", err)
				}
				return
			}
			if err != nil || paired(x, err) != c.paired || x.Unmatched != c.unmatched || (x.Unreadable != nil) != c.unreadable {
				t.Errorf("err %v, paired %v, %d unmatched, unreadable %v", err, paired(x, err), x.Unmatched, x.Unreadable)
			}
		})
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
					l := newLine(t, d, false)
					x := within(purchaseOf(tid, 1, 100), 2*time.Second)
					want := sim.ErrBroken
					if how == "silence" {
						x.Timeout, want = 100*time.Millisecond, sim.ErrTimeout
					}
					err := l.Exchange(x)
					if !errors.Is(err, want) || errors.Is(err, sim.ErrUnsent) {
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
			if err := newLine(t, d, false).Exchange(x); !errors.Is(err, sim.ErrBroken) && !(at == 0 && errors.Is(err, sim.ErrUnsent)) {
				t.Errorf("cut after %d of %d octets: %v, want a broken line", at, whole, err)
			}
		})
	}
	wg.Wait()
}

func TestRefusedConnectionIsUnsent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	x := purchaseOf(tid, 1, 100)
	err = newLine(t, &sim.Dialer{Address: address, Timeout: time.Second}, false).Exchange(x)
	if !errors.Is(err, sim.ErrUnsent) || errors.Is(err, sim.ErrBroken) || x.Done != x.Sent {
		t.Errorf("got %v, sent %v, done %v; want it unsent", err, x.Sent, x.Done)
	}
}

// Many hosts hang up after each answer. The line that notices connects again;
// a request is never written into a connection that is known to have ended.
func TestHostHangsUpBetweenExchanges(t *testing.T) {
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS()
	defer certified.Close()
	roots := x509.NewCertPool()
	roots.AddCert(certified.Certificate())
	for _, how := range []string{"FIN", "RST", "TLS"} {
		t.Run(how, func(t *testing.T) {
			var conns atomic.Int64
			d := scripted(t, func(_ int, c *peer) {
				conns.Add(1)
				if how == "TLS" {
					secure := tls.Server(c.TCPConn, certified.TLS)
					defer secure.Close()
					c.reader = cup.NewReader(secure)
					if req := c.request(); req != nil {
						secure.Write(approval(req))
					}
					return
				}
				if req := c.request(); req != nil {
					c.Write(approval(req))
				}
				if how == "RST" {
					time.Sleep(2 * time.Millisecond) // or the answer goes with it
					c.reset()
				}
			})
			if how == "TLS" {
				d.TLS = &tls.Config{RootCAs: roots, ServerName: "example.com"}
			}
			l := newLine(t, d, false)
			for trace := range 10 {
				x := purchaseOf(tid, trace+1, 100)
				if err := l.Exchange(x); !paired(x, err) {
					t.Fatalf("exchange %d: %v", trace+1, err)
				}
				time.Sleep(10 * time.Millisecond)
			}
			if n := conns.Load(); n != 10 {
				t.Errorf("%d connections for 10 exchanges, want 10", n)
			}
		})
	}
}

// An exchange on a line that is up does not allocate: not to look whether the
// host has hung up either.
func TestExchangeDoesNotAllocate(t *testing.T) {
	d := scripted(t, func(_ int, c *peer) {
		req := c.request()
		for frame := approval(req); c.request() != nil; {
			c.Write(frame)
		}
	})
	l := newLine(t, d, false)
	x := within(purchaseOf(tid, 1, 100), 20*time.Millisecond)
	l.Exchange(x) // not answered; connects
	x.Timeout = 2 * time.Second
	// The host's half allocates in this process too: what is counted here is an
	// exchange of both, less what the host's takes alone.
	var err error
	both := testing.AllocsPerRun(200, func() { err = errors.Join(err, l.Exchange(x)) })
	if err != nil {
		t.Fatal(err)
	}
	body := x.Request[2:]
	host := testing.AllocsPerRun(200, func() { cup.NewMessage().Read(body) })
	if both > host {
		t.Errorf("an exchange allocates %v times", both-host)
	}
}

func TestEachExchangeHasItsConnection(t *testing.T) {
	for _, each := range []bool{false, true} {
		var conns atomic.Int64
		d := scripted(t, func(_ int, c *peer) {
			conns.Add(1)
			for {
				req := c.request()
				if req == nil {
					return
				}
				c.Write(approval(req))
			}
		})
		l := newLine(t, d, each)
		for trace := range 5 {
			x := purchaseOf(tid, trace+1, 100)
			if err := l.Exchange(x); !paired(x, err) {
				t.Fatal(err)
			}
		}
		want := int64(1)
		if each {
			want = 5
		}
		if conns.Load() != want {
			t.Errorf("each %v: %d connections, want %d", each, conns.Load(), want)
		}
	}
}

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
	err := newLine(t, d, false).Exchange(x)
	if took := x.Done - x.Sent; !errors.Is(err, sim.ErrTimeout) || took < x.Timeout || took > x.Timeout+100*time.Millisecond {
		t.Errorf("%v after %v, want a timeout after %v", err, took, x.Timeout)
	}
}

func TestStopEndsTheExchange(t *testing.T) {
	d := scripted(t, func(_ int, c *peer) {
		c.request()
		c.request() // never answers
	})
	ctx, stop := context.WithCancel(t.Context())
	l := sim.NewLine(ctx, d, cup, sim.NewClock(), false, nil)
	defer l.Close()
	time.AfterFunc(30*time.Millisecond, stop)
	x := purchaseOf(tid, 1, 100)
	if err := l.Exchange(x); !errors.Is(err, sim.ErrStopped) || errors.Is(err, sim.ErrBroken) || x.Done-x.Sent > time.Second {
		t.Errorf("got %v after %v, want the run's end after 30ms", err, x.Done-x.Sent)
	}
	if err := l.Exchange(purchaseOf(tid, 2, 100)); !errors.Is(err, sim.ErrStopped) || !errors.Is(err, sim.ErrUnsent) {
		t.Errorf("after the end: got %v, want it unsent", err)
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
			l := sim.NewLine(t.Context(), d, cup, sim.NewClock(), false, nil)
			defer l.Close()
			for trace := range tries {
				x := within(purchaseOf(fmt.Sprint(10000001+n), trace+1, 100), timeout)
				switch err := l.Exchange(x); {
				case paired(x, err):
					inTime.Add(1)
				case errors.Is(err, sim.ErrTimeout):
					timedOut.Add(1)
				default:
					t.Errorf("got %v", err)
				}
				late.Add(int64(x.Late))
				if x.Duplicate+x.Unmatched > 0 {
					t.Errorf("%d duplicates, %d unmatched", x.Duplicate, x.Unmatched)
				}
			}
			x := purchaseOf(tid, tries+1, 100)
			l.Leftovers(x, 50*time.Millisecond)
			late.Add(int64(x.Late))
		})
	}
	wg.Wait()
	if inTime.Load()+timedOut.Load() != lines*tries || late.Load() != timedOut.Load() {
		t.Errorf("%d in time, %d timed out of %d; %d of those came late", inTime.Load(), timedOut.Load(), lines*tries, late.Load())
	}
	t.Logf("%d in time, %d late", inTime.Load(), late.Load())
}
