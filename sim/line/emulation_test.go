package line_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"math"
	"net"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/line"
)

// counting is a host that approves each request it gets, and counts them.
func counting(t testing.TB, got *atomic.Int64) *line.Dialer {
	return scripted(t, func(_ int, c *peer) {
		for {
			req := c.request()
			if req == nil {
				return
			}
			got.Add(1)
			if _, err := c.Write(approval(req)); err != nil {
				return
			}
		}
	})
}

// like makes a line like p, with no waits at all when scale is 0.
func like(t testing.TB, d *line.Dialer, p *line.Profile, scale float64) *line.Own {
	l := newOwn(t, d)
	l.Like(p, 1, tid)
	l.Emulation.Scale = scale
	return l
}

// What a line adds stands in the exchange, measured, and the answer is the right one.
func TestLineTellsWhatItAdds(t *testing.T) {
	var got atomic.Int64
	p := &line.Profile{Name: "slow", Connect: 30 * time.Millisecond, P50: 20 * time.Millisecond, P95: 20 * time.Millisecond}
	l := like(t, counting(t, &got), p, 1)
	for n := range 3 {
		x := purchaseOf(tid, n+1, 100+n)
		if err := l.Exchange(x); !mine(x, err, 100+n) {
			t.Fatalf("exchange %d: %v", n, err)
		}
		if service := x.Done - x.Sent; x.Transit < p.P50 || x.Transit > service {
			t.Errorf("exchange %d took %v, of it the line %v, want %v at least", n, service, x.Transit, p.P50)
		}
		switch connected := x.Connecting > 0; {
		case connected != (n == 0):
			t.Errorf("exchange %d: connecting took %v", n, x.Connecting)
		case connected && (x.Connecting < p.Connect || x.Sent-x.Began < x.Connecting):
			t.Errorf("connecting took %v of the %v before the exchange was sent, want %v at least", x.Connecting, x.Sent-x.Began, p.Connect)
		}
	}
}

// At scale 0 a line has all its breaks and none of its waits; each break ends as it
// must, and the host gets all requests but those that were lost.
func TestLineBreaks(t *testing.T) {
	const n = 300
	var got atomic.Int64
	p := &line.Profile{Name: "bad", P50: time.Hour, P95: time.Hour, Connect: time.Hour, Breaks: 0.3}
	l := like(t, counting(t, &got), p, 0)
	answered, broken := int64(0), int64(0)
	for i := range n {
		x := purchaseOf(tid, i+1, 100+i)
		switch err := l.Exchange(x); {
		case mine(x, err, 100+i):
			answered++
		case errors.Is(err, line.ErrBroken):
			broken++
		default:
			t.Fatalf("exchange %d: %v", i, err)
		}
	}
	e := l.Emulation
	if answered+broken != n || broken == 0 || e.Broken <= broken {
		t.Errorf("%d answered and %d broken of %d, %d breaks: some are before the request, and harm nothing", answered, broken, n, e.Broken)
	}
	if lost := n - got.Load(); lost == 0 || lost >= broken {
		t.Errorf("%d requests lost of %d breaks: some break with the answer", lost, broken)
	}
	if e.Connects < broken {
		t.Errorf("%d connections after %d breaks", e.Connects, broken)
	}
}

// A request that the line keeps beyond the timeout reaches the host all the same: the
// terminal must not think that it has not.
func TestSlowRequestStillArrives(t *testing.T) {
	var got atomic.Int64
	l := like(t, counting(t, &got), &line.Profile{Name: "slow", P50: 10 * time.Minute, P95: 10 * time.Minute}, 1)
	x := within(purchaseOf(tid, 1, 100), 20*time.Millisecond)
	if err := l.Exchange(x); !errors.Is(err, line.ErrTimeout) || x.Done-x.Sent < x.Timeout {
		t.Fatalf("%v after %v", err, x.Done-x.Sent)
	}
	for wait := time.Now().Add(patient); got.Load() == 0 && time.Now().Before(wait); {
		time.Sleep(time.Millisecond)
	}
	if got.Load() != 1 {
		t.Error("the host never got the request")
	}
}

// An answer that the line keeps beyond the timeout is late, and not the next one's.
func TestSlowAnswerIsLate(t *testing.T) {
	var got atomic.Int64
	l := like(t, counting(t, &got), &line.Profile{Name: "slow", P50: 1, P95: 1, Down: 1}, 1) // a bit a second, down
	x := within(purchaseOf(tid, 1, 100), 500*time.Millisecond)
	if err := l.Exchange(x); !errors.Is(err, line.ErrTimeout) || x.Late != 1 || x.Transit == 0 {
		t.Fatalf("%v with %d late answers, of which the line kept it %v", err, x.Late, x.Transit)
	}
	l.Emulation.Scale = 0
	if y := purchaseOf(tid, 2, 200); !mine(y, l.Exchange(y), 200) {
		t.Error("the next exchange has no answer of its own")
	}
}

