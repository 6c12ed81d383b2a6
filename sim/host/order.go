package host

import (
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/host/order"
	"github.com/posfleet/posfleet/sim/wire"
)

// Orders are the host's orders and its menu.
func (h *Host) Orders() *order.Orders { return h.orders }

// ordering answers what is about orders and their codes. The terminal must have
// signed in: what it says is sealed, and so is what it hears.
func (h *Host) ordering(req *Request) {
	code := h.gate(req)
	if code == pending {
		req.orderData = req.orderData[:0]
		code = h.takeOrder(req)
	}
	h.reply(req, code)
	if !h.approves(req, code) {
		req.key = h.declineKey(req, code)
		if req.refused != dialect.NoReason {
			req.orderData = dialect.AppendTagUint(req.orderData, dialect.TagReason, uint64(req.refused), 2)
		}
	}
	if len(req.orderData) > 0 {
		req.Answer.Set(wire.OrderData, req.orderData)
	}
	if req.listens > 0 {
		h.push(req)
	}
}

func (h *Host) takeOrder(req *Request) verdict {
	d := h.desk(req)
	d.Lock()
	defer d.Unlock()
	switch req.Transaction {
	case dialect.OrderConfirm:
		return h.confirmOrder(req, d)
	case dialect.OrderQuery:
		return h.queryOrder(req, d)
	case dialect.OrderCancel:
		return h.cancelOrder(req, d)
	case dialect.MerchantCode:
		return h.showCode(req, d)
	default:
		return h.scanCode(req, d)
	}
}

// desk is where the orders of the request's terminal are.
func (h *Host) desk(req *Request) *order.Desk {
	return h.orders.Desk(req.number, req.Message.Get(wire.TerminalID))
}

// refuse refuses what a request asks, for a reason.
func (req *Request) refuse(why dialect.OrderReason) verdict {
	req.refused = why
	return why.Role()
}

// confirmOrder gives an order its number.
func (h *Host) confirmOrder(req *Request, d *order.Desk) verdict {
	v := req.Message.Get(wire.OrderData)
	amount, ok := amountOf(req.Message)
	req.lines, ok = appendLines(req.lines[:0], dialect.Tagged(v, dialect.TagLines), ok)
	if !ok || len(req.lines) == 0 {
		return formatError
	}
	valid := time.Duration(dialect.TaggedUint(v, dialect.TagValid)) * time.Second
	menu := h.orders.Menu()
	o, why := d.Confirm(menu, order.Wanted{Own: dialect.Tagged(v, dialect.TagOwnNumber), Lines: req.lines, Total: amount, Valid: valid}, req.now.unix)
	switch why {
	case dialect.NoReason:
	case dialect.PriceChanged, dialect.DishSoldOut:
		for i := range req.lines {
			l := &req.lines[i]
			if dish := menu.Dish(int(l.Dish)); dish == nil || dish.SoldOut {
				l.Count = 0
			} else {
				l.Price = dish.Price
			}
		}
		req.orderData = dialect.AppendTag(req.orderData, dialect.TagLines, "")
		wire.PutUint(req.orderData[len(req.orderData)-3:], uint64(len(req.lines)*dialect.OrderLineLen))
		for _, l := range req.lines {
			req.orderData = dialect.AppendOrderLine(req.orderData, l)
		}
		return req.refuse(why)
	default:
		return req.refuse(why)
	}
	req.tellOrder(d, o)
	req.orderData = dialect.AppendTagUint(req.orderData, dialect.TagMenu, uint64(menu.Version), 6)
	return approved
}

func appendLines(dst []dialect.OrderLine, v []byte, ok bool) ([]dialect.OrderLine, bool) {
	if !ok || v == nil {
		return dst, false
	}
	return dialect.AppendOrderLines(dst, v)
}

// tellOrder says number, state and money of an order in the answer.
func (req *Request) tellOrder(d *order.Desk, o *order.Order) {
	var number [dialect.OrderNumberLen]byte
	v := dialect.AppendTag(req.orderData, dialect.TagOrder, d.AppendNumber(number[:0], o))
	v = dialect.AppendTagUint(v, dialect.TagState, uint64(o.State), 1)
	v = dialect.AppendTagUint(v, dialect.TagTotal, uint64(o.Total), 12)
	if o.Refunded > 0 {
		v = dialect.AppendTagUint(v, dialect.TagRefunded, uint64(o.Refunded), 12)
	}
	if p := &o.Payment; p.Serial > 0 {
		var paid [28]byte
		v = dialect.AppendTag(v, dialect.TagPayment, appendBooked(paid[:0], p.Batch, p.Trace, p.When, p.Serial))
	}
	req.orderData = v
}

