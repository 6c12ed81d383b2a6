package line

// What a shared line hears.

import (
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

// read takes answers off the line until it ends.
func (s *Shared) read(conn *concentrator) {
	from := &arrivals{concentrator: conn, line: s}
	r := s.format.NewReader(from)
	if s.format.KeepAlive.Answer {
		r.Alive = func(keepAlive []byte) error {
			s.sendBack(conn, keepAlive)
			return nil
		}
	}
	from.reader = r
	m := s.format.Acquire()
	var now time.Duration // when what the buffer holds was read
	for {
		waited := !r.Buffered()
		if waited {
			s.wakeWriter() // what players sent meanwhile
		}
		body, err := r.Next()
		empty := r.Empty - from.before
		from.before = r.Empty
		if err != nil {
			s.mu.Lock()
			switch octets, announced := r.Begun(); {
			case conn.told:
			case len(s.open) == 0 && len(octets) > 0: // behind an answer: no length that can be, or no more of it
				s.strays.Left = true
				s.hasStrays.Store(true)
			case s.strays.half(octets, announced):
				s.hasStrays.Store(true)
			}
			s.fail(conn, broken(err))
			s.unlock()
			return
		}
		if waited {
			now = s.clock.Now()
		}
		if err := m.Read(body); err != nil || !m.IsAnswer() {
			why := notAnAnswer
			if err != nil {
				why = err.Error()
			}
			s.mu.Lock()
			empty -= conn.hear(now)
			var c *call
			if err != nil {
				c = s.unreadable(conn, body, err, now)
			}
			if c == nil {
				s.unmatched(conn, body, why, err, empty, now)
			} else {
				c.empty = empty
			}
			s.mu.Unlock()
			if c != nil {
				c.wake()
			}
			continue
		}
		key := m.Key()
		h := hash(&key)
		s.mu.Lock()
		empty -= conn.hear(now)
		c := s.open[h]
		switch {
		case c == nil:
			s.stray(conn, h, body)
		case now > c.deadline: // the sweeper has not been by yet
			s.end(h, c, ErrTimeout, now)
			s.stray(conn, h, body)
		default:
			m.Keep()
			c.answer, c.empty = m, empty
			m = s.format.Acquire()
			s.end(h, c, nil, now)
		}
		s.mu.Unlock()
		if c != nil {
			c.wake()
		}
	}
}

// sendBack has a keep-alive that came on a connection written with the next
// requests, or alone.
func (s *Shared) sendBack(conn *concentrator, keepAlive []byte) {
	s.mu.Lock()
	if s.conn == conn {
		s.out = append(s.out, keepAlive...)
		s.queued += int64(len(keepAlive))
	}
	s.mu.Unlock()
	s.wakeWriter()
}

// hear notes that a message came, and gives how many of the empty ones before it were told.
// The line's lock is held.
func (c *concentrator) hear(now time.Duration) (given int) {
	given = c.given
	c.heard, c.silent, c.empty, c.given = now, 0, 0, 0
	c.half, c.announced, c.begun, c.told = c.half[:0], 0, 0, false
	return given
}

// arrivals is what a shared line's reader reads from.
type arrivals struct {
	*concentrator
	reader *wire.Reader
	before int // frames without a message that have been accounted for
	line   *Shared
}

// Read keeps what has come of a message whose rest is waited for, so that it can
// be told if that never comes, and how many frames without one. Those that came while
// nobody waited for an answer keep the connection open, and are before none.
func (a *arrivals) Read(p []byte) (int, error) {
	octets, announced := a.reader.Begun()
	if some := announced > 0 || len(octets) > 0; some || a.begun > 0 || a.reader.Empty > a.before {
		a.line.mu.Lock()
		a.half, a.announced = append(a.half[:0], octets...), announced
		switch {
		case !some: // of an empty message
			a.begun = 0
		case a.begun == 0:
			a.begun = a.line.clock.Now()
		}
		if len(a.line.open) == 0 {
			a.before, a.given = a.reader.Empty, 0
		}
		a.empty = a.reader.Empty - a.before
		a.line.mu.Unlock()
	}
	return a.Conn.Read(p)
}

// stray counts an answer that nobody waits for. The lock is held.
func (s *Shared) stray(conn *concentrator, h uint64, body []byte) {
	e := s.history.find(h)
	if e == unknown {
		s.unmatched(conn, body, ofNone, nil, 0, 0)
		return
	}
	s.hasStrays.Store(true)
	s.strays.count(e, body)
}
