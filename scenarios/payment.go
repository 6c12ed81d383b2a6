package scenarios

import (
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// faults by the words of the placeholder {fault}.
var faultWords = map[string]line.Fault{
	"loses the next request": line.LoseRequest, "丢失下一个请求": line.LoseRequest,
	"loses the next answer": line.LoseAnswer, "丢失下一个应答": line.LoseAnswer,
	"brings the next answer too late": line.LateAnswer, "让下一个应答迟到": line.LateAnswer,
	"doubles the next request": line.DoubleRequest, "重复下一个请求": line.DoubleRequest,
	"doubles the next answer": line.DoubleAnswer, "重复下一个应答": line.DoubleAnswer,
	"spoils the MAC of the next request": line.SpoilRequest, "破坏下一个请求的MAC": line.SpoilRequest,
	"spoils the MAC of the next answer": line.SpoilAnswer, "破坏下一个应答的MAC": line.SpoilAnswer,
	"breaks in the middle of the next request": line.CutRequest, "在下一个请求中途断开": line.CutRequest,
	"breaks in the middle of the next answer": line.CutAnswer, "在下一个应答中途断开": line.CutAnswer,
}

func addFault(p *sim.Player, f line.Fault, n int) error {
	if p.T.Faults == nil {
		return errors.New("this line cannot fail on demand: it is shared")
	}
	p.T.Faults.Add(f, n)
	return nil
}

func linePhrases() []*Phrase {
	const group = "The line / 线路"
	return []*Phrase{
		{Group: group, English: "the line {fault}", Chinese: "线路{fault}", Faults: true,
			Doc: "What the line does wrong to the next exchange, whoever the host is. A lost answer has been sent by the host; a late one comes after the terminal has given up.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				f := faultWords[a.Text[0]]
				return func(p *sim.Player) error { return addFault(p, f, 1) }, nil
			}},
		{Group: group, English: "the line loses the next {n} answers", Chinese: "线路丢失接下来的{n}个应答", Faults: true,
			Doc: "The next so many exchanges get no answer.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				n, err := a.Int(0)
				return func(p *sim.Player) error { return addFault(p, line.LoseAnswer, n) }, err
			}},
	}
}

// ways in which a card is read, by the words of the placeholder {how}.
var ways = map[string]struct {
	entry sim.Entry
	pin   bool
}{
	"by stripe": {sim.Swipe, true}, "刷卡": {sim.Swipe, true},
	"by stripe without PIN": {sim.Swipe, false}, "刷卡免密": {sim.Swipe, false},
	"by chip": {sim.Insert, true}, "插卡": {sim.Insert, true},
	"by tap": {sim.Tap, false}, "挥卡": {sim.Tap, false},
	"typed in": {sim.Keyed, false}, "手输卡号": {sim.Keyed, false},
}

// pick is the cardholder of the arrival that is being played.
func pick(p *sim.Player, hs []profile.Holder) *profile.Holder {
	if len(hs) == 1 {
		return &hs[0]
	}
	return &hs[sim.Hash(0x63617264, uint64(p.N()))%uint64(len(hs))]
}

// pay has the terminal play an order that is complete but for the cardholder.
func pay(o sim.Order, hs []profile.Holder) func(*sim.Player) error {
	return func(p *sim.Player) error {
		now := o
		now.Holder = pick(p, hs)
		return local(p, p.Pay(&now))
	}
}

// onto has the terminal do something to an earlier transaction, with the card
// that made it.
func onto(of, original dialect.Transaction, amount int64, supervisor string) func(*sim.Player) error {
	return func(p *sim.Player) error {
		rec := p.T.Journal.Last(original)
		if of.Original() == dialect.ToAuthCode {
			rec = p.PreAuthorised()
		}
		if rec == nil {
			p.T.Display = "没有原始交易"
			return local(p, fmt.Errorf("%w: it knows no approved %s to do this to", sim.ErrRefusedLocally, original))
		}
		if of.Supervised() {
			password := supervisor
			if password == "" {
				password = p.T.SupervisorPassword()
			}
			if err := p.T.Supervise(password); err != nil {
				return local(p, err)
			}
		}
		kept := *rec
		o := sim.Order{Of: of, Amount: amount, Entry: rec.Entry, Holder: rec.Holder, Original: rec}
		if amount == 0 {
			o.Amount = rec.Amount
		}
		if of == dialect.PurchaseVoid && rec.Of == dialect.QRPurchase {
			o.Entry = sim.Code
		}
		world(p).original = kept
		return local(p, p.Pay(&o))
	}
}

// ofLast makes a Make for phrases about an earlier transaction; placeholder 0,
// when there is one, is the amount.
func ofLast(of, original dialect.Transaction, amount bool) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		var v int64
		var err error
		if amount {
			v, err = a.Amount(0)
		}
		return onto(of, original, v, ""), err
	}
}

// byCard makes a Make for phrases with an amount, a role and, optionally, a way
// of reading the card.
func byCard(of dialect.Transaction, amount, how bool) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		o := sim.Order{Of: of, Entry: sim.Swipe, PIN: true}
		at := 0
		role := map[bool]int{true: 1, false: 0}[amount]
		if chineseOrder(a.Text, amount) {
			at, role = 1, 0
		}
		if amount {
			v, err := a.Amount(at)
			if err != nil {
				return nil, err
			}
			o.Amount = v
		}
		hs, err := a.Holders(role)
		if err != nil {
			return nil, err
		}
		if how {
			w := ways[a.Text[len(a.Text)-1]]
			o.Entry, o.PIN = w.entry, w.pin
		}
		return pay(o, hs), nil
	}
}

