package sim

import (
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// DownloadMaster has the terminal download its master key, under the transport key that it
// was delivered with. One that is not that of its check value is refused, and the terminal
// keeps what it had. It has to sign in then. An error means that nothing was sent.
func (p *Player) DownloadMaster() error {
	t := p.T
	if err := t.dead(); err != nil {
		return err
	}
	f := t.Profile.Dialect.Form(dialect.MasterKey)
	if f == nil {
		return fmt.Errorf("dialect %s has no %s", t.Profile.Dialect.Name, dialect.MasterKey)
	}
	p.begin(t, f)
	r := p.exchange(f)
	t.Display = show(r)
	if r.Outcome != report.Approved {
		return nil
	}
	key, err := keys.OpenMaster(t.Profile.SignIn.Cipher(), t.Profile.Transport, p.ans.Get(wire.MasterKey))
	if err != nil {
		r.Outcome, r.Why = report.Refused, err
		t.Display = "主密钥校验错, 请重新下载"
		return nil
	}
	own := *t.Terminal
	own.Master = key
	t.Terminal, t.keys, t.SignedIn = &own, keys.Set{}, false
	t.LoadMaster()
	t.Display = "主密钥下载成功, 请签到"
	return nil
}
