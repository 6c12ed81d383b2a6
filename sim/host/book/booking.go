package book

import "github.com/posfleet/posfleet/sim/dialect"

// The bookings (dialect.Booking). Each moves the money of r, a record that is
// not entered yet, between the accounts of its card and the terminal's merchant,
// and marks the record or hold that r.Original names. The terminal is locked.

// Charge has the card pay the merchant. It reports false when the card has too
// little, unless it is forced to go below zero. What its chip has approved by itself comes
// out of its electronic cash, whatever of that the host has heard.
func (l *Ledger) Charge(t *Terminal, r *Record, force bool) bool {
	from, to := l.payer(r), &t.merchant.clearing
	if force || l.byChip(r) {
		move(from, to, r.Amount)
		return true
	}
	return draw(from, to, r.Amount)
}

// Uncharge gives a charge back, whole.
func (l *Ledger) Uncharge(t *Terminal, r *Record) {
	o := t.Record(r.Original)
	move(&t.merchant.clearing, l.payee(o.Kind, o.Card), o.Amount)
	l.unpost(t, o, r.When)
	o.State, r.Card = Voided, o.Card
}

// GiveBack gives a payment back, as much as r says.
func (l *Ledger) GiveBack(t *Terminal, r *Record, p Refundable) {
	move(&t.merchant.clearing, p.to, r.Amount)
	l.postRefund(t, r, p)
	*p.refunded += r.Amount
	r.Card = p.Card
	if t.kept != nil {
		t.kept.of = p.of
	}
}

// Hold holds the amount back on the card, under an authorisation code. It
// reports false when the card has too little.
func (l *Ledger) Hold(t *Terminal, r *Record, auth uint32) bool {
	if !draw(&l.cards[r.Card].account, &l.holds, r.Amount) {
		return false
	}
	l.hold(t, r, auth)
	return true
}

func (l *Ledger) hold(t *Terminal, r *Record, auth uint32) {
	j := t.opened()
	r.Original = int32(len(j.holds))
	j.holds = append(j.holds, Hold{Amount: r.Amount, Auth: auth, When: r.When, Card: r.Card, open: true})
}

// Extend adds the amount to a hold. It reports false when the card has too
// little.
func (l *Ledger) Extend(t *Terminal, r *Record) bool {
	h := t.Hold(r.Original)
	if !draw(&l.cards[h.Card].account, &l.holds, r.Amount) {
		return false
	}
	h.Amount += r.Amount
	return true
}

// Release lets what is held go.
func (l *Ledger) Release(t *Terminal, r *Record) {
	l.release(t.Hold(r.Original))
}

func (l *Ledger) release(h *Hold) {
	move(&l.holds, &l.cards[h.Card].account, h.Amount)
	h.open = false
}

// Capture pays the merchant out of what is held. What goes beyond the hold
// comes from the card, what is left of it goes back there. It reports false when
// the card has too little.
func (l *Ledger) Capture(t *Terminal, r *Record) bool {
	return l.capture(t, t.Hold(r.Original), r.Amount, false)
}

func (l *Ledger) capture(t *Terminal, h *Hold, amount int64, force bool) bool {
	card, merchant := &l.cards[h.Card].account, &t.merchant.clearing
	if over := amount - h.Amount; over > 0 {
		if force {
			move(card, merchant, over)
		} else if !draw(card, merchant, over) {
			return false
		}
	}
	move(&l.holds, merchant, min(amount, h.Amount))
	move(&l.holds, card, max(h.Amount-amount, 0))
	h.open = false
	return true
}

// uncapture undoes capture: the hold is open again.
func (l *Ledger) uncapture(t *Terminal, h *Hold, amount int64) {
	card, merchant := &l.cards[h.Card].account, &t.merchant.clearing
	move(merchant, card, max(amount-h.Amount, 0))
	move(merchant, &l.holds, min(amount, h.Amount))
	move(card, &l.holds, max(h.Amount-amount, 0))
	h.open = true
}

// Uncapture undoes a capture, whole. What it was taken from is held again until
// it is captured anew or released.
func (l *Ledger) Uncapture(t *Terminal, r *Record) {
	o := t.Record(r.Original)
	l.uncapture(t, t.Hold(o.Original), o.Amount)
	l.unpost(t, o, r.When)
	o.State, r.Card = Voided, o.Card
}

// Enter writes a record, approved or not: its trace is used up. One with the
// same key hides that one.
func (t *Terminal) Enter(key Key, r *Record) {
	j := t.opened()
	if r.State == Approved {
		t.Traded = r.When
		j.open.Add(r.Kind.Side(), r.Amount, 1)
	}
	j.add(key, r)
	t.noteEntry(key, r)
}

// Refuse has a payment of the open batch that was declined count as reversed. The number
// is the record's.
func (t *Terminal) Refuse(n int32) {
	t.Record(n).State = Reversed
	t.note(barred, uint64(n))
}

// Reverse undoes an approved record. It reports false when that cannot be any
// more. The card may go below zero: what a void gave back and has been spent
// since is owed.
func (l *Ledger) Reverse(t *Terminal, r *Record, when uint32) bool {
	if r.Refunded > 0 || !l.undo(t, r, when) {
		return false
	}
	l.unpost(t, r, when)
	t.journal.open.Add(r.Kind.Side(), r.Amount, -1)
	r.State = Reversed
	if t.kept != nil {
		t.note(undone, t.numberOf(r), uint64(when))
	}
	return true
}

// undo moves a record's money back.
func (l *Ledger) undo(t *Terminal, r *Record, when uint32) bool {
	switch r.Kind.Booking() {
	case dialect.Charge:
		move(&t.merchant.clearing, l.payer(r), r.Amount)
	case dialect.Uncharge:
		o := t.Record(r.Original)
		move(l.payee(o.Kind, o.Card), &t.merchant.clearing, r.Amount)
		o.State = Approved
	case dialect.Hold:
		h := t.Hold(r.Original)
		switch {
		case !h.open:
			return false
		case r.Kind.Original() == dialect.ToNone:
			l.release(h)
		default: // it extended the hold
			move(&l.holds, &l.cards[h.Card].account, r.Amount)
			h.Amount -= r.Amount
		}
	case dialect.Release:
		h := t.Hold(r.Original)
		move(&l.cards[h.Card].account, &l.holds, h.Amount)
		h.open = true
	case dialect.Capture:
		l.uncapture(t, t.Hold(r.Original), r.Amount)
	case dialect.Uncapture:
		o := t.Record(r.Original)
		h := t.Hold(o.Original)
		if !h.open {
			return false // captured anew or released since
		}
		l.capture(t, h, o.Amount, true)
		o.State = Approved
	case dialect.Load, dialect.CashIn, dialect.CashOut:
		l.unload(t, r, when)
	default:
		return false
	}
	return true
}
