package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/host/order"
	"github.com/posfleet/posfleet/sim/wire"
)

// asksPayer reports whether the payment in hand, which may be made, is not: the customer's
// phone asks for a password first. That is so for a code of the phone's own making, and an
// order by whose number the terminal can ask what becomes of it.
func (h *Host) asksPayer(req *Request) bool {
	shown := req.Message.Get(wire.PaymentCode)
	code, oneTime := dialect.ReadOneTimeCode(dialect.Tagged(shown, dialect.TagPaymentCode))
	number := dialect.Tagged(shown, dialect.TagPaysOrder)
	if !oneTime || number == nil || !h.cardOf(req).AsksPassword || h.breaks(passwordUnasked) {
		return false
	}
	d := h.desk(req)
	d.Lock()
	defer d.Unlock()
	if o := d.Find(number, req.now.unix); o != nil {
		d.Ask(o, code, req.batch, req.trace, req.now.unix)
	}
	return true
}

// payerAnswers is a customer who enters the password that the phone with a payment code
// asks for, or will not: it pays the order then, under batch and trace of the terminal's
// request.
func (h *Host) payerAnswers(req *Request, d *order.Desk, code dialect.OneTimeCode) verdict {
	o := d.Asked(code, req.now.unix)
	if o == nil {
		return req.refuse(dialect.CodeTooOld)
	}
	if card, known := h.payerOf(code); !known || card != req.record.Card {
		return req.refuse(dialect.CodeUnknown)
	}
	batch, trace := o.Code.Batch, o.Code.Trace
	switch {
	case dialect.Tagged(req.Message.Get(wire.OrderData), dialect.TagDeclines) != nil:
		d.GiveUp(o, req.now.unix)
		req.tellOrder(d, o)
		return approved
	case h.breaks(passwordLost):
		req.tellOrder(d, o)
		return approved
	case batch != req.terminal.Batch:
		d.GiveUp(o, req.now.unix)
		return req.refuse(dialect.CodeTooOld)
	case o.Total != req.record.Amount:
		return req.refuse(dialect.OtherAmount)
	}
	d.GiveUp(o, req.now.unix) // whatever comes of it, the phone asks no more
	if why := o.Payable(req.record.Amount); why != dialect.NoReason {
		return req.refuse(why)
	}
	return h.bookScan(req, d, o, batch, trace)
}

// payerOf is the card that a payment code of a phone's own making stands for.
func (h *Host) payerOf(code dialect.OneTimeCode) (book.Card, bool) {
	if h.payers == "" {
		return book.NoCard, false
	}
	var static [20]byte
	n := copy(static[:], h.payers)
	wire.PutUint(static[n:n+6], uint64(code.Payer))
	return h.books.CardOfCode(static[:n+6])
}

// givenUp notes that the terminal has reversed a payment that a phone was asking for.
func (h *Host) givenUp(req *Request, trace uint32) {
	d := h.orders.Used(req.number)
	if d == nil || h.breaks(latePassword) {
		return
	}
	d.Lock()
	defer d.Unlock()
	if o := d.AskedUnder(req.batch, trace); o != nil {
		d.GiveUp(o, req.now.unix)
	}
}
