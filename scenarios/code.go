package scenarios

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// payers are the cardholders of a role whose phones make payment codes.
func payers(a Args, role string) ([]profile.Holder, error) {
	hs, err := holders(a.Profile, role)
	if err == nil && len(hs[0].Code) != dialect.OneTimeCodeLen {
		return nil, lack("the card of role %s has no payment code of 19 digits in the profile (key code)", role)
	}
	return hs, err
}

// payByPhone makes a Make for sentences in which the customer shows a payment code:
// one of a payer of a role that is {n} seconds old, if there is one, or the one before again.
func payByPhone(role string, again bool) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		hs, err := payers(a, role)
		if err != nil {
			return nil, err
		}
		age := 0
		if a.Has("n") {
			age, err = a.Int(0)
		}
		return func(p *sim.Player) error {
			w, h := worldOf(p), pickHolder(p, hs)
			if again && len(w.code) == 0 {
				return errors.New("no payment code has been shown before")
			}
			if !again {
				w.code, w.payer = p.PhoneCode(w.code[:0], h, age), h
			}
			return payBill(p, sim.Order{Of: a.Of, Entry: sim.Code, Code: w.code}, h)
		}, err
	}
}

// scan makes a Make for sentences in which a phone scans what the terminal shows, and
// pays the order or {amount}; again, what it showed before.
func scan(again bool) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		hs, err := payers(a, "qr")
		if err != nil {
			return nil, err
		}
		var amount int64
		if a.Has("amount") {
			amount, err = a.Amount(0)
		}
		return func(p *sim.Player) error {
			b, err := billOf(p)
			if err != nil {
				return err
			}
			w := worldOf(p)
			if len(b.Shown) > 0 && !again {
				w.shown = append(w.shown[:0], b.Shown...)
			}
			if len(w.shown) == 0 {
				return errors.New("the terminal has shown no code")
			}
			h, pays := pickHolder(p, hs), cmp.Or(amount, b.Total)
			w.card = h.Card
			return keepRefusal(p, p.Scan(w.shown, h, pays))
		}, err
	}
}

// codePhrases are the sentences about codes that customers and merchants show.
func codePhrases() []*Phrase {
	const group = "Codes / 扫码"
	return []*Phrase{
		{Group: group, English: "the customer pays the order by payment code", Chinese: "顾客出示付款码支付订单", Of: dialect.QRPurchase, Role: "qr",
			Doc:  "The terminal scans a code that the customer's phone has made just now: for one payment, within a minute.",
			Make: withOrder(payByPhone("qr", false))},
		{Group: group, English: "the customer shows the same payment code again", Chinese: "顾客再次出示同一付款码", Of: dialect.QRPurchase, Role: "qr",
			Doc:  "To pay the order in hand.",
			Make: withOrder(payByPhone("qr", true))},
		{Group: group, English: "the customer pays the order by a payment code of {n} seconds ago", Chinese: "顾客出示{n}秒前的付款码支付订单", Of: dialect.QRPurchase, Role: "qr",
			Doc:  "A code that the phone made so long ago.",
			Make: withOrder(payByPhone("qr", false))},
		{Group: group, English: "the terminal shows a code for the order", Chinese: "终端显示订单收款码", Of: dialect.MerchantCode,
			Doc:  "The merchant's dynamic code. Until the host says what has come of it the terminal owes the reversal of what may be paid by it.",
			Make: ordering(func(p *sim.Player) error { return p.ShowCode(false) })},
		{Group: group, English: "the terminal shows a code for the order and listens", Chinese: "终端显示订单收款码并等待结果推送", Of: dialect.MerchantCode, CheckOnly: true,
			Doc:  "The same, and the host is to say unasked what comes of it, on the terminal's own line.",
			Make: ordering(func(p *sim.Player) error { return p.ShowCode(true) })},
		{Group: group, English: "the host tells the terminal unasked that the order is paid", Chinese: "终端收到支付成功的推送", Of: dialect.OrderResult, CheckOnly: true, Asserts: true,
			Doc: "A message of the host's own comes on the terminal's line, with a right MAC.",
			Make: ordering(func(p *sim.Player) error {
				if err := p.HearResult(); err != nil {
					return err
				}
				if b := p.T.Bill; b.State != dialect.OrderPaid {
					return fmt.Errorf("the order is %s, want %s", b.State, dialect.OrderPaid)
				}
				return nil
			})},
		{Group: group, English: "the terminal shows its static code", Chinese: "终端显示静态收款码", Of: dialect.MerchantCode,
			Doc:  "The payee stands in it, no amount.",
			Make: ordering((*sim.Player).ShowStaticCode)},
		{Group: group, English: "the customer scans the code", Chinese: "顾客扫描收款码", Of: dialect.CodeScan, Role: "qr",
			Doc:  "The customer's phone pays the order; it is played on the terminal's line.",
			Make: scan(false)},
		{Group: group, English: "the customer scans the code and pays {amount} yuan", Chinese: "顾客扫描收款码支付{amount}元", Of: dialect.CodeScan, Role: "qr",
			Doc:  "The amount is typed: that of the order, where the code is of one.",
			Make: scan(false)},
		{Group: group, English: "the customer scans the code of before", Chinese: "顾客扫描之前的收款码", Of: dialect.CodeScan, Role: "qr",
			Doc:  "One that was shown, and may not be any more.",
			Make: scan(true)},
		{Group: group, English: "the terminal hears of a payment of {amount} yuan by its static code", Chinese: "终端收到静态码支付{amount}元的结果", Of: dialect.OrderQuery, Asserts: true,
			Doc: "The host is asked for the next payment by the static code after the last that the terminal has heard of.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				want, err := a.Amount(0)
				return func(p *sim.Player) error {
					b, err := billOf(p)
					if err != nil {
						return err
					}
					if err := p.QueryStatic(); err != nil {
						return err
					}
					if b.Payment.Amount != want || !p.Last.Approved() || b.State != dialect.OrderPaid {
						return fmt.Errorf("the terminal hears of a payment of %s, want %s", told(a.Profile.Dialect, b.Payment.Amount), told(a.Profile.Dialect, want))
					}
					return nil
				}, err
			}},
	}
}
