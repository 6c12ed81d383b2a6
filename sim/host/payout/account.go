// Package payout is what the acquirer owes its merchants: fees, statements, and when the
// money comes.
//
// An [Account] is one merchant's. The ledger (package book) posts to it what it books: a
// sale, or what a refund or void takes back, each as a [Posting] with its fee and who gets
// how much of that. Postings are summed by business day, kind of card and channel
// ([Line]), so that the account stays small however many there are; the latest are kept
// one by one. [Account.Statement] tells a day, [Account.Due] and [Account.Pay] pay what has
// come to its value date (sim/fee, Payout). All amounts are in fen; what is taken back is
// negative.
package payout

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posfleet/posfleet/sim/fee"
)

// What is kept of a merchant.
const (
	KeepsDays     = 92  // business days with their lines, and those that are not paid out; what is older is one sum
	KeepsPostings = 512 // the latest, one by one
)

// What a posting is about.
type What uint8

const (
	Sale   What = iota // a purchase or completion
	Refund             // money given back, with as much of the fee as the plan gives back
	Void               // a void or reversal of a sale or load that was posted: all of it, and all of its fee
	Load               // electronic cash that the merchant has been paid for, and owes
)

var whats = []string{Sale: "sale", Refund: "refund", Void: "void", Load: "load"}

func (w What) String() string { return whats[w] }

// Posting is one change of what a merchant is owed.
type Posting struct {
	What    What
	Kind    fee.Kind
	Channel fee.Channel
	When    time.Time // of what is posted
	TID     string
	Serial  uint64 // of the answer, whose last six digits end its reference number
	Sums
	day date
}

// Sums are amounts in fen, and of how many. The fee is whole; Split is who gets what of
// it.
type Sums struct {
	Count       int // of sales, less those undone by voids; of refunds, how many
	Postings    int
	Amount, Fee int64
	fee.Split
}

// Add adds.
func (s *Sums) Add(o Sums) {
	s.Count += o.Count
	s.Postings += o.Postings
	s.Amount += o.Amount
	s.Fee += o.Fee
	s.Issuer += o.Issuer
	s.Network += o.Network
	s.Acquirer += o.Acquirer
}

// Line is a line of a statement: what one kind of card by one channel brought or took.
type Line struct {
	What    What
	Kind    fee.Kind
	Channel fee.Channel
	Sums
}

// Account is what one merchant is owed. Any number of goroutines may use it.
type Account struct {
	MID   string
	Name  string
	Plan  *fee.Plan
	Class fee.Class
	Since time.Time // when the merchant came, by its clock; the zero time for long ago
	Lax   *Lax      // rules that a host breaks on purpose; nil for none

	ahead   atomic.Int64 // nanoseconds by which the merchant's clock is ahead of the host's
	mu      sync.Mutex
	days    []day // ascending
	before  Sums  // of days that are no longer kept
	sealed  date  // days up to this one take no more
	told    date  // sealed, when Paid last gave it
	ever    Sums  // of all postings, apart from the days, to prove them
	paid    int64 // that has left for the merchant, with surcharges
	extra   int64 // of it the surcharges
	recent  []Posting
	oldest  int // of recent, once it is full
	left    int // postings no longer in recent
	payouts []Payout
	number  int // of the latest payout
}

// day is a business day.
type day struct {
	date  date
	lines []Line
	Sums
	paid, paidFee int64 // of its amount and fee, what payouts were about
}

// date is a day as 20261126.
type date int32

func dateOf(t time.Time) date {
	y, m, d := t.Date()
	return date(y*10000 + int(m)*100 + d)
}

// midnight is when the day begins, in China.
func (d date) midnight() time.Time {
	return time.Date(int(d/10000), time.Month(d/100%100), int(d%100), 0, 0, 0, 0, fee.China)
}

func (d date) next() date { return dateOf(d.midnight().AddDate(0, 0, 1)) }

// business is the business day of a moment: from the plan's cut-off on it is the next one.
func (a *Account) business(t time.Time) date {
	t = t.In(fee.China)
	d := dateOf(t)
	if c := a.Plan.Payout.CutOff; c > 0 && t.Sub(d.midnight()) >= c && !a.lax().CutOff.Load() {
		return d.next()
	}
	return d
}

// Lax are rules that a host breaks on purpose while they are true.
type Lax struct {
	CutOff      atomic.Bool // what is paid after the cut-off counts for the day on which it is paid
	NewMerchant atomic.Bool // a new merchant has its money on the same day
}

// sound is what a host breaks that breaks nothing.
var sound Lax

func (a *Account) lax() *Lax { return cmp.Or(a.Lax, &sound) }

// Now is the time by the merchant's clock when it is t by the host's. Business days, cut-off,
// value dates and how long the merchant is there go by it; what is posted at that moment and
// later counts where it says.
func (a *Account) Now(t time.Time) time.Time { return t.Add(time.Duration(a.ahead.Load())) }

// PutAhead puts the merchant's clock so far ahead of the host's.
func (a *Account) PutAhead(by time.Duration) { a.ahead.Store(int64(by)) }

// Day is the business day of a moment of the merchant's clock, as 2026-11-26.
func (a *Account) Day(t time.Time) string { return a.business(t).midnight().Format(time.DateOnly) }

// Post takes a posting. One of a day that has been closed counts for the day after the
// closed ones: a statement does not change once it is out. When it happened is said by the
// host's clock, and kept by the merchant's.
func (a *Account) Post(p Posting) {
	p.When = a.Now(p.When)
	d := a.business(p.When)
	a.mu.Lock()
	defer a.mu.Unlock()
	if d <= a.sealed {
		d = a.sealed.next()
	}
	p.day, p.Postings = d, 1
	a.dayOf(d).add(p)
	a.ever.Add(p.Sums)
	if len(a.recent) < KeepsPostings {
		a.recent = append(a.recent, p)
		return
	}
	a.recent[a.oldest] = p
	a.oldest = (a.oldest + 1) % KeepsPostings
	a.left++
}

// dayOf is the account's day of a date, made if it is new.
func (a *Account) dayOf(d date) *day {
	if last := len(a.days) - 1; last >= 0 && a.days[last].date == d {
		return &a.days[last] // as nearly always
	}
	i, found := slices.BinarySearchFunc(a.days, d, func(x day, d date) int { return cmp.Compare(x.date, d) })
	if !found {
		if len(a.days) == KeepsDays && i > 0 && a.days[0].unpaid() == 0 {
			a.before.Add(a.days[0].Sums)
			a.days = slices.Delete(a.days, 0, 1)
			i--
		}
		a.days = slices.Insert(a.days, i, day{date: d})
	}
	return &a.days[i]
}

func (d *day) add(p Posting) {
	d.Sums.Add(p.Sums)
	for i := range d.lines {
		if l := &d.lines[i]; l.What == p.What && l.Kind == p.Kind && l.Channel == p.Channel {
			l.Sums.Add(p.Sums)
			return
		}
	}
	d.lines = append(d.lines, Line{p.What, p.Kind, p.Channel, p.Sums})
}

// Totals are what has been posted since the account was opened, and paid out of it.
type Totals struct {
	Sums
	Paid       int64 // that has left, of Amount less Fee
	Surcharges int64 // of it what payouts cost
}

// Owed is what the acquirer still owes the merchant.
func (t Totals) Owed() int64 { return t.Amount - t.Fee - t.Paid }

// Totals gives the totals.
func (a *Account) Totals() Totals {
	a.mu.Lock()
	defer a.mu.Unlock()
	return Totals{a.ever, a.paid, a.extra}
}
