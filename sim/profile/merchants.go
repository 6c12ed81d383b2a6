package profile

import (
	"slices"
	"unicode/utf8"

	"github.com/posfleet/posfleet/sim/strict"
)

// Merchant is a merchant and its fee plan.
type Merchant struct {
	MID  string
	Name string
	Fee  Fee
}

// Fee is what the acquirer keeps of each payment.
type Fee struct {
	BasisPoints int64 // hundredths of a percent of the amount
	Cap         int64 // at most this many fen; 0 for no cap
}

// Of is the fee for an amount in fen, rounded half up.
func (f Fee) Of(amount int64) int64 {
	fee := (amount*f.BasisPoints + 5000) / 10000
	if f.Cap > 0 && fee > f.Cap {
		return f.Cap
	}
	return fee
}

// merchants reads merchants and their fee plans.
func (r reader) merchants(p *Profile, v strict.Value) {
	r.List(v, func(v strict.Value) {
		var m Merchant
		found := r.Map(v, strict.Table{
			"mid":  r.Match(&m.MID, midShape, midWords),
			"name": r.Text(&m.Name),
			"fee": func(v strict.Value) {
				r.Map(v, strict.Table{"basis-points": strict.Int(r.Reader, &m.Fee.BasisPoints, 0, 10_000), "cap": r.Yuan(&m.Fee.Cap, maxAmount)})
			},
		})
		r.Need(v, found, "mid")
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
