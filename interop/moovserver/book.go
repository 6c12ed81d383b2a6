package main

import (
	"fmt"
	"sync"
)

// entry is one payment or refund that got as far as the book, declined ones
// included.
type entry struct {
	account  string
	amount   int64
	moved    int64  // what was put into the account and stands; less than zero for a payment
	refunded int64  // of a payment, by refunds that stand
	original *entry // of a refund
}

// terminal is what is known of one.
type terminal struct {
	signedOn bool
	traces   map[string]*entry // by trace number, since it last signed on
	sent     map[string]*entry // by trace number and time of sending
}

func newTerminal() *terminal {
	return &terminal{traces: map[string]*entry{}, sent: map[string]*entry{}}
}

// book keeps accounts and what terminals paid from them, in the smallest unit of
// the currency.
type book struct {
	mu          sync.Mutex
	opening     int64 // what is in an account that has not been named
	balances    map[string]int64
	terminals   map[string]*terminal
	byReference map[string]*entry

	references int
	count      int   // payments that stand
	taken      int64 // money that was taken and not given back
}

func newBook(opening int64) *book {
	return &book{opening: opening, balances: map[string]int64{}, terminals: map[string]*terminal{}, byReference: map[string]*entry{}}
}

func (b *book) balance(account string) int64 {
	if n, ok := b.balances[account]; ok {
		return n
	}
	return b.opening
}

// reference is a number that no other answer has.
func (b *book) reference() string {
	b.references++
	return fmt.Sprintf("%012d", b.references)
}

func (b *book) move(e *entry, amount int64) {
	b.balances[e.account] = b.balance(e.account) + amount
	e.moved += amount
	b.taken -= amount
}

// begin takes e down under its trace number, which must be new, and time of sending.
func (t *terminal) begin(trace, sent string, e *entry) bool {
	if t.traces[trace] != nil {
		return false
	}
	t.traces[trace], t.sent[trace+sent] = e, e
	return true
}

// pay takes a payment and returns the response code.
func (b *book) pay(e *entry, reference string) string {
	switch {
	case e.amount == 0:
		return "13"
	case e.amount > b.balance(e.account):
		return "51"
	}
	b.move(e, -e.amount)
	b.byReference[reference] = e
	b.count++
	return "00"
}

// refund gives back a part of a payment, which its reference names, and returns the
// response code.
func (b *book) refund(e *entry, reference string) string {
	paid := b.byReference[reference]
	switch {
	case paid == nil || paid.moved >= 0 || paid.account != e.account:
		return "25"
	case paid.refunded+e.amount > paid.amount:
		return "64"
	}
	paid.refunded += e.amount
	e.original = paid
	b.move(e, e.amount)
	return "00"
}

// reverse undoes a payment, once, and returns the response code. One that never came
// is remembered, so that it is not taken when it comes after all.
func (b *book) reverse(t *terminal, trace, sent string, amount int64) string {
	e := t.sent[trace+sent]
	switch {
	case e == nil:
		t.begin(trace, sent, &entry{amount: amount})
		return "00"
	case e.amount != amount:
		return "64"
	case e.refunded > 0:
		return "25"
	case e.moved == 0:
		return "00"
	}
	b.move(e, -e.moved)
	if e.original != nil {
		e.original.refunded -= amount
	} else {
		b.count--
	}
	return "00"
}

// totals is what stands, for the one who compares it with what terminals say.
func (b *book) totals() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return fmt.Sprint("book ", b.count, " ", b.taken)
}
