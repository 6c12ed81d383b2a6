// Package host is posfleet's own acquirer host: enough of one to certify and
// load terminals against, with books that can be checked to the fen.
//
// A [Host] serves the terminals, merchants and cards of a profile over any
// net.Listener; sockets are package serve's. Each message becomes an [Request];
// a [Handler] answers it, or stays silent. The host's own rules are the innermost Handler. A misbehaviour
// ([WithMisbehaviour]) wraps them or breaks one of them on purpose, so that
// the judge can be judged; a [Behaviour] says when answers leave, so that a
// meter of latency can be measured. What the host answered 00 it has booked in
// a double-entry ledger, package book: see [Host.Check] and [Host.Books].
//
// The rules are those of the CUP direct-connect family as reconstructed from
// public sources (docs/sources.md), asked of any dialect.Dialect: a field or part
// that a dialect does not have is neither wanted nor given.
package host

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/host/merchant"
	"github.com/posfleet/posfleet/sim/host/order"
	"github.com/posfleet/posfleet/sim/host/payout"
	"github.com/posfleet/posfleet/sim/host/serve"
	"github.com/posfleet/posfleet/sim/host/staff"
	"github.com/posfleet/posfleet/sim/profile"
)

// Host is one acquirer host. It may serve several listeners at once.
type Host struct {
	profile      *profile.Profile
	dialect      *dialect.Dialect
	server       serve.Server
	books        *book.Ledger
	orders       *order.Orders
	payers       string // what the payment codes of phones stand for begins with
	merchants    *merchant.Register
	sessions     []*session            // of the terminals, by their numbers in the books; each is its terminal's to lock
	wrong        atomic.Pointer[wrong] // how it misbehaves, and its handler for that
	switching    sync.Mutex            // of wrong
	mishaps      mishaps               // what some misbehaviours remember
	delays       bool                  // faults that hold answers back may be turned on while it serves
	repeat       bool
	statuses     statuses
	requirements requirements
	masters      masterKeys
	behaviour    *Behaviour
	clock        clock
	serial       atomic.Uint64 // numbers answers; the last six digits are part of the RRN
	count        counters
	log          log
	enrolments   enrolments
	chips        chips
	staff        *staff.Desk
	malformer    malformer
	stuck        atomic.Bool     // it has met something malformed, and hangs
	standing     context.Context // until it falls over something malformed
	fall         context.CancelFunc
	journal      journal
}

// Option changes a Host that New makes.
type Option func(*Host) error

// WithLimits bounds connections and waits.
func WithLimits(l serve.Limits) Option {
	return func(h *Host) error {
		h.server.Limits = l
		return nil
	}
}

// WithTLS makes the host speak TLS on every connection.
func WithTLS(c *tls.Config) Option {
	return func(h *Host) error {
		h.server.TLS = c
		return nil
	}
}

// WithRepeats makes the host answer a payment that comes a second time, alike
// in trace, card and amount, as it did the first time. Without it the second
// one gets 94. Neither books it again.
func WithRepeats() Option {
	return func(h *Host) error {
		h.repeat = true
		return nil
	}
}

// WithLog has the host tell what those who run it must know of. Nothing is told
// at the same time as something else.
func WithLog(told Log) Option {
	return func(h *Host) error {
		h.log.told = told
		return nil
	}
}

// New makes the host of profile p.
func New(p *profile.Profile, options ...Option) (*Host, error) {
	h := &Host{profile: p, dialect: p.Dialect, clock: clock{now: time.Now}}
	h.staff = staff.New(len(p.Terminals)+len(p.Stock), finder(p), time.Now)
	h.wrong.Store(&wrong{})
	h.standing, h.fall = context.WithCancel(context.Background())
	for _, o := range options {
		if err := o(h); err != nil {
			return nil, fmt.Errorf("host of profile %s: %w", p.Name, err)
		}
	}
	var err error
	if h.books, err = book.Open(p); err != nil {
		return nil, fmt.Errorf("host of profile %s: %w", p.Name, err)
	}
	h.orders, h.payers = order.New(p), payersOf(h)
	h.merchants = merchant.New(p, h.books, h.clock.now)
	h.sessions = make([]*session, len(p.Terminals)+len(p.Stock))
	h.server.NewAnswer, h.server.Format = h.newAnswer, &h.dialect.Format
	h.server.Unread, h.server.Panicked = h.unread, h.log.panicked
	misbehaves := h.wrong.Load().names
	h.server.Delays = h.behaviour != nil || h.delays || len(misbehaves) > 0 || p.InHSM() // who waits for it holds up nobody else
	h.misbehaveAs(misbehaves)
	if h.journal.folder != "" {
		if err := h.openData(); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(h.journal.folder, DataFile), err)
		}
	}
	return h, nil
}

