package scenarios

import (
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
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
		{"ABcda", 1, line.Mode{}, "answered 2 terminals and never the other 2"},
		{"ABcdba", 1, line.Mode{}, "answered up to scenario 3 of 9 (@it), then nothing"}, // nor is B, which it served last
		{"ABcdba", 4, line.Mode{}, "answered up to scenario 3 of 9 (@it), then nothing"},
		{"ABcdbaC", 1, line.Mode{}, ""},
	} {
		check := &Check{Parallel: c.parallel, Lines: c.mode, Terminals: 8, plans: make([]*plan, 9), answered: 3, latest: &verdicts.Verdict{Selector: "@it"}}
		for _, tid := range c.exchanges {
			of := &sim.Terminal{Terminal: &profile.Terminal{TID: strings.ToUpper(string(tid))}}
			check.heard.hears(of, &sim.Result{Outcome: map[bool]report.Outcome{true: report.Approved, false: report.TimedOut}[tid < 'a']})
		}
		if got := check.Hint(); got == "" != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.exchanges, got, c.want)
		}
	}
}

// Where answers came on lines of others, it is not that terminals are not answered.
func TestHintHeedsAnswersAstray(t *testing.T) {
	for _, id := range []string{"ANS-ALONE", "ANS-PAIR"} {
		for _, exchanges := range []string{"Abc", "AbcA", "ABcdba"} {
			check := &Check{Terminals: 4, latest: &verdicts.Verdict{}, results: &verdicts.Results{}}
			for _, tid := range exchanges {
				of := &sim.Terminal{Terminal: &profile.Terminal{TID: strings.ToUpper(string(tid))}}
				check.heard.hears(of, &sim.Result{Outcome: map[bool]report.Outcome{true: report.Approved, false: report.TimedOut}[tid < 'a']})
			}
			without := check.Hint()
			check.results.Rules = []report.RuleCount{{ID: id}}
			if with := check.Hint(); without == "" || with != "" {
				t.Errorf("%s, %s: %q, want none (%q without)", exchanges, id, with, without)
			}
		}
	}
}

// Answers that come too late are no silence, and lines that are hung up on no refusal.
func TestHintTellsLateAnswersAndClosedLines(t *testing.T) {
	late := &sim.Stray{Why: line.GivenUpBefore}
	for _, c := range []struct {
		name      string
		exchanges []sim.Result // of terminals A, B, C, A, …
		mode      line.Mode
		want      string
	}{
		{"late", []sim.Result{{}, {}, {}, {Outcome: report.TimedOut}, {Outcome: report.TimedOut}, {Outcome: report.TimedOut, Stray: late}}, line.Mode{}, "its answers come when the terminals have given up"},
		{"late, then in time, then silent", []sim.Result{{Outcome: report.TimedOut, Stray: late}, {}, {}, {Outcome: report.TimedOut}, {Outcome: report.TimedOut}, {Outcome: report.TimedOut}}, line.Mode{}, "then nothing to any terminal"},
		{"closed", []sim.Result{{}, {Outcome: report.Broken}, {}, {Outcome: report.Broken}}, line.Mode{}, "hung up on 2 requests"},
		{"closed, on a new line each", []sim.Result{{}, {Outcome: report.Broken}, {}, {Outcome: report.Broken}}, line.Mode{Each: true}, ""},
		{"hung up on one kind always", []sim.Result{{}, {Of: dialect.Refund, Outcome: report.Broken}, {}, {Of: dialect.Refund, Outcome: report.Broken}}, line.Mode{}, ""},
	} {
		check := &Check{Terminals: 3, Parallel: 2, Lines: c.mode, plans: make([]*plan, 9), answered: 3, latest: &verdicts.Verdict{Selector: "@it"}}
		for i := range c.exchanges {
			check.heard.hears(&sim.Terminal{Terminal: &profile.Terminal{TID: string(rune('A' + i%3))}}, &c.exchanges[i])
		}
		if got := check.Hint(); got == "" != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// A host that keeps working keys with the connection wants a sign-in on each new one.
func TestHintTellsKeysOfAConnection(t *testing.T) {
	p, err := profile.Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	approved, wants := sim.Result{Of: dialect.SignIn, Outcome: report.Approved}, sim.Result{Of: dialect.Purchase, Outcome: report.Declined, Code: dialect.CodeOf([]byte("77"))}
	for name, c := range map[string]struct {
		exchanges []sim.Result
		mode      line.Mode
		want      bool
	}{
		"each":                      {[]sim.Result{approved, wants, approved, wants}, line.Mode{Each: true}, true},
		"one alone":                 {[]sim.Result{approved, wants, approved}, line.Mode{Each: true}, false},
		"own":                       {[]sim.Result{approved, wants, approved, wants}, line.Mode{}, false},
		"other payments are judged": {[]sim.Result{approved, wants, approved, wants, {Of: dialect.Purchase, Outcome: report.Approved}}, line.Mode{Each: true}, false},
	} {
		check := &Check{Terminals: 1, Lines: c.mode, plans: make([]*plan, 9)}
		for i := range c.exchanges {
			check.heard.hears(&sim.Terminal{Terminal: &p.Terminals[0], Profile: p, SignedIn: true}, &c.exchanges[i])
		}
		if got := check.Hint(); strings.Contains(got, "--line own") != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// The hint names each flag that has a check take more connections, and none that is as it says.
func TestHintNamesFlagsThatHelp(t *testing.T) {
	for _, c := range []struct {
		terminals, parallel, most int
		want                      string
	}{
		{8, 1, 1, "--terminals 1 or --line each"},
		{4, 4, 1, "--terminals 1 --parallel 1 or --line each"},
		{8, 4, 3, "--terminals 3 --parallel 3 or --line each"},
		{8, 2, 3, "--terminals 3 or --line each"},
		{1, 4, 1, "--parallel 1 or --line each"},
		{1, 1, 1, "--line each"},
	} {
		check := &Check{Terminals: c.terminals, Parallel: c.parallel}
		if got := check.fewer(c.most); got != c.want {
			t.Errorf("%d terminals, %d at once: %q, want %q", c.terminals, c.parallel, got, c.want)
		}
	}
}
