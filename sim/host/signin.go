package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// malfunction is the answer when the host cannot do its part.
const malfunction = "96"

// signIn gives the terminal fresh working keys and its batch number. The keys
// before them are void at once: a request still under way with them gets A0.
// A sign-in that comes a second time, before its keys were used, gets the same
// keys again, so that whichever answer the terminal hears is true.
func (h *Host) signIn(x *Exchange) {
	t := x.terminal
	trace, ok := digits(x.Request.Get(wire.Trace))
	if !ok {
		h.reply(x, formatError)
		return
	}
	mode := h.profile.SignIn
	if len(h.dialect.Form(dialect.SignIn).ManagementCodes) > 1 {
		mode = keys.KeyBlock(x.Request.Get(wire.ManagementCode))
	}
	if t.session == nil {
		t.session = &session{}
	}
	s := t.session
	if s.block == nil || s.signIn != trace || s.mode != mode {
		set, block, err := keys.Issue(t.entry.Master, mode)
		if err != nil {
			h.reply(x, malfunction)
			return
		}
		s.keys, s.block, s.signIn, s.mode = set, block, trace, mode
	}
	t.signedIn, t.rested = true, false
	h.reply(x, good)
	x.Answer.Set(wire.WorkingKeys, s.block)
	h.putBatch(x)
}

// putBatch says the current batch in the answer.
func (h *Host) putBatch(x *Exchange) {
	place := h.dialect.Place(wire.Batch)
	if place.Field > 0 && !x.Request.HasField(place.Field) {
		v := make([]byte, place.To)
		wire.PutUint(v, 0)
		x.Answer.SetField(place.Field, v)
	}
	x.Answer.SetUint(wire.Batch, uint64(x.terminal.batch)) // nothing where the request's is too short to hold it
}

// signOff ends the terminal's session and moves it on to the next batch; what
// is unsettled stays so. A batch that a settlement has just opened stays, too,
// and a sign-off that comes a second time changes nothing.
func (h *Host) signOff(x *Exchange) {
	t := x.terminal
	batch := t.batch
	if v := x.Request.Get(wire.Batch); v != nil {
		batch, _ = digits(v)
	}
	switch {
	case batch == t.batch && t.signedIn:
		if !t.rested {
			t.batch = nextBatch(t.batch)
		}
	case batch != t.batch && nextBatch(batch) != t.batch && batch != nextBatch(t.batch):
		h.reply(x, signInFirst)
		return
	}
	t.signedIn, t.rested = false, false
	if t.session != nil {
		t.session.keys, t.session.block = keys.Set{}, nil
	}
	h.reply(x, good)
}

// nextBatch counts 000001 to 999999 and round again.
func nextBatch(b uint32) uint32 {
	if b >= 999_999 {
		return 1
	}
	return b + 1
}
