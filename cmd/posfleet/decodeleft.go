package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/posfleet/posfleet/sim/capture"
	"github.com/posfleet/posfleet/sim/dialect"
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

// shownOfLeft is how many of the octets left are shown when there are hidden
// values among them and where is not known.
const shownOfLeft = 8

// masked is the octets that could not be read in hexadecimal, what must not be
// shown as asterisks, and why: what looks like a card's; hidden fields, where a
// change of the dialect finds them; most of it when they are there and not found.
func (x *explainer) masked(fr *capture.Frame, left []byte, fit *dialect.Fit) (digits, why string) {
	d := x.dialect
	out := []byte(dialect.ScrubbedHex(left))
	hide := func(from, to int) {
		for i := from; i < min(to, len(out)); i++ {
			out[i] = '*'
		}
	}
	if fit != nil {
		plain := fmt.Sprintf("%X", left)
		for f := range fit.Message.Fields {
			v := fit.Message.Field(f)
			if len(v) < 4 || !dialect.Dialects()[fit.Dialect.Name].HasField(f) || !fit.Dialect.Hides(f) { // a field that was guessed may be shown
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
	if !is || wrong.Field < 2 || !fr.Likely() && !x.dialect.HasField(wrong.Field) {
		return string(out), ""
	}
	pan, pin, working := d.Place(wire.PAN).Field, d.Place(wire.PINBlock).Field, d.Place(wire.WorkingKeys).Field
	for _, f := range d.Announced(fr.Octets) {
		switch {
		case f < wrong.Field || !d.HasField(f) || !d.Hides(f):
		case f == pan:
			hide(8, 2*21) // its length and the first digits stay
		case f == wrong.Field:
			hide(4, len(out))
			return string(out), fmt.Sprintf("field %d is hidden", f)
		case f == pin || f == working && fr.Message.IsAnswer(): // tracks are found by their shape
			hide(2*shownOfLeft, len(out))
			return string(out), fmt.Sprintf("field %d, which is hidden, is among them", f)
		}
	}
	return string(out), ""
}

// careful makes digits of card numbers asterisks where they do not belong in a
// message that cannot be read: a bit that is missing in the bitmap moves all
// fields after it.
func (x *explainer) careful(fr *capture.Frame) *wire.Message {
	m := fr.Message
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
