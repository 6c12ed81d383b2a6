package line

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"runtime/debug"
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
	dialer *Dialer
	format *wire.Format
	clock  *Clock
	stop   context.Context

	mu        sync.Mutex
	conn      *concentrator    // nil when there is none to send on
	silent    []*concentrator  // given up, but answers to what was sent on them may still come
	open      map[uint64]*call // by the hash of the key
	first     time.Duration    // no open call has an earlier deadline
	out       []byte           // requests waiting to be written
	queued    int64            // octets of requests ever put into out
	taken     int64            // of them those that are written, or may have been
	spare     []byte           // the other buffer, to gather in while one is written
	writing   bool
	unwritten chan struct{} // has the writer look whether something waits
	failed    []*call       // to be woken when the lock is given back
	history   history
	sought    int // unreadable messages whose requests were looked for
	strays    Strays
	hasStrays atomic.Bool // some are not handed over yet
	running   sync.WaitGroup

	// Panicked is told of a panic of the line's goroutines; without it, that ends the
	// process. Set before first use.
	Panicked func(value any, stack []byte)
}

// concentrator is one connection of a shared line.
type concentrator struct {
	net.Conn
	heard  time.Duration // when a message came last
	silent int           // exchanges given up for which nothing was heard all the time
	empty  int           // frames without a message that have come since a message did
	given  int           // of them those that exchanges were told of which were given up
	until  time.Duration // when the last answer may come of one that was given up; 0 for one in use

	half      []byte        // what has come of a message that is not whole yet, when it took more than one read
	announced int           // the octets that it should have; see [wire.Reader.Begun]
	begun     time.Duration // when its first octets had come; 0 for nothing
	told      bool          // it was told
}

// call is one exchange waiting on a shared line. It is made once for each
// player and used again.
type call struct {
	answer   *wire.Message // for the player to release; nil when none came
	err      error
	on       *concentrator
	at       int64 // of the octets queued, its request's first
	sent     time.Duration
	deadline time.Duration
	done     time.Duration // when the last octet was read, or it was given up
	of       *Exchange
	unread   *Strays // what seems to be meant for it and is not its answer; nil for nothing

	doubtful   *Unread // is its answer unless another comes by the deadline; nil for nothing
	unreadable error   // an [Unread] when the answer is one
	empty      int     // frames without a message that came right before the answer, or before it was given up

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
		history: history{answered: ring{most: 1 << 10}, givenUp: ring{most: 1 << 14}, cut: ring{most: 1 << 12}}}
}

// Exchange implements Link.
func (s *Shared) Exchange(x *Exchange) error {
	if x.call == nil {
		x.call = &call{ready: make(chan struct{}, 1)}
	}
	err := s.exchange(x)
	if err == errNotTaken { // the line ended before any octet of it left, so it may be sent
		if err = s.exchange(x); err == errNotTaken {
			err = errLineBroke
		}
	}
	return err
}

var (
	errNotTaken  = errors.New("request not taken") // a connection ended before the request's turn came
	errLineBroke = fmt.Errorf("%w: the line broke before its turn came", ErrUnsent)
	errStillOpen = fmt.Errorf("%w: a request with the same pairing fields is still open on this line", ErrUnsent)
)

// exchange waits with as little on the stack as can be: ten thousand of them do not
// fit the processor's cache.
func (s *Shared) exchange(x *Exchange) error {
	c := x.call
	s.mu.Lock()
	h := hash(&x.Key)
	if s.conn == nil || s.open[h] != nil || len(s.open) == 0 && s.conn.begun > 0 {
		if err := s.ready(x, h); err != nil {
			s.mu.Unlock()
			return err
		}
	}
	x.Sent = s.clock.Now()
	c.err, c.on, c.at, c.sent, c.deadline, c.of = nil, s.conn, s.queued, x.Sent, x.Sent+x.Timeout, x
	if len(s.open) == 0 || c.deadline < s.first {
		s.first = c.deadline
	}
	s.open[h] = c
	s.out = append(s.out, x.Request...)
	s.queued += int64(len(x.Request))
	if c.coroutine != nil {
		s.mu.Unlock() // whoever resumed the player has it written
	} else {
		s.flush()
	}
	c.wait()
	x.Done, x.Answer, c.answer = c.done, c.answer, nil
	if c.unreadable != nil {
		x.Unreadable, c.unreadable = c.unreadable, nil
	}
	if c.unread != nil {
		x.Strays.add(*c.unread)
		x.Met, c.unread = true, nil
	}
	if s.hasStrays.Load() {
		s.handOver(x)
	}
	if c.empty > 0 {
		x.Empty, x.Met, c.empty = c.empty, true, 0
	}
	return c.err
}

