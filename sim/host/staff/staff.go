// Package staff is what people at a bank do for a merchant who cannot get into a
// terminal: they reset an operator's password when the merchant proves who asks, and
// stop a terminal whose password has leaked.
//
// A [Desk] does that for the terminals of one host. A [Customer] is what it knows of a
// merchant, an [Ask] what somebody wants, by a [Channel] with its own proof; what comes
// of it is a one-time code, which the terminal brings back over its line ([Desk.Redeem]).
// [Desk.State] tells the host what to do with a terminal meanwhile, and each thing that
// was asked, granted or refused is a [Line] of the audit log. To whoever asks all
// refused proofs look alike; the log says what was wrong.
package staff

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// Bounds and terms.
const (
	smsFor     = 5 * time.Minute  // a code by SMS is good for
	smsTries   = 3                // wrong ones
	codeFor    = 30 * time.Minute // a one-time code is good for
	codeTries  = 3                // wrong ones
	sessionFor = 15 * time.Minute // somebody stays logged in to the app
	perDay     = 5                // resets asked for of a terminal
	logins     = 5                // wrong passwords of the app in a row
	lockedFor  = 24 * time.Hour   // an app after them
	longest    = 64               // characters of what somebody says of themselves
	mostLines  = 10_000           // of the audit log; the oldest go
	mostPhones = 100_000          // whose last message is kept
	mostStaff  = 10_000
)

// What the desk does not do.
var (
	ErrProof   = errors.New("the proof is not accepted")
	ErrTooMany = errors.New("too many resets today; come again tomorrow")
	ErrUnknown = errors.New("the host has no such terminal")
	ErrFull    = errors.New("no room for more of these")
	ErrChannel = errors.New("nobody asks for a reset by the channel")
	ErrShape   = errors.New("want a number of 1 to 64 characters for a member of the staff or a customer, two digits for an operator, and nothing longer than 64 characters")
)

// Channel is how a merchant reaches the bank.
type Channel string

// The channels.
const (
	App     Channel = "app"     // logged in, and a code by SMS
	Hotline Channel = "hotline" // customer number, and a code by SMS
	Branch  Channel = "branch"  // papers, before two of the staff
	Wire    Channel = "wire"    // the terminal itself
)

// known refuses a channel on which nobody asks for a reset.
func (c Channel) known() error {
	if c == App || c == Hotline || c == Branch {
		return nil
	}
	return fmt.Errorf("%w %.64q; want %s, %s or %s", ErrChannel, c, App, Hotline, Branch)
}

// Customer is what the bank knows of a merchant.
type Customer struct {
	Number   string // customer number
	Phone    string // registered: messages go there
	Password string // of the app
	Papers   Papers
}

// Papers are what somebody shows at a branch.
type Papers struct {
	ID      string // number of the legal person's identity card
	Licence string // number of the business licence
}

// Desk does it. Make it with [New]; any number of goroutines may use it.
type Desk struct {
	Lax    atomic.Bool // accepts any proof: a host that is wrong on purpose
	Silent atomic.Bool // tells no merchant that a password was reset: likewise

	now     func() time.Time
	find    func(tid string) (n int, mid string, ok bool)
	watched atomic.Pointer[[]atomic.Bool] // terminals about which there is something; nil while there is none
	number  int                           // of terminals
	key     [32]byte                      // of the digests of secrets

	mu        sync.Mutex
	members   map[string]bool
	customers map[string]*customer // by number
	sms       map[string]string    // last message by phone
	accounts  map[string]*account  // by TID
	byIndex   map[int]*account
	resets    map[string]*reset // by id
	serial    int
	lines     []Line // a ring once it is full
	oldest    int
	touched   *touched // nil where nothing is kept: see Keep
}

// customer is a Customer as it is kept: of secrets digests only.
type customer struct {
	mid, number, phone    string
	password, id, licence [32]byte
	wrong                 int       // logins in a row
	wrongAt               time.Time // the latest of them
	session               [32]byte
	until                 time.Time // of it
}

