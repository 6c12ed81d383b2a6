package dialect

import (
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

// checkForms holds the forms to the fields and to what stands around a message, each
// form for itself, so that all that is wrong with any is told.
func (r *reader) checkForms(v, pair, framing strict.Value) {
	r.d.forms = [Transactions]*Form{}
	if len(r.d.Forms) > 0 {
		r.answered(v)
	}
	for i := range r.d.Forms {
		f := &r.d.Forms[i]
		at, _ := v.Key(f.Transaction.String())
		if f.MTI == "" || !r.constants(f) {
			continue // told already
		}
		if err := r.d.compileForm(f); err != nil {
			r.Fail(at, "the form%w", err)
			continue
		}
		r.managed(f, at)
		r.filled(f, at)
		r.sealed(f, at)
	}
	r.d.groupForms()
	for i := range r.d.Forms {
		if f := &r.d.Forms[i]; r.OK() {
			at, _ := v.Key(f.Transaction.String())
			r.distinct(f, at)
		}
	}
	in, signIn := v.Key(SignIn.String())
	if at, off := v.Key(SignOff.String()); off && !signIn {
		r.Fail(at, "there is no sign-in to end; add one, or say sign-off: none")
	}
	if macs := slices.ContainsFunc(r.d.Forms, func(f Form) bool { return f.MACed }); macs && !signIn {
		r.Fail(v, "a MAC needs a key, and there is no sign-in that brings one; add sign-in, or say mac: none, beside transactions")
	}
	if signIn && r.d.KeyBlock != "" && !r.d.Has(wire.WorkingKeys) {
		r.Fail(in, "its answer brings keys, and no field is for them; add working-keys to elements, or say sign-in: none, beside transactions")
	}
	if !r.OK() {
		return
	}
	r.paired(pair)
	if err := r.d.goesOnLine(); err != nil {
		if length, given := framing.Key("length"); given {
			framing = length
		}
		r.Fail(framing, "%w", err)
	}
}

// constants holds each constant of a form to its field, and to what terminals write
// themselves.
func (r *reader) constants(f *Form) bool {
	ok := true
	amount := f.Transaction.Payment() || f.Transaction == Balance || f.Transaction == Reversal
	for _, v := range f.Fixed {
		at := r.set[f.Transaction][v.Field]
		m := r.d.NewMessage()
		m.SetMTI(f.MTI)
		m.SetFieldString(v.Field, v.Text)
		_, err := m.Append(nil)
		if wrong, is := errors.AsType[*wire.FieldError](err); is && wrong.Field == v.Field {
			r.Fail(at, "does not fit field %d, which %s", v.Field, wrong.Reason)
			ok = false
		}
		if err == nil && !madeOf(r.d.kinds[v.Field].of, v.Text) {
			r.Fail(at, "%s does not fit field %d, which is of kind %s", strict.Quote(v.Text), v.Field, r.d.kinds[v.Field].of)
			ok = false
		}
		for _, e := range written {
			if r.d.Place(e) == wire.Whole(v.Field) && (e != wire.Amount || amount) {
				r.Fail(at, "terminals write the field themselves, as it is the %s of elements, so that no constant stays; put it under carries", e)
				ok = false
			}
		}
	}
	return ok
}

// madeOf reports whether a constant is made of what its kind has.
func madeOf(kind, text string) bool {
	if kind != "n" && kind != "an" && kind != "a" {
		return true
	}
	for i := range len(text) {
		c := text[i]
		digit, letter := c-'0' <= 9, c|0x20 >= 'a' && c|0x20 <= 'z' || c == ' '
		if !(digit && kind != "a" || letter && kind != "n") {
			return false
		}
	}
	return true
}

// written are the elements of which a terminal has a value for each request.
var written = [...]wire.Element{wire.TerminalID, wire.MerchantID, wire.Trace, wire.TransmissionTime, wire.LocalDateTime, wire.Batch, wire.Amount}

// paired holds that requests have the fields by which answers are paired.
func (r *reader) paired(pair strict.Value) {
	if len(r.d.Forms) == 0 {
		return
	}
	if len(r.d.Pair) == 0 {
		r.Fail(pair, "no field: with the MTI alone an answer that comes late or twice would be taken for that of the next request; name what a host brings back, such as the trace and the terminal (11, 41)")
	}
	r.List(pair, func(v strict.Value) {
		n, _ := strconv.Atoi(r.word(v))
		always := n == r.d.Place(wire.TerminalID).Field || n == r.d.Place(wire.MerchantID).Field
		if !always && !slices.ContainsFunc(r.d.Forms, func(f Form) bool { return f.CarriesField(n) }) {
			r.Fail(v, "no request carries field %d, so that it pairs none with its answer; add it to carries of the transactions, or leave it away here", n)
		}
		if code := r.d.Place(wire.ResponseCode); n == code.Field {
			r.Fail(v, "field %d is the response code, which requests have not; leave it away here", n)
		}
	})
}

// sealed holds that there is a field for the MAC of a form that has one, and for the
// key serial number where keys are derived.
func (r *reader) sealed(f *Form, at strict.Value) {
	if r.d.Derives(f) && !f.Carries(wire.KeySerial) {
		r.Fail(at, "its keys are derived, and it does not carry their serial number (field %d); add that to carries", r.d.Place(wire.KeySerial).Field)
	}
	if !f.MACed {
		return
	}
	m := r.d.NewMessage()
	f.Begin(m)
	m.AddMAC()
	if n := m.MACField(); !r.d.HasField(n) {
		r.Fail(at, "its MAC goes into field %d, the last of its last bitmap, which is not among the fields; add it, or leave mac away", n)
	}
}

// distinct holds that a host tells requests of a form from those of the forms before
// it. A reversal is as its original is.
func (r *reader) distinct(f *Form, at strict.Value) {
	if f.Transaction == Reversal {
		return
	}
	m := r.d.NewMessage()
	f.Begin(m)
	if t, ok := r.d.Classify(m); ok && t != f.Transaction {
		r.Fail(at, "a request of it is taken for a %s, which stands before it and fits, too; set what tells them apart (MTI, processing code, entry mode, condition code, management code), or put it first", t)
	}
}

// managed holds that a form has room for its management codes.
func (r *reader) managed(f *Form, at strict.Value) {
	m := r.d.NewMessage()
	for _, code := range f.ManagementCodes {
		f.Begin(m)
		if m.SetString(wire.ManagementCode, code); m.Text(wire.ManagementCode) != code {
			r.Fail(at, "management code %s has no room where elements put it", strict.Quote(code))
		} else if _, err := m.Append(nil); err != nil {
			r.Fail(at, "management code %s: %w", strict.Quote(code), err)
		}
	}
}

// answered holds that there is what terminals cannot do without.
func (r *reader) answered(transactions strict.Value) {
	d := r.d
	need := func(e wire.Element, why string) {
		if !d.Has(e) {
			r.Fail(transactions, "%s; add %s to elements", why, e)
		}
	}
	need(wire.ResponseCode, "nothing says where an answer has its response code")
	if slices.ContainsFunc(d.Forms, func(f Form) bool { return f.Transaction.Payment() }) {
		need(wire.Amount, "nothing says where a payment has its amount")
	}
}

// filled holds that terminals have a value for each field that a form requires. A
// reversal has what its original had.
func (r *reader) filled(f *Form, at strict.Value) {
	for _, n := range f.Required {
		_, constant := r.set[f.Transaction][n]
		for _, set := range r.set {
			constant = constant || f.Transaction == Reversal && set[n].Given()
		}
		if constant || slices.ContainsFunc(slices.Collect(maps.Values(r.d.Places)), func(p wire.Place) bool { return p.Field == n }) {
			continue
		}
		r.Fail(at, "field %d is required, and terminals have no value for it; say under elements what it is, set a constant, or do not require it", n)
	}
}
