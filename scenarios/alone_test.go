package scenarios

import (
	"context"
	"fmt"
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

// A host that finds each batch balanced, with totals of its own, is shown to be wrong by a
// payment that the terminal is made to forget: no later scenario on it fails for that.
func TestWhatATerminalWasMadeToForgetFailsNoOtherScenario(t *testing.T) {
	if testing.Short() {
		t.Skip("other tests have the same goroutines")
	}
	const most = 40
	played, err := ReadFeatures(features.FS, "cup/settlement.feature", "cup/refund.feature", "cup/void.feature") // which leave nothing in doubt
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]verdicts.Outcome{}
	for _, terminals := range []int{most, 1} {
		p, address := mutantHost(t, "cup", most)
		m := newMiddle(t, p, address)
		m.mutant = &mutant{of: kindOfAnswer{to: dialect.Settlement}, where: "48", edit: func(a *wire.Message) { a.Get(wire.Totals)[dialect.TotalsHalf-1] = '1' }}
		c := &Check{Language: language(p, nil), Dialer: m.dialer(), Features: played, Terminals: terminals}
		found, err := c.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if m.changed == 0 {
			t.Error("no settlement was answered so")
		}
		for v := range found.All() {
			if v.Outcome == verdicts.Failed && strings.Contains(fmt.Sprint(v.Reason), "says balanced, but its totals") && strings.Contains(fmt.Sprint(v.Reason), "0.01 in 1") && !strings.Contains(fmt.Sprint(v.Reason), "left out a payment of 0.01 yuan on purpose") {
				t.Errorf("%s does not say that the terminal left a payment out: %v", v.ID, v.Reason)
			}
			at := fmt.Sprintf("%s:%d", v.File, v.Line)
			if w, known := want[at]; known && v.Outcome != w {
				t.Errorf("%s on %d terminals is %s (%v), on %d %s", v.ID, terminals, v.Outcome, v.Reason, most, w)
			}
			want[at] = v.Outcome
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
