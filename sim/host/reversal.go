package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// reversal undoes a payment, whatever became of it:
//
//   - found and approved: its money goes back; a void's original stands again;
//   - found and declined, or reversed before: acknowledged, nothing changes;
//   - not found: acknowledged and remembered, and the payment refused should
//     it come after all;
//   - found with another amount or card: refused, nothing changes;
//   - found, but voided, refunded or settled since: there is no original (25).
//
// A payment and its reversal have terminal, batch, trace, type and amount in
// common (CUP reconstruction, docs/sources.md).
func (h *Host) reversal(x *Exchange) string {
	t := x.terminal
	s := t.session
	form, trace := h.reversed(x)
	if form == nil || !form.Transaction.Reversible() {
		return invalid
	}
	var ok bool
	if x.amount, ok = amountOf(x.Request); !ok {
		return formatError
	}
	x.pan = x.Request.Get(wire.PAN)
	key := recordKey(x.batch, trace, form.MTI)
	r := s.find(key)
	if r == nil {
		if x.batch != t.batch {
			return noOriginal
		}
		s.add(key, &record{
			kind: form.Transaction, amount: x.amount, trace: trace, state: reversed,
			serial: x.serial, when: uint32(x.now.unix), card: -1, origin: -1,
		})
		return good
	}
	switch {
	case r.amount != x.amount, x.pan != nil && r.card >= 0 && !h.isOf(x.pan, r.card):
		return mismatch
	case r.state == voided:
		return noOriginal
	case r.state != approved:
		r.state = reversed
		return good
	case h.bugs&forgetReversal != 0:
		return good
	}
	if !h.undo(t, r) {
		return noOriginal
	}
	s.tally(r.kind, r.amount, -1)
	r.state = reversed
	return good
}

// isOf reports whether a card number is that of an account.
func (h *Host) isOf(pan []byte, card int32) bool {
	i, ok := h.cards[numberOf(pan)]
	return ok && i == card || !ok && card == h.strangers
}

// reversed says which kind of request a reversal undoes, and its trace. Where
// the dialect has a field for both (ISO 8583 field 90) that tells; else the
// reversal has the processing code, condition, type and trace of its original.
func (h *Host) reversed(x *Exchange) (*dialect.Form, uint32) {
	req, d := x.Request, h.dialect
	trace := x.trace
	mti := req.Get(wire.OriginalMTI)
	if string(mti) == "0000" {
		mti = nil
	}
	if mti != nil {
		if n, ok := digits(req.Get(wire.OriginalTrace)); ok {
			trace = n
		}
	}
	for i := range d.Forms {
		f := &d.Forms[i]
		if f.Transaction.Payment() && (mti == nil || string(mti) == f.MTI) && d.Undoes(req, f) {
			return f, trace
		}
	}
	return nil, trace
}

// undo moves an approved payment's money back. It reports false when that
// cannot be any more. The card may go below zero: what a void gave back and
// has been spent since is owed.
func (h *Host) undo(t *terminal, r *record) bool {
	s, l := t.session, &h.ledger
	if r.refunded > 0 {
		return false
	}
	switch r.kind {
	case dialect.Purchase, dialect.QRPurchase:
		move(&t.shop.account, &l.cards[r.card].account, r.amount)
	case dialect.PurchaseVoid:
		move(&l.cards[r.card].account, &t.shop.account, r.amount)
		s.records[r.origin].state = approved
	case dialect.PreAuth:
		p := &s.holds[r.origin]
		if !p.open {
			return false
		}
		move(&l.holds, &l.cards[p.card].account, p.amount)
		p.open = false
	case dialect.PreAuthVoid:
		p := &s.holds[r.origin]
		move(&l.cards[p.card].account, &l.holds, p.amount)
		p.open = true
	case dialect.Completion:
		h.giveBack(t, &s.holds[r.origin], r.amount)
	case dialect.CompletionVoid:
		c := &s.records[r.origin]
		p := &s.holds[c.origin]
		if !p.open {
			return false // completed anew or voided since
		}
		h.take(t, p, c.amount, true)
		c.state = approved
	default:
		return false
	}
	return true
}
