package host

import (
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/merchant"
	"github.com/posfleet/posfleet/sim/wire"
)

// Two machines with the number and the master key of one terminal take each other's
// working keys away: each one's sign-in makes the other's void. To the host a line means
// nothing (a terminal may have one, a new one for each exchange, or share some), so it goes
// by keys and traces. A terminal forgets old keys when it gets new ones; a request under the
// keys before, once the new ones have been used, was delayed on the way, or another machine
// sent it. One such request proves nothing. Two within cloneWithin do, when all four traces
// are as two machines count and one does not:
//
//   - the first machine, found without its keys, signs in with a trace that follows the one
//     it was found with;
//   - the later one, without its keys in turn, has a trace that follows its own sign-in;
//   - at least one of the two requests has a trace that comes after the sign-in that took
//     its keys: one machine would have had the new keys by then.
//
// The later one is answered 97 from then on: known by its keys, and at sign-ins by its
// traces, which follow its own and not the other's. A machine that counts in step with the
// other passes; better that than to turn away who is in the right.

// doubt is what speaks for two machines.
type doubt struct {
	since  time.Time
	trace  uint32 // of the request that began it, of the first machine
	signIn uint32 // trace of the sign-in that took its keys, of the later one
	proven bool
	later  uint32 // latest trace of the later machine, once proven
}

const (
	cloneWithin = 10 * time.Minute
	// How far a trace may be after another one that it follows: of a sign-in for want of
	// keys, and of a payment some time later.
	nextSignIn  = 100
	nextPayment = 1000
)

// unsealed is the verdict on a request whose MAC is wrong under the terminal's keys.
func (h *Host) unsealed(req *Request) verdict {
	s := req.session
	covered, mac := req.Message.MACSpan()
	if h.breaks(cloneAccepted) || mac == nil || s.before == nil || s.block != nil || req.Known && req.Transaction == dialect.Reversal ||
		!s.before.CheckMAC(h.profile.MAC, covered, mac) {
		return badMAC
	}
	d := s.doubt
	if d != nil && d.proven {
		d.later = req.trace
		return noTerminal
	}
	if d == nil || req.arrived.Sub(d.since) > cloneWithin || !d.isAnother(s.trace, req.trace) {
		s.doubt = &doubt{since: req.arrived, trace: req.trace, signIn: s.trace}
		return badMAC
	}
	d.proven, d.later = true, req.trace
	req.withPeople = true
	h.merchants.Alert(merchant.Event{What: "terminal-cloned", MID: string(req.Message.Get(wire.MerchantID)), TID: string(req.Message.Get(wire.TerminalID)),
		English: "two machines trade under one number: the later one is turned away", Chinese: "同一终端号两台终端同时在线，疑似克隆，拒绝后上线者"})
	return noTerminal
}

// isAnother reports whether a second request under old keys, after a sign-in, proves that
// there are two machines.
func (d *doubt) isAnother(signIn, trace uint32) bool {
	return ahead(signIn, d.trace) <= nextSignIn && ahead(trace, d.signIn) <= nextPayment && (after(d.trace, d.signIn) || after(trace, signIn))
}

// isClone reports whether a sign-in is of the later of two machines.
func (h *Host) isClone(s *session, trace uint32) bool {
	d := s.doubt
	if !d.proven || ahead(trace, d.later) > nextPayment || ahead(trace, d.later) >= ahead(trace, s.trace) {
		return false
	}
	d.later = trace
	return true
}

// after reports whether a trace comes after another one.
func after(trace, of uint32) bool {
	n := ahead(trace, of)
	return n > 0 && n < dialect.MaxNumber/2
}

// ahead is how many steps a trace is after another one; they go round.
func ahead(trace, of uint32) uint32 { return (trace + dialect.MaxNumber - of) % dialect.MaxNumber }
