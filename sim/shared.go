package sim

import (
	"context"
	"fmt"
	"math"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// Shared is one line that many terminals use at once, as a concentrator's:
// many exchanges in flight, answers paired by key in whatever order they come.
// Requests that meet are written together, so that the system calls do not
// grow with the number of terminals.
type Shared struct {
	dialer  *Dialer
	dialect *dialect.Dialect
	clock   *Clock
	stop    context.Context

	mu      sync.Mutex
	conn    net.Conn
	open    map[uint64]*call // by the hash of the key
	first   time.Duration    // no open call has an earlier deadline
	out     []byte           // requests waiting to be written
	spare   []byte
	writing bool
	kick    chan struct{} // has the writer look whether something waits
	ended   []*call       // whose players release tells
	recent  recent
	strays  strays
	any     atomic.Bool // any stray is not handed over yet
	done    sync.WaitGroup
}

// strays are answers that nobody waited for.
type strays struct{ late, duplicate, unmatched int }

// call is one exchange waiting on a shared line. It is made once for each
// player and used again.
type call struct {
	answer   *wire.Message // borrowed for the player; nil when none came
	err      error
	deadline time.Duration
	done     time.Duration // when the last octet was read, or it was given up

	ready         chan struct{}
	pause, resume func() // of a player without a goroutine (see woven); else nil
}

// wait waits until the exchange has ended.
func (c *call) wait() {
	if c.pause != nil {
		c.pause()
	} else {
		<-c.ready
	}
}

// wake tells the player that it has. No lock is held: a player without a
// goroutine goes on here and now.
func (c *call) wake() {
	if c.resume != nil {
		c.resume()
	} else {
		c.ready <- struct{}{}
	}
}

// NewShared makes a shared line; it connects when first used. Its goroutines
// end when stop is done or it is closed; Wait waits for them.
func NewShared(stop context.Context, d *Dialer, dialect *dialect.Dialect, clock *Clock) *Shared {
	return &Shared{dialer: d, dialect: dialect, clock: clock, stop: stop, open: map[uint64]*call{}, kick: make(chan struct{}, 1),
		recent: recent{answered: ring{most: 1 << 10}, givenUp: ring{most: 1 << 14}}}
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
	h := hash(&x.Key)
	if s.open[h] != nil {
		s.mu.Unlock()
		x.Sent = s.clock.Now()
		x.Done = x.Sent
		return fmt.Errorf("%w: a request with the same pairing fields is still open on this line", ErrUnsent)
	}
	x.Sent = s.clock.Now()
	c.err, c.deadline = nil, x.Sent+x.Timeout
	if len(s.open) == 0 || c.deadline < s.first {
		s.first = c.deadline
	}
	s.open[h] = c
	s.out = append(s.out, x.Request...)
	if c.pause != nil {
		s.mu.Unlock() // whoever resumed the player has it written
	} else {
		s.flush()
	}
	c.wait()
	x.Done, x.Answer, c.answer = c.done, c.answer, nil
	if s.any.Load() {
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
	s.release()
}

// release gives the lock back and tells the players of exchanges that failed.
func (s *Shared) release() {
	ended := s.ended
	s.ended = nil
	s.mu.Unlock()
	for _, c := range ended {
		c.wake()
	}
	if len(ended) > 0 {
		s.write()
	}
}

// write has what waits written, by the writer: a reader that wrote itself would
// wait for a host that waits for it to read.
func (s *Shared) write() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// connect dials and starts the reader, the writer and the sweeper. The lock is
// held: nobody can send before there is a line.
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
	s.done.Go(func() {
		for {
			select {
			case <-s.kick:
				s.mu.Lock()
				s.flush()
			case <-gone:
				s.write() // for the next writer, if there is one already
				return
			}
		}
	})
	return nil
}

// read takes answers off the line until it ends.
func (s *Shared) read(conn net.Conn) {
	r := s.dialect.NewReader(conn)
	m := s.dialect.Acquire()
	var now time.Duration // when what is at hand was read
	for {
		waited := !r.Buffered()
		if waited {
			s.write() // what players sent meanwhile
		}
		body, err := r.Next()
		if err != nil {
			s.mu.Lock()
			if s.conn == conn {
				s.fail(fmt.Errorf("%w: %w", ErrBroken, err))
			}
			s.release()
			return
		}
		if waited {
			now = s.clock.Now()
		}
		if m.Read(body) != nil || !m.IsAnswer() {
			s.mu.Lock()
			s.strays.unmatched++
			s.any.Store(true)
			s.mu.Unlock()
			continue
		}
		key := m.Key()
		h := hash(&key)
		s.mu.Lock()
		c := s.open[h]
		switch {
		case c == nil:
			s.count(h)
		case now > c.deadline: // the sweeper has not been by yet
			s.end(h, c, ErrTimeout, now)
			s.count(h)
		default:
			m.Keep()
			c.answer = m
			m = s.dialect.Acquire()
			s.end(h, c, nil, now)
		}
		s.mu.Unlock()
		if c != nil {
			c.wake()
		}
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
			s.release()
			return
		case <-tick.C:
		}
		s.mu.Lock()
		if now := s.clock.Now(); now >= s.first {
			s.expire(now)
		}
		s.release()
	}
}

// expire gives up what is overdue, and finds out when to look again. The lock
// is held.
func (s *Shared) expire(now time.Duration) {
	s.first = math.MaxInt64
	for h, c := range s.open {
		if c.deadline <= now {
			s.end(h, c, ErrTimeout, now)
			s.ended = append(s.ended, c)
		} else {
			s.first = min(s.first, c.deadline)
		}
	}
}

// end takes an exchange off the table and remembers how it ended. The lock is
// held; the caller tells the player.
func (s *Shared) end(h uint64, c *call, err error, at time.Duration) {
	delete(s.open, h)
	s.recent.add(h, err == nil)
	c.err, c.done = err, at
}

// count classes an answer that nobody waits for. The lock is held.
func (s *Shared) count(h uint64) {
	s.any.Store(true)
	switch s.recent.find(h) {
	case wasGivenUp:
		s.strays.late++
	case wasAnswered:
		s.strays.duplicate++
	default:
		s.strays.unmatched++
	}
}

// fail ends every open exchange with err and drops the connection. The lock is
// held.
func (s *Shared) fail(err error) {
	s.conn.Close()
	s.conn = nil
	now := s.clock.Now()
	for h, c := range s.open {
		s.end(h, c, err, now)
		s.ended = append(s.ended, c)
	}
}

// Close hangs up; open exchanges end as broken.
func (s *Shared) Close() error {
	s.mu.Lock()
	defer s.release()
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
	n := s.strays
	s.strays = strays{}
	s.any.Store(false)
	return n.late, n.duplicate, n.unmatched
}
