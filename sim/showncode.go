package sim

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// ShowCode has the terminal show a code for the order, for a customer to scan. From
// then on a payment may be booked that it hears nothing of, under the trace of its
// request: it owes the reversal of that, until the host says that it is booked
// ([Player.QueryOrder], [Player.HearResult]) or that it will not be
// ([Player.CancelOrder]). A terminal that listens wants to be told unasked.
func (p *Player) ShowCode(listens bool) error {
	f, err := p.orderForm(dialect.MerchantCode)
	if err != nil {
		return err
	}
	t, b := p.T, p.T.Bill
	if t.Owes() && !p.settleDebt() && t.Profile.Policy.AbortOnReversal {
		t.Display = "冲正不成功, 请与客服联系"
		return ErrRefusedLocally
	}
	v := dialect.AppendTag(p.data[:0], dialect.TagOrder, b.Number[:])
	if listens {
		v = dialect.AppendTag(v, dialect.TagPush, "1")
	}
	r := p.ask(f, 0, v)
	if r.Outcome != report.Approved {
		return nil
	}
	code := dialect.Tagged(p.ans.Get(wire.OrderData), dialect.TagCode)
	if code == nil {
		return p.misled("the host gives no code")
	}
	b.Shown, b.State = append(b.Shown[:0], code...), dialect.OrderPaying
	b.paid = Order{Of: dialect.QRPurchase, Entry: Code}
	t.Display = "请扫码支付"
	return p.oweShown(r.Trace)
}

// oweShown notes the reversal of what may be paid by the code that is shown: of a QR
// purchase with the trace of the request for it.
func (p *Player) oweShown(trace uint32) error {
	t := p.T
	f := t.Profile.Dialect.Form(dialect.QRPurchase)
	p.begin(t, f)
	o := &Order{Of: dialect.QRPurchase, Amount: t.Bill.Total, Entry: Code}
	if err := p.fill(t, f, o); err != nil {
		return err
	}
	p.req.SetUint(wire.Trace, uint64(trace))
	request, err := p.req.Append(t.Owed.Request[:0])
	if err != nil {
		return err
	}
	t.Owed = Owed{Of: o.Of, Amount: o.Amount, Reason: t.Profile.Policy.ReversalReason, Request: request}
	return nil
}

// HearResult has the terminal listen on its line, which must be its own, for what the
// host says unasked of the order. It believes what carries a right MAC.
func (p *Player) HearResult() error {
	t := p.T
	own, is := t.Link.(interface {
		Listen(time.Duration) ([]byte, error)
	})
	if _, err := p.orderForm(dialect.OrderResult); err != nil || !is {
		return cmp.Or(err, errors.New("the terminal shares its line: nothing can be heard there unasked"))
	}
	octets, err := own.Listen(t.Profile.Policy.Timeout)
	if err != nil {
		return fmt.Errorf("the host says nothing of the order: %w", err)
	}
	m := t.Profile.Dialect.Acquire()
	defer m.Release()
	if err := m.Read(octets); err != nil {
		return err
	}
	data := m.Get(wire.OrderData)
	covered, mac := m.MACSpan()
	switch of, known := t.Profile.Dialect.Classify(m); {
	case !known || of != dialect.OrderResult:
		return fmt.Errorf("what the host says unasked is no %s", dialect.OrderResult)
	case t.keys.MAC != nil && (mac == nil || !p.answerKey().CheckMAC(t.Profile.MAC, covered, mac)):
		return errors.New("what the host says unasked of the order has no right MAC")
	}
	if err := t.Bill.about(data); err != nil {
		return fmt.Errorf("what the host says unasked is not right: %w", err)
	}
	p.told(t.Bill, data)
	return nil
}

