package sim

import (
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// SignIn has the terminal sign in: it asks for working keys, checks them
// against their check values and takes the batch number from the answer. An
// error means that it did not send anything.
func (p *Player) SignIn() error {
	t := p.T
	if !t.On || t.Operator == "" {
		t.Display = "请输入操作员号"
		return fmt.Errorf("%w: no operator is logged in", ErrRefusedLocally)
	}
	p.signIn((*Player).exchange)
	return nil
}

func (p *Player) signIn(exchange func(*Player, *dialect.Form) *Result) {
	t := p.T
	f := t.Profile.Dialect.Form(dialect.SignIn)
	p.begin(t, f)
	mode := string(t.Profile.SignIn)
	for _, n := range f.ManagementCodes {
		if n == mode {
			p.req.SetString(wire.ManagementCode, n)
		}
	}
	p.operator(f)
	r := exchange(p, f)
	if r.Outcome == report.Approved {
		if err := rules.WorkingKeys.Break(t.adopt(p.ans)); err != nil {
			r.Outcome, r.Why = report.Refused, err
		}
	}
	switch {
	case r.Outcome == report.Approved:
		t.Display = "签到成功"
	case r.Outcome == report.Refused:
		t.Display = "密钥校验错, 签到失败"
	default:
		t.Display = show(r)
	}
}

// adopt takes the working keys and the batch of a sign-in answer. On an error
// the terminal keeps what it had and is not signed in.
func (t *Terminal) adopt(ans *wire.Message) error {
	master, err := t.masterKey()
	if err != nil {
		return err
	}
	set, err := keys.Unwrap(master, t.Profile.SignIn, ans.Get(wire.WorkingKeys))
	if err != nil {
		t.SignedIn = false
		return fmt.Errorf("working keys (field %d): %w", t.Profile.Dialect.Place(wire.WorkingKeys).Field, err)
	}
	t.keys, t.SignedIn, t.master = set, true, nil
	if b := ans.Uint(wire.Batch); b > 0 && uint32(b) != t.Batch && b <= dialect.MaxNumber {
		t.Batch = uint32(b)
	}
	return nil
}

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
	}
	return nil
}
