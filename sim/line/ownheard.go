package line

// What an own line hears besides the answers that it waits for.

import (
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

// octetsLeft reports whether octets follow the answer that has been read and are of no whole
// message. Those that read as the length of a message are that only while more of it comes.
func (l *Own) octetsLeft() bool {
	r := l.unread()
	if r.Left() == 0 {
		return false
	}
	octets, announced := r.Begun()
	return announced == 0 && len(octets) > 0 || announced > len(octets) && !l.peek.waits()
}

// unread is the reader that has what has come and was not given: a line's with faults has two.
func (l *Own) unread() *wire.Reader {
	if faulty, is := l.conn.(*faultyConn); is && l.reader.Left() == 0 {
		return faulty.reader
	}
	return l.reader
}

// empty is how many frames without a message have come on the connection.
func (l *Own) empty() int {
	if faulty, is := l.conn.(*faultyConn); is {
		return faulty.reader.Empty
	}
	return l.reader.Empty
}

// begun gives what has come of a message that is not whole.
func (l *Own) begun() (octets []byte, announced int) {
	if l.reader == nil {
		return nil, 0
	}
	if faulty, is := l.conn.(*faultyConn); is {
		if octets, announced := faulty.reader.Begun(); announced > 0 || len(octets) > 0 {
			return octets, announced
		}
	}
	return l.reader.Begun()
}

// hungUp reports whether the host has hung up since the last exchange. What has come
// meanwhile it counts into met: the next request is not answered by that.
func (l *Own) hungUp(met *Strays) bool {
	closed, perhaps, waits := l.peek.closed()
	switch {
	case closed:
		return true
	case perhaps:
		return !l.readStrays(met, time.Millisecond)
	case waits || l.buffered():
		if !l.readSome(met, time.Millisecond, 0) {
			return true
		}
		closed, _, _ = l.peek.closed() // behind what it has said
	}
	return closed
}

// HungUp reports whether the host hangs up within the given time, as many do
// after each answer.
func (l *Own) HungUp(patience time.Duration) bool {
	var met Strays
	return l.conn != nil && !l.readStrays(&met, patience)
}

// Stands reports whether there is a connection that the host has not ended.
func (l *Own) Stands() bool {
	if l.conn == nil {
		return false
	}
	closed, _, _ := l.peek.closed()
	return !closed
}

// Further counts the messages that have come since the last exchange, or one that comes
// within the given time and those that are there with it.
func (l *Own) Further(patience time.Duration) (met Strays) {
	if l.conn != nil && (patience > 0 || l.heard()) {
		l.readSome(&met, max(patience, time.Millisecond), 1)
	}
	return met
}

// heard reports whether octets are there that no exchange has read. At most it takes
// a system call.
func (l *Own) heard() bool { return l.buffered() || l.peek.waits() }

// buffered reports whether a message is there that has been read already.
func (l *Own) buffered() bool {
	if faulty, is := l.conn.(*faultyConn); is && (len(faulty.out) > 0 || faulty.reader.Buffered()) {
		return true
	}
	return l.reader.Buffered()
}

// Listen waits for a message that the host sends unasked, and gives its octets: a
// view that holds until the line is used again. The error is ErrTimeout, or what
// broke the line.
func (l *Own) Listen(patience time.Duration) ([]byte, error) {
	if l.conn == nil {
		return nil, fmt.Errorf("%w: it is not connected", ErrBroken)
	}
	l.readBy(l.clock.Now() + patience)
	body, err := l.reader.Next()
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, ErrTimeout
	case err != nil:
		return nil, broken(err)
	}
	return body, nil
}

// readStrays reads what has come since the last exchange, without waiting longer
// than the given time, and counts it into met. It reports whether the line is up.
func (l *Own) readStrays(met *Strays, patience time.Duration) (up bool) {
	return l.readSome(met, patience, math.MaxInt)
}

// readSome is readStrays for so many messages at most, and those that are there already.
func (l *Own) readSome(met *Strays, patience time.Duration, most int) (up bool) {
	l.readBy(l.clock.Now() + patience)
	m := l.format.Acquire()
	defer m.Release()
	for n := 0; n < most || n < max(most, mostKept) && l.heard(); n++ {
		if n >= most { // it is there
			l.readBy(l.clock.Now() + time.Millisecond)
		}
		body, err := l.reader.Next()
		if err != nil {
			return errors.Is(err, os.ErrDeadlineExceeded)
		}
		switch err := m.Read(body); {
		case err != nil:
			met.unmatched(body, err.Error())
		case !m.IsAnswer():
			met.unmatched(body, notAnAnswer)
		default:
			key := m.Key()
			met.count(l.history.find(hash(&key)), body)
		}
	}
	return true
}
