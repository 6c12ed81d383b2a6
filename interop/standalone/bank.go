package main

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// account is one card, or one payer with a payment code, and the money behind it.
type account struct {
	number, expires, pin string
	scheme               string
	decline, approve     string
	most                 int64
	balance, held        int64 // fen; what is held is still in the balance
}

func (a *account) free() int64 { return a.balance - a.held }

// foreign says in which half of a settlement the account's payments count.
func (a *account) foreign() bool { return a.scheme != "CUP" }

// kind is a sort of payment, by what a request says of itself.
type kind struct {
	name          string
	mti           uint16
	proc, cond    string
	sort          string // first part of field 60
	opens         bool   // names no earlier payment, so it must bring its card
	debit, credit bool   // the side of the settlement that it counts on
}

var (
	purchase       = &kind{name: "purchase", mti: 0x0200, proc: "000000", cond: "00", sort: "22", opens: true, debit: true}
	inquiry        = &kind{name: "balance inquiry", mti: 0x0200, proc: "310000", cond: "00", sort: "01", opens: true}
	void           = &kind{name: "void", mti: 0x0200, proc: "200000", cond: "00", sort: "23", credit: true}
	refund         = &kind{name: "refund", mti: 0x0220, proc: "200000", cond: "00", sort: "25", credit: true}
	hold           = &kind{name: "pre-authorisation", mti: 0x0100, proc: "030000", cond: "06", sort: "10", opens: true}
	addition       = &kind{name: "addition", mti: 0x0100, proc: "030000", cond: "60", sort: "10"}
	holdVoid       = &kind{name: "void of a pre-authorisation", mti: 0x0100, proc: "200000", cond: "06", sort: "11"}
	completion     = &kind{name: "completion", mti: 0x0200, proc: "000000", cond: "06", sort: "20", debit: true}
	completionVoid = &kind{name: "void of a completion", mti: 0x0200, proc: "200000", cond: "06", sort: "21", credit: true}
	advice         = &kind{name: "completion advice", mti: 0x0220, proc: "000000", cond: "06", sort: "24", debit: true}

	kinds = []*kind{purchase, inquiry, void, refund, hold, addition, holdVoid, completion, completionVoid, advice}
)

// slot is what a payment of one terminal is known by.
type slot struct{ batch, trace string }

// record is one payment that got as far as the books, declined ones included.
type record struct {
	kind                *kind
	term                *terminal
	slot                slot
	amount              int64
	acct                *account
	at                  time.Time
	reference, approval string
	voucher             string // of a payment by QR code
	booked              bool   // approved, and money has moved or is held
	reversed            bool

	of       *record // the payment that this one takes up again
	by       *record // the void, or the completion, that has ended this one
	refunded int64   // of a purchase or completion
	holds    int64   // of a pre-authorisation, with what was added
}

func (r *record) stands() bool { return r != nil && r.booked && !r.reversed }

// bank keeps the accounts, and what was paid from them.
type bank struct {
	mu          sync.Mutex
	issuers     []string
	cards       map[string]*account
	codes       map[string]*account
	byReference map[string]*record // under merchant and reference
	byApproval  map[string]*record // pre-authorisations, under merchant and approval code
	numbered    uint64
}

// number gives r its reference number, and an approval code of its own if wanted.
func (b *bank) number(r *record, approval bool) {
	b.numbered++
	r.reference = fmt.Sprintf("%03dS%08d", r.at.YearDay(), b.numbered%1e8)
	b.byReference[r.term.merchant+r.reference] = r
	if approval {
		const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
		n := b.numbered * 0x1F123BB5 % (1 << 30) // an odd factor: no two alike
		code := make([]byte, 6)
		for i := range code {
			code[i] = letters[n&31]
			n >>= 5
		}
		r.approval = string(code)
	}
}

// card finds an account by card number, or the code of what is wrong with it.
func (b *bank) card(number string) (*account, string) {
	n := len(number)
	if n < 13 || strings.Trim(number, "0123456789") != "" || luhn(number[:n-1]) != number[n-1] {
		return nil, "14"
	}
	for _, i := range b.issuers {
		if strings.HasPrefix(number, i) {
			if a := b.cards[number]; a != nil {
				return a, ""
			}
			return nil, "14"
		}
	}
	return nil, "15"
}

// claim is what a request says of the payment that it takes up again.
type claim struct {
	reference, approval string
	slot                slot
	date                string // MMDD, empty or 0000 when it does not say
	voucher             string
}

func (c claim) dated(r *record) bool {
	return c.date == "" || c.date == "0000" || c.date == day(r.at)
}

