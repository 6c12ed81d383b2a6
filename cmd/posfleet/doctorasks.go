package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// errand is a message that a host is asked with.
type errand struct {
	what string // "echo test", "sign-on", "balance inquiry", "purchase"
	said string // of it when it is sent, with what it does at the host
	of   dialect.Transaction
	pin  bool         // it carries a PIN
	send func() error // an error means that the terminal does not send it
	undo func() error // what takes it back where the host took it; nil where it moves nothing
}

// pays reports whether it asks for a card's money, or of it: its answer tells of MAC and PIN.
func (q *errand) pays() bool { return q.of == dialect.Balance || q.of == dialect.Purchase }

// first is the most harmless message that network and profile have: one that moves no
// money before one that does; nil where they have none.
func (a *asked) first() *errand {
	if a.profile.Dialect.Form(dialect.Echo) != nil {
		return &errand{what: "echo test", of: dialect.Echo, said: "an echo test, which changes nothing at the host", send: a.player.Echo}
	}
	for _, q := range []*errand{a.signOn(), a.inquiry(), a.purchase()} {
		if q != nil {
			return q
		}
	}
	return nil
}

// signOn is a sign-on; nil where the network has no logon.
func (a *asked) signOn() *errand {
	if a.profile.Dialect.Form(dialect.SignIn) == nil {
		return nil
	}
	said := "a sign-on without keys, which logs the terminal on"
	if a.profile.SignIn != "" {
		said = fmt.Sprintf("a sign-on (%s), which gives the terminal new working keys", a.profile.SignIn)
	}
	return &errand{what: "sign-on", of: dialect.SignIn, said: said, send: a.player.SignIn}
}

// inquiry is a balance inquiry with the card of role good, the most harmless request
// that has a MAC and a PIN; nil where network or profile have none.
func (a *asked) inquiry() *errand {
	o := a.order(dialect.Balance)
	if o == nil {
		return nil
	}
	return &errand{what: "balance inquiry", said: "a balance inquiry with the card of role good" + andPIN(o) + ", which moves no money",
		of: o.Of, pin: o.PIN, send: func() error { return a.player.Pay(o) }}
}

// purchase is one of the least amount with the card of role good, for networks that
// have nothing else; it is voided when the host takes it.
func (a *asked) purchase() *errand {
	o := a.order(dialect.Purchase)
	if o == nil {
		return nil
	}
	of := a.profile.Dialect
	o.Amount = 1
	q := &errand{what: "purchase", of: o.Of, pin: o.PIN, send: func() error { return a.player.Pay(o) }}
	q.said = fmt.Sprintf("a purchase of %s with the card of role good%s, as the network has nothing that moves no money", report.FormatAmount(o.Amount, of.Exponent), andPIN(o))
	q.undo = func() error {
		records := a.player.T.Journal.Records
		if len(records) == 0 {
			return errors.New("the terminal knows of none")
		}
		return a.player.Pay(&sim.Order{Of: dialect.PurchaseVoid, Amount: o.Amount, Entry: o.Entry, PIN: o.PIN, Holder: o.Holder, Original: &records[len(records)-1]})
	}
	return q
}

// order is a request with the card of role good; nil where network or profile have none.
func (a *asked) order(of dialect.Transaction) *sim.Order {
	f, cards := a.profile.Dialect.Form(of), a.profile.Holders("good")
	if f == nil || len(cards) == 0 || cards[0].PAN == "" || !a.player.T.SignedIn {
		return nil
	}
	return &sim.Order{Of: of, Entry: sim.Swipe, PIN: len(cards[0].Typed) > 0 && a.profile.HasPIN() && f.Carries(wire.PINBlock), Holder: &cards[0]}
}

func andPIN(o *sim.Order) string {
	if o.PIN {
		return " and its PIN"
	}
	return ""
}

// ask sends a message and waits so long for its answer. A purchase is taken back, on a
// connection of its own.
func (a *asked) ask(q *errand, wait time.Duration) *sim.Result {
	if q == nil {
		a.result = sim.Result{Outcome: report.Unsent, Why: errors.New("there is nothing to ask")}
		return &a.result
	}
	a.what, a.began = q.what, q
	policy := *a.profile
	policy.Policy.Timeout = wait
	a.player.T.Profile = &policy
	a.player.Last = sim.Result{}
	err := q.send()
	a.result = a.player.Last
	if err != nil && errors.Is(a.result.Reason(), sim.ErrNothingSent) {
		a.result = sim.Result{Outcome: report.Unsent, Why: err}
	}
	if q.undo != nil {
		a.undo(q)
	}
	return &a.result
}

// undo reverses a purchase of which is not known what became of it, and voids one that
// was approved.
func (a *asked) undo(q *errand) {
	t, each := a.player.T, a.player.Each
	aside := &tap{answers: a.tap.answers, ctx: context.WithoutCancel(a.tap.ctx), // a signal leaves no money moved
		dialer: a.tap.dialer, dialect: a.tap.dialect, clock: a.tap.clock}
	a.tap.Close() // a host may serve one connection at a time
	last := sim.Result{}
	t.Link, a.player.Each = aside, func(_, _ *wire.Message, r *sim.Result) { last = *r }
	defer func() {
		aside.Close()
		t.Link, a.player.Each = a.tap, each
	}()
	var err error
	switch {
	case t.Owes():
		a.undone = "a reversal of the purchase"
		a.player.Reverse()
	case a.result.Outcome == report.Approved:
		a.undone = "a void of the purchase"
		err = q.undo()
	default:
		return
	}
	switch err = cmp.Or(err, last.Reason()); {
	case err == nil:
		a.undone += ": approved"
	default:
		a.undone += fmt.Sprintf(": %v; look whether the host has booked it", err)
	}
}
