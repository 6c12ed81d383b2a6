package sim

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// Bill is what a customer orders, as the terminal has it: dishes, the order's number
// once the host has confirmed it, and what the terminal knows of its payment.
type Bill struct {
	Lines    []dialect.OrderLine
	Valid    int // seconds in which it may be paid; 0 for what the host says
	Number   [dialect.OrderNumberLen]byte
	Total    int64 // fen, that the host confirmed
	State    dialect.OrderState
	Refunded int64
	Refused  dialect.OrderReason // why the host refused what was asked last
	Payment  Record              // its Amount is 0 until the terminal knows of one
	Prompted int64               // the amount that stood on the screen, with the payee, before the password; 0 for none
	Shown    []byte              // the code that the terminal shows; empty for none

	after  []byte   // the order after which payments by the static code are news
	own    [24]byte // the merchant's own number: terminal 8, MMDDhhmmss 10, trace 6
	named  bool     // it has one
	paid   Order    // how it was paid last
	refund refunding
	menu   *profile.Menu // the terminal's own copy; nil for the profile's
}

// Numbered reports whether the host has given the order its number.
func (b *Bill) Numbered() bool { return b.Number[0] != 0 }

// Menu is the terminal's copy of the menu.
func (t *Terminal) Menu() *profile.Menu {
	if t.Bill != nil && t.Bill.menu != nil {
		return t.Bill.menu
	}
	return &t.Profile.Menu
}

// SetMenu gives the terminal a copy of its own; nil for the profile's.
func (t *Terminal) SetMenu(m *profile.Menu) {
	if t.Bill == nil {
		t.Bill = &Bill{}
	}
	t.Bill.menu = m
}

// ServeNext readies the terminal for another customer: what the one before chose and
// did not order is forgotten.
func (t *Terminal) ServeNext() {
	if b := t.Bill; b != nil {
		*b = Bill{Lines: b.Lines[:0], Shown: b.Shown[:0]}
	}
}

// bill is the bill that dishes go on: a new one when the last is past its draft.
func (t *Terminal) bill() *Bill {
	switch b := t.Bill; {
	case b == nil:
		t.Bill = &Bill{}
	case b.State != dialect.OrderDraft:
		*b = Bill{Lines: b.Lines[:0], Shown: b.Shown[:0], Valid: b.Valid, menu: b.menu}
	}
	return t.Bill
}

// Choose puts so many of a dish on the bill, or in place of how many are there when
// it is a change; 0 takes the dish off.
func (p *Player) Choose(number, count int, change bool) error {
	t := p.T
	dish := t.Menu().Dish(number)
	switch {
	case !t.SignedIn:
		t.Display = "请先签到"
		return fmt.Errorf("%w: it has not signed in", ErrRefusedLocally)
	case dish == nil, dish.SoldOut && !(change && count == 0):
		t.Display = dialect.DishSoldOut.Display()
		return fmt.Errorf("%w: dish %d is sold out", ErrRefusedLocally, number)
	}
	b := t.bill()
	b.named, b.Refused = false, dialect.NoReason // another order than any before
	at := 0
	for at < len(b.Lines) && int(b.Lines[at].Dish) != number {
		at++
	}
	if at == len(b.Lines) {
		if len(b.Lines) == dialect.MostOrderLines {
			t.Display = "菜品过多"
			return fmt.Errorf("%w: an order has at most %d lines", ErrRefusedLocally, dialect.MostOrderLines)
		}
		b.Lines = append(b.Lines, dialect.OrderLine{Dish: uint16(number)})
	}
	l := &b.Lines[at]
	if l.Price = dish.Price; !change {
		count += int(l.Count)
	}
	if l.Count = uint16(count); count == 0 {
		b.Lines = append(b.Lines[:at], b.Lines[at+1:]...)
	}
	if count > 999 {
		l.Count = 999
		t.Display = "数量过多"
		return fmt.Errorf("%w: at most 999 of a dish", ErrRefusedLocally)
	}
	return nil
}

