package host

import (
	"bytes"
	"encoding/hex"

	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// serial is what the host knows of a terminal whose keys are derived.
type serial struct {
	ksn     []byte // with counter 0
	initial []byte
	counter uint32 // of the latest request that was under right keys
}

// derive makes the keys that a request is under out of its key serial number. It
// reports false where there are none: the number is another terminal's, has been used
// or is further on than the profile lets a terminal skip.
func (h *Host) derive(req *Request) bool {
	d, s := h.dialect.DUKPT, req.session
	if !h.derives(req.number, s) {
		return false
	}
	var room [12]byte
	ksn, ok := h.serialOf(req, &room)
	if !ok {
		h.log.add(notice{what: "key serial number missing, or of another length"})
		return false
	}
	counter := d.Counter(ksn)
	switch of := s.serial; {
	case !d.SameDevice(ksn, of.ksn):
		h.log.add(notice{what: "key serial number of another terminal"})
		return false
	case h.breaks(serialReplayed):
	case counter <= of.counter:
		h.log.add(notice{what: "key serial number that has been used before"})
		return false
	case of.counter > 0 && d.Skipped(of.counter, counter) > h.profile.DUKPT.MaxSkip:
		h.log.add(notice{what: "key serial number that skips more transactions than max-skip of the profile"})
		return false
	}
	if req.derived == nil {
		req.derived = new(keys.Derived)
	}
	if d.Derive(req.derived, s.serial.initial, ksn, h.profile.MAC) != nil {
		h.log.add(notice{what: "key serial number whose counter no terminal comes to"})
		return false
	}
	req.keys = req.derived.Set
	return true
}

// derives reports whether there are keys to derive those of a terminal from, which its
// session has from then on.
func (h *Host) derives(number int, s *session) bool {
	if s.serial != nil {
		return true
	}
	of := &serial{ksn: h.profile.Serial(h.books.Entry(number).TID)}
	var err error
	if of.initial, err = h.profile.Initial(of.ksn); err != nil {
		return false
	}
	s.serial = of
	return true
}

// answerKey is the key for the MAC of the answer.
func (h *Host) answerKey(req *Request) *keys.Key {
	if h.dialect.DUKPT == keys.NoDUKPT || req.keys.MAC == nil {
		return req.keys.MAC
	}
	return req.derived.Answer
}

// used notes that a request under derived keys has proven right.
func (h *Host) used(req *Request) {
	var room [12]byte
	if ksn, ok := h.serialOf(req, &room); ok {
		req.session.serial.counter = h.dialect.DUKPT.Counter(ksn)
		h.note(req, counterUsed, uint64(req.number), uint64(req.session.serial.counter))
	}
}

// serialOf reads a key serial number. One that is short is filled up with FF in front.
func (h *Host) serialOf(req *Request, room *[12]byte) ([]byte, bool) {
	v, n := req.Message.Get(wire.KeySerial), h.dialect.DUKPT.KSNLen()
	size := len(v)
	if h.dialect.SerialHex {
		v = bytes.TrimRight(v, " ")
		size = len(v) / 2
	}
	if size < n-2 || size > n || h.dialect.SerialHex && len(v)%2 != 0 {
		return nil, false
	}
	ksn := room[:n]
	for i := range n - size {
		ksn[i] = 0xFF
	}
	if !h.dialect.SerialHex {
		copy(ksn[n-size:], v)
		return ksn, true
	}
	_, err := hex.Decode(ksn[n-size:], v)
	return ksn, err == nil
}
