package scenarios

import (
	"errors"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
)

// slipPhrases are about a purchase that the operator has the slip of: unlike
// the batch it can be looked up after settlement, when most refunds happen.
func slipPhrases() []*Phrase {
	const group = "Payments / 交易"
	return []*Phrase{
		{Group: group, English: "the operator keeps the slip of the last purchase", Chinese: "操作员留存上一笔消费的签购单",
			Doc: "Keeps reference, date, batch and trace of the last purchase of this batch that is not voided.",
			Make: fixed(func(p *sim.Player) error {
				rec := p.T.Journal.Last(dialect.Purchase)
				if rec == nil {
					return errors.New("there is no approved purchase to keep the slip of")
				}
				world(p).slip = *rec
				return nil
			})},
		{Group: group, English: "the operator voids the purchase on the slip", Chinese: "操作员凭签购单撤销消费",
			Doc:  "Sends a void of the whole amount, wherever the batch is by now, with the supervisor's password and the same card.",
			Make: fixed(func(p *sim.Player) error { return bySlip(p, dialect.PurchaseVoid, 0) })},
		{Group: group, English: "the operator refunds {amount} yuan of the purchase on the slip", Chinese: "操作员凭签购单退货{amount}元",
			Doc: "A refund that points to the purchase by the slip's reference number and date, also after settlement.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				v, err := a.Amount(0)
				return func(p *sim.Player) error { return bySlip(p, dialect.Refund, v) }, err
			}},
	}
}

// bySlip does something to the purchase that the slip was kept of. Amount 0 is
// the whole of it.
func bySlip(p *sim.Player, of dialect.Transaction, amount int64) error {
	rec := &world(p).slip
	if rec.Of != dialect.Purchase {
		return errors.New("no slip has been kept")
	}
	for i := range p.T.Journal.Records { // still in the batch: mark that one
		if r := &p.T.Journal.Records[i]; r.Of == rec.Of && r.Trace == rec.Trace && r.Batch == rec.Batch {
			rec = r
		}
	}
	if err := p.T.Supervise(p.T.SupervisorPassword()); err != nil {
		return local(p, err)
	}
	if amount == 0 {
		amount = rec.Amount
	}
	return local(p, p.Pay(&sim.Order{Of: of, Amount: amount, Entry: rec.Entry, Holder: rec.Holder, Original: rec}))
}
