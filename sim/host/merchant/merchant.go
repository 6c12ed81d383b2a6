// Package merchant is how a shop becomes a merchant of the acquirer, and what becomes of
// its terminals: application, review, contract, machine, activation, and the end of each.
//
// A [Register] has the [Application]s, the [Merchant]s and their [Terminal]s. Those of the
// profile are there from the start, active, so that nothing has to be applied for to trade.
// What it decides about a terminal stands in the ledger (book.Bar), where each request is
// held to it; the register itself is asked by people only, through the admin API. A refusal
// is an [Error] with words in both languages; what happens is written to the audit log
// ([Event]), what somebody should look at is an alert among it. Rules and their sources:
// docs/merchants.md.
package merchant

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/host/payout"
	"github.com/posfleet/posfleet/sim/profile"
)

// Bounds of a register. What is over the last is forgotten, oldest first.
const (
	mostApplications = 20_000
	mostMerchants    = 10_000
	keepsEvents      = 10_000
)

// Merchant is a merchant.
type Merchant struct {
	MID         string    `json:"mid"`
	Name        string    `json:"name"`
	Application string    `json:"application,omitempty"` // by which it came; none for the profile's
	Plan        string    `json:"plan"`
	State       string    `json:"state"` // active, suspended or closed
	Why         string    `json:"why,omitempty"`
	Since       time.Time `json:"since,omitzero"`
	Account     string    `json:"account,omitempty"` // masked

	place Place         // of its shop
	ahead time.Duration // its clock, of the host's
}

// Register is an acquirer's. Any number of goroutines may use it.
type Register struct {
	// Rules that a host breaks on purpose while they are true.
	SecondBinding atomic.Bool // a terminal can be bound to a second merchant
	NeverLapses   atomic.Bool // an approved application can be signed however late
	AnyPapers     atomic.Bool // a review does not look at how long papers are valid

	profile *profile.Profile
	books   *book.Ledger
	now     func() time.Time

	mu           sync.Mutex
	applications map[string]*Application
	numbered     int                  // applications so far
	signed       map[string]bool      // credit codes and ID numbers of merchants
	merchants    map[string]*Merchant // by MID
	terminals    map[int]*Terminal    // that have been looked at, by their number in the ledger
	tids         map[string]int       // numbers by TID; made at first use
	black        map[string]bool      // credit codes and ID numbers of those who are not taken
	log          log
	touched      *touched // nil where nothing is kept: see Keep
}

// New makes the register of a profile whose books are l.
func New(p *profile.Profile, l *book.Ledger, now func() time.Time) *Register {
	r := &Register{profile: p, books: l, now: now,
		applications: map[string]*Application{}, signed: map[string]bool{}, merchants: map[string]*Merchant{}, terminals: map[int]*Terminal{},
		black: map[string]bool{}}
	for i := range p.Merchants {
		m := &p.Merchants[i]
		r.merchants[m.MID] = &Merchant{MID: m.MID, Name: m.Name, Plan: m.Plan.Name, State: active}
	}
	return r
}

// States of merchants and terminals.
const (
	active    = "active"
	suspended = "suspended"
	closed    = "closed"
)

// Merchants are all of them, by MID.
func (r *Register) Merchants() []Merchant {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Merchant, 0, len(r.merchants))
	for _, m := range r.merchants {
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b Merchant) int { return compare(a.MID, b.MID) })
	return all
}

// Merchant is the one of a MID.
func (r *Register) Merchant(mid string) (Merchant, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, err := r.merchant(mid)
	if err != nil {
		return Merchant{}, err
	}
	return *m, nil
}

func (r *Register) merchant(mid string) (*Merchant, error) {
	if m := r.merchants[mid]; m != nil {
		return m, nil
	}
	return nil, fault(NotThere, "there is no merchant %s", "无此商户%s", mid)
}

// trades finds a merchant that is not closed.
func (r *Register) trades(mid string) (*Merchant, error) {
	m, err := r.merchant(mid)
	if err == nil && m.State == closed {
		err = fault(WrongState, "merchant %s is closed", "商户%s已注销", mid)
	}
	return m, err
}

// Suspend stops all terminals of a merchant until Resume.
func (r *Register) Suspend(mid, why string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, err := r.trades(mid)
	if err != nil {
		return err
	}
	r.suspend(m, why)
	return nil
}

func (r *Register) suspend(m *Merchant, why string) {
	m.State, m.Why = suspended, why
	r.touch(nil, m, nil)
	for _, t := range r.of(m.MID) {
		if t.State == active {
			r.bar(t, book.Suspended)
		}
	}
	r.note(Event{What: "merchant-suspended", MID: m.MID, English: "merchant suspended: " + why, Chinese: "商户暂停：" + why})
}

// Resume lets a merchant trade again.
func (r *Register) Resume(mid string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, err := r.trades(mid)
	if err != nil {
		return err
	}
	m.State, m.Why = active, ""
	r.touch(nil, m, nil)
	for _, t := range r.of(mid) {
		if t.State == active {
			r.bar(t, book.MayTrade)
		}
		t.quiet = r.now() // dormancy is counted from here
		r.touch(nil, nil, t)
	}
	r.note(Event{What: "merchant-resumed", MID: mid, English: "merchant resumed", Chinese: "商户恢复"})
	return nil
}

// Close ends a merchant: its terminals go back into stock, but not before what they took is
// settled; the money due to it is still paid out.
func (r *Register) Close(mid string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, err := r.trades(mid)
	if err != nil {
		return err
	}
	m.State, m.Why = closed, ""
	r.touch(nil, m, nil)
	for _, t := range r.of(mid) {
		r.takeBack(t)
	}
	r.note(Event{What: "merchant-closed", MID: mid, English: "merchant closed, terminals taken back", Chinese: "商户注销，终端回收"})
	return nil
}

// account opens the merchant's account in the books.
func (r *Register) account(m *Merchant, plan *fee.Plan, class fee.Class) bool {
	a := &payout.Account{MID: m.MID, Name: m.Name, Plan: plan, Class: class, Since: m.Since}
	a.PutAhead(m.ahead)
	return r.books.OpenMerchant(a)
}

// Kind is whose fault an error is.
type Kind int

const (
	Malformed  Kind = iota // what was given cannot be
	NotThere               // nothing has that number
	WrongState             // it is not in a state for that
	Refused                // a rule does not allow it
)

// Error is why something is not done, in both languages.
type Error struct {
	Kind             Kind
	English, Chinese string
}

func (e *Error) Error() string { return e.English + " / " + e.Chinese }

func fault(kind Kind, english, chinese string, args ...any) *Error {
	return &Error{kind, fmt.Sprintf(english, args...), fmt.Sprintf(chinese, args...)}
}
