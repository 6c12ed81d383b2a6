// Package operator is who may work at a terminal: operators 01 to 98, the supervisor
// 00 and the administrator 99, and their passwords.
//
// A [Table] is the operators of one terminal. Terminals that have just been delivered
// share one, which [New] makes of the first passwords; a terminal gets entries of its
// own when it changes one of them. [Policy] is the rules for passwords, as data. What
// a Table does not allow is a [Refusal], with what the terminal shows.
//
// Passwords are kept as salted bcrypt hashes, see hash. None of this goes over the
// line: who an operator is only the terminal knows.
package operator

import (
	"slices"
	"time"
)

// Numbers of those who do not sell.
const (
	Supervisor    = "00" // lets others void and refund, looks after operators
	Administrator = "99"
)

// Sells reports whether the operator of a number may: 01 to 98.
func Sells(number string) bool {
	return wellFormed(number) && number != Supervisor && number != Administrator
}

// wellFormed reports whether a number is two digits.
func wellFormed(number string) bool { return len(number) == 2 && digits(number) }

// First is an operator with the password of delivery.
type First struct{ Number, Password string }

// Table is the operators of one terminal. The zero Table has none. One goroutine uses
// it at a time; what it shares with others may be in use elsewhere at once.
//
// Times are the caller's, and each must not be before the one given last.
type Table struct{ list *list }

// list is the entries of a table, or of many until one of them changes.
type list struct {
	policy  *Policy
	entries []entry
	shared  bool
}

// entry is one operator.
type entry struct {
	number string
	hash   *hash   // nil after a reset until a new password is set: none is right
	past   []*hash // earlier ones, the latest first
	since  int64   // when the password was set, in Unix seconds
	until  int64   // no try before, in Unix seconds
	wrong  int     // tries in a row that were wrong
	locked bool
}

// New makes a table to share of the first passwords, as of now. They are hashed when
// somebody first logs in.
func New(p *Policy, firsts []First, now time.Time) Table {
	l := &list{policy: p, shared: true}
	for _, f := range firsts {
		l.entries = append(l.entries, entry{number: f.Number, hash: firstHash(f.Password, p.Cost), since: now.Unix()})
	}
	return Table{l}
}

// Shared reports whether the terminal has no entries of its own.
func (t *Table) Shared() bool { return t.list == nil || t.list.shared }

// Numbers are those of all operators, in the order in which they were added.
func (t *Table) Numbers() (all []string) {
	if t.list == nil {
		return nil
	}
	for i := range t.list.entries {
		all = append(all, t.list.entries[i].number)
	}
	return all
}

// Has reports whether there is an operator of a number.
func (t *Table) Has(number string) bool { return t.find(number) != nil }

// find is the entry of a number as it is, perhaps shared; nil when there is none.
func (t *Table) find(number string) *entry {
	if t.list == nil {
		return nil
	}
	for i := range t.list.entries {
		if e := &t.list.entries[i]; e.number == number {
			return e
		}
	}
	return nil
}

// own is the entry of a number to change: the table's own.
func (t *Table) own(number string) *entry {
	t.unshare()
	return t.find(number)
}

// unshare gives the table entries of its own.
func (t *Table) unshare() {
	if l := t.list; l.shared {
		t.list = &list{policy: l.policy, entries: slices.Clone(l.entries)}
	}
}

// Check is somebody giving number and password. It counts wrong tries, has the
// terminal pause after some and locks the operator after more; the right password
// begins the count anew. A Refusal says why not; [Due] that the
// password was right and must be changed first.
func (t *Table) Check(number, password string, now time.Time) error {
	e := t.find(number)
	switch {
	case e == nil && t.list != nil && !t.list.policy.Tells:
		return Denied
	case e == nil:
		return Unknown
	case e.locked && number == Supervisor:
		return SupervisorLocked
	case e.locked:
		return Locked
	case now.Unix() < e.until:
		return Paused
	case !e.hash.is(password):
		return t.wrong(e, now)
	}
	if e.wrong > 0 {
		e = t.own(number)
		e.wrong, e.until = 0, 0
	}
	return t.mustChange(e, now)
}

// wrong counts a wrong password.
func (t *Table) wrong(e *entry, now time.Time) error {
	p := t.list.policy
	e = t.own(e.number)
	e.wrong++
	switch {
	case p.Lock > 0 && e.wrong >= p.Lock:
		e.locked = true
		if e.number == Supervisor {
			return SupervisorLocked
		}
		return Locked
	case p.Pause > 0 && e.wrong >= p.Pause:
		e.until = now.Add(p.PauseFor).Unix()
		return Paused
	case e.hash == nil:
		return Reset
	case !p.Tells:
		return Denied
	}
	return Wrong
}

