package scenarios

import (
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// A host that answers 51 to a card whose money the check itself has spent is not blamed:
// the profile is named. One that says so of a card that should have money is.
func TestSpentCardIsTheProfilesDoing(t *testing.T) {
	if testing.Short() {
		t.Skip("plays one scenario at a time, for long under the race detector; others have the same goroutines")
	}
	const few, plenty = 1_000_00, 100_000_000_00
	for _, c := range []struct {
		name            string
		has, told       int64 // fen, by the host and in the profile of the check
		failed, untests bool
	}{
		{"spent", few, few, false, true},
		{"dry at a wrong host", few, plenty, true, false},
	} {
		one := []string{"    count: 1000\n    expiry", "    expiry"}
		p, q := changed(t, one), changed(t, one)
		p.Card("good").Balance, q.Card("good").Balance = c.has, c.told
		d := serve(t, p)
		found, err := (&Check{Language: language(q, d), Dialer: d, Features: embeddedFor(t, "cup"), Terminals: 4}).Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var untested int
		for v := range found.All() {
			if v.Outcome == verdicts.Untested && strings.Contains(v.Cause, "51: the good card may be spent, the profile gives it 1000.00") && strings.Contains(v.Cause, "cards (balance)") {
				untested++
			}
		}
		if failed := found.Count(verdicts.Failed); failed > 0 != c.failed || untested > 0 != c.untests {
			t.Errorf("%s: %d failed, %d untested: %v", c.name, failed, untested, found.Causes())
		}
	}
}

// A card that is there to be declined for want of funds excuses nothing.
func TestPoorCardExcusesNoHost(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	p, address := mutantHost(t, "cup", 4)
	m := newMiddle(t, p, address)
	m.mutant = &mutant{of: kindOfAnswer{dialect.Purchase, true}, where: "38", change: "present", edit: func(a *wire.Message) { a.SetFieldString(38, "123456") }}
	found, err := (&Check{Language: language(p, nil), Dialer: m.dialer(), Features: embeddedFor(t, "cup"), Terminals: 4}).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var outcome verdicts.Outcome
	for v := range found.All() {
		if v.ID == "core-purchase-21" {
			outcome = v.Outcome
		}
	}
	if outcome != verdicts.Failed {
		t.Errorf("declines with an authorisation code: %v, want failed", outcome)
	}
}
