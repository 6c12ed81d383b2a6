package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/wire"
)

// Electronic cash is put on a chip that is in the reader: the chip tells under its key what
// it has, the answer's command sets what it has then. Sources: the CUP reconstruction and
// PBOC, docs/sources.md.

// loaded finds the card whose chip is loaded: the one that is shown, or that the request names
// beside it.
func (h *Host) loaded(req *Request) verdict {
	onto := req.record.Card
	if number := req.Message.Get(wire.LoadedCard); number != nil && req.Transaction == dialect.TransferLoad {
		var known bool
		if onto, known = h.books.CardOf(number); !known {
			return noCard
		}
	}
	req.record.Original = int32(onto)
	return pending
}

// chipCard is the card whose chip the request has.
func (req *Request) chipCard() book.Card {
	if req.Transaction.Booking() == dialect.Load {
		return book.Card(req.record.Original)
	}
	return req.record.Card
}

// cashOn is the electronic cash on the chip; false where that does not tell it under its
// key.
func (h *Host) cashOn(req *Request) (amount int64, told bool) {
	if !req.chipped {
		return 0, false
	}
	w := req.chip
	return w.work.Cash(h.books.Profile(req.chipCard()).Issuer().Scheme, w.of.keys, &w.Data)
}

// load puts electronic cash on a chip, up to what that may have. A card that is shown pays
// for it; without one that pays, the merchant owes it.
func (h *Host) load(req *Request) verdict {
	has, told := h.cashOn(req)
	switch onto := h.books.Profile(req.chipCard()); {
	case !told:
		return invalid
	case has+req.record.Amount > onto.CashLimit && !h.breaks(cashUnbounded):
		return overLimit
	case req.Transaction.Booking() == dialect.CashIn:
		h.books.CashIn(req.terminal, &req.record)
	case h.breaks(cashUnpaid): // nobody pays
	case !h.books.Load(&req.record):
		return insufficientFunds
	}
	req.cash = has + req.record.Amount
	return approved
}

// unload undoes a load for cash of the open batch, whole, while the chip has what it brought.
func (h *Host) unload(req *Request) verdict {
	if code := h.findOriginal(req, dialect.CashIn); code != pending {
		return code
	}
	has, told := h.cashOn(req)
	switch {
	case !told:
		return invalid
	case has < req.record.Amount:
		return insufficientFunds
	}
	h.books.CashOut(req.terminal, &req.record)
	req.cash = has - req.record.Amount
	return approved
}

// appendCash appends the command that sets the electronic cash on the chip, where an approval
// does.
func (h *Host) appendCash(req *Request, approves bool) {
	if !approves || req.cash < 0 || h.breaks(cashUntold) {
		return
	}
	w, issuer := req.chip, h.books.Profile(req.chipCard()).Issuer()
	var err error
	if w.apdu, err = w.work.AppendCash(w.apdu[:0], issuer.Scheme, w.of.keys, req.cash, &w.Data, [8]byte(w.Cryptogram)); err == nil {
		w.appendScript([4]byte{0, 0, 0, 2})
	}
}
