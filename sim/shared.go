package sim

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

// Shared is one line that many terminals use at once, as a concentrator's:
// many exchanges in flight, answers paired by key in whatever order they come.
// Requests that meet are written together, so that the system calls do not
// grow with the number of terminals.
type Shared struct {
	dialer  *Dialer
	dialect *wire.Dialect
	clock   *Clock
	stop    context.Context

	mu                         sync.Mutex
	conn                       net.Conn
	open                       map[wire.Key]*call
	out                        []byte // requests waiting to be written
	spare                      []byte
	writing                    bool
	recent                     [1024]wire.Key // answered
	givenUp                    []wire.Key     // the last mostGivenUpShared
	nextUp                     int
	next                       int
	late, duplicate, unmatched int         // met since they were last handed to an exchange
	strays                     atomic.Bool // any of the three is not zero
	done                       sync.WaitGroup
}

// call is one exchange waiting on a shared line. It is made once for each
// player and used again.
type call struct {
	answer   *wire.Message // the player's until an answer comes, then that
	err      error
	deadline time.Duration
	done     time.Duration // when the last octet was read, or it was given up
	ready    chan struct{}
}

// NewShared makes a shared line; it connects when first used. Its goroutines
// end when stop is done or it is closed; Wait waits for them.
func NewShared(stop context.Context, d *Dialer, dialect *wire.Dialect, clock *Clock) *Shared {
	return &Shared{dialer: d, dialect: dialect, clock: clock, stop: stop, open: map[wire.Key]*call{}}
}

// Exchange implements Link.
func (s *Shared) Exchange(x *Exchange) error {
	if x.call == nil {
		x.call = &call{ready: make(chan struct{}, 1)}
	}
	c := x.call
	s.mu.Lock()
	if s.conn == nil {
		if err := s.connect(); err != nil {
			s.mu.Unlock()
			x.Sent = s.clock.Now()
			x.Done = x.Sent
			return fmt.Errorf("%w: %w", ErrUnsent, err)
		}
	}
	if _, twice := s.open[x.Key]; twice {
		s.mu.Unlock()
		x.Sent = s.clock.Now()
		x.Done = x.Sent
		return fmt.Errorf("%w: a request with the same pairing fields is still open on this line", ErrUnsent)
	}
	x.Sent = s.clock.Now()
	c.err, c.deadline, c.answer = nil, x.Sent+x.Timeout, x.Answer
	s.open[x.Key] = c
	s.out = append(s.out, x.Request...)
	s.flush()
	<-c.ready
	x.Done, x.Answer = c.done, c.answer
	if s.strays.Load() {
		late, duplicate, unmatched := s.Leftovers()
		x.Late, x.Duplicate, x.Unmatched = x.Late+late, x.Duplicate+duplicate, x.Unmatched+unmatched
	}
	return c.err
}

// flush writes what waits, unless another goroutine is at it, which then
// writes this too. Called with the lock held; gives it back.
func (s *Shared) flush() {
	if s.writing {
		s.mu.Unlock()
		return
	}
	s.writing = true
	// Whoever else is about to send may add to this write: on a busy machine
	// hundreds do, on an idle one this is no wait at all.
	s.mu.Unlock()
	runtime.Gosched()
	s.mu.Lock()
	for len(s.out) > 0 && s.conn != nil {
		out, conn := s.out, s.conn
		s.out, s.spare = s.spare[:0], nil
		s.mu.Unlock()
		_, err := conn.Write(out)
		s.mu.Lock()
		s.spare = out[:0]
		if err != nil && s.conn == conn {
			s.fail(fmt.Errorf("%w: %w", ErrBroken, err))
		}
	}
	s.writing = false
	s.mu.Unlock()
}

// connect dials and starts the reader and the sweeper. The lock is held:
// nobody can send before there is a line.
func (s *Shared) connect() error {
	if s.stop.Err() != nil {
		return ErrStopped
	}
	conn, err := s.dialer.Dial(s.stop)
	if err != nil {
		return err
	}
	s.conn, s.out = conn, s.out[:0]
	gone := make(chan struct{})
	s.done.Go(func() {
		s.read(conn)
		close(gone)
	})
	s.done.Go(func() { s.sweep(conn, gone) })
	return nil
}

