package line

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

// Own is a terminal's own line: one exchange in flight. It connects when it is
// first used and again after the line broke, fell silent or the host hung up
// between two exchanges. One goroutine uses it at a time.
type Own struct {
	Each   bool    // hang up after each exchange, so that the next one connects again
	Faults *Faults // what the line does wrong; nil for a line that does not. Set before first use
	// Patience is how long to listen for a further answer after each; 0 for not at all,
	// where what is there already is met in time all the same.
	Patience  time.Duration
	Emulation *Emulation // of a slower line; nil for the line as it is. Set before first use

	dialer *Dialer
	format *wire.Format
	clock  *Clock
	stop   context.Context

	conn     net.Conn
	unwatch  func() bool // no longer hang up when stop is done
	reader   *wire.Reader
	deadline time.Duration // at which a read gives up
	peek     peek
	used     time.Duration // when the last exchange was done
	carried  int           // exchanges that the connection has carried
	silent   int           // of them the last ones, since octets came
	single   int           // connections in a row that the host ended after one exchange
	ended    bool          // the host has ended one soon after an exchange, be it not the first
	lost     bool          // the host has ended one that had carried others instead of answering
	history  history
	answer   []byte // the latest, a view
}

// silence is after how many unanswered exchanges in a row, with nothing else
// heard meanwhile, a connection is given up: a firewall that has forgotten it
// drops what is sent without a word.
const silence = 2

// hangsUp is after how many connections in a row that ended after one exchange
// a line hangs up itself, before the host can while the next request is on its
// way.
const hangsUp = 2

// peekAfter is how long a line must have been unused before it is worth a system
// call to see whether the host has hung up.
const peekAfter = 100 * time.Microsecond

// overtaking is how long a connection that is to be hung up is kept for the host to
// answer the second copy of a request that the line doubled, and how long an answer may
// still come when a message came that cannot be read and may be it.
const overtaking = 100 * time.Millisecond

// NewOwn makes an own line for messages of format f; it connects when first used.
// Its exchanges end with ErrStopped when stop is done.
func NewOwn(stop context.Context, d *Dialer, f *wire.Format, clock *Clock) *Own {
	return &Own{dialer: d, format: f, clock: clock, stop: stop,
		history: history{answered: ring{most: 4}, givenUp: ring{most: 64}, cut: ring{most: 4}}}
}

// Another is a line of the same kind to the same host, with faults of its own.
func (l *Own) Another(faults *Faults) *Own {
	o := NewOwn(l.stop, l.dialer, l.format, l.clock)
	o.Each, o.Patience, o.Faults = l.Each, l.Patience, faults
	return o
}

// Exchange implements Link.
func (l *Own) Exchange(x *Exchange) error {
	err := l.exchange(x)
	x.Met = x.Empty > 0 || x.any()
	return err
}

func (l *Own) exchange(x *Exchange) error {
	if l.Faults != nil {
		if err := l.outage(); err != nil {
			x.Sent = l.clock.Now()
			x.Done = x.Sent
			return fmt.Errorf("%w: %w", ErrUnsent, err)
		}
	}
	if l.Emulation != nil {
		l.emulate(x)
	}
	err := l.send(x)
	if bad, is := errors.AsType[*writeError](err); is && bad.written == 0 && l.carried > 0 {
		l.endedByHost(x.Sent)
		l.Close() // the host hung up just now: nothing has left, so it may be sent
		err = l.send(x)
	}
	if x.Unreadable == nil { // else it is when that came
		x.Done = l.clock.Now()
	}
	if errors.Is(err, ErrUnsent) {
		x.Done = x.Sent
		return err
	}
	if bad, is := errors.AsType[*writeError](err); is {
		l.Close()
		return bad.of(x)
	}
	l.used = x.Done
	l.carried++
	answered := err == nil
	l.history.add(hash(&x.Key), x.ending(err))
	keep := answered || errors.Is(err, ErrTimeout)
	half := !answered && !l.peek.waits() && x.half(l.begun())
	if half {
		keep = false // its rest would come before the next answer
	}
	if !keep && !half && l.carried > 1 && endOfLine(err) {
		l.lost = true
	}
	switch {
	case l.carried > 1 && keep:
		l.single = 0
	case l.carried == 2 && !half && endOfLine(err):
		l.single++
	}
	left := answered && l.octetsLeft()
	hangUp := !keep || left || l.Each || l.dialer.HangsUp || l.single >= hangsUp || l.silent >= silence
	patience, further := max(l.Patience, time.Millisecond), 1
	twice := hangUp && l.doubled()
	if twice { // else the second copy would come to the host after what is sent next
		patience, further = max(patience, overtaking), 3
	}
	if answered && (l.Patience > 0 || twice || hangUp && l.heard()) {
		if x.Unreadable == nil {
			x.Answer.Read(bytes.Clone(l.answer)) // what it views is read over
		}
		l.readSome(&x.Strays, patience, further)
	}
	left = left || answered && l.octetsLeft()
	x.Left = x.Left || left
	if x.Unreadable != nil && l.hungUp(&x.Strays) { // while the answer was waited for
		l.endedByHost(x.Done)
		hangUp = true
	}
	if hangUp || left { // else the next answer would be read from there
		l.Close()
	}
	return err
}

