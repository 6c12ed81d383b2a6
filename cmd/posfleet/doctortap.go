package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// tap is a line that keeps all that comes back, whether or not it is a message: a
// connection for as long as the host keeps it, with one exchange at a time.
type tap struct {
	ctx     context.Context
	dialer  *line.Dialer
	dialect *dialect.Dialect
	clock   *line.Clock
	each    bool          // hang up after each exchange
	answers *atomic.Int64 // that came and read, on all lines of an examination
	longer  time.Duration // after the timeout, to know whether the answer comes late

	conn    *peeked // nil while there is none
	in      *wire.Reader
	carried bool // an answer on it

	// Of all exchanges, how the host keeps its connections.
	stood  bool // one was found to be there for a second exchange
	hungUp bool // the host ended one after an answer
	lost   bool // it did so when the next request came, which it answered on another

	// Of the latest exchange.
	heard    bytes.Buffer  // what came after the request
	read     bool          // the answer came and reads
	unpaired *wire.Message // the first message that reads and is not the answer; where one came, it came before
	late     time.Duration // after which an answer came that the timeout was over for; 0 for none
	before   string        // octets that stood on the line before the request was sent, the first two
	ended    string        // how the connection ended, in words; empty while it stands
	why      error         // that it ended with
	uncut    error         // why no message can be cut out of what came; nil where one can
	echoed   bool          // the request itself came back
	took     time.Duration // from the request to the end of waiting
}

// mostHeard is how many octets of what is no message are kept, and quietAfter how long
// after the last of them more is waited for. Once an answer has come, its host is given
// hangUpWithin to hang up.
const (
	mostHeard    = 64 << 10
	quietAfter   = 300 * time.Millisecond
	hangUpWithin = 200 * time.Millisecond
)

// Exchange sends a request and waits for its answer, or for anything else that comes
// until the timeout. Where the host ends a connection that has carried an exchange
// before, it is asked again on another, as each of these requests may be.
func (t *tap) Exchange(x *line.Exchange) error {
	again := t.stands()
	err := t.exchange(x)
	if again && t.ended != "" && t.heard.Len() == 0 {
		err = t.exchange(x)
		t.lost = t.lost || t.read
	}
	if t.each {
		t.Close()
	}
	return err
}

// stands reports whether there is a connection that has brought an answer, and that the
// host has not ended.
func (t *tap) stands() bool {
	if t.conn == nil || !t.carried {
		return false
	}
	within := hangUpWithin
	if t.stood {
		within = time.Millisecond
	}
	if t.conn.ends(within) {
		t.hungUp = true
		t.Close()
		return false
	}
	t.stood = true
	return true
}

// exchange is Exchange on the connection that there is, or on a new one.
func (t *tap) exchange(x *line.Exchange) error {
	t.before = t.standing()
	t.heard.Reset()
	t.unpaired, t.ended, t.why, t.read, t.uncut, t.late = nil, "", nil, false, nil, 0
	if err := cmp.Or(t.ctx.Err(), t.connect()); err != nil {
		return fmt.Errorf("%w: %w", line.ErrUnsent, err)
	}
	conn := t.conn
	defer context.AfterFunc(t.ctx, func() { conn.Close() })()
	x.Sent = t.clock.Now()
	defer func() {
		x.Done = t.clock.Now()
		t.took, t.echoed = x.Done-x.Sent, bytes.HasPrefix(t.heard.Bytes(), x.Request)
	}()
	deadline := time.Now().Add(x.Timeout)
	if err := t.conn.SetDeadline(deadline); err != nil {
		return fmt.Errorf("%w: %w", line.ErrBroken, err)
	}
	if _, err := t.conn.Write(x.Request); err != nil {
		t.listen(time.Now().Add(quietAfter), nil) // to what the host said before it hung up
		if t.ended == "" {
			t.ended, t.why = "the line broke: "+err.Error(), err
		}
		return fmt.Errorf("%w: %s", line.ErrBroken, t.ended)
	}
	over := false
	for {
		octets, err := t.in.Next()
		if err != nil && !over && t.longer > 0 && errors.Is(err, os.ErrDeadlineExceeded) && t.in.Left() == 0 {
			over, deadline = true, deadline.Add(t.longer)
			t.conn.SetDeadline(deadline)
			continue
		}
		if err != nil {
			t.uncut = t.cutting(err)
			t.listen(deadline, err)
			if t.ended != "" && t.heard.Len() == 0 {
				return fmt.Errorf("%w: %s", line.ErrBroken, t.ended)
			}
			return line.ErrTimeout
		}
		m := t.dialect.Acquire()
		switch err := m.Read(octets); {
		case err != nil:
			x.Unreadable = &line.Unread{Octets: octets, Err: err}
			return nil
		case m.Key() == x.Key && over:
			t.late = t.clock.Now() - x.Sent
			t.Close()
			return line.ErrTimeout
		case m.Key() == x.Key:
			x.Answer, t.read, t.carried = m, true, true
			t.answers.Add(1)
			return nil
		case t.unpaired == nil:
			t.unpaired = m
		}
	}
}

