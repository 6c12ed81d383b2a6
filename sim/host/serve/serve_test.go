package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

var format = &wire.Format{Framing: wire.Framing{Length: wire.Binary2}}

func framed(message string) []byte {
	out := make([]byte, 2, 2+len(message))
	format.Length.Put(out, len(message))
	return append(out, message...)
}

// echo answers each message with itself.
func echo(dst, frame []byte, _ time.Time) ([]byte, time.Time, error) {
	return append(dst, framed(string(frame))...), time.Time{}, nil
}

// by makes the server of one way to answer.
func by(answer Answer) *Server {
	return &Server{Format: format, NewAnswer: func() Answer { return answer }}
}

func limited(l Limits) *Server {
	s := by(echo)
	s.Limits = l
	return s
}

// patient is how long a test waits for what must come: a busy machine is slow, and one
// that is shared stands still for seconds.
const patient = 30 * time.Second

// start serves l until the test ends, and then proves that nothing is left.
func start(t *testing.T, s *Server, l net.Listener) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Serve: %v", err)
			}
		case <-time.After(patient):
			t.Error("Serve does not end")
		}
		if n := s.Counts().Open; n != 0 {
			t.Errorf("%d connections open, want none", n)
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

// listen serves s on a loopback port.
func listen(t *testing.T, s *Server) (address string) {
	t.Helper()
	l := local(t)
	start(t, s, l)
	return l.Addr().String()
}

// client is who asks.
type client struct {
	*testing.T
	net.Conn
	reader *wire.Reader
}

func dial(t *testing.T, address string) *client {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &client{t, c, format.NewReader(c)}
}

func (c *client) write(octets []byte) {
	c.Helper()
	if _, err := c.Write(octets); err != nil {
		c.Fatal(err)
	}
}

// hear wants this message next.
func (c *client) hear(want string) {
	c.Helper()
	c.SetReadDeadline(time.Now().Add(patient))
	if got, err := c.reader.Next(); err != nil {
		c.Fatalf("waiting for %q: %v", want, err)
	} else if string(got) != want {
		c.Fatalf("heard %q, want %q", got, want)
	}
}

// ask wants a message back.
func (c *client) ask(message string) {
	c.Helper()
	c.write(framed(message))
	c.hear(message)
}

// ended wants the server to hang up.
func (c *client) ended() {
	c.Helper()
	c.SetReadDeadline(time.Now().Add(patient))
	if _, err := c.Read(make([]byte, 1)); err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
		c.Errorf("reading gave %v, want EOF", err)
	}
}

func TestPiecesDoNotMatter(t *testing.T) {
	c := dial(t, listen(t, by(echo)))
	for _, octet := range framed("in single octets") {
		c.write([]byte{octet})
	}
	c.hear("in single octets")
	var many []byte
	for i := range 50 {
		many = append(many, framed(fmt.Sprintf("message %d", i))...)
	}
	c.write(many)
	for i := range 50 {
		c.hear(fmt.Sprintf("message %d", i))
	}
}

// countedListener counts the writes on its connections.
type countedListener struct {
	net.Listener
	writes atomic.Int64
}

type countedConn struct {
	net.Conn
	n *atomic.Int64
}