// mustChange says whether a right password must be changed before it is good for
// anything else.
func (t *Table) mustChange(e *entry, now time.Time) error {
	p := t.list.policy
	if p.Days > 0 && now.Sub(time.Unix(e.since, 0)) >= time.Duration(p.Days)*24*time.Hour {
		return Due
	}
	return nil
}

// Change has an operator change the password: the old one, the new one, the new one
// again. terminal is the number of the terminal, which is no password.
func (t *Table) Change(number, old, password, again, terminal string, now time.Time) error {
	switch err := t.Check(number, old, now); err {
	case nil, Due:
	case Wrong:
		return OldWrong
	default:
		return err
	}
	return t.set(number, password, again, terminal, now)
}

// Reset has an operator whom the host has let set a new password do so. Old ones are
// dead whatever comes of it; a lock ends when the new one is set.
func (t *Table) Reset(number, password, again, terminal string, now time.Time) error {
	if !t.Has(number) {
		return Unknown
	}
	t.Kill(number)
	return t.set(number, password, again, terminal, now)
}

// Kill makes no password of an operator right any more, until a new one is set.
func (t *Table) Kill(number string) {
	if e := t.find(number); e != nil && e.hash != nil {
		e = t.own(number)
		e.past = t.list.remember(e)
		e.hash = nil
	}
}

// remember are an operator's passwords that must not come back, the present one among
// them.
func (l *list) remember(e *entry) []*hash {
	past := e.past
	if e.hash != nil {
		past = slices.Concat([]*hash{e.hash}, past)
	}
	return past[:min(len(past), l.policy.Unlike)]
}

// Accepts says whether an operator may have a new password: a Refusal when not.
func (t *Table) Accepts(number, password, again, terminal string, now time.Time) error {
	e := t.find(number)
	if e == nil {
		return Unknown
	}
	if err := t.list.policy.Accepts(password, terminal, now); err != nil {
		return err
	}
	for _, h := range t.list.remember(e) {
		if h.is(password) {
			return Used
		}
	}
	if password != again {
		return Differ
	}
	return nil
}

// set gives an operator a new password.
func (t *Table) set(number, password, again, terminal string, now time.Time) error {
	if err := t.Accepts(number, password, again, terminal, now); err != nil {
		return err
	}
	e := t.own(number)
	e.past = t.list.remember(e)
	e.hash, e.since = chosenHash(password, t.list.policy.Cost), now.Unix()
	e.wrong, e.until, e.locked = 0, 0, false
	return nil
}

// Unlock has the supervisor unlock an operator.
func (t *Table) Unlock(supervisor, number string, now time.Time) error {
	if err := t.supervised(supervisor, now); err != nil {
		return err
	}
	if !t.Has(number) {
		return Unknown
	}
	e := t.own(number)
	e.wrong, e.until, e.locked = 0, 0, false
	return nil
}

// Add has the supervisor add an operator, with a password for the first time.
func (t *Table) Add(supervisor, number, password, terminal string, now time.Time) error {
	if err := t.supervised(supervisor, now); err != nil {
		return err
	}
	switch p := t.list.policy; {
	case !Sells(number):
		return Reserved
	case t.Has(number):
		return Exists
	case p.Most() > 0 && len(t.list.entries) >= p.Most():
		return Full
	default:
		if err := p.Accepts(password, terminal, now); err != nil {
			return err
		}
	}
	t.unshare()
	t.list.entries = append(t.list.entries, entry{number: number, hash: chosenHash(password, t.list.policy.Cost), since: now.Unix()})
	return nil
}

// Delete has the supervisor delete an operator who sells; in is who is logged in.
func (t *Table) Delete(supervisor, number, in string, now time.Time) error {
	if err := t.supervised(supervisor, now); err != nil {
		return err
	}
	switch {
	case !Sells(number):
		return Reserved
	case !t.Has(number):
		return Unknown
	case number == in:
		return LoggedIn
	}
	t.unshare()
	t.list.entries = slices.DeleteFunc(t.list.entries, func(e entry) bool { return e.number == number })
	return nil
}

// supervised checks the supervisor's password. One that is due for a change is still
// good for this.
func (t *Table) supervised(password string, now time.Time) error {
	switch err := t.Check(Supervisor, password, now); err {
	case nil, Due:
		return nil
	case Wrong, Denied, Unknown:
		return SupervisorWrong
	default:
		return err
	}
}

// Supervise checks the supervisor's password, which voids and refunds need.
func (t *Table) Supervise(password string, now time.Time) error { return t.supervised(password, now) }

// Age makes everything in the table so much older: what would be so after that time
// is so at once.
func (t *Table) Age(by time.Duration) {
	if t.list == nil {
		return
	}
	t.unshare()
	for i := range t.list.entries {
		e := &t.list.entries[i]
		e.since -= int64(by / time.Second)
		e.until -= int64(by / time.Second)
	}
}