// appendBooked writes by what something that was booked is known: batch, trace, reference
// and date.
func appendBooked(v []byte, batch, trace, when uint32, serial uint64) []byte {
	at := len(v)
	v = append(v, "0000000000000000000000000000"...)
	b, on := v[at:], stampOf(int64(when))
	wire.PutUint(b[:6], uint64(batch))
	wire.PutUint(b[6:12], uint64(trace))
	putRRN((*[12]byte)(b[12:24]), on, serial)
	wire.PutUint(b[24:], uint64(on.mmdd))
	return v
}

// named is the order whose number the request's order data say; nil for none, or one
// of another merchant or terminal.
func (req *Request) named(d *order.Desk) *order.Order {
	return d.Find(dialect.Tagged(req.Message.Get(wire.OrderData), dialect.TagOrder), req.now.unix)
}

func (h *Host) queryOrder(req *Request, d *order.Desk) verdict {
	if dialect.Tagged(req.Message.Get(wire.OrderData), dialect.TagCode) != nil {
		return h.queryStatic(req, d)
	}
	o := req.named(d)
	if o == nil {
		return req.refuse(dialect.NoSuchOrder)
	}
	req.tellOrder(d, o)
	return approved
}

func (h *Host) cancelOrder(req *Request, d *order.Desk) verdict {
	o := req.named(d)
	if why := d.Cancel(o, req.now.unix); why != dialect.NoReason {
		return req.refuse(why)
	}
	req.tellOrder(d, o)
	return approved
}

// payable finds the order that a payment names, if it names one, and says whether it
// may be paid so.
func (h *Host) payable(req *Request) verdict {
	number := dialect.Tagged(req.Message.Get(wire.PaymentCode), dialect.TagPaysOrder)
	if number == nil {
		return pending
	}
	d := h.desk(req)
	d.Lock()
	defer d.Unlock()
	switch why := d.Find(number, req.now.unix).Payable(req.record.Amount); {
	case why == dialect.NoReason, why == dialect.OrderAlreadyPaid && h.breaks(payOrderTwice):
		return pending
	default:
		return req.refuse(why)
	}
}

// paid notes that the payment in hand has been booked for the order that it names.
func (h *Host) paid(req *Request) {
	number := dialect.Tagged(req.Message.Get(wire.PaymentCode), dialect.TagPaysOrder)
	if number == nil {
		return
	}
	d := h.desk(req)
	d.Lock()
	defer d.Unlock()
	if o := d.Find(number, req.now.unix); o != nil {
		d.Paid(o, order.Payment{Serial: req.serial, When: uint32(req.now.unix), Batch: req.batch, Trace: req.trace})
	}
}

// refundable says whether the order that a refund names, if it names one, has so much
// left of the payment with a serial number.
func (h *Host) refundable(req *Request, serial uint64) verdict {
	number := dialect.Tagged(req.Message.Get(wire.PaymentCode), dialect.TagPaysOrder)
	if number == nil {
		return pending
	}
	d := h.desk(req)
	d.Lock()
	defer d.Unlock()
	switch o := d.Find(number, req.now.unix); {
	case o == nil:
		return req.refuse(dialect.NoSuchOrder)
	case o.Payment.Serial == 0:
		return req.refuse(dialect.OrderNotPaid)
	case h.breaks(refundOverRest):
	case req.record.Amount > o.Rest():
		return req.refuse(dialect.OverRest)
	case o.Payment.Serial != serial && !h.breaks(refundOtherPayment):
		return noOriginal
	}
	return pending
}

// givenBack notes that an amount of a payment has been given back; a negative one,
// that this has been undone.
func (h *Host) givenBack(req *Request, serial uint64, amount int64) {
	d := h.orders.Used(req.number)
	if d == nil {
		return
	}
	d.Lock()
	defer d.Unlock()
	if o := d.PaidBy(serial); o != nil {
		d.Refund(o, amount, req.now.unix)
	}
}

// unpaid notes that a record of the terminal's book has been reversed.
func (h *Host) unpaid(req *Request, r *book.Record) {
	switch r.Kind.Booking() {
	case dialect.Charge:
		d := h.orders.Used(req.number)
		if d == nil {
			return
		}
		d.Lock()
		defer d.Unlock()
		if o := d.PaidBy(r.Serial); o != nil {
			d.Unpaid(o, req.now.unix)
			if len(o.Lines) == 0 { // by a static code
				h.unspend(req, r, stampOf(int64(r.When)).mmdd)
			}
		}
	case dialect.Uncharge:
		h.givenBack(req, req.terminal.Record(r.Original).Serial, -r.Amount)
	}
}
