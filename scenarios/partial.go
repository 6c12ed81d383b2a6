package scenarios

import (
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// takesParts makes a Make for sentences that say whether the terminal takes an approval of a
// part of the amount, whatever its policy.
func takesParts(takes bool) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		if d := a.Profile.Dialect; !d.Has(wire.PartialApproval) || !d.HasCode(dialect.Partial) {
			return nil, lack("dialect %s does not say that a terminal takes an approval of a part (element partial-approval, and a code for partial)", d.Name)
		}
		return func(p *sim.Player) error {
			p.TakeParts(takes)
			return nil
		}, nil
	}
}

// beyondBalance is the Make of a purchase of so much more than the balance that is known.
func beyondBalance(a Args) (func(*sim.Player) error, error) {
	o, hs, err := cardOrder(a)
	if err != nil {
		return nil, err
	}
	return func(p *sim.Player) error {
		w := worldOf(p)
		switch {
		case !w.known || w.inquiry != dialect.Balance:
			return errors.New("no balance is known: ask for that of the card before")
		case w.balance <= 0:
			return fmt.Errorf("%w: the card of role %s has no money, and of nothing no part is approved", sim.ErrUntested, hs[0].Card.Role)
		}
		more := o
		more.Amount += w.balance
		return pay(more, hs)(p)
	}, nil
}

// partApproved holds that the last answer approves a part of the amount: what the card had,
// where that is known and was too little.
func partApproved(p *sim.Player) error {
	r, w, d := &p.Last, worldOf(p), p.T.Profile.Dialect
	switch {
	case !r.Partial():
		return unexpected(p, "an approval of a part")
	case r.Amount >= r.Asked:
		return fmt.Errorf("code %s approves %s of %s, which is no part of it", r.Code, told(d, r.Amount), told(d, r.Asked))
	case w.known && w.inquiry == dialect.Balance && r.Asked > w.balance && r.Amount != w.balance:
		return fmt.Errorf("the host approves %s of %s, and the card has %s", told(d, r.Amount), told(d, r.Asked), told(d, w.balance))
	}
	return nil
}

// leftToPay makes the sentence about what the terminal shows of a part.
func leftToPay(a Args) (func(*sim.Player) error, error) {
	left, err := a.Amount(0)
	return func(p *sim.Player) error { return shows(p, p.PartShown(left)) }, err
}

// askedOriginal gives the latest purchase of the batch, if a part of it was approved.
func askedOriginal(p *sim.Player, of dialect.Transaction) (*sim.Record, error) {
	r, err := lastOriginal(p, of)
	if err != nil {
		return nil, err
	}
	if p.T.Asked(r) == r.Amount {
		return nil, errors.New("the last purchase was not approved in part")
	}
	return r, nil
}

// ofAsked is the Make of sentences in which the operator does something to the last purchase
// for all that was asked, of which a part was approved.
func ofAsked(a Args) (func(*sim.Player) error, error) {
	return func(p *sim.Player) error {
		r, err := askedOriginal(p, a.Of)
		if err != nil {
			return keepRefusal(p, err)
		}
		return follow(p, a.Of, askedOriginal, p.T.Asked(r), nil)
	}, nil
}

func partialPhrases() []*Phrase {
	const group = "Approvals of a part / 部分批准"
	return []*Phrase{
		{Group: group, English: "the terminal takes approvals of a part", Chinese: "终端支持部分批准",
			Doc:  "In this scenario purchases say so (CUP 60.6 is 1), whatever the policy `partial-approval`.",
			Make: takesParts(true)},
		{Group: group, English: "the terminal takes no approval of a part", Chinese: "终端不支持部分批准",
			Doc:  "In this scenario no purchase says so, whatever the policy.",
			Make: takesParts(false)},
		{Group: group, English: "the cardholder pays {amount} yuan more than the balance of a {role} card", Chinese: "持卡人用{role}卡消费，金额比余额多{amount}元",
			Doc:  "A purchase by magnetic stripe and PIN of so much more than the balance that was told last.",
			Card: true, Of: dialect.Purchase, Watches: true, Make: beyondBalance},
		{Group: group, English: "the host approves a part of the amount", Chinese: "主机部分批准", Asserts: true,
			Doc:  "The last answer was verified, has the code of a partial approval (CUP 10) and an amount (4) that is a part of the one asked: what the card had, where its balance is known.",
			Make: fixed(partApproved)},
		{Group: group, English: "the terminal shows that {amount} yuan are left to pay", Chinese: "终端显示还需支付{amount}元", Asserts: true,
			Doc:  "With what was approved.",
			Make: leftToPay},
		{Group: group, English: "the cardholder refuses the part", Chinese: "持卡人不接受部分批准",
			Doc:  "The payment of which a part was approved just now leaves the batch, and the terminal reverses it at once. The reversal has the amount that was asked, as the payment had.",
			Make: fixed(func(p *sim.Player) error { return keepRefusal(p, p.RefusePart()) })},
		{Group: group, English: "the operator voids the last purchase for the amount that was asked", Chinese: "操作员按请求金额对上一笔消费做消费撤销",
			Doc: "A void of more than the part that was approved, with the supervisor's password and the same card.",
			Of:  dialect.PurchaseVoid, Make: ofAsked},
		{Group: group, English: "the operator refunds all that was asked of the last purchase", Chinese: "操作员按请求金额对上一笔消费退货",
			Doc: "A refund of more than the part that was approved.",
			Of:  dialect.Refund, Make: ofAsked},
		{Group: group, English: "the operator refunds the last purchase", Chinese: "操作员对上一笔消费全额退货",
			Doc: "All that was approved of it.",
			Of:  dialect.Refund, Make: followUp(lastOriginal)},
	}
}
