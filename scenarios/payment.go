package scenarios

import (
	"errors"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// reading is how a card is read, and whether its PIN is asked for.
type reading struct {
	entry sim.Entry
	pin   bool
}

// cardReading are the words of the placeholder {how}.
var cardReading = []word[reading]{
	{"by stripe", "刷卡", reading{sim.Swipe, true}},
	{"by stripe without PIN", "刷卡免密", reading{sim.Swipe, false}},
	{"by chip", "插卡", reading{sim.Insert, true}},
	{"by tap", "挥卡", reading{sim.Tap, false}},
	{"typed in", "手输卡号", reading{sim.Keyed, false}},
}

// pickHolder is the cardholder of the arrival that is being played.
func pickHolder(p *sim.Player, hs []profile.Holder) *profile.Holder {
	if len(hs) == 1 {
		return &hs[0]
	}
	return &hs[sim.Hash(0x63617264, uint64(p.N()))%uint64(len(hs))]
}

// pay has the terminal play an order that is complete but for the cardholder.
func pay(o sim.Order, hs []profile.Holder) func(*sim.Player) error {
	return func(p *sim.Player) error {
		now := o
		now.Holder = pickHolder(p, hs)
		return keepRefusal(p, p.Pay(&now))
	}
}

// withCard makes a Make for sentences in which a card is read: of a {role}, in
// the way of {how} or else by stripe and PIN, for an {amount} if there is one.
func withCard(of dialect.Transaction) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		o := sim.Order{Of: of, Entry: sim.Swipe, PIN: true}
		if a.Has("amount") {
			v, err := a.Amount(0)
			if err != nil {
				return nil, err
			}
			o.Amount = v
		}
		if a.Has("how") {
			how := meaning(cardReading, a.Words["how"][0])
			o.Entry, o.PIN = how.entry, how.pin
		}
		hs, err := a.Holders()
		return pay(o, hs), err
	}
}

func paymentPhrases() []*Phrase {
	const group = "Payments / 交易"
	return []*Phrase{
		{Group: group, English: "the cardholder pays {amount} yuan with a {role} card", Chinese: "持卡人用{role}卡消费{amount}元",
			Doc:  "A purchase by magnetic stripe and PIN. A reversal that the terminal owes goes first.",
			Card: true,
			Make: withCard(dialect.Purchase)},
		{Group: group, English: "the cardholder pays {amount} yuan with a {role} card {how}", Chinese: "持卡人用{role}卡消费{amount}元, {how}",
			Doc:  "A purchase with the card read in this way: by stripe (with or without PIN), by chip (with PIN), by tap, or typed in.",
			Card: true,
			Make: withCard(dialect.Purchase)},
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
			Make: withCard(dialect.Balance)},
		{Group: group, English: "the operator voids the last purchase", Chinese: "操作员撤销上一笔消费",
			Doc:  "The whole amount of the last purchase of this batch that is not voided, with the supervisor's password and the same card.",
			Make: followUp(dialect.PurchaseVoid, lastOriginal)},
		{Group: group, English: "the operator voids the last purchase with supervisor password {text}", Chinese: "操作员用主管密码{text}撤销上一笔消费",
			Doc:  "As above, with this password.",
			Make: followUp(dialect.PurchaseVoid, lastOriginal)},
		{Group: group, English: "the operator voids the same purchase again", Chinese: "操作员再次撤销同一笔消费",
			Doc:  "The void that went before, once more.",
			Make: followUp(dialect.PurchaseVoid, sameOriginal)},
		{Group: group, English: "the operator refunds {amount} yuan of the last purchase", Chinese: "操作员对上一笔消费退货{amount}元",
			Doc:  "A refund that points to the last purchase by its reference number and date.",
			Make: followUp(dialect.Refund, lastOriginal)},
		{Group: group, English: "the operator pre-authorises {amount} yuan with a {role} card", Chinese: "操作员用{role}卡做预授权{amount}元",
			Doc:  "Holds the amount on the card.",
			Card: true,
			Make: withCard(dialect.PreAuth)},
		{Group: group, English: "the operator adds {amount} yuan to the pre-authorisation", Chinese: "操作员追加预授权{amount}元",
			Doc:  "Holds more on the card under the last pre-authorisation of this scenario.",
			Make: followUp(dialect.AddPreAuth, lastOriginal)},
		{Group: group, English: "the operator voids the pre-authorisation", Chinese: "操作员撤销预授权",
			Doc:  "Releases the last pre-authorisation of this scenario.",
			Make: followUp(dialect.PreAuthVoid, lastOriginal)},
		{Group: group, English: "the operator completes the pre-authorisation with {amount} yuan", Chinese: "操作员完成预授权{amount}元",
			Doc:  "A completion request: the amount is paid, the rest of the hold released.",
			Make: followUp(dialect.Completion, lastOriginal)},
		{Group: group, English: "the operator completes the pre-authorisation with {amount} yuan by advice", Chinese: "操作员以通知方式完成预授权{amount}元",
			Doc:  "A completion advice (0220).",
			Make: followUp(dialect.CompletionAdvice, lastOriginal)},
		{Group: group, English: "the operator voids the completion", Chinese: "操作员撤销预授权完成",
			Doc:  "Voids the last completion of this batch.",
			Make: followUp(dialect.CompletionVoid, lastOriginal)},
		{Group: group, English: "the terminal owes a reversal", Chinese: "终端有待发冲正",
			Doc:  "The last payment is unknown: the terminal must undo it before its next one.",
			Make: fixed(func(p *sim.Player) error { return checkState(p, p.T.Owes(), "owing a reversal", "owing none") })},
		{Group: group, English: "the terminal owes no reversal", Chinese: "终端无待发冲正",
			Doc:  "",
			Make: fixed(func(p *sim.Player) error { return checkState(p, !p.T.Owes(), "owing no reversal", "owing one") })},
		{Group: group, English: "the terminal sends the reversal that it owes", Chinese: "终端发送冲正",
			Doc: "Sends the reversal once, without waiting for the next payment.",
			Make: fixed(func(p *sim.Player) error {
				if !p.T.Owes() {
					return errors.New("the terminal owes no reversal")
				}
				p.Reverse()
				return nil
			})},
		{Group: group, English: "the operator keeps the slip of the last purchase", Chinese: "操作员留存上一笔消费的签购单",
			Doc:  "Keeps reference, date, batch and trace of the last purchase of this batch that is not voided.",
			Make: fixed(keepSlip)},
		{Group: group, English: "the operator voids the purchase on the slip", Chinese: "操作员凭签购单撤销消费",
			Doc:  "Sends a void of the whole amount, wherever the batch is by now, with the supervisor's password and the same card.",
			Make: followUp(dialect.PurchaseVoid, onSlip)},
		{Group: group, English: "the operator refunds {amount} yuan of the purchase on the slip", Chinese: "操作员凭签购单退货{amount}元",
			Doc:  "A refund that points to the purchase by the slip's reference number and date, also after settlement.",
			Make: followUp(dialect.Refund, onSlip)},
	}
}