// account is what the desk has on a terminal.
type account struct {
	n         int
	tid, mid  string
	customer  *customer // nil for one that nobody has enrolled
	lost      bool
	signIn    bool            // the host wants it to sign in
	dead      map[string]bool // operators whose passwords were reset, until they have new ones
	asked     []time.Time     // resets, of the last day
	byOp      map[string]*reset
	codeWrong int // redemptions in a row
}

// Line is one line of the audit log. It holds no secret.
type Line struct {
	At       time.Time `json:"at"`
	Channel  Channel   `json:"channel"`
	Customer string    `json:"customer,omitempty"`
	TID      string    `json:"tid,omitempty"`
	Operator string    `json:"operator,omitempty"`
	Staff    []string  `json:"staff,omitempty"`
	What     string    `json:"what"` // enrolled, login, asked, granted, redeemed, loss, sign-in
	Done     bool      `json:"done"`
	Why      string    `json:"why,omitempty"` // it was refused
}

// New makes the desk of a host with so many terminals, which find knows; now is its
// clock.
func New(terminals int, find func(tid string) (n int, mid string, ok bool), now func() time.Time) *Desk {
	d := &Desk{now: now, find: find, number: terminals, members: map[string]bool{}, customers: map[string]*customer{},
		sms: map[string]string{}, accounts: map[string]*account{}, byIndex: map[int]*account{}, resets: map[string]*reset{}}
	_, _ = rand.Read(d.key[:]) // never fails
	return d
}

// digest is a secret as it is kept.
func (d *Desk) digest(secret string) [32]byte {
	return sha256.Sum256(append(d.key[:len(d.key):len(d.key)], secret...))
}

// same compares a secret with a kept one.
func (d *Desk) same(given string, kept [32]byte) bool {
	g := d.digest(given)
	return d.Lax.Load() || given != "" && subtle.ConstantTimeCompare(g[:], kept[:]) == 1
}

// digits draws so many of them.
func digits(n int) string {
	most := big.NewInt(1)
	for range n {
		most.Mul(most, big.NewInt(10))
	}
	v, err := rand.Int(rand.Reader, most)
	if err != nil {
		panic(err) // never fails
	}
	return fmt.Sprintf("%0*d", n, v)
}

// log writes a line; mu is held. why is nil for what was done.
func (d *Desk) log(l Line, why error) {
	l.At, l.Done = d.now(), why == nil
	if why != nil {
		l.Why = why.Error()
	}
	if d.touched != nil {
		d.touched.lines = append(d.touched.lines, l)
	}
	d.add(l)
}

// add adds a line; mu is held.
func (d *Desk) add(l Line) {
	if len(d.lines) < mostLines {
		d.lines = append(d.lines, l)
		return
	}
	d.lines[d.oldest] = l
	d.oldest = (d.oldest + 1) % mostLines
}

// Audit gives the log, the oldest line first: of one terminal, or of all when tid is
// empty.
func (d *Desk) Audit(tid string) []Line {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := []Line{}
	for _, part := range [][]Line{d.lines[d.oldest:], d.lines[:d.oldest]} {
		for i := range part {
			if tid == "" || part[i].TID == tid {
				all = append(all, part[i])
			}
		}
	}
	return all
}

