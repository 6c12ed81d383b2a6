package report

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBrokenRulesAreCountedBeside(t *testing.T) {
	r, beside := NewRecorder([]string{"a"}, time.Second, 0), NewRecorder([]string{"a"}, time.Second, 0)
	s, o := r.Shard(), beside.Shard()
	s.Broken(1<<3 | 1<<63)
	s.Broken(1 << 3)
	o.Broken(1<<3 | 1)
	for n, shard := range []*Shard{s, o} {
		shard.Late(1 + n)
		shard.Duplicate(10 * (1 + n))
		shard.Unmatched(100 * (1 + n))
	}
	o.Stray("0210, late", func() string { return "fields" })
	o.Stray("0210, late", func() string { return "" })
	r.Tick(time.Second)
	if got := r.Broken(); got[3] != 2 || got[63] != 1 || got[0] != 0 {
		t.Errorf("broken: %v", got)
	}
	r.Beside(beside)
	r.Tick(2 * time.Second)
	rep := r.Report()
	if got := r.Broken(); got[3] != 3 || got[63] != 1 || got[0] != 1 {
		t.Errorf("broken, those beside too: %v", got)
	}
	if rep.Late != 3 || rep.Duplicate != 30 || rep.Unmatched != 300 || len(rep.Strays) != 1 || rep.Strays[0].N != 2 {
		t.Errorf("late %d, duplicate %d, unmatched %d, strays %+v", rep.Late, rep.Duplicate, rep.Unmatched, rep.Strays)
	}
	if got := addRules([]RuleCount{{"A", "must", 1}}, []RuleCount{{"B", "should", 2}, {"A", "must", 4}}); !slices.Equal(got, []RuleCount{{"A", "must", 5}, {"B", "should", 2}}) {
		t.Errorf("%+v", got)
	}
}

func TestRunThatHasNotTickedIsEmpty(t *testing.T) {
	r := NewRecorder([]string{"a"}, time.Second, 0)
	r.Planned(0, 3)
	if p := r.Progress(); p.Planned != 3 || p.Last.Planned != 0 {
		t.Errorf("%+v", p)
	}
	if rep := r.Report(); rep.Planned != 3 || len(rep.Seconds) != 0 {
		t.Errorf("%+v", rep)
	}
	if rep := r.SoFar(); rep.Planned != 0 || len(rep.Seconds) != 0 {
		t.Errorf("%+v", rep)
	}
}

// Of a run under way only what fell due is planned; at its end all that was announced.
func TestArrivalsAreOfWhatFellDue(t *testing.T) {
	r := NewRecorder([]string{"a"}, time.Second, time.Second)
	s := r.Shard()
	r.Planned(500*ms, 4)
	r.Planned(1500*ms, 3)
	r.Planned(2500*ms, 4)
	r.Held(1500*ms, 20*ms)
	r.Held(1600*ms, 10*ms)
	for range 2 {
		s.Played(500 * ms)
	}
	r.Tick(time.Second)
	for range 3 {
		s.Played(1500 * ms)
	}
	r.NotPlayed(1)
	r.Tick(2 * time.Second)
	if rep := r.SoFar(); rep.Planned != 7 || rep.Played != 5 || rep.NotPlayed != 1 {
		t.Errorf("so far %d planned, %d played, %d not played", rep.Planned, rep.Played, rep.NotPlayed)
	}
	rep := r.Report()
	if rep.Planned != 11 || rep.Seconds[0].Planned != 4 || rep.Seconds[1].Planned != 7 || rep.Seconds[0].Held != 0 || rep.Seconds[1].Held != 2 {
		t.Errorf("%d planned, seconds %+v", rep.Planned, rep.Seconds)
	}
	if !rep.Seconds[0].Warmup || rep.Seconds[1].Warmup {
		t.Errorf("the warm-up is the first second: %v, %v", rep.Seconds[0].Warmup, rep.Seconds[1].Warmup)
	}
}

// What was due in the warm-up and ended after it is in the counts of the second, not in
// its latencies.
func TestStragglersOfTheFirstLabelAreNoLatencies(t *testing.T) {
	r := NewRecorder([]string{"a"}, time.Second, time.Second)
	s := r.Shard()
	r.Tick(time.Second)
	one(s, 0, 500*ms, 900*ms, Approved)
	one(s, 0, 1500*ms, 5*ms, Approved)
	iv := r.Tick(2 * time.Second)
	if iv.Second.Counts[Approved] != 2 || iv.Second.Response.N != 1 || iv.Second.Response.Max > 10*ms || len(iv.Warmup) != 1 {
		t.Errorf("%+v", iv.Second)
	}
}

