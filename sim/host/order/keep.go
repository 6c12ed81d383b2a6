package order

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/posfleet/posfleet/sim/dialect"
)

// kept is an order as a host's data keep it, whole, whenever it has changed.
type kept struct {
	Terminal int    // the desk's
	TID      string // with which its numbers begin
	N        int    // how many orders the desk had before it
	Order
	Own     []byte               `json:",omitempty"`
	Refunds []keptRefund         `json:",omitempty"` // under numbers
	Asks    *dialect.OneTimeCode `json:",omitempty"` // the code of the phone that asks for a password
}

type keptRefund struct {
	Number []byte
	Refund
}

var errKept = errors.New("it does not fit the orders")

// Keep has the desks note which orders change, for [Desk.TakeChanges]. Call it before the
// first request.
func (s *Orders) Keep() { s.changes.kept = true }

// touch notes that an order has changed.
func (d *Desk) touch(o *Order) {
	if !d.changes.kept {
		return
	}
	if at := d.placeOf(o); !slices.Contains(d.touched, at) {
		d.touched = append(d.touched, at)
	}
}

// TakeChanges gives the orders of the desk that have changed since the last time, each as
// octets that [Orders.Redo] takes.
func (d *Desk) TakeChanges() (all [][]byte) {
	d.Lock()
	defer d.Unlock()
	for _, at := range d.touched {
		o := &d.ring[at]
		k := kept{Terminal: d.terminal, TID: d.tid, N: d.before(o), Order: *o, Own: []byte(o.Own())}
		for _, number := range d.numbers[at] {
			k.Refunds = append(k.Refunds, keptRefund{[]byte(number), *d.refunds[number]})
		}
		if d.asking() == o {
			k.Asks = &d.asks
		}
		text, err := json.Marshal(k)
		if err != nil {
			panic(err) // numbers and octets have JSON
		}
		all = append(all, text)
	}
	d.touched = d.touched[:0]
	return all
}

// Redo takes an order that TakeChanges gave, after all those before it. The error says that
// it is not of these orders.
func (s *Orders) Redo(text []byte) error {
	var k kept
	if err := json.Unmarshal(text, &k); err != nil {
		return errors.Join(errKept, err)
	}
	if k.Terminal < 0 || k.Terminal >= len(s.desks) || len(k.Own) > len(Order{}.ownNumber) {
		return errKept
	}
	d := s.Desk(k.Terminal, []byte(k.TID))
	d.Lock()
	defer d.Unlock()
	var o *Order
	switch {
	case k.N == d.made:
		o = d.place(k.Own)
		if s.redoBy != nil {
			d.sell(s.redoBy)
		} else {
			d.sell(s.Menu())
		}
		d.made, d.second = d.made+1, k.Made
	case k.N >= 0 && k.N < d.made && k.N >= d.made-len(d.ring):
		o = &d.ring[k.N%d.keep]
	default:
		return errKept
	}
	next := o.next
	*o = k.Order
	o.sequence, o.next = uint16(k.N%sequences), next
	copy(o.ownNumber[:], k.Own)
	d.forgetRefunds(d.placeOf(o))
	for _, r := range k.Refunds {
		d.NoteRefund(o, r.Number, r.Refund)
	}
	if k.Asks != nil {
		d.asks, d.asked = *k.Asks, 1+int(d.placeOf(o))
	}
	return nil
}
