package scenarios

import (
	"fmt"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
)

// ofCard is the Make of sentences that name a transaction with a card.
func ofCard(a Args) (func(*sim.Player) error, error) {
	if !a.Of.Payment() || a.Of.Original() != dialect.ToNone {
		return nil, fmt.Errorf("a %s is nothing that a cardholder does with a card alone", a.Of)
	}
	do, err := withCard(a)
	if err == nil && a.Of.Loads() { // nobody loads a chip without its keys
		err = chipped(a)
	}
	return do, err
}

// done makes a Make for sentences that name what is done to an earlier payment, which find
// gives.
func done(find func(*sim.Player, dialect.Transaction) (*sim.Record, error)) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		if a.Of.Original() == dialect.ToNone {
			return nil, fmt.Errorf("a %s is not done to another transaction", a.Of)
		}
		do, err := followUp(find)(a)
		if err == nil && a.Of.Loads() {
			err = chipped(a)
		}
		return do, err
	}
}

// inParts is the Make of a purchase that is paid in parts.
func inParts(a Args) (func(*sim.Player) error, error) {
	o, hs, err := cardOrder(a)
	if err != nil {
		return nil, err
	}
	if o.Parts, err = a.Int(0); err != nil {
		return nil, err
	}
	if o.Parts < 2 || o.Parts > 60 {
		return nil, fmt.Errorf("%d instalments: want 2 to 60", o.Parts)
	}
	return pay(o, hs), nil
}

// keptFor is the Make of sentences in which the operator does something to an earlier
// transaction by an advice that waits: for the {amount}, or by so much more.
func keptFor(more bool) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		amount, err := a.Amount(0)
		if err != nil {
			return nil, err
		}
		return func(p *sim.Player) error {
			original, err := lastOriginal(p, a.Of)
			if err != nil {
				return keepRefusal(p, err)
			}
			worldOf(p).original = *original
			o := sim.Order{Of: a.Of, Amount: amount, Entry: original.Entry, Holder: original.Holder(p.T.Profile), Original: original}
			if more {
				o.Amount += original.Amount
			}
			return keepRefusal(p, p.Keep(&o))
		}, nil
	}
}

// settledOffline is the Make of a purchase that was authorised by telephone.
func settledOffline(a Args) (func(*sim.Player) error, error) {
	o, hs, err := cardOrder(a)
	if err != nil {
		return nil, err
	}
	if o.Auth = a.Quoted(0); len(o.Auth) != 6 {
		return nil, fmt.Errorf("authorisation code %q: want six characters", o.Auth)
	}
	o.PIN = false
	return func(p *sim.Player) error {
		now := o
		now.Holder = pickHolder(p, hs)
		worldOf(p).card = now.Holder.Card
		return keepRefusal(p, p.Keep(&now))
	}, nil
}

func transactionPhrases() []*Phrase {
	const group = "Other transactions / 其他交易"
	return []*Phrase{
		{Group: group, English: "the cardholder does a {transaction} of {amount} yuan with a {role} card", Chinese: "持卡人用{role}卡做{transaction}{amount}元",
			Doc:  "A transaction of this name, with magnetic stripe and PIN: `points-purchase`, `reservation` … It is skipped where the dialect has none.",
			Card: true, Names: true, Make: ofCard},
		{Group: group, English: "the cardholder does a {transaction} of {amount} yuan with a {role} card {how}", Chinese: "持卡人用{role}卡做{transaction}{amount}元，{how}",
			Doc:  "As above, with the card read in this way: a `mail-order` has its number typed in.",
			Card: true, Names: true, Make: ofCard},
		{Group: group, English: "the cardholder pays {amount} yuan in {n} instalments with a {role} card", Chinese: "持卡人用{role}卡分{n}期付款{amount}元",
			Doc:  "A purchase that the cardholder pays in parts, by magnetic stripe and PIN.",
			Card: true, Of: dialect.Instalment, Make: inParts},
		{Group: group, English: "the operator does a {transaction} to the last payment", Chinese: "操作员对上一笔交易做{transaction}",
			Doc:   "What undoes a payment of this batch, or the last pre-authorisation of this scenario, by its name: `reservation-void`, `purchase-void` … With the supervisor's password where it asks for that.",
			Names: true, Make: done(lastOriginal)},
		{Group: group, English: "the operator does a {transaction} to the same payment again", Chinese: "操作员对同一笔交易再次做{transaction}",
			Doc:   "What was done to a payment last, once more.",
			Names: true, Make: done(sameOriginal)},
		{Group: group, English: "the operator settles {amount} yuan offline with a {role} card under authorisation code {text}", Chinese: "操作员用{role}卡按授权码{text}做离线结算{amount}元",
			Doc:  "A purchase that was authorised by telephone. The host is told by an advice before the next payment or settlement.",
			Card: true, Of: dialect.OfflineSettle, Make: settledOffline},
		{Group: group, English: "the operator completes the pre-authorisation with {amount} yuan by an advice that waits", Chinese: "操作员做预授权完成（通知）{amount}元，稍后上送",
			Doc: "A completion advice that goes before the next payment or settlement, again until it is answered.",
			Of:  dialect.CompletionAdvice, Make: keptFor(false)},
		{Group: group, English: "the operator adjusts the last purchase to {amount} yuan", Chinese: "操作员将上一笔消费调整为{amount}元",
			Doc: "Raises the last purchase of this batch, by an advice that waits.",
			Of:  dialect.Adjustment, Make: keptFor(false)},
		{Group: group, English: "the operator adds a tip of {amount} yuan to the last purchase", Chinese: "操作员为上一笔消费加小费{amount}元",
			Doc: "Raises the last purchase of this batch by what the cardholder adds, by an advice that waits.",
			Of:  dialect.Tip, Make: keptFor(true)},
	}
}