// By Little's law, with three deviations above it; where that is not more than there
// were, by the longest stay.
func TestEnoughTerminals(t *testing.T) {
	for _, c := range []struct {
		name      string
		planned   int64
		busy      int // terminals that were free again in the second
		took      time.Duration
		longest   time.Duration
		terminals int
		want      int
	}{
		{"the busiest second", 100, 10, 500 * ms, 500 * ms, 50, 72},         // 50 + 3√50 = 71.2
		{"too few to tell a mean", 100, 9, 500 * ms, 500 * ms, 40, 50},      // the longest alone
		{"more than by the mean", 100, 10, 100 * ms, 2000 * ms, 40, 200},    // 10 + 3√10 = 19.5
		{"no more than there were", 10, 10, 100 * ms, 100 * ms, 40, 41},     // one more at least
		{"a mean of just as many", 100, 10, 250 * ms, 250 * ms, 40, 41},     // 25 + 15 = 40: the longest, 25
		{"two digits are told", 1234, 10, 1000 * ms, 1000 * ms, 1000, 1400}, // 1234 + 105.4
	} {
		var r Recorder
		for i := range c.busy {
			took := c.took
			if i == 0 {
				took = c.longest
			}
			if c.longest != c.took && i > 0 { // the same sum
				took = (c.took*time.Duration(c.busy) - c.longest) / time.Duration(c.busy-1)
			}
			r.Busy(900*ms, took)
		}
		r.Held(100*ms, 30*ms)
		r.Held(200*ms, 20*ms)
		got := r.occupancy.told([]int64{c.planned}, c.terminals)
		if got.Enough != c.want || got.Arrivals != 2 || got.Longest != 30*ms || got.Terminals != c.terminals {
			t.Errorf("%s: %+v, want %d", c.name, got, c.want)
		}
	}
	var r Recorder
	r.Busy(0, time.Hour)
	if got := r.occupancy.told([]int64{100}, 7); got != (Waited{Terminals: 7}) {
		t.Errorf("nobody waited: %+v", got)
	}
	for x, want := range map[float64]int{0: 0, 0.5: 1, 9: 9, 10: 10, 10.5: 11, 99.1: 100, 101: 110, 1001: 1100} {
		if got := twoDigits(x); got != want {
			t.Errorf("%g is told as %d, want %d", x, got, want)
		}
	}
}

func TestAdviceIsOfWhatTheHostLeftOpen(t *testing.T) {
	for _, c := range []struct {
		counts Counts
		level  Level
		enough int
	}{
		{Counts{Approved: 5, TimedOut: 2, Broken: 2, Open: 1}, Valid, 9}, // half of them
		{Counts{Approved: 5, TimedOut: 2, Broken: 2, Open: 2}, Valid, 0},
		{Counts{Approved: 5, TimedOut: 5, Unsent: 100}, Valid, 9},
		{Counts{Approved: 5}, Suspect, 9},
		{Counts{Approved: 5}, Invalid, 0},
	} {
		r := &Report{Waited: Waited{Arrivals: 1, Enough: 9}, Labels: []Label{{Counts: c.counts}}, Validity: Validity{Level: c.level}}
		if r.Advise(); r.Waited.Enough != c.enough || (r.Waited.Why != "") != (c.enough == 0) {
			t.Errorf("%v, %s: %+v", c.counts, c.level, r.Waited)
		}
	}
	r := &Report{Waited: Waited{Enough: 9}, Validity: Validity{Level: Invalid}}
	if r.Advise(); r.Waited.Why != "" {
		t.Errorf("nobody waited: %+v", r.Waited)
	}
	w := Waited{1, 20 * ms, 3, 4, ""}
	if got := w.plus(Waited{10, 10 * ms, 30, 40, ""}); got != (Waited{11, 20 * ms, 33, 44, ""}) {
		t.Errorf("%+v", got)
	}
	if got := w.plus(Waited{10, 30 * ms, 30, 0, "why"}); got != (Waited{11, 30 * ms, 33, 0, "why"}) {
		t.Errorf("%+v", got)
	}
}

