package scenarios

import (
	"context"
	"testing"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// A stripe that stands in for a chip is told by the condition of the chip, by an entry mode of
// its own or by both: a host knows it by either.
func TestFallbackIsToldAsTheNetworkHasIt(t *testing.T) {
	for text, mode := range map[string]string{
		"extends: cup\n": "021",
		"extends: cup\nentry: {fallback: [\"802\", \"801\"]}\n":                                   "801",
		"extends: cup\nentry: {fallback: [\"952\", \"951\"]}\nelements: {chip-condition: none}\n": "951",
		"extends: iso87\nentry: {fallback: [\"802\", \"801\"]}\n":                                 "801",
	} {
		d, err := dialect.Parse("bank.yaml", []byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		p, err := profile.BundledIn(d, 2)
		if err != nil {
			t.Fatal(err)
		}
		f, err := ParseFeature("fallback.feature", []byte("Feature: x\n  Scenario: fallback\n    Given a terminal that has signed in\n"+
			"    When the cardholder pays 1.00 yuan with a chip-first card by stripe\n    Then the host answers \"45\"\n"+
			"    When the cardholder pays 1.00 yuan with a chip-first card by fallback\n    Then the host approves\n"+
			"    And the request carries:\n      | field | value |\n      | 22    | "+mode+" |\n      | 55 | absent |\n"))
		if err != nil {
			t.Fatal(err)
		}
		found, err := (&Check{Language: language(p, nil), Dialer: serve(t, p), Features: []*Feature{f}, Terminals: 1}).Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for v := range found.All() {
			if v.Outcome != verdicts.Passed {
				t.Errorf("%q: %s: %s: %v", text, v.Outcome, v.Step, v.Reason)
			}
		}
	}
}
