package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/capture"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// mostFitted is for how many messages that cannot be read it is tried which
// change of a field would make them readable.
const mostFitted = 100

// fit is the change of the dialect's fields with which the frame reads whole, nil
// when none is known.
func (x *explainer) fit(fr *capture.Frame) *dialect.Fit {
	if x.fitted++; x.fitted > mostFitted || !fr.Likely() {
		return nil
	}
	if f, ok := x.dialect.FitsFields(fr.Octets); ok {
		return &f
	}
	return nil
}

// left writes the octets that could not be read.
func (x *explainer) left(fr *capture.Frame, fit *dialect.Fit) {
	left := fr.Octets[fr.Read:]
	if len(left) == 0 {
		return
	}
	digits, why := x.masked(fr, left[:min(len(left), wire.MaxFrame)], fit)
	fmt.Fprintf(x.out, "left: %s\n", inRows(digits, fr.Read))
	if len(left) > wire.MaxFrame {
		fmt.Fprintf(x.out, "  and %d more\n", len(left)-wire.MaxFrame)
	}
	if why != "" {
		fmt.Fprintf(x.out, "  (%s)\n", why)
	}
}

// goesOn writes the fields that are read if the dialect is changed so.
func (x *explainer) goesOn(fr *capture.Frame, fit *dialect.Fit) {
	fmt.Fprintf(x.out, "if %s, all of it is read, and goes on:\n", fit.Words)
	for f := range fit.Message.Fields {
		if !fr.Message.HasField(f) {
			fit.Dialect.DescribeField(x.out, fit.Message, f)
		}
	}
	if x.macs != nil {
		x.macs.tell(x.out, fit.Message)
	}
}

// masked is the octets that could not be read in hexadecimal, what must not be
// shown as asterisks, and why: what looks like a card's; hidden fields, where a
// change of the dialect finds them; all of it when a PIN block or a key may stand
// there and where is not known.
func (x *explainer) masked(fr *capture.Frame, left []byte, fit *dialect.Fit) (digits, why string) {
	if what := x.astray(fr, fit); what != "" {
		return strings.Repeat("*", 2*len(left)), what + " may be among them, and is hidden"
	}
	d := x.dialect
	out := []byte(dialect.ScrubbedHex(left))
	hide := func(from, to int) {
		for i := from; i < min(to, len(out)); i++ {
			out[i] = '*'
		}
	}
	if fit != nil {
		plain := fmt.Sprintf("%X", left)
		base := d
		if other, ok := dialect.Named(fit.Dialect.Name); ok && other.Name != d.Name {
			base = other
		}
		for f := range fit.Message.Fields {
			v := fit.Message.Field(f)
			if len(v) < 4 || !base.HasField(f) || !fit.Dialect.Hides(f) { // a field that was guessed may be shown
				continue
			}
			for _, form := range []string{fmt.Sprintf("%X", v), string(v)} {
				if i := strings.Index(plain, form); i >= 0 {
					hide(i, i+len(form))
				}
			}
		}
		return string(out), ""
	}
	wrong, is := errors.AsType[*wire.FieldError](fr.Err)
	if !is || wrong.Field < 2 || !d.HasField(wrong.Field) || !d.Hides(wrong.Field) {
		return string(out), ""
	}
	if wrong.Field == d.Place(wire.PAN).Field {
		hide(8, 2*21) // its length and the first digits stay
		return string(out), ""
	}
	hide(4, len(out))
	return string(out), fmt.Sprintf("field %d is hidden", wrong.Field)
}

// shortest are the octets of a whole PIN block, and of the shortest key block: of
// fewer the rest is elsewhere.
var shortest = map[wire.Element]int{wire.PINBlock: 8, wire.WorkingKeys: keys.Single.Len()}

// astray is what may stand anywhere from where a message cannot be read, "" for
// nothing: the PIN block of a request whose cardholder typed one, the keys of an
// answer to a sign-in. Their place is known when the bitmap announces them and the
// message was in step there: read past them to a field that the network lacks, or
// to its end.
func (x *explainer) astray(fr *capture.Frame, fit *dialect.Fit) string {
	e, what := x.secret(fr)
	if what == "" {
		return ""
	}
	n := x.dialect.Place(e).Field
	if fit != nil {
		if len(fit.Message.Field(n)) >= shortest[e] {
			return ""
		}
		return what
	}
	wrong, is := errors.AsType[*wire.FieldError](fr.Err)
	if is && len(fr.Message.Field(n)) >= shortest[e] && (wrong.Field == -1 || wrong.Field > n && !x.dialect.HasField(wrong.Field)) {
		return ""
	}
	return what
}

// secret is the element of a message whose octets must not be shown wherever they
// stand, and its name; "" when there is reason to believe that it has none.
func (x *explainer) secret(fr *capture.Frame) (e wire.Element, what string) {
	d, m := x.dialect, fr.Message
	announced := func(e wire.Element) bool { return slices.Contains(d.Announced(fr.Octets), d.Place(e).Field) }
	switch {
	case m.IsAnswer() && (announced(wire.WorkingKeys) || d.Form(dialect.SignIn) != nil && m.MTI()[1] == d.Form(dialect.SignIn).MTI[1]):
		return wire.WorkingKeys, "a working key"
	case !m.IsAnswer() && (announced(wire.PINBlock) || announced(wire.PINCapture)): // the latter comes with a PIN alone
		return wire.PINBlock, "the PIN block"
	}
	return 0, ""
}

// careful makes digits of card numbers asterisks where they do not belong in a
// message that cannot be read: a bit that is missing in the bitmap moves all
// fields after it.
func (x *explainer) careful(fr *capture.Frame) *wire.Message {
	m := fr.Message
	if e, what := x.secret(fr); what != "" && len(m.Get(e)) < shortest[e] {
		for f := range m.Fields {
			if f > x.dialect.Place(e).Field {
				m.SetField(f, bytes.Repeat([]byte{'*'}, len(m.Field(f))))
			}
		}
	}
	if pan := m.Get(wire.PAN); pan != nil && len(pan) < 12 { // no card has so few: its digits follow
		digits := 0
		for f := range m.Fields {
			if f > x.dialect.Place(wire.PAN).Field && digits < 20 {
				digits += len(m.Field(f))
				m.SetField(f, bytes.Repeat([]byte{'*'}, len(m.Field(f))))
			}
		}
	}
	if m.Has(wire.PAN) && m.Has(wire.Track2) {
		return m
	}
	other := m.Format().NewMessage()
	if end, _ := other.ReadPart(dialect.Disguised(fr.Octets)); end < fr.Read {
		return m
	}
	for f := range m.Fields {
		a, b := m.Field(f), other.Field(f)
		if f == x.dialect.Place(wire.PAN).Field || len(a) != len(b) || bytes.Equal(a, b) {
			continue
		}
		v := bytes.Clone(a)
		for i := range v {
			if a[i] != b[i] {
				v[i] = '*'
			}
		}
		m.SetField(f, v)
	}
	return m
}
