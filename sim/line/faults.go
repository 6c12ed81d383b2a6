package line

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

// Fault is one thing that a line does wrong to one message. Faults are on the
// line, so that they work against any host.
type Fault uint8

const (
	LoseRequest   Fault = iota // the host never gets it
	LoseAnswer                 // the host answers, the terminal never hears it
	LateAnswer                 // the answer comes after the terminal gave up
	DoubleRequest              // the host gets the same request twice
	DoubleAnswer               // the terminal gets the same answer twice
	SpoilRequest               // the MAC of the request is garbled
	SpoilAnswer                // the MAC of the answer is garbled
	CutRequest                 // the line breaks in the middle of the request
	CutAnswer                  // the line breaks in the middle of the answer
	faultKinds
)

// String names the fault as reports do.
func (f Fault) String() string {
	return [...]string{"request lost", "answer lost", "answer late", "request doubled", "answer doubled",
		"request MAC spoiled", "answer MAC spoiled", "request cut", "answer cut", "?"}[min(f, faultKinds)]
}

// onRequest reports whether the fault meets the request on its way out.
func (f Fault) onRequest() bool {
	return f == LoseRequest || f == DoubleRequest || f == SpoilRequest || f == CutRequest
}

// Faults is what one terminal's line will do wrong. It belongs to the
// goroutine that plays the terminal.
type Faults struct {
	Queue    []Fault // the first one meets the next exchange
	Outage   Cause   // what keeps the line from being used until it is [Unclear] again
	Wait     bool    // a lost message is waited for until the timeout; else it is noticed at once
	Injected [faultKinds]int64
}

// Add puts n of f in the queue.
func (f *Faults) Add(k Fault, n int) {
	for range n {
		f.Queue = append(f.Queue, k)
	}
}

// wrap gives a connection that does to its messages what the faults say.
// Keep-alives that are to be answered are sent back before that.
func (f *Faults) wrap(conn net.Conn, format *wire.Format, sendBack func([]byte) error) net.Conn {
	c := &faultyConn{Conn: conn, faults: f, reader: format.NewReader(conn), format: format, message: format.NewMessage()}
	c.reader.Alive = sendBack
	return c
}

// faultyConn applies a terminal's faults to whole messages. A Write is one
// request; reads give answers on, as spoiled as they are meant to be.
type faultyConn struct {
	net.Conn
	faults   *Faults
	reader   *wire.Reader
	format   *wire.Format
	now      Fault // what meets the answer of the exchange under way
	key      wire.Key
	message  *wire.Message
	active   bool
	out      []byte // octets to give on
	held     []byte // an answer kept back until the next exchange
	deadline time.Time
	ended    bool
}

func (c *faultyConn) SetReadDeadline(t time.Time) error {
	c.deadline = t
	return c.Conn.SetReadDeadline(t)
}

func (c *faultyConn) Write(b []byte) (int, error) {
	c.active = false
	if len(c.held) > 0 { // the late answer of the exchange before
		c.out = append(c.out, c.held...)
		c.held = c.held[:0]
	}
	if c.faults.Outage == HostSilent {
		c.now, c.active = LoseRequest, true
		c.faults.Injected[LoseRequest]++
		return len(b), nil
	}
	if len(c.faults.Queue) == 0 {
		return c.Conn.Write(b)
	}
	request, _ := c.format.Find(b)
	c.key = c.keyOf(request.Message)
	f := c.faults.Queue[0]
	c.faults.Queue = c.faults.Queue[1:]
	c.faults.Injected[f]++
	c.now, c.active = f, true
	switch f {
	case LoseRequest:
		return len(b), nil
	case DoubleRequest:
		if n, err := c.Conn.Write(b); err != nil {
			return n, err
		}
		return c.Conn.Write(b)
	case SpoilRequest:
		spoiled, err := c.spoiled(request.Message, false)
		if err != nil {
			return 0, err
		}
		if _, err := c.Conn.Write(spoiled); err != nil {
			return 0, err
		}
		return len(b), nil
	case CutRequest:
		n, _ := c.Conn.Write(b[:len(b)/2])
		c.Conn.Close()
		return n, io.ErrClosedPipe
	}
	return c.Conn.Write(b)
}

func (c *faultyConn) Read(p []byte) (int, error) {
	if len(c.out) == 0 {
		if c.ended {
			return 0, io.EOF
		}
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.out)
	c.out = c.out[:copy(c.out, c.out[n:])]
	return n, nil
}

// next takes one answer off the line and does the fault to it.
func (c *faultyConn) next() error {
	if c.active && c.now == LoseRequest {
		return c.giveUp()
	}
	body, err := c.reader.Next()
	if err != nil {
		return err
	}
	frame, err := c.format.Frame(nil, body, true)
	if err != nil {
		return err
	}
	if !c.active || c.now.onRequest() || c.keyOf(body) != c.key { // not the answer that is meant
		c.out = append(c.out, frame...)
		return nil
	}
	c.active = false
	switch c.now {
	case LoseAnswer:
		return c.giveUp()
	case LateAnswer:
		c.held = frame
		return c.giveUp()
	case DoubleAnswer:
		frame = append(frame, frame...)
	case SpoilAnswer:
		if frame, err = c.spoiled(body, true); err != nil {
			return err
		}
	case CutAnswer:
		frame = frame[:len(frame)/2]
		c.ended = true
		c.Conn.Close()
	}
	c.out = append(c.out, frame...)
	return nil
}

// keyOf is the key of a message; the zero Key when it cannot be read.
func (c *faultyConn) keyOf(body []byte) wire.Key {
	if c.message.Read(body) != nil {
		return wire.Key{}
	}
	return c.message.Key()
}

// errLost says that the answer waited for was lost on purpose.
var errLost = errors.New("the answer was lost")

// giveUp is a timeout: waited for, or at once.
func (c *faultyConn) giveUp() error {
	if c.faults.Wait {
		time.Sleep(time.Until(c.deadline))
	}
	return errLost
}

// spoiled is the frame of a message of which one character of the MAC, which
// ends it, is another. An answer that has none stays as it is.
func (c *faultyConn) spoiled(message []byte, answer bool) ([]byte, error) {
	m := append([]byte(nil), message...)
	if answer && c.message.Read(message) == nil {
		if _, mac := c.message.MACSpan(); len(mac) == 0 {
			return c.format.Frame(nil, m, answer)
		}
	}
	if len(m) > 0 {
		last := &m[len(m)-1]
		switch *last++; *last { // what was a hexadecimal digit stays one
		case '9' + 1, 'F' + 1:
			*last = '0'
		case 0xF9 + 1, 0xC6 + 1: // in EBCDIC
			*last = 0xF0
		}
	}
	return c.format.Frame(nil, m, answer)
}
