package sim

import (
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// A host that was told that a chip is not authentic may decline for that: who reads why sees it.
func TestDeclineTellsThatTheChipWasNotAuthentic(t *testing.T) {
	p, err := profile.Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	r := Result{Of: dialect.Purchase, Outcome: report.Declined, Code: dialect.CodeOf("05"), ended: true, dialect: p.Dialect}
	const told = "the chip is not authentic: its CA key has expired"
	if got := r.Reason().Error(); strings.Contains(got, "authentic") {
		t.Errorf("of a chip that is authentic: %s", got)
	}
	r.Inauthentic = chip.CAKeyExpired
	if got := r.Reason().Error(); !strings.Contains(got, told) {
		t.Errorf("%s, want %q in it", got, told)
	}
}
