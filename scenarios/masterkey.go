package scenarios

import (
	"crypto/rand"
	"net/url"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
)

// transported is for networks whose terminals download their master keys.
func transported(a Args) error {
	switch p := a.Profile; {
	case p.MasterKeyRSA:
		return underRSA(a)
	case p.Dialect.Form(dialect.MasterKey) == nil:
		return lack("dialect %s has no %s", p.Dialect.Name, dialect.MasterKey)
	case p.Transport == nil:
		return lack("the profile has no transport-key, under which a host gives a master key")
	case p.InHSM():
		return lack("the master keys are in an HSM, and do not leave it")
	}
	return nil
}

// underRSA is for networks whose terminals can download their master keys with a public key.
func underRSA(a Args) error {
	switch d := a.Profile.Dialect; {
	case d.Form(dialect.MasterKeyRSA) == nil || d.Form(dialect.MasterKeyEnd) == nil:
		return lack("dialect %s has no %s", d.Name, dialect.MasterKeyRSA)
	case a.Profile.InHSM():
		return lack("the master keys are in an HSM, and do not leave it")
	}
	return nil
}

// allowed is the Make of the bank letting a terminal have its master key under RSA once more.
func allowed(a Args) (func(*sim.Player) error, error) {
	if err := underRSA(a); err != nil {
		return nil, err
	}
	if a.Admin == nil {
		return nil, lack("only the host's admin API lets a terminal download its master key again, and the profile knows of none")
	}
	return func(p *sim.Player) error {
		return p.Away(func() error {
			return a.Admin.Do("POST", "/v1/terminals/"+url.PathEscape(p.T.TID)+"/master-key", nil, nil)
		})
	}, nil
}

// asksForMaster is the Make of a request for a master key with a public key of so many bits
// that nobody has the private half of.
func asksForMaster(a Args, bits int) (func(*sim.Player) error, error) {
	return func(p *sim.Player) error {
		modulus := make([]byte, bits/8)
		if _, err := rand.Read(modulus); err != nil {
			return err
		}
		modulus[0] |= 0x80
		modulus[len(modulus)-1] |= 1
		return keepRefusal(p, p.AskForMaster(modulus))
	}, underRSA(a)
}

func masterKeyPhrases() []*Phrase {
	const group = "Switched on / 开机"
	return []*Phrase{
		{Group: group, English: "the terminal downloads its master key", Chinese: "终端联机下载主密钥",
			Doc: "The host gives it with its check value, under the transport key that the terminal was delivered with (profile, transport-key), or under its public key (master-key-way: rsa). The terminal has to sign in then.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				return func(p *sim.Player) error { return keepRefusal(p, p.DownloadMaster()) }, transported(a)
			}},
		{Group: group, English: "the bank lets the terminal download its master key", Chinese: "银行允许终端下载主密钥",
			Doc: "Once more, whatever it has downloaded before. Nothing is done where terminals download it under a transport key, which they may as often as they want.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				if a.Profile.MasterKeyRSA {
					return allowed(a)
				}
				return func(*sim.Player) error { return nil }, nil
			}},
		{Group: group, English: "the bank lets the terminal download its master key under RSA", Chinese: "银行允许终端以RSA公钥下载主密钥", Admin: true,
			Doc: "The same, and in this scenario the terminal asks with its public key whatever the profile says.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				allow, err := allowed(a)
				return func(p *sim.Player) error {
					worldOf(p).undo(p.T.MasterKeysUnderRSA())
					return allow(p)
				}, err
			}},
		{Group: group, English: "somebody asks for the terminal's master key with another public key", Chinese: "他人用另一RSA公钥申请终端主密钥",
			Doc:  "Of the right size. Whatever comes is not taken.",
			Make: func(a Args) (func(*sim.Player) error, error) { return asksForMaster(a, keys.RSABits) }},
		{Group: group, English: "the terminal asks for its master key with a public key of {n} bits", Chinese: "终端用{n}位RSA公钥申请主密钥",
			Doc: "A terminal's has 2048. Whatever comes is not taken.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				bits, err := a.Int(0)
				if err == nil && (bits%8 != 0 || bits < 512 || bits > 7992) {
					err = lack("a public key of %d bits: want a multiple of 8 from 512 to 7992", bits)
				}
				if err != nil {
					return nil, err
				}
				return asksForMaster(a, bits)
			}},
	}
}
