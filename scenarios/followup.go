package scenarios

import (
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// followUp makes a Make for sentences in which the operator does something to
// an earlier transaction, its original, which find gives: a void, a refund, a
// completion. It is done with the card that made the original, for the {amount}
// if there is one and else for all of it. Where it needs the supervisor's
// password, {text} is that.
//
// What differs between such transactions is in the columns of their table in
// package dialect: a new one is a row there, a form and a phrase.
func followUp(find func(*sim.Player, dialect.Transaction) (*sim.Record, error)) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (do func(*sim.Player) error, err error) {
		var amount int64
		if a.Has("amount") {
			amount, err = a.Amount(0)
		}
		var password *string // the supervisor's when nil
		if a.Has("text") {
			password = &a.Words["text"][0]
		}
		return func(p *sim.Player) error { return follow(p, a.Of, find, amount, password) }, err
	}
}

// follow does something to an earlier transaction; see [followUp].
func follow(p *sim.Player, of dialect.Transaction, find func(*sim.Player, dialect.Transaction) (*sim.Record, error), amount int64, password *string) error {
	original, err := find(p, of)
	if err != nil {
		return keepRefusal(p, err)
	}
	if of.Supervised() {
		given := p.T.SupervisorPassword()
		if password != nil {
			given = *password
		}
		if err := p.T.Supervise(given); err != nil {
			return keepRefusal(p, err)
		}
	}
	if of.Original() == dialect.ToAuthCode && original.Auth == [6]byte{} {
		d := p.T.Profile.Dialect
		return fmt.Errorf("%w: the approval of the %s carried no authorisation code (field %d), and a %s points to it by that",
			sim.ErrUntested, original.Of, d.Place(wire.AuthCode).Field, of)
	}
	worldOf(p).original = *original
	o := sim.Order{Of: of, Amount: amount, Entry: original.Entry, Holder: original.Holder(p.T.Profile), Original: original}
	if amount == 0 {
		o.Amount = original.Amount
	}
	return keepRefusal(p, p.Pay(&o))
}

// wrongSupervisor is the Make of a void with a password that is not the
// supervisor's.
func wrongSupervisor(a Args) (func(*sim.Player) error, error) {
	if !a.Profile.Policy.Supervisor {
		return nil, lack("supervisor is false in the profile: no password is asked for")
	}
	password := wrong(string(a.Profile.Operator(profile.Supervisor).Password))
	return func(p *sim.Player) error { return follow(p, a.Of, lastOriginal, 0, &password) }, nil
}

// beyondRefunds is the Make of a refund that is larger than the terminal may make.
func beyondRefunds(a Args) (func(*sim.Player) error, error) {
	limit := a.Profile.Policy.RefundLimit
	if limit == 0 {
		return nil, lack("refund-limit is 0 in the profile: there is none")
	}
	return func(p *sim.Player) error { return follow(p, a.Of, lastOriginal, limit+1, nil) }, nil
}

// undone says, for what is done to a payment, how that payment was booked.
var undone = [...]dialect.Booking{
	dialect.Uncharge:  dialect.Charge,
	dialect.GiveBack:  dialect.Charge,
	dialect.Uncapture: dialect.Capture,
	dialect.CashOut:   dialect.CashIn,
}

// only are the transactions that are done to one kind alone.
var only = map[dialect.Transaction]dialect.Transaction{
	dialect.OfflineRefund:   dialect.OfflinePurchase,
	dialect.ReservationVoid: dialect.Reservation,
	dialect.Adjustment:      dialect.Purchase,
	dialect.Tip:             dialect.Purchase,
}

// isOriginal reports whether a payment is one that of can be done to. One that
// is never reversed is final: an advice is repeated until the host has it.
func isOriginal(of dialect.Transaction, r *sim.Record) bool {
	b := of.Booking()
	if one, is := only[of]; is {
		return r.Of == one
	}
	return int(b) < len(undone) && undone[b] != dialect.None && r.Of.Booking() == undone[b] && r.Of.Reversible()
}

// lastOriginal is the latest that the terminal knows of: a pre-authorisation of
// this scenario, or a payment of it that is in the batch and not voided.
func lastOriginal(p *sim.Player, of dialect.Transaction) (*sim.Record, error) {
	if of.Original() == dialect.ToAuthCode {
		if r := p.PreAuthorised(); r != nil {
			return r, nil
		}
	} else if r := lastInBatch(p, of); r != nil {
		return r, nil
	}
	p.T.Display = "没有原始交易"
	return nil, fmt.Errorf("%w: it knows no approved transaction to do a %s to", sim.ErrRefusedLocally, of)
}

// made are the payments of the terminal's batch without those that scenarios before this
// one made.
func made(p *sim.Player) []sim.Record {
	records, older := p.T.Journal.Records, &worldOf(p).older
	for i := len(records) - 1; i >= 0 && older.Trace > 0; i-- {
		if r := &records[i]; r.Of == older.Of && r.Trace == older.Trace && r.Batch == older.Batch {
			return records[i+1:]
		}
	}
	return records
}

func lastInBatch(p *sim.Player, of dialect.Transaction) *sim.Record {
	records := made(p)
	for i := len(records) - 1; i >= 0; i-- {
		if r := &records[i]; isOriginal(of, r) && !r.Voided {
			return r
		}
	}
	return nil
}

// sameOriginal is the one that the latest follow-up was about, voided or not.
func sameOriginal(p *sim.Player, of dialect.Transaction) (*sim.Record, error) {
	if r := &worldOf(p).original; isOriginal(of, r) {
		return r, nil
	}
	return nil, fmt.Errorf("no %s has been sent before", of)
}

// keepSlip keeps the sales slip of the last purchase. Unlike the batch it can
// be looked up after settlement, when most refunds happen.
func keepSlip(p *sim.Player) error {
	r := lastInBatch(p, dialect.PurchaseVoid)
	if r == nil {
		return errors.New("there is no approved purchase to keep the slip of")
	}
	worldOf(p).slip = *r
	return nil
}

// onSlip is the purchase that the slip was kept of.
func onSlip(p *sim.Player, of dialect.Transaction) (*sim.Record, error) {
	slip := &worldOf(p).slip
	if !isOriginal(of, slip) {
		return nil, errors.New("no slip has been kept")
	}
	for i := range p.T.Journal.Records { // still in the batch: mark that one
		if r := &p.T.Journal.Records[i]; r.Of == slip.Of && r.Trace == slip.Trace && r.Batch == slip.Batch {
			return r, nil
		}
	}
	return slip, nil
}
