package host

import (
	"errors"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// session is what the host knows of a terminal's keys, from its first sign-in
// on.
type session struct {
	// What each payment touches stands first: the sessions of a fleet do not fit the
	// processor's cache.
	keys     keys.Set
	block    []byte // the key block of the last sign-in, while nothing has used its keys
	last     lastAnswer
	signedIn bool
	operator [2]byte // who signed in; zero where the network does not say

	mode    keys.KeyBlock
	trace   uint32    // of that sign-in
	cutOver uint32    // the day, MMDD, whose end it has told; 0 for none
	serial  *serial   // of keys that are derived; nil until the first
	before  *keys.Key // MAC key of the keys before these, if it was used
	doubt   *doubt    // that another machine is about with this terminal's number; nil for none

	signatures *signatures // nil until the first comes
}

// signIn gives the terminal fresh working keys and its batch number. The keys
// before them are void at once: a request still under way with them gets A0.
// A sign-in that comes a second time, before its keys were used, gets the same
// keys again, so that whichever answer the terminal hears is true.
func (h *Host) signIn(req *Request) {
	trace, ok := digits(req.Message.Get(wire.Trace))
	if !ok {
		h.reply(req, formatError)
		return
	}
	mode := h.profile.SignIn // empty where a sign-in brings no keys
	if mode != "" && len(h.dialect.Form(dialect.SignIn).ManagementCodes) > 1 {
		mode = keys.KeyBlock(req.Message.Get(wire.ManagementCode))
	}
	if req.session == nil {
		req.session = &session{}
		h.sessions[req.number] = req.session
	}
	s := req.session
	if s.doubt != nil && h.isClone(s, trace) {
		h.reply(req, noTerminal)
		return
	}
	if mode != "" && !h.issue(req, trace, mode) {
		h.reply(req, malfunction)
		return
	}
	s.signedIn = true
	copy(s.operator[:], req.Message.Get(wire.Operator))
	h.staff.SignedIn(req.number, string(s.operator[:]))
	req.withPeople = true
	req.terminal.SignIn()
	req.renewed = true
	h.reply(req, approved)
	if mode != "" {
		req.Answer.Set(wire.WorkingKeys, s.block)
	}
	h.putBatch(req)
}

// issue gives the session fresh working keys, those of before when the request comes again
// and nothing has used them.
func (h *Host) issue(req *Request, trace uint32, mode keys.KeyBlock) bool {
	s := req.session
	if s.block != nil && s.trace == trace && s.mode == mode {
		return true
	}
	set, block, err := keys.Issue(h.profile.HSM, h.books.Entry(req.number).Master, mode)
	if err != nil {
		if broken, is := errors.AsType[*keys.HSMError](err); is {
			h.log.add(notice{what: broken.Error()})
		}
		return false
	}
	if s.block == nil {
		s.before = s.keys.MAC
	}
	s.keys, s.block, s.trace, s.mode = set, block, trace, mode
	return true
}

// changeKeys gives a session that is open fresh working keys.
func (h *Host) changeKeys(req *Request) {
	trace, ok := digits(req.Message.Get(wire.Trace))
	s := req.session
	switch {
	case !ok:
		h.reply(req, formatError)
	case s == nil || !s.signedIn:
		h.reply(req, signInFirst)
	case h.profile.SignIn == "":
		h.reply(req, invalid)
	case !h.issue(req, trace, h.profile.SignIn):
		h.reply(req, malfunction)
	default:
		req.renewed = true
		h.reply(req, approved)
		req.Answer.Set(wire.WorkingKeys, s.block)
		h.putBatch(req)
	}
}

// cutOver ends the day for the terminal: what it sends from now on is settled on the next.
func (h *Host) cutOver(req *Request) {
	if req.session == nil || !req.session.signedIn {
		h.reply(req, signInFirst)
		return
	}
	req.session.cutOver = uint32(req.now.mmdd)
	req.renewed = true
	h.reply(req, approved)
	req.Answer.SetUint(wire.SettlementDate, uint64(h.settlementDate(req)))
}

// settlementDate is the day, MMDD, on which what is answered now is settled: today, or the
// day after when the terminal's day has been ended.
func (h *Host) settlementDate(req *Request) uint32 {
	if s := req.session; s != nil && s.cutOver != 0 && s.cutOver == uint32(req.now.mmdd) {
		return uint32(stampOf(req.now.unix + 24*60*60).mmdd)
	}
	return uint32(req.now.mmdd)
}

// putBatch says the current batch in the answer.
func (h *Host) putBatch(req *Request) {
	place := h.dialect.Place(wire.Batch)
	if place.Field > 0 && !req.Message.HasField(place.Field) {
		v := make([]byte, place.To)
		wire.PutUint(v, 0)
		req.Answer.SetField(place.Field, v)
	}
	req.Answer.SetUint(wire.Batch, uint64(req.terminal.Batch)) // nothing where the request's is too short to hold it
}

// signOff ends the terminal's session and, as the book has it, its batch.
func (h *Host) signOff(req *Request) {
	batch := req.terminal.Batch
	if v := req.Message.Get(wire.Batch); v != nil {
		batch, _ = digits(v)
	}
	s := req.session
	if !req.terminal.SignOff(batch, s != nil && s.signedIn) {
		h.reply(req, signInFirst)
		return
	}
	if s != nil {
		s.keys, s.block, s.signedIn = keys.Set{}, nil, false
		req.renewed = true
	}
	h.reply(req, approved)
}