// ready connects where there is no connection, and complains of a request that
// answers could not be told from another's by. One that stands in the middle of a message
// while nobody waits is not used any more: its rest would come before the answer. The lock is
// held.
func (s *Shared) ready(x *Exchange, h uint64) error {
	if s.conn != nil && len(s.open) == 0 && s.conn.begun > 0 {
		x.Left, x.Met, s.conn.told = true, true, true
		s.retire(s.conn, s.clock.Now(), 0)
	}
	if s.conn == nil {
		x.Began = s.clock.Now()
		if err := s.connect(); err != nil {
			x.Sent = s.clock.Now()
			x.Done = x.Sent
			return fmt.Errorf("%w: %w", ErrUnsent, err)
		}
	}
	if s.open[h] != nil {
		x.Sent = s.clock.Now()
		x.Done = x.Sent
		return errStillOpen
	}
	return nil
}

// handOver gives an exchange what the line has met since the last one took it.
func (s *Shared) handOver(x *Exchange) {
	s.mu.Lock()
	x.Strays.add(s.met())
	s.mu.Unlock()
	x.Met = x.Met || x.any()
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
		s.taken += int64(len(out))
		s.mu.Unlock()
		n, err := conn.Write(out)
		s.mu.Lock()
		s.spare = out[:0]
		if err != nil {
			if s.conn == conn {
				s.taken -= int64(len(out) - n)
			}
			s.fail(conn, broken(err))
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
	dialed, err := s.dialer.Dial(s.stop)
	if err != nil {
		return unreachable(err)
	}
	conn := &concentrator{Conn: dialed, heard: s.clock.Now()}
	s.conn, s.out, s.taken = conn, s.out[:0], s.queued
	gone := make(chan struct{})
	s.start(func() {
		s.read(conn)
		close(gone)
	})
	s.start(func() { s.sweep(conn, gone) })
	s.start(func() { s.write(gone) })
	return nil
}

// start starts one of the line's goroutines.
func (s *Shared) start(do func()) {
	s.running.Go(func() {
		defer func() {
			if s.Panicked == nil {
				return
			}
			if value := recover(); value != nil {
				s.Panicked(value, debug.Stack())
			}
		}()
		do()
	})
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

// end takes an exchange off the table and remembers how it ended: without another
// answer with the one that cannot be read. The lock is held; the caller tells the player.
func (s *Shared) end(h uint64, c *call, err error, at time.Duration) {
	delete(s.open, h)
	s.history.add(h, endingOf(err)) // the answer may come yet
	switch {
	case c.doubtful == nil:
	case err != nil && err != ErrStopped:
		c.unreadable, err, at, c.answer = c.doubtful, nil, c.done, s.format.Acquire()
	default:
		if c.unread == nil {
			c.unread = new(Strays)
		}
		c.unread.doubt(c.doubtful)
	}
	c.doubtful = nil
	c.err, c.done = err, at
}

// untake takes an exchange off the table of which no octet has left. The lock is
// held.
func (s *Shared) untake(h uint64, c *call, now time.Duration) {
	delete(s.open, h)
	c.err, c.done, c.doubtful = errNotTaken, now, nil
	s.failed = append(s.failed, c)
}

// fail drops a connection and ends the exchanges that are open on it with err.
// The lock is held.
func (s *Shared) fail(conn *concentrator, err error) {
	conn.Close()
	if s.conn == conn {
		s.conn = nil
	}
	s.silent = slices.DeleteFunc(s.silent, func(c *concentrator) bool { return c == conn })
	now := s.clock.Now()
	for h, c := range s.open {
		switch {
		case c.on != conn:
		case c.at >= s.taken && err != ErrStopped && err != ErrBroken: // ours, which nothing is sent after
			s.untake(h, c, now)
		default:
			s.end(h, c, err, now)
			s.failed = append(s.failed, c)
		}
	}
}

// Close hangs up; open exchanges end as broken.
func (s *Shared) Close() error {
	s.mu.Lock()
	defer s.unlock()
	if s.conn != nil {
		s.fail(s.conn, ErrBroken)
	}
	for len(s.silent) > 0 {
		s.fail(s.silent[0], ErrBroken)
	}
	return nil
}

// Wait waits for the line's goroutines; Close comes first.
func (s *Shared) Wait() { s.running.Wait() }

// met gives what the line has met since it was last asked. The lock is held.
func (s *Shared) met() Strays {
	met := s.strays
	s.strays = Strays{}
	s.hasStrays.Store(false)
	return met
}

// Leftovers hands over, when no more is sent, the counts of answers that nobody waited for, and
// whether octets are left.
func (s *Shared) Leftovers() Strays {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.conn; c != nil && c.begun > 0 && !c.told && len(s.open) == 0 {
		s.strays.Left, c.told = true, true
	}
	return s.met()
}
