package line

import "bytes"

// mostSought is for how many messages that answer no request a shared line looks for one
// that they may be meant for: enough to say what is wrong with them, where all are alike.
const mostSought = 8

// meant is the open exchange of a connection whose answer octets seem to be that cannot be
// read, or answer none, by the fields before what is wrong; nil for none. The lock is held.
func (s *Shared) meant(conn *concentrator, octets []byte) *call {
	if s.sought >= mostSought || len(s.format.Pair) == 0 {
		return nil
	}
	s.sought++
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
		c.unread = &Strays{Meant: true}
		c.unread.unmatched(octets, why)
		return
	}
	s.strays.unmatched(octets, why)
	s.hasStrays.Store(true)
}
