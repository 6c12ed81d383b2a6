package host

import (
	"sync"
	"time"

	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// Status is what a terminal last told of its parts.
type Status struct {
	Told   device.Parts // of which it told
	Broken device.Parts // of them, in which one does not work
	At     time.Time
	Ticket string // under which service looks after what is broken; empty for nothing broken
}

// statuses are the last ones of terminals, by TID.
type statuses struct {
	mu   sync.Mutex
	last map[string]Status
}

// Status gives what the terminal of a TID last told of its parts; false when it has
// told nothing.
func (h *Host) Status(tid string) (Status, bool) {
	h.statuses.mu.Lock()
	defer h.statuses.mu.Unlock()
	s, ok := h.statuses.last[tid]
	return s, ok
}

// statusUpload keeps what a terminal tells of its parts. While the same ones are
// broken the number of the service ticket stays the same, which the answer brings.
func (h *Host) statusUpload(req *Request) {
	told, broken, err := h.dialect.ReadStatus(req.Message.Get(wire.TerminalStatus))
	if err != nil {
		h.reply(req, formatError)
		return
	}
	tid := h.books.Entry(req.number).TID
	s := Status{Told: told, Broken: broken, At: req.arrived}
	h.statuses.mu.Lock()
	if was := h.statuses.last[tid]; broken != device.None && was.Broken == broken {
		s.Ticket = was.Ticket
	} else if broken != device.None {
		s.Ticket = ticket(req.now, req.serial)
	}
	if h.statuses.last == nil {
		h.statuses.last = map[string]Status{}
	}
	h.statuses.last[tid] = s
	h.statuses.mu.Unlock()
	h.noteAll(&req.notes, statusTold, keptStatus{tid, s})
	h.reply(req, approved)
	if s.Ticket != "" {
		req.Answer.SetString(wire.TerminalStatus, s.Ticket)
	}
}

// forgetStatus loses what a terminal has told.
func forgetStatus(h *Host, req *Request) {
	if req.Known && req.Transaction == dialect.StatusUpload {
		h.statuses.mu.Lock()
		delete(h.statuses.last, h.profile.Terminals[req.number].TID)
		h.statuses.mu.Unlock()
	}
}

// ticket is the number of a service ticket: the date, MMDD, and six digits that count
// up.
func ticket(now *stamp, serial uint64) string {
	var v [10]byte
	wire.PutUint(v[:4], uint64(now.mmdd))
	wire.PutUint(v[4:], serial%1_000_000)
	return string(v[:])
}

// keptStatus is a status as data keep it.
type keptStatus struct {
	TID string
	Status
}

func (h *Host) restoreStatus(s keptStatus) error {
	if h.statuses.last == nil {
		h.statuses.last = map[string]Status{}
	}
	h.statuses.last[s.TID] = s.Status
	return nil
}