// A line that hangs up makes a call for each sale.
func TestDialedLineHangsUp(t *testing.T) {
	var got atomic.Int64
	d := counting(t, &got)
	l := like(t, d, &line.Profile{Name: "call", P50: time.Hour, P95: time.Hour, HangsUp: true}, 0)
	for n := range 4 {
		if x := purchaseOf(tid, n+1, 100+n); !mine(x, l.Exchange(x), 100+n) {
			t.Fatal("no answer")
		}
	}
	if d.Connected.Load() != 4 {
		t.Errorf("%d connections for 4 exchanges", d.Connected.Load())
	}
}

// Waiting for a slow line ends with the run.
func TestSlowLineEndsWithTheRun(t *testing.T) {
	var got atomic.Int64
	d := counting(t, &got)
	stop, cancel := context.WithCancel(t.Context())
	l := line.NewOwn(stop, d, &cup.Format, line.NewClock())
	defer l.Close()
	l.Like(&line.Profile{Name: "slow", P50: time.Hour, P95: time.Hour}, 1, tid)
	ended := make(chan error, 1)
	go func() { ended <- l.Exchange(within(purchaseOf(tid, 1, 100), math.MaxInt64/4)) }()
	cancel()
	if err := <-ended; !errors.Is(err, line.ErrStopped) {
		t.Errorf("%v, want that it was stopped", err)
	}
}

// Why there is no connection is told apart: the line, the host that refuses, and the one
// that takes the connection and is not trusted, or that TLS fails with.
func TestCauseIsTold(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	secure, plain := httptest.NewUnstartedServer(nil), httptest.NewServer(nil)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	defer plain.Close()
	over := &tls.Config{ServerName: "pos.test"}
	for _, c := range []struct {
		name, address string
		tls           *tls.Config
		want          line.Cause
		words         string
	}{
		{"nobody listens", nobody, nil, line.HostRefuses, "the host refuses connections"},
		{"nobody listens for TLS", nobody, over, line.HostRefuses, "the host refuses connections"},
		{"no such name", "no-such-host.invalid:8583", nil, line.NoSignal, "no signal"},
		{"a certificate of a stranger", secure.Listener.Addr().String(), over, line.Untrusted, "the certificate of the host is not trusted: TLS with"},
		{"no TLS", plain.Listener.Addr().String(), over, line.NoTLS, "no TLS comes about: TLS with"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for kind, link := range map[string]line.Link{
				"own":    newOwn(t, &line.Dialer{Address: c.address, TLS: c.tls, Timeout: patient}),
				"shared": newShared(t, &line.Dialer{Address: c.address, TLS: c.tls, Timeout: patient}),
			} {
				err := link.Exchange(purchaseOf(tid, 1, 100))
				if !errors.Is(err, line.ErrUnsent) || line.CauseOf(err) != c.want || !strings.Contains(err.Error(), c.words) {
					t.Errorf("%s line: %v is %v, want %v", kind, err, line.CauseOf(err), c.want)
				}
			}
		})
	}
}

// An outage is over when it is: the next exchange connects again by itself.
func TestLineRecoversFromOutages(t *testing.T) {
	for _, c := range []struct {
		outage line.Cause
		want   error
	}{{line.NoSignal, line.ErrUnsent}, {line.HostRefuses, line.ErrUnsent}, {line.HostSilent, line.ErrTimeout}} {
		t.Run(c.outage.String(), func(t *testing.T) {
			var got atomic.Int64
			l := newOwn(t, counting(t, &got))
			l.Faults = &line.Faults{}
			pay := func(trace int) error {
				x := purchaseOf(tid, trace, 100)
				if err := l.Exchange(x); !mine(x, err, 100) {
					return err
				}
				return nil
			}
			if err := pay(1); err != nil {
				t.Fatal(err)
			}
			l.Faults.Outage = c.outage
			for n := range 2 {
				if err := pay(2 + n); !errors.Is(err, c.want) || c.want == line.ErrUnsent && line.CauseOf(err) != c.outage {
					t.Errorf("%v, want %v", err, c.want)
				}
			}
			l.Faults.Outage = line.Unclear
			if err := pay(4); err != nil {
				t.Errorf("after the outage: %v", err)
			}
			if got.Load() != 2 {
				t.Errorf("the host got %d requests, want the 2 outside the outage", got.Load())
			}
		})
	}
}

// BenchmarkLineProfiles is what an exchange on an own line costs: as it is, and with a
// profile that adds no time. The first must not be slower than before there were any.
func BenchmarkLineProfiles(b *testing.B) {
	for _, c := range []struct {
		name string
		like *line.Profile
	}{{"none", nil}, {"no time", &line.Profile{Name: "none"}}} {
		b.Run(c.name, func(b *testing.B) {
			var got atomic.Int64
			l := newOwn(b, counting(b, &got))
			if c.like != nil {
				l.Like(c.like, 1, tid)
			}
			x := purchaseOf(tid, 1, 100)
			b.ReportAllocs()
			for b.Loop() {
				x.Reset()
				if err := l.Exchange(x); err != nil {
					b.Fatal(err)
				}
				x.Answer.Release()
			}
		})
	}
}
