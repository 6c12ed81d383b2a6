package dialect

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

var tpduShape = regexp.MustCompile(`^(none|[0-9A-Fa-f]{10})$`)

// headerShape is an application header: octets in hexadecimal, or text, which is
// what begins with a letter that is no hexadecimal digit, and what says so.
var headerShape = regexp.MustCompile(`^(none|([0-9A-Fa-f]{2}){1,50}|text:[ -~]{1,50}|[G-Zg-z][ -9;-~]{0,49})$`)

const headerWords = "up to 100 hexadecimal digits, an even number (CUP has 12), text such as ISO006000020 or text:6000, or none"

// Framing is what stands around a message on a line, as files write it: each empty
// where a file is silent.
type Framing struct {
	Length string // the length before it: binary2, binary4 or digits4
	TPDU   string // 10 hexadecimal digits or none
	Header string // hexadecimal digits, text or none
}

// Table is the keys of a framing, for the dialect's file and the profile's.
func (f *Framing) Table(r *strict.Reader) strict.Table {
	return strict.Table{
		"length": r.Text(&f.Length),
		"tpdu":   r.Match(&f.TPDU, tpduShape, "10 hexadecimal digits or none"),
		"header": r.Match(&f.Header, headerShape, headerWords),
	}
}

// framing reads what stands around messages.
func (r *reader) framing(v strict.Value) {
	var f Framing
	found := r.Map(v, f.Table(r.Reader))
	r.Need(v, found, "length")
	if err := r.d.frame(f); r.OK() && err != nil {
		at, _ := v.Key("length")
		r.Fail(at, "%w", err)
	}
}

// frame sets what stands around messages where f says it. The error is of a length
// that is none.
func (d *Dialect) frame(f Framing) error {
	tpdu, app := d.Head[:d.Header.Len()-d.Header.App], d.Head[d.Header.Len()-d.Header.App:]
	if f.TPDU != "" {
		tpdu = octetsOf(f.TPDU)
	}
	if f.Header != "" {
		app = octetsOf(f.Header)
	}
	d.Header = wire.Header{TPDU: len(tpdu) > 0, App: len(app)}
	d.Head = append(append([]byte(nil), tpdu...), app...)
	if f.Length != "" {
		var ok bool
		if d.Length, ok = wire.Lengths()[f.Length]; !ok {
			return fmt.Errorf("%s, want binary2, binary4 or digits4", strict.Quote(f.Length))
		}
	}
	return nil
}

// octetsOf is the octets of a header as the file has it.
func octetsOf(s string) []byte {
	text, isText := strings.CutPrefix(s, "text:")
	switch {
	case s == strict.None:
		return nil
	case isText || s[0] >= 'G' && s[0] <= 'Z' || s[0] >= 'g':
		return []byte(text)
	}
	b, _ := hex.DecodeString(s) // its shape has been held
	return b
}
