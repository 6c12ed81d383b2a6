package line

import (
	"bytes"
	"slices"
	"time"
)

// mostSought is how many requests a shared line reads to find those that messages may be
// meant for which answer none: enough to say what is wrong with them where all are alike, and
// not so many that a host which answers nothing aright slows the line down. Among few they
// are always looked for: how their exchanges end is the same however many ended so before.
const (
	mostSought = 1 << 14
	few        = 16
)

// meant is the open exchange of a connection whose answer octets seem to be that cannot be
// read, or answer none, by the fields before what is wrong; nil for none. What pairs an
// answer with its request is the same but for one thing, be it the message type; of what
// cannot be read it may be past the fault, and then it is for the only one that is open, of
// its message class or at all.
// The lock is held.
func (s *Shared) meant(conn *concentrator, octets []byte) *call {
	if len(s.format.Pair) == 0 || s.sought >= mostSought && len(s.open) > few {
		return nil
	}
	s.sought += 1 + len(s.open)
	m, request := s.format.Acquire(), s.format.Acquire()
	defer m.Release()
	defer request.Release()
	_, bad := m.ReadPart(octets)
	key := m.Key()
	if bad != nil && s.history.find(hash(&key)) != unknown { // of an earlier request
		return nil
	}
	first, others := s.format.Pair[0], s.format.Pair[1:]
	var found, only, last *call
	most, open, all := 0, 0, 0
	for _, c := range s.open {
		at, err := s.format.Find(c.of.Request)
		if c.on != conn || c.at >= s.taken || c.doubtful != nil || bad == nil && c.unread != nil || err != nil || request.Read(at.Message) != nil {
			continue
		}
		class := m.MTI()[:2] == request.MTI()[:2]
		if class {
			only = c
			open++
		}
		last = c
		all++
		same := func(f int) bool { return m.HasField(f) && bytes.Equal(m.Field(f), request.Field(f)) }
		rest := len(others) > 0 && !slices.ContainsFunc(others, func(f int) bool { return !same(f) })
		alike := 0
		switch {
		case class && (rest || same(first) || !m.HasField(first)) || rest && same(first):
			for f := range m.Fields {
				if bytes.Equal(request.Field(f), m.Field(f)) {
					alike++
				}
			}
		case bad == nil:
			continue
		}
		for _, f := range s.format.Pair { // behind what is wrong
			if v := request.Field(f); bad != nil && len(v) > 0 && bytes.Contains(octets, v) {
				alike += 128
			}
		}
		switch {
		case alike > most:
			found, most = c, alike
		case alike == most && bad != nil: // it may be of either
			found = nil
		}
	}
	switch {
	case found != nil || bad == nil:
		return found
	case open == 1:
		return only
	case all == 1:
		return last
	}
	return nil
}

// unmatched counts a message that is of no request, for a reason: as come for the one that
// it may be meant for. One that cannot be read, for err, is its answer when no other comes
// soon. The lock is held.
func (s *Shared) unmatched(conn *concentrator, octets []byte, why string, err error, empty int, now time.Duration) {
	if c := s.meant(conn, octets); c != nil {
		kept := bytes.Clone(octets)
		if err == nil {
			c.unread = &Strays{Unmatched: 1, Kept: []Stray{{Octets: kept, Why: why, Meant: true}}}
			return
		}
		c.doubtful, c.done, c.empty = &Unread{kept, err, true}, now, empty
		c.deadline = min(c.deadline, now+overtaking)
		s.first = min(s.first, c.deadline)
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
	c.answer, c.unreadable = m, &Unread{Octets: bytes.Clone(octets), Err: err}
	s.end(h, c, nil, now)
	return c
}
