package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

const (
	// A completion may come to this many percent of its pre-authorisation.
	completionPercent = 115
	// and this many days after it. Both from the CUP reconstruction.
	completionDays = 30
)

// preAuth holds the amount back.
func (h *Host) preAuth(x *Exchange) string {
	c := &h.ledger.cards[x.card]
	if c.of.Limit > 0 && x.amount > c.of.Limit {
		return overLimit
	}
	if !draw(&c.account, &h.ledger.holds, x.amount) {
		return poor
	}
	s := x.terminal.session
	x.auth = authCode(x.serial)
	x.entry.origin = int32(len(s.holds))
	s.holds = append(s.holds, hold{amount: x.amount, auth: x.auth, when: uint32(x.now.unix), card: x.card, open: true})
	return good
}

// heldBy finds the open pre-authorisation that the request names by its code
// (field 38), date (field 61) and card.
func (h *Host) heldBy(x *Exchange) (int32, string) {
	s := x.terminal.session
	auth, ok := digits(x.Request.Get(wire.AuthCode))
	if !ok {
		return 0, noOriginal
	}
	date, _ := digits(x.Request.Get(wire.OriginalDate))
	for i := len(s.holds) - 1; i >= 0; i-- {
		p := &s.holds[i]
		if p.auth != auth || !p.open || x.card >= 0 && x.card != p.card {
			continue
		}
		if date != 0 && date != stampOf(int64(p.when)).mmdd {
			continue
		}
		if x.now.unix-int64(p.when) > completionDays*secondsInDay {
			return 0, tooLate
		}
		x.entry.card, x.entry.origin = p.card, int32(i)
		return int32(i), pending
	}
	return 0, noOriginal
}

// preAuthVoid lets the held amount go.
func (h *Host) preAuthVoid(x *Exchange) string {
	i, code := h.heldBy(x)
	if code != pending {
		return code
	}
	p := &x.terminal.session.holds[i]
	if p.amount != x.amount {
		return mismatch
	}
	move(&h.ledger.holds, &h.ledger.cards[p.card].account, p.amount)
	p.open = false
	x.auth = authCode(x.serial)
	return good
}

// completion takes the payment out of what is held, once.
func (h *Host) completion(x *Exchange) string {
	i, code := h.heldBy(x)
	if code != pending {
		return code
	}
	p := &x.terminal.session.holds[i]
	if x.amount*100 > p.amount*completionPercent {
		return mismatch
	}
	if !h.take(x.terminal, p, x.amount, false) {
		return poor
	}
	x.auth = authCode(x.serial)
	return good
}

// take moves a completion's money. What goes beyond the hold comes from the
// card, what is left of it goes back there. With force the card may go below
// zero; otherwise take reports false when it has too little.
func (h *Host) take(t *terminal, p *hold, amount int64, force bool) bool {
	card, held := &h.ledger.cards[p.card].account, &h.ledger.holds
	if over := amount - p.amount; over > 0 {
		if force {
			move(card, &t.shop.account, over)
		} else if !draw(card, &t.shop.account, over) {
			return false
		}
	}
	move(held, &t.shop.account, min(amount, p.amount))
	move(held, card, max(p.amount-amount, 0))
	p.open = false
	return true
}

// giveBack undoes take: the pre-authorisation is open again.
func (h *Host) giveBack(t *terminal, p *hold, amount int64) {
	card, held := &h.ledger.cards[p.card].account, &h.ledger.holds
	move(&t.shop.account, card, max(amount-p.amount, 0))
	move(&t.shop.account, held, min(amount, p.amount))
	move(card, held, max(p.amount-amount, 0))
	p.open = true
}

// completionVoid undoes a completion of the open batch, whole. What it was
// taken from is held again until it is completed anew or voided.
func (h *Host) completionVoid(x *Exchange) string {
	i, code := h.original(x)
	if code != pending {
		return code
	}
	s := x.terminal.session
	r := &s.records[i]
	if r.kind != dialect.Completion {
		return noOriginal
	}
	if r.refunded > 0 || r.amount != x.amount {
		return mismatch
	}
	h.giveBack(x.terminal, &s.holds[r.origin], r.amount)
	r.state = voided
	x.entry.origin, x.entry.card = i, r.card
	x.auth = authCode(x.serial)
	return good
}

// authOf is the authorisation code that the answer to r carried.
func (h *Host) authOf(s *session, r *record) uint32 {
	if r.kind == dialect.PreAuth {
		return s.holds[r.origin].auth
	}
	return authCode(r.serial)
}
