package host

import (
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/wire"
)

// giveBack gives a payment back in whole or in part, also after its settlement.
// It is found by its reference and date; the refunds of one payment never come
// to more than its amount.
func (h *Host) giveBack(req *Request) verdict {
	if code := h.refundedBefore(req); code != pending {
		return code
	}
	rrn := req.Message.Get(wire.RRN)
	date, _ := digits(req.Message.Get(wire.OriginalDate))
	var of uint64 // the payment's serial number
	p, ok := h.books.FindRefundable(req.terminal, func(when uint32, serial uint64) bool {
		of = serial
		return rrnIs(rrn, when, serial) && dateIs(date, when)
	})
	if !ok && h.breaks(refundElsewhere) {
		p, ok = h.books.FindRefundable(req.terminal, func(_ uint32, serial uint64) bool {
			of = serial
			return true
		})
	}
	if code := h.refundable(req, of); code != pending {
		return code
	}
	switch {
	case ok && h.breaks(refundElsewhere) && req.record.Amount <= p.Left:
		req.chipped = false // the chip is not of the card that has the money
	case !ok, req.record.Card != book.NoCard && req.record.Card != p.Card:
		return noOriginal
	case req.record.Amount > p.Left && !h.breaks(refundOverRest):
		return mismatch
	}
	h.books.GiveBack(req.terminal, &req.record, p)
	h.givenBack(req, of, req.record.Amount)
	h.noteRefund(req)
	return approved
}

// dateIs reports whether MMDD is a moment's date; 0 is any date.
func dateIs(mmdd, when uint32) bool { return mmdd == 0 || mmdd == stampOf(int64(when)).mmdd }
