package host

import (
	"crypto/rand"
	"fmt"

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
		mode = keys.Mode(x.Request.Get(wire.ManagementCode))
	}
	if t.session == nil {
		t.session = &session{}
	}
	s := t.session
	if s.block == nil || s.signIn != trace || s.mode != mode {
		set, block, err := issue(t.entry.Master, mode)
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

// issue makes working keys for one terminal and the block that carries them.
func issue(master []byte, mode keys.Mode) (set keys.Set, block []byte, err error) {
	pin, mac, track := 16, 8, 0
	schedule := keys.New
	switch mode {
	case keys.Single:
		pin = 8
	case keys.Double:
	case keys.Track:
		track = 16
	case keys.SM4:
		mac, schedule = 16, keys.NewSM4
	case keys.SM4Track:
		mac, track, schedule = 16, 16, keys.NewSM4
	default:
		return set, nil, fmt.Errorf("sign-in mode %q is not known", string(mode))
	}
	under, err := schedule(master)
	if err != nil {
		return set, nil, fmt.Errorf("master key: %w", err)
	}
	octets := make([]byte, pin+mac+track)
	defer clear(octets)
	if _, err := rand.Read(octets); err != nil {
		return set, nil, fmt.Errorf("working keys: %w", err)
	}
	pik, mak, tdk := octets[:pin], octets[pin:pin+mac], octets[pin+mac:]
	if block, err = keys.Wrap(under, mode, pik, mak, tdk); err != nil {
		return set, nil, err
	}
	set, err = keys.Unwrap(under, mode, block)
	return set, block, err
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
