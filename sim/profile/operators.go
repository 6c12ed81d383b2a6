package profile

import (
	"regexp"

	"github.com/posfleet/posfleet/sim/strict"
)

// Operator is who may work at the terminals: 01..98 operators, 00 the
// supervisor, 99 the administrator.
type Operator struct {
	Number   string
	Password Secret
	Hand     *Hand // nil for an operator of whom no signature is enrolled
}

// Roles by number: the rest sell.
const (
	Supervisor    = "00" // gives a password for voids and refunds
	Administrator = "99"
)

// Sells reports whether the operator may sell.
func (o *Operator) Sells() bool { return o.Number != Supervisor && o.Number != Administrator }

// Operator is the one with this number, nil when there is none.
func (p *Profile) Operator(number string) *Operator {
	for i := range p.Operators {
		if o := &p.Operators[i]; o.Number == number {
			return o
		}
	}
	return nil
}

// Cashier is the first operator who sells; every profile has one.
func (p *Profile) Cashier() *Operator {
	for i := range p.Operators {
		if o := &p.Operators[i]; o.Sells() {
			return o
		}
	}
	return nil
}

// operators reads who may work at the terminals.
func (r reader) operators(p *Profile, v strict.Value, dir folder) {
	r.List(v, func(v strict.Value) {
		var o Operator
		found := r.Map(v, strict.Table{
			"number":    r.Match(&o.Number, regexp.MustCompile(`^\d\d$`), "two digits: 01 to 98 operators, 00 supervisor, 99 administrator"),
			"password":  strict.Secret(r.Reader, &o.Password, regexp.MustCompile(`^\d{4,8}$`), "4 to 8 digits"),
			"signature": r.hand(&o.Hand, dir),
		})
		r.Need(v, found, "number", "password")
		if o.Number != "" && p.Operator(o.Number) != nil {
			r.Fail(v, "operator %s stands twice; leave one away", o.Number)
		}
		if o.Hand != nil && !o.Sells() {
			r.Fail(v, "operator %s does not sell, and signs nothing; leave signature away", o.Number)
		}
		p.Operators = append(p.Operators, o)
	})
	if p.Cashier() == nil {
		r.Fail(v, "nobody who may sell; add an operator from 01 to 98")
	}
	if p.Policy.Signatures.SignIn && p.Operator(Supervisor) == nil {
		r.Fail(v, "no supervisor, and one is asked when a signature is refused; add operator 00 or say sign-in: false under policy, signatures")
	}
	if p.Policy.Supervisor && p.Operator(Supervisor) == nil {
		r.Fail(v, "no supervisor, and voids ask for one; add operator 00 or say supervisor: false under policy")
	}
}
