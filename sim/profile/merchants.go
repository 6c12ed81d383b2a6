package profile

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

// Merchant is a merchant, and what taking payments costs it.
type Merchant struct {
	MID   string
	Name  string
	Plan  *fee.Plan // of the profile's fee plans, or one rate; never nil
	Class fee.Class // what discount its issuer and network fees have
}

// feePlans reads fee plans: a list, or the name of a file that has one.
func (r reader) feePlans(v strict.Value, dir folder) []*fee.Plan {
	switch {
	case !v.Given():
		return nil
	case v.IsList():
		return fee.ReadPlans(r.Reader, v)
	}
	path, ok := r.Scalar(v)
	if !ok {
		return nil
	}
	data, err := dir.read(path, false, maxFile)
	if err == nil {
		var plans []*fee.Plan
		if plans, err = fee.Parse(path, data); err == nil {
			return plans
		}
	}
	r.Fail(v, "%w", err)
	return nil
}

// merchants reads merchants, each with one of the fee plans or a fee of its own.
func (r reader) merchants(p *Profile, v strict.Value, plans []*fee.Plan) {
	r.List(v, func(v strict.Value) {
		var m Merchant
		found := r.Map(v, strict.Table{
			"mid":      r.number(&m.MID, p.Dialect, wire.MerchantID),
			"name":     r.Text(&m.Name),
			"fee":      func(v strict.Value) { m.Plan = r.flatFee(v) },
			"fee-plan": func(v strict.Value) { m.Plan = r.namedPlan(v, plans) },
			"class":    fee.ReadClass(r.Reader, &m.Class),
		})
		r.Need(v, found, "mid")
		if found["fee"] > 0 && found["fee-plan"] > 0 {
			r.Fail(v, "has fee and fee-plan; keep one")
		}
		if m.Plan == nil {
			m.Plan = fee.Flat("none", 0, 0)
		}
		if utf8.RuneCountInString(m.Name) > 40 {
			r.Fail(v, "name of %d characters, want at most 40", utf8.RuneCountInString(m.Name))
		}
		if m.MID != "" && slices.ContainsFunc(p.Merchants, func(x Merchant) bool { return x.MID == m.MID }) {
			r.Fail(v, "merchant %s stands twice; leave one away", m.MID)
		}
		p.Merchants = append(p.Merchants, m)
	})
	if len(p.Merchants) == 0 {
		r.Fail(v, "is empty; add a merchant")
	}
}

// flatFee reads a fee that is the same for all sales: a plan of one rate.
func (r reader) flatFee(v strict.Value) *fee.Plan {
	var basisPoints, cap int64
	r.Need(v, r.Map(v, strict.Table{"basis-points": strict.Int(r.Reader, &basisPoints, 0, 10_000), "cap": r.Yuan(&cap, maxAmount)}), "basis-points")
	return fee.Flat("fee", fee.Rate(basisPoints)*fee.Whole/10_000, cap)
}

// namedPlan reads the name of one of the fee plans.
func (r reader) namedPlan(v strict.Value, plans []*fee.Plan) *fee.Plan {
	name, ok := r.Scalar(v)
	if !ok {
		return nil
	}
	var names []string
	for _, p := range plans {
		if p.Name == name {
			return p
		}
		names = append(names, p.Name)
	}
	if len(plans) == 0 {
		r.Fail(v, "%s, and there are no fee-plans; add them, or their file, at the top", strict.Quote(name))
		return nil
	}
	r.Fail(v, "%s is no fee plan, want one of %s", strict.Quote(name), strings.Join(names, ", "))
	return nil
}