func TestDistributionAddsUpToItsSamples(t *testing.T) {
	s := ResponseTimes(Label{Response: histOf(1000, 1000, 3000), Censored: histOf(3000)})
	for d, want := range map[time.Duration]int64{0: 0, 999 * time.Microsecond: 0, ms: 2, 2999 * time.Microsecond: 2, 4 * ms: 3} {
		if got := s.Upto(d); got != want {
			t.Errorf("%d samples up to %v, want %d", got, d, want)
		}
	}
	if got := s.Sum(); got < 5*ms-20*time.Microsecond || got > 5*ms+20*time.Microsecond {
		t.Errorf("all come to %v, want 5 ms", got)
	}
	if (Distribution{}).Upto(ms) != 0 || (Distribution{}).Sum() != 0 || (Distribution{}).Curve(9) != nil || s.Curve(1) != nil || len(s.Curve(2)) != 2 {
		t.Error("of nothing, or of one point, something is told")
	}
	// All samples are in one bucket, and of none of them the end is known.
	for _, l := range []Label{{Response: histOf(1000), Censored: histOf(1000)}, {Response: histOf(120_000_000), Clamped: 1}} {
		if s := ResponseTimes(l); !s.AtLeast(0.5) || s.AtLeast(0.5) != l.Quantile(0.5).AtLeast {
			t.Errorf("%v is told as it is", s.At(0.5))
		}
	}
	// A sample that is both clamped and censored went once.
	both := ResponseTimes(Label{Response: histOf(1000, 120_000_000), Clamped: 1, Censored: histOf(120_000_000)})
	if both.known[len(both.known)-1] != 1 {
		t.Errorf("known %d of %d", both.known, both.upto)
	}
	// Two labels with samples of one length make one bucket.
	if two := ServiceTimes(Label{Service: histOf(1000)}, Label{Service: histOf(1000)}); len(two.to) != 1 || two.N() != 2 {
		t.Errorf("%+v", two)
	}
}

func TestBarsBeginWhereSamplesDo(t *testing.T) {
	s := ServiceTimes(Label{Service: histOf(150, 150, 1500)})
	bars := s.Bars(1)
	if len(bars) != 2 || bars[0].From != 100*time.Microsecond || bars[0].To != ms || bars[0].Count != 2 || bars[1].From != ms || bars[1].To != 10*ms || bars[1].Count != 1 {
		t.Errorf("%+v", bars)
	}
	if s.Bars(0) != nil {
		t.Error("there are bars of no width")
	}
}

// Each count is bounded by itself, and as a share of what it is of.
func TestEachCountHasItsLimit(t *testing.T) {
	r := &Report{Planned: 1000, Played: 500, NotPlayed: 2, Failed: 5, Late: 6, Duplicate: 7, Unmatched: 8, Stuck: map[string]int64{"a": 3, "b": 4},
		Money: Money{Owed: 9}, Settlements: Settlements{Balanced: 70, Explained: 5, Uncompared: 11, Unbalanced: 4, Failed: 1},
		Labels: []Label{{Name: "purchase", Counts: Counts{Approved: 40, Declined: 20, Refused: 10, TimedOut: 5, Broken: 3, Open: 2, Unsent: 20}}}}
	for limit, seen := range map[string]string{
		"unanswered = 30": "30", "unanswered <= 30%": "30% (30 of 100)", "unsent = 20": "20", "unsent <= 20%": "20% (20 of 100)",
		"approved = 40": "40", "approved >= 50%": "50% (40 of 80)", "declined = 20": "20", "refused = 10": "10", "timedout = 5": "5", "broken = 3": "3", "open = 2": "2",
		"failed = 5": "5", "failed <= 1%": "1% (5 of 500)", "stuck = 7": "7", "stuck <= 0.7%": "0.7% (7 of 1,000)",
		"notplayed = 2": "2", "notplayed <= 0.2%": "0.2% (2 of 1,000)", "owed = 9": "9", "unbalanced = 5": "5", "unbalanced <= 6.25%": "6.25% (5 of 80)",
		"late = 6": "6", "duplicate = 7": "7", "unmatched = 8": "8", "late <= 6": "6", "late >= 6": "6",
	} {
		l, err := ParseLimit(limit)
		if err != nil {
			t.Fatal(err)
		}
		if r.Judge([]Limit{l}); !r.Limits[0].OK || r.Limits[0].Seen != seen {
			t.Errorf("%s: %+v, want %s", limit, r.Limits[0], seen)
		}
	}
	for _, limit := range []string{"late < 6", "late > 6", "approved > 50%", "approved < 50%"} {
		l, err := ParseLimit(limit)
		if err != nil {
			t.Fatal(err)
		}
		if r.Judge([]Limit{l}); r.Limits[0].OK || !strings.Contains(r.Limits[0].Why, "broken") {
			t.Errorf("%s: %+v", limit, r.Limits[0])
		}
	}
	for text, right := range map[string]bool{"late < 0": false, "late <= 0": true, "approved >= 100%": true, "approved >= 101%": false, "rate < 0": false, "rate < 1": true, "rate <= 0": true, "owed = 1%": false,
		"late < 1000000000000000000": false, "p99 < 0s": false} {
		if _, err := ParseLimit(text); (err == nil) != right {
			t.Errorf("%s: %v", text, err)
		}
	}
	for label, hint := range map[string]string{"": "", "purchase": "", "all": `leave "of all" out`, "void": `there is no "void", want one of purchase, refund`} {
		err := (&Limit{Text: "x", Label: label}).Known([]string{"purchase", "refund"})
		if (err == nil) != (hint == "") || err != nil && !strings.Contains(err.Error(), hint) {
			t.Errorf("%q: %v, want %q", label, err, hint)
		}
	}
}

