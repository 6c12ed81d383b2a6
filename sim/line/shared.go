package line

import (
	"context"
	"fmt"
	"math"
	"net"
	"runtime"
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
	dialer *Dialer
	format *wire.Format
	clock  *Clock
	stop   context.Context

	mu        sync.Mutex
	conn      net.Conn
	open      map[uint64]*call // by the hash of the key
	first     time.Duration    // no open call has an earlier deadline
	out       []byte           // requests waiting to be written
	spare     []byte           // the other buffer, to gather in while one is written
	writing   bool
	unwritten chan struct{} // has the writer look whether something waits
	failed    []*call       // to be woken when the lock is given back
	history   history
	strays    Strays
	hasStrays atomic.Bool // some are not handed over yet
	running   sync.WaitGroup
}

// call is one exchange waiting on a shared line. It is made once for each
// player and used again.
type call struct {
	answer   *wire.Message // for the player to release; nil when none came
	err      error
	deadline time.Duration
	done     time.Duration // when the last octet was read, or it was given up

	ready     chan struct{}
	coroutine *coroutine // that the player is; nil when it has a goroutine
}

// wait waits until the exchange has ended.
func (c *call) wait() {
	if c.coroutine != nil {
		c.coroutine.pause()
	} else {
		<-c.ready
	}
}

// wake tells the player that it has. No lock is held: a coroutine goes on here
// and now.
func (c *call) wake() {
	if c.coroutine != nil {
		c.coroutine.resume()
	} else {
		c.ready <- struct{}{}
	}
}

// NewShared makes a shared line for messages of format f; it connects when first
// used. Its goroutines end when stop is done or it is closed; Wait waits for them.
func NewShared(stop context.Context, d *Dialer, f *wire.Format, clock *Clock) *Shared {
	return &Shared{dialer: d, format: f, clock: clock, stop: stop, open: map[uint64]*call{}, unwritten: make(chan struct{}, 1),
		history: history{answered: ring{most: 1 << 10}, givenUp: ring{most: 1 << 14}}}
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
	if c.coroutine != nil {
		s.mu.Unlock() // whoever resumed the player has it written
	} else {
		s.flush()
	}
	c.wait()
	x.Done, x.Answer, c.answer = c.done, c.answer, nil
	if s.hasStrays.Load() {
		x.Strays.add(s.Leftovers())
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
	s.unlock()
}

// unlock gives the lock back and wakes the players of exchanges that failed.
func (s *Shared) unlock() {
	failed := s.failed
	s.failed = nil
	s.mu.Unlock()
	for _, c := range failed {
		c.wake()
	}
	if len(failed) > 0 {
		s.wakeWriter()
	}
}

// wakeWriter has what waits written, by the writer: a reader that wrote itself
// would wait for a host that waits for it to read.
func (s *Shared) wakeWriter() {
	select {
	case s.unwritten <- struct{}{}:
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
	s.running.Go(func() {
		s.read(conn)
		close(gone)
	})
	s.running.Go(func() { s.sweep(conn, gone) })
	s.running.Go(func() { s.write(gone) })
	return nil
}

// write writes what waits, whenever it is woken, until the reader has gone.
func (s *Shared) write(gone <-chan struct{}) {
	for {
		select {
		case <-s.unwritten:
			s.mu.Lock()
			s.flush()
		case <-gone:
			s.wakeWriter() // for the next writer, if there is one already
			return
		}
	}
}

// read takes answers off the line until it ends.
func (s *Shared) read(conn net.Conn) {
	r := s.format.NewReader(conn)
	m := s.format.Acquire()
	var now time.Duration // when what the buffer holds was read
	for {
		waited := !r.Buffered()
		if waited {
			s.wakeWriter() // what players sent meanwhile
		}
		body, err := r.Next()
		if err != nil {
			s.mu.Lock()
			if s.conn == conn {
				s.fail(fmt.Errorf("%w: %w", ErrBroken, err))
			}
			s.unlock()
			return
		}
		if waited {
			now = s.clock.Now()
		}
		if m.Read(body) != nil || !m.IsAnswer() {
			s.mu.Lock()
			s.stray(unknown)
			s.mu.Unlock()
			continue
		}
		key := m.Key()
		h := hash(&key)
		s.mu.Lock()
		c := s.open[h]
		switch {
		case c == nil:
			s.stray(s.history.find(h))
		case now > c.deadline: // the sweeper has not been by yet
			s.end(h, c, ErrTimeout, now)
			s.stray(s.history.find(h))
		default:
			m.Keep()
			c.answer = m
			m = s.format.Acquire()
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
			s.unlock()
			return
		case <-tick.C:
		}
		s.mu.Lock()
		if now := s.clock.Now(); now >= s.first {
			s.expire(now)
		}
		s.unlock()
	}
}

// expire gives up what is overdue, and finds out when to look again. The lock
// is held.
func (s *Shared) expire(now time.Duration) {
	s.first = math.MaxInt64
	for h, c := range s.open {
		if c.deadline <= now {
			s.end(h, c, ErrTimeout, now)
			s.failed = append(s.failed, c)
		} else {
			s.first = min(s.first, c.deadline)
		}
	}
}

// end takes an exchange off the table and remembers how it ended. The lock is
// held; the caller tells the player.
func (s *Shared) end(h uint64, c *call, err error, at time.Duration) {
	delete(s.open, h)
	s.history.add(h, err == nil)
	c.err, c.done = err, at
}

// stray counts an answer that nobody waits for. The lock is held.
func (s *Shared) stray(was ending) {
	s.hasStrays.Store(true)
	s.strays.count(was)
}

// fail ends every open exchange with err and drops the connection. The lock is
// held.
func (s *Shared) fail(err error) {
	s.conn.Close()
	s.conn = nil
	now := s.clock.Now()
	for h, c := range s.open {
		s.end(h, c, err, now)
		s.failed = append(s.failed, c)
	}
}

// Close hangs up; open exchanges end as broken.
func (s *Shared) Close() error {
	s.mu.Lock()
	defer s.unlock()
	if s.conn != nil {
		s.fail(ErrBroken)
	}
	return nil
}

// Wait waits for the line's goroutines; Close comes first.
func (s *Shared) Wait() { s.running.Wait() }

// Leftovers hands over the counts of answers that nobody waited for.
func (s *Shared) Leftovers() Strays {
	s.mu.Lock()
	defer s.mu.Unlock()
	met := s.strays
	s.strays = Strays{}
	s.hasStrays.Store(false)
	return met
}
