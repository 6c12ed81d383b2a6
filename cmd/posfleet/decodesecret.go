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

// known reports whether a frame that cannot be read is a message of the dialect all
// the same, that begins where it should: by its type, and by its TPDU, a length
// prefix that is right, or its bitmap. Of what is not, such as the rest of a message
// or octets in another form, nothing is shown: a secret may be anywhere in it.
func (x *explainer) known(fr *capture.Frame) bool {
	d := x.dialect
	wrong, is := errors.AsType[*wire.FieldError](fr.Err)
	switch {
	case !fr.Typed() || fr.Fields() == 0 && !d.Header.TPDU:
		return false
	case is && (wrong.Field == 0 || wrong.Field == 1):
		return false
	case is && wrong.Field == -1 && 5*(len(fr.Octets)-fr.Read) > len(fr.Octets):
		return false // its bitmap is that of another
	}
	if is && wrong.Field > 1 && !d.HasField(wrong.Field) && fr.Fields() < capture.Enough && x.mayHold(fr) {
		return false // nor is its bitmap likely
	}
	switch {
	case digitsOfDigits(fr.Octets):
		return false
	case d.Header.TPDU:
		return fr.Octets[0] == 0x60
	}
	if lead := d.Lead(); lead > 0 && len(fr.Prefix) == lead && fr.Note == "" {
		return true
	}
	return fr.Fields() >= capture.Enough || !slices.ContainsFunc(d.Announced(fr.Octets), func(f int) bool { return !d.HasField(f) })
}

// digitsOfDigits reports whether at least 32 characters in a row are hexadecimal
// digits of hexadecimal digits: part of a message is in another form.
func digitsOfDigits(b []byte) bool {
	for from := range 2 {
		run := 0
		for i := from; i+1 < len(b); i += 2 {
			if run++; !(b[i] == '3' && b[i+1] >= '0' && b[i+1] <= '9' || (b[i] == '4' || b[i] == '6') && b[i+1] >= '1' && b[i+1] <= '6') {
				run = 0
			}
			if run == 16 {
				return true
			}
		}
	}
	return false
}

// few is how many fields a message has that says little of itself.
const few = 2

// mayHold reports whether a message is of a type that may have a PIN block or
// working keys, whatever its bitmap says: it may be the bitmap that is wrong. An
// answer is one if its bitmap has a response code.
func (x *explainer) mayHold(fr *capture.Frame) bool {
	mti := fr.Message.MTI()
	switch {
	case fr.Fields() < few: // its type may be none
		return true
	case fr.Message.IsAnswer():
		return mti[1] == '8' || !x.hasCode(fr)
	}
	return mti[1] <= '3' || mti[1] == '8' && x.hasCode(fr)
}

// hasCode reports whether the bitmap announces a response code, as that of an answer
// does.
func (x *explainer) hasCode(fr *capture.Frame) bool {
	return slices.Contains(x.dialect.Announced(fr.Octets), x.dialect.Place(wire.ResponseCode).Field)
}

// outOfStep makes asterisks of fields where they are not where they seem: when a text
// holds what is no text, which is an octet of a secret, from the last text before it
// on, all when there is none; after a track that is none or goes on in a field after
// it.
func (x *explainer) outOfStep(fr *capture.Frame) {
	if !x.mayHold(fr) {
		return
	}
	d, m := x.dialect, fr.Message
	last, from := 0, 0 // the last text before, the first field that is hidden
	texts := false
	for f := range m.Fields {
		switch v := m.Field(f); {
		case from > 0:
		case f == d.Place(wire.Track2).Field && !isTrack(v):
			from = f + 1
		case f > d.Place(wire.Track2).Field && m.Has(wire.Track2) && bytes.ContainsAny(v, "D=") && !d.Binary(f):
			from = d.Place(wire.Track2).Field
		case !d.Binary(f) && bytes.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }):
			if from = 1; texts {
				from = last
			}
		case d.Text(f) && !d.Hides(f):
			texts, last = true, f
		}
	}
	for f := range m.Fields {
		if from > 0 && f >= from && !d.Hides(f) {
			m.SetField(f, bytes.Repeat([]byte{'*'}, len(m.Field(f))))
		}
	}
}

// isTrack reports whether v may be a track 2: a card number, a separator, expiry
// and service code.
func isTrack(v []byte) bool {
	at := bytes.IndexAny(v, "=D")
	return at >= 12 && at <= 19 && len(v) >= at+8
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
	shown := d.ScrubbedHex
	if x.mayHold(fr) {
		shown = d.DoubtfulHex
	}
	begin := 0 // a number may begin before what is left
	if fr.Fields() == 0 {
		begin = fr.Read
	}
	out := []byte(shown(fr.Octets[begin : fr.Read+len(left)])[2*(fr.Read-begin):])
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
	if length := fmt.Sprintf("%X", left[0]); wrong.Field == d.Place(wire.PAN).Field && (length < "10" || length > "29") {
		hide(0, 2*21) // nor is this its length
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
	case (m.IsAnswer() || m.MTI()[1] == '8' && x.hasCode(fr)) && (announced(wire.WorkingKeys) || d.Form(dialect.SignIn) != nil && m.MTI()[1] == d.Form(dialect.SignIn).MTI[1]):
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
	if !x.known(fr) {
		m.Head = nil
		for f := range m.Fields {
			m.SetField(f, bytes.Repeat([]byte{'*'}, len(m.Field(f))))
		}
		return m
	}
	x.outOfStep(fr)
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
