package scenarios

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// passwordRules are changes of the bundled profile: what stands there, and what instead.
var passwordRules = map[string][]string{
	"four digits":      {"least: 6", "least: 4", "most: 8", "most: 4"},
	"four to eight":    {"least: 6", "least: 4"},
	"any digits":       {"complex: true", "complex: false"},
	"any of before":    {"unlike: 4", "unlike: 0"},
	"for ever":         {"days: 90", "days: 0"},
	"no pause":         {"pause: 3", "pause: 0"},
	"no lock":          {"lock: 5", "lock: 0"},
	"three tries":      {"pause: 3", "pause: 0", "lock: 5", "lock: 3"},
	"many operators":   {"operators: 10", "operators: 0"},
	"not told apart":   {"tells: true", "tells: false"},
	"dear":             {"cost: 4", "cost: 6"},
	"no daily sign-in": {"daily-sign-in: true", "daily-sign-in: false"},
	"no supervisor":    {"supervisor: true", "supervisor: false", "    sign-in: true  ", "    sign-in: false  ", `  - {number: "00", password: "123456"}    # supervisor` + "\n", ""},
	"one operator":     {`  - {number: "02", password: "0000", signature: 3}` + "\n", ""},
}

// wantOperators checks what a shop's operators do and what the bank does for them: a right host fails nothing, whatever the network lacks
// and the rules are.
func wantOperators(t *testing.T, p *profile.Profile, d *line.Dialer, parallel int) (passed int) {
	t.Helper()
	fs, err := ReadFeatures(features.FS, "shop")
	if err != nil {
		t.Fatal(err)
	}
	fs = slices.DeleteFunc(fs, func(f *Feature) bool {
		name, _, _ := strings.Cut(strings.TrimPrefix(f.Path, "shop/"), ".")
		return !slices.Contains([]string{"operator", "reset", "loss", "signin"}, name)
	})
	c := &Check{Language: language(quick(p), d), Dialer: d, Features: fs, Terminals: 8, Parallel: parallel}
	found, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for v := range found.All() {
		switch v.Outcome {
		case verdicts.Passed:
			passed++
		case verdicts.Skipped:
		default:
			t.Errorf("%s %s: %v", v.ID, v.Outcome, v.Reason)
		}
	}
	return passed
}

func TestRightHostServesOperatorsOnEveryNetwork(t *testing.T) {
	networks := dialect.Names()
	if testing.Short() {
		networks = networks[:1] // hashes of passwords take long under the race detector
	}
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			p, d := bundledHost(t, network)
			if n := wantOperators(t, p, d, 4); n < 40 {
				t.Errorf("%d scenarios passed", n)
			}
		})
	}
}

func TestRightHostServesOperatorsUnderEachRuleForPasswords(t *testing.T) {
	if testing.Short() {
		t.Skip("hashes of passwords take minutes under the race detector, and have no race to find")
	}
	for name, edit := range passwordRules {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := changed(t, edit)
			d := serve(t, p)
			if n := wantOperators(t, p, d, 1); n < 40 {
				t.Errorf("%d scenarios passed", n)
			}
		})
	}
}