// endedByHost takes down that the host has ended the connection by now, where it did so
// soon after the first exchange.
func (l *Own) endedByHost(now time.Duration) {
	if now-l.used < time.Second {
		l.ended = true
		if l.carried == 1 {
			l.single++
		}
	}
}

// HostEnded reports whether the host has ended a connection soon after an exchange, nothing
// being asked, since this was called last: the next request may meet that.
func (l *Own) HostEnded() bool {
	ended := l.ended
	l.ended = false
	return ended
}

// HostLost reports whether the host has ended a connection that had carried exchanges while
// a request was on its way there, since this was called last.
func (l *Own) HostLost() bool {
	lost := l.lost
	l.lost = false
	return lost
}

// HostHangsUp reports whether the line has learned that the host hangs up after each
// answer. It hangs up itself from then on.
func (l *Own) HostHangsUp() bool { return l.single >= hangsUp }

// endOfLine reports whether an error is how a read tells that the host has ended the
// connection: over TLS within a record, too, such as its word for it.
func endOfLine(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

// send connects where need be, writes the request and waits for the answer.
func (l *Own) send(x *Exchange) error {
	x.Sent = l.clock.Now()
	if l.conn != nil && l.history.find(hash(&x.Key)) != unknown && l.heard() { // what has come by now cannot answer what is sent now
		x.Began = x.Sent
		if !l.readStrays(&x.Strays, time.Millisecond) {
			l.Close()
		}
		x.Sent = l.clock.Now()
	}
	if l.conn == nil || x.Sent-l.used > peekAfter || l.carried == 1 || l.unread().Left() > 0 {
		if l.conn != nil && l.hungUp(&x.Strays) {
			l.endedByHost(x.Sent)
			l.Close()
		}
		if l.conn != nil && l.octetsLeft() { // their rest would come before the answer
			x.Left = true
			l.Close()
		}
		if (l.conn == nil || x.any()) && x.Began == 0 {
			x.Began = x.Sent
		}
		if l.conn == nil && l.Emulation != nil {
			l.connecting(x)
		}
		err := l.connect()
		x.Sent = l.clock.Now()
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnsent, err)
		}
		lookAfterWriting(l.conn)
	}
	if l.Emulation != nil {
		if err := l.goingUp(x); err != nil {
			return err
		}
	}
	if by := x.Sent + x.Timeout; l.deadline < by-x.Timeout/2 || l.deadline > by || l.Faults != nil {
		l.readBy(by) // else wait moves it on as it passes
	}
	if r := l.unread(); r.Left() > 0 { // empty messages behind the last answer are not before the next
		if err := r.SkipEmpty(); err != nil {
			return &writeError{0, bare(err)} // of a keep-alive
		}
	}
	if n, err := l.conn.Write(x.Request); err != nil {
		return &writeError{n, bare(err)}
	}
	err := l.wait(x)
	if l.Emulation != nil && err == nil && x.Unreadable == nil {
		err = l.comingDown(x)
	}
	return err
}

