package sim

import (
	"fmt"
	"slices"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// refunding is the latest refund of an order that was paid by code: it has a number of the
// merchant's, under which it can be sent again, and is one refund however often it is.
type refunding struct {
	number [24]byte // terminal 8, MMDDhhmmss 10, trace 6
	amount int64    // 0 for no refund yet
	open   bool     // no answer has told what has become of it
	tries  []uint64 // its sendings without an answer: batch and trace
}

// RefundOrder gives an amount of the order back; 0 is all that is left. A refund to which no
// answer came is sent again under its number, when the same amount is to be refunded.
func (p *Player) RefundOrder(amount int64) error {
	b, err := p.refundable()
	if err != nil {
		return err
	}
	if amount == 0 {
		amount = b.Total - b.Refunded
	}
	o := &Order{Of: dialect.Refund, Amount: amount, Entry: b.Payment.Entry, Holder: b.Payment.Holder(p.T.Profile), Original: &b.Payment, Bill: b}
	if r := &b.refund; b.Payment.Entry == Code {
		if !r.open || r.amount != amount {
			*r = refunding{amount: amount, tries: r.tries[:0]}
			PutTime(&p.stamp, p.Clock.At(p.Clock.Now()))
			copy(r.number[:], p.T.TID)
			copy(r.number[8:], p.stamp[:])
			wire.PutUint(r.number[18:], uint64(p.T.Trace))
		}
		o.RefundNumber = r.number[:]
	}
	return p.Pay(o)
}

// RepeatRefund sends the latest refund of the order again under its number, of an amount that
// may be another; 0 is the same.
func (p *Player) RepeatRefund(amount int64) error {
	b, err := p.refundable()
	switch {
	case err != nil:
		return err
	case b.refund.amount == 0:
		return fmt.Errorf("%w: it has sent no refund with a number", ErrRefusedLocally)
	case amount == 0:
		amount = b.refund.amount
	}
	return p.Pay(&Order{Of: dialect.Refund, Amount: amount, Entry: b.Payment.Entry, Holder: b.Payment.Holder(p.T.Profile), Original: &b.Payment, Bill: b, RefundNumber: b.refund.number[:]})
}

// refundable is the order in hand, if it is known to be paid.
func (p *Player) refundable() (*Bill, error) {
	if b := p.T.Bill; b != nil && b.Payment.Amount > 0 {
		return b, nil
	}
	p.T.Display = dialect.OrderNotPaid.Display()
	return nil, fmt.Errorf("%w: it knows no payment of the order", ErrRefusedLocally)
}

// refundUnknown notes that no answer has told what has become of a refund.
func (p *Player) refundUnknown(o *Order, r *Result, batch uint32) {
	if o.RefundNumber != nil {
		o.Bill.refund.open = true
		o.Bill.refund.tries = append(o.Bill.refund.tries, uint64(batch)<<32|uint64(r.Trace))
	}
}

// refundedBefore reports whether an approved refund is one that the host has booked before,
// under the same number, and says when. What the terminal did not know it knows then: which
// of the tries was booked goes into the journal if its batch is still open, and the others
// are in doubt no more. A terminal that knew it has nothing to book.
func (p *Player) refundedBefore(o *Order, r *Result) bool {
	if o.RefundNumber == nil {
		return false
	}
	t, of := p.T, &o.Bill.refund
	told := dialect.Tagged(p.ans.Get(wire.PaymentCode), dialect.TagRefundedAs)
	before := len(told) == 28 && wire.IsDigits(told)
	var booked uint64
	if before {
		booked = wire.Uint(told[:6])<<32 | wire.Uint(told[6:12])
	}
	known := false
	t.Journal.Doubts = slices.DeleteFunc(t.Journal.Doubts, func(d Doubt) bool {
		key := uint64(d.Batch)<<32 | uint64(d.Trace)
		if d.settled || d.Of != dialect.Refund || !slices.Contains(of.tries, key) {
			return false
		}
		known = known || key == booked
		return true
	})
	if known {
		rec := t.Journal.add(Record{Of: o.Of, Entry: o.Entry, Trace: uint32(booked), Batch: uint32(booked >> 32), Amount: o.Amount, holder: o.Holder.Number()})
		copy(rec.RRN[:], told[12:24])
		copy(rec.Date[:], told[24:])
	}
	r.known = before && !of.open
	of.open, of.tries = false, of.tries[:0]
	return before
}
