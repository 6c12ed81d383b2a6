package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/host/order"
	"github.com/posfleet/posfleet/sim/wire"
)

// What merchants show begins so: a code of one order, with its number and a serial
// number of 8 digits, or a merchant's static code, with its terminal and merchant.
const (
	dynamicCode = "POS1"
	staticCode  = "POS0"
)

// showCode gives the code of an order, which takes the place of the one before; where
// the request names no order, the merchant's static code.
func (h *Host) showCode(req *Request, d *order.Desk) verdict {
	number := dialect.Tagged(req.Message.Get(wire.OrderData), dialect.TagOrder)
	var code [4 + dialect.OrderNumberLen + 8]byte
	if number == nil {
		v := append(code[:0], staticCode...)
		v = append(v, req.Message.Get(wire.TerminalID)...)
		v = append(v, req.Message.Get(wire.MerchantID)...)
		req.orderData = dialect.AppendTag(req.orderData, dialect.TagCode, v)
		if last := d.Latest(); last != nil { // what is paid by the code comes after it
			var number [dialect.OrderNumberLen]byte
			req.orderData = dialect.AppendTag(req.orderData, dialect.TagOrder, d.AppendNumber(number[:0], last))
		}
		return approved
	}
	o := d.Find(number, req.now.unix)
	if o == nil {
		return req.refuse(dialect.NoSuchOrder)
	}
	if why := o.Payable(o.Total); why != dialect.NoReason {
		return req.refuse(why)
	}
	push := dialect.Tagged(req.Message.Get(wire.OrderData), dialect.TagPush) != nil
	d.Show(o, order.Code{Number: uint32(req.serial % 1e8), Batch: req.batch, Trace: req.trace, Push: push}, req.now.unix)
	v := append(code[:0], dynamicCode...)
	v = append(v, number...)
	v = append(v, "00000000"...)
	wire.PutUint(v[len(v)-8:], uint64(o.Code.Number))
	req.orderData = dialect.AppendTag(req.orderData, dialect.TagCode, v)
	return approved
}

// scanCode is a customer's phone that has scanned what the merchant shows, and pays.
// What it pays is booked as a QR purchase of the terminal: of an order under the
// trace with which the terminal asked for the code, so that the terminal can reverse
// it; by a static code under the scan's own.
func (h *Host) scanCode(req *Request, d *order.Desk) verdict {
	v := req.Message.Get(wire.OrderData)
	scanned, payer := dialect.Tagged(v, dialect.TagCode), dialect.Tagged(v, dialect.TagPayer)
	amount, ok := amountOf(req.Message)
	if !ok || len(scanned) < 4 {
		return formatError
	}
	card, known := h.books.CardOfCode(payer)
	switch {
	case !known:
		return noCard
	case !req.terminal.HasMerchant():
		return noMerchant
	}
	r := &req.record
	r.Amount, r.Card, r.Channel = amount, card, fee.ChannelOfCode(payer)
	if code, is := dialect.ReadOneTimeCode(scanned); is {
		return h.payerAnswers(req, d, code)
	}
	if string(scanned[:4]) == staticCode {
		return h.scanStatic(req, d, scanned[4:])
	}
	if string(scanned[:4]) != dynamicCode || len(scanned) != 4+dialect.OrderNumberLen+8 || !wire.IsDigits(scanned[4+dialect.OrderNumberLen:]) {
		return req.refuse(dialect.CodeUnknown)
	}
	o := d.Find(scanned[4:4+dialect.OrderNumberLen], req.now.unix)
	if why := o.Payable(amount); why != dialect.NoReason && !(why == dialect.OrderAlreadyPaid && h.breaks(payOrderTwice)) {
		return req.refuse(why)
	}
	number := uint32(wire.Uint(scanned[4+dialect.OrderNumberLen:]))
	batch, trace := o.Code.Batch, o.Code.Trace
	switch {
	case h.breaks(payOrderTwice) && o.Code.Number == 0:
		batch, trace = req.batch, req.trace
	case number != o.Code.Number, batch != req.terminal.Batch: // another has taken its place, or the batch has ended
		return req.refuse(dialect.CodeTooOld)
	}
	return h.bookScan(req, d, o, batch, trace)
}

// bookScan books what a phone pays for an order.
func (h *Host) bookScan(req *Request, d *order.Desk, o *order.Order, batch, trace uint32) verdict {
	form := h.dialect.Form(dialect.QRPurchase)
	if form == nil {
		return invalid
	}
	key := book.KeyOf(batch, trace, form.MTI)
	if n, taken := req.terminal.Find(key); taken && req.terminal.Record(n).State != book.Declined && !h.breaks(latePassword) { // reversed before it came
		return req.refuse(dialect.CodeTooOld)
	}
	r := &req.record
	r.Kind, r.Serial, r.When, r.State = dialect.QRPurchase, req.serial, uint32(req.now.unix), book.Approved
	switch code := h.acceptable(req); {
	case code != pending:
		return code
	case h.aboveLimit(req):
		return overLimit
	case !h.books.Charge(req.terminal, r, false):
		return insufficientFunds
	}
	req.terminal.Enter(key, r)
	push := o.Code.Push
	d.Paid(o, order.Payment{Serial: req.serial, When: r.When, Batch: batch, Trace: trace})
	if req.tellOrder(d, o); push {
		req.listens = trace
	}
	return approved
}

