package sim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// Line is a terminal's own line: one exchange in flight. It connects when it
// is first used and again after the line broke or the host hung up between two
// exchanges; with each set, for every exchange. One goroutine uses it at a time.
type Line struct {
	dialer  *Dialer
	dialect *dialect.Dialect
	clock   *Clock
	stop    context.Context
	each    bool
	faults  *Faults

	conn     net.Conn
	release  func() bool // no longer hang up when stop is done
	reader   *wire.Reader
	deadline time.Duration // at which a read gives up
	stale    stale
	used     time.Duration // when the last exchange was done
	recent   recent
}

// restful is how long a line must have been at rest before it is worth a system
// call to see whether the host has hung up.
const restful = 100 * time.Microsecond

// NewLine makes an own line; it connects when first used. Its exchanges end
// with ErrStopped when stop is done. faults may be nil.
func NewLine(stop context.Context, d *Dialer, dialect *dialect.Dialect, clock *Clock, each bool, faults *Faults) *Line {
	return &Line{dialer: d, dialect: dialect, clock: clock, stop: stop, each: each, faults: faults,
		recent: recent{answered: ring{most: 4}, givenUp: ring{most: 64}}}
}

// Exchange implements Link.
func (l *Line) Exchange(x *Exchange) error {
	x.Sent = l.clock.Now()
	if l.conn == nil || x.Sent-l.used > restful {
		if l.conn != nil && l.hungUp(x) {
			l.Close()
		}
		err := l.connect()
		x.Sent = l.clock.Now()
		if err != nil {
			x.Done = x.Sent
			return fmt.Errorf("%w: %w", ErrUnsent, err)
		}
	}
	if by := x.Sent + x.Timeout; l.deadline < by-x.Timeout/2 || l.deadline > by || l.faults != nil {
		l.readBy(by) // else wait moves it on as it passes
	}
	n, err := l.conn.Write(x.Request)
	if err != nil {
		err = &writeError{n, err}
	} else {
		err = l.wait(x)
	}
	x.Done = l.clock.Now()
	if bad, is := errors.AsType[*writeError](err); is {
		l.Close()
		return bad.of(x)
	}
	l.used = x.Done
	answered := err == nil
	l.recent.add(hash(&x.Key), answered)
	if l.each || (!answered && !errors.Is(err, ErrTimeout)) {
		l.Close()
	}
	return err
}

// wait reads until the answer comes. Answers to earlier requests are counted
// and passed over. What is no known request's answer is taken for this one's,
// and fails the terminal's checks: nothing else is in flight on this line.
func (l *Line) wait(x *Exchange) error {
	for {
		body, err := l.reader.Next()
		if err != nil {
			_, unwritten := errors.AsType[*writeError](err)
			switch {
			case unwritten:
				return err
			case l.stop.Err() != nil:
				return ErrStopped
			case errors.Is(err, errNeverComes):
				return ErrTimeout
			case !errors.Is(err, os.ErrDeadlineExceeded):
				return fmt.Errorf("%w: %w", ErrBroken, err)
			case l.deadline >= x.Sent+x.Timeout:
				return ErrTimeout
			}
			l.readBy(x.Sent + x.Timeout) // it was an earlier exchange's
			continue
		}
		if x.Answer == nil {
			x.Answer = l.dialect.Acquire()
		}
		if x.Unreadable = x.Answer.Read(body); x.Unreadable != nil {
			return nil
		}
		key := x.Answer.Key()
		if key == x.Key && x.Answer.IsAnswer() {
			return nil
		}
		switch l.recent.find(hash(&key)) {
		case wasAnswered:
			x.Duplicate++
		case wasGivenUp:
			x.Late++
		default:
			if !x.Answer.IsAnswer() {
				x.Unmatched++ // a request from the host: not ours
				continue
			}
			return nil
		}
	}
}

// readBy sets the time at which a read gives up. Doing so for each exchange
// would cost a microsecond each: it is set when it is near, for several at once.
func (l *Line) readBy(deadline time.Duration) {
	l.deadline = deadline
	l.conn.SetReadDeadline(l.clock.At(deadline))
}

// writeError says how much of a request was written, and what went wrong then.
type writeError struct {
	written int
	err     error
}

func (e *writeError) Error() string { return e.err.Error() }

// of is what that means for an exchange.
func (e *writeError) of(x *Exchange) error {
	if e.written == 0 {
		return fmt.Errorf("%w: %w", ErrUnsent, e.err)
	}
	return fmt.Errorf("%w: %d of %d octets written: %w", ErrBroken, e.written, len(x.Request), e.err)
}

// hungUp reports whether the host has hung up since the last exchange.
func (l *Line) hungUp(x *Exchange) bool {
	ended, perhaps := l.stale.look()
	return ended || perhaps && !l.Leftovers(x, time.Millisecond)
}

// Leftovers reads what has come since the last exchange, without waiting
// longer than the given time, and counts it into x. It reports whether the line
// is up.
func (l *Line) Leftovers(x *Exchange, patience time.Duration) (up bool) {
	if l.conn == nil {
		return false
	}
	l.readBy(l.clock.Now() + patience)
	m := l.dialect.Acquire()
	defer m.Release()
	for {
		body, err := l.reader.Next()
		if err != nil {
			return errors.Is(err, os.ErrDeadlineExceeded)
		}
		if m.Read(body) != nil {
			x.Unmatched++
			continue
		}
		key := m.Key()
		switch l.recent.find(hash(&key)) {
		case wasAnswered:
			x.Duplicate++
		case wasGivenUp:
			x.Late++
		default:
			x.Unmatched++
		}
	}
}

func (l *Line) connect() error {
	if l.conn != nil {
		return nil
	}
	if l.stop.Err() != nil {
		return ErrStopped
	}
	conn, err := l.dialer.Dial(l.stop)
	if err != nil {
		return err
	}
	l.stale.watch(conn)
	if l.faults == nil {
		conn = newSocket(conn)
	} else {
		conn = &faultyConn{Conn: conn, faults: l.faults, reader: l.dialect.NewReader(conn), dialect: l.dialect, message: l.dialect.NewMessage()}
	}
	l.conn, l.reader, l.deadline = conn, l.dialect.NewReader(conn), 0
	l.release = context.AfterFunc(l.stop, func() { conn.Close() })
	return nil
}

// Close hangs up. The next exchange connects again.
func (l *Line) Close() error {
	if l.conn == nil {
		return nil
	}
	l.release()
	err := l.conn.Close()
	l.conn, l.reader, l.release = nil, nil, nil
	return err
}
