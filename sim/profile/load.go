package profile

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// Load reads the profile in a file. terminals, when above 0, is how many the
// profile is to have: its last range grows, or the end of its fleet is left
// away. The error tells all that is wrong, each with file, line and mend.
func Load(path string, terminals int) (*Profile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	return Parse(path, data, terminals)
}

// Parse reads a profile as Load does. name stands for the file in errors, and
// its folder is where relative paths start.
func Parse(name string, data []byte, terminals int) (*Profile, error) {
	return parse(name, data, terminals, "")
}

// parse reads a profile. When dialect is given it is spoken instead of the
// file's, with that dialect's own defaults for length, header and MAC.
func parse(name string, data []byte, terminals int, dialect string) (*Profile, error) {
	r := &reader{file: name}
	if root, ok := r.document(data); ok {
		p := r.profile(root, folder(filepath.Dir(name)), terminals, dialect)
		if len(r.errs) == 0 {
			return p, nil
		}
	}
	return nil, r.err()
}

// network is what the file says of how the host is spoken to.
type network struct {
	dialect, length, spec string
	tpdu, header          string // hexadecimal or "none"
	mac, signIn           string
}

// Defaults of a dialect where the file is silent. Source of CUP's: the CUP
// reconstruction, docs/sources.md.
var networks = map[string]network{
	"cup":   {dialect: "cup", length: "binary2", tpdu: "6000030000", header: "603100310000", mac: "ecb", signIn: "004"},
	"iso87": {dialect: "iso87", length: "binary2", tpdu: "none", header: "none", mac: "x9.19", signIn: "004"},
}

// policies are the defaults of policy: where sources disagree, what most do.
func policies() Policy {
	return Policy{
		Timeout: 60 * time.Second, ReversalTries: 3, ReversalReason: "98", ReversalAccepts: []string{"00", "12", "25"},
		KeepOnMismatch: true, AbortOnReversal: true, DefectiveIsGood: true, Supervisor: true,
		JournalLimit: 500, RefundLimit: 10_000_00, EncryptTracks: true,
	}
}

// profile reads the whole file.
func (r *reader) profile(root value, dir folder, terminals int, dialect string) *Profile {
	p := &Profile{Name: strings.TrimSuffix(filepath.Base(r.file), filepath.Ext(r.file)), Policy: policies()}
	var says network
	var address, merchants, ranges, cards, operators, fleet value
	found := r.mapping(root, table{
		"name":            r.text(&p.Name),
		"address":         keep(&address),
		"tls":             func(v value) { p.TLS = r.tls(v, dir) },
		"dialect":         r.text(&says.dialect),
		"spec":            r.text(&says.spec),
		"length":          r.text(&says.length),
		"tpdu":            r.match(&says.tpdu, regexp.MustCompile(`^(none|[0-9A-Fa-f]{10})$`), "10 hexadecimal digits or none"),
		"header":          r.match(&says.header, regexp.MustCompile(`^(none|([0-9A-Fa-f]{2}){3,11})$`), "6 to 22 hexadecimal digits (CUP has 12) or none"),
		"mac":             r.text(&says.mac),
		"sign-in":         r.text(&says.signIn),
		"policy":          func(v value) { r.policy(v, &p.Policy) },
		"operators":       keep(&operators),
		"merchants":       keep(&merchants),
		"terminals":       keep(&fleet),
		"cards":           keep(&cards),
		"test-ranges":     keep(&ranges),
		"accept-live-pan": r.yes(&p.LivePAN),
		"allow-test-keys": r.yes(&p.AllowTestKeys),
	})
	for _, k := range []string{"operators", "merchants", "terminals", "cards"} {
		if len(r.errs) == 0 && found[k] == 0 {
			r.fail(root, "key %s is missing; a network has at least one of them", k)
		}
	}
	if len(r.errs) > 0 {
		return nil
	}
	if dialect != "" {
		says = network{dialect: dialect}
	}
	r.network(p, says, found, dir)
	r.operators(p, operators)
	r.merchants(p, merchants)
	r.cards(p, cards, r.ranges(ranges))
	if len(r.errs) > 0 {
		return nil
	}
	var groups []group
	r.list(fleet, func(v value) { groups = append(groups, r.group(v, dir)) })
	if len(r.errs) == 0 {
		r.terminals(p, fleet, groups, dir, terminals)
	}
	if len(r.errs) == 0 && found["address"] != 0 {
		if s, ok := r.scalar(address); ok {
			if err := p.meet(s); err != nil {
				r.fail(address, "%w", err)
			}
			p.Address = s
		}
	}
	return p
}

// network works out dialect, routing header and keys' forms.
func (r *reader) network(p *Profile, says network, found map[string]int, dir folder) {
	wrong := func(key, format string, args ...any) { r.at(max(1, found[key]), key, format, args...) }
	if says.dialect == "" {
		says.dialect = "cup"
	}
	known, ok := networks[says.dialect]
	d := dialect.Dialects()[says.dialect]
	if !ok || d == nil {
		wrong("dialect", "%s, want cup or iso87", show(says.dialect))
		return
	}
	for _, f := range []struct{ says, known *string }{
		{&says.length, &known.length}, {&says.tpdu, &known.tpdu}, {&says.header, &known.header},
		{&says.mac, &known.mac}, {&says.signIn, &known.signIn},
	} {
		if *f.says == "" {
			*f.says = *f.known
		}
	}
	if d.Length, ok = wire.Lengths()[says.length]; !ok {
		wrong("length", "%s, want binary2, binary4 or digits4", show(says.length))
	}
	d.Header = wire.Header{}
	if says.tpdu != "none" {
		d.Header.TPDU = true
		p.Head = append(p.Head, unhex(says.tpdu)...)
	}
	if says.header != "none" {
		d.Header.App = len(says.header) / 2
		p.Head = append(p.Head, unhex(says.header)...)
	}
	var err error
	if p.MAC, err = keys.ParseAlgorithm(says.mac); err != nil {
		wrong("mac", "%s, want ecb, x9.9 or x9.19", show(says.mac))
	}
	if p.SignIn = keys.KeyBlock(says.signIn); p.SignIn.Len() == 0 {
		wrong("sign-in", "%s, want 001 (single), 003 (double), 004 (double and track key), 005 (SM4) or 006 (SM4 and track key)", show(says.signIn))
	}
	if says.spec != "" {
		if d, err = ownSpec(d, says.spec, dir); err != nil {
			wrong("spec", "%w", err)
		}
	}
	p.Dialect = d
}

// unhex is for digits that have been checked.
func unhex(s string) []byte {
	b, _ := hex.DecodeString(s)
	return b
}

// tls reads how to reach a host over TLS.
func (r *reader) tls(v value, dir folder) *TLS {
	t := &TLS{}
	file := func(to *string, private bool) func(value) {
		return func(v value) {
			path, ok := r.scalar(v)
			if !ok {
				return
			}
			data, err := dir.read(path, private, maxFile)
			if err != nil {
				r.fail(v, "%w", err)
				return
			}
			clear(data)
			*to = dir.path(path)
		}
	}
	r.mapping(v, table{
		"ca":          file(&t.CA, false),
		"cert":        file(&t.Cert, false),
		"key":         file(&t.Key, true),
		"server-name": r.match(&t.ServerName, regexp.MustCompile(`^[0-9A-Za-z._:-]{1,253}$`), "a host name"),
	})
	if len(r.errs) == 0 && (t.Cert == "") != (t.Key == "") {
		r.fail(v, "cert and key go together; give both or neither")
	}
	return t
}
