package scenarios

import (
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
)

func sessionPhrases() []*Phrase {
	const group = "Sessions / 会话期"
	return []*Phrase{
		{Group: group, English: "the terminal changes its working keys", Chinese: "终端更换工作密钥",
			Doc: "Fetches new working keys in the session that is open, and checks their check values.", Of: dialect.KeyChange,
			Make: func(a Args) (func(*sim.Player) error, error) {
				if a.Profile.SignIn == "" {
					return nil, lack("terminals of dialect %s have no working keys", a.Profile.Dialect.Name)
				}
				return func(p *sim.Player) error { return keepRefusal(p, p.ChangeKeys()) }, nil
			}},
		{Group: group, English: "the terminal tells the host that the day ends", Chinese: "终端发起日切",
			Doc: "What comes after it is settled on the next day.", Of: dialect.CutOver,
			Make: fixed(func(p *sim.Player) error { return keepRefusal(p, p.CutOver()) })},
	}
}
