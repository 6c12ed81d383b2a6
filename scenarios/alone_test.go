package scenarios

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

const eachLine = "a line for each exchange"

// Ways to play the same check: what is found must not depend on them.
var ways = []struct {
	name string
	set  func(*Check)
}{
	{"8 terminals", func(c *Check) { c.Terminals = 8 }},
	{"1 terminal", func(c *Check) { c.Terminals = 1 }},
	{"200 terminals", func(c *Check) { c.Terminals = 200 }},
	{"shuffled", func(c *Check) { c.Terminals, c.Seed = 8, 20261126 }},
	{"shuffled on 1 terminal", func(c *Check) { c.Terminals, c.Seed = 1, 3 }},
	{"8 at once", func(c *Check) { c.Terminals, c.Parallel = 8, 8 }},
	{"20 at once on 40, shuffled", func(c *Check) { c.Terminals, c.Parallel, c.Seed = 40, 20, 7 }},
	{eachLine, func(c *Check) { c.Terminals, c.Lines = 8, line.Mode{Each: true} }},
}

// Scenarios stand alone, against a right host and against wrong ones.
func TestVerdictsDependOnTheHostAlone(t *testing.T) {
	hosts, ways := []string{"forget-reversal", "lying-totals", ""}, ways
	if testing.Short() {
		hosts, ways = hosts[:1], ways[5:7] // under the race detector those that play many at once will do
	}
	for _, misbehaviour := range hosts {
		t.Run("host "+misbehaviour, func(t *testing.T) {
			t.Parallel()
			var want map[string]*verdicts.Verdict
			for _, way := range ways {
				if misbehaviour == "duplicate" && way.name == eachLine {
					continue // the second answer comes when the terminal has hung up
				}
				got := verdictsOf(t, misbehaviour, way.set)
				if want == nil {
					want = got
				}
				for at, v := range got {
					if w := want[at]; v.Outcome != w.Outcome {
						t.Errorf("%s: %s is %s (%v), with %s %s (%v)\n%s%s", way.name, at, v.Outcome, v.Reason, ways[0].name, w.Outcome, w.Reason, v.Exchange, w.Exchange)
					}
				}
			}
		})
	}
}

// verdictsOf plays all features of cup against a new host.
func verdictsOf(t *testing.T, misbehaviour string, set func(*Check)) map[string]*verdicts.Verdict {
	t.Helper()
	var options []host.Option
	if misbehaviour != "" {
		options = append(options, host.WithMisbehaviour(misbehaviour))
	}
	p, d := bundledHost(t, "cup", options...)
	c := &Check{Language: language(p, d), Dialer: d, Features: embeddedFor(t, "cup")}
	set(c)
	found, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]*verdicts.Verdict{}
	for v := range found.All() {
		of[fmt.Sprintf("%s:%d", v.File, v.Line)] = v
	}
	return of
}

// What a scenario leaves in the host's batch, a payment that the terminal was made to forget
// or does not know of, fails no later one on the terminal: neither where the host finds each
// batch balanced, with totals of its own, nor where its totals cannot be read once they are
// others than the terminal's, as those that have outgrown their digits, nor where it takes no
// upload of the refunds of a batch that does not balance.
func TestWhatAScenarioLeavesInTheBatchFailsNoOther(t *testing.T) {
	if testing.Short() {
		t.Skip("other tests have the same goroutines")
	}
	const most = 60
	played, err := ReadFeatures(features.FS, "cup/preauth.zh.feature", "cup/settlement.feature", "cup/refund.feature", "cup/void.feature")
	if err != nil {
		t.Fatal(err)
	}
	for host, edit := range map[string]func(a *wire.Message){
		"balanced": func(a *wire.Message) { a.Get(wire.Totals)[dialect.TotalsHalf-1] = '1' },
		"unreadable": func(a *wire.Message) {
			if v := a.Get(wire.Totals); v[dialect.TotalsHalf-1] != '1' {
				a.Set(wire.Totals, append(slices.Clone(v), '0'))
			}
		},
		"refunds": func(a *wire.Message) {
			if v := a.Get(wire.Totals); string(v[15:30]) != strings.Repeat("0", 15) {
				v[dialect.TotalsHalf-1] = '2'
			}
		},
	} {
		want := map[string]*verdicts.Verdict{}
		for _, terminals := range []int{most, 1} {
			p, address := mutantHost(t, "cup", most)
			m := newMiddle(t, p, address)
			m.mutant = &mutant{of: kindOfAnswer{to: dialect.Settlement}, where: "48", edit: edit}
			if host == "refunds" {
				m.around = noAdvice
			}
			c := &Check{Language: language(p, nil), Dialer: m.dialer(), Features: played, Terminals: terminals}
			found, err := c.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if m.changed == 0 {
				t.Errorf("%s: no settlement was answered so", host)
			}
			for v := range found.All() {
				if why := fmt.Sprint(v.Reason); v.Outcome == verdicts.Failed && strings.Contains(why, "says balanced, but its totals") && strings.Contains(why, "0.01 in 1") && !strings.Contains(why, "left out a payment of 0.01 yuan on purpose") {
					t.Errorf("%s: %s does not say that the terminal left a payment out: %v", host, v.ID, v.Reason)
				}
				at := fmt.Sprintf("%s:%d", v.File, v.Line)
				if w := want[at]; w != nil && v.Outcome != w.Outcome {
					t.Errorf("%s: %s on %d terminals is %s (%v), on %d %s (%v)", host, v.ID, terminals, v.Outcome, v.Reason, most, w.Outcome, w.Reason)
				}
				want[at] = v
			}
		}
	}
}

// A scenario in which the host was asked nothing says nothing of the host, and the
// summary says so.
func TestWhatIsAboutTheTerminalAloneIsTold(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	p, d := bundledHost(t, "cup")
	c := &Check{Language: language(p, d), Dialer: d, Features: embeddedFor(t, "cup")}
	found, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for v := range found.All() {
		switch v.ID {
		case "cup-operator-1":
			if !v.Alone {
				t.Errorf("%s asks nothing of the host, and is not told so", v.ID)
			}
		case "core-purchase-1", "core-echo-1", "core-signin-1":
			if v.Alone {
				t.Errorf("%s asks the host, and is told not to", v.ID)
			}
		}
	}
	var b strings.Builder
	found.WriteSummary(&b)
	if !strings.Contains(b.String(), "of those that passed asked nothing of the host") {
		t.Errorf("the summary is\n%s", &b)
	}
}