// connect connects unless the line stands.
func (t *tap) connect() error {
	if t.conn != nil {
		return nil
	}
	conn, err := t.dialer.Dial(t.ctx)
	if err != nil {
		return err
	}
	t.use(conn)
	return nil
}

// use has the next exchange on a connection that there is already.
func (t *tap) use(conn net.Conn) {
	t.conn = &peeked{Conn: conn}
	t.in = t.dialect.NewReader(io.TeeReader(t.conn, &limited{&t.heard, mostHeard}))
}

// cutting is why no message can be cut out of what came, by what the reader met.
func (t *tap) cutting(err error) error {
	if errors.Is(err, wire.ErrLength) || errors.Is(err, wire.ErrFrame) || errors.Is(err, wire.ErrIdle) {
		return err
	}
	switch octets, announced := t.in.Begun(); {
	case announced > len(octets):
		return fmt.Errorf("a message of %d octets is announced, of which %d come", announced, len(octets))
	case len(octets) > 0:
		return fmt.Errorf("%s, the beginning of a message whose length is not known", counted(len(octets), "octet"))
	}
	return nil
}

// standing are the first octets that stand on the line and that are of no whole message,
// two at most: more may be of a card number. Empty for none.
func (t *tap) standing() string {
	if t.conn == nil || !t.carried {
		return ""
	}
	heard := t.heard.Bytes()
	octets := slices.Concat(heard[max(0, len(heard)-t.in.Left()):], t.conn.ahead.Bytes())
	r := t.dialect.NewReader(bytes.NewReader(octets))
	for err := error(nil); err == nil; {
		_, err = r.Next()
	}
	octets = octets[len(octets)-r.Left():]
	return string(octets[:min(2, len(octets))])
}

// listen takes down what comes after the reader met err, until it is quiet, and how
// the line ended.
func (t *tap) listen(deadline time.Time, err error) {
	b := make([]byte, 4096)
	for err == nil || errors.Is(err, wire.ErrLength) || errors.Is(err, wire.ErrFrame) || errors.Is(err, wire.ErrIdle) {
		until := time.Now().Add(quietAfter)
		if t.heard.Len() == 0 || until.After(deadline) {
			until = deadline
		}
		t.conn.SetReadDeadline(until)
		var n int
		n, err = t.conn.Read(b)
		(&limited{&t.heard, mostHeard}).Write(b[:n])
	}
	t.hangUp(err)
}

// hangUp gives the line up and says how it ended; a timeout is no ending.
func (t *tap) hangUp(err error) {
	var late net.Error
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		t.ended = "the host hung up"
	case errors.As(err, &late) && late.Timeout():
		err = nil
	default:
		t.ended = "the line broke: " + err.Error()
	}
	t.why = err
	t.Close()
}

// Close ends the connection.
func (t *tap) Close() error {
	if t.conn == nil {
		return nil
	}
	err := t.conn.Close()
	t.conn, t.carried = nil, false
	return err
}

// peeked is a connection of which can be known whether it ends before it is read.
type peeked struct {
	net.Conn
	ahead bytes.Buffer // what has come meanwhile
}

func (c *peeked) Read(p []byte) (int, error) {
	if c.ahead.Len() > 0 {
		return c.ahead.Read(p)
	}
	return c.Conn.Read(p)
}

// ends reports whether the other side ends the connection within so long.
func (c *peeked) ends(within time.Duration) bool {
	c.SetReadDeadline(time.Now().Add(within))
	b := make([]byte, 4096)
	for c.ahead.Len() < mostHeard {
		n, err := c.Conn.Read(b)
		c.ahead.Write(b[:n])
		if err != nil {
			return !errors.Is(err, os.ErrDeadlineExceeded)
		}
	}
	return false
}

// limited takes so many octets and drops the rest.
type limited struct {
	*bytes.Buffer
	most int
}

func (l *limited) Write(b []byte) (int, error) {
	l.Buffer.Write(b[:min(len(b), max(0, l.most-l.Len()))])
	return len(b), nil
}
