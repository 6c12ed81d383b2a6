package profile

import (
	"regexp"
	"slices"

	"github.com/posfleet/posfleet/sim/strict"
)

// Operator is who may work at the terminals: 01..98 operators, 00 the
// supervisor, 99 the administrator.
type Operator struct {
	Number   string
	Password Secret
}

// operators reads who may work at the terminals.
func (r reader) operators(p *Profile, v strict.Value) {
	sells := false
	r.List(v, func(v strict.Value) {
		var o Operator
		found := r.Map(v, strict.Table{
			"number":   r.Match(&o.Number, regexp.MustCompile(`^\d\d$`), "two digits: 01 to 98 operators, 00 supervisor, 99 administrator"),
			"password": strict.Secret(r.Reader, &o.Password, regexp.MustCompile(`^\d{4,8}$`), "4 to 8 digits"),
		})
		r.Need(v, found, "number", "password")
		if o.Number != "" && slices.ContainsFunc(p.Operators, func(x Operator) bool { return x.Number == o.Number }) {
			r.Fail(v, "operator %s stands twice; leave one away", o.Number)
		}
		sells = sells || o.Number != "00" && o.Number != "99"
		p.Operators = append(p.Operators, o)
	})
	if !sells {
		r.Fail(v, "nobody who may sell; add an operator from 01 to 98")
	}
	if p.Policy.Supervisor && !slices.ContainsFunc(p.Operators, func(o Operator) bool { return o.Number == "00" }) {
		r.Fail(v, "no supervisor, and voids ask for one; add operator 00 or say supervisor: false under policy")
	}
}
