package line

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

// Faults is what one terminal's line will do wrong. It belongs to the
// goroutine that plays the terminal.
type Faults struct {
	Queue    []Fault // the first one meets the next exchange
	Outage   Cause   // what keeps the line from being used until it is [Unclear] again
	Wait     bool    // a lost message is waited for until the timeout; else it is noticed at once
	Injected [faultKinds]int64

	// Storm strikes exchanges that Queue has no fault for; nil for none. Terminal is whose
	// line it is: what strikes depends on that, on the seed, and on how many exchanges the
	// line has had. Struck is told of each; it may be nil.
	Storm    *Storm
	Terminal string
	Struck   func(Strike)

	exchanges uint64
}

// Add puts n of f in the queue.
func (f *Faults) Add(k Fault, n int) {
	for range n {
		f.Queue = append(f.Queue, k)
	}
}

// next is what meets the exchange that begins, on its request and, if that is spared,
// on its answer, and whether it was drawn.
func (f *Faults) next(can func(Fault) bool) (r Rate, struck, drawn bool) {
	n := f.exchanges
	f.exchanges++
	if len(f.Queue) > 0 {
		k := f.Queue[0]
		f.Queue = f.Queue[1:]
		return Rate{Fault: k}, true, false
	}
	if f.Storm == nil {
		return r, false, false
	}
	if r, struck = f.Storm.Draw(Request, f.Terminal, n, can); !struck {
		r, struck = f.Storm.Draw(Answer, f.Terminal, n, can)
	}
	return r, struck, struck
}

// struck counts a fault that has been done.
func (f *Faults) struck(k Fault, mti string) {
	f.Injected[k]++
	if f.Struck != nil {
		f.Struck(Strike{Fault: k, Terminal: f.Terminal, Message: f.exchanges, MTI: mti})
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
	faults    *Faults
	reader    *wire.Reader
	format    *wire.Format
	now       Fault // what meets the answer of the exchange under way
	key       wire.Key
	message   *wire.Message
	active    bool
	drawn     bool          // by a storm
	out       []byte        // octets to give on
	held      []byte        // an answer kept back until the next exchange
	overtaken []byte        // a request kept back until the next one has gone
	byOctets  bool          // answers are given on an octet at a time
	between   time.Duration // passes between two octets of what trickles
	begun     bool          // one of them has been given on
	deadline  time.Time
	ended     bool
	failed    error // how it ended, if not as the host ends a connection
}

func (c *faultyConn) SetReadDeadline(t time.Time) error {
	c.deadline = t
	return c.Conn.SetReadDeadline(t)
}

func (c *faultyConn) Write(b []byte) (int, error) {
	c.active = false
	late, before := len(c.held) > 0, c.key
	if late { // the answer of the exchange before
		c.out = append(c.out, c.held...)
		c.held = c.held[:0]
	}
	if c.faults.Outage == HostSilent {
		c.now, c.active = LoseRequest, true
		c.faults.struck(LoseRequest, "")
		return len(b), nil
	}
	if len(c.faults.Queue) == 0 && c.faults.Storm == nil {
		return c.forward(b)
	}
	request, _ := c.format.Find(b)
	c.key = c.keyOf(request.Message)
	sealed := c.sealed()
	strike, struck, drawn := c.faults.next(func(f Fault) bool { return f.OnLine() && (sealed || f != SpoilRequest) })
	f := strike.Fault
	if !struck || drawn && late && c.key == before && f.Side() == Answer { // the late one answers this request as well: none is waited for
		return c.forward(b)
	}
	c.between = strike.Delay
	c.now, c.active, c.drawn = f, true, drawn
	if f.Side() == Request {
		c.faults.struck(f, c.message.MTI())
	}
	switch f {
	case LoseRequest:
		return len(b), nil
	case LateRequest:
		c.overtaken = append(c.overtaken[:0], b...)
		return len(b), nil
	case DoubleRequest:
		if n, err := c.forward(b); err != nil {
			return n, err
		}
		return c.Conn.Write(b)
	case SpoilRequest:
		spoiled, err := f.Mangled(c.format, c.message, request.Message, 0)
		if err != nil {
			return 0, err
		}
		if _, err := c.forward(spoiled); err != nil {
			return 0, err
		}
		return len(b), nil
	case CutRequest, ResetRequest:
		n, _ := c.forward(b[:len(b)/2])
		c.hangUp(f == ResetRequest)
		return n, io.ErrClosedPipe
	case TrickleRequest:
		for i := range b {
			if i > 0 {
				time.Sleep(c.between)
			}
			if n, err := c.forward(b[i : i+1]); err != nil {
				return i + n, err
			}
		}
		return len(b), nil
	case EchoRequest:
		c.out = append(c.out, b...)
	}
	return c.forward(b)
}

// forward writes to the host, and after that a request that was late.
func (c *faultyConn) forward(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if err == nil && len(c.overtaken) > 0 {
		_, err = c.Conn.Write(c.overtaken)
		c.overtaken = c.overtaken[:0]
	}
	return n, err
}

// hangUp ends the connection, as a host that resets it does or as one that closes it.
func (c *faultyConn) hangUp(reset bool) {
	if reset {
		Abort(c.Conn)
	}
	c.Conn.Close()
}

func (c *faultyConn) Read(p []byte) (int, error) {
	if len(c.out) == 0 {
		if c.failed != nil {
			return 0, c.failed
		}
		if c.ended {
			return 0, io.EOF
		}
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if c.byOctets && len(p) > 0 {
		if p = p[:1]; c.begun && c.between > 0 {
			if left := time.Until(c.deadline); !c.deadline.IsZero() && left < c.between {
				time.Sleep(left)
				return 0, os.ErrDeadlineExceeded
			}
			time.Sleep(c.between)
		}
		c.begun = true
	}
	n := copy(p, c.out)
	c.out = c.out[:copy(c.out, c.out[n:])]
	return n, nil
}

// next takes one answer off the line and does the fault to it.
func (c *faultyConn) next() error {
	if c.active && (c.now == LoseRequest || c.now == LateRequest) {
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
	c.byOctets = false
	if !c.active || c.now.Side() == Request || c.keyOf(body) != c.key { // not the answer that is meant
		c.out = append(c.out, frame...)
		return nil
	}
	c.active = false
	if c.now == SpoilAnswer && !c.sealed() {
		if !c.drawn { // whoever asked for it finds it asked, and no MAC
			c.faults.Injected[c.now]++
		}
		c.out = append(c.out, frame...)
		return nil
	}
	c.faults.struck(c.now, c.message.MTI())
	switch c.now {
	case LoseAnswer:
		return c.giveUp()
	case LateAnswer:
		c.held = frame
		return c.giveUp()
	case DoubleAnswer:
		frame = append(frame, frame...)
	case SpoilAnswer:
		if frame, err = c.now.Mangled(c.format, c.message, body, 0); err != nil {
			return err
		}
	case CutAnswer:
		frame = frame[:len(frame)/2]
		c.ended = true
		c.Conn.Close()
	case ResetAnswer:
		frame = frame[:len(frame)/2]
		c.failed = syscall.ECONNRESET
		c.hangUp(true)
	case TrickleAnswer:
		c.byOctets, c.begun = true, false
	case EchoAnswer:
		if _, err := c.Conn.Write(frame); err != nil {
			return err
		}
	}
	c.out = append(c.out, frame...)
	return nil
}

// sealed reports whether the message last read carries a MAC.
func (c *faultyConn) sealed() bool {
	_, mac := c.message.MACSpan()
	return len(mac) > 0
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
