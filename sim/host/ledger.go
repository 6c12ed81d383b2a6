package host

import (
	"fmt"
	"sync/atomic"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// ledger is the host's double-entry book. Money is only ever moved from one
// account to another, by move or draw, so the sum over all accounts stays what
// it was at the start: zero, for the cards' opening balances came out of cash.
type ledger struct {
	cards []card
	shops []shop
	holds account // what pre-authorisations hold back
	fees  account // what the acquirer has earned
	cash  account // the world outside
}

// account is a balance in fen.
type account struct{ balance atomic.Int64 }

// card is one cardholder's account.
type card struct {
	account
	of *profile.Card
}

// shop is one merchant's account.
type shop struct {
	account
	fee profile.Fee
}

// move takes amount from one account to another, also below zero.
func move(from, to *account, amount int64) {
	from.balance.Add(-amount)
	to.balance.Add(amount)
}

// draw moves amount if from has so much. It reports whether it did.
func draw(from, to *account, amount int64) bool {
	for {
		b := from.balance.Load()
		if b < amount {
			return false
		}
		if from.balance.CompareAndSwap(b, b-amount) {
			to.balance.Add(amount)
			return true
		}
	}
}

// Book is the host's account of one terminal.
type Book struct {
	TID, MID       string
	Batch          int            // the current batch's number
	dialect.Totals                // of all the terminal's batches
	Unsettled      dialect.Totals // of what no settlement has closed yet
}

// Books gives one Book for each terminal, in the profile's order.
func (h *Host) Books() []Book {
	books := make([]Book, len(h.all))
	for i := range h.all {
		t := &h.all[i]
		t.mu.Lock()
		books[i] = Book{TID: t.entry.TID, MID: t.entry.MID, Batch: int(t.batch), Totals: t.ever(), Unsettled: t.unsettled()}
		t.mu.Unlock()
	}
	return books
}

// Check proves the books at a moment when no request is being answered: no
// money has come or gone, what is held is what open pre-authorisations hold,
// and each merchant has what its terminals took less its fees.
func (h *Host) Check() error {
	l := &h.ledger
	sum := l.holds.balance.Load() + l.fees.balance.Load() + l.cash.balance.Load()
	for i := range l.cards {
		sum += l.cards[i].balance.Load()
	}
	var took, held, fees int64
	for i := range l.shops {
		sum += l.shops[i].balance.Load()
		took += l.shops[i].balance.Load()
	}
	if sum != 0 {
		return fmt.Errorf("ledger: the accounts add up to %d fen, want 0", sum)
	}
	for i := range h.all {
		t := &h.all[i]
		t.mu.Lock()
		took -= t.ever().Net()
		if t.session != nil {
			held += t.session.held()
			fees += t.session.fees
		}
		t.mu.Unlock()
	}
	if got := l.holds.balance.Load(); got != held {
		return fmt.Errorf("ledger: %d fen are on hold, the open pre-authorisations hold %d", got, held)
	}
	if got := l.fees.balance.Load(); got != fees {
		return fmt.Errorf("ledger: %d fen of fees, the settled batches owe %d", got, fees)
	}
	if took+fees != 0 {
		return fmt.Errorf("ledger: the merchants have %d fen more than their terminals took less %d of fees", took+fees, fees)
	}
	return nil
}

// Balance is the balance in fen of the account behind a card number, for tests
// and for people; the second result is false when the host has no such card.
func (h *Host) Balance(pan string) (int64, bool) {
	i, ok := h.cards[numberOf([]byte(pan))]
	if !ok {
		return 0, false
	}
	return h.ledger.cards[i].balance.Load(), true
}
