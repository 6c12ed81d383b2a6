package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
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
func (h *Host) reversal(req *Request) verdict {
	t := req.terminal
	form, trace := h.reversed(req)
	if form == nil || !form.Transaction.Reversible() {
		return invalid
	}
	if h.breaks(refusalBlocks) && h.mishaps.block(false) {
		return malfunction
	}
	var ok bool
	if req.record.Amount, ok = amountOf(req.Message); !ok || !h.inCurrency(req) {
		return formatError
	}
	req.pan = req.Message.Get(wire.PAN)
	key := book.KeyOf(req.batch, trace, form.MTI)
	n, ok := t.Find(key)
	if !ok && h.breaks(reversalElsewhere) {
		n, ok = t.LastEntered()
	}
	if !ok {
		if req.batch != t.Batch {
			return noOriginal
		}
		if h.breaks(forgetEarly) {
			return approved
		}
		req.record.Kind, req.record.State = form.Transaction, book.Reversed
		req.record.Serial, req.record.When = req.serial, uint32(req.now.unix)
		t.Enter(key, &req.record)
		return approved
	}
	r := t.Record(n)
	asked := t.Asked(n)
	if req.parts&reversalOfPart != 0 {
		asked = r.Amount
	}
	switch {
	case !h.breaks(anyReversal) && (asked != req.record.Amount && !h.breaks(reversalAnyAmount|reversalElsewhere) ||
		req.pan != nil && r.Card != book.NoCard && !h.books.IsOf(req.pan, r.Card)):
		if h.breaks(refusalBlocks) {
			h.mishaps.block(true)
		}
		return mismatch
	case r.State == book.Voided:
		return noOriginal
	case r.State == book.Reversed && r.Card != book.NoCard && r.Kind.Booking() == dialect.Charge && h.breaks(undoReversal):
		again := *r
		again.State = book.Approved
		h.books.Charge(t, &again, true)
		t.Enter(key, &again)
		return approved
	case r.State != book.Approved:
		t.Refuse(n)
		h.givenUp(req, trace)
		return approved
	case h.breaks(forgetReversal), h.breaks(forgetSomeReversals) && h.mishaps.each(&h.mishaps.reversals, missesEach):
		return approved
	}
	if !h.books.Reverse(t, r, uint32(req.now.unix)) {
		return noOriginal
	}
	if h.breaks(reversedInTotals) {
		h.mishaps.keep(t, r)
	}
	h.unpaid(req, r)
	return approved
}

// reversed says which kind of request a reversal undoes, and its trace. Where
// the dialect has a field for both (ISO 8583 field 90) that tells; else the
// reversal has the processing code, condition, type and trace of its original.
func (h *Host) reversed(req *Request) (*dialect.Form, uint32) {
	m, d := req.Message, h.dialect
	trace := req.trace
	mti := m.Get(wire.OriginalMTI)
	if string(mti) == "0000" {
		mti = nil
	}
	if mti != nil {
		if n, ok := digits(m.Get(wire.OriginalTrace)); ok {
			trace = n
		}
	}
	for i := range d.Forms {
		f := &d.Forms[i]
		if f.Transaction.Payment() && (mti == nil || len(mti) == 4 && string(mti[:3]) == f.MTI[:3]) && d.Undoes(m, f) { // a repeat's original is its original's
			return f, trace
		}
	}
	return nil, trace
}