// original finds what r is about: nil when there is no such payment, or it is
// another card's.
func (b *bank) original(r *record, c claim) *record {
	var o *record
	var want []*kind
	switch r.kind {
	case void:
		o, want = r.term.seen[c.slot], []*kind{purchase}
	case completionVoid:
		o, want = r.term.seen[c.slot], []*kind{completion, advice}
	case refund:
		o, want = b.byReference[r.term.merchant+c.reference], []*kind{purchase, completion, advice}
	default:
		o, want = b.byApproval[r.term.merchant+c.approval], []*kind{hold}
	}
	fits := false
	for _, k := range want {
		fits = fits || o != nil && o.kind == k
	}
	if !fits || !o.stands() || !c.dated(o) || r.acct != nil && r.acct != o.acct {
		return nil
	}
	if r.kind == void || r.kind == completionVoid {
		current := o.slot.batch == r.slot.batch
		known := c.approval == "" || c.approval == o.approval || o.of != nil && c.approval == o.of.approval
		if !current || !known || c.reference != o.reference || c.voucher != "" && c.voucher != o.voucher {
			return nil
		}
	}
	return o
}

// book decides on r and moves the money. It returns the answer's code.
func (b *bank) book(r *record, c claim) string {
	if !r.kind.opens {
		if r.of = b.original(r, c); r.of == nil {
			return "25"
		}
		r.acct = r.of.acct
	}
	a, o := r.acct, r.of
	if a.decline != "" {
		return a.decline
	}
	if r.amount == 0 && r.kind != inquiry {
		return "13"
	}
	switch r.kind {
	case inquiry:
		return "00" // as it is, even of an account whose approvals are remarked on
	case purchase, hold, addition:
		if o != nil && o.by != nil {
			return "25"
		}
		if a.most > 0 && r.amount > a.most {
			return "61"
		}
		if r.amount > a.free() {
			return "51"
		}
		switch r.kind {
		case purchase:
			a.balance -= r.amount
		case hold:
			a.held += r.amount
			r.holds = r.amount
		case addition:
			a.held += r.amount
			o.holds += r.amount
		}
	case void:
		if o.by != nil {
			return "25"
		}
		if r.amount != o.amount || o.refunded > 0 {
			return "64"
		}
		o.by = r
		a.balance += r.amount
	case refund:
		if o.by != nil {
			return "25"
		}
		if o.refunded+r.amount > o.amount {
			return "64"
		}
		o.refunded += r.amount
		a.balance += r.amount
	case holdVoid:
		if o.by != nil {
			return "25"
		}
		if r.amount != o.holds {
			return "64"
		}
		o.by = r
		a.held -= o.holds
	case completion, advice:
		if o.by != nil {
			return "25"
		}
		if r.at.Sub(o.at) > 30*24*time.Hour {
			return "22"
		}
		if r.amount*100 > o.holds*115 {
			return "64"
		}
		if r.amount > a.free()+o.holds {
			return "51"
		}
		o.by = r
		a.held -= o.holds
		a.balance -= r.amount
	case completionVoid:
		if o.by != nil {
			return "25"
		}
		if r.amount != o.amount || o.refunded > 0 {
			return "64"
		}
		o.by = r
		a.balance += r.amount
		o.of.by = nil
		a.held += o.of.holds
	}
	r.booked = true
	return a.approve
}

// reverse undoes r. It returns the answer's code; what was undone before, or
// never booked, needs nothing.
func (b *bank) reverse(r *record) string {
	if !r.stands() {
		r.reversed = true
		return "00"
	}
	if r.by != nil || r.refunded > 0 {
		return "25" // something rests on it that stands
	}
	a, o := r.acct, r.of
	switch r.kind {
	case purchase:
		a.balance += r.amount
	case void:
		o.by = nil
		a.balance -= r.amount
	case hold:
		a.held -= r.holds
	case addition:
		if o.by != nil {
			return "25"
		}
		o.holds -= r.amount
		a.held -= r.amount
	case holdVoid:
		o.by = nil
		a.held += o.holds
	case completion, advice:
		o.by = nil
		a.held += o.holds
		a.balance += r.amount
	case completionVoid:
		if o.of.by != nil {
			return "25"
		}
		o.by = nil
		o.of.by = o
		a.held -= o.of.holds
		a.balance -= r.amount
	case refund:
		o.refunded -= r.amount
		a.balance -= r.amount
	}
	r.reversed = true
	return "00"
}

// side is one half of a settlement: domestic or foreign cards.
type side struct {
	debits, credits   int64
	nDebits, nCredits int
}

func (s side) String() string {
	return fmt.Sprintf("%012d%03d%012d%03d", s.debits, s.nDebits, s.credits, s.nCredits)
}

// totals adds up what stands in a journal. A voided purchase counts on both sides.
func (b *bank) totals(journal []*record) (domestic, foreign side) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range journal {
		if !r.stands() {
			continue
		}
		s := &domestic
		if r.acct.foreign() {
			s = &foreign
		}
		if r.kind.debit {
			s.debits += r.amount
			s.nDebits++
		}
		if r.kind.credit {
			s.credits += r.amount
			s.nCredits++
		}
	}
	return domestic, foreign
}
