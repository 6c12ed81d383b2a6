package profile

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/strict"
)

// Load reads the profile in a file. terminals, when above 0, is how many the
// profile is to have: its last range grows, or the end of its fleet is left
// away. The error tells all that is wrong, each with file, line and mend.
func Load(path string, terminals int) (*Profile, error) { return (&Files{}).Load(path, terminals) }

// Parse reads a profile as Load does. name stands for the file in errors, and
// its folder is where relative paths start.
func Parse(name string, data []byte, terminals int) (*Profile, error) {
	return parse(name, data, terminals, nil, nil)
}

// reader reads a profile: what [strict.Reader] knows of YAML, and methods for
// what stands in a profile.
type reader struct{ *strict.Reader }

// named is whatever is not empty: an empty value is not a key that was left away.
var named = regexp.MustCompile(`.`)

// maxAmount is the most that a profile may give as an amount, in fen.
const maxAmount = 999_999_999_999_999

// parse reads a profile. When d is given it is spoken instead of the
// file's, with that dialect's own defaults for length, header and MAC.
func parse(name string, data []byte, terminals int, d *dialect.Dialect, files *Files) (*Profile, error) {
	r := reader{&strict.Reader{File: name,
		Empty: "posfleet's own profile is a start (docs/profile.md)", Large: "put a large fleet into a list or a range"}}
	if root, ok := r.Document(data); ok {
		p := r.profile(root, folder{filepath.Dir(name), files}, terminals, d)
		if r.OK() {
			return p, nil
		}
	}
	return nil, r.Err()
}

// profile reads the whole file.
func (r reader) profile(root strict.Value, dir folder, terminals int, d *dialect.Dialect) *Profile {
	p := &Profile{Name: strings.TrimSuffix(filepath.Base(r.File), filepath.Ext(r.File)), HSM: keys.Software{}}
	var given network
	var masterKeyWay string
	var address, dukpt, policy, plans, merchants, ranges, cards, issuers, schemes, operators, fleet, stock, kinds, lines, screens, menu strict.Value
	t := strict.Table{
		"name":            r.Text(&p.Name),
		"address":         strict.Keep(&address),
		"tls":             func(v strict.Value) { p.TLS = r.tls(v, dir) },
		"admin":           func(v strict.Value) { p.Admin = r.admin(v, dir) },
		"line":            r.Match(&p.Line, regexp.MustCompile(`^(own|each|shared:[1-9]\d{0,6})$`), "own, each or shared:N"),
		"dialect":         r.Match(&given.dialect, named, "the name of a dialect, or a file"),
		"spec":            r.Text(&given.spec),
		"mac":             r.Match(&given.mac, named, "the name of an algorithm, or none"),
		"sign-in":         r.Match(&given.signIn, named, "the code of a sign-in, or none"),
		"dukpt":           strict.Keep(&dukpt),
		"policy":          strict.Keep(&policy),
		"transport-key":   func(v strict.Value) { p.Transport = r.transportKey(v, dir) },
		"master-key-way":  r.Match(&masterKeyWay, masterKeyWays, "transport-key or rsa"),
		"operators":       strict.Keep(&operators),
		"fee-plans":       strict.Keep(&plans),
		"merchants":       strict.Keep(&merchants),
		"terminals":       strict.Keep(&fleet),
		"stock":           strict.Keep(&stock),
		"kinds":           strict.Keep(&kinds),
		"line-profiles":   strict.Keep(&lines),
		"line-profile":    r.Text(&p.LineProfile),
		"screens":         strict.Keep(&screens),
		"cards":           strict.Keep(&cards),
		"issuers":         strict.Keep(&issuers),
		"chip-schemes":    strict.Keep(&schemes),
		"menu":            strict.Keep(&menu),
		"test-ranges":     strict.Keep(&ranges),
		"accept-live-pan": r.Bool(&p.LivePAN),
		"allow-test-keys": r.Bool(&p.AllowTestKeys),
	}
	maps.Copy(t, given.framing.Table(r.Reader))
	found := r.Map(root, t)
	for _, k := range []string{"operators", "merchants", "terminals", "cards"} {
		if r.OK() && found[k] == 0 {
			r.Fail(root, "key %s is missing; a network has at least one of them", k)
		}
	}
	if d != nil {
		given = network{}
	} else if d = r.dialect(given.dialect, found["dialect"], dir); d == nil {
		return nil
	}
	r.policy(policy, d, &p.Policy)
	if !r.OK() {
		return nil
	}
	if r.network(p, d, given, found, dir); !r.OK() {
		return nil
	}
	p.MasterKeyRSA = masterKeyWay == "rsa"
	switch {
	case p.MasterKeyRSA && p.Dialect.Form(dialect.MasterKeyRSA) == nil:
		r.FailAt(found["master-key-way"], "master-key-way", "dialect %s has no %s", p.Dialect.Name, dialect.MasterKeyRSA)
	case masterKeyWay != "" && !p.MasterKeyRSA && p.Transport == nil:
		r.FailAt(found["master-key-way"], "master-key-way", "there is no transport-key; give one, or say rsa")
	}
	if r.dukpt(p, dukpt); !r.OK() {
		return nil
	}
	if r.devices(p, kinds, lines, screens, found["line-profile"]); !r.OK() {
		return nil
	}
	r.operators(p, operators, dir)
	p.Plans = r.feePlans(plans, dir)
	r.merchants(p, merchants, p.Plans)
	if len(p.Plans) == 0 {
		p.Plans = slices.Clone(fee.Bundled())
	}
	r.cards(p, cards, r.ranges(ranges), r.issuers(issuers, schemes))
	r.menu(p, menu)
	if !r.OK() {
		return nil
	}
	p.Dialect.Secrets = p.secrets()
	p.inMinorUnits()
	var entries []terminalEntry
	r.List(fleet, func(v strict.Value) { entries = append(entries, r.terminalEntry(v, p, dir)) })
	var spare []terminalEntry
	if stock.Given() {
		r.List(stock, func(v strict.Value) { spare = append(spare, r.terminalEntry(v, p, dir)) })
	}
	if r.OK() {
		r.terminals(p, fleet, entries, spare, dir, terminals)
	}
	if r.OK() && found["address"] != 0 {
		if s, ok := r.Scalar(address); ok {
			if err := p.checkAddress(s); err != nil {
				r.Fail(address, "%w", err)
			}
			p.Address = s
		}
	}
	return p
}
