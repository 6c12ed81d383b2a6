package sim

import (
	"cmp"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// asksPayer reports whether a host has answered a payment by code that the customer is to
// enter a password first. Whether it is booked is not known from then on: the terminal owes
// its reversal until a query says that it is.
func (t *Terminal) asksPayer(r *Result) bool {
	return r.Outcome == report.Declined && r.Of == dialect.QRPurchase && t.Profile.Dialect.Means(r.Code, dialect.InProgress)
}

// AwaitPayer has the terminal wait for a customer who is to enter a password: it queries the
// order each so often (policy payer-query) until that is paid or the phone asks no more. After
// payer-wait it gives the payment up: it sends its reversal, and asks a last time what has
// become of the order. Meanwhile, unless it is nil, is what happens after the first query.
func (p *Player) AwaitPayer(meanwhile func() error) error {
	if _, err := p.orderForm(dialect.OrderQuery); err != nil {
		return err
	}
	t, pol := p.T, &p.T.Profile.Policy
	for waited := time.Duration(0); t.Bill.State == dialect.OrderPaying; waited += pol.PayerQuery {
		if waited >= pol.PayerWait {
			if !p.settleDebt() {
				t.Display = "冲正不成功, 请与客服联系"
				return nil
			}
			return p.QueryOrder()
		}
		_ = p.Away(func() error { time.Sleep(pol.PayerQuery); return nil })
		if err := p.QueryOrder(); err != nil {
			return err
		}
		if meanwhile != nil {
			if err := meanwhile(); err != nil {
				return err
			}
			meanwhile = nil
		}
	}
	return nil
}

// AnswerPhone is a customer who enters the password that the phone asks for to pay an amount,
// or does not want to pay after all. It is played on the terminal's line and tells the
// terminal nothing.
func (p *Player) AnswerPhone(code []byte, h *profile.Holder, amount int64, pays bool) error {
	f := p.T.Profile.Dialect.Form(dialect.CodeScan)
	refused, display := p.T.Bill.Refused, p.T.Display
	v := dialect.AppendTag(p.data[:0], dialect.TagCode, code)
	v = dialect.AppendTag(v, dialect.TagPayer, h.Code)
	if !pays {
		v = dialect.AppendTag(v, dialect.TagDeclines, "1")
	}
	if p.ask(f, amount, v); p.Last.Outcome != report.Declined {
		p.T.Bill.Refused = refused
	}
	p.T.Display = display
	return nil
}

// awaited is what a terminal knows of an order whose payer is to enter a password.
func (p *Player) awaited(o *Order) {
	b := o.Bill
	b.State, b.paid = dialect.OrderPaying, Order{Of: o.Of, Entry: o.Entry, Holder: o.Holder}
	p.refusedFor(cmp.Or(p.Last.Refused, dialect.PayerTypes))
}
