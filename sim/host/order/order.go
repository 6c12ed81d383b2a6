// Package order is the orders of a host: what customers chose of a merchant's
// menu, and what has become of it.
//
// [Orders] has a [Desk] for each terminal, which keeps the terminal's latest
// [Order]s and forgets the oldest, so that no run makes it grow without end. What
// a customer's phone shows is used up in [Codes]. Money is package book's: an order
// knows the payment that was booked for it by the serial number of its answer. Why
// something is refused is a dialect.OrderReason.
package order

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// Keeps is how many orders a host keeps at most, of all its terminals; each keeps
// an equal share, but at least leastKept and at most mostKept of its latest.
const (
	Keeps     = 1 << 20
	leastKept = 64
	mostKept  = 4096
)

// Valid is for how long an order may be paid when its merchant says nothing else.
const Valid = 15 * time.Minute

// sequences is how many orders a terminal makes before their sequence begins anew.
const sequences = 8192

// Order is one order. It holds while its desk is locked.
type Order struct {
	Total     int64 // fen
	Refunded  int64
	Lines     []dialect.OrderLine // none of one that a static code made
	State     dialect.OrderState
	Made      uint32 // Unix seconds, of the number too
	Expires   uint32
	Changed   uint32  // when it last changed its state
	Payment   Payment // zero until it is paid
	Code      Code    // that the merchant shows for it; zero for none
	sequence  uint16
	next      uint16 // of the desk's chain of own numbers: the order after it, from 1
	ownNumber [32]byte
}

// Payment is what was booked for an order.
type Payment struct {
	Serial uint64 // of the answer, and of what a phone's payment was booked under
	When   uint32 // Unix seconds
	Batch  uint32
	Trace  uint32
}

// Code is what a merchant shows for an order: a number that changes with each code,
// and the batch and trace under which its payment is booked.
type Code struct {
	Number, Batch, Trace uint32
	Push                 bool // the terminal listens for what comes of it
	Asks                 bool // it is no code that the merchant shows: the customer's phone asks for a password
}

// Own is the merchant's own number of the order.
func (o *Order) Own() string {
	n := len(o.ownNumber)
	for n > 0 && o.ownNumber[n-1] == 0 {
		n--
	}
	return string(o.ownNumber[:n])
}

// Rest is what may still be refunded.
func (o *Order) Rest() int64 {
	if o.State != dialect.OrderPaid && o.State != dialect.OrderPartRefunded {
		return 0
	}
	return o.Total - o.Refunded
}

// Orders are the orders of a host. Any number of goroutines may use them.
type Orders struct {
	Codes Codes

	menu    atomic.Pointer[profile.Menu]
	redoBy  *profile.Menu          // see RedoBy
	desks   []atomic.Pointer[Desk] // of the terminals; nil until the first order
	keep    int                    // orders of each
	changes changes
}

// New makes the orders of a profile's terminals, those in stock too, none so far.
func New(p *profile.Profile) *Orders {
	n := len(p.Terminals) + len(p.Stock)
	s := &Orders{Codes: Codes{Limit: p.Dialect.FromHundredths(StaticLimit)}, desks: make([]atomic.Pointer[Desk], n), keep: mostKept}
	for s.keep > leastKept && s.keep*n > Keeps {
		s.keep /= 2
	}
	s.menu.Store(&p.Menu)
	return s
}

// Menu is the menu now: read only.
func (s *Orders) Menu() *profile.Menu { return s.menu.Load() }

// ChangeMenu puts what change makes of a copy of the menu in its place.
func (s *Orders) ChangeMenu(change func(profile.Menu) profile.Menu) {
	for {
		was := s.menu.Load()
		m := *was
		m.Dishes = slices.Clone(m.Dishes)
		if m = change(m); s.menu.CompareAndSwap(was, &m) {
			return
		}
	}
}

// Desk is that of a terminal, by its number in the books. Its orders' numbers begin
// with what the terminal is called then.
func (s *Orders) Desk(terminal int, tid []byte) *Desk {
	if d := s.desks[terminal].Load(); d != nil {
		return d
	}
	s.desks[terminal].CompareAndSwap(nil, &Desk{terminal: terminal, tid: string(tid), keep: s.keep, changes: &s.changes})
	return s.desks[terminal].Load()
}

// Used is the desk of a terminal that has had an order; nil for one that has not.
func (s *Orders) Used(terminal int) *Desk { return s.desks[terminal].Load() }

// Desk is where one terminal's orders are. It is locked while one of them is used.
type Desk struct {
	sync.Mutex
	terminal int
	tid      string
	keep     int
	ring     []Order  // the order with sequence n is at n modulo keep
	heads    []uint16 // by own number, the youngest order with it, from 1
	made     int      // orders so far
	second   uint32   // of the latest order's number
	changes  *changes
	asked    int                 // place in ring, from 1, of the order whose payer's phone asked for a password last
	asks     dialect.OneTimeCode // the code that the phone had shown
	refunds  map[string]*Refund  // by number; nil until the first
	numbers  map[uint16][]string // of those of the order at a place
	sold     []sold              // by which menus the orders of ring were, oldest first
	touched  []uint16            // places of orders that have changed: see Orders.Keep
}

