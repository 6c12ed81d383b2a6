package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/wire"
)

// paymentRules are the rules of business for each way in which a transaction is
// booked.
var paymentRules = [...]struct {
	needsCard bool // the request must show the card; without it the original's serves
	apply     func(*Host, *Request) verdict
}{
	dialect.None:      {true, (*Host).inquire},
	dialect.Charge:    {true, (*Host).charge},
	dialect.Uncharge:  {false, (*Host).uncharge},
	dialect.GiveBack:  {false, (*Host).giveBack},
	dialect.Hold:      {true, (*Host).hold},
	dialect.Release:   {false, (*Host).release},
	dialect.Capture:   {false, (*Host).capture},
	dialect.Uncapture: {false, (*Host).uncapture},
	dialect.Load:      {true, (*Host).load},
	dialect.CashIn:    {true, (*Host).load},
	dialect.CashOut:   {true, (*Host).unload},
}

// pay applies the rules of business to a sealed request. It moves the money
// that an approval moves.
func (h *Host) pay(req *Request) verdict {
	booking := req.Transaction.Booking()
	rule := &paymentRules[booking]
	code := h.readPayment(req)
	shown := req.record.Card != book.NoCard
	switch {
	case code == formatError, code == badPINBlock:
		return code
	case !req.terminal.HasMerchant():
		return noMerchant
	case booking == dialect.Charge && h.breaks(approveAll):
		return h.approveBlindly(req)
	case booking != dialect.None && req.record.Amount == 0:
		return badAmount
	case code != pending:
		return code
	case rule.needsCard && !shown:
		return formatError
	}
	if shown {
		if code := h.checkChip(req); code != pending {
			return code
		}
		if code := h.acceptable(req); code != pending {
			return code
		}
	}
	code = rule.apply(h, req)
	if code == approved && shown {
		if h.cardOf(req).Answer != "" {
			return byCard // an approval of another kind
		}
	}
	return code
}

// readPayment reads amount and card.
func (h *Host) readPayment(req *Request) verdict {
	if !h.inCurrency(req) {
		return formatError
	}
	if req.Transaction.Payment() {
		var ok bool
		if req.record.Amount, ok = amountOf(req.Message); !ok {
			return formatError
		}
	}
	if h.tapped(req.Message.Get(wire.EntryMode)) {
		req.record.Channel = fee.Contactless
	}
	if code := h.present(req); code != pending || req.Transaction.Booking() != dialect.Load {
		return code
	}
	return h.loaded(req)
}

// inCurrency reports whether the request is in the network's currency, where it says one.
func (h *Host) inCurrency(req *Request) bool {
	v := req.Message.Get(wire.Currency)
	return v == nil || h.dialect.Currency == "" || string(v) == h.dialect.Currency
}

// tapped reports whether an entry mode is that of a contactless chip.
func (h *Host) tapped(mode []byte) bool {
	return len(mode) > 0 && (string(mode) == h.dialect.EntryMode(dialect.Tap, false) || string(mode) == h.dialect.EntryMode(dialect.Tap, true))
}

// inquire looks at the balance, of money or of points.
func (h *Host) inquire(req *Request) verdict {
	req.balance = h.books.Balance(req.record.Card)
	switch req.Transaction {
	case dialect.PointsQuery:
		req.balance = h.books.Points(req.record.Card)
	case dialect.AllianceQuery:
		req.balance = h.books.AlliancePoints(req.record.Card)
	}
	return approved
}

// charge moves the amount from card to merchant.
func (h *Host) charge(req *Request) verdict {
	if req.Transaction.Raises() {
		return h.raise(req)
	}
	if code := h.payable(req); code != pending {
		return code
	}
	if h.aboveLimit(req) {
		return overLimit
	}
	if h.asksPayer(req) {
		return req.refuse(dialect.PayerTypes)
	}
	if h.breaks(approvePart) {
		return h.chargePart(req, 1)
	}
	if req.record.Kind == dialect.AlliancePoints && h.breaks(oneLoyalty) {
		req.record.Kind = dialect.PointsPurchase
	}
	if !h.books.Charge(req.terminal, &req.record, false) {
		if h.mayApprovePart(req) {
			return h.chargePart(req, h.books.Balance(req.record.Card))
		}
		return insufficientFunds
	}
	h.paid(req)
	return approved
}

// aboveLimit reports whether the amount is more than the card may pay at once.
func (h *Host) aboveLimit(req *Request) bool {
	limit := h.cardOf(req).Limit
	return limit > 0 && req.record.Amount > limit
}

// approveBlindly is the planted bug of approve-all: no rule is asked.
func (h *Host) approveBlindly(req *Request) verdict {
	if req.record.Card == book.NoCard {
		req.record.Card = h.books.UnknownCards()
	}
	h.books.Charge(req.terminal, &req.record, true)
	return approved
}

// authCode is the authorisation code of an approval.
func authCode(serial uint64) uint32 { return uint32(serial % 1_000_000) }

// tellBalance puts the balance into the answer.
func (h *Host) tellBalance(req *Request) {
	v := h.dialect.Field54(req.balance)
	req.Answer.Set(wire.AdditionalAmounts, v[:])
}

// tellVoucher puts the voucher of a QR payment into field 59: tag A4, 20
// digits. Such answers carry no authorisation code.
func (h *Host) tellVoucher(req *Request) {
	v := [25]byte{'A', '4', '0', '2', '0'}
	wire.PutUint(v[5:], req.serial)
	req.Answer.Set(wire.PaymentCode, v[:])
}
