package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/wire"
)

const (
	// A completion may come to this many percent of its pre-authorisation.
	completionPercent = 115
	// and this many days after it. Both from the CUP reconstruction.
	completionDays = 30
)

// hold holds the amount back, or adds it to the hold that the request names.
func (h *Host) hold(req *Request) verdict {
	if h.aboveLimit(req) {
		return overLimit
	}
	if req.Transaction.Original() != dialect.ToNone {
		if _, code := h.findHold(req); code != pending {
			return code
		}
		if !h.books.Extend(req.terminal, &req.record) {
			return insufficientFunds
		}
		return approved
	}
	if !h.books.Hold(req.terminal, &req.record, authCode(req.serial)) {
		return insufficientFunds
	}
	return approved
}

// findHold finds the open pre-authorisation that the request names by its code,
// date and card.
func (h *Host) findHold(req *Request) (*book.Hold, verdict) {
	auth, ok := digits(req.Message.Get(wire.AuthCode))
	if !ok {
		return nil, noOriginal
	}
	date, _ := digits(req.Message.Get(wire.OriginalDate))
	card := req.record.Card
	n, ok := req.terminal.FindHold(func(p *book.Hold) bool {
		return p.Auth == auth && (card == book.NoCard || card == p.Card) && dateIs(date, p.When)
	})
	if !ok {
		return nil, noOriginal
	}
	p := req.terminal.Hold(n)
	if req.now.unix-int64(p.When) > completionDays*24*60*60 {
		return nil, tooLate
	}
	req.record.Card, req.record.Original = p.Card, n
	return p, pending
}

// release lets the held amount go.
func (h *Host) release(req *Request) verdict {
	p, code := h.findHold(req)
	switch {
	case code != pending:
		return code
	case p.Amount != req.record.Amount:
		return mismatch
	}
	h.books.Release(req.terminal, &req.record)
	return approved
}

// capture takes the payment out of what is held, once.
func (h *Host) capture(req *Request) verdict {
	p, code := h.findHold(req)
	switch {
	case code != pending:
		return code
	case req.record.Amount*100 > p.Amount*completionPercent:
		return mismatch
	case !h.books.Capture(req.terminal, &req.record):
		return insufficientFunds
	}
	return approved
}
