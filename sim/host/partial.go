package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// mayApprovePart reports whether a payment that the card has too little for may be approved
// in part: a purchase that pays no order, of a terminal that says that it takes that (CUP
// 60.6), with a card whose issuer does it.
func (h *Host) mayApprovePart(req *Request) bool {
	return req.Transaction == dialect.Purchase && req.Message.Uint(wire.PartialApproval) == 1 && h.cardOf(req).PartialApproval &&
		h.dialect.HasCode(partly) && dialect.Tagged(req.Message.Get(wire.PaymentCode), dialect.TagPaysOrder) == nil
}

// chargePart charges as much of the amount as there is, and the record is of that.
func (h *Host) chargePart(req *Request, there int64) verdict {
	asked := req.record.Amount
	part := min(there, asked)
	req.record.Amount = part
	if req.parts&bookWhole != 0 {
		req.record.Amount = asked
	}
	switch {
	case part <= 0, !h.books.Charge(req.terminal, &req.record, req.parts&bookWhole != 0):
		req.record.Amount = asked
		return insufficientFunds
	case part == asked && !h.breaks(approvePart):
		h.paid(req)
		return approved
	}
	req.asked, req.part = asked, part
	h.paid(req)
	return partly
}

// tellPart puts into the answer how much is approved, and the balance that is left.
func (h *Host) tellPart(req *Request) {
	req.Answer.SetUint(wire.Amount, uint64(req.part))
	if req.Transaction == dialect.Purchase && req.record.Card >= 0 {
		req.balance = h.books.Balance(req.record.Card)
		h.tellBalance(req)
	}
}

// partBug is a rule about parts that the host breaks on purpose, for the request in hand.
type partBug uint8

const (
	bookWhole      partBug = 1 << iota // all that was asked is booked, whatever the card has
	reversalOfPart                     // a reversal is to name what was approved
	voidOfWhole                        // a void is to name what was asked
)

// onParts makes middleware that has the host break a rule about parts.
func onParts(b partBug) func(*Host, Handler) Handler {
	return func(_ *Host, next Handler) Handler {
		return func(req *Request) bool {
			req.parts |= b
			return next(req)
		}
	}
}

// ofPart makes middleware that changes the answers that approve a part.
func ofPart(change func(*Request)) func(*Host, Handler) Handler {
	return onPayment(func(h *Host, req *Request) {
		if h.dialect.Means(dialect.CodeOf(req.Answer.Get(wire.ResponseCode)), partly) {
			change(req)
		}
	})
}
