package sim

import (
	"errors"
	"fmt"
	"sync"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// rsaKey is the key pair with which terminals ask for their master keys, made when the
// first does. All of a process have the same: making one takes a tenth of a second, and a
// host sees a key, not whose it is. No profile derives it, for a private key that a file
// gives protects nothing.
var rsaKey = sync.OnceValues(keys.NewRSAKey)

// DownloadMaster has the terminal download its master key, as its profile says: under the
// transport key that it was delivered with, or under its own RSA key. One that is not that
// of its check value, or does not open, is refused, and the terminal keeps what it had. It
// has to sign in then. An error means that nothing was sent.
func (p *Player) DownloadMaster() error {
	t := p.T
	if err := t.dead(); err != nil {
		return err
	}
	if t.Profile.MasterKeyRSA {
		return p.downloadMasterRSA()
	}
	f, err := p.masterForm(dialect.MasterKey)
	if err != nil {
		return err
	}
	p.begin(t, f)
	if r := p.exchange(f); r.Outcome != report.Approved {
		t.Display = show(r)
		return nil
	}
	key, err := keys.OpenMaster(t.Profile.SignIn.Cipher(), t.Profile.Transport, p.ans.Get(wire.MasterKey))
	p.takeMaster(key, err)
	return nil
}

// downloadMasterRSA is DownloadMaster with the terminal's public key: in two steps, of
// which the second says to the host that the key has come.
func (p *Player) downloadMasterRSA() error {
	t := p.T
	end, err := p.masterForm(dialect.MasterKeyEnd)
	if err != nil {
		return err
	}
	pair, err := rsaKey()
	if err != nil {
		return err
	}
	if err := p.AskForMaster(pair.Modulus()); err != nil || p.Last.Outcome != report.Approved {
		return err
	}
	key, err := pair.OpenMaster(t.Profile.SignIn.Cipher(), p.ans.Get(wire.MasterKey))
	if !p.takeMaster(key, err) {
		return nil
	}
	kcv, err := keys.CheckValue(keys.Software{}, t.Profile.SignIn.Cipher(), t.Master)
	if err != nil {
		return err
	}
	p.begin(t, end)
	p.req.Set(wire.CheckValue, kcv[:])
	if p.exchange(end); p.Last.Outcome != report.Approved {
		t.Display = "主密钥下载成功, 主机未确认"
	}
	return nil
}

// AskForMaster has the terminal ask for its master key with a public key, given by its
// modulus, and do nothing with the answer. An error means that nothing was sent.
func (p *Player) AskForMaster(modulus []byte) error {
	t := p.T
	f, err := p.masterForm(dialect.MasterKeyRSA)
	if err != nil {
		return err
	}
	p.begin(t, f)
	p.req.Set(wire.PublicKey, modulus)
	r := p.exchange(f)
	t.Display = show(r)
	if r.Outcome == report.Declined && t.Profile.Dialect.Means(r.Code, dialect.Duplicate) {
		t.Display = "主密钥已下载, 请联系银行"
	}
	return nil
}

// MasterKeysUnderRSA has the terminal download its master key under its own RSA key,
// whatever its profile says, until back is called.
func (t *Terminal) MasterKeysUnderRSA() (back func()) {
	was, own := t.Profile, *t.Profile
	own.MasterKeyRSA = true
	t.Profile = &own
	return func() { t.Profile = was }
}

func (p *Player) masterForm(of dialect.Transaction) (*dialect.Form, error) {
	f := p.T.Profile.Dialect.Form(of)
	if f == nil {
		return nil, fmt.Errorf("dialect %s has no %s", p.T.Profile.Dialect.Name, of)
	}
	return f, nil
}

// takeMaster puts the master key that came into the terminal, unless it was found wrong.
func (p *Player) takeMaster(key []byte, wrong error) bool {
	t, r := p.T, &p.Last
	if wrong != nil {
		r.Outcome, r.Why = report.Refused, wrong
		t.Display = "主密钥解密失败, 请重新下载"
		if _, other := errors.AsType[*keys.KCVError](wrong); other {
			t.Display = "主密钥校验错, 请重新下载"
		}
		return false
	}
	own := *t.Terminal
	own.Master = key
	t.Terminal, t.keys, t.SignedIn = &own, keys.Set{}, false
	t.LoadMaster()
	t.Display = "主密钥下载成功, 请签到"
	return true
}