func TestRatesAreOverTheTimeMeasured(t *testing.T) {
	for _, c := range []struct{ took, asked, warmup, want time.Duration }{
		{10, 0, 0, 10}, {10, 8, 0, 8}, {10, 12, 0, 10}, {10, 8, 3, 5}, {2, 8, 3, 0},
	} {
		r := &Report{Took: c.took, Interrupted: c.took < c.asked, Plan: Plan{For: c.asked, Warmup: c.warmup}}
		if got := r.Measured(); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
	if r := (&Report{Labels: []Label{{}, {Counts: Counts{Open: 1}}}}); r.Nothing() || !(&Report{Labels: []Label{{Warmup: Counts{1}}}}).Nothing() {
		t.Error("nothing is not what no figure has")
	}
	if got := (&Report{}).names(); got != "no labels" {
		t.Errorf("%q", got)
	}
	// A latency of just the bound is inside of <= and not of <.
	r := &Report{Labels: []Label{{Name: "a", Counts: Counts{Approved: 6}, Response: histOf(5, 5, 5, 5, 5, 5), Service: histOf(5, 5, 5, 5, 5, 5), Lag: histOf()}}}
	for text, want := range map[string]bool{"p50 <= 5µs": true, "p50 < 5µs": false, "p50 < 6µs": true, "p50 <= 4µs": false, "mean <= 5µs": true, "mean service < 5µs": false} {
		l, err := ParseLimit(text)
		if err != nil {
			t.Fatal(err)
		}
		if r.Judge([]Limit{l}); r.Limits[0].OK != want {
			t.Errorf("%s: %+v", text, r.Limits[0])
		}
	}
}

func TestAgentsAreSummedUp(t *testing.T) {
	whole := part(0, 40)
	whole.Plan.Terminals, whole.Validity.Level, whole.Incomplete = 7, Suspect, "it was killed"
	a, err := NewAgent(3, "one", whole)
	if err != nil || a.Number != 3 || a.Terminals != 7 || a.Planned != 1000 || a.Played != 1000 || a.Sent == 0 || a.Sent <= a.Answered || a.Answered == 0 || a.P99 < a.P50 || a.P50 == 0 || a.Verdict != "suspect" || a.Lost != "it was killed" {
		t.Errorf("%+v, %v", a, err)
	}
	for _, c := range []struct {
		agents []Agent
		want   time.Duration
		level  Level
	}{
		{nil, 0, Valid},
		{[]Agent{{Within: time.Second}}, 0, Valid},
		{[]Agent{{Within: ms}, {Within: ms / 2, Late: ms / 2}}, mostSkew, Valid},
		{[]Agent{{Within: ms}, {Within: 1}, {Late: ms + 1}}, mostSkew + 1, Suspect},
	} {
		r := &Report{Agents: c.agents}
		if r.JudgeSkew(); r.Skew() != c.want || r.Validity.Level != c.level || (len(r.Validity.Reasons) > 0) != (c.level == Suspect) {
			t.Errorf("%+v: %v apart, %+v", c.agents, r.Skew(), r.Validity)
		}
	}
}
