package sim

import (
	"errors"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// What follows is what no sound terminal does: requests that name another payment than the
// one that they are about. A host must not take them, and what they name must stand as it was.

// ReverseAs sends, once, a reversal of a request that was answered, as change leaves it. It
// gives how that ended, and what the terminal owes stays what it was.
func (p *Player) ReverseAs(request *wire.Message, change func(*wire.Message)) (Result, error) {
	t := p.T
	f, of := t.Profile.Dialect.Form(dialect.Reversal), p.T.Owed.Of
	if f == nil {
		return Result{}, errors.New("the network has no reversals")
	}
	owed := t.Owed
	defer func() { t.Owed = owed }()
	if known, is := t.Profile.Dialect.Classify(request); is {
		of = known
	}
	t.Owed = Owed{Of: of, Reason: t.Profile.Policy.ReversalReason}
	m := request.Clone()
	change(m)
	p.chipped, p.orig = false, m
	p.reversal(f)
	p.holder = nil
	r := *p.exchangeAside(f)
	t.Display = show(&r)
	return r, nil
}

// SendSlipAs sends the signature under the purchase that was approved just now, once, as one
// under the payment that change makes of it. The terminal keeps nothing of it.
func (p *Player) SendSlipAs(image []byte, change func(*Signed)) (Result, error) {
	s, err := p.signed(image)
	if err != nil {
		return Result{}, err
	}
	change(&s)
	r := p.uploadSignature(&s)
	if r.Outcome == report.Approved {
		s.State = Sent
	}
	p.unsigned = unsigned{}
	p.T.Display = show(&r)
	return r, nil
}

// UseTrace gives a trace number that the terminal uses for nothing else.
func (t *Terminal) UseTrace() uint32 {
	trace := t.Trace
	t.nextTrace()
	return trace
}
