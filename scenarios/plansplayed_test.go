package scenarios

import (
	"strings"
	"testing"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/profile"
)

// A host that leaves a part of a plan away charges other fees, and a scenario sees it.
func TestHostThatLeavesAPartOfAPlanAwayIsCaught(t *testing.T) {
	fs, err := ReadFeatures(features.FS, "shop/fees.feature")
	if err != nil {
		t.Fatal(err)
	}
	plans := string(fee.BundledYAML())
	for name, change := range map[string]struct{ from, to string }{
		"floor":          {", floor: 1.00", ""},
		"promotion":      {"kinds: [foreign], rate: 2.2%", "kinds: [foreign], multiplier: 1"},
		"cap":            {", cap: 20.00", ""},
		"tier":           {"up-to: 5000.00, rate: 0.55%", "up-to: 5000.00, rate: 0.52%"},
		"edge of tier":   {"up-to: 1000.00, rate: 0.38%", "up-to: 999.99, rate: 0.38%"},
		"rounding":       {"half-even", "half-up"},
		"kind of card":   {"{kinds: [foreign], rate: 1.8%}", "{kinds: [foreign], rate: 0.6%}"},
		"fixed part":     {"fixed: 0.01", "fixed: 0.00"},
		"rule of refund": {"refund: pro-rata", "refund: remaining"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(plans, change.from, change.to, 1)
			wrong, err := fee.Parse("plans.yaml", []byte(text))
			if err != nil || text == plans {
				t.Fatal("the plans have no such part", err)
			}
			p, err := profile.Bundled("cup", 100)
			if err != nil {
				t.Fatal(err)
			}
			p.Plans = wrong
			d := serve(t, p)
			found, err := (&Check{Language: language(quick(p), d), Dialer: d, Features: fs, Terminals: 8, StopEarly: true}).Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for v := range found.All() {
				if v.Outcome == verdicts.Failed {
					t.Logf("caught by %s: %v", v.ID, v.Reason)
					return
				}
			}
			t.Error("no scenario fails")
		})
	}
}
