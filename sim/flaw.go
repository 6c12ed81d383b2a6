package sim

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// Flaw is what a request is wrong in on purpose, for a host that must refuse it.
type Flaw uint8

const (
	NoFlaw           Flaw = iota
	WithoutMAC            // it carries none
	ZeroMAC               // its MAC is all zeros
	ChangedAmount         // the amount is one more than when its MAC was made
	OctetsAfterEnd        // four octets follow the last field, which no MAC covers
	OtherCurrency         // it names another currency than the network's
	UsedSerial            // its key serial number is that of the request before, and so are its keys
	PINOfAnotherCard      // the PIN is enciphered for another card number
)

// Flaw has the next request that a step asks for be wrong.
func (p *Player) Flaw(f Flaw) { p.leave().flaw = f }

// SpoilKeys has the next working keys that come differ from their check values in a bit.
func (p *Player) SpoilKeys() { p.leave().misKeyed = true }

// KeysSpoilt reports whether the exchange that has just ended brought such keys.
func (p *Player) KeysSpoilt() bool { return p.ruined }

// spoilKeys does so, and reports whether the answer had keys.
func (p *Player) spoilKeys(f *dialect.Form) bool {
	v := p.ans.Get(wire.WorkingKeys)
	if f.Transaction != dialect.SignIn && f.Transaction != dialect.KeyChange || len(v) == 0 {
		return false
	}
	v[len(v)-1] ^= 1 // the check value stands last, or the MAC of a key block
	p.left.misKeyed = false
	return true
}

// Flawed reports whether the exchange that has just ended had a request that was made
// wrong.
func (p *Player) Flawed() bool { return p.flawed }

// flawedExchange is exchange for a request that is made wrong.
func (p *Player) flawedExchange(f *dialect.Form) *Result {
	flaw := p.left.flaw
	p.left.flaw = NoFlaw
	r := &p.Last
	if flaw == OtherCurrency {
		p.req.SetString(wire.Currency, "978")
		if p.T.Profile.Dialect.Currency == "978" {
			p.req.SetString(wire.Currency, "840")
		}
	}
	if !p.pack(f, r) {
		return r
	}
	if err := p.bend(flaw); err != nil {
		r.Outcome, r.Why = report.Unsent, fmt.Errorf("request: %w", err)
		return r
	}
	p.flawed = true
	defer func() { p.flawed = false }()
	begun := p.due
	if p.due = -1; begun < 0 {
		begun = p.Clock.Now()
	}
	p.send(f, r, begun)
	p.sent = p.sent || r.Outcome != report.Unsent
	return r
}

// bend makes the request that has been packed wrong.
func (p *Player) bend(flaw Flaw) (err error) {
	m := p.req
	_, mac := m.MACSpan()
	mac = bytes.Clone(mac)
	switch flaw {
	case WithoutMAC:
		m.UnsetField(m.MACField())
		mac = nil
	case ZeroMAC:
		clear(mac)
	case ChangedAmount:
		m.SetUint(wire.Amount, m.Uint(wire.Amount)+1)
	case OctetsAfterEnd:
		format := m.Format()
		found, err := format.Find(p.frame)
		if err != nil {
			return err
		}
		p.frame, err = format.Frame(nil, append(bytes.Clone(found.Message), 0xDE, 0xAD, 0xBE, 0xEF), false)
		return err
	default:
		return nil
	}
	if p.frame, err = wire.AppendFrame(p.frame[:0], m); err != nil {
		return err
	}
	if len(mac) == 8 {
		m.SetMAC([8]byte(mac))
		return p.T.Profile.Dialect.Amend(p.frame)
	}
	return nil
}

// cardOfPIN is the card number that a PIN is enciphered for: that of the card in hand, or
// of another one where the request is to be wrong in that.
func (p *Player) cardOfPIN() []byte {
	if p.left.flaw != PINOfAnotherCard {
		return p.pan
	}
	other := bytes.Clone(p.pan)
	for _, at := range []int{len(other) - 13, len(other) - 4} { // under a digit of the PIN, and under the filler of a block
		if at >= 0 {
			other[at] = '0' + (other[at]-'0'+1)%10
		}
	}
	return other
}

// Misfit is in what a reversal does not fit the payment whose trace it has, or whose it
// has not.
type Misfit uint8

const (
	MisfitAmount Misfit = iota // one more
	MisfitCard                 // another number; of payments whose reversal names the card
	MisfitTrace                // that of no payment
)

// ErrNoCard says that the reversal of the latest payment names no card.
var ErrNoCard = errors.New("the reversal of this payment names no card, so it cannot name another one")

// ReverseWrongly sends a reversal of the payment that has just been approved which does not
// fit it. What it comes to is p.Last; the terminal owes nothing for it.
func (p *Player) ReverseWrongly(in Misfit) error {
	t := p.T
	f := t.Profile.Dialect.Form(dialect.Reversal)
	switch {
	case f == nil:
		return fmt.Errorf("dialect %s has no reversal", t.Profile.Dialect.Name)
	case !p.Last.Approved() || !p.Last.Of.Reversible() || t.Owes() || uint32(p.req.Uint(wire.Trace)) != p.Last.Trace:
		return fmt.Errorf("%w: no payment has just been approved", ErrRefusedLocally)
	}
	if p.orig == nil {
		p.orig = t.Profile.Dialect.NewMessage()
	}
	request, err := p.req.Append(nil)
	if err == nil {
		err = p.orig.Read(request)
	}
	if err != nil {
		return err
	}
	switch in {
	case MisfitAmount:
		p.orig.SetUint(wire.Amount, p.orig.Uint(wire.Amount)+1)
	case MisfitTrace:
		p.orig.SetUint(wire.Trace, 1+(uint64(t.Trace)+dialect.MaxNumber/2)%dialect.MaxNumber) // which the terminal will not come to
	case MisfitCard:
		pan := bytes.Clone(p.orig.Get(wire.PAN))
		if len(pan) < 4 || !f.Carries(wire.PAN) {
			return ErrNoCard
		}
		pan[len(pan)-4] = '0' + (pan[len(pan)-4]-'0'+1)%10
		p.orig.Set(wire.PAN, pan)
	}
	t.Owed = Owed{Of: p.Last.Of, Amount: p.Last.Amount, Reason: t.Profile.Policy.ReversalReason}
	p.chipped = false
	p.reversal(f)
	p.holder = nil
	p.flawed = true
	p.exchange(f)
	p.flawed = false
	t.Owed = Owed{}
	if errors.Is(p.Last.Why, line.ErrStopped) {
		return p.Last.Why
	}
	t.Display = show(&p.Last)
	return nil
}
