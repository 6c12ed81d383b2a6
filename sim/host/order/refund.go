package order

// MostRefunds is in how many parts an order can be refunded under refund numbers.
const MostRefunds = 50

// Refund is a part of an order's payment that was given back under a number of the
// merchant's: what comes under that number again is the same refund.
type Refund struct {
	Amount       int64
	Serial       uint64 // of the answer
	When         uint32 // Unix seconds
	Batch, Trace uint32

	place uint16 // of the order
}

// RefundUnder is the refund with a number, and of which order it is; nil for none, or one of
// an order that is forgotten.
func (d *Desk) RefundUnder(number []byte) (*Order, *Refund) {
	r := d.refunds[string(number)]
	if r == nil {
		return nil, nil
	}
	return &d.ring[r.place], r
}

// Refunds are those of an order that have numbers, the oldest first.
func (d *Desk) Refunds(o *Order) (all []*Refund) {
	for _, number := range d.numbers[d.placeOf(o)] {
		all = append(all, d.refunds[number])
	}
	return all
}

// NoteRefund keeps a refund of an order under its number.
func (d *Desk) NoteRefund(o *Order, number []byte, r Refund) {
	if d.refunds == nil {
		d.refunds, d.numbers = map[string]*Refund{}, map[uint16][]string{}
	}
	d.touch(o)
	r.place = d.placeOf(o)
	d.refunds[string(number)] = &r
	d.numbers[r.place] = append(d.numbers[r.place], string(number))
}

// forgetRefunds drops those of the order at a place.
func (d *Desk) forgetRefunds(place uint16) {
	for _, number := range d.numbers[place] {
		delete(d.refunds, number)
	}
	delete(d.numbers, place)
}

// placeOf is where an order of the desk is in its ring.
func (d *Desk) placeOf(o *Order) uint16 { return uint16(int(o.sequence) % d.keep) }
