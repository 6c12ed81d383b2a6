package merchant

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/posfleet/posfleet/sim/host/book"
)

// changes are what of a register has changed, as a host's data keep it: each thing whole.
type changes struct {
	Applications []keptApplication `json:",omitempty"`
	Merchants    []keptMerchant    `json:",omitempty"`
	Terminals    []keptTerminal    `json:",omitempty"`
	Black        []string          `json:",omitempty"`
	Events       []Event           `json:",omitempty"`
}

type keptApplication struct {
	Application
	Ahead time.Duration
}

type keptMerchant struct {
	Merchant
	Place Place
	Ahead time.Duration
}

type keptTerminal struct {
	Terminal
	Number       int
	Code         string `json:",omitempty"` // that waits to be brought
	Tries        int
	Place        Place
	Moved, Quiet time.Time
	Bar          book.Bar
}

// touched are what has changed since the last time.
type touched struct {
	applications map[*Application]bool
	merchants    map[*Merchant]bool
	terminals    map[*Terminal]bool
	black        []string
}

func nothingTouched() *touched {
	return &touched{applications: map[*Application]bool{}, merchants: map[*Merchant]bool{}, terminals: map[*Terminal]bool{}}
}

var errKept = errors.New("it does not fit the register")

// Keep has the register note what changes, for [Register.TakeChanges].
func (r *Register) Keep() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.touched = nothingTouched()
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	r.log.kept = true
}

// touch notes that one of these has changed; each may be nil. mu is held.
func (r *Register) touch(a *Application, m *Merchant, t *Terminal) {
	of := r.touched
	switch {
	case of == nil:
	case a != nil:
		of.applications[a] = true
	case m != nil:
		of.merchants[m] = true
	case t != nil:
		of.terminals[t] = true
	}
}

// TakeChanges gives what has changed since the last time, as octets that [Register.Redo]
// takes; nil for nothing.
func (r *Register) TakeChanges() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	of := r.touched
	r.log.mu.Lock()
	events := r.log.untaken
	r.log.untaken = nil
	r.log.mu.Unlock()
	if of == nil || len(of.applications)+len(of.merchants)+len(of.terminals)+len(of.black)+len(events) == 0 {
		return nil
	}
	c := changes{Black: of.black, Events: events}
	for a := range of.applications {
		c.Applications = append(c.Applications, keptApplication{*a, a.ahead})
	}
	for m := range of.merchants {
		c.Merchants = append(c.Merchants, keptMerchant{*m, m.place, m.ahead})
	}
	for t := range of.terminals {
		c.Terminals = append(c.Terminals, keptTerminal{*t, t.number, t.code, t.tries, t.place, t.moved, t.quiet, r.books.At(t.number).Bar()})
	}
	slices.SortFunc(c.Merchants, func(a, b keptMerchant) int { return compare(a.MID, b.MID) })
	slices.SortFunc(c.Terminals, func(a, b keptTerminal) int { return compare(a.Number, b.Number) })
	r.touched = nothingTouched()
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // texts, numbers and times have JSON
	}
	return text
}

// Redo takes what TakeChanges gave, after all that was before it. The error says that it is
// not of this register.
func (r *Register) Redo(text []byte) error {
	var c changes
	if err := json.Unmarshal(text, &c); err != nil {
		return errors.Join(errKept, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range c.Applications {
		k := &c.Applications[i]
		a := &k.Application
		a.ahead = k.Ahead
		n, err := strconv.Atoi(a.Number[max(0, len(a.Number)-6):])
		if err != nil {
			return fmt.Errorf("application %q: %w", a.Number, errKept)
		}
		r.numbered = max(r.numbered, n)
		r.applications[a.Number] = a
		if a.State == signed {
			r.signed[a.credit()] = true
		}
	}
	for _, number := range c.Black {
		r.black[number] = true
	}
	for i := range c.Merchants {
		if err := r.redoMerchant(&c.Merchants[i]); err != nil {
			return err
		}
	}
	for i := range c.Terminals {
		if err := r.redoTerminal(&c.Terminals[i]); err != nil {
			return err
		}
	}
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	for _, e := range c.Events {
		r.log.add(e)
	}
	return nil
}

func (r *Register) redoMerchant(k *keptMerchant) error {
	m := &k.Merchant
	m.place, m.ahead = k.Place, k.Ahead
	was := r.merchants[m.MID]
	switch a := r.applications[m.Application]; {
	case was != nil && was.ahead != m.ahead:
		r.books.PutAhead(m.MID, m.ahead)
	case was != nil:
	case a == nil || r.plan(m.Plan) == nil || !r.account(m, r.plan(m.Plan), classes[a.Class]):
		return fmt.Errorf("merchant %q: %w", m.MID, errKept)
	}
	r.merchants[m.MID] = m
	return nil
}

func (r *Register) redoTerminal(k *keptTerminal) error {
	t, n := &k.Terminal, k.Number
	if n < 0 || n >= len(r.profile.Terminals)+len(r.profile.Stock) || r.books.Entry(n).TID != t.TID {
		return fmt.Errorf("terminal %q: %w", t.TID, errKept)
	}
	t.number, t.code, t.tries, t.place, t.moved, t.quiet = n, k.Code, k.Tries, k.Place, k.Moved, k.Quiet
	switch bound := r.bound(n); {
	case bound == t.MID:
	case t.MID == "":
		r.books.Unbind(n, k.Bar)
	default:
		if err := r.books.Bind(n, t.MID, k.Bar); err != nil {
			return fmt.Errorf("%w: %w", errKept, err)
		}
	}
	r.books.At(n).SetBar(k.Bar)
	r.terminals[n] = t
	return nil
}
