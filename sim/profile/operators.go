package profile

import (
	"fmt"
	"regexp"
	"time"

	"github.com/posfleet/posfleet/sim/operator"
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
	Supervisor    = operator.Supervisor // gives a password for voids and refunds
	Administrator = operator.Administrator
)

// Sells reports whether the operator may sell.
func (o *Operator) Sells() bool { return operator.Sells(o.Number) }

// Delivered is the operators of a terminal as it is delivered: those of the profile,
// with the passwords that stand there. All terminals share it until they change it.
func (p *Profile) Delivered() operator.Table { return p.delivered }

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
			"number":    r.Match(&o.Number, numberOfTwo, "two digits: 01 to 98 operators, 00 supervisor, 99 administrator"),
			"password":  strict.Secret(r.Reader, &o.Password, firstPassword, fmt.Sprintf("%d to %d digits", operator.Shortest, operator.Longest)),
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
	var firsts []operator.First
	for _, o := range p.Operators {
		firsts = append(firsts, operator.First{Number: o.Number, Password: string(o.Password)})
	}
	p.delivered = operator.New(&p.Policy.Passwords, firsts, time.Now())
}

var numberOfTwo = regexp.MustCompile(`^\d\d$`)

// firstPassword is what the password of delivery may be. The policy's rules are for
// those that operators choose.
var firstPassword = regexp.MustCompile(fmt.Sprintf(`^\d{%d,%d}$`, operator.Shortest, operator.Longest))

// passwords reads the rules for passwords over their defaults.
func (r reader) passwords(p *operator.Policy) func(strict.Value) {
	return func(v strict.Value) {
		found := r.Map(v, strict.Table{
			"least":     strict.Int(r.Reader, &p.Least, operator.Shortest, operator.Longest),
			"most":      strict.Int(r.Reader, &p.Longest, operator.Shortest, operator.Longest),
			"complex":   r.Bool(&p.Complex),
			"unlike":    strict.Int(r.Reader, &p.Unlike, 0, operator.MostUnlike),
			"days":      strict.Int(r.Reader, &p.Days, 0, operator.MostDays),
			"pause":     strict.Int(r.Reader, &p.Pause, 0, operator.MostTries),
			"pause-for": r.Duration(&p.PauseFor, time.Second, 24*time.Hour),
			"lock":      strict.Int(r.Reader, &p.Lock, 0, operator.MostTries),
			"operators": strict.Int(r.Reader, &p.Operators, 0, operator.MostOperators),
			"tells":     r.Bool(&p.Tells),
			"cost":      strict.Int(r.Reader, &p.Cost, operator.LeastCost, operator.MostCost),
		})
		if found["most"] == 0 && p.Least > p.Longest {
			p.Longest = p.Least
		}
		if found["least"] == 0 && p.Longest < p.Least {
			p.Least = p.Longest
		}
		if r.OK() && p.Least > p.Longest {
			r.Fail(v, "least is %d, most is %d; a password cannot be both", p.Least, p.Longest)
		}
	}
}
