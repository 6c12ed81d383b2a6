package line

import (
	"math"
	"time"
)

// sweep gives up exchanges whose time has passed. It looks a hundred times a
// second: a timeout is noticed up to 10 ms late and recorded as late as it was.
func (s *Shared) sweep(conn *concentrator, gone <-chan struct{}) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-gone:
			return
		case <-s.stop.Done():
			s.mu.Lock()
			s.fail(conn, ErrStopped)
			s.unlock()
			return
		case <-tick.C:
		}
		s.mu.Lock()
		if now := s.clock.Now(); now >= s.first {
			s.expire(now)
		}
		if conn.until > 0 && s.clock.Now() > conn.until {
			conn.Close()
		}
		s.unlock()
	}
}

// expire gives up what is overdue, and finds out when to look again. A connection
// on which nothing at all was heard meanwhile, or that stands in the middle of a message, is
// not used any more. The lock is held.
func (s *Shared) expire(now time.Duration) {
	s.first = math.MaxInt64
	var late time.Duration
	for h, c := range s.open {
		if c.deadline <= now {
			s.end(h, c, ErrTimeout, now)
			s.failed = append(s.failed, c)
			if c.err != nil {
				c.empty = c.on.empty - c.on.given
			}
			if c.sent >= c.on.heard {
				c.on.silent++
			}
			if c.err != nil && !c.on.told && s.strays.half(c.on.half, c.on.announced) {
				c.on.told = true
				s.hasStrays.Store(true)
			}
			late = max(late, c.deadline-c.sent)
		} else {
			s.first = min(s.first, c.deadline)
		}
	}
	conn := s.conn
	if conn == nil {
		return
	}
	if late > 0 {
		conn.given = conn.empty
	}
	if conn.silent >= silence || late > 0 && conn.begun > 0 && now-conn.begun > overtaking {
		s.retire(conn, now, late)
	}
}

// retire takes a connection out of use. What was sent on it waits for its
// answer as long as ever, and late ones are still counted for as long again as
// the given time; what was not sent is on the next connection. The lock is held.
func (s *Shared) retire(conn *concentrator, now, late time.Duration) {
	s.conn, conn.until = nil, now
	s.silent = append(s.silent, conn)
	for h, c := range s.open {
		if c.on == conn && c.at < s.taken {
			conn.until = max(conn.until, c.deadline)
		} else if c.on == conn {
			s.untake(h, c, now)
		}
	}
	conn.until += late
	_ = conn.SetWriteDeadline(time.Now()) // a writer that it does not take octets of is free for the next one
}
