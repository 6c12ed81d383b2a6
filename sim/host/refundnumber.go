package host

import (
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/order"
	"github.com/posfleet/posfleet/sim/wire"
)

// longestRefundNumber is how many characters a refund number has at most.
const longestRefundNumber = 32

// refundNumber is the merchant's number of a refund; nil for one that has none.
func (req *Request) refundNumber() []byte {
	return dialect.Tagged(req.Message.Get(wire.PaymentCode), dialect.TagRefundNumber)
}

// refundedBefore decides on a refund whose number has come before: the same order and
// amount are the same refund, which is answered as it was then; another is refused.
func (h *Host) refundedBefore(req *Request) verdict {
	number := req.refundNumber()
	paid := dialect.Tagged(req.Message.Get(wire.PaymentCode), dialect.TagPaysOrder)
	switch {
	case number == nil || h.breaks(refundNumberIgnored):
		return pending
	case len(number) == 0 || len(number) > longestRefundNumber || paid == nil:
		return formatError
	}
	d := h.desk(req)
	d.Lock()
	defer d.Unlock()
	named := d.Find(paid, req.now.unix)
	of, r := d.RefundUnder(number)
	switch {
	case r != nil && (of != named || r.Amount != req.record.Amount):
		return req.refuse(dialect.RefundNumberTaken)
	case r == nil && named != nil && h.breaks(equalRefundsMerged):
		for _, other := range d.Refunds(named) {
			if other.Amount == req.record.Amount {
				r = other
			}
		}
	}
	if r == nil {
		if named != nil && len(d.Refunds(named)) >= order.MostRefunds {
			return req.refuse(dialect.TooManyRefunds)
		}
		return pending
	}
	req.again = r
	return approved
}

// noteRefund keeps a refund under its number once it is booked.
func (h *Host) noteRefund(req *Request) {
	number := req.refundNumber()
	if number == nil {
		return
	}
	d := h.desk(req)
	d.Lock()
	defer d.Unlock()
	if o := d.Find(dialect.Tagged(req.Message.Get(wire.PaymentCode), dialect.TagPaysOrder), req.now.unix); o != nil {
		d.NoteRefund(o, number, order.Refund{Amount: req.record.Amount, Serial: req.serial, When: uint32(req.now.unix), Batch: req.batch, Trace: req.trace})
	}
}

// tellRefunded says in the answer to a refund that came again as what it was booked.
func (req *Request) tellRefunded() {
	r := req.again
	as := appendBooked(nil, r.Batch, r.Trace, r.When, r.Serial)
	req.orderData = dialect.AppendTag(req.orderData[:0], dialect.TagRefundedAs, as)
	req.Answer.Set(wire.PaymentCode, req.orderData)
}
