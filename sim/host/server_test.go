package host

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
)

// R31, F16: pieces of one octet, and many requests in one piece.
func TestPiecesDoNotMatter(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	frame := p.frame(p.request(dialect.Purchase, amount(1), shows("good")))
	for i := range frame {
		p.write(frame[i : i+1])
	}
	if !p.hear(time.Second) || p.ans.FieldText(39) != "00" {
		t.Fatalf("a sale in single octets got %q", p.ans.FieldText(39))
	}
	var many []byte
	first := p.trace
	for range 50 {
		many = append(many, p.frame(p.request(dialect.Purchase, amount(1), shows("good")))...)
	}
	p.write(many)
	for i := range 50 {
		if !p.hear(time.Second) || p.ans.FieldText(39) != "00" || p.ans.FieldUint(11) != first+uint64(i)+1 || !p.verified() {
			t.Fatalf("answer %d of 50 has trace %d, code %q", i+1, p.ans.FieldUint(11), p.ans.FieldText(39))
		}
	}
	if b := book(h, "10000001"); b.DebitN != 51 {
		t.Errorf("%d booked, want 51", b.DebitN)
	}
}

// counting counts the writes on its connections.
type counting struct {
	net.Listener
	writes atomic.Int64
}

type countedConn struct {
	net.Conn
	n *atomic.Int64
}

func (l *counting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countedConn{c, &l.writes}, nil
}

func (c countedConn) Write(p []byte) (int, error) {
	c.n.Add(1)
	return c.Conn.Write(p)
}

// start serves l with a host of its own until the test ends.
func start(t *testing.T, h *Host, l net.Listener) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func local(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestPipelinedRequestsCostFewWrites(t *testing.T) {
	h, err := New(bench("cup"))
	if err != nil {
		t.Fatal(err)
	}
	l := &counting{Listener: local(t)}
	start(t, h, l)
	p := ready(t, h, l.Addr().String(), 0)
	l.writes.Store(0)
	var many []byte
	for range 100 {
		many = append(many, p.frame(p.request(dialect.Purchase, amount(1), shows("good")))...)
	}
	p.write(many)
	for range 100 {
		if !p.hear(time.Second) {
			t.Fatal("an answer is missing")
		}
	}
	if n := l.writes.Load(); n > 40 {
		t.Errorf("100 answers took %d writes, want 40 at most", n)
	}
}

// F15, R29: one deadline for a message, however it dribbles in, and honest
// terminals do not feel it.
func TestDribblingIsCutAtTheDeadline(t *testing.T) {
	const limit = 200 * time.Millisecond
	h, address := listen(t, "cup", WithLimits(Limits{Message: limit}))
	honest := ready(t, h, address, 0)
	slow := dialPOS(t, h, address, 1)
	frame := slow.frame(slow.request(dialect.SignIn))
	begin := time.Now()
	cut := make(chan time.Duration, 1)
	go func() {
		n, _ := slow.conn.Read(make([]byte, 1))
		if n > 0 {
			t.Error("a cut sign-in got an answer")
		}
		cut <- time.Since(begin)
	}()
	for i := range len(frame) - 1 {
		if _, err := slow.conn.Write(frame[i : i+1]); err != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if got := <-cut; got < limit || got > 2*limit {
		t.Errorf("cut after %v, want %v", got, limit)
	}
	time.Sleep(2 * limit) // longer than a message may take, between messages
	honest.want("00", dialect.Purchase, amount(1), shows("good"))
}

// F22: a peer that asks and never reads is cut off, and nobody else waits for it.
func TestPeerThatNeverReadsIsCutOff(t *testing.T) {
	h, address := listen(t, "cup", WithLimits(Limits{Write: 100 * time.Millisecond}))
	honest := ready(t, h, address, 0)
	deaf := dialPOS(t, h, address, 1)
	line := bytes.Repeat(deaf.frame(deaf.request(dialect.Echo)), 1000)
	deaf.conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
	for {
		if _, err := deaf.conn.Write(line); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("still being served after 5 s")
		} else if err != nil {
			break
		}
		honest.want("00", dialect.Purchase, amount(1), shows("good"))
	}
}

func TestIdleConnectionIsClosed(t *testing.T) {
	h, address := listen(t, "cup", WithLimits(Limits{Idle: 50 * time.Millisecond}))
	p := ready(t, h, address, 0)
	p.conn.SetReadDeadline(time.Now().Add(2 * time.Second))
	if _, err := p.conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("reading an idle connection gave %v, want EOF", err)
	}
}

// The end of the stream may come with the last octets: it is seen all the same,
// and not by the idle limit.
func TestEndBehindTheLastRequestIsSeen(t *testing.T) {
	h, address := listen(t, "cup")
	for _, requests := range []int{1, 3000} {
		p := dialPOS(t, h, address, 0)
		frame := p.frame(p.request(dialect.Echo))
		go func() {
			p.conn.Write(bytes.Repeat(frame, requests))
			p.conn.(*net.TCPConn).CloseWrite()
		}()
		p.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		answers, err := io.ReadAll(p.conn)
		if err != nil {
			t.Fatalf("%d requests, then the end: the host does not hang up: %v", requests, err)
		}
		if n := bytes.Count(answers, []byte("\x08\x30")); n < requests {
			t.Errorf("%d requests got %d answers", requests, n)
		}
	}
}

