package rules

import (
	"slices"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// Unjudged are rules that an answer may break unseen, and what it would take to hold it
// to them.
type Unjudged struct {
	Rules []*Rule
	Lacks string
}

// alone are the rules that an exchange by itself cannot be held to: they look at the
// run's other answers, or at what comes around this one.
var alone = []*Rule{Once, Alone, NoEmpty, NoRest, named("ANS-12-CLOCK"), named("ANS-32-SAME"), named("ANS-37-UNIQUE"), named("ANS-44-SAME")}

// Unjudged gives the rules that say nothing of an exchange for want of a key, of the
// card, or because it is alone: that none of them is broken does not mean that they
// are kept.
func (x *Exchange) Unjudged() (all []Unjudged) {
	add := func(lacks string, rules ...*Rule) {
		rules = slices.DeleteFunc(slices.Clone(rules), func(r *Rule) bool {
			return r.Of&KindOf(x.Form.Transaction) == 0 || slices.Contains(x.Dialect.Without, r.ID)
		})
		if len(rules) > 0 {
			all = append(all, Unjudged{rules, lacks})
		}
	}
	_, mac := x.Answer.MACSpan()
	ignored := !x.Approves() && x.MACOnDecline == dialect.MACIgnored
	if len(mac) > 0 && x.MACUnknown && x.issued() == nil && !ignored {
		add("the key of its MAC is not known", named("ANS-64-RIGHT"))
	}
	if x.Approves() && x.Answer.Has(wire.WorkingKeys) && (x.SignIn == nil || x.SignIn.Master == nil) {
		add("the master key of its terminal is not known", named("ANS-62-KCV"))
	}
	if x.PAN == "" && x.Answer.Has(wire.PAN) && KindOf(x.Form.Transaction)&Financial != 0 {
		add("the request does not say in clear which card pays", named("ANS-02-CARD"))
	}
	add("they look at the other answers of a run, or at what comes around one", alone...)
	return all
}
