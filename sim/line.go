package sim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

// Line is a terminal's own line: one exchange in flight. It connects when it
// is first used and again after the line broke or the host hung up between two
// exchanges; with each set, for every exchange. One goroutine uses it at a time.
type Line struct {
	dialer  *Dialer
	dialect *wire.Dialect
	clock   *Clock
	stop    context.Context
	each    bool
	faults  *Faults

	conn    net.Conn
	release func() bool // no longer hang up when stop is done
	reader  *wire.Reader
	stale   stale
	used    time.Duration // when the last exchange was done
	recent  recent
}

// restful is how long a line must have been at rest before it is worth a system
// call to see whether the host has hung up.
const restful = 100 * time.Microsecond

// NewLine makes an own line; it connects when first used. Its exchanges end
// with ErrStopped when stop is done. faults may be nil.
func NewLine(stop context.Context, d *Dialer, dialect *wire.Dialect, clock *Clock, each bool, faults *Faults) *Line {
	return &Line{dialer: d, dialect: dialect, clock: clock, stop: stop, each: each, faults: faults,
		recent: recent{answered: ring{most: 4}, givenUp: ring{most: 64}}}
}

// Exchange implements Link.
func (l *Line) Exchange(x *Exchange) error {
	if l.conn != nil && l.clock.Now()-l.used > restful && l.hungUp(x) {
		l.Close()
	}
	if err := l.connect(); err != nil {
		x.Sent = l.clock.Now()
		x.Done = x.Sent
		return fmt.Errorf("%w: %w", ErrUnsent, err)
	}
	x.Sent = l.clock.Now()
	l.conn.SetReadDeadline(l.clock.At(x.Sent + x.Timeout))
	if n, err := l.conn.Write(x.Request); err != nil {
		x.Done = l.clock.Now()
		l.Close()
		if n == 0 {
			return fmt.Errorf("%w: %w", ErrUnsent, err)
		}
		return fmt.Errorf("%w: %d of %d octets written: %w", ErrBroken, n, len(x.Request), err)
	}
	err := l.wait(x)
	x.Done = l.clock.Now()
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
			switch {
			case l.stop.Err() != nil:
				return ErrStopped
			case errors.Is(err, os.ErrDeadlineExceeded):
				return ErrTimeout
			}
			return fmt.Errorf("%w: %w", ErrBroken, err)
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
	l.conn.SetReadDeadline(time.Now().Add(patience))
	for {
		body, err := l.reader.Next()
		if err != nil {
			return errors.Is(err, os.ErrDeadlineExceeded)
		}
		if x.Answer.Read(body) != nil {
			x.Unmatched++
			continue
		}
		key := x.Answer.Key()
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
	if l.faults != nil {
		conn = &faultyConn{Conn: conn, faults: l.faults, reader: wire.NewReader(conn, l.dialect), dialect: l.dialect, message: wire.NewMessage(l.dialect)}
	}
	l.conn, l.reader = conn, wire.NewReader(conn, l.dialect)
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
