package book

import (
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/payout"
)

// Electronic cash is money that an issuer has been paid for and that chips spend by
// themselves: each card's is an account of its own beside the card's (purse). What is on
// the chip only the chip knows; loads and payments of which the host has not heard are not
// here.

// Cash is the electronic cash of a card, as far as the host has heard.
func (l *Ledger) Cash(c Card) int64 { return l.cards[c].purse.balance.Load() }

// byChip reports whether a charge was approved by a chip whose word the host can check, and
// is paid out of what that has.
func (l *Ledger) byChip(r *Record) bool {
	return r.Kind == dialect.OfflinePurchase && l.cards[r.Card].of.Issuer() != nil
}

// payer is the account out of which a charge is paid.
func (l *Ledger) payer(r *Record) *account {
	switch c := &l.cards[r.Card]; {
	case l.byChip(r):
		return &c.purse
	case r.Kind == dialect.PointsPurchase:
		return &c.points
	case r.Kind == dialect.AlliancePoints:
		return &c.alliance
	default:
		return &c.account
	}
}

// payee is the account to which what was paid is given back: what a chip has paid goes to the
// account behind it.
func (l *Ledger) payee(of dialect.Transaction, c Card) *account {
	switch of {
	case dialect.PointsPurchase:
		return &l.cards[c].points
	case dialect.AlliancePoints:
		return &l.cards[c].alliance
	}
	return &l.cards[c].account
}

// Load has the card pay for electronic cash of the card that r.Original says. It reports
// false when the card has too little.
func (l *Ledger) Load(r *Record) bool {
	return draw(&l.cards[r.Card].account, &l.cards[r.Original].purse, r.Amount)
}

// CashIn has the merchant owe for electronic cash of the card: it has the money in its till.
func (l *Ledger) CashIn(t *Terminal, r *Record) {
	l.cashIn(t, r, r.Amount, r.When, payout.Load)
}

// CashOut undoes a cash-in, whole.
func (l *Ledger) CashOut(t *Terminal, r *Record) {
	o := t.Record(r.Original)
	o.State, r.Card = Voided, o.Card
	l.cashIn(t, r, -r.Amount, r.When, payout.Void)
}

// cashIn moves what the merchant owes for a card's electronic cash, and posts it at once: no
// fee is taken. A negative amount is what it need not pay after all.
func (l *Ledger) cashIn(t *Terminal, r *Record, amount int64, when uint32, what payout.What) {
	move(&t.merchant.clearing, &l.cards[r.Card].purse, amount)
	count := 1
	if what == payout.Void {
		count = -1
	}
	l.post(t, payout.Posting{What: what, When: time.Unix(int64(when), 0), Serial: r.Serial, Sums: payout.Sums{Count: count, Amount: -amount}}, l.sale(r))
}

// unload takes back what a record of electronic cash moved.
func (l *Ledger) unload(t *Terminal, r *Record, when uint32) {
	switch r.Kind.Booking() {
	case dialect.Load:
		move(&l.cards[r.Original].purse, &l.cards[r.Card].account, r.Amount)
	case dialect.CashIn:
		l.cashIn(t, r, -r.Amount, when, payout.Void)
	case dialect.CashOut:
		t.Record(r.Original).State = Approved
		l.cashIn(t, r, r.Amount, when, payout.Load)
	}
}
