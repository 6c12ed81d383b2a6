package scenarios

import (
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// One connection at a time is what a host is asked about that leaves several terminals
// waiting while another is served, and nothing that has other reasons.
func TestOneConnectionAtATimeIsLikely(t *testing.T) {
	for _, c := range []struct {
		exchanges string // a terminal each, by its letter: a capital one is answered
		parallel  int
		mode      line.Mode
		want      string
	}{
		{"ABCABC", 1, line.Mode{}, ""},
		{"AbcA", 1, line.Mode{}, "answered terminal A before and after 2 others"},
		{"AbcABdeB", 1, line.Mode{}, "answered terminal A before and after 2 others"},
		{"AbcABC", 1, line.Mode{}, "answered terminal A before and after 2 others"},
		{"AbcABC", 2, line.Mode{}, ""},
		{"AbcABC", 1, line.Mode{Each: true}, ""},
		{"Abc", 1, line.Mode{}, "answered 1 terminal and never the other 2"},
		{"AbABb", 1, line.Mode{}, ""},    // it is one terminal's matter
		{"AaBbCcAa", 1, line.Mode{}, ""}, // or one request's
		{"abc", 1, line.Mode{}, ""},      // or it answers nobody
		{"AbcBCA", 1, line.Mode{}, ""},   // or it was away
	} {
		check := &Check{Parallel: c.parallel, Lines: c.mode}
		for _, tid := range c.exchanges {
			of := &sim.Terminal{Terminal: &profile.Terminal{TID: strings.ToUpper(string(tid))}}
			check.heard.hears(of, &sim.Result{Outcome: map[bool]report.Outcome{true: report.Approved, false: report.TimedOut}[tid < 'a']})
		}
		if got := check.Hint(); got == "" != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.exchanges, got, c.want)
		}
	}
}