func (l *countedListener) Accept() (net.Conn, error) {
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

func TestPipelinedMessagesCostFewWrites(t *testing.T) {
	l := &countedListener{Listener: local(t)}
	start(t, by(echo), l)
	c := dial(t, l.Addr().String())
	message := strings.Repeat("m", 100)
	c.write(bytes.Repeat(framed(message), 100))
	for range 100 {
		c.hear(message)
	}
	if n := l.writes.Load(); n > 40 {
		t.Errorf("100 answers took %d writes, want 40 at most", n)
	}
}

// A message has one deadline, however it dribbles in, and others do not feel it.
func TestDribblingIsCutAtTheDeadline(t *testing.T) {
	t.Parallel()
	const limit = 200 * time.Millisecond
	address := listen(t, limited(Limits{Message: limit}))
	honest := dial(t, address)
	honest.ask("before")
	slow := dial(t, address)
	begin := time.Now()
	cut := make(chan time.Duration, 1)
	go func() {
		if n, _ := slow.Read(make([]byte, 1)); n > 0 {
			t.Error("a message that was cut got an answer")
		}
		cut <- time.Since(begin)
	}()
	for _, octet := range framed(strings.Repeat("m", 100)) {
		if _, err := slow.Write([]byte{octet}); err != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if got := <-cut; got < limit || got > patient { // one that was waited for octet by octet got an answer
		t.Errorf("cut after %v, want %v", got, limit)
	}
	honest.ask("later than a message may take, which is no limit between messages")
}

func TestPeerThatNeverReadsIsCutOff(t *testing.T) {
	address := listen(t, limited(Limits{Write: 100 * time.Millisecond}))
	honest, deaf := dial(t, address), dial(t, address)
	line := bytes.Repeat(framed(strings.Repeat("m", 100)), 1000)
	deaf.SetWriteDeadline(time.Now().Add(patient))
	for {
		if _, err := deaf.Write(line); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("still being served")
		} else if err != nil {
			break
		}
		honest.ask("and nobody else waits for it")
	}
}

func TestIdleConnectionIsClosed(t *testing.T) {
	c := dial(t, listen(t, limited(Limits{Idle: 500 * time.Millisecond})))
	c.ask("once")
	c.ended()
}

// The end of the stream may come with the last octets: it is seen all the same,
// and not by the idle limit.
func TestEndBehindTheLastMessageIsSeen(t *testing.T) {
	address := listen(t, by(echo))
	for _, messages := range []int{1, 3000} {
		c := dial(t, address)
		line := bytes.Repeat(framed(strings.Repeat("m", 50)), messages)
		go func() {
			c.Write(line)
			c.Conn.(*net.TCPConn).CloseWrite()
		}()
		c.SetReadDeadline(time.Now().Add(patient))
		answers, err := io.ReadAll(c)
		if err != nil {
			t.Fatalf("%d messages, then the end: the server does not hang up: %v", messages, err)
		}
		if !bytes.Equal(answers, line) {
			t.Errorf("%d messages of %d octets got %d octets of answers", messages, len(line), len(answers))
		}
	}
}

// withGoroutine counts the connections that have a goroutine of their own.
func withGoroutine() int {
	stacks := make([]byte, 1<<20)
	return bytes.Count(stacks[:runtime.Stack(stacks, true)], []byte(".converse("))
}

// Plain traffic takes no goroutine for each connection, whatever else happens
// on a line does; both are answered, also after a change from one to the other.
func TestPlainConnectionsShareGoroutines(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no event loop on this system")
	}
	address := listen(t, by(echo))
	var all []*client
	for range 5 {
		all = append(all, dial(t, address))
	}
	for _, c := range all {
		c.ask("plain")
	}
	if n := withGoroutine(); n != 0 {
		t.Errorf("%d goroutines for %d plain connections, want none", n, len(all))
	}
	a, b := framed("message"), framed("another")
	for i, c := range all {
		first, rest := a[:4], a[4:] // in pieces
		switch i % 3 {
		case 1: // behind an empty message
			first, rest = []byte{0, 0}, a
		case 2: // one whole, and the beginning of the next
			first, rest = append(b[:len(b):len(b)], a[:3]...), a[3:]
		}
		c.write(first)
		time.Sleep(20 * time.Millisecond)
		c.write(rest)
		if i%3 == 2 {
			c.hear("another")
		}
		c.hear("message")
		c.ask("plain")
	}
	if n := withGoroutine(); n != len(all) {
		t.Errorf("%d goroutines for %d connections that were not plain, want one each", n, len(all))
	}
}

func TestConnectionsBeyondTheLimitAreTurnedAway(t *testing.T) {
	s := limited(Limits{Conns: 2})
	address := listen(t, s)
	first, second := dial(t, address), dial(t, address)
	first.ask("first")
	second.ask("second")
	dial(t, address).ended()
	if n := s.Counts().TurnedAway; n != 1 {
		t.Errorf("%d turned away, want 1", n)
	}
	first.Close()
	for until := time.Now().Add(patient); s.Counts().Open > 1 && time.Now().Before(until); {
		time.Sleep(5 * time.Millisecond)
	}
	dial(t, address).ask("in its place")
}

// starvedListener is out of descriptors for a while.
type starvedListener struct {
	net.Listener
	left int
}

func (l *starvedListener) Accept() (net.Conn, error) {
	if l.left--; l.left >= 0 {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}