// Plain traffic takes no goroutine for each connection, whatever else happens
// on a line does; both are answered, also after a change from one to the other.
func TestPlainConnectionsShareGoroutines(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no crew on this system")
	}
	h, err := New(bench("cup"))
	if err != nil {
		t.Fatal(err)
	}
	l := local(t)
	start(t, h, l)
	all := []*pos{ready(t, h, l.Addr().String(), 0)}
	before := runtime.NumGoroutine()
	for i := range h.profile.Terminals[1:] {
		all = append(all, ready(t, h, l.Addr().String(), i+1))
	}
	for _, p := range all {
		p.want("00", dialect.Echo)
	}
	if n := runtime.NumGoroutine() - before; n > 0 {
		t.Errorf("%d goroutines for %d plain connections, want none", n, len(all))
	}
	for i, p := range all {
		frame := p.frame(p.request(dialect.Echo))
		switch i % 3 {
		case 0: // in pieces
			p.conn.Write(frame[:7])
			time.Sleep(20 * time.Millisecond)
			p.conn.Write(frame[7:])
		case 1: // behind an empty message
			p.conn.Write([]byte{0, 0})
			time.Sleep(20 * time.Millisecond)
			p.conn.Write(frame)
		case 2: // one whole, and the beginning of the next
			p.conn.Write(append(frame[:len(frame):len(frame)], frame[:3]...))
			time.Sleep(20 * time.Millisecond)
			p.conn.Write(frame[3:])
			if !p.hear(time.Second) {
				t.Error("the first of two requests in pieces got no answer")
			}
		}
		if !p.hear(time.Second) {
			t.Errorf("connection %d got no answer", i)
		}
		p.want("00", dialect.Echo)
	}
	if n := runtime.NumGoroutine() - before; n < len(all) {
		t.Errorf("%d goroutines for %d connections that were not plain", n, len(all))
	}
}

func TestConnectionsBeyondTheLimitAreTurnedAway(t *testing.T) {
	h, address := listen(t, "cup", WithLimits(Limits{Conns: 2}))
	a := ready(t, h, address, 0)
	ready(t, h, address, 1)
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(2 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the third connection gave %v, want EOF", err)
	}
	if n := h.Counts().TurnedAway; n != 1 {
		t.Errorf("%d turned away, want 1", n)
	}
	a.conn.Close()
	for range 100 {
		if time.Sleep(5 * time.Millisecond); h.Counts().Open == 1 {
			break
		}
	}
	ready(t, h, address, 2)
}

// starved is a listener out of descriptors for a while.
type starved struct {
	net.Listener
	left int
}

func (l *starved) Accept() (net.Conn, error) {
	if l.left--; l.left >= 0 {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

// F24, R17
func TestHostOutlivesWantOfDescriptors(t *testing.T) {
	h, err := New(bench("cup"))
	if err != nil {
		t.Fatal(err)
	}
	l := &starved{Listener: local(t), left: 4}
	start(t, h, l)
	ready(t, h, l.Addr().String(), 0).want("00", dialect.Purchase, amount(1), shows("good"))
}

func TestClosedListenerEndsServe(t *testing.T) {
	h, err := New(bench("cup"))
	if err != nil {
		t.Fatal(err)
	}
	l := local(t)
	done := make(chan error, 1)
	go func() { done <- h.Serve(context.Background(), l) }()
	l.Close()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve gave %v, want %v", err, net.ErrClosed)
	}
}

// R21
func TestServeWaitsForAllItStarted(t *testing.T) {
	before := runtime.NumGoroutine()
	h, err := New(bench("cup"))
	if err != nil {
		t.Fatal(err)
	}
	l := local(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Serve(ctx, l) }()
	for i := range 3 {
		ready(t, h, l.Addr().String(), i) // left open
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for i := 0; runtime.NumGoroutine() > before; i++ {
		if i == 100 {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestPanicCostsOneConnection(t *testing.T) {
	h, err := New(bench("cup"))
	if err != nil {
		t.Fatal(err)
	}
	rules := h.handler
	h.handler = func(x *Exchange) bool {
		if x.Request.FieldText(41) == "10000002" {
			panic("planted")
		}
		return rules(x)
	}
	l := local(t)
	start(t, h, l)
	good := ready(t, h, l.Addr().String(), 0)
	bad := dialPOS(t, h, l.Addr().String(), 1)
	bad.write(bad.frame(bad.request(dialect.SignIn)))
	if _, err := bad.conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the connection gave %v, want EOF", err)
	}
	good.want("00", dialect.Purchase, amount(1), shows("good"))
	if c := h.Counts(); c.Panics != 1 {
		t.Errorf("%d panics, want 1", c.Panics)
	}
}

func TestTLSAndPlainDoNotMix(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, made, made, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	h, address := listen(t, "cup", WithLimits(Limits{Message: 200 * time.Millisecond}),
		WithTLS(&tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}))
	plain := dialPOS(t, h, address, 0)
	plain.write(plain.frame(plain.request(dialect.SignIn)))
	plain.conn.SetReadDeadline(time.Now().Add(2 * time.Second))
	rest, err := io.ReadAll(plain.conn)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a plain sign-in got %v", err)
	}
	if len(rest) > 0 && rest[0] != 0x15 { // but for a TLS alert
		t.Errorf("a plain sign-in got % X", rest)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	p := dialPOS(t, h, address, 0)
	p.conn = tls.Client(p.conn, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
	p.reader = h.dialect.NewReader(p.conn)
	p.signIn()
	p.want("00", dialect.Purchase, amount(1), shows("good"))
}

// R32: a request that ends at any octet is not booked.
func TestCutRequestsAreNotBooked(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	frame := p.frame(p.request(dialect.Purchase, amount(1), shows("good")))
	for n := range len(frame) {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(frame[:n]); err != nil {
			t.Fatal(err)
		}
		if n%2 == 0 {
			c.(*net.TCPConn).SetLinger(0) // RST instead of FIN
		}
		c.Close()
	}
	p.want("00", dialect.Echo)
	if b := book(h, "10000001"); b.Totals != (dialect.Totals{}) {
		t.Errorf("booked %+v", b.Totals)
	}
}
