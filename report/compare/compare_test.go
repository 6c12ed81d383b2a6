package compare_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/compare"
)

const timeout = 10 * time.Second

// host is one whose answers take 10 to 110 ms, evenly, longer by some factor; a run of
// it is slower or faster as a whole by some spread, and so are five seconds together.
type host struct {
	slower         float64
	runs, together float64
	lost           float64 // share of the purchases that it does not answer; each is reversed
}

// play plays a run of some seconds, at 200 arrivals each, into a folder, and reads it.
func (h host) play(t testing.TB, rng *rand.Rand, seconds int) *compare.Run {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	rec := report.NewRecorder([]string{"purchase", "reversal"}, timeout, 0)
	shard := rec.Shard()
	plan := report.Plan{Model: "open", Arrivals: "200/s constant", For: time.Duration(seconds) * time.Second, Timeout: timeout, Terminals: 10}
	begun := &report.Report{Run: fmt.Sprint(rng.Uint64()), Part: fmt.Sprint(rng.Uint64()), Plan: plan, Started: time.Unix(1_700_000_000, 0)}
	folder, err := report.Create(dir, begun)
	if err != nil {
		t.Fatal(err)
	}
	run := (1 + h.slower) * (1 + h.runs*rng.NormFloat64())
	some := 1.0
	for s := range seconds {
		if s%5 == 0 {
			some = 1 + h.together*rng.NormFloat64()
		}
		for i := range 200 {
			due := time.Duration(s)*time.Second + time.Duration(i)*5*time.Millisecond
			took := time.Duration((10 + 100*rng.Float64()) * run * some * float64(time.Millisecond))
			rec.Planned(due, 1)
			shard.Played(due)
			approved := report.Sample{Due: due, Sent: due, Done: due + took, Outcome: report.Approved, Code: [4]byte{'0', '0'}}
			if h.lost == 0 || rng.Float64() >= h.lost {
				shard.Record(approved)
				continue
			}
			shard.Failed()
			shard.Record(report.Sample{Due: due, Sent: due, Done: due + timeout, Outcome: report.TimedOut})
			for approved.Label = 1; rng.Float64() < 0.5; { // acknowledged, and sent again
				shard.Record(approved)
			}
			shard.Record(approved)
		}
		if err := folder.Interval(rec.Tick(time.Duration(s+1) * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	r := rec.Report()
	r.Run, r.Part, r.Plan, r.Started, r.Took = begun.Run, begun.Part, plan, begun.Started, plan.For
	if err := folder.WriteAll(r); err != nil {
		t.Fatal(err)
	}
	read, err := report.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	slices, err := report.ReadSlices(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &compare.Run{Name: dir, Report: read, Slices: slices}
}

func (h host) side(t testing.TB, rng *rand.Rand, runs, seconds int) *compare.Side {
	s := &compare.Side{Name: "side"}
	for range runs {
		s.Runs = append(s.Runs, h.play(t, rng, seconds))
	}
	return s
}

func compared(t testing.TB, old, new *compare.Side) *compare.Comparison {
	t.Helper()
	c, err := compare.Compare(old, new)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// One in twenty may be taken for a difference that is none; of a host that is 5 %
// slower at least eighteen of twenty are to be found.
func TestChanceIsNoDifferenceAndFivePercentIs(t *testing.T) {
	if testing.Short() {
		t.Skip("plays 480 made-up runs")
	}
	rng := rand.New(rand.NewPCG(3, 4))
	same, slower := host{runs: 0.01, together: 0.02}, host{slower: 0.05, runs: 0.01, together: 0.02}
	alarms, found := 0, 0
	for range 20 {
		old := same.side(t, rng, 6, 10)
		for _, r := range compared(t, old, same.side(t, rng, 6, 10)).Rows {
			if r.Verdict != compare.NoDifference && r.Verdict != compare.Unknown {
				alarms++
				break
			}
		}
		if len(compared(t, old, slower.side(t, rng, 6, 10)).Regressed(0.02)) > 0 {
			found++
		}
	}
	if alarms > 1 {
		t.Errorf("%d of 20 comparisons of a host with itself see a difference, want 1 at most", alarms)
	}
	if found < 18 {
		t.Errorf("%d of 20 hosts that are 5 %% slower are found, want 18 at least", found)
	}
	t.Logf("%d alarms, %d found", alarms, found)
}

func TestSlowerIsSaidWithItsBounds(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	c := compared(t, host{}.side(t, rng, 4, 5), host{slower: 0.2}.side(t, rng, 4, 5))
	worse := c.Regressed(0.05)
	if len(worse) == 0 {
		t.Fatal("a host that is 20 % slower is no regression")
	}
	for _, r := range worse {
		if r.Q == 0 || r.Low > 0.2 || r.High < 0.2 {
			t.Errorf("%s: between %f and %f, but it is 20 %% slower", r.Measure, r.Low, r.High)
		}
	}
	var text bytes.Buffer
	if err := c.WriteText(&text, 0.05); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"p50 of purchase: slower by ", "worse by more than the 5.0 % allowed: p50 of purchase", "approved a second: no difference that could be seen"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("want %q in:\n%s", want, text.String())
		}
	}
	back := compared(t, c.New, c.Old)
	if len(back.Regressed(0)) > 0 || back.Rows[3].Verdict != compare.Better {
		t.Errorf("the other way round %v is %s", back.Rows[3].Measure, back.Rows[3].Words())
	}
}

// That a host leaves some payments unanswered by chance makes it no other host, rare as they
// may be.
func TestChanceIsNoDifferenceInShares(t *testing.T) {
	if testing.Short() {
		t.Skip("plays 320 made-up runs")
	}
	rng := rand.New(rand.NewPCG(13, 14))
	for _, lost := range []float64{0.0005, 0.02} {
		alarms := 0
		for range 20 {
			h := host{runs: 0.01, lost: lost}
			for _, r := range compared(t, h.side(t, rng, 4, 4), h.side(t, rng, 4, 4)).Rows {
				if r.Share != "" && r.Verdict != compare.NoDifference {
					alarms++
				}
			}
		}
		if alarms > 1 {
			t.Errorf("%d of 20 comparisons of a host that loses %g with itself see a difference, want 1 at most", alarms, lost)
		}
	}
}

// The reversals of purchases that were not answered are approved, more of them than there
// were purchases lost: they make no host a better one.
func TestWhoLeavesPaymentsUnansweredIsWorse(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	c := compared(t, host{runs: 0.01}.side(t, rng, 4, 5), host{runs: 0.01, lost: 0.08}.side(t, rng, 4, 5))
	worse := map[string]bool{}
	for _, r := range c.Regressed(0.05) {
		worse[r.String()] = true
	}
	for _, m := range []string{"approved a second", "unanswered", "failed"} {
		if !worse[m] {
			t.Errorf("%s is not worse: %+v", m, c.Rows[:3])
		}
	}
	var text, program bytes.Buffer
	if err := errors.Join(c.WriteText(&text, 0.05), c.WriteJSON(&program, 0.05)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"approved a second: fewer by ", "failed: more by ", " points\n", "reversal: not compared: of the old runs 0 of 4 have it, of the new ones 4 of 4"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("want %q in:\n%s", want, text.String())
		}
	}
	if !strings.Contains(program.String(), `"label": "reversal",
      "old_runs": 0,
      "new_runs": 4`) {
		t.Errorf("the reversals are not named:\n%s", program.String())
	}
	if back := compared(t, c.New, c.Old); len(back.Regressed(0)) > 0 || back.Rows[1].Verdict != compare.Better || back.Rows[2].Verdict != compare.Better {
		t.Errorf("the other way round: %+v", back.Rows[:3])
	}
}

// A share that is small is allowed to change by a share of one in a hundred, a larger one
// by a share of itself.
func TestSharesMayBeWorseByAShareOfThemselves(t *testing.T) {
	for _, c := range []struct{ old, change, loss float64 }{{0, 0.0004, 0.04}, {0, 0.08, 8}, {0.005, 0.001, 0.1}, {0.02, 0.001, 0.05}, {0.2, -0.1, -0.5}} {
		r := compare.Row{Measure: compare.Measure{Share: compare.Unanswered}, Old: c.old, Change: c.change}
		if math.Abs(r.Loss()-c.loss) > 1e-9 {
			t.Errorf("%g more than %g is %g worse, want %g", c.change, c.old, r.Loss(), c.loss)
		}
	}
}

func TestFewRunsTellNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	c := compared(t, host{}.side(t, rng, 1, 5), host{slower: 0.5}.side(t, rng, 3, 5))
	if !c.Few || len(c.Regressed(0)) > 0 {
		t.Errorf("one run against three: %+v", c.Rows)
	}
	for _, r := range c.Rows {
		if r.Verdict != compare.Unknown || r.Q > 0 && r.Why == "too few runs" && (r.Low > 0.5 || r.High < 0.5) {
			t.Errorf("%s: %s, between %f and %f", r.Measure, r.Words(), r.Low, r.High)
		}
	}
}

func TestRunsThatWereNotPlayedAlikeAreRefused(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	side := func() *compare.Side { return host{}.side(t, rng, 1, 2) }
	for name, spoil := range map[string]func(r *report.Report){
		"were not played alike: terminals 10 and 11": func(r *report.Report) { r.Plan.Terminals = 11 },
		"were not played alike: faults answer-lost=5% and answer-lost=5%, line-cut=97th": func(r *report.Report) {
			r.Plan.Faults = []string{"answer-lost=5%", "line-cut=97th"}
		},
		"were not played alike: drain of one timeout and 20s": func(r *report.Report) { r.Plan.Drain = 20 * time.Second },
		"were not played alike: --settle false and true":      func(r *report.Report) { r.Plan.Settle = true },
		"were not played alike: --strict false and true":      func(r *report.Report) { r.Plan.Strict = true },
		"were not played alike: cores":                        func(r *report.Report) { r.Environment.Cores += 2 },
		"is invalid":                                          func(r *report.Report) { r.Validity.Level = report.Invalid },
		"is not the whole run":                                func(r *report.Report) { r.Incomplete = "it was killed" },
		"was interrupted":                                     func(r *report.Report) { r.Interrupted = true },
	} {
		old, new := side(), side()
		old.Runs[0].Report.Plan.Faults, new.Runs[0].Report.Plan.Faults = []string{"answer-lost=5%"}, []string{"answer-lost=5%"}
		spoil(new.Runs[0].Report)
		if _, err := compare.Compare(old, new); err == nil || !strings.Contains(err.Error(), "not comparable: ") || !strings.Contains(err.Error(), name) {
			t.Errorf("want %q, have %v", name, err)
		}
	}
	old := side()
	if _, err := compare.Compare(old, old); err == nil || !strings.Contains(err.Error(), "the same run") {
		t.Errorf("a run compared with itself: %v", err)
	}
	next := side()
	next.Runs[0].Report.Plan.Target, next.Runs[0].Report.Plan.Seed = "10.0.0.2:8583", 99
	if _, err := compare.Compare(old, next); err != nil {
		t.Errorf("another host and seed: %v", err)
	}
}

func TestWhatIsNotKnownIsNotCompared(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	c := compared(t, host{}.side(t, rng, 4, 2), host{}.side(t, rng, 4, 2))
	last := c.Rows[len(c.Rows)-1]
	if last.Q != 0.999 || last.Verdict != compare.Unknown || !strings.Contains(last.Words(), "400 exchanges are too few") {
		t.Errorf("p99.9 of 400 exchanges: %s", last.Words())
	}
}

// Runs are alike only where their agents are as many, on machines of the same kind, as many
// on each; who played which share, and what containers are called, is chance.
func TestAgentsOfComparedRunsAreAlike(t *testing.T) {
	agents := func(machines ...report.Environment) (all []report.Agent) {
		for i, m := range machines {
			all = append(all, report.Agent{Number: i + 1, Machine: m})
		}
		return all
	}
	small, large := report.Environment{Cores: 2, Hostname: "a"}, report.Environment{Cores: 8, Hostname: "b"}
	named := func(e report.Environment, name string) report.Environment {
		e.Hostname = name
		return e
	}
	for _, c := range []struct {
		old, new []report.Agent
		want     string
	}{
		{agents(small, large), agents(named(large, "x"), named(small, "y")), ""},
		{nil, agents(small, small), "played by one process and by 2 agents"},
		{agents(small), agents(small, small), "played by 1 agent and by 2 agents"},
		{agents(small, named(small, "b")), agents(small, small), "agents on each machine [1 1] and [2]"},
		{agents(small, large), agents(small, named(small, "b")), "an agent's cores 8 and 2"},
	} {
		rng := rand.New(rand.NewPCG(1, 2))
		old, new := host{}.side(t, rng, 1, 2), host{}.side(t, rng, 1, 2)
		old.Runs[0].Report.Agents, new.Runs[0].Report.Agents = c.old, c.new
		_, err := compare.Compare(old, new)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), "were not played alike: "+c.want)) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
