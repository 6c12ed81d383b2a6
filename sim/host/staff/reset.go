package staff

import (
	"errors"
	"slices"
	"strconv"
	"time"
)

// What the log says was wrong. Whoever asks is told ErrProof.
var (
	errCustomer = errors.New("customer number unknown, or not this terminal's")
	errLogin    = errors.New("not logged in, or no longer")
	errPassword = errors.New("wrong password of the app")
	errLogins   = errors.New("too many wrong passwords of the app")
	errPapers   = errors.New("the papers differ")
	errStaff    = errors.New("not two of the staff")
	errChannel  = errors.New("the code is of another channel")
	errStale    = errors.New("the code has expired")
	errCode     = errors.New("wrong code")
	errTries    = errors.New("too many wrong codes")
	errLost     = errors.New("the terminal is reported lost: at a branch only")
	errNoReset  = errors.New("there is no such reset")
)

// Ask is somebody asking for an operator's password to be reset.
type Ask struct {
	Channel  Channel
	TID      string
	Operator string    // whose password: "00" to "99"
	Session  string    // App: what Login gave
	Customer string    // Hotline: the customer number
	Papers   Papers    // Branch
	Staff    [2]string // Branch: who saw the papers, and who else
}

// reset is one that was asked for. A terminal has one at a time for each operator.
type reset struct {
	id        string
	channel   Channel
	operator  string
	of        *account
	sms       [32]byte
	smsUntil  time.Time // zero when none was sent, or it is used up
	smsTries  int
	code      [32]byte
	codeUntil time.Time // zero while nothing is granted
	redeemed  bool
}

