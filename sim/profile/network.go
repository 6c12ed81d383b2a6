package profile

import (
	"cmp"
	"fmt"
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

// network works out routing header and keys' forms, of what the file gives and what
// dialect d says where it does not.
func (r reader) network(p *Profile, d *dialect.Dialect, given network, found map[string]int, dir folder) {
	fail := func(key, format string, args ...any) { r.FailAt(max(1, found[key]), key, format, args...) }
	d, err := d.Framed(given.framing)
	if err != nil {
		fail("length", "%w", err)
		return
	}
	p.Head = d.Head()
	p.MAC, p.SignIn = d.Algorithm, d.KeyBlock
	switch given.mac {
	case "":
	case strict.None:
		if d, err = d.WithoutMAC(); err != nil {
			fail("mac", "%w", err)
			return
		}
	default:
		if p.MAC, err = keys.ParseAlgorithm(given.mac); err != nil {
			fail("mac", "%s, want none or %s", strict.Quote(given.mac), keys.AlgorithmNames)
		} else if err := d.DUKPT.Makes(p.MAC); err != nil {
			fail("mac", "%w", err)
		}
	}
	switch given.signIn {
	case "":
	case strict.None:
		p.SignIn = ""
	default:
		if p.SignIn = keys.KeyBlock(given.signIn); !p.SignIn.Known() {
			fail("sign-in", "%s, want none or %s", strict.Quote(given.signIn), keys.KeyBlockNames)
		}
	}
	switch {
	case d.MAC && p.SignIn == "" && d.DUKPT == keys.NoDUKPT:
		fail("sign-in", "a MAC needs a key, and no sign-in brings one; say mac: none, too")
	case p.SignIn != "" && d.DUKPT != keys.NoDUKPT:
		fail("sign-in", "the dialect derives keys (DUKPT), and no sign-in brings them; leave it away")
	}
	if f := d.PINFormat; p.SignIn.Cipher() == keys.CipherSM4 && f != keys.PINFormat0 && f != keys.PINFormat0Narrow {
		fail("sign-in", "under SM4 a PIN block is of format 0, and dialect %s says %s; take pin out of it, or say another sign-in", d.Name, f)
	}
	if p.SignIn.Cipher() != keys.CipherDES || d.DUKPT > keys.DUKPTTDES {
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
// a file; nil for none of these. What is wrong in that file is told as of the file
// itself.
func (r reader) dialect(name string, line int, dir folder) *dialect.Dialect {
	name = cmp.Or(name, "cup")
	if d, ok := dialect.Named(name); ok {
		return d
	}
	d, err := read(name, dir)
	if err != nil {
		r.FailAt(max(1, line), "dialect", "%w", err)
	}
	return d
}

// read reads a dialect file.
func read(name string, dir folder) (*dialect.Dialect, error) {
	if !dialect.IsFile(name) {
		return nil, fmt.Errorf("%s, want %s, or the path of a dialect file such as ./bank.yaml", strict.Quote(name), strings.Join(dialect.Names(), ", "))
	}
	data, err := dir.read(name, false, maxFile)
	if err != nil {
		return nil, err
	}
	return dialect.Parse(dir.path(name), data, func(base string) ([]byte, error) {
		if !path.IsAbs(base) {
			base = path.Join(path.Dir(name), base)
		}
		return dir.read(base, false, maxFile)
	})
}
