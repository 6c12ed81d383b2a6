package host

import (
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/merchant"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// Two machines with the number and the master key of one terminal take each other's
// working keys away: each one's sign-in makes the other's void. To the host a line means
// nothing (a terminal may have one, a new one for each exchange, or share some), so it goes
// by keys. A terminal forgets old keys when it gets new ones; a request under old keys, after
// the new ones have been used, was delayed on the way, or another machine sent it. It
// counts against the terminal once for each pair of sign-ins, and is no proof alone. Twice
// within cloneWithin, with other traces, and at least once with a trace that comes after the
// sign-in's, which one machine would have sent under the new keys: that is two machines.
// The later one is then answered 97, by its keys, and at sign-ins by its traces, which
// follow its own and not the other's.

// doubt is what speaks for two machines.
type doubt struct {
	since  time.Time
	under  *keys.Key // that the latest such request was sealed with
	trace  uint32    // of it
	after  bool      // one had a trace after the sign-in's
	proven bool
	later  uint32 // latest trace of the later machine, once proven
}

const (
	cloneWithin = 10 * time.Minute
	// cloneNear is how far a machine's next trace may be from its last one.
	cloneNear = 1000
)

// unsealed is the verdict on a request whose MAC is wrong under the terminal's keys.
func (h *Host) unsealed(req *Request) verdict {
	s := req.session
	covered, mac := req.Message.MACSpan()
	if h.bugs&cloneAccepted != 0 || mac == nil || s.before == nil || s.block != nil || req.Known && req.Transaction == dialect.Reversal ||
		!s.before.CheckMAC(h.profile.MAC, covered, mac) {
		return badMAC
	}
	after := ahead(req.trace, s.trace) < dialect.MaxNumber/2
	d := s.doubt
	switch {
	case d != nil && d.proven:
		d.later = req.trace
		return noTerminal
	case d == nil || req.arrived.Sub(d.since) > cloneWithin:
		s.doubt = &doubt{since: req.arrived, under: s.before, trace: req.trace, after: after}
		return badMAC
	case d.under == s.before || d.trace == req.trace:
		return badMAC
	}
	d.under, d.trace, d.after = s.before, req.trace, d.after || after
	if !d.after {
		return badMAC
	}
	d.proven, d.later = true, req.trace
	tid := string(req.Message.Get(wire.TerminalID))
	h.merchants.Alert(merchant.Event{What: "terminal-cloned", MID: string(req.Message.Get(wire.MerchantID)), TID: tid,
		English: "two machines trade under one number: the later one is turned away", Chinese: "同一终端号两台终端同时在线，疑似克隆，拒绝后上线者"})
	return noTerminal
}

// isClone reports whether a sign-in is of the later of two machines.
func (h *Host) isClone(s *session, trace uint32) bool {
	d := s.doubt
	if !d.proven || ahead(trace, d.later) > cloneNear || ahead(trace, d.later) >= ahead(trace, s.trace) {
		return false
	}
	d.later = trace
	return true
}

// ahead is how many steps a trace is after another one; they go round.
func ahead(trace, of uint32) uint32 { return (trace + dialect.MaxNumber - of) % dialect.MaxNumber }
