package sim

import (
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// tapLimits are amounts, in fen, that say what a terminal does with a card that is held
// against it; 0 for no limit.
type tapLimits struct {
	floor  int64 // above it a payment goes to the host, whatever the chip would do
	most   int64 // from it on the card is to be inserted
	verify int64 // from it on the cardholder is to be verified
}

// tapLimits are those of the terminal: of its policy and what it has downloaded, the
// stricter one each.
func (t *Terminal) tapLimits() tapLimits {
	policy := &t.Profile.Policy
	l := tapLimits{floor: policy.OfflineLimit}
	if policy.TapPINAbove > 0 {
		l.verify = policy.TapPINAbove + 1
	}
	if t.kept == nil || !t.kept.tapped.given {
		return l
	}
	k := &t.kept.tapped.tapLimits
	l.floor, l.most = min(l.floor, k.floor), k.most
	if l.verify == 0 || k.verify > 0 && k.verify < l.verify {
		l.verify = k.verify
	}
	return l
}

// tap is what a terminal does before it reads a card that is held against it: it finds by
// the amount whether it may, and whether the cardholder is to be verified, and the card says
// how. An order says that by its PIN.
func (p *Player) tap(o *Order) error {
	t, l := p.T, p.T.tapLimits()
	if l.most > 0 && o.Amount >= l.most {
		t.Display = "请插卡"
		return fmt.Errorf("%w: a card is tapped for less than %s %s", ErrRefusedLocally, report.FormatAmount(l.most, t.Profile.Dialect.Exponent), t.Profile.Dialect.Unit())
	}
	verify := t.verifies(l, o)
	if o.Holder == nil || !verify {
		return nil
	}
	c, err := o.Holder.Chip()
	if c == nil || err != nil {
		o.PIN = true // as most would
		return err
	}
	q, ok := c.Qualify(p.qualifiers(o))
	if !ok {
		t.Display = "请插卡"
		return fmt.Errorf("%w: terminal and card have no way in common to verify the cardholder", ErrRefusedLocally)
	}
	o.PIN = o.PIN || q.PIN()
	return nil
}

// verifies reports whether the cardholder is to be verified: from a limit on, or where a list
// says so of the card.
func (t *Terminal) verifies(l tapLimits, o *Order) bool {
	return l.verify > 0 && o.Amount >= l.verify || t.lists(noPINBlacklist, o.Holder)
}

// qualifiers are the terminal's for an order.
func (p *Player) qualifiers(o *Order) chip.TTQ {
	t, l := p.T, p.T.tapLimits()
	missing, _ := t.Kind.Lacks(nil, device.PINPad)
	f := t.Profile.Dialect.Form(o.Of)
	pin := missing == 0 && f != nil && f.Carries(wire.PINBlock)
	return chip.NewTTQ(pin, !p.mayStayOffline(o), t.verifies(l, o))
}

// mayTapOffline reports whether an amount is one that a tapped chip may approve by itself.
func (t *Terminal) mayTapOffline(o *Order) bool {
	l := t.tapLimits()
	return o.Of == dialect.Purchase && o.Entry == Tap && o.Bill == nil && o.Amount > 0 && o.Amount <= l.floor
}
