package scenarios

import (
	"errors"
	"strings"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// reading is how a card is read, and whether its PIN is asked for.
type reading struct {
	entry    sim.Entry
	pin      bool
	fallback bool // the stripe, since the chip cannot be read
}

// cardReading are the words of the placeholder {how}.
var cardReading = []word[reading]{
	{"by stripe", "刷卡", reading{entry: sim.Swipe, pin: true}},
	{"by stripe without PIN", "刷卡免密", reading{entry: sim.Swipe}},
	{"by fallback", "降级刷卡", reading{entry: sim.Swipe, pin: true, fallback: true}},
	{"by chip", "插卡", reading{entry: sim.Insert, pin: true}},
	{"by tap", "挥卡", reading{entry: sim.Tap}},
	{"typed in", "手输卡号", reading{entry: sim.Keyed}},
}

// pickHolder is the cardholder of the arrival that is being played.
func pickHolder(p *sim.Player, hs []profile.Holder) *profile.Holder {
	if len(hs) == 1 {
		return &hs[0]
	}
	n, w, parts := sim.Hash(0x63617264, uint64(p.N())), worldOf(p), hs[0].Card.PartialApproval
	switch {
	case w.seats > 0 && parts && len(hs) >= w.plans: // of a check: what a scenario leaves on it no other is to find less
		n = uint64(p.N())
	case w.seats > 0 && len(hs) >= w.seats: // cards that no other seat has
		return &hs[w.seat+w.seats*int(n%uint64(len(hs)/w.seats))]
	case w.seats == 0 && parts: // under load, that a terminal leaves on it
		n = lastDigits(p.T.TID)
	}
	return &hs[n%uint64(len(hs))]
}

// lastDigits is the number that a terminal's ends with; those of a range count up.
func lastDigits(tid string) (n uint64) {
	return wire.Uint([]byte(tid[len(strings.TrimRight(tid, "0123456789")):]))
}

// pay has the terminal play an order that is complete but for the cardholder.
func pay(o sim.Order, hs []profile.Holder) func(*sim.Player) error {
	return func(p *sim.Player) error {
		now := o
		now.Holder = pickHolder(p, hs)
		w := worldOf(p)
		w.card = now.Holder.Card
		err := p.Pay(&now)
		if x := p.Chip(); x != nil && len(x.Results) > 0 { // for this scenario alone
			w.undo(now.Holder.Reissue)
		}
		return keepRefusal(p, err)
	}
}

// withCard is the Make of sentences in which a card is read: of a {role}, in the
// way of {how} or else by stripe and PIN, for an {amount} if there is one.
func withCard(a Args) (func(*sim.Player) error, error) {
	o, hs, err := cardOrder(a)
	if err != nil {
		return nil, err
	}
	return pay(o, hs), nil
}

// cardOrder is what such a sentence says, and whose cards it may be.
func cardOrder(a Args) (sim.Order, []profile.Holder, error) {
	o := sim.Order{Of: a.Of, Entry: sim.Swipe, PIN: true}
	if a.Has("amount") {
		v, err := a.Amount(0)
		if err != nil {
			return o, nil, err
		}
		o.Amount = v
	}
	if a.Has("how") {
		how := meaning(cardReading, a.Words["how"][0])
		o.Entry, o.PIN, o.Fallback = how.entry, how.pin, how.fallback
	}
	hs, err := a.Holders()
	switch {
	case err != nil:
		return o, nil, err
	case hs[0].PAN == "":
		return o, nil, lack("the card of role %s has no number in the profile", hs[0].Card.Role)
	case a.Profile.Dialect.Has(wire.EntryMode) && a.Profile.Dialect.EntryMode(o.Entry, o.PIN) == "":
		return o, nil, lack("dialect %s has no entry mode for a card that is read so", a.Profile.Dialect.Name)
	case o.Fallback && !a.Profile.Dialect.Has(wire.ChipCondition) && a.Profile.Dialect.EntryMode(dialect.Instead, true) == "":
		return o, nil, lack("dialect %s does not say that a stripe is read for want of the chip (element chip-condition, or fallback of entry)", a.Profile.Dialect.Name)
	case (o.Entry == sim.Insert || o.Entry == sim.Tap) && hs[0].Sequence == "":
		return o, nil, lack("the card of role %s has no chip in the profile (key sequence)", hs[0].Card.Role)
	}
	return o, hs, nil
}

// byCode makes a Make for sentences in which a cardholder of a role shows a payment code.
func byCode(role string) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		v, err := a.Amount(0)
		if err != nil {
			return nil, err
		}
		hs, err := holders(a.Profile, role)
		switch {
		case err != nil:
			return nil, err
		case hs[0].Code == "":
			return nil, lack("the card of role %s has no payment code in the profile (key code)", role)
		}
		return pay(sim.Order{Of: a.Of, Amount: v, Entry: sim.Code}, hs), nil
	}
}