// Wanted is an order that a terminal wants confirmed.
type Wanted struct {
	Own   []byte
	Lines []dialect.OrderLine // taken over as a copy
	Total int64
	Valid time.Duration // 0 for Valid
}

// Confirm gives an order its number, at a time: the same one when it comes a second
// time. The menu says what a dish costs; an order of no lines is one that a static
// code made.
func (d *Desk) Confirm(menu *profile.Menu, w Wanted, now int64) (*Order, dialect.OrderReason) {
	if len(w.Own) > 32 {
		return nil, dialect.NotAnOrder
	}
	if o := d.byOwn(w.Own); o != nil {
		if o.Total != w.Total || !slices.Equal(o.Lines, w.Lines) {
			return nil, dialect.OwnNumberTaken
		}
		return o, dialect.NoReason
	}
	if why := priced(menu, w); why != dialect.NoReason {
		return nil, why
	}
	if w.Valid == 0 {
		w.Valid = Valid
	}
	o := d.place(w.Own)
	d.sell(menu)
	if d.made%sequences == 0 || uint32(now) > d.second { // a sequence that begins anew within a second takes the next
		d.second = max(uint32(now), d.second+1)
	}
	lines := o.Lines[:0]
	*o = Order{Total: w.Total, Lines: append(lines, w.Lines...), Made: d.second, Expires: uint32(now + int64(w.Valid/time.Second)),
		sequence: uint16(d.made % sequences), next: o.next}
	copy(o.ownNumber[:], w.Own)
	d.made++
	d.change(o, dialect.OrderConfirmed, now)
	return o, dialect.NoReason
}

// priced holds an order to the menu.
func priced(menu *profile.Menu, w Wanted) dialect.OrderReason {
	for _, l := range w.Lines {
		switch dish := menu.Dish(int(l.Dish)); {
		case dish == nil, dish.SoldOut:
			return dialect.DishSoldOut
		case l.Price != dish.Price:
			return dialect.PriceChanged
		case l.Count == 0:
			return dialect.NotAnOrder
		}
	}
	if w.Total <= 0 || len(w.Lines) > 0 && dialect.OrderTotal(w.Lines) != w.Total {
		return dialect.NotAnOrder
	}
	return dialect.NoReason
}

// place is where the next order goes, entered under its own number; the one that was
// there is forgotten.
func (d *Desk) place(own []byte) *Order {
	at := d.made % d.keep
	switch {
	case at == len(d.ring):
		if at == cap(d.ring) { // not more room than for all that it keeps
			d.ring = append(make([]Order, 0, min(max(8, 2*at), d.keep)), d.ring...)
		}
		d.ring = append(d.ring, Order{})
	default:
		d.forget(uint16(at + 1))
		d.forgetRefunds(uint16(at))
	}
	if d.heads == nil {
		d.heads = make([]uint16, 64)
	}
	if len(d.heads) < len(d.ring) { // as many heads as orders, so that chains stay short
		d.heads = make([]uint16, 2*len(d.heads))
		for i := range d.ring[:len(d.ring)-1] {
			d.enter(uint16(i+1), d.ring[i].ownNumber)
		}
	}
	var key [32]byte
	copy(key[:], own)
	d.enter(uint16(at+1), key)
	return &d.ring[at]
}

// enter puts the order at n, from 1, into the chain of its own number.
func (d *Desk) enter(n uint16, own [32]byte) {
	h := &d.heads[hash(&own)%uint32(len(d.heads))]
	d.ring[n-1].next, *h = *h, n
}

// forget takes the order at n, from 1, out of its chain.
func (d *Desk) forget(n uint16) {
	at := &d.heads[hash(&d.ring[n-1].ownNumber)%uint32(len(d.heads))]
	for *at != 0 && *at != n {
		at = &d.ring[*at-1].next
	}
	if *at == n {
		*at = d.ring[n-1].next
	}
}

