package sim

import (
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
)

// ChangeKeys has the terminal fetch new working keys in the session that is open: batch and
// operator stay. Keys whose check values are wrong leave it signed off.
func (p *Player) ChangeKeys() error {
	t := p.T
	f := t.Profile.Dialect.Form(dialect.KeyChange)
	if f == nil || t.Profile.SignIn == "" {
		return p.refused(fmt.Errorf("dialect %s has no %s", t.Profile.Dialect.Name, dialect.KeyChange))
	}
	if err := p.session(); err != nil {
		return err
	}
	p.begin(t, f)
	switch r := p.exchange(f); r.Outcome {
	case report.Approved:
		t.keys, t.Display = p.judged.SignIn.Issued, "更换密钥成功"
	case report.Refused:
		t.loseSession()
		t.Display = "密钥校验错, 请重新签到"
		return p.unopened()
	default:
		t.Display = show(r)
	}
	return nil
}

// CutOver tells the host that the day ends.
func (p *Player) CutOver() error {
	t := p.T
	f := t.Profile.Dialect.Form(dialect.CutOver)
	if f == nil {
		return p.refused(fmt.Errorf("dialect %s has no %s", t.Profile.Dialect.Name, dialect.CutOver))
	}
	if err := p.session(); err != nil {
		return err
	}
	p.begin(t, f)
	t.Display = show(p.exchange(f))
	return nil
}

// session refuses what needs one.
func (p *Player) session() error {
	t := p.T
	if err := t.dead(); err != nil {
		return p.refused(err)
	}
	if !t.SignedIn {
		t.Display = "请先签到"
		return p.refused(fmt.Errorf("%w: it has not signed in", ErrRefusedLocally))
	}
	return nil
}