// orderForm is the form of a transaction about the bill, and says why the terminal
// does not send one.
func (p *Player) orderForm(of dialect.Transaction) (*dialect.Form, error) {
	t := p.T
	f := t.Profile.Dialect.Form(of)
	switch {
	case f == nil:
		return nil, fmt.Errorf("dialect %s has no %s", t.Profile.Dialect.Name, of)
	case !t.SignedIn:
		t.Display = "请先签到"
		return nil, fmt.Errorf("%w: it has not signed in", ErrRefusedLocally)
	case of == dialect.OrderConfirm && (t.Bill == nil || len(t.Bill.Lines) == 0),
		of != dialect.OrderConfirm && (t.Bill == nil || !t.Bill.Numbered()):
		t.Display = "请先点餐"
		return nil, fmt.Errorf("%w: it has no order", ErrRefusedLocally)
	}
	return f, nil
}

// ask sends a request about the bill with order data, and reads why it is refused.
func (p *Player) ask(f *dialect.Form, amount int64, data []byte) *Result {
	p.begin(p.T, f)
	if f.Carries(wire.Amount) {
		p.req.SetUint(wire.Amount, uint64(amount))
	}
	if len(data) > 0 {
		p.req.Set(wire.OrderData, data)
	}
	p.data = data
	r := p.exchange(f)
	p.T.Display = show(r)
	if b := p.T.Bill; b != nil {
		b.Refused = dialect.NoReason
		if r.Outcome == report.Declined {
			p.refusedFor(r.Refused)
		}
	}
	return r
}

// refusedFor notes why the host refuses something of the bill.
func (p *Player) refusedFor(why dialect.OrderReason) {
	if p.T.Bill.Refused = why; why != dialect.NoReason {
		p.T.Display = why.Display()
	}
}

// ConfirmOrder has the host confirm the bill: it gives the order its number. After an
// answer that did not come the same order is sent again, never a second one.
func (p *Player) ConfirmOrder() error {
	f, err := p.orderForm(dialect.OrderConfirm)
	if err != nil {
		return err
	}
	b := p.T.Bill
	total := dialect.OrderTotal(b.Lines)
	if !b.named {
		PutTime(&p.stamp, p.Clock.At(p.Clock.Now()))
		copy(b.own[:], p.T.TID)
		copy(b.own[8:], p.stamp[:])
		wire.PutUint(b.own[18:], uint64(p.T.Trace))
		b.named = true
	}
	v := dialect.AppendTag(p.data[:0], dialect.TagOwnNumber, b.own[:])
	v = dialect.AppendTagUint(v, dialect.TagMenu, uint64(p.T.Menu().Version), 6)
	v = append(v, dialect.TagLines+"000"...)
	wire.PutUint(v[len(v)-3:], uint64(len(b.Lines)*dialect.OrderLineLen))
	for _, l := range b.Lines {
		v = dialect.AppendOrderLine(v, l)
	}
	if b.Valid > 0 {
		v = dialect.AppendTagUint(v, dialect.TagValid, uint64(b.Valid), 5)
	}
	r := p.ask(f, total, v)
	switch {
	case b.Refused == dialect.PriceChanged, b.Refused == dialect.DishSoldOut:
		p.correct(b, dialect.Tagged(p.ans.Get(wire.OrderData), dialect.TagLines))
	case r.Outcome == report.Approved:
		data := p.ans.Get(wire.OrderData)
		number := dialect.Tagged(data, dialect.TagOrder)
		switch {
		case !dialect.IsOrderNumber(number):
			return p.misled("the approval of the order brings no order number")
		case int64(dialect.TaggedUint(data, dialect.TagTotal)) != total:
			return p.misled("the host confirms another total than the order's")
		}
		copy(b.Number[:], number)
		b.Total = total
		b.State = dialect.OrderState(dialect.TaggedUint(data, dialect.TagState))
		p.T.Display = b.State.Chinese()
	}
	return nil
}