// hash is FNV-1a of an own number.
func hash(own *[32]byte) uint32 {
	h := uint32(2166136261)
	for _, c := range own {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}

// byOwn is the order with the merchant's own number, nil for none.
func (d *Desk) byOwn(own []byte) *Order {
	if len(d.heads) == 0 || len(own) == 0 {
		return nil
	}
	var key [32]byte
	copy(key[:], own)
	for n := d.heads[hash(&key)%uint32(len(d.heads))]; n != 0; n = d.ring[n-1].next {
		if d.ring[n-1].ownNumber == key {
			return &d.ring[n-1]
		}
	}
	return nil
}

// Find is the order with a number, nil for one that the desk has not or has
// forgotten. One that nobody has paid in time is expired by then.
func (d *Desk) Find(number []byte, now int64) *Order {
	if !dialect.IsOrderNumber(number) || string(number[:8]) != d.tid {
		return nil
	}
	sequence := int(wire.Uint(number[20:24]))
	at := sequence % d.keep
	if at >= len(d.ring) {
		return nil
	}
	o := &d.ring[at]
	var text [dialect.OrderNumberLen]byte
	if string(d.AppendNumber(text[:0], o)) != string(number) {
		return nil
	}
	d.expire(o, now)
	return o
}

// expire notes that nobody has paid an order in time.
func (d *Desk) expire(o *Order, now int64) {
	if (o.State == dialect.OrderConfirmed || o.State == dialect.OrderPaying) && now > int64(o.Expires) {
		d.change(o, dialect.OrderExpired, now)
	}
}

// AppendNumber writes an order's number.
func (d *Desk) AppendNumber(v []byte, o *Order) []byte {
	from := len(v)
	v = append(v, "000000000000000000000000"...)
	n := v[from:]
	copy(n, d.tid)
	t := time.Unix(int64(o.Made), 0)
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	for i, part := range [...]int{year % 100, int(month), day, hour, minute, second} {
		n[8+2*i], n[9+2*i] = '0'+byte(part/10), '0'+byte(part%10)
	}
	wire.PutUint(n[20:24], uint64(o.sequence))
	return append(v, dialect.OrderCheckDigit(n))
}

// PaidBy is the order whose payment has a serial number, nil for none: most payments
// are of no order.
func (d *Desk) PaidBy(serial uint64) *Order {
	for i := range d.ring {
		if o := &d.ring[i]; o.Payment.Serial == serial && serial > 0 {
			return o
		}
	}
	return nil
}

// Payable says why an order may not be paid with an amount; NoReason when it may.
func (o *Order) Payable(amount int64) dialect.OrderReason {
	switch {
	case o == nil:
		return dialect.NoSuchOrder
	case o.State == dialect.OrderCancelled:
		return dialect.OrderIsCancelled
	case o.State == dialect.OrderExpired:
		return dialect.OrderIsExpired
	case o.State != dialect.OrderConfirmed && o.State != dialect.OrderPaying:
		return dialect.OrderAlreadyPaid
	case o.Code.Asks:
		return dialect.PayerTypes
	case o.Total != amount:
		return dialect.OtherAmount
	}
	return dialect.NoReason
}

// Paid notes the payment of an order.
func (d *Desk) Paid(o *Order, p Payment) {
	o.Payment, o.Code = p, Code{}
	d.change(o, dialect.OrderPaid, int64(p.When))
}

// Unpaid notes that the payment has been reversed: the order waits again.
func (d *Desk) Unpaid(o *Order, now int64) {
	o.Payment, o.Code, o.Refunded = Payment{}, Code{}, 0
	d.change(o, dialect.OrderConfirmed, now)
}

// Refund notes that an amount of the payment has been given back; a negative one,
// that this has been undone.
func (d *Desk) Refund(o *Order, amount, now int64) {
	o.Refunded += amount
	state := dialect.OrderPaid
	switch {
	case o.Refunded >= o.Total:
		state = dialect.OrderRefunded
	case o.Refunded > 0:
		state = dialect.OrderPartRefunded
	}
	d.change(o, state, now)
}

// Cancel notes that nobody is to pay an order. It says why it cannot be cancelled.
func (d *Desk) Cancel(o *Order, now int64) dialect.OrderReason {
	switch {
	case o == nil:
		return dialect.NoSuchOrder
	case o.State == dialect.OrderExpired:
		return dialect.OrderIsExpired
	case o.State != dialect.OrderConfirmed && o.State != dialect.OrderPaying && o.State != dialect.OrderCancelled:
		return dialect.OrderAlreadyPaid
	case o.Code.Asks:
		return dialect.PayerTypes
	}
	o.Code = Code{}
	d.change(o, dialect.OrderCancelled, now)
	return dialect.NoReason
}

// Show notes the code that the merchant shows for an order. It takes the place of
// the one before.
func (d *Desk) Show(o *Order, c Code, now int64) {
	o.Code = c
	d.change(o, dialect.OrderPaying, now)
}

// change gives an order a state, and tells who listens.
func (d *Desk) change(o *Order, state dialect.OrderState, now int64) {
	o.State, o.Changed = state, uint32(now)
	d.touch(o)
	if d.changes.listeners.Load() > 0 {
		d.changes.tell(d.view(o))
	}
}

// Latest is the order made last, nil when there is none.
func (d *Desk) Latest() *Order {
	if d.made == 0 {
		return nil
	}
	return &d.ring[(d.made-1)%d.keep]
}

// StaticAfter is the first order that a static code made after the one with a number,
// or the first that is kept; nil when there is none.
func (d *Desk) StaticAfter(number []byte, now int64) *Order {
	first := 0
	if o := d.Find(number, now); o != nil {
		for i := d.made - 1; i >= 0 && i >= d.made-len(d.ring); i-- {
			if &d.ring[i%d.keep] == o {
				first = i + 1
				break
			}
		}
	}
	for i := max(first, d.made-len(d.ring)); i < d.made; i++ {
		if o := &d.ring[i%d.keep]; len(o.Lines) == 0 && o.Payment.Serial > 0 {
			return o
		}
	}
	return nil
}
