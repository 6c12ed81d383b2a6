package sim

import (
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// SignIn has the terminal sign in: it asks for working keys, where the network has
// some, checks them against their check values and takes the batch number from the
// answer. Where the network has no logon nothing is sent, and whoever is logged in
// may sell. An error means that it did not send anything.
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
	if t.SignedIn {
		p.reportFaults()
	}
	return nil
}

func (p *Player) signIn(exchange func(*Player, *dialect.Form) *Result) error {
	t := p.T
	f := t.Profile.Dialect.Form(dialect.SignIn)
	if f == nil {
		t.SignedIn, t.Display = true, "签到成功"
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
	if t.Profile.SignIn != "" {
		if err := t.expandMaster(); err != nil {
			return err
		}
	}
	r := exchange(p, f)
	switch r.Outcome {
	case report.Approved:
		var issued keys.Set // none where a logon brings none
		if p.judged != nil {
			issued = p.judged.SignIn.Issued
		}
		t.adopt(issued, p.ans)
		t.Display = "签到成功"
	case report.Refused:
		t.SignedIn = false // the host may have other keys by now
		t.Display = "密钥校验错, 签到失败"
	default:
		t.Display = show(r)
	}
	return nil
}

// adopt takes the working keys and the batch of the approval of a sign-in.
func (t *Terminal) adopt(issued keys.Set, ans *wire.Message) {
	t.keys, t.SignedIn, t.master, t.Activation = issued, true, nil, ""
	if b := ans.Uint(wire.Batch); b > 0 && uint32(b) != t.Batch && b <= dialect.MaxNumber {
		t.Batch = uint32(b)
	}
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
