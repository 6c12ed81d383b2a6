package scenarios

import (
	"context"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/wire"
)

// A host that acknowledges a reversal and keeps the money, or takes it again for the repeat,
// fails each scenario that is about a reversal which is sent under other circumstances:
// under other keys, with another reason, again, before a sign-off.
func TestReversalsAreSeenInTheBalance(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	for _, c := range []struct {
		dialect, wrong string
		ids            []string
	}{
		{"cup", "forget-reversal", []string{"core-reversal-8", "core-reversal-18", "core-reversal-19", "core-reversal-21", "core-reversal-22", "core-signin-18", "cup-reversal-1", "cup-reversal-2", "cup-reversal-4",
			"cup-chip-12", "cup-chip-31", "cup-authentication-17", "cup-purchase-8"}},
		{"cup", "second-reversal-undoes-first", []string{"core-reversal-18"}},
		{"iso87", "forget-reversal", []string{"iso87-repeat-1", "iso87-keys-2"}},
		{"iso87", "second-reversal-undoes-first", []string{"iso87-repeat-1"}},
	} {
		for _, wrong := range []string{c.wrong, ""} {
			p, d := bundledHost(t, c.dialect, misbehaving(wrong)...)
			check := &Check{Language: language(quick(p), d), Dialer: d, Features: someIn(t, c.dialect, c.ids...), Terminals: 2}
			found, err := check.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for v := range found.All() {
				if wrong == "" && v.Outcome != verdicts.Passed || wrong != "" && (v.Outcome != verdicts.Failed || !strings.Contains(v.Why(), "the balance moved by")) {
					t.Errorf("%s, host %q: @%s %v: %s", c.dialect, wrong, v.ID, v.Outcome, v.Why())
				}
			}
		}
	}
}

// A reversal that the host ends by a code which the profile does not take for its end is why
// later sentences do not hold: that comes first, with the key of the profile.
func TestReversalThatTheProfileDoesNotEndIsTheCause(t *testing.T) {
	p, address := mutantHost(t, "cup", 4)
	p.Policy.ReversalAccepts = nil
	m := newMiddle(t, p, address)
	m.mutant = &mutant{of: kindOfAnswer{to: dialect.Reversal}, where: "39", edit: func(a *wire.Message) { a.SetString(wire.ResponseCode, "25") }}
	check := &Check{Language: language(p, nil), Dialer: m.dialer(), Features: someIn(t, "cup", "core-integrity-4", "core-reversal-5"), Terminals: 4}
	found, err := check.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for v := range found.All() {
		if why := v.Why(); v.Outcome != verdicts.Failed || strings.HasPrefix(why, "two balances") || !strings.Contains(why, `add "25" to reversal-accepts`) {
			t.Errorf("@%s %v: %s", v.ID, v.Outcome, why)
		}
	}
	if !strings.Contains(found.UnsettledWhy, "reversal-accepts") {
		t.Errorf("reversals are left, it says: %s", found.UnsettledWhy)
	}
}

// misbehaving is how a host is made to be wrong so; in no way where that is empty.
func misbehaving(how string) []host.Option {
	if how == "" {
		return nil
	}
	return []host.Option{host.WithMisbehaviour(how)}
}
