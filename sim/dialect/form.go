package dialect

import (
	"fmt"
	"slices"

	"github.com/posfleet/posfleet/sim/wire"
)

// Form is what a transaction's request looks like, and what its answer brings.
type Form struct {
	Transaction     Transaction
	MTI             string
	Repeat          string   // the MTI when it is sent again; empty for the same
	Fixed           []Value  // constants; composed fields with zeros where parts are filled in
	ManagementCodes []string // network management codes it may carry; the first is its own
	Fields          []int    // carried when the terminal has a value for them, besides Fixed
	Required        []int    // of these, those without which a host answers 30
	MACed           bool     // carries a MAC
	PINZeros        bool     // its PIN block is over zeros in the place of the card number
	Answer          []int    // of its answer: what an approval cannot do without
	AnswerShould    []int    // and what it should carry besides
	Approval        Code     // of its answer: the code with which a host approves; zero for the network's usual one
	NoCode          bool     // an answer without a response code approves: other fields tell

	carries  wire.FieldSet // Fixed and Fields
	elements [2]uint64     // the elements in them, a bit each
	tells    []Value       // of Fixed, those that tell this form from others
	kind     string        // its constant transaction type
	account  string        // whose points are meant, where they are not money
	template *wire.Message

	required, answer, answerShould wire.FieldSet // as far as the spec has them
}

// Complete reports whether a request of this form has all its required fields.
func (f *Form) Complete(m *wire.Message) bool {
	return f.required.Without(m.Present()) == wire.FieldSet{}
}

// Answered are the fields that an approval of a request of this form cannot do
// without, and those that it should carry besides.
func (f *Form) Answered() (must, should wire.FieldSet) { return f.answer, f.answerShould }

// Sets reports whether field n is constant in requests of this form.
func (f *Form) Sets(n int) bool {
	return slices.ContainsFunc(f.Fixed, func(v Value) bool { return v.Field == n })
}

// Constant is the value that field n has in all requests of this form; empty for none.
func (f *Form) Constant(n int) string {
	for _, v := range f.Fixed {
		if v.Field == n {
			return v.Text
		}
	}
	return ""
}

// CarriesField reports whether a request of this form may carry field n.
func (f *Form) CarriesField(n int) bool { return f.carries.Has(n) }

// Carries reports whether a request of this form may carry element e.
func (f *Form) Carries(e wire.Element) bool { return f.elements[e>>6&1]>>(e&63)&1 != 0 }

// Begin makes m what form f says: its constants, and nothing else but the
// routing header that m has.
func (f *Form) Begin(m *wire.Message) { m.CopyValues(f.template) }

// tells are the elements whose constants tell one transaction from another.
var tells = [...]wire.Element{wire.ProcessingCode, wire.EntryMode, wire.ConditionCode}

// compileForm checks a form; its error continues the form's name.
func (d *Dialect) compileForm(f *Form) error {
	if len(f.MTI) != 4 {
		return fmt.Errorf(": MTI %q is not 4 digits", f.MTI)
	}
	f.carries, f.elements, f.tells, f.kind, f.account = wire.FieldSet{}, [2]uint64{}, nil, "", ""
	m := d.NewMessage()
	m.SetMTI(f.MTI)
	f.Fixed = slices.Clone(f.Fixed)
	for i, v := range f.Fixed {
		if !d.HasField(v.Field) {
			return fmt.Errorf(": field %d is not in the spec", v.Field)
		}
		m.SetFieldString(v.Field, v.Text)
		f.Fixed[i].Text = m.FieldText(v.Field) // as the spec pads it
		f.carries.Add(v.Field)
		for _, e := range tells {
			if d.Place(e).Field == v.Field {
				f.tells = append(f.tells, f.Fixed[i])
			}
		}
	}
	f.kind, f.account = m.Text(wire.TransactionType), m.Text(wire.AccountType)
	if len(f.ManagementCodes) > 0 {
		m.SetString(wire.ManagementCode, f.ManagementCodes[0])
	}
	f.template = m
	if _, err := m.Append(nil); err != nil {
		return fmt.Errorf(" does not fit the spec: %w", err)
	}
	for _, n := range f.Fields {
		if d.HasField(n) {
			f.carries.Add(n)
		}
	}
	for e := range wire.Element(wire.Elements) {
		if f.CarriesField(d.Place(e).Field) {
			f.elements[e>>6] |= 1 << (e & 63)
		}
	}
	f.Required = slices.DeleteFunc(slices.Clone(f.Required), func(n int) bool { return !f.CarriesField(n) })
	f.required = wire.Fields(f.Required...)
	f.answer, f.answerShould = d.has(f.Answer), d.has(f.AnswerShould)
	d.forms[f.Transaction] = f
	return nil
}

// sameType is the forms of one message type: a dialect has dozens of forms, of a few types.
type sameType struct {
	mti   string
	forms []*Form
}

func (d *Dialect) groupForms() {
	d.types = nil
	for i := range d.Forms {
		f := &d.Forms[i]
		n := slices.IndexFunc(d.types, func(t sameType) bool { return t.mti == f.MTI })
		if n < 0 {
			n, d.types = len(d.types), append(d.types, sameType{mti: f.MTI})
		}
		d.types[n].forms = append(d.types[n].forms, f)
	}
}

// formsOf are the forms of a message's type.
func (d *Dialect) formsOf(m *wire.Message) []*Form {
	for i := range d.types {
		if t := &d.types[i]; m.IsMTI(t.mti) {
			return t.forms
		}
	}
	return nil
}

// Requests reports whether a message has the type of one of the dialect's requests.
func (d *Dialect) Requests(m *wire.Message) bool { return d.formsOf(m) != nil }

// Classify says which transaction a request is, also one that is sent again. The second
// result is false when no form fits.
func (d *Dialect) Classify(m *wire.Message) (Transaction, bool) {
	forms := d.formsOf(m)
	for _, f := range forms {
		if d.fits(f, m) {
			return f.Transaction, true
		}
	}
	for i := range d.Forms {
		if f := &d.Forms[i]; forms == nil && m.IsMTI(f.Repeat) && d.fits(f, m) {
			return f.Transaction, true
		}
	}
	return 0, false
}

// fits compares what tells f from the other forms: processing code, entry mode
// and condition code where they are constant, the transaction type, the network
// management code, and whose points are meant where a request says that.
func (d *Dialect) fits(f *Form, m *wire.Message) bool {
	for i := range f.tells {
		if v := &f.tells[i]; string(m.Field(v.Field)) != v.Text {
			return false
		}
	}
	if f.Transaction != Reversal && f.kind != "" && string(m.Get(wire.TransactionType)) != f.kind {
		return false
	}
	if f.account != "" && m.Has(wire.AccountType) && string(m.Get(wire.AccountType)) != f.account {
		return false
	}
	if len(f.ManagementCodes) == 0 {
		return true
	}
	code := m.Get(wire.ManagementCode)
	for _, c := range f.ManagementCodes {
		if string(code) == c {
			return true
		}
	}
	return false
}
