package dialect

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

var (
	digitsShape = regexp.MustCompile(`^(\d{1,3})(?:-(\d{1,3}))?$`)
	tpduShape   = regexp.MustCompile(`^(none|[0-9A-Fa-f]{10})$`)
	hexShape    = regexp.MustCompile(`^([0-9A-Fa-f]{2}){1,32}$`)
	countShape  = regexp.MustCompile(`^(itself|reserved|trailer)$`)
)

// headerShape is an application header: octets in hexadecimal, or text, which is
// what begins with a letter that is no hexadecimal digit, and what says so.
var headerShape = regexp.MustCompile(`^(none|([0-9A-Fa-f]{2}){1,50}|text:[ -~]{1,50}|[G-Zg-z][ -9;-~]{0,49})$`)

const headerWords = "up to 100 hexadecimal digits, an even number (CUP has 12), text such as ISO006000020, text: and any other (text:BNK01, as B to F may begin hexadecimal), or none"

// Framing is what a profile may say instead of its dialect of what stands around a
// message on a line; empty where it is silent.
type Framing struct {
	Length string // the length before it, by a name of [wire.LengthNamed]
	TPDU   string // 10 hexadecimal digits or none
	Header string // hexadecimal digits, text or none
}

// Table is the keys of a framing that the dialect's file and the profile's have in
// common.
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
	var channel string
	var counts, keepAlive, http strict.Value
	uncounted := false
	to := &r.d.Format.Framing
	var before, after, trailer string
	t := f.Table(r.Reader)
	for key, text := range map[string]*string{"before": &before, "after": &after, "trailer": &trailer} {
		t[key] = r.Match(text, hexShape, "octets in hexadecimal digits")
	}
	t["channel"], t["counts"], t["lrc"], t["base-i"] = r.Text(&channel), strict.Keep(&counts), r.Bool(&to.LRC), r.Bool(&to.Header.BaseI)
	t["keep-alive"], t["http"], t["header-uncounted"] = strict.Keep(&keepAlive), strict.Keep(&http), r.Bool(&uncounted)
	found := r.Map(v, t)
	if !r.OK() {
		return
	}
	if channel != "" {
		lrc, baseI := to.LRC, to.Header.BaseI
		var err error
		if *to, err = wire.Channel(channel); err != nil {
			r.Fail(v, "%w", err)
		}
		to.LRC, to.Header.BaseI = to.LRC || lrc, to.Header.BaseI || baseI
	}
	if err := r.d.frame(f); err != nil {
		at, _ := v.Key("length")
		r.Fail(at, "%w", err)
	}
	for key, set := range map[string]struct {
		to   *string
		from string
	}{"before": {&to.Before, before}, "after": {&to.After, after}, "trailer": {&to.Trailer, trailer}} {
		if found[key] > 0 {
			*set.to = string(octetsOf(set.from))
		}
	}
	r.counts(counts, uncounted)
	r.keepAlive(keepAlive)
	r.http(http)
	if err := to.Check(); r.OK() && err != nil {
		r.Fail(v, "%w", err)
	}
}

// counts reads what a length counts besides the message.
func (r *reader) counts(v strict.Value, uncounted bool) {
	l := &r.d.Length
	l.NoHeader = uncounted
	if !v.Given() {
		return
	}
	r.List(v, func(v strict.Value) {
		var what string
		r.Match(&what, countShape, "itself, reserved (the octets before and after it) or trailer")(v)
		switch what {
		case "itself":
			l.Itself = true
		case "reserved":
			l.Reserved = true
		case "trailer":
			l.Trailer = true
		}
	})
}

// keepAlive reads what keeps a connection open.
func (r *reader) keepAlive(v strict.Value) {
	if !v.Given() {
		return
	}
	var octets string
	r.Map(v, strict.Table{"octets": r.Match(&octets, hexShape, "octets in hexadecimal digits"), "answer": r.Bool(&r.d.KeepAlive.Answer)})
	if octets != "" {
		r.d.KeepAlive.Octets = string(octetsOf(octets))
	}
}

// http reads how messages are posted.
func (r *reader) http(v strict.Value) {
	if !v.Given() {
		return
	}
	h := &r.d.HTTP
	found := r.Map(v, strict.Table{"path": r.Text(&h.Path), "host": r.Text(&h.Host), "type": r.Text(&h.Type)})
	r.Need(v, found, "path")
}

// frame sets what stands around messages where f says it. The error is of a length
// that is none.
func (d *Dialect) frame(f Framing) error {
	head := d.Head()
	app := max(0, len(head)-d.Header.App)
	tpdu, header := head[:app], head[app:]
	if f.TPDU != "" {
		tpdu = octetsOf(f.TPDU)
	}
	if f.Header != "" {
		header = octetsOf(f.Header)
	}
	if f.TPDU != "" || f.Header != "" {
		d.Header = wire.Header{TPDU: len(tpdu) > 0, BaseI: d.Header.BaseI, App: len(header), Octets: string(tpdu) + string(header)}
		if d.Header.BaseI {
			d.Header.Octets = ""
		}
	}
	if f.Length == "" {
		return nil
	}
	l, ok := wire.LengthNamed(f.Length)
	if !ok {
		return fmt.Errorf("%s, want %s", strict.Quote(f.Length), wire.LengthNames)
	}
	l.Itself, l.Reserved, l.NoHeader, l.Trailer = d.Length.Itself, d.Length.Reserved, d.Length.NoHeader, d.Length.Trailer
	d.Length = l
	return nil
}

// goesOnLine holds that the shortest request of each form goes on a line: with its
// constants, and with what it requires as far as that is of fixed length. The error
// names the transaction.
func (d *Dialect) goesOnLine() error {
	for i := range d.Forms {
		f := &d.Forms[i]
		m := d.NewMessage()
		f.Begin(m)
		copy(m.Head, d.Head())
		for _, n := range f.Required {
			if s := d.Spec.Fields[n].Spec(); !f.Sets(n) && fixedLength(d.Spec.Fields[n]) {
				m.SetFieldString(n, strings.Repeat("0", s.Length))
			}
		}
		if _, err := m.Append(nil); err != nil {
			f.Begin(m) // a field that takes no zeros
		}
		if f.MACed {
			m.AddMAC()
		}
		if _, err := wire.AppendFrame(nil, m); err != nil {
			if wrong, is := errors.AsType[*wire.FieldError](err); is {
				err = errors.New(wrong.Reason)
			}
			return fmt.Errorf("the shortest %s does not go on a line: %w", f.Transaction, err)
		}
	}
	return nil
}

// headerWords reads what the digits of an application header say.
func (r *reader) headerWords(v strict.Value) {
	r.Each(v, func(key string, v strict.Value) {
		m := digitsShape.FindStringSubmatch(key)
		if m == nil {
			r.Fail(v, "want which digits of the header are meant, as 1-2 or 5")
			return
		}
		from, to, err := span(m[1], m[2], 2*wire.MaxHeader)
		if err != nil {
			r.Fail(v, "%w", err)
			return
		}
		w := HeaderWord{From: from, To: to, Words: map[string]string{}}
		r.Each(v, func(key string, v strict.Value) {
			switch s, ok := r.Scalar(v); {
			case !ok:
			case key == "is":
				w.Name = s
			default:
				w.Words[key] = s
			}
		})
		r.d.HeaderWords = append(r.d.HeaderWords, w)
	})
}

// Head is the routing header of requests, Header.Len() octets.
func (d *Dialect) Head() []byte { return []byte(d.Header.Octets) }

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
