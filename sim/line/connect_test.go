package line_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/line"
)

func TestRefusedConnectionIsUnsent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	x := purchaseOf(tid, 1, 100)
	err = newOwn(t, &line.Dialer{Address: address, Timeout: time.Second}).Exchange(x)
	if !errors.Is(err, line.ErrUnsent) || errors.Is(err, line.ErrBroken) || x.Done != x.Sent {
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
			paid, over := make(chan struct{}, 10), make(chan struct{}, 10)
			d := scripted(t, func(_ int, c *peer) {
				defer func() { over <- struct{}{} }()
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
					<-paid // or the answer goes with it
					c.reset()
				}
				c.Close()
			})
			if how == "TLS" {
				d.TLS = &tls.Config{RootCAs: roots, ServerName: "example.com"}
			}
			l := newOwn(t, d)
			for trace := range 10 {
				x := purchaseOf(tid, trace+1, 100)
				if err := l.Exchange(x); !paired(x, err) {
					t.Fatalf("exchange %d: %v", trace+1, err)
				}
				paid <- struct{}{}
				<-over
				time.Sleep(10 * time.Millisecond) // through the kernel
			}
			if n := conns.Load(); n != 10 {
				t.Errorf("%d connections for 10 exchanges, want 10", n)
			}
		})
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
		l := newOwn(t, d)
		l.Each = each
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

func TestSharedLineThatCannotConnect(t *testing.T) {
	s := newShared(t, &line.Dialer{Address: "127.0.0.1:1", Timeout: time.Second})
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			x := purchaseOf(tid, n+1, 100)
			if err := s.Exchange(x); !errors.Is(err, line.ErrUnsent) || errors.Is(err, line.ErrBroken) {
				t.Errorf("got %v, want it unsent", err)
			}
		})
	}
	wg.Wait()
}
