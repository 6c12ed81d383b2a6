package profile

import (
	"encoding/hex"
	"maps"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/strict"
)

// chips are the chips of a card, or of a range of cards.
type chips struct {
	issuer  *chip.Issuer
	command chip.Command      // that the bundled host has for each of them, until it hears that it was obeyed
	index   byte              // of the issuer's keys in them, which tells issues of the same cards apart
	oda     chip.ODA          // by which their data can be authenticated
	by      chip.Verification // how tapped ones have their cardholders verified
	making  sync.Mutex
	made    []atomic.Pointer[chip.Card]
}

// Issuer is who has the keys behind the card's chip; nil for a chip of which none is
// known, and for none.
func (c *Card) Issuer() *chip.Issuer {
	if c.chips == nil {
		return nil
	}
	return c.chips.issuer
}

// HasChip reports whether the card's stripe says that there is a chip (service code 2xx or 6xx).
func (c *Card) HasChip() bool { return c.Service != "" && (c.Service[0] == '2' || c.Service[0] == '6') }

// Command is what the bundled host tells the card's chip; NoCommand for nothing.
func (c *Card) Command() chip.Command {
	if c.chips == nil {
		return chip.NoCommand
	}
	return c.chips.command
}

// Chip is the chip on the holder's card, which is one for all terminals; nil for one whose
// issuer is not known. It is made when first used.
func (h *Holder) Chip() (*chip.Card, error) {
	of := h.Card.chips
	if of == nil {
		return nil, nil
	}
	at := &of.made[h.n]
	if c := at.Load(); c != nil {
		return c, nil
	}
	of.making.Lock()
	defer of.making.Unlock()
	if c := at.Load(); c != nil {
		return c, nil
	}
	c, err := chip.NewCard(of.issuer, h.PAN, h.Sequence)
	if err == nil {
		c.Load(h.Card.Cash)
		c.SetIndex(of.index)
		c.Verifies(of.by)
		if of.oda != chip.NoODA {
			c.Authenticates(of.issuer, of.oda, h.PAN, h.Card.Expiry)
		}
		at.Store(c)
	}
	return c, err
}

// IssueChips says that this process is one of several that use the profile's cards at one host, and
// which, from 0: its chips tell in their issuer application data that they are not the others'. It
// comes before the first is used.
func (p *Profile) IssueChips(process int) {
	for i := range p.Cards {
		if of := p.Cards[i].chips; of != nil {
			of.index = byte(1 + process%255)
		}
	}
}

// Reissue has the holder given another card, with another chip, of the same number.
func (h *Holder) Reissue() {
	if of := h.Card.chips; of != nil {
		of.made[h.n].Store(nil)
	}
}

// ODA is by which method terminals can authenticate the chip's data off line.
func (c *Card) ODA() chip.ODA {
	if c.chips == nil {
		return chip.NoODA
	}
	return c.chips.oda
}