// chineseOrder tells whether the role stands before the amount, as it does in
// Chinese.
func chineseOrder(text []string, amount bool) bool {
	if !amount || len(text) < 2 {
		return false
	}
	_, err := fen(text[0])
	return err != nil
}

func paymentPhrases() []*Phrase {
	const group = "Payments / 交易"
	return []*Phrase{
		{Group: group, English: "the cardholder pays {amount} yuan with a {role} card", Chinese: "持卡人用{role}卡消费{amount}元",
			Doc:  "A purchase by magnetic stripe and PIN. A reversal that the terminal owes goes first.",
			Card: true,
			Make: byCard(dialect.Purchase, true, false)},
		{Group: group, English: "the cardholder pays {amount} yuan with a {role} card {how}", Chinese: "持卡人用{role}卡消费{amount}元, {how}",
			Doc:  "A purchase with the card read in this way: by stripe (with or without PIN), by chip (with PIN), by tap, or typed in.",
			Card: true,
			Make: byCard(dialect.Purchase, true, true)},
		{Group: group, English: "the cardholder pays {amount} yuan by QR code", Chinese: "持卡人出示付款码支付{amount}元",
			Doc: "The terminal scans the cardholder's payment code.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				v, err := a.Amount(0)
				if err != nil {
					return nil, err
				}
				hs, err := holders(a.Profile, "qr")
				return pay(sim.Order{Of: dialect.QRPurchase, Amount: v, Entry: sim.Code}, hs), err
			}},
		{Group: group, English: "the cardholder asks for the balance of a {role} card", Chinese: "持卡人用{role}卡查询余额",
			Doc:  "A balance inquiry by magnetic stripe and PIN.",
			Card: true,
			Make: byCard(dialect.Balance, false, false)},
		{Group: group, English: "the operator voids the last purchase", Chinese: "操作员撤销上一笔消费",
			Doc:  "The whole amount of the last purchase of this batch that is not voided, with the supervisor's password and the same card.",
			Make: ofLast(dialect.PurchaseVoid, dialect.Purchase, false)},
		{Group: group, English: "the operator voids the last purchase with supervisor password {text}", Chinese: "操作员用主管密码{text}撤销上一笔消费",
			Doc: "As above, with this password.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				return onto(dialect.PurchaseVoid, dialect.Purchase, 0, a.Text[0]), nil
			}},
		{Group: group, English: "the operator voids the same purchase again", Chinese: "操作员再次撤销同一笔消费",
			Doc: "The void that went before, once more.",
			Make: fixed(func(p *sim.Player) error {
				rec := world(p).original
				if rec.Of != dialect.Purchase {
					return errors.New("no purchase has been voided before")
				}
				return local(p, p.Pay(&sim.Order{Of: dialect.PurchaseVoid, Amount: rec.Amount, Entry: rec.Entry, Holder: rec.Holder, Original: &rec}))
			})},
		{Group: group, English: "the operator refunds {amount} yuan of the last purchase", Chinese: "操作员对上一笔消费退货{amount}元",
			Doc:  "A refund that points to the last purchase by its reference number and date.",
			Make: ofLast(dialect.Refund, dialect.Purchase, true)},
		{Group: group, English: "the operator pre-authorises {amount} yuan with a {role} card", Chinese: "操作员用{role}卡做预授权{amount}元",
			Doc:  "Holds the amount on the card.",
			Card: true,
			Make: byCard(dialect.PreAuth, true, false)},
		{Group: group, English: "the operator voids the pre-authorisation", Chinese: "操作员撤销预授权",
			Doc:  "Releases the last pre-authorisation of this scenario.",
			Make: ofLast(dialect.PreAuthVoid, dialect.PreAuth, false)},
		{Group: group, English: "the operator completes the pre-authorisation with {amount} yuan", Chinese: "操作员完成预授权{amount}元",
			Doc:  "A completion request: the amount is paid, the rest of the hold released.",
			Make: ofLast(dialect.Completion, dialect.PreAuth, true)},
		{Group: group, English: "the operator completes the pre-authorisation with {amount} yuan by advice", Chinese: "操作员以通知方式完成预授权{amount}元",
			Doc:  "A completion advice (0220).",
			Make: ofLast(dialect.CompletionAdvice, dialect.PreAuth, true)},
		{Group: group, English: "the operator voids the completion", Chinese: "操作员撤销预授权完成",
			Doc:  "Voids the last completion of this batch.",
			Make: ofLast(dialect.CompletionVoid, dialect.Completion, false)},
		{Group: group, English: "the terminal owes a reversal", Chinese: "终端有待发冲正",
			Doc:  "The last payment is unknown: the terminal must undo it before its next one.",
			Make: fixed(func(p *sim.Player) error { return state(p, p.T.Owes(), "owing a reversal", "owing none") })},
		{Group: group, English: "the terminal owes no reversal", Chinese: "终端无待发冲正",
			Doc:  "",
			Make: fixed(func(p *sim.Player) error { return state(p, !p.T.Owes(), "owing no reversal", "owing one") })},
		{Group: group, English: "the terminal sends the reversal that it owes", Chinese: "终端发送冲正",
			Doc: "Sends the reversal once, without waiting for the next payment.",
			Make: fixed(func(p *sim.Player) error {
				if !p.T.Owes() {
					return errors.New("the terminal owes no reversal")
				}
				p.Reverse()
				return nil
			})},
	}
}
