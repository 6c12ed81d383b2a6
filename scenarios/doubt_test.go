package scenarios

import (
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// 94 to the second try of an advice may come from a host that has booked the first, or from anybody,
// for no decline is sealed: nothing is booked on it. Where totals then differ by that and by
// nothing else, that they balance is untested.
func TestNothingIsBookedOnADecline(t *testing.T) {
	p, address := mutantHost(t, "cup", 8)
	m := newMiddle(t, p, address)
	m.mutant = &mutant{of: kindOfAnswer{to: dialect.OfflineSettle}, where: "39", edit: func(a *wire.Message) {
		a.SetFieldString(39, "94")
		a.UnsetField(64)
	}}
	balance := "    When the cardholder asks for the balance of a good card\n"
	told := func(fault string) string {
		return "    Given the terminal starts an empty batch\n    When the operator settles 83.00 yuan offline with a good card under authorisation code \"123457\"\n" +
			"    And the line loses the next " + fault + "\n" + balance + balance + "    Then the terminal has 0 offline payments to upload\n" +
			"    And the batch holds payments of 0.00 yuan in 0 and credits of 0.00 yuan in 0\n    When the terminal settles\n    Then the totals balance\n"
	}
	for _, fault := range []string{"answer", "request"} {
		source := told(fault)
		f, err := ParseFeature("doubt.feature", []byte("Feature: doubt\n  Scenario: an advice\n"+source))
		if err != nil {
			t.Fatal(err)
		}
		v := play(t, p, m.dialer(), f.Scenarios[0])
		if v.Outcome != verdicts.Untested || !strings.Contains(v.Why(), "in doubt of") {
			t.Errorf("the %s is lost: %s: %s\n%s", fault, v.Outcome, v.Why(), source)
		}
	}
}
