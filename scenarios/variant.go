package scenarios

import (
	"slices"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// requestOf is which request the table of a sentence is of, or of which an answer.
type requestOf uint8

const (
	noRequest requestOf = iota
	lastAsked
	lastAnswer
	lastReversal
)

// variant finds the first sentence about a message that is true of the dialect that
// the network's extends and not of the network's, whose file gives that request
// another form, or has another list of what answers bring back; nil when none is. The
// scenario is about the other network then.
func (l *Language) variant(bound []*Bound) *Bound {
	d := l.Profile.Dialect
	if len(d.Bases) == 0 {
		return nil
	}
	base, ok := dialect.Named(d.Bases[len(d.Bases)-1])
	if !ok || base.Name == d.Name {
		return nil
	}
	of := dialect.SignIn
	for _, b := range bound {
		if b.Args.Of != dialect.SignIn || b.Phrase.Logon && !b.Phrase.Asserts {
			of = b.Args.Of
		}
		t := of
		switch b.Phrase.Request {
		case noRequest:
			continue
		case lastReversal:
			t = dialect.Reversal
		}
		own, other := d.Form(t), base.Form(t)
		if own == nil || other == nil {
			continue
		}
		for _, row := range b.Args.Table[min(1, len(b.Args.Table)):] {
			why := otherwise
			if b.Phrase.Request == lastAnswer {
				why = notBroughtBack
			}
			if why := why(row, d, base, own, other); why != nil {
				beyond := *b
				beyond.Need = why
				return &beyond
			}
		}
	}
	return nil
}

// otherwise says what a row asks of a request that the form of base has and the form
// of d has otherwise; nil when both say the same of it.
func otherwise(cells []string, d, base *dialect.Dialect, own, other *dialect.Form) *Need {
	r := fieldRow{name: cells[0], value: cells[1], compare: meaning(comparisons, cells[1])}
	was := r
	var err error
	if r.place, err = placeOf(d, cells[0]); err != nil {
		return nil // told by whoever reads the table
	}
	if was.place, err = placeOf(base, cells[0]); err != nil || r.mac || was.mac {
		return nil
	}
	carries := func(f *dialect.Form, field int) bool { return field == 0 || f.CarriesField(field) }
	now, then := carries(own, r.field), carries(other, was.field)
	switch r.compare {
	case absent:
		if serial := d.Place(wire.KeySerial).Field; serial > 0 && serial == r.field && base.Place(wire.KeySerial).Field != serial {
			return lack("field %s of dialect %s is the key serial number, which it is not in %s", r.name, d.Name, base.Name)
		}
		if now && !then {
			return lack("%s of dialect %s carries field %s, which it does not in %s", own.Transaction, d.Name, r.name, base.Name)
		}
	case present, expected:
		if then && !now {
			return lack("%s of dialect %s carries no field %s, as it does in %s", own.Transaction, d.Name, r.name, base.Name)
		}
	case withValue:
		has := r.constant(d, own.Transaction, false)
		if d.Place(wire.SecurityControl).Field == r.field && own.PINZeros != other.PINZeros {
			return lack("PIN blocks of %s are over something else in dialect %s than in %s", own.Transaction, d.Name, base.Name)
		}
		if v := was.constant(base, other.Transaction, false); v == r.value && has != r.value || then && !now {
			return lack("%s of dialect %s has another field %s than in %s", own.Transaction, d.Name, r.name, base.Name)
		}
	}
	return nil
}

// notBroughtBack says that answers of base bring back what a row asks for and those of d
// need not; nil when both do.
func notBroughtBack(cells []string, d, base *dialect.Dialect, own, _ *dialect.Form) *Need {
	if meaning(comparisons, cells[1]) != withRequest {
		return nil
	}
	now, err := placeOf(d, cells[0])
	was, wrong := placeOf(base, cells[0])
	if err != nil || wrong != nil || now.field == 0 || !slices.Contains(base.Echo, was.field) || slices.Contains(d.Echo, now.field) {
		return nil
	}
	return lack("field %s is not under echo in dialect %s, as it is in %s", cells[0], d.Name, base.Name)
}
