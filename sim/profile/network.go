package profile

import (
	"path"
	"strings"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/strict"
)

// network is what the file says of how the host is spoken to, over what its
// dialect says.
type network struct {
	dialect, spec string
	framing       dialect.Framing
	mac, signIn   string
}

// network works out dialect, routing header and keys' forms, of what the file
// gives and what is the default of its dialect.
func (r reader) network(p *Profile, given network, found map[string]int, dir folder) {
	fail := func(key, format string, args ...any) { r.FailAt(max(1, found[key]), key, format, args...) }
	if given.dialect == "" {
		given.dialect = "cup"
	}
	d, ok := r.dialect(given.dialect, found["dialect"], dir)
	if !ok {
		return
	}
	d, err := d.Framed(given.framing)
	if err != nil {
		fail("length", "%w", err)
		return
	}
	p.Head = d.Head
	p.MAC, p.SignIn = d.Algorithm, d.KeyBlock
	if given.mac != "" {
		if p.MAC, err = keys.ParseAlgorithm(given.mac); err != nil {
			fail("mac", "%s, want ecb, x9.9 or x9.19", strict.Quote(given.mac))
		}
	}
	if given.signIn != "" {
		if p.SignIn = keys.KeyBlock(given.signIn); p.SignIn.Len() == 0 {
			fail("sign-in", "%s, want 001 (single), 003 (double), 004 (double and track key), 005 (SM4) or 006 (SM4 and track key)", strict.Quote(given.signIn))
		}
	}
	if p.SignIn.SM4() {
		if d, err = d.WithWidePIN(); err != nil {
			fail("sign-in", "%w", err)
			return
		}
	}
	if given.spec != "" {
		if d, err = ownSpec(d, given.spec, dir); err != nil {
			fail("spec", "%w", err)
		}
	}
	p.Dialect = d
}

// dialect gives the dialect that a profile names: one that comes with posfleet, or
// a file. What is wrong in that file is told as of the file itself.
func (r reader) dialect(name string, line int, dir folder) (*dialect.Dialect, bool) {
	if !dialect.IsFile(name) {
		d, ok := dialect.Named(name)
		if !ok {
			r.FailAt(max(1, line), "dialect", "%s, want %s, or the path of a dialect file such as ./bank.yaml", strict.Quote(name), strings.Join(dialect.Names(), ", "))
		}
		return d, ok
	}
	open := func(name string) ([]byte, error) { return dir.read(name, false, maxFile) }
	data, err := open(name)
	if err != nil {
		r.FailAt(max(1, line), "dialect", "%w", err)
		return nil, false
	}
	beside := func(base string) ([]byte, error) {
		if !path.IsAbs(base) {
			base = path.Join(path.Dir(name), base)
		}
		return open(base)
	}
	d, err := dialect.Parse(dir.path(name), data, beside)
	if err != nil {
		r.FailAt(max(1, line), "dialect", "%w", err)
		return nil, false
	}
	return d, true
}
