package dialect

import (
	"slices"

	"github.com/posfleet/posfleet/sim/wire"
)

// Misfit is a field of a request that is not what the forms of its type say.
type Misfit struct {
	Field int
	Want  []string // what it is in these forms
}

// Misfits are the constants that keep a request from being of the transaction it is most
// like, then those that it may not have otherwise though they tell no transaction from
// another, such as the currency. Whether the type of the request is of any form is second.
func (d *Dialect) Misfits(m *wire.Message) (all []Misfit, typed bool) {
	var best *Form
	var forms []*Form
	for i := range d.Forms {
		f := &d.Forms[i]
		if !m.IsMTI(f.MTI) && !m.IsMTI(f.Repeat) {
			continue
		}
		forms = append(forms, f)
		if best == nil || d.fits(f, m) && !d.fits(best, m) || !d.fits(best, m) && len(d.misfits(f, m)) < len(d.misfits(best, m)) {
			best = f
		}
	}
	if best == nil {
		return nil, false
	}
	for _, n := range d.misfits(best, m) {
		x := Misfit{Field: n}
		for _, f := range forms {
			want := []string{f.Constant(n)}
			if n == d.Place(wire.ManagementCode).Field && len(f.ManagementCodes) > 0 {
				want = f.ManagementCodes
			}
			for _, v := range want {
				if v != "" && !slices.Contains(x.Want, v) {
					x.Want = append(x.Want, v)
				}
			}
		}
		all = append(all, x)
	}
	return all, true
}

// misfits are the fields of a request that are not as one form has them: constants that
// terminals send as the form says, whole, and the network management code.
func (d *Dialect) misfits(f *Form, m *wire.Message) (fields []int) {
	management := d.Place(wire.ManagementCode)
	if len(f.ManagementCodes) > 0 && management.To == 0 && !slices.Contains(f.ManagementCodes, m.Text(wire.ManagementCode)) {
		fields = append(fields, management.Field)
	}
	for _, v := range f.Fixed {
		if v.Field != management.Field && d.constant(v.Field) && m.FieldText(v.Field) != v.Text {
			fields = append(fields, v.Field)
		}
	}
	return fields
}

// constant reports whether a field that a form sets is sent as the form says: it tells
// transactions apart, is the currency, or nothing that posfleet knows is in it.
func (d *Dialect) constant(n int) bool {
	for e := range wire.Element(wire.Elements) {
		if at := d.Place(e); at.Field == n && (at.To > 0 || e != wire.Currency && !slices.Contains(tells[:], e)) {
			return false
		}
	}
	return true
}
