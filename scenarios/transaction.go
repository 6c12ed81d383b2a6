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
	return withCard(a)
}

// ofLast is the Make of a sentence that names what is done to the last payment.
func ofLast(a Args) (func(*sim.Player) error, error) {
	if a.Of.Original() == dialect.ToNone {
		return nil, fmt.Errorf("a %s is not done to another transaction", a.Of)
	}
	return followUp(lastOriginal)(a)
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
			Names: true, Make: ofLast},
	}
}