// ShowStaticCode has the terminal show its merchant's static code.
func (p *Player) ShowStaticCode() error {
	f := p.T.Profile.Dialect.Form(dialect.MerchantCode)
	if f == nil || !p.T.SignedIn {
		_, err := p.orderForm(dialect.MerchantCode)
		return err
	}
	b := p.T.bill()
	r := p.ask(f, 0, p.data[:0])
	if r.Outcome != report.Approved {
		return nil
	}
	code := dialect.Tagged(p.ans.Get(wire.OrderData), dialect.TagCode)
	if code == nil {
		return p.misled("the host gives no code")
	}
	b.Shown = append(b.Shown[:0], code...)
	b.after = append(b.after[:0], dialect.Tagged(p.ans.Get(wire.OrderData), dialect.TagOrder)...)
	p.T.Display = "请扫码支付"
	return nil
}

// Scan is a customer's phone that scans a code and pays an amount. It is played on
// the terminal's line and tells the terminal nothing.
func (p *Player) Scan(code []byte, h *profile.Holder, amount int64) error {
	f := p.T.Profile.Dialect.Form(dialect.CodeScan)
	display := p.T.Display
	v := dialect.AppendTag(p.data[:0], dialect.TagCode, code)
	p.ask(f, amount, dialect.AppendTag(v, dialect.TagPayer, h.Code))
	p.T.Display = display
	return nil
}

// QueryStatic asks the host for the next payment by the static code that is shown. One
// that it tells of becomes the terminal's bill, and goes into the journal.
func (p *Player) QueryStatic() error {
	t := p.T
	f := t.Profile.Dialect.Form(dialect.OrderQuery)
	if t.Bill == nil || len(t.Bill.Shown) == 0 {
		return fmt.Errorf("%w: it shows no code", ErrRefusedLocally)
	}
	v := dialect.AppendTag(p.data[:0], dialect.TagCode, "")
	if after := t.Bill.after; len(after) > 0 {
		v = dialect.AppendTag(v, dialect.TagOrder, after)
	}
	r := p.ask(f, 0, v)
	data := p.ans.Get(wire.OrderData)
	number, paid := dialect.Tagged(data, dialect.TagOrder), dialect.Tagged(data, dialect.TagPayment)
	if r.Outcome != report.Approved || !dialect.IsOrderNumber(number) || len(paid) != 28 {
		return nil
	}
	rec := Record{Of: dialect.QRPurchase, Entry: Code, Amount: int64(dialect.TaggedUint(data, dialect.TagTotal)),
		Batch: uint32(wire.Uint(paid[:6])), Trace: uint32(wire.Uint(paid[6:12]))}
	copy(rec.RRN[:], paid[12:24])
	copy(rec.Date[:], paid[24:28])
	*t.Bill = Bill{Lines: t.Bill.Lines[:0], Shown: t.Bill.Shown, after: append(t.Bill.after[:0], number...), menu: t.Bill.menu, State: dialect.OrderState(dialect.TaggedUint(data, dialect.TagState)), Total: rec.Amount, Payment: rec}
	copy(t.Bill.Number[:], number)
	if rec.Batch == t.Batch {
		t.Journal.add(rec)
	}
	t.stand(rec.Of, Paid)
	t.Display = t.Bill.State.Chinese()
	return nil
}

// PhoneCode is a payment code that a customer's phone made so many seconds ago.
func (p *Player) PhoneCode(v []byte, h *profile.Holder, age int) []byte {
	code := h.Code[max(0, len(h.Code)-6):]
	var payer uint32
	for _, c := range []byte(code) {
		payer = payer*10 + uint32(c-'0')
	}
	p.codes++
	number := uint64(p.n*8 + p.codes%8)
	if p.Shard == nil { // arrivals of several checks are numbered alike
		number = Hash(Hash(wire.Uint([]byte(p.T.TID)), uint64(p.T.Trace)), number)
	}
	at := p.Clock.At(p.Clock.Now()).Unix() - int64(age)
	return dialect.AppendOneTimeCode(v, dialect.OneTimeCode{Payer: payer, Second: uint32(at % 1e6), Number: uint32(number % 1e5)})
}