// wait reads until the answer comes. Answers to other requests, or to none, are
// counted and passed over. A message that cannot be read is the answer when it pairs as far
// as it was read, or when no other comes soon: the terminal's is the only request.
func (l *Own) wait(x *Exchange) error {
	var doubtful *Unread
	var before int // empty messages before that one
	by, heard := x.Sent+x.Timeout, time.Duration(0)
	empty := l.empty() // before the latest message
	for {
		body, err := l.reader.Next()
		x.Empty = l.empty() - empty
		if err != nil {
			_, unwritten := errors.AsType[*writeError](err)
			late := errors.Is(err, os.ErrDeadlineExceeded)
			switch {
			case unwritten:
				return err
			case l.stop.Err() != nil:
				return ErrStopped
			case errors.Is(err, errLost): // which what came before it is not
				x.doubt(doubtful)
				return ErrTimeout
			case doubtful != nil && !(late && l.deadline < by):
				x.Answer.Reset()
				x.Unreadable, x.Done, x.Empty = doubtful, heard, before
				doubtful.Guessed = true
				return nil
			case !late:
				return broken(err)
			case l.deadline >= by:
				l.silent++
				return ErrTimeout
			}
			l.readBy(by) // it was an earlier exchange's
			continue
		}
		l.silent = 0
		if x.Answer == nil {
			x.Answer = l.format.Acquire()
		}
		l.answer = body
		empty += x.Empty
		if err := x.Answer.Read(body); err != nil {
			unread := &Unread{Octets: bytes.Clone(body), Err: err}
			x.Answer.ReadPart(body)
			switch key := x.Answer.Key(); {
			case x.Answer.IsAnswer() && key == x.Key:
				x.Answer.Reset()
				x.Unreadable, x.Done = unread, l.clock.Now()
				x.doubt(doubtful)
				return nil
			case doubtful != nil || l.history.find(hash(&key)) != unknown: // or of an earlier request
				x.doubt(unread)
			default:
				doubtful, heard, before = unread, l.clock.Now(), x.Empty
				by = min(by, heard+overtaking)
				l.readBy(by)
			}
			continue
		}
		switch key := x.Answer.Key(); {
		case !x.Answer.IsAnswer():
			x.unmatched(body, notAnAnswer)
		case key == x.Key:
			x.doubt(doubtful)
			return nil
		default:
			x.count(l.history.find(hash(&key)), body)
		}
	}
}

// notAnAnswer is why a request of the host's own, or a reject, is a stray.
const notAnAnswer = "its message type is not that of an answer"

// doubled reports whether the latest request has been sent twice.
func (l *Own) doubled() bool {
	faulty, is := l.conn.(*faultyConn)
	return is && faulty.active && faulty.now == DoubleRequest
}

// readBy sets the time at which a read gives up. Doing so for each exchange
// would cost a microsecond each: it is set when it is near, for several at once.
func (l *Own) readBy(deadline time.Duration) {
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

// Leftovers counts the answers that have come since the last exchange. It waits
// for them no longer than the given time.
func (l *Own) Leftovers(patience time.Duration) Strays {
	var met Strays
	if l.conn != nil {
		l.readStrays(&met, patience)
	}
	return met
}

func (l *Own) connect() error {
	if l.conn != nil {
		return nil
	}
	if l.stop.Err() != nil {
		return ErrStopped
	}
	over := newSocket
	if l.Faults != nil {
		over = func(tcp net.Conn) net.Conn { return tcp }
	}
	dialed, err := l.dialer.dialOver(l.stop, over)
	if err != nil {
		return unreachable(err)
	}
	conn := dialed
	l.peek.watch(conn)
	var sendBack func(keepAlive []byte) error
	if l.format.KeepAlive.Answer {
		sendBack = func(keepAlive []byte) error {
			_, err := writeNow(dialed, keepAlive)
			return err
		}
	}
	if l.Faults == nil {
		deferWrites(conn)
	} else {
		conn = l.Faults.wrap(conn, l.format, sendBack)
	}
	l.conn, l.reader, l.deadline, l.carried, l.silent = conn, l.format.NewReader(conn), 0, 0, 0
	l.reader.Alive = sendBack
	l.unwatch = context.AfterFunc(l.stop, func() { hangUp(conn) })
	return nil
}

// Close hangs up. The next exchange connects again.
func (l *Own) Close() error {
	if l.conn == nil {
		return nil
	}
	l.unwatch()
	err := hangUp(l.conn)
	l.conn, l.reader, l.unwatch = nil, nil, nil
	return err
}
