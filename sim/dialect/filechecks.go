package dialect

import (
	"errors"
	"slices"
	"strconv"

	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

// checkForms holds the forms to the fields and to what stands around a message, each
// form for itself, so that all that is wrong with any is told.
func (r *reader) checkForms(v, pair, framing strict.Value) {
	r.d.forms = [Transactions]*Form{}
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
		r.sealed(f, at)
	}
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
		for _, e := range written {
			if r.d.Place(e) == wire.Whole(v.Field) && (e != wire.Amount || amount) {
				r.Fail(at, "terminals write the field themselves, as it is the %s of elements, so that no constant stays; put it under carries", e)
				ok = false
			}
		}
	}
	return ok
}

// written are the elements of which a terminal has a value for each request.
var written = [...]wire.Element{wire.TerminalID, wire.MerchantID, wire.Trace, wire.TransmissionTime, wire.LocalDateTime, wire.Batch, wire.Amount}

// paired holds that requests have the fields by which answers are paired.
func (r *reader) paired(pair strict.Value) {
	if len(r.d.Forms) == 0 {
		return
	}
	r.List(pair, func(v strict.Value) {
		n, _ := strconv.Atoi(r.word(v))
		always := n == r.d.Place(wire.TerminalID).Field || n == r.d.Place(wire.MerchantID).Field
		if !always && !slices.ContainsFunc(r.d.Forms, func(f Form) bool { return f.CarriesField(n) }) {
			r.Fail(v, "no request carries field %d, so that it pairs none with its answer; add it to carries of the transactions, or leave it away here", n)
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
