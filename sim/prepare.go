package sim

import (
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/wire"
)

// Prepare makes the request of an order as Pay would, and does not send it: whoever
// spoils it sends it. Its trace number is used up. The message holds until the next
// exchange; seal makes MACs with the keys that it is under.
func (p *Player) Prepare(o *Order) (request *wire.Message, seal func(covered []byte) [8]byte, err error) {
	t := p.T
	f := t.Profile.Dialect.Form(o.Of)
	if err := t.refuses(o, f); err != nil {
		return nil, nil, err
	}
	if p.begin(t, f); p.keyless != nil {
		return nil, nil, p.keyless
	}
	if err := p.fill(t, f, o); err != nil {
		return nil, nil, err
	}
	if p.chipped && p.chip.Kind == chip.TC {
		return nil, nil, errors.New("its chip approves it off line")
	}
	packed := p.pack(f, &p.aside)
	if f.Carries(wire.Trace) {
		t.nextTrace()
	}
	if !packed {
		return nil, nil, p.aside.Why
	}
	key := t.keys.MAC
	return p.req, func(covered []byte) [8]byte {
		if key == nil {
			return [8]byte{}
		}
		return key.MAC(t.Profile.MAC, covered)
	}, nil
}

// Undo sends the reversal of a request that Prepare has made, until it is acknowledged
// or the terminal's tries are used up. The error says that it was not.
func (p *Player) Undo(o *Order, request *wire.Message) error {
	t := p.T
	if t.Owes() {
		p.settleDebt()
	}
	octets, err := request.Append(nil)
	if err != nil {
		return err
	}
	given := t.Failed
	t.Owed = Owed{Request: octets, Of: o.Of, Amount: o.Amount, Holder: o.Holder, Reason: t.Profile.Policy.ReversalReason}
	if p.settleDebt(); t.Owes() || t.Failed > given {
		return fmt.Errorf("its reversal is not acknowledged: %w", reasonOf(&p.aside))
	}
	return nil
}

// reasonOf is why an exchange was not approved, in an error always.
func reasonOf(r *Result) error {
	if why := r.Reason(); why != nil {
		return why
	}
	return errors.New(report.Open.String())
}