// Enrol tells the desk whose a terminal is: the customer of a number, of whom this is
// what it knows from then on. A customer may have many terminals of one merchant.
func (d *Desk) Enrol(tid string, c Customer) error {
	if !short(tid, c.Number, c.Phone, c.Password, c.Papers.ID, c.Papers.Licence) {
		return ErrShape
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	a, err := d.account(tid)
	if err != nil {
		return err
	}
	k := d.customers[c.Number]
	switch {
	case c.Number == "" || k != nil && k.mid != a.mid:
		return fmt.Errorf("customer number %q is empty or another merchant's; give this one another", c.Number)
	case k == nil:
		k = &customer{mid: a.mid, number: c.Number}
		d.customers[c.Number] = k
	}
	k.phone, k.password, k.id, k.licence = c.Phone, d.digest(c.Password), d.digest(c.Papers.ID), d.digest(c.Papers.Licence)
	a.customer = k
	d.touch(a, k)
	d.log(Line{Channel: Branch, Customer: c.Number, TID: tid, What: "enrolled"}, nil)
	return nil
}

// Hire tells the desk who works there.
func (d *Desk) Hire(number string) error {
	if number == "" || !short(number) {
		return ErrShape
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.members) >= mostStaff {
		return ErrFull
	}
	d.members[number] = true
	if d.touched != nil {
		d.touched.members = append(d.touched.members, number)
	}
	return nil
}

// short reports whether texts are as long as they may be at most: the log keeps some.
func short(texts ...string) bool {
	return !slices.ContainsFunc(texts, func(s string) bool { return utf8.RuneCountInString(s) > longest })
}

// isOperator reports whether a number may be an operator's: 00 to 99.
func isOperator(number string) bool {
	return len(number) == 2 && number[0] >= '0' && number[0] <= '9' && number[1] >= '0' && number[1] <= '9'
}

// Message is the last message that a phone got; empty for none.
func (d *Desk) Message(phone string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sms[phone]
}

// send puts a message on a phone; mu is held.
func (d *Desk) send(phone, text string) {
	if len(d.sms) >= mostPhones {
		clear(d.sms)
	}
	d.sms[phone] = text
}

// account is what the desk has on a terminal; mu is held.
func (d *Desk) account(tid string) (*account, error) {
	if a := d.accounts[tid]; a != nil {
		return a, nil
	}
	n, mid, ok := d.find(tid)
	if !ok {
		return nil, ErrUnknown
	}
	a := &account{n: n, tid: tid, mid: mid, dead: map[string]bool{}, byOp: map[string]*reset{}}
	d.accounts[tid], d.byIndex[n] = a, a
	return a, nil
}

// watch notes whether there is something about a terminal; mu is held.
func (d *Desk) watch(a *account) {
	flags := d.watched.Load()
	if flags == nil {
		made := make([]atomic.Bool, d.number)
		flags = &made
		d.watched.Store(flags)
	}
	(*flags)[a.n].Store(a.lost || a.signIn || len(a.dead) > 0)
}

// State is what a host does with a terminal.
type State uint8

// The states.
const (
	Trades  State = iota
	SignsIn       // it trades, and is told to sign in
	Dead          // the operator's password was reset: no sign-in with it
	Lost          // it is stopped
)

// Watches reports whether there is something about terminal n. It costs next to nothing.
func (d *Desk) Watches(n int) bool {
	flags := d.watched.Load()
	return flags != nil && (*flags)[n].Load()
}

// State says what to do with terminal n, whose operator is the given one.
func (d *Desk) State(n int, operator string) State {
	if !d.Watches(n) {
		return Trades
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch a := d.byIndex[n]; {
	case a == nil:
	case a.lost:
		return Lost
	case a.dead[operator]:
		return Dead
	case a.signIn:
		return SignsIn
	}
	return Trades
}

// Age makes everything about a terminal and its merchant so much older: what would be
// so after that time is so at once. What is about others stays as it is.
func (d *Desk) Age(tid string, by time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	a, err := d.account(tid)
	if err != nil {
		return err
	}
	for i := range a.asked {
		a.asked[i] = a.asked[i].Add(-by)
	}
	for _, r := range a.byOp {
		r.smsUntil, r.codeUntil = r.smsUntil.Add(-by), r.codeUntil.Add(-by)
	}
	d.touch(a, a.customer)
	if c := a.customer; c != nil {
		c.until, c.wrongAt = c.until.Add(-by), c.wrongAt.Add(-by)
	}
	return nil
}
