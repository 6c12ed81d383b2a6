package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
)

// What was found of the host is not hidden by what is not known of it.
func TestBrokenLimitIsNotHidden(t *testing.T) {
	broken, untested := report.LimitResult{Limit: "unanswered < 1%", Seen: "14%"},
		report.LimitResult{Limit: "p99 of sign-off < 1s", Untested: true, Why: "nothing to measure"}
	full := errors.New("no space left on device")
	for name, c := range map[string]struct {
		is        func(r *report.Report) // what else is so
		unwritten error
		alone     int // the exit code without a limit, and with one that nothing could be held to
	}{
		"nothing else":                 {func(r *report.Report) {}, nil, 0},
		"the generator was the limit":  {func(r *report.Report) { r.Validity.Level = report.Invalid }, nil, exitGenerator},
		"terminals did not sign in":    {func(r *report.Report) { r.SignIn.Failed = 2 }, nil, exitIncomplete},
		"nor after a settlement":       {func(r *report.Report) { r.Opening.Failed = 2 }, nil, exitIncomplete},
		"arrivals were stuck":          {func(r *report.Report) { r.Played -= 20; r.Stuck = map[string]int64{"owes": 20} }, nil, exitIncomplete},
		"arrivals were not played":     {func(r *report.Report) { r.Played -= 20; r.NotPlayed = 20 }, nil, exitIncomplete},
		"books could not be compared":  {func(r *report.Report) { r.Plan.Books = true }, nil, exitIncomplete},
		"the disk is full":             {func(r *report.Report) {}, full, exitIncomplete},
		"the generator was not judged": {func(r *report.Report) { r.Validity.Level = report.NotJudged }, nil, exitIncomplete},
		"it was ended early":           {func(r *report.Report) { r.Interrupted = true }, nil, exitIncomplete},
		"a scenario failed":            {func(r *report.Report) { r.Failed = 1 }, nil, exitFailed},
		"a scenario failed, disk full": {func(r *report.Report) { r.Failed = 1 }, full, exitFailed},
		"a reversal is owed":           {func(r *report.Report) { r.Money.Owed = 1 }, nil, exitBooks},
		"books disagree, not signed in": {func(r *report.Report) {
			r.Money.Checked, r.Money.Compared, r.SignIn.Failed = true, 1, 1
			r.Money.Detail = []string{"0.01 more"}
		}, nil, exitBooks},
	} {
		code := func(limits ...report.LimitResult) int {
			r := &report.Report{Planned: 100, Played: 100, Labels: []report.Label{{Name: "purchase", Counts: report.Counts{report.Approved: 100}}}}
			c.is(r)
			r.Judge(report.WithDefaults(nil))
			r.Limits = append(r.Limits, limits...)
			err := verdict(r, 0, c.unwritten)
			if errors.Is(err, errUnwritten) != (c.unwritten != nil) {
				t.Errorf("%s: %v", name, err)
			}
			if e, is := errors.AsType[*exit](err); is {
				if len(limits) > 0 && e.code == exitLimit && !strings.Contains(e.Error(), limits[len(limits)-1].Limit) {
					t.Errorf("%s: %v", name, e)
				}
				return e.code
			}
			return exitOK
		}
		want := c.alone
		if got := code(); got != want {
			t.Errorf("%s: exit code %d, want %d", name, got, want)
		}
		if want != exitBooks && want != exitFailed {
			want = exitLimit
		}
		if got := code(broken); got != want {
			t.Errorf("%s, a limit broken: exit code %d, want %d", name, got, want)
		}
		if want = c.alone; want == exitOK || name == "the generator was not judged" {
			want = exitLimit
		}
		if got := code(untested); got != want {
			t.Errorf("%s, a limit untested: exit code %d, want %d", name, got, want)
		}
		if got := code(untested, broken); got == exitIncomplete || got == exitGenerator {
			t.Errorf("%s, a limit broken after one that is untested: exit code %d", name, got)
		}
	}
}

// An arrival that its terminal could not send had no terminal.
func TestStuckArrivalsBreakThePromiseOfTerminals(t *testing.T) {
	r := &report.Report{Planned: 300, Played: 142, Stuck: map[string]int64{"it owes a reversal": 158}}
	r.Judge(report.WithDefaults(nil))
	for _, l := range r.Limits {
		if l.Limit == "a terminal for 99% of the arrivals" && (l.OK || l.Seen != "52.7% (158 of 300)") {
			t.Errorf("%+v, want it broken", l)
		}
	}
}

// Whoever is to play longer is told so by flags that the verb has.
func TestAdviceIsOfTheVerb(t *testing.T) {
	for _, c := range []struct {
		command string
		warmup  time.Duration
		want    string
	}{
		{"posfleet load --rate 5/s", time.Second, "give --for more, or --warmup less"},
		{"posfleet load --closed", 0, "give --for more"},
		{"posfleet load --stage=5/s:500ms", 0, "give a --stage more"},
		{"posfleet load --arrivals day.csv", 0, "give an --arrivals file that lasts longer"},
		{"posfleet replay shop.rec", 0, "give --speed less, or a longer recording"},
	} {
		r := &report.Report{Played: 1, Planned: 1, Labels: []report.Label{{Name: "purchase", Counts: report.Counts{report.Approved: 1}}}}
		r.Plan.Command, r.Plan.Warmup, r.Validity.Level = strings.Fields(c.command), c.warmup, report.NotJudged
		if err := verdict(r, 0, nil); err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.command, err, c.want)
		}
	}
}
