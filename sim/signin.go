package sim

import (
	"errors"
	"fmt"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// SignIn has the terminal sign in: it asks for working keys, where the network has
// some, checks them against their check values and takes the batch number from the
// answer. Where the network has no logon nothing is sent, and whoever is logged in
// may sell. An error means that it did not send anything, or that an HSM could not open
// the keys that came ([ErrUntested]).
func (p *Player) SignIn() error {
	t := p.T
	if err := t.dead(); err != nil && t.On {
		return err
	}
	if !t.On || t.Operator == "" {
		t.Display = "请输入操作员号"
		return fmt.Errorf("%w: no operator is logged in", ErrRefusedLocally)
	}
	if err := p.signIn((*Player).exchange); err != nil {
		return err
	}
	if t.SignedIn && p.ans == nil { // there is no logon
		p.reportFaults()
	} else if t.SignedIn {
		requirement := p.ans.Requirement()
		p.reportFaults()
		p.meet(requirement)
	}
	return nil
}

// AskFor has the terminal ask for another block of working keys than its profile says,
// from its next sign-in on, until back is called.
func (t *Terminal) AskFor(b keys.KeyBlock) (back func()) {
	was, own := t.Profile, *t.Profile
	own.SignIn = b
	t.Profile = &own
	return func() { t.Profile, t.SignedIn = was, false }
}

func (p *Player) signIn(exchange func(*Player, *dialect.Form) *Result) error {
	t := p.T
	f := t.Profile.Dialect.Form(dialect.SignIn)
	if f == nil {
		t.SignedIn, t.day, t.Display = true, p.today(), "签到成功"
		return nil
	}
	if err := t.wiped(); err != nil {
		return err
	}
	p.begin(t, f)
	mode := string(t.Profile.SignIn)
	for _, n := range f.ManagementCodes {
		if n == mode {
			p.req.SetString(wire.ManagementCode, n)
		}
	}
	p.operator(f)
	if t.Activation != "" {
		p.req.SetString(wire.TerminalData, t.Activation)
	}
	r := exchange(p, f)
	switch r.Outcome {
	case report.Approved:
		var issued keys.Set // none where a logon brings none
		if p.judged != nil {
			issued = p.judged.SignIn.Issued
		}
		t.adopt(issued, p.ans)
		t.day = p.today()
		t.Display = "签到成功"
	case report.Refused:
		t.loseSession()
		t.Display = "密钥校验错, 签到失败"
		return p.unopened()
	case report.Declined:
		t.Display = show(r)
		t.stop(r.Code)
	default:
		t.Display = show(r)
	}
	return nil
}

// loseSession signs the terminal off whose new keys do not check: the host may have others
// by now. What becomes of the old ones its policy says.
func (t *Terminal) loseSession() {
	if t.SignedIn = false; !t.Profile.Policy.KeepOldKeys {
		t.keys = keys.Set{}
	}
}

// unopened says that an HSM could not open the keys that an answer brought: that tells
// nothing of the host. It is nil when they, or the answer, are wrong.
func (p *Player) unopened() error {
	if x := p.judged; x != nil && x.SignIn != nil {
		if broken, is := errors.AsType[*keys.HSMError](x.SignIn.Err); is {
			return fmt.Errorf("%w: %w", ErrUntested, broken)
		}
	}
	return nil
}

// What the terminal shows when the host will not have it, or its operator, sign in.
const (
	stoppedText = "终端已停用, 请与客服联系"
	deadText    = "密码已失效, 请重置密码"
)

// stop does what the code of a sign-in that was declined says of the terminal: that it
// is suspended, or that its operator's password is dead, since it was reset at the host.
func (t *Terminal) stop(code dialect.Code) {
	switch d := t.Profile.Dialect; {
	case d.Means(code, dialect.TerminalBarred):
		t.SignedIn, t.Display = false, stoppedText
	case d.Means(code, dialect.WrongPIN):
		t.Operators.Kill(t.Operator)
		t.SignedIn, t.Operator, t.Display = false, "", deadText
	}
}

// afterwards does what an answer tells the terminal to do next: some codes, and a
// requirement in the header, make it sign in again. What came of the payment stays on
// the display unless that fails.
func (p *Player) afterwards(r *Result) {
	asks := r.Outcome == report.Declined && p.T.Profile.Dialect.AsksSignIn(r.Code)
	requirement := byte(0)
	if r.Outcome <= report.Declined {
		requirement = p.ans.Requirement()
	}
	if !asks && requirement == 0 {
		return
	}
	request := p.req // of which a sentence may still ask
	p.req = p.T.Profile.Dialect.NewMessage()
	if asks || requirement == wire.SignInAgain {
		p.signInAgain()
	} else {
		p.meet(requirement)
	}
	p.req = request
}

// signInAgain has the terminal sign in beside what it was asked for.
func (p *Player) signInAgain() {
	t := p.T
	t.SignedIn = false
	display := t.Display
	if err := p.signIn((*Player).exchangeAside); err == nil && t.SignedIn {
		t.Display = display
	}
}

// today counts the day, in the terminals' own time zone: that on which an arrival
// falls due, or else that of now.
func (p *Player) today() uint16 {
	now := p.due
	if now < 0 {
		now = p.Clock.Now()
	}
	if now >= p.midnight {
		at := p.Clock.At(now)
		year, month, day := at.Date()
		next := time.Date(year, month, day+1, 0, 0, 0, 0, at.Location())
		p.day, p.midnight = dayOf(at), now+next.Sub(at)
	}
	return p.day
}

// dayOf counts the days of a time zone's calendar.
func dayOf(at time.Time) uint16 {
	_, offset := at.Zone()
	return uint16((at.Unix() + int64(offset)) / (24 * 60 * 60))
}

// Yesterday makes it a new day for the terminal: what it did today it did the day before.
func (t *Terminal) Yesterday() {
	t.day--
	t.Operators.Age(24 * time.Hour)
}

// ResetPassword is an operator who cannot log in giving the one-time code that the
// merchant got from the host, and twice a new password. Rules for passwords come
// first, so that a weak one does not cost the code; then the host is asked whether the
// code is good. An error means that nothing was sent.
func (p *Player) ResetPassword(number, code, password, again string) error {
	t := p.T
	if err := t.idle(); err != nil {
		return err
	}
	f := t.Profile.Dialect.Form(dialect.PasswordReset)
	if f == nil {
		return fmt.Errorf("dialect %s has no %s", t.Profile.Dialect.Name, dialect.PasswordReset)
	}
	if err := p.Away(func() error { return t.Operators.Accepts(number, password, again, t.TID, time.Now()) }); err != nil {
		return t.refuse(err, "operator %s resets the password", number)
	}
	p.begin(t, f)
	p.scratch = append(append(p.scratch[:0], number...), "   "...)[:3]
	p.req.Set(wire.Operator, p.scratch)
	if err := p.oneTimeCode(code); err != nil {
		return err
	}
	switch r := p.exchange(f); {
	case r.Outcome == report.Approved:
		return t.done(t.Operators.Reset(number, password, again, t.TID, time.Now()), "重置密码成功", "operator %s resets the password", number)
	case r.Outcome == report.Declined && t.Profile.Dialect.Means(r.Code, dialect.WrongPIN):
		t.Display = "重置码错误或已过期"
	default:
		t.Display = show(r)
	}
	return nil
}

// oneTimeCode puts in a code, under the master key where the network's sign-in has
// one: whoever gives it at another terminal gives another one.
func (p *Player) oneTimeCode(code string) error {
	t := p.T
	if t.Profile.SignIn == "" {
		p.req.SetString(wire.OneTimeCode, code)
		return nil
	}
	c := t.Profile.SignIn.Cipher()
	block := make([]byte, c.BlockSize())
	if copy(block, code) < len(code) {
		t.Display = "重置码错误或已过期"
		return fmt.Errorf("%w: a one-time code has at most %d digits", ErrRefusedLocally, len(block))
	}
	if err := t.Profile.HSM.Encrypt(c, t.Master, block); err != nil {
		return fmt.Errorf("master key of terminal %s: %w", t.TID, err)
	}
	p.req.Set(wire.OneTimeCode, block)
	return nil
}

// adopt takes the working keys and the batch of the approval of a sign-in. A batch of which
// the end was not acknowledged keeps its number until it is: the host may have closed it,
// and what was sold in it is not in the next one.
func (t *Terminal) adopt(issued keys.Set, ans *wire.Message) {
	t.keys, t.SignedIn, t.Activation = issued, true, ""
	t.untold = t.Profile.Dialect.Has(wire.Batch) && ans.Uint(wire.Batch) == 0
	if b := ans.Uint(wire.Batch); b > 0 && uint32(b) != t.Batch && b <= dialect.MaxNumber && t.ending() == nil {
		t.Batch = uint32(b)
	}
}

// Untold reports whether the answer to its latest sign-in told no batch number where there
// should be one.
func (t *Terminal) Untold() bool { return t.untold }

// SignOff has the terminal sign off.
func (p *Player) SignOff() error {
	t := p.T
	f := t.Profile.Dialect.Form(dialect.SignOff)
	if f == nil {
		return fmt.Errorf("dialect %s has no sign-off", t.Profile.Dialect.Name)
	}
	if t.Owes() {
		p.settleDebt()
	}
	p.begin(t, f)
	r := p.exchange(f)
	t.Display = show(r)
	if r.Outcome == report.Approved {
		t.SignedIn = false
		t.Display = "签退成功"
	}
	return nil
}

// Echo has the terminal test the line.
func (p *Player) Echo() error {
	t := p.T
	f := t.Profile.Dialect.Form(dialect.Echo)
	if f == nil {
		return fmt.Errorf("dialect %s has no echo test", t.Profile.Dialect.Name)
	}
	p.begin(t, f)
	r := p.exchange(f)
	t.Display = show(r)
	if r.Outcome == report.Approved {
		t.Display = "回响测试成功"
		p.afterwards(r)
	}
	return nil
}
