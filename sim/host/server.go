package host

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

// Serve answers requests on every connection that l accepts until ctx ends,
// then closes l and the connections and waits for their goroutines. It returns
// nil when ctx ended it. An Accept that fails, for want of descriptors say, is
// tried again after a pause; only a listener that somebody closed ends Serve.
func (h *Host) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	s := &server{host: h, open: make(map[net.Conn]struct{}), outbox: newOutbox(ctx)}
	if h.behaviour == nil && !h.wicked && h.tls == nil {
		s.crew = newCrew(s)
	}
	s.tasks.Go(func() { s.outbox.run(ctx) })
	stop := context.AfterFunc(ctx, func() {
		_ = l.Close() // what Accept then says is what counts
		s.closeAll()
	})
	err := s.accept(ctx, l)
	stop()
	cancel()
	_ = l.Close()
	s.closeAll()
	s.tasks.Wait()
	return err
}

// server is one Serve.
type server struct {
	host   *Host
	outbox *outbox
	crew   *crew // nil when each connection has a goroutine
	tasks  sync.WaitGroup
	mu     sync.Mutex
	open   map[net.Conn]struct{} // those with a goroutine
	closed bool
}

func (s *server) accept(ctx context.Context, l net.Listener) error {
	var pause time.Duration
	for {
		nc, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = nc.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("host on %s: the listener was closed: %w", l.Addr(), err)
		case err != nil:
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(pause):
			}
			continue
		}
		pause = 0
		if c := &s.host.count; c.open.Add(1) > int64(s.host.limits.Conns) {
			c.open.Add(-1)
			c.turnedAway.Add(1)
			_ = nc.Close()
			continue
		}
		s.host.count.connections.Add(1)
		if s.crew == nil || !s.crew.take(nc) {
			s.attend(nc, nil, nil)
		}
	}
}

// attend gives a connection a goroutine of its own. Octets that have been read
// of it and answers that have not been sent come first.
func (s *server) attend(nc net.Conn, read, answers []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = nc.Close()
		s.host.count.open.Add(-1)
		return
	}
	s.open[nc] = struct{}{}
	s.tasks.Go(func() {
		defer s.remove(nc)
		s.host.converse(nc, s.outbox, read, answers)
	})
}

func (s *server) remove(nc net.Conn) {
	_ = nc.Close()
	s.mu.Lock()
	delete(s.open, nc)
	s.mu.Unlock()
	s.host.count.open.Add(-1)
}

func (s *server) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for nc := range s.open {
		_ = nc.Close()
	}
	if s.crew != nil {
		s.crew.close()
	}
}

// conn is one connection. Its goroutine reads and answers; answers that wait
// are written by the outbox.
type conn struct {
	net.Conn
	limits *Limits
	mu     sync.Mutex // writing

	ahead []byte // octets read before, that come first

	// Deadlines are moved only when they have come noticeably nearer.
	readBy, writeBy time.Time
	reads           int // since the message in hand was waited for
}

// Read is what the wire.Reader reads from. The first read of a message may
// wait as long as a connection may idle; from its first octet on a message has
// one deadline for all of its octets, however small the pieces.
func (c *conn) Read(p []byte) (int, error) {
	c.reads++
	if c.reads == 2 {
		c.readBy = time.Now().Add(c.limits.Message)
		if err := c.Conn.SetReadDeadline(c.readBy); err != nil {
			return 0, err
		}
	}
	if len(c.ahead) > 0 {
		n := copy(p, c.ahead)
		c.ahead = c.ahead[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// await readies the connection for the next message.
func (c *conn) await(now time.Time) error {
	c.reads = 0
	if left := c.readBy.Sub(now); left > c.limits.Idle*7/8 && left <= c.limits.Idle {
		return nil
	}
	c.readBy = now.Add(c.limits.Idle)
	return c.Conn.SetReadDeadline(c.readBy)
}

// send writes answers, at about the time now. A peer that does not take them in
// time is cut off.
func (c *conn) send(octets []byte, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writeBy.Sub(now) < c.limits.Write/2 {
		c.writeBy = now.Add(c.limits.Write)
		if err := c.Conn.SetWriteDeadline(c.writeBy); err != nil {
			return false
		}
	}
	if _, err := c.Conn.Write(octets); err != nil {
		_ = c.Conn.Close()
		return false
	}
	return true
}

// converse answers one connection until it ends: first it sends answers made
// before, and reads octets read before. A panic costs the connection and is
// counted.
func (h *Host) converse(nc net.Conn, box *outbox, read, answers []byte) {
	defer func() {
		if recover() != nil {
			h.count.panics.Add(1)
		}
	}()
	if h.tls != nil {
		tc := tls.Server(nc, h.tls)
		if err := nc.SetDeadline(time.Now().Add(h.limits.Message)); err != nil || tc.Handshake() != nil {
			h.count.refused.Add(1)
			return
		}
		_ = nc.SetDeadline(time.Time{})
		defer tc.Close()
		nc = tc
	}
	c := &conn{Conn: nc, limits: &h.limits, ahead: read}
	reader := h.dialect.NewReader(c)
	var x *Exchange
	now := time.Now()
	if len(answers) > 0 && !c.send(answers, now) {
		return
	}
	for {
		if err := c.await(now); err != nil {
			return
		}
		frame, err := reader.Next()
		if err != nil {
			if errors.Is(err, wire.ErrLength) || errors.Is(err, wire.ErrIdle) {
				h.count.refused.Add(1)
			}
			return
		}
		if c.reads > 0 {
			now = time.Now()
		}
		if len(frame) < h.shortest {
			h.count.refused.Add(1)
			return
		}
		if x == nil {
			x = h.spare.Get().(*Exchange)
		}
		from := len(x.out)
		var ok bool
		if x.out, ok = h.answer(x, x.out, frame, now); ok {
			x.out = x.dispatch(c, box, x.out, from)
		}
		// Requests that are at hand are answered first: their answers leave in
		// one write.
		atHand := reader.Buffered()
		if len(x.out) > 0 && (len(x.out) > mostUnsent || !atHand) {
			if !c.send(x.out, now) {
				return
			}
			x.out = x.out[:0]
		}
		if !atHand {
			h.spare.Put(x)
			x = nil
		}
	}
}

// mostUnsent is how many octets of answers wait for each other.
const mostUnsent = 16 << 10

// dispatch hands an answer, out[from:], to the outbox if it has to wait;
// otherwise it stays in out, as often as it is to be sent.
func (x *Exchange) dispatch(c *conn, box *outbox, out []byte, from int) []byte {
	if x.due.IsZero() {
		n := len(out)
		for range x.copies - 1 {
			out = append(out, out[from:n]...)
		}
		return out
	}
	var octets []byte
	for range x.copies {
		octets = append(octets, out[from:]...)
	}
	box.put(letter{due: x.due, number: x.serial, to: c, octets: octets})
	return out[:from]
}
