package line_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/posfleet/posfleet/sim/line"
)

// securedHost answers over TLS and gives what ended each connection.
func securedHost(t *testing.T) (*line.Dialer, <-chan error) {
	web := httptest.NewTLSServer(nil) // for its certificate
	web.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	ends := make(chan error, 10)
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				c := tls.Server(nc, &tls.Config{Certificates: web.TLS.Certificates})
				r := cup.NewReader(c)
				for {
					body, err := r.Next()
					if err != nil {
						ends <- err
						return
					}
					m := cup.NewMessage()
					if m.Read(body) == nil {
						c.Write(approval(m))
					}
				}
			}()
		}
	}()
	config := &tls.Config{RootCAs: web.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "127.0.0.1"}
	return &line.Dialer{Address: l.Addr().String(), TLS: config, Timeout: patient}, ends
}

// A line that hangs up under TLS says so, whoever has it hang up.
func TestTLSLineEndsWithAWord(t *testing.T) {
	for name, end := range map[string]func(*line.Own, context.CancelFunc){
		"closed":  func(l *line.Own, _ context.CancelFunc) { l.Close() },
		"stopped": func(_ *line.Own, stop context.CancelFunc) { stop() },
	} {
		d, ends := securedHost(t)
		ctx, stop := context.WithCancel(t.Context())
		l := line.NewOwn(ctx, d, &cup.Format, line.NewClock())
		for trace := range 3 {
			if err := l.Exchange(purchaseOf(tid, trace+1, 100)); err != nil {
				t.Fatal(err)
			}
		}
		end(l, stop)
		if err := <-ends; err != io.EOF {
			t.Errorf("%s: the host sees %v, want EOF: the word of TLS for it", name, err)
		}
		l.Close()
		stop()
	}
}

// So do those that hang up after each exchange.
func TestTLSLineHangsUpWithAWordAfterEach(t *testing.T) {
	d, ends := securedHost(t)
	l := line.NewOwn(t.Context(), d, &cup.Format, line.NewClock())
	l.Each = true
	for trace := range 3 {
		if err := l.Exchange(purchaseOf(tid, trace+1, 100)); err != nil {
			t.Fatal(err)
		}
		if err := <-ends; err != io.EOF {
			t.Errorf("the host sees %v, want EOF", err)
		}
	}
	if n := d.Connected.Load(); n != 3 {
		t.Errorf("%d connections, want 3", n)
	}
}

// A host that takes one request on a connection, and ends it when the next one comes,
// without a word of TLS or in the middle of it: the line loses two to it, and then hangs
// up first.
func TestTLSLineLearnsThatTheHostHangsUp(t *testing.T) {
	certified := httptest.NewTLSServer(nil)
	defer certified.Close()
	for _, how := range []string{"plain", "TLS", "TLS, cut off"} {
		d := scripted(t, func(_ int, c *peer) {
			var out io.Writer = c
			if how != "plain" {
				secure := tls.Server(c.TCPConn, certified.TLS)
				c.reader, out = cup.NewReader(secure), secure
			}
			if req := c.request(); req != nil {
				out.Write(approval(req))
				c.request()
			}
			if how == "TLS, cut off" {
				c.Write([]byte{21, 3, 3}) // of an alert
			}
		})
		if how != "plain" {
			d.TLS = &tls.Config{InsecureSkipVerify: true}
		}
		l, lost := newOwn(t, d), 0
		for trace := range 20 {
			x := purchaseOf(tid, trace+1, 100)
			if err := l.Exchange(x); errors.Is(err, line.ErrBroken) {
				lost++
			} else if !paired(x, err) {
				t.Errorf("%s: exchange %d: %v", how, trace+1, err)
			}
		}
		if lost != 2 || !l.HostHangsUp() {
			t.Errorf("%s: %d of 20 lost, want 2", how, lost)
		}
	}
}
