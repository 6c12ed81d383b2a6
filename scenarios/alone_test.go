package scenarios

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/line"
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

// A scenario in which the host was asked nothing says nothing of the host, and the
// summary says so.
func TestWhatIsAboutTheTerminalAloneIsTold(t *testing.T) {
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
