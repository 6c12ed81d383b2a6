package serve

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

// conn is a connection with a goroutine of its own, which reads and answers;
// answers that wait are written by the delay queue.
type conn struct {
	net.Conn
	limits *Limits
	mu     sync.Mutex // writing

	ahead []byte // octets read before, that come first
	begun bool   // the next message has, in a record of which TLS gives nothing before the rest is there
	lost  bool   // the last message could not be read: the next one must be whole

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
		if c.lost {
			return 0, io.EOF
		}
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
	if c.begun {
		c.reads, c.begun = 1, false
	}
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

// mostUnsent is how many octets of answers wait for each other.
const mostUnsent = 16 << 10

// converse answers one connection until it ends: first it sends answers made
// before, and reads octets read before. It reports whether a loop has taken the connection
// instead. A panic costs the connection and is counted.
func (a *acceptor) converse(nc net.Conn, read, answers []byte) (taken bool) {
	defer func() {
		if p := recover(); p != nil {
			a.panicked(p)
		}
	}()
	begun := false
	if a.TLS != nil {
		tc, looped := nc.(*tls.Conn)
		if looped {
			under := tc.NetConn().(*transport)
			begun = under.within()
			if under.flush(a.limits.Write) != nil {
				return false
			}
		} else {
			under := &transport{Conn: nc}
			tc = tls.Server(under, a.TLS)
			if err := a.shakeHands(tc, nc); err != nil {
				a.count.refused.Add(1)
				a.tell(nc.RemoteAddr(), nil, fmt.Errorf("TLS handshake: %w", err))
				return false
			}
			if a.poller != nil && a.poller.takeTLS(tc, under) {
				return true
			}
		}
		defer tc.Close()
		nc = tc
	}
	c := &conn{Conn: nc, limits: &a.limits, ahead: read, begun: begun}
	if len(answers) == 0 || c.send(answers, time.Now()) {
		a.answerAll(c)
	}
	return false
}

// shakeHands begins TLS within the time that a message may take.
func (a *acceptor) shakeHands(tc *tls.Conn, over net.Conn) error {
	if err := over.SetDeadline(time.Now().Add(a.limits.Message)); err != nil {
		return err
	}
	if err := tc.Handshake(); err != nil {
		return err
	}
	return over.SetDeadline(time.Time{})
}

// answerAll answers what comes on a connection until there is no more.
func (a *acceptor) answerAll(c *conn) {
	reader := a.Format.NewReader(c)
	reader.Alive = func(keepAlive []byte) error {
		now := time.Now()
		if a.Format.KeepAlive.Answer && !c.send(keepAlive, now) {
			return net.ErrClosed
		}
		return c.await(now) // the next message has time again
	}
	shortest := a.shortest()
	var by *answerer // borrowed while there are messages to answer
	for now := time.Now(); ; {
		if c.await(now) != nil {
			return
		}
		frame, err := reader.Next()
		if err == nil && len(frame) < shortest {
			a.unread(c.RemoteAddr(), frame, tooShort(len(frame), shortest))
			return
		}
		if err != nil {
			octets, _ := reader.Begun()
			a.unread(c.RemoteAddr(), octets, err)
			return
		}
		if c.reads > 0 {
			now = time.Now()
		}
		if by == nil {
			if by, _ = a.answerers.Get().(*answerer); by == nil {
				by = a.newAnswerer()
			}
		}
		from := len(by.out)
		var due time.Time
		var wrong error
		by.out, due, wrong = by.answer(by.out, frame, now)
		if c.lost = wrong != nil; c.lost {
			a.tell(c.RemoteAddr(), frame, wrong)
		}
		if !due.IsZero() {
			a.queue.put(delayed{due: due, to: c, octets: append([]byte(nil), by.out[from:]...)})
			by.out = by.out[:from]
		}
		// Messages that have come are answered first: their answers leave in
		// one write.
		more := reader.Buffered()
		if len(by.out) > 0 && (len(by.out) > mostUnsent || !more) {
			if !c.send(by.out, now) {
				return
			}
			by.out = by.out[:0]
		}
		if !more {
			a.answerers.Put(by)
			by = nil
		}
		if c.lost && !more && begun(reader) {
			return
		}
	}
}

// begun reports whether the reader has octets of a message that is not whole.
func begun(r *wire.Reader) bool {
	octets, announced := r.Begun()
	return announced > 0 || len(octets) > 0
}

// tooShort is what is wrong with a message that has no room for a message type.
func tooShort(n, least int) error {
	return fmt.Errorf("%w: %d octets announced, routing header and message type alone have %d", wire.ErrLength, n, least)
}
