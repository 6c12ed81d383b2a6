package sim

import (
	"fmt"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/operator"
	"github.com/posfleet/posfleet/sim/profile"
)

// LoseKeys is the terminal losing its working keys: it must sign in before it trades.
func (t *Terminal) LoseKeys() {
	t.keys = keys.Set{}
	t.SignedIn = false
	t.Display = "密钥丢失, 请做联机签到"
}

// Login is an operator giving number and password at the prompt: the operator's own
// sign-in (操作员签到), of which the host hears nothing. Keys are fetched by
// [Player.SignIn] (联机签到), which the display asks for unless that was done.
func (t *Terminal) Login(number, password string) error {
	if err := t.idle(); err != nil {
		return err
	}
	if err := t.Operators.Check(number, password, time.Now()); err != nil {
		return t.refuse(err, "operator %s logs in", number)
	}
	switch {
	case !operator.Sells(number):
		t.Display = "操作员管理"
	case t.SignedIn || t.Profile.Dialect.Form(dialect.SignIn) == nil:
		t.Operator, t.Display = number, "操作员签到成功"
	default:
		t.Operator, t.Display = number, "请做联机签到"
	}
	return nil
}

// idle says why the terminal takes no number and password.
func (t *Terminal) idle() error {
	if err := t.dead(); err != nil {
		return err
	}
	if t.Locked {
		t.Display = "终端已锁定"
		return fmt.Errorf("%w: its screen is locked", ErrRefusedLocally)
	}
	return nil
}

// refuse shows why the table of operators refuses something, and says so.
func (t *Terminal) refuse(why error, asked string, args ...any) error {
	if shown, is := why.(interface{ Display() string }); is {
		t.Display = shown.Display()
	}
	return fmt.Errorf("%w: %s: %w", ErrRefusedLocally, fmt.Sprintf(asked, args...), why)
}

// done shows what was done to the table of operators, or why it was refused.
func (t *Terminal) done(why error, shown, asked string, args ...any) error {
	if why != nil {
		return t.refuse(why, asked, args...)
	}
	t.Display = shown
	return nil
}

// ChangePassword is an operator giving the old password and twice the new one.
func (t *Terminal) ChangePassword(number, old, password, again string) error {
	if err := t.idle(); err != nil {
		return err
	}
	return t.done(t.Operators.Change(number, old, password, again, t.TID, time.Now()), "修改密码成功", "operator %s changes the password", number)
}

// UnlockOperator is the supervisor letting an operator in again who gave too many wrong
// passwords.
func (t *Terminal) UnlockOperator(supervisor, number string) error {
	return t.done(t.Operators.Unlock(supervisor, number, time.Now()), "操作员解锁成功", "operator %s is unlocked", number)
}

// AddOperator is the supervisor adding an operator, with a first password.
func (t *Terminal) AddOperator(supervisor, number, password string) error {
	return t.done(t.Operators.Add(supervisor, number, password, t.TID, time.Now()), "增加操作员成功", "operator %s is added", number)
}

// DeleteOperator is the supervisor deleting an operator.
func (t *Terminal) DeleteOperator(supervisor, number string) error {
	return t.done(t.Operators.Delete(supervisor, number, t.Operator, time.Now()), "删除操作员成功", "operator %s is deleted", number)
}

// LockScreen is who is logged in leaving the terminal: until one of them gives the
// password, only that operator or the supervisor, it does nothing.
func (t *Terminal) LockScreen() error {
	if t.Operator == "" {
		t.Display = "请输入操作员号"
		return fmt.Errorf("%w: no operator is logged in", ErrRefusedLocally)
	}
	t.Locked, t.Display = true, "终端已锁定"
	return nil
}

// UnlockScreen is somebody giving number and password at a locked terminal.
func (t *Terminal) UnlockScreen(number, password string) error {
	if number != t.Operator && number != profile.Supervisor {
		t.Display = "操作员号不符"
		return fmt.Errorf("%w: operator %s locked it, %s cannot unlock it", ErrRefusedLocally, t.Operator, number)
	}
	if err := t.Operators.Check(number, password, time.Now()); err != nil {
		return t.refuse(err, "operator %s unlocks the screen", number)
	}
	t.Locked, t.Display = false, "操作员签到成功"
	return nil
}

// Supervise checks the supervisor's password, which voids and refunds need.
func (t *Terminal) Supervise(password string) error {
	if !t.Profile.Policy.Supervisor {
		return nil
	}
	if err := t.Operators.Supervise(password, time.Now()); err != nil {
		return t.refuse(err, "the supervisor is asked")
	}
	return nil
}

// SupervisorPassword is the one in the profile, empty when there is none.
func (t *Terminal) SupervisorPassword() string {
	if o := t.Profile.Operator(profile.Supervisor); o != nil {
		return string(o.Password)
	}
	return ""
}

// Away does what takes its time and is no exchange of the terminal's: a password is
// worked out, somebody is on the phone. What the arrival is about falls due so much
// later: neither host nor generator are slow.
func (p *Player) Away(do func() error) error {
	began := p.Clock.Now()
	err := do()
	if took := p.Clock.Now() - began; p.due >= 0 {
		p.due += took
		p.free += took
	}
	return err
}