// read takes answers off the line until it ends.
func (s *Shared) read(conn net.Conn) {
	r := wire.NewReader(conn, s.dialect)
	m := wire.NewMessage(s.dialect)
	for {
		body, err := r.Next()
		if err != nil {
			s.mu.Lock()
			if s.conn == conn {
				s.fail(fmt.Errorf("%w: %w", ErrBroken, err))
			}
			s.mu.Unlock()
			return
		}
		if m.Read(body) != nil || !m.IsAnswer() {
			s.mu.Lock()
			s.unmatched++
			s.strays.Store(true)
			s.mu.Unlock()
			continue
		}
		key, now := m.Key(), s.clock.Now()
		s.mu.Lock()
		c := s.open[key]
		if c == nil {
			s.count(&key)
			s.mu.Unlock()
			continue
		}
		if now > c.deadline { // the sweeper has not been by yet
			c.err, c.done = ErrTimeout, now
			s.end(&key, wasGivenUp)
			s.count(&key)
			s.mu.Unlock()
			c.ready <- struct{}{}
			continue
		}
		s.end(&key, wasAnswered)
		s.mu.Unlock()
		m.Keep()
		c.done, c.answer, m = now, m, c.answer // the player's message is read into next
		c.ready <- struct{}{}
	}
}

// sweep gives up exchanges whose time has passed. It looks a hundred times a
// second: a timeout is noticed up to 10 ms late and recorded as late as it was.
func (s *Shared) sweep(conn net.Conn, gone <-chan struct{}) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-gone:
			return
		case <-s.stop.Done():
			s.mu.Lock()
			if s.conn == conn {
				s.fail(ErrStopped)
			}
			s.mu.Unlock()
			return
		case <-tick.C:
		}
		now := s.clock.Now()
		s.mu.Lock()
		for key, c := range s.open {
			if c.deadline <= now {
				c.err, c.done = ErrTimeout, now
				s.end(&key, wasGivenUp)
				c.ready <- struct{}{}
			}
		}
		s.mu.Unlock()
	}
}

// mostGivenUpShared is how many requests without an answer a shared line
// remembers, to know their late answers.
const mostGivenUpShared = 1 << 14

// end takes an exchange off the table and remembers how it ended.
func (s *Shared) end(key *wire.Key, f fate) {
	delete(s.open, *key)
	switch {
	case f == wasAnswered:
		s.recent[s.next%len(s.recent)] = *key
		s.next++
	case len(s.givenUp) < mostGivenUpShared:
		s.givenUp = append(s.givenUp, *key)
	default:
		s.givenUp[s.nextUp%mostGivenUpShared] = *key
		s.nextUp++
	}
}

// count classes an answer that nobody waits for.
func (s *Shared) count(key *wire.Key) {
	s.strays.Store(true)
	switch {
	case slices.Contains(s.givenUp, *key):
		s.late++
	case slices.Contains(s.recent[:], *key):
		s.duplicate++
	default:
		s.unmatched++
	}
}

// fail ends every open exchange with err and drops the connection.
func (s *Shared) fail(err error) {
	s.conn.Close()
	s.conn = nil
	now := s.clock.Now()
	for key, c := range s.open {
		c.err, c.done = err, now
		s.end(&key, wasGivenUp)
		c.ready <- struct{}{}
	}
}

// Close hangs up; open exchanges end as broken.
func (s *Shared) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		s.fail(ErrBroken)
	}
	return nil
}

// Wait waits for the line's goroutines; Close comes first.
func (s *Shared) Wait() { s.done.Wait() }

// Leftovers hands over the counts of answers that nobody waited for.
func (s *Shared) Leftovers() (late, duplicate, unmatched int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	late, duplicate, unmatched = s.late, s.duplicate, s.unmatched
	s.late, s.duplicate, s.unmatched = 0, 0, 0
	s.strays.Store(false)
	return
}
