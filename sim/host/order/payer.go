package order

import "github.com/posfleet/posfleet/sim/dialect"

// A customer's phone may ask for a password before it pays: the order is being paid until
// the customer has entered it, or will not, or the terminal has given the payment up. A
// terminal has one customer at a time, so a desk waits for one.

// Ask notes that the phone with a payment code asks for a password before it pays an order.
// The payment will be booked under batch and trace. An order that was waited for before is
// not any more.
func (d *Desk) Ask(o *Order, code dialect.OneTimeCode, batch, trace uint32, now int64) {
	if before := d.asking(); before != nil && before != o {
		d.GiveUp(before, now)
	}
	d.asks, d.asked = code, 1+int(d.placeOf(o))
	d.Show(o, Code{Batch: batch, Trace: trace, Asks: true}, now)
}

// Asked is the order for which the phone with a payment code asks; nil for none. It may have
// expired by now.
func (d *Desk) Asked(code dialect.OneTimeCode, now int64) *Order {
	o := d.asking()
	if o == nil || d.asks != code {
		return nil
	}
	d.expire(o, now)
	return o
}

// AskedUnder is the order for which a phone asks, and whose payment will be booked under
// batch and trace; nil for none.
func (d *Desk) AskedUnder(batch, trace uint32) *Order {
	if o := d.asking(); o != nil && o.Code.Batch == batch && o.Code.Trace == trace {
		return o
	}
	return nil
}

// asking is the order that is waited for. Its place may be another's by now.
func (d *Desk) asking() *Order {
	if d.asked == 0 || !d.ring[d.asked-1].Code.Asks {
		return nil
	}
	return &d.ring[d.asked-1]
}

// GiveUp notes that a phone does not pay an order any more that it was asking for: unless
// its time is over, it waits to be paid again.
func (d *Desk) GiveUp(o *Order, now int64) {
	d.touch(o)
	if o.Code = (Code{}); o.State == dialect.OrderPaying {
		d.change(o, dialect.OrderConfirmed, now)
	}
}