// scanStatic is a payment by the merchant's static code: the payer has typed the
// amount. It makes an order of its own.
func (h *Host) scanStatic(req *Request, d *order.Desk, of []byte) verdict {
	m := req.Message
	switch tid := m.Get(wire.TerminalID); {
	case len(of) <= len(tid), string(of[:len(tid)]) != string(tid), string(of[len(tid):]) != string(m.Get(wire.MerchantID)):
		return req.refuse(dialect.CodeUnknown)
	case req.record.Amount == 0:
		return badAmount
	}
	if why := h.orders.Codes.Spend(int32(req.record.Card), req.record.Amount, req.now.mmdd); why != dialect.NoReason {
		return req.refuse(why)
	}
	h.note(req, codeSpent, uint64(req.record.Card), uint64(req.record.Amount), uint64(req.now.mmdd))
	o, why := d.Confirm(h.orders.Menu(), order.Wanted{Total: req.record.Amount}, req.now.unix)
	if why != dialect.NoReason {
		h.unspend(req, &req.record, req.now.mmdd)
		return req.refuse(why)
	}
	code := h.bookScan(req, d, o, req.batch, req.trace)
	if code != approved {
		d.Cancel(o, req.now.unix)
		h.unspend(req, &req.record, req.now.mmdd)
	}
	return code
}

// unspend takes a payment by a static code, that was refused or reversed, off what its payer
// may pay so in a day.
func (h *Host) unspend(req *Request, r *book.Record, day uint32) {
	h.note(req, codeSpent, uint64(r.Card), uint64(-r.Amount), uint64(day))
	h.orders.Codes.Unspend(int32(r.Card), r.Amount, day)
}

// queryStatic tells the first payment by the static code after the order that the
// request names, or the first that is kept.
func (h *Host) queryStatic(req *Request, d *order.Desk) verdict {
	after := dialect.Tagged(req.Message.Get(wire.OrderData), dialect.TagOrder)
	o := d.StaticAfter(after, req.now.unix)
	if o == nil {
		return req.refuse(dialect.OrderNotPaid)
	}
	req.tellOrder(d, o)
	return approved
}

// push tells the order that the answer tells of to the terminal, too, on the line that
// the phone's payment came on: the terminal's.
func (h *Host) push(req *Request) {
	form := h.dialect.Form(dialect.OrderResult)
	if form == nil {
		return
	}
	m := h.dialect.NewMessage()
	form.Begin(m)
	copy(m.Head, req.Answer.Head)
	m.Set(wire.TerminalID, req.Message.Get(wire.TerminalID))
	m.Set(wire.MerchantID, req.Message.Get(wire.MerchantID))
	m.SetUint(wire.Trace, uint64(req.listens))
	m.SetUint(wire.Batch, uint64(req.terminal.Batch))
	m.Set(wire.OrderData, req.orderData)
	if form.MACed && h.dialect.MAC {
		m.AddMAC()
	}
	out, err := wire.AppendFrame(nil, m)
	if err != nil {
		return
	}
	if covered, mac := m.MACSpan(); mac != nil && req.key != nil {
		m.SetMAC(req.key.MAC(h.profile.MAC, covered))
		if h.dialect.Amend(out) != nil {
			return
		}
	}
	req.pushed = out
}

// presentOneTime reads a payment code of a customer's phone, which is for one payment
// and not for long.
func (h *Host) presentOneTime(req *Request, v []byte) verdict {
	code, ok := dialect.ReadOneTimeCode(v)
	if !ok || h.payers == "" {
		return noCard
	}
	card, ok := h.payerOf(code)
	if !ok {
		return req.refuse(dialect.CodeUnknown)
	}
	if why := h.orders.Codes.Use(code, req.now.unix); why != dialect.NoReason && !(why == dialect.CodeUsed && h.breaks(useCodeTwice)) {
		return req.refuse(why)
	}
	h.note(req, codeUsed, uint64(code.Payer), uint64(code.Second), uint64(code.Number), uint64(req.now.unix))
	req.record.Card, req.record.Channel = card, fee.ChannelOfCode(v)
	return pending
}

// payersOf is what payment codes of the profile's payers have in common: all but
// their last six digits. It is empty where no card has codes that phones can make.
func payersOf(h *Host) string {
	for i := range h.profile.Cards {
		if code := h.profile.Cards[i].Code; len(code) == dialect.OneTimeCodeLen {
			return code[:len(code)-6]
		}
	}
	return ""
}
