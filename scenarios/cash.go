package scenarios

import (
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
)

// onto is the Make of a load that one card pays for and another's chip takes.
func onto(a Args) (func(*sim.Player) error, error) {
	o, hs, err := cardOrder(a)
	if err != nil {
		return nil, err
	}
	chips, err := holders(a.Profile, "cash")
	if err != nil {
		return nil, err
	}
	if chips[0].Sequence == "" {
		return nil, lack("the card of role cash has no chip in the profile (key sequence)")
	}
	return func(p *sim.Player) error {
		now := o
		now.Holder, now.Onto = pickHolder(p, hs), pickHolder(p, chips)
		w := worldOf(p)
		w.card = now.Holder.Card
		w.undo(now.Onto.Reissue)
		return keepRefusal(p, p.Pay(&now))
	}, chipped(a)
}

// cashChanged makes a Make for sentences about what the last payment has done to the electronic
// cash on its chip: so many times the {amount}.
func cashChanged(times int64) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		var want int64
		if a.Has("amount") {
			amount, err := a.Amount(0)
			if err != nil {
				return nil, err
			}
			want = times * amount
		}
		d := a.Profile.Dialect
		if d.Form(dialect.CashLoad) == nil {
			return nil, lack("dialect %s has no %s", d.Name, dialect.CashLoad)
		}
		return func(p *sim.Player) error {
			x := p.Chip()
			if x == nil {
				return fmt.Errorf("no chip has been read whose issuer is known")
			}
			if got := x.Card.Cash() - x.Had; got != want {
				return fmt.Errorf("the chip had %s %s of electronic cash and has %s now, want %s", report.FormatAmount(x.Had, d.Exponent), d.Unit(),
					report.FormatAmount(x.Card.Cash(), d.Exponent), report.FormatAmount(x.Had+want, d.Exponent))
			}
			return nil
		}, chipped(a)
	}
}

func cashPhrases() []*Phrase {
	const group = "Electronic cash / 电子现金"
	return []*Phrase{
		{Group: group, English: "the cardholder loads {amount} yuan from a {role} card onto a cash card", Chinese: "持卡人从{role}卡向电子现金卡圈存{amount}元",
			Doc:  "A `transfer-load`: the first card's stripe is read and its PIN typed, the chip of the second is in the reader. Loads out of the account behind the chip, and for money, are `account-load` and `cash-load` of the sentences about other transactions.",
			Card: true, Of: dialect.TransferLoad, Make: onto},
		{Group: group, English: "the chip has {amount} yuan more of electronic cash", Chinese: "芯片电子现金余额增加{amount}元", Asserts: true,
			Doc:  "Than it had before the last payment with a chip.",
			Make: cashChanged(1)},
		{Group: group, English: "the chip has {amount} yuan less of electronic cash", Chinese: "芯片电子现金余额减少{amount}元", Asserts: true,
			Doc:  "",
			Make: cashChanged(-1)},
		{Group: group, English: "the electronic cash on the chip has not changed", Chinese: "芯片电子现金余额不变", Asserts: true,
			Doc:  "",
			Make: cashChanged(0)},
	}
}
