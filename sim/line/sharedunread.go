package line

import (
	"bytes"
	"time"
)

// mostSought is how many requests a shared line reads to find those that messages may be
// meant for which answer none: enough to say what is wrong with them where all are alike, and
// not so many that a host which answers nothing aright slows the line down.
const mostSought = 1 << 14

// meant is the open exchange of a connection whose answer octets seem to be that cannot be
// read, or answer none, by the fields before what is wrong; nil for none. The lock is held.
func (s *Shared) meant(conn *concentrator, octets []byte) *call {
	if s.sought >= mostSought || len(s.format.Pair) == 0 {
		return nil
	}
	s.sought += 1 + len(s.open)
	m, request := s.format.Acquire(), s.format.Acquire()
	defer m.Release()
	defer request.Release()
	m.ReadPart(octets)
	first := s.format.Pair[0]
	var found *call
	most := 0
	for _, c := range s.open {
		at, err := s.format.Find(c.of.Request)
		if c.on != conn || c.unread != nil || err != nil || request.Read(at.Message) != nil || m.MTI()[:2] != request.MTI()[:2] ||
			m.HasField(first) && !bytes.Equal(m.Field(first), request.Field(first)) {
			continue
		}
		alike := 0
		for f := range m.Fields {
			if bytes.Equal(request.Field(f), m.Field(f)) {
				alike++
			}
		}
		if alike > most {
			found, most = c, alike
		}
	}
	return found
}

// unmatched counts a message that is of no request, for a reason: as come for the one that
// it may be meant for. The lock is held.
func (s *Shared) unmatched(conn *concentrator, octets []byte, why string) {
	if c := s.meant(conn, octets); c != nil {
		c.unread = &Strays{Unmatched: 1, Kept: []Stray{{Octets: bytes.Clone(octets), Why: why, Meant: true}}}
		return
	}
	s.strays.unmatched(octets, why)
	s.hasStrays.Store(true)
}

// unreadable ends the exchange whose answer octets are that cannot be read, by the fields
// before what is wrong, as on an own line; nil where none is open that they pair with. The
// lock is held.
func (s *Shared) unreadable(conn *concentrator, octets []byte, err error, now time.Duration) *call {
	m := s.format.Acquire()
	m.ReadPart(octets)
	key := m.Key()
	h := hash(&key)
	c := s.open[h]
	if c == nil || c.on != conn || now > c.deadline || !m.IsAnswer() {
		m.Release()
		return nil
	}
	m.Reset()
	c.answer, c.unreadable = m, &Unread{bytes.Clone(octets), err}
	s.end(h, c, nil, now)
	return c
}
