package profile

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/strict"
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
	data, err := io.ReadAll(io.LimitReader(f, strict.MaxFile+1))
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

// reader reads a profile: what [strict.Reader] knows of YAML, and methods for
// what stands in a profile.
type reader struct{ *strict.Reader }

// parse reads a profile. When dialect is given it is spoken instead of the
// file's, with that dialect's own defaults for length, header and MAC.
func parse(name string, data []byte, terminals int, dialect string) (*Profile, error) {
	r := reader{&strict.Reader{File: name,
		Empty: "posfleet's own profile is a start (docs/profile.md)", Large: "put a large fleet into a list or a range"}}
	if root, ok := r.Document(data); ok {
		p := r.profile(root, folder(filepath.Dir(name)), terminals, dialect)
		if r.OK() {
			return p, nil
		}
	}
	return nil, r.Err()
}

var amountShape = regexp.MustCompile(`^(\d{1,13})(?:\.(\d\d))?$`)

// amount reads yuan, with fen or without, 10000.00 or 10000, and gives fen.
func (r reader) amount(to *int64) func(strict.Value) {
	return func(v strict.Value) {
		s, ok := r.Scalar(v)
		if !ok {
			return
		}
		m := amountShape.FindStringSubmatch(s)
		if m == nil {
			r.Fail(v, "%s, want yuan and fen as in 10000.00", strict.Quote(s))
			return
		}
		*to, _ = strconv.ParseInt(m[1]+(m[2] + "00")[:2], 10, 64)
	}
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
func (r reader) profile(root strict.Value, dir folder, terminals int, dialect string) *Profile {
	p := &Profile{Name: strings.TrimSuffix(filepath.Base(r.File), filepath.Ext(r.File)), Policy: policies()}
	var says network
	var address, merchants, ranges, cards, operators, fleet strict.Value
	found := r.Map(root, strict.Table{
		"name":            r.Text(&p.Name),
		"address":         strict.Keep(&address),
		"tls":             func(v strict.Value) { p.TLS = r.tls(v, dir) },
		"dialect":         r.Text(&says.dialect),
		"spec":            r.Text(&says.spec),
		"length":          r.Text(&says.length),
		"tpdu":            r.Match(&says.tpdu, regexp.MustCompile(`^(none|[0-9A-Fa-f]{10})$`), "10 hexadecimal digits or none"),
		"header":          r.Match(&says.header, regexp.MustCompile(`^(none|([0-9A-Fa-f]{2}){3,11})$`), "6 to 22 hexadecimal digits (CUP has 12) or none"),
		"mac":             r.Text(&says.mac),
		"sign-in":         r.Text(&says.signIn),
		"policy":          func(v strict.Value) { r.policy(v, &p.Policy) },
		"operators":       strict.Keep(&operators),
		"merchants":       strict.Keep(&merchants),
		"terminals":       strict.Keep(&fleet),
		"cards":           strict.Keep(&cards),
		"test-ranges":     strict.Keep(&ranges),
		"accept-live-pan": r.Bool(&p.LivePAN),
		"allow-test-keys": r.Bool(&p.AllowTestKeys),
	})
	for _, k := range []string{"operators", "merchants", "terminals", "cards"} {
		if r.OK() && found[k] == 0 {
			r.Fail(root, "key %s is missing; a network has at least one of them", k)
		}
	}
	if !r.OK() {
		return nil
	}
	if dialect != "" {
		says = network{dialect: dialect}
	}
	r.network(p, says, found, dir)
	r.operators(p, operators)
	r.merchants(p, merchants)
	r.cards(p, cards, r.ranges(ranges))
	if !r.OK() {
		return nil
	}
	var groups []group
	r.List(fleet, func(v strict.Value) { groups = append(groups, r.group(v, dir)) })
	if r.OK() {
		r.terminals(p, fleet, groups, dir, terminals)
	}
	if r.OK() && found["address"] != 0 {
		if s, ok := r.Scalar(address); ok {
			if err := p.meet(s); err != nil {
				r.Fail(address, "%w", err)
			}
			p.Address = s
		}
	}
	return p
}

// network works out dialect, routing header and keys' forms.
func (r reader) network(p *Profile, says network, found map[string]int, dir folder) {
	wrong := func(key, format string, args ...any) { r.FailAt(max(1, found[key]), key, format, args...) }
	if says.dialect == "" {
		says.dialect = "cup"
	}
	known, ok := networks[says.dialect]
	d := dialect.Dialects()[says.dialect]
	if !ok || d == nil {
		wrong("dialect", "%s, want cup or iso87", strict.Quote(says.dialect))
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
		wrong("length", "%s, want binary2, binary4 or digits4", strict.Quote(says.length))
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
		wrong("mac", "%s, want ecb, x9.9 or x9.19", strict.Quote(says.mac))
	}
	if p.SignIn = keys.KeyBlock(says.signIn); p.SignIn.Len() == 0 {
		wrong("sign-in", "%s, want 001 (single), 003 (double), 004 (double and track key), 005 (SM4) or 006 (SM4 and track key)", strict.Quote(says.signIn))
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
func (r reader) tls(v strict.Value, dir folder) *TLS {
	t := &TLS{}
	file := func(to *string, private bool) func(strict.Value) {
		return func(v strict.Value) {
			path, ok := r.Scalar(v)
			if !ok {
				return
			}
			data, err := dir.read(path, private, maxFile)
			if err != nil {
				r.Fail(v, "%w", err)
				return
			}
			clear(data)
			*to = dir.path(path)
		}
	}
	r.Map(v, strict.Table{
		"ca":          file(&t.CA, false),
		"cert":        file(&t.Cert, false),
		"key":         file(&t.Key, true),
		"server-name": r.Match(&t.ServerName, regexp.MustCompile(`^[0-9A-Za-z._:-]{1,253}$`), "a host name"),
	})
	if r.OK() && (t.Cert == "") != (t.Key == "") {
		r.Fail(v, "cert and key go together; give both or neither")
	}
	return t
}
