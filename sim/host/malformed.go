package host

import (
	"errors"
	"sync"

	"github.com/posfleet/posfleet/sim/wire"
)

// ErrFell is what Serve ends with when the host was told to fall over, and did.
var ErrFell = errors.New("the host fell over what was malformed, as its misbehaviour says")

// unreadable answers a message that cannot be read: 30, or as the host misbehaves.
func (h *Host) unreadable(req *Request, dst, frame []byte) ([]byte, bool) {
	switch {
	case h.breaks(fallOver):
		h.fall()
		return dst, false
	case h.breaks(hangOver):
		h.stuck.Store(true)
		return dst, false
	case h.breaks(approveMalformed):
		mti := req.Message.MTI()
		req.Message.ReadPart(frame) // what can be read comes back
		req.Message.SetMTI(mti)
		return h.pack(req, dst, approved)
	}
	return h.pack(req, dst, formatError)
}

// malformer spoils answers to payments, each in another way.
type malformer struct {
	sync.Mutex
	defects []wire.Defect // made of the first
	next    int
}

// spoil gives the frame of an answer that has been packed and sealed, malformed; the
// frame as it was where that cannot be.
func (s *malformer) spoil(m *wire.Message, frame []byte, seal func([]byte) [8]byte) []byte {
	s.Lock()
	defer s.Unlock()
	if s.defects == nil {
		s.defects = m.Defects(1)
	}
	for range s.defects {
		d := &s.defects[s.next%len(s.defects)]
		s.next++
		if out, err := m.Spoil(d, seal); err == nil {
			return out
		}
	}
	return frame
}

// Malformed is in what way the latest answer was malformed; again reports whether that
// has come round to what has been before.
func (h *Host) Malformed() (d wire.Defect, again bool) {
	s := &h.malformer
	s.Lock()
	defer s.Unlock()
	if s.next == 0 {
		return d, false
	}
	return s.defects[(s.next-1)%len(s.defects)], s.next > len(s.defects)
}