// correct puts the host's prices into bill and menu; a line with a count of 0 is of a
// dish that is sold out.
func (p *Player) correct(b *Bill, told []byte) {
	lines, ok := dialect.AppendOrderLines(nil, told)
	if !ok {
		return
	}
	menu := *p.T.Menu()
	menu.Dishes = slices.Clone(menu.Dishes)
	b.menu, b.named = &menu, false
	for _, l := range lines {
		if dish := menu.Dish(int(l.Dish)); dish != nil {
			dish.Price, dish.SoldOut = l.Price, l.Count == 0
		}
		for i := range b.Lines {
			if b.Lines[i].Dish == l.Dish {
				b.Lines[i].Price = l.Price
			}
		}
	}
}

// misled takes the last answer for one that fails the terminal's checks.
func (p *Player) misled(why string) error {
	p.Last.Outcome, p.Last.Why = report.Refused, errors.New(why)
	p.T.Display = show(&p.Last)
	return nil
}

// QueryOrder asks the host for the order. What the terminal did not know of its
// payment it knows then: one that is booked goes into the journal, one that is not is
// reversed.
func (p *Player) QueryOrder() error {
	f, err := p.orderForm(dialect.OrderQuery)
	if err != nil {
		return err
	}
	b := p.T.Bill
	r := p.ask(f, 0, dialect.AppendTag(p.data[:0], dialect.TagOrder, b.Number[:]))
	if r.Outcome != report.Approved {
		return nil
	}
	data := p.ans.Get(wire.OrderData)
	if err := b.about(data); err != nil {
		return p.misled(err.Error())
	}
	if paid := p.told(b, data); paid == nil && p.T.Owes() && b.paid.Of.Payment() && b.State != dialect.OrderPaying && !p.settleDebt() {
		p.T.Display = "冲正不成功, 请与客服联系"
	}
	return nil
}

// about checks that what the host says is about this order, and about its money.
func (b *Bill) about(data []byte) error {
	total, refunded := int64(dialect.TaggedUint(data, dialect.TagTotal)), int64(dialect.TaggedUint(data, dialect.TagRefunded))
	switch {
	case !bytes.Equal(dialect.Tagged(data, dialect.TagOrder), b.Number[:]):
		return errors.New("the host tells of another order than the terminal's")
	case total != b.Total:
		return fmt.Errorf("the host tells a total of %d of the order, the terminal has %d", total, b.Total)
	case refunded > total:
		return fmt.Errorf("the host tells that %d of the order's %d are refunded", refunded, total)
	}
	return nil
}

// told takes what the host says of the order, and gives what it says of its payment.
func (p *Player) told(b *Bill, data []byte) (paid []byte) {
	b.State = dialect.OrderState(dialect.TaggedUint(data, dialect.TagState))
	b.Refunded = int64(dialect.TaggedUint(data, dialect.TagRefunded))
	p.T.Display = b.State.Chinese()
	if paid = dialect.Tagged(data, dialect.TagPayment); len(paid) == 28 && b.Payment.Amount == 0 {
		p.learn(b, paid)
	}
	return paid
}

// learn takes a payment that the host tells of into the journal, if it is the one
// that the terminal has heard no answer to.
func (p *Player) learn(b *Bill, told []byte) {
	t := p.T
	rec := Record{Of: b.paid.Of, Entry: b.paid.Entry, holder: b.paid.Holder.Number(), Amount: b.Total, Batch: uint32(wire.Uint(told[:6])), Trace: uint32(wire.Uint(told[6:12]))}
	copy(rec.RRN[:], told[12:24])
	copy(rec.Date[:], told[24:28])
	if !t.Owes() || rec.Batch != t.Batch {
		return
	}
	if p.orig == nil {
		p.orig = t.Profile.Dialect.NewMessage()
	}
	if p.orig.Read(t.Owed.Request) != nil || p.orig.Uint(wire.Trace) != uint64(rec.Trace) {
		return
	}
	t.Owed.Request = t.Owed.Request[:0]
	b.Payment, b.Shown = rec, b.Shown[:0]
	t.Journal.add(rec)
	t.stand(rec.Of, Paid)
}