// upToLimit makes a Make for sentences in which a card pays its limit, and so
// much more.
func upToLimit(more int64) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		hs, err := a.Holders()
		switch {
		case err != nil:
			return nil, err
		case hs[0].Card.Limit == 0:
			return nil, lack("the card of role %s has no limit in the profile", hs[0].Card.Role)
		}
		return pay(sim.Order{Of: a.Of, Amount: hs[0].Card.Limit + more, Entry: sim.Swipe, PIN: true}, hs), nil
	}
}

func paymentPhrases() []*Phrase {
	const group = "Payments / 交易"
	return []*Phrase{
		{Group: group, English: "the cardholder pays {amount} yuan with a {role} card", Chinese: "持卡人用{role}卡消费{amount}元",
			Doc:  "A purchase by magnetic stripe and PIN. A reversal that the terminal owes goes first.",
			Card: true, Of: dialect.Purchase, Make: withCard},
		{Group: group, English: "the cardholder pays {amount} yuan with a {role} card {how}", Chinese: "持卡人用{role}卡消费{amount}元，{how}",
			Doc:  "A purchase with the card read in this way: by stripe (with or without PIN), by fallback (the stripe, since the chip cannot be read), by chip (with PIN), by tap, or typed in.",
			Card: true, Of: dialect.Purchase, Make: withCard},
		{Group: group, English: "the cardholder pays {amount} yuan by QR code", Chinese: "持卡人出示付款码支付{amount}元",
			Doc: "The terminal scans the cardholder's payment code.",
			Of:  dialect.QRPurchase, Role: "qr", Make: byCode("qr")},
		{Group: group, English: "the cardholder pays {amount} yuan by the QR code of a wallet", Chinese: "持卡人出示钱包付款码支付{amount}元",
			Doc: "The same with a code of a wallet's (微信, 支付宝), which does not begin with 62: fee plans have another rate for it.",
			Of:  dialect.QRPurchase, Role: "wallet", Make: byCode("wallet")},
		{Group: group, English: "the operator queries the last payment by QR code", Chinese: "操作员查询上一笔扫码支付",
			Doc: "Asks the host what has become of it. One whose answer the terminal has not heard, and that the host says is paid, is booked and needs no reversal any more.",
			Of:  dialect.QRQuery, Make: fixed(func(p *sim.Player) error { return keepRefusal(p, p.QueryCode()) })},
		{Group: group, English: "the cardholder pays the limit of a {role} card", Chinese: "持卡人用{role}卡消费，金额等于单笔限额", Was: "持卡人用{role}卡按限额消费",
			Doc:  "A purchase by magnetic stripe and PIN for the largest amount that the card may pay at once (key limit of the profile).",
			Card: true, Of: dialect.Purchase, Make: upToLimit(0)},
		{Group: group, English: "the cardholder pays one fen more than the limit of a {role} card", Chinese: "持卡人用{role}卡消费，金额比单笔限额多一分", Was: "持卡人用{role}卡超限额一分消费",
			Doc:  "As above, for one fen more.",
			Card: true, Of: dialect.Purchase, Make: upToLimit(1)},
		{Group: group, English: "the cardholder asks for the balance of a {role} card", Chinese: "持卡人用{role}卡查询余额",
			Doc:  "A balance inquiry by magnetic stripe and PIN.",
			Card: true, Of: dialect.Balance, Make: withCard},
		{Group: group, English: "the cardholder asks for the points of a {role} card", Chinese: "持卡人用{role}卡查询积分",
			Doc:  "An inquiry into the points that purchases with points are paid out of, by magnetic stripe and PIN. What the host tells is a balance as of money.",
			Card: true, Of: dialect.PointsQuery, Make: withCard},
		{Group: group, English: "the cardholder asks for the alliance points of a {role} card", Chinese: "持卡人用{role}卡查询联盟积分",
			Doc:  "The same for the points of an alliance of merchants (account type 065), which are another account.",
			Card: true, Of: dialect.AllianceQuery, Make: withCard},
		{Group: group, English: "the operator voids the last purchase", Chinese: "操作员对上一笔消费做消费撤销", Was: "操作员撤销上一笔消费",
			Doc: "The whole amount of the last purchase of this batch that is not voided, with the supervisor's password and the same card.",
			Of:  dialect.PurchaseVoid, Make: followUp(lastOriginal)},
		{Group: group, English: "the operator voids the last purchase with supervisor password {text}", Chinese: "操作员用主管密码{text}对上一笔消费做消费撤销", Was: "操作员用主管密码{text}撤销上一笔消费",
			Doc: "As above, with this password.",
			Of:  dialect.PurchaseVoid, Make: followUp(lastOriginal)},
		{Group: group, English: "the operator voids the last purchase with a wrong supervisor password", Chinese: "操作员用错误的主管密码对上一笔消费做消费撤销", Was: "操作员用错误的主管密码撤销上一笔消费",
			Doc: "As above, with a password that is not the supervisor's.",
			Of:  dialect.PurchaseVoid, Make: wrongSupervisor},
		{Group: group, English: "the operator refunds more of the last purchase than the policy allows", Chinese: "操作员对上一笔消费退货，金额超过退货限额", Was: "操作员对上一笔消费退货, 金额超过限额",
			Doc: "A refund of one fen more than the terminal's limit (policy refund-limit of the profile).",
			Of:  dialect.Refund, Make: beyondRefunds},
		{Group: group, English: "the operator voids the same purchase again", Chinese: "操作员对同一笔消费再次做消费撤销", Was: "操作员再次撤销同一笔消费",
			Doc: "The void that went before, once more.",
			Of:  dialect.PurchaseVoid, Make: followUp(sameOriginal)},
		{Group: group, English: "the operator refunds {amount} yuan of the last purchase", Chinese: "操作员对上一笔消费退货{amount}元",
			Doc: "A refund that points to the last purchase by its reference number and date.",
			Of:  dialect.Refund, Make: followUp(lastOriginal)},
		{Group: group, English: "the operator pre-authorises {amount} yuan with a {role} card", Chinese: "操作员用{role}卡做预授权{amount}元",
			Doc:  "Holds the amount on the card.",
			Card: true, Of: dialect.PreAuth, Make: withCard},
		{Group: group, English: "the operator adds {amount} yuan to the pre-authorisation", Chinese: "操作员追加预授权{amount}元",
			Doc: "Holds more on the card under the last pre-authorisation of this scenario.",
			Of:  dialect.AddPreAuth, Make: followUp(lastOriginal)},
		{Group: group, English: "the operator voids the pre-authorisation", Chinese: "操作员做预授权撤销", Was: "操作员撤销预授权",
			Doc: "Releases the last pre-authorisation of this scenario.",
			Of:  dialect.PreAuthVoid, Make: followUp(lastOriginal)},
		{Group: group, English: "the operator completes the pre-authorisation with {amount} yuan", Chinese: "操作员做预授权完成（请求）{amount}元", Was: "操作员完成预授权{amount}元",
			Doc: "A completion request: the amount is paid, the rest of the hold released.",
			Of:  dialect.Completion, Make: followUp(lastOriginal)},
		{Group: group, English: "the operator completes the pre-authorisation with {amount} yuan by advice", Chinese: "操作员做预授权完成（通知）{amount}元", Was: "操作员以通知方式完成预授权{amount}元",
			Doc: "A completion advice (0220).",
			Of:  dialect.CompletionAdvice, Make: followUp(lastOriginal)},
		{Group: group, English: "the operator voids the completion", Chinese: "操作员做预授权完成撤销", Was: "操作员撤销预授权完成",
			Doc: "Voids the last completion of this batch.",
			Of:  dialect.CompletionVoid, Make: followUp(lastOriginal)},
		{Group: group, English: "the terminal owes a reversal", Chinese: "终端有冲正标志", Was: "终端有待发冲正", Asserts: true,
			Doc:  "The last payment is unknown: the terminal must undo it before its next one.",
			Make: fixed(func(p *sim.Player) error { return checkState(p, p.T.Owes(), "owing a reversal", "owing none") })},
		{Group: group, English: "the terminal owes no reversal", Chinese: "终端无冲正标志", Was: "终端无待发冲正", Asserts: true, Undone: true,
			Doc:  "",
			Make: fixed(func(p *sim.Player) error { return checkState(p, !p.T.Owes(), "owing no reversal", "owing one") })},
		{Group: group, English: "the terminal sends the reversal that it owes", Chinese: "终端上送冲正", Was: "终端发送冲正",
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
		{Group: group, English: "the operator voids the purchase on the slip", Chinese: "操作员凭签购单做消费撤销", Was: "操作员凭签购单撤销消费",
			Doc: "Sends a void of the whole amount, wherever the batch is by now, with the supervisor's password and the same card.",
			Of:  dialect.PurchaseVoid, Make: followUp(onSlip)},
		{Group: group, English: "the operator refunds {amount} yuan of the purchase on the slip", Chinese: "操作员凭签购单退货{amount}元",
			Doc: "A refund that points to the purchase by the slip's reference number and date, also after settlement.",
			Of:  dialect.Refund, Make: followUp(onSlip)},
	}
}