// Staff is the desk at which people reset passwords and report losses.
func (h *Host) Staff() *staff.Desk { return h.staff }

// finder finds a profile's terminals by TID, those in stock too, which are of no
// merchant there; it sorts them when first asked.
func finder(p *profile.Profile) func(tid string) (n int, mid string, ok bool) {
	numbers := sync.OnceValue(func() map[string]int {
		all := make(map[string]int, len(p.Terminals)+len(p.Stock))
		for n := range p.Terminals {
			all[p.Terminals[n].TID] = n
		}
		for n := range p.Stock {
			all[p.Stock[n].TID] = len(p.Terminals) + n
		}
		return all
	})
	return func(tid string) (n int, mid string, ok bool) {
		if n, ok = numbers()[tid]; ok && n < len(p.Terminals) {
			mid = p.Terminals[n].MID
		}
		return n, mid, ok
	}
}

// Serve answers requests on every connection that l accepts until ctx ends,
// then closes l and the connections and waits for their goroutines. It returns
// nil when ctx ended it.
func (h *Host) Serve(ctx context.Context, l net.Listener) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	defer context.AfterFunc(h.standing, end)()
	err := h.server.Serve(ctx, l)
	if err == nil && h.standing.Err() != nil {
		err = ErrFell
	}
	return err
}

// Merchants are the merchants, their terminals, and who wants to become one.
func (h *Host) Merchants() *merchant.Register { return h.merchants }

// Account is what a merchant is owed, open batches included; nil for no such merchant. Not
// to be asked for within Change.
func (h *Host) Account(mid string) (a *payout.Account) {
	_, _ = h.alone(func() { a = h.books.Account(mid) }) // who only looks does not wait for the disk
	return a
}

// Fees are what all merchants have been charged, open batches included, and who has it. Not
// to be asked for within Change.
func (h *Host) Fees() (t payout.Totals) {
	_, _ = h.alone(func() { t = h.books.Fees() })
	return t
}

// Statement tells a business day (as 2026-11-26) of a merchant's account; false where
// nothing was posted.
func (h *Host) Statement(a *payout.Account, day string) (*payout.Statement, bool) {
	s, ok := a.Statement(day)
	if ok && h.breaks(wrongStatement) && len(s.Lines) > 0 {
		s.Lines[0].Amount++
	}
	return s, ok
}

// Pay pays out what has come to its value date by now: to one merchant, or to all when mid
// is empty.
func (h *Host) Pay(mid string, now time.Time) []payout.Payout { return h.books.Pay(mid, now) }

// Now is the time at the host.
func (h *Host) Now() time.Time { return h.clock.now() }

// Books gives the book of each terminal, in the profile's order, and of those in stock
// that have done something.
func (h *Host) Books() []book.Book { return h.books.Books() }

// Check proves the books at a moment when no request is being answered.
func (h *Host) Check() error { return h.books.Check() }

// Balance is the balance in fen of the account behind a card number, for tests
// and for people; the second result is false when the host has no such card.
func (h *Host) Balance(pan string) (int64, bool) {
	c, ok := h.books.CardOf([]byte(pan))
	if !ok {
		return 0, false
	}
	return h.books.Balance(c), true
}

// Counts are what a host has seen since it was made. Refused counts frames that
// could not be read, too.
type Counts struct {
	serve.Counts
	Requests   int64 // messages that could be read
	Answers    int64 // answers made, whether the line took them or not
	Unknown    int64 // requests of message types that the dialect does not have; they get 12
	Ignored    int64 // messages left without an answer: answers sent as requests, notifications, foreign routing
	Silent     int64 // requests that a misbehaviour left unanswered
	Miscounted int64 // batch uploads whose end told another number than came
}

type counters struct {
	requests, answers, refused, unknown, ignored, silent, miscounted atomic.Int64
}

// Profile is what the host serves; it is not to be changed.
func (h *Host) Profile() *profile.Profile { return h.profile }

// Counts reads the counters.
func (h *Host) Counts() Counts {
	c := &h.count
	counts := Counts{
		Counts:     h.server.Counts(),
		Requests:   c.requests.Load(),
		Answers:    c.answers.Load(),
		Unknown:    c.unknown.Load(),
		Ignored:    c.ignored.Load(),
		Silent:     c.silent.Load(),
		Miscounted: c.miscounted.Load(),
	}
	counts.Refused += c.refused.Load()
	return counts
}