// CancelOrder has the host cancel the order, if nobody has paid it.
func (p *Player) CancelOrder() error {
	f, err := p.orderForm(dialect.OrderCancel)
	if err != nil {
		return err
	}
	b := p.T.Bill
	r := p.ask(f, 0, dialect.AppendTag(p.data[:0], dialect.TagOrder, b.Number[:]))
	if r.Outcome != report.Approved {
		return nil
	}
	data := p.ans.Get(wire.OrderData)
	if err := b.about(data); err != nil {
		return p.misled(err.Error())
	}
	b.State = dialect.OrderState(dialect.TaggedUint(data, dialect.TagState))
	if len(b.Shown) > 0 && b.State == dialect.OrderCancelled { // and the code is good for nothing any more
		p.T.Owed.Request, b.Shown = p.T.Owed.Request[:0], b.Shown[:0]
	}
	p.T.Display = b.State.Chinese()
	return nil
}

// PayOrder has a customer pay the order as o says; its amount is the order's, unless
// it has one. Payee and amount are on the screen before a password is typed.
func (p *Player) PayOrder(o *Order) error {
	b := p.T.Bill
	if b == nil || !b.Numbered() {
		p.T.Display = "请先点餐"
		return fmt.Errorf("%w: it has no order", ErrRefusedLocally)
	}
	if o.Bill = b; o.Amount == 0 {
		o.Amount = b.Total
	}
	b.Prompted = o.Amount
	return p.Pay(o)
}

// Prompt is what stood on the screen before the password: payee and amount.
func (t *Terminal) Prompt() string {
	if t.Bill == nil || t.Bill.Prompted == 0 {
		return ""
	}
	payee := t.MID
	if m := t.Profile.Merchant(t.MID); m != nil && m.Name != "" {
		payee = m.Name
	}
	return fmt.Sprintf("收款方: %s, 金额: %s元", payee, report.FormatAmount(t.Bill.Prompted, t.Profile.Dialect.Exponent))
}

// billed notes what has come of a payment, refund or void of the bill.
func (p *Player) billed(o *Order, r *Result) {
	b := o.Bill
	b.Refused = dialect.NoReason
	charge := o.Of.Booking() == dialect.Charge
	switch {
	case r.Outcome == report.Approved && charge:
		b.State, b.Payment = dialect.OrderPaid, p.T.Journal.Records[len(p.T.Journal.Records)-1]
		b.Shown = b.Shown[:0]
		if text := p.T.Profile.Policy.OrderPaid; text != "" {
			p.T.Display = text
		}
	case r.Outcome == report.Approved:
		b.State = dialect.OrderRefunded
		if !r.known {
			b.Refunded += r.Amount
		}
		if b.Refunded < b.Total {
			b.State = dialect.OrderPartRefunded
		}
	case p.T.asksPayer(r):
		p.awaited(o)
	case r.Outcome == report.Declined:
		p.refusedFor(r.Refused)
	case r.Outcome != report.Unsent && charge:
		b.State, b.paid = dialect.OrderUnknown, Order{Of: o.Of, Entry: o.Entry, Holder: o.Holder}
	}
}

// VoidOrder voids the payment of the order, on the same day and in the same batch.
func (p *Player) VoidOrder() error {
	b := p.T.Bill
	if b != nil && b.Payment.Amount > 0 {
		for i := range p.T.Journal.Records {
			if r := &p.T.Journal.Records[i]; r.Trace == b.Payment.Trace && r.Batch == b.Payment.Batch && r.Of == b.Payment.Of {
				return p.Pay(&Order{Of: dialect.PurchaseVoid, Amount: r.Amount, Entry: r.Entry, Holder: r.Holder(p.T.Profile), Original: r, Bill: b})
			}
		}
	}
	p.T.Display = "没有原始交易"
	return fmt.Errorf("%w: its batch holds no payment of the order", ErrRefusedLocally)
}
