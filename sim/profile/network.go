package profile

import (
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

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

// network works out dialect, routing header and keys' forms, of what the file
// gives and what is the default of its dialect.
func (r reader) network(p *Profile, given network, found map[string]int, dir folder) {
	fail := func(key, format string, args ...any) { r.FailAt(max(1, found[key]), key, format, args...) }
	if given.dialect == "" {
		given.dialect = "cup"
	}
	defaults, ok := networks[given.dialect]
	d := dialect.Dialects()[given.dialect]
	if !ok || d == nil {
		fail("dialect", "%s, want cup or iso87", strict.Quote(given.dialect))
		return
	}
	for _, f := range []struct{ given, defaults *string }{
		{&given.length, &defaults.length}, {&given.tpdu, &defaults.tpdu}, {&given.header, &defaults.header},
		{&given.mac, &defaults.mac}, {&given.signIn, &defaults.signIn},
	} {
		if *f.given == "" {
			*f.given = *f.defaults
		}
	}
	if d.Length, ok = wire.Lengths()[given.length]; !ok {
		fail("length", "%s, want binary2, binary4 or digits4", strict.Quote(given.length))
	}
	d.Header = wire.Header{}
	if given.tpdu != "none" {
		d.Header.TPDU = true
		p.Head = append(p.Head, unhex(given.tpdu)...)
	}
	app := header(given.header)
	d.Header.App = len(app)
	p.Head = append(p.Head, app...)
	var err error
	if p.MAC, err = keys.ParseAlgorithm(given.mac); err != nil {
		fail("mac", "%s, want ecb, x9.9 or x9.19", strict.Quote(given.mac))
	}
	if p.SignIn = keys.KeyBlock(given.signIn); p.SignIn.Len() == 0 {
		fail("sign-in", "%s, want 001 (single), 003 (double), 004 (double and track key), 005 (SM4) or 006 (SM4 and track key)", strict.Quote(given.signIn))
	}
	if p.SignIn == keys.SM4 || p.SignIn == keys.SM4Track {
		if err = d.WidenPIN(); err != nil {
			fail("sign-in", "%w", err)
		}
	}
	if given.spec != "" {
		if d, err = ownSpec(d, given.spec, dir); err != nil {
			fail("spec", "%w", err)
		}
	}
	p.Dialect = d
}

// A header is octets in hexadecimal, or text: what begins with a letter that is
// no hexadecimal digit, and what says so.
var headerShape = regexp.MustCompile(`^(none|([0-9A-Fa-f]{2}){1,50}|text:[ -~]{1,50}|[G-Zg-z][ -9;-~]{0,49})$`)

const headerWords = "up to 100 hexadecimal digits, an even number (CUP has 12), text such as ISO006000020 or text:6000, or none"

// header is the octets of an application header as the file has it.
func header(s string) []byte {
	text, isText := strings.CutPrefix(s, "text:")
	switch {
	case s == "none":
		return nil
	case isText || s[0] >= 'G' && s[0] <= 'Z' || s[0] >= 'g':
		return []byte(text)
	}
	return unhex(s)
}

// unhex is for digits that have been checked.
func unhex(s string) []byte {
	b, _ := hex.DecodeString(s)
	return b
}
