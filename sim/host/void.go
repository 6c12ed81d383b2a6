package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/wire"
)

// uncharge gives a purchase of the open batch back, whole.
func (h *Host) uncharge(req *Request) verdict {
	if code := h.findOriginal(req, dialect.Charge); code != pending {
		return code
	}
	h.books.Uncharge(req.terminal, &req.record)
	h.givenBack(req, req.terminal.Record(req.record.Original).Serial, req.record.Amount)
	return approved
}

// uncapture undoes a completion of the open batch, whole.
func (h *Host) uncapture(req *Request) verdict {
	if code := h.findOriginal(req, dialect.Capture); code != pending {
		return code
	}
	h.books.Uncapture(req.terminal, &req.record)
	return approved
}

// findOriginal finds the payment that a void names: an approved one of the open
// batch, booked in this way, by batch and trace, reference, and its card if one
// is shown. A network that does not name the batch means the open one. It must be of
// the same amount, and nothing of it refunded or added to it.
func (h *Host) findOriginal(req *Request, booking dialect.Booking) verdict {
	if code := h.original(req, booking); code != pending {
		return code
	}
	r := req.terminal.Record(req.record.Original)
	if req.parts&voidOfWhole != 0 && req.record.Amount == req.terminal.Asked(req.record.Original) {
		req.record.Amount = r.Amount
		return pending
	}
	if r.Amount != req.record.Amount || req.parts&voidOfWhole != 0 {
		return mismatch
	}
	return pending
}

// mostRaised is up to how many percent of a charge it may be raised.
const mostRaised = 110

// raise adds to a purchase of the open batch what the new amount is more, once.
func (h *Host) raise(req *Request) verdict {
	if code := h.original(req, dialect.Charge); code != pending {
		return code
	}
	r := req.terminal.Record(req.record.Original)
	if more := req.record.Amount - r.Amount; more <= 0 || req.record.Amount*100 > r.Amount*mostRaised {
		return mismatch
	}
	req.record.Amount -= r.Amount
	if !h.books.Charge(req.terminal, &req.record, false) {
		req.record.Amount += r.Amount
		return insufficientFunds
	}
	return approved
}

// original finds the approved payment of the open batch that the request names, of which
// nothing is refunded, and to which nothing is added.
func (h *Host) original(req *Request, booking dialect.Booking) verdict {
	batch, ok1 := req.terminal.Batch, true
	if h.dialect.Has(wire.OriginalBatch) {
		batch, ok1 = digits(req.Message.Get(wire.OriginalBatch))
	}
	trace, ok2 := digits(req.Message.Get(wire.OriginalTrace))
	if !ok1 || !ok2 {
		return formatError
	}
	n, ok := req.terminal.Find(book.KeyOf(batch, trace, h.dialect.Form(dialect.Purchase).MTI))
	if !ok {
		return noOriginal
	}
	r := req.terminal.Record(n)
	switch {
	case r.State != book.Approved, r.Kind.Booking() != booking,
		!rrnIs(req.Message.Get(wire.RRN), r.When, r.Serial),
		req.record.Card != book.NoCard && req.record.Card != r.Card:
		return noOriginal
	case r.Refunded > 0, req.terminal.Raised(n):
		return mismatch
	}
	req.record.Original = n
	return pending
}