// Login is a merchant logging in to the app. It gives a session to ask with. After five
// wrong passwords in a row nobody is let in for a day.
func (d *Desk) Login(number, password string) (session string, err error) {
	if !short(number, password) {
		return "", ErrShape
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	line := Line{Channel: App, Customer: number, What: "login"}
	c := d.customers[number]
	d.touch(nil, c)
	now := d.now()
	if c != nil && c.wrong >= logins && now.Sub(c.wrongAt) >= lockedFor {
		c.wrong = 0
	}
	switch {
	case c == nil:
		err = errCustomer
	case c.wrong >= logins && !d.Lax.Load():
		err = errLogins
	case !d.same(password, c.password):
		c.wrong, c.wrongAt = c.wrong+1, now
		err = errPassword
	default:
		session = digits(20)
		c.wrong, c.session, c.until = 0, d.digest(session), now.Add(sessionFor)
	}
	d.log(line, err)
	if err != nil {
		return "", ErrProof
	}
	return session, nil
}

// Ask begins a reset, in place of one begun before for the same operator. By app and
// hotline a code goes to the registered phone, to be given to [Desk.Prove]; at a
// branch the papers are the proof, and the one-time code for the terminal comes at
// once. At most five are asked for of a terminal in a day.
func (d *Desk) Ask(q Ask) (id, code string, err error) {
	if !isOperator(q.Operator) || !short(q.TID, string(q.Channel), q.Customer, q.Session, q.Papers.ID, q.Papers.Licence, q.Staff[0], q.Staff[1]) {
		return "", "", ErrShape
	}
	if err := q.Channel.known(); err != nil {
		return "", "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	a, err := d.account(q.TID)
	if err != nil {
		d.log(Line{Channel: q.Channel, Operator: q.Operator, What: "asked"}, err)
		return "", "", ErrProof
	}
	line := Line{Channel: q.Channel, TID: q.TID, Operator: q.Operator, What: "asked"}
	if q.Channel == Branch {
		line.Staff = slices.DeleteFunc([]string{q.Staff[0], q.Staff[1]}, func(s string) bool { return s == "" })
	}
	now := d.now()
	a.asked = slices.DeleteFunc(a.asked, func(at time.Time) bool { return now.Sub(at) >= 24*time.Hour })
	if len(a.asked) >= perDay {
		d.log(line, ErrTooMany)
		return "", "", ErrTooMany
	}
	a.asked = append(a.asked, now)
	d.touch(a, nil)
	c := a.customer
	if c != nil {
		line.Customer = c.number
	}
	if err := d.proven(&q, a, c); err != nil {
		d.log(line, err)
		return "", "", ErrProof
	}
	d.log(line, nil)
	d.serial++
	r := &reset{id: strconv.Itoa(d.serial), channel: q.Channel, operator: q.Operator, of: a}
	if old := a.byOp[q.Operator]; old != nil {
		delete(d.resets, old.id)
	}
	a.byOp[q.Operator], d.resets[r.id] = r, r
	if q.Channel == Branch {
		return r.id, d.grant(r, line.Staff), nil
	}
	sms := digits(6)
	r.sms, r.smsUntil = d.digest(sms), now.Add(smsFor)
	if c != nil { // there is none only where any proof is accepted
		d.send(c.phone, sms)
	}
	return r.id, "", nil
}

// proven says what is wrong with the proof that asking by a channel takes; mu is held.
func (d *Desk) proven(q *Ask, a *account, c *customer) error {
	switch {
	case d.Lax.Load():
		return nil
	case c == nil:
		return errCustomer
	case a.lost && q.Channel != Branch:
		return errLost
	}
	switch q.Channel {
	case App:
		if !d.same(q.Session, c.session) || !d.now().Before(c.until) {
			return errLogin
		}
	case Hotline:
		if q.Customer != c.number {
			return errCustomer
		}
	case Branch:
		if !d.same(q.Papers.ID, c.id) || !d.same(q.Papers.Licence, c.licence) {
			return errPapers
		}
		if s := q.Staff; s[0] == s[1] || !d.members[s[0]] || !d.members[s[1]] {
			return errStaff
		}
	}
	return nil
}

// Prove is somebody giving the code that came by SMS, by the channel on which the reset
// was asked for. It gives the one-time code for the terminal.
func (d *Desk) Prove(id string, by Channel, sms string) (code string, err error) {
	if !short(string(by), sms) {
		return "", ErrShape
	}
	if err := by.known(); err != nil {
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.resets[id]
	if r == nil {
		d.log(Line{Channel: by, What: "granted"}, errNoReset)
		return "", ErrProof
	}
	d.touch(r.of, nil)
	line := Line{Channel: by, TID: r.of.tid, Operator: r.operator, What: "granted"}
	switch {
	case d.Lax.Load():
	case r.smsUntil.IsZero() || r.smsTries >= smsTries:
		err = errTries
	case by != r.channel:
		err = errChannel
	case !d.now().Before(r.smsUntil):
		err = errStale
	case !d.same(sms, r.sms):
		err = errCode
	}
	if err != nil {
		r.smsTries++
		d.log(line, err)
		return "", ErrProof
	}
	r.smsUntil = time.Time{}
	return d.grant(r, nil), nil
}

// grant gives a one-time code, and makes the operator's password dead; mu is held.
func (d *Desk) grant(r *reset, staff []string) string {
	code := digits(8)
	a := r.of
	r.code, r.codeUntil = d.digest(code), d.now().Add(codeFor)
	a.dead[r.operator], a.codeWrong = true, 0
	d.watch(a)
	line := Line{Channel: r.channel, TID: a.tid, Operator: r.operator, Staff: staff, What: "granted"}
	if c := a.customer; c != nil {
		line.Customer = c.number
		if !d.Silent.Load() {
			d.send(c.phone, "终端"+a.tid+"操作员"+r.operator+"的密码已重置")
		}
	}
	d.log(line, nil)
	return code
}

// Redeem is a terminal bringing a one-time code that its operator gave. It is good
// once: until that operator next signs in the terminal may bring it again, since it
// may not have heard the answer. It ends the loss of a terminal.
func (d *Desk) Redeem(n int, tid, operator, code string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	line := Line{Channel: Wire, TID: tid, Operator: operator, What: "redeemed"}
	a := d.byIndex[n]
	if a == nil {
		d.log(line, errNoReset)
		return ErrProof
	}
	r := a.byOp[operator]
	d.touch(a, nil)
	var err error
	switch {
	case r == nil || r.codeUntil.IsZero():
		err = errNoReset
	case a.codeWrong >= codeTries && !d.Lax.Load():
		err = errTries
	case !d.now().Before(r.codeUntil) && !d.Lax.Load():
		err = errStale
	case !d.same(code, r.code):
		a.codeWrong++
		err = errCode
	}
	if d.log(line, err); err != nil {
		return ErrProof
	}
	r.redeemed, a.lost = true, false
	delete(a.dead, operator)
	d.watch(a)
	return nil
}

// SignedIn is told that an operator signs a terminal in: what was redeemed is used, and
// what the host wanted is done.
func (d *Desk) SignedIn(n int, operator string) {
	if d.watched.Load() == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.byIndex[n]
	if a == nil {
		return
	}
	if a.signIn {
		a.signIn = false
		d.touch(a, nil)
	}
	if r := a.byOp[operator]; r != nil && r.redeemed {
		delete(a.byOp, operator)
		delete(d.resets, r.id)
		d.touch(a, nil)
	}
	d.watch(a)
}