// issuers reads who issues cards, by names: a scheme and three master keys each, and who
// certifies keys of theirs.
func (r reader) issuers(v, schemes strict.Value) map[string]*chip.Issuer {
	known := slices.Clone(chip.Schemes())
	if schemes.Given() {
		for _, s := range chip.ReadSchemes(r.Reader, schemes) {
			if chip.Find(known, s.Name) != nil {
				r.Fail(schemes, "%s comes with posfleet; give yours another name", s.Name)
			}
			known = append(known, s)
		}
	}
	all := map[string]*chip.Issuer{}
	if !v.Given() {
		return all
	}
	r.Each(v, func(name string, v strict.Value) {
		var s *chip.Scheme
		var of [3][]byte
		var authority *chip.Authority
		until, denial, serial, revoked := "4912", "0000000000", "000001", false
		key := func(i int) func(strict.Value) { return func(v strict.Value) { of[i] = r.testKey(v, 16, 16) } }
		found := r.Map(v, strict.Table{
			"scheme": func(v strict.Value) {
				name, ok := r.Scalar(v)
				if s = chip.Find(known, name); ok && s == nil {
					r.Fail(v, "%s, want one of %s, or add it under chip-schemes", strict.Quote(name), chip.NamesOf(known))
				}
			},
			"cryptograms": key(0), "macs": key(1), "secrets": key(2),
			"authority": func(v strict.Value) {
				name, ok := r.Scalar(v)
				if authority = chip.AuthorityNamed(name); ok && authority == nil {
					r.Fail(v, "%s, want one of %s", strict.Quote(name), chip.AuthorityNames())
				}
			},
			"certified-until": r.Match(&until, monthShape, "YYMM"),
			"certificate":     r.Match(&serial, regexp.MustCompile(`^[0-9A-F]{6}$`), "six hexadecimal digits, the serial number of the certificate"),
			"revoked":         r.Bool(&revoked),
			"denial":          r.Match(&denial, regexp.MustCompile(`^[0-9A-F]{10}$`), "ten hexadecimal digits: five octets of terminal verification results"),
		})
		if authority == nil && found["certified-until"]+found["certificate"]+found["revoked"]+found["denial"] > 0 {
			r.Fail(v, "nobody certifies its keys; add authority")
		}
		r.Need(v, found, "scheme", "cryptograms")
		if s == nil || !r.OK() {
			all[name] = nil // told already
			return
		}
		for i := range of {
			if of[i] == nil {
				of[i] = of[0]
			}
		}
		i, err := chip.NewIssuer(s, of[0], of[1], of[2])
		if err != nil {
			r.Fail(v, "%w", err)
			return
		}
		if authority != nil {
			code, _ := hex.DecodeString(denial)
			number, _ := hex.DecodeString(serial)
			i.Certify(authority, until, [5]byte(code))
			i.Number([3]byte(number), revoked)
		}
		all[name] = i
	})
	r.revocations(v, all)
	return all
}

// revocations refuses certificates that were revoked and have the name of one that was not.
func (r reader) revocations(v strict.Value, all map[string]*chip.Issuer) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		i := all[name]
		if i == nil {
			continue
		}
		if _, revoked := i.Revoked(); !revoked {
			continue
		}
		for _, other := range slices.Sorted(maps.Keys(all)) {
			if o := all[other]; o != nil && o.SameCertificate(i) {
				if _, too := o.Revoked(); !too {
					r.Fail(v, "%s: its certificate was revoked, and that of %s has the same authority and serial number; give one another number (certificate)", name, other)
				}
			}
		}
	}
}

// chip gives a card its issuer.
func (r reader) chip(c *Card, v strict.Value, issuers map[string]*chip.Issuer, issuer, command, authentication, verification string) {
	if issuer == "" {
		if authentication != "" {
			r.Fail(v, "authentication: the card has no issuer whose keys are certified; add issuer")
		}
		if command != "" {
			r.Fail(v, "command: the card has no issuer to give one; add issuer")
		}
		if verification != "" {
			r.Fail(v, "verification: of a chip whose issuer is not known nothing is; add issuer")
		}
		return
	}
	i, given := issuers[issuer]
	if given && i == nil {
		return // told already
	}
	of := &chips{issuer: i, made: make([]atomic.Pointer[chip.Card], c.Count), index: 1, by: chip.ByPIN}
	known := true
	if command != "" {
		of.command, known = chip.CommandNamed(command)
	}
	method, way := true, true
	if verification != "" {
		of.by, way = chip.VerificationNamed(verification)
	}
	if authentication != "" {
		of.oda, method = chip.ODANamed(authentication)
	}
	switch {
	case of.issuer == nil:
		r.Fail(v, "issuer %s is not under issuers; add it there", strict.Quote(issuer))
	case c.Sequence == "":
		r.Fail(v, "has an issuer and no chip; add sequence, its card sequence number")
	case !method:
		r.Fail(v, "authentication %s, want sda, dda or cda", strict.Quote(authentication))
	case !way:
		r.Fail(v, "verification %s, want pin, signature or phone", strict.Quote(verification))
	case of.oda != chip.NoODA && !of.issuer.Certified():
		r.Fail(v, "authentication: nobody certifies the keys of issuer %s; add authority there", issuer)
	case of.command == chip.ChangePIN && len(c.PIN) == 0:
		r.Fail(v, "command change-pin: the card has no PIN that the chip could be told; add pin")
	case !known, of.command == chip.SetBalance:
		r.Fail(v, "command %s, want block-application, unblock-application, block-card, unblock-pin or change-pin", strict.Quote(command))
	}
	c.chips = of
}
