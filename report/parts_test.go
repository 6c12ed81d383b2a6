package report

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// half is a part of a run with these promises, in which so many scenarios failed.
func half(t *testing.T, failed int64, limits ...string) *Report {
	t.Helper()
	r := part(0, 2)
	r.Run, r.Part = "rush", strings.Repeat("x", int(failed)+1)
	r.Failed = failed
	r.Plan = Plan{Model: "open", Arrivals: "100/s", For: 4 * time.Second, Mix: map[string]float64{"a": 1}, Terminals: 5, Lines: "own", Target: "host"}
	r.Started = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	r.Judge(WithDefaults(parsed(t, limits...)))
	return r
}

// The promises of a run are held against the sums of its parts: they were dropped.
func TestSumsOfPartsKeepTheirPromises(t *testing.T) {
	a, b := half(t, 0, "approved >= 10000", "failed < 3"), half(t, 2, "approved >= 10000", "failed < 3")
	if err := a.Join(b); err != nil {
		t.Fatal(err)
	}
	if len(a.Limits) != 5 {
		t.Fatalf("%+v", a.Limits)
	}
	for _, l := range a.Limits {
		if l.Limit == "failed < 3" && (l.Seen != "2" || !l.OK || l.Default) {
			t.Errorf("%+v", l)
		}
	}
	a, b = half(t, 0), half(t, 1)
	if err := a.Join(b); err != nil || a.Kept("failed") || !a.Kept("owed") {
		t.Errorf("%v, %+v", err, a.Limits)
	}
}

// Parts that were asked for differently are no parts of one run.
func TestPartsAskedForDifferentlyAreRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	for what, change := range map[string]func(*Report){
		"mix":      func(r *Report) { r.Plan.Mix = map[string]float64{"b": 1} },
		"lines":    func(r *Report) { r.Plan.Lines = "each" },
		"limits":   func(r *Report) { r.Judge(WithDefaults(parsed(t, "p99 < 1s"))) },
		"features": func(r *Report) { r.Plan.Digests = map[string]string{"a.feature": "1234"} },
		"faults":   func(r *Report) { r.Plan.Faults = []string{"answer-lost=5%"} },
		"--settle": func(r *Report) { r.Plan.Settle = true },
	} {
		a, b := half(t, 0), half(t, 1)
		change(b)
		if err := a.Join(b); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	a, b := half(t, 0), half(t, 1)
	b.Started = b.Started.Add(time.Hour)
	b.Validity = Validity{Level: Suspect, Reasons: []string{"suspect: planted"}}
	b.Named("second")
	if err := a.Join(b); err != nil || a.Validity.Level != Suspect {
		t.Fatalf("%v, %+v", err, a.Validity)
	}
	if said := strings.Join(a.Validity.Reasons, "\n"); !strings.Contains(said, "second: suspect: planted") || !strings.Contains(said, "did not go on side by side") {
		t.Errorf("reasons: %s", said)
	}
}

// With a part that was killed nothing of the whole is judged.
func TestKilledPartLeavesTheWholeUnjudged(t *testing.T) {
	a, b := half(t, 0), half(t, 1)
	b.Incomplete, b.Limits, b.Validity = "it was killed", nil, Validity{Level: NotJudged}
	b.Named("second")
	if err := a.Join(b); err != nil || a.Incomplete != "second: it was killed" || a.Limits != nil || a.Validity.Level != NotJudged {
		t.Errorf("%v, incomplete %q, %+v, %+v", err, a.Incomplete, a.Limits, a.Validity)
	}
}

// The plan of the whole is the parts' together, and parts that began apart by more than half
// their time did not go on side by side.
func TestPlanOfTheWholeIsThatOfItsParts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	a, b, c := half(t, 0), half(t, 0), half(t, 0)
	for i, r := range []*Report{a, b, c} {
		r.Plan.Seed, r.Plan.Terminals, r.Plan.Arrivals, r.Plan.Target, r.Part = uint64(i), i+1, string(rune('A'+i)), []string{"x", "y", "x"}[i], string(rune('a'+i))
	}
	if err := errors.Join(a.Join(b), a.Join(c)); err != nil {
		t.Fatal(err)
	}
	if p := a.Plan; p.Seed != 0 || p.Terminals != 6 || p.Arrivals != "A + B + C" || p.Target != "x and y" || a.Part != "a+b+c" {
		t.Errorf("%+v, part %s", p, a.Part)
	}
	for apart, want := range map[time.Duration]Level{0: Valid, 5 * time.Second: Valid, 5*time.Second + 1: Suspect, -5*time.Second - 1: Suspect} {
		a, b := half(t, 0), half(t, 0)
		a.Validity, b.Validity = Validity{}, Validity{}
		a.Plan.For, b.Plan.For = 10*time.Second, 10*time.Second
		a.Started = time.Unix(1000, 0)
		b.Started = a.Started.Add(apart)
		if err := a.Join(b); err != nil || a.Validity.Level != want {
			t.Errorf("%v apart: %s, %v", apart, a.Validity.Level, err)
		}
	}
	a, b = half(t, 0), half(t, 0)
	a.Plan.Of, b.Plan.Of, a.Plan.Shares, b.Plan.Shares, b.Plan.Seed = 2, 2, []int{1}, []int{2}, a.Plan.Seed+1
	if err := a.Join(b); err == nil || !strings.Contains(err.Error(), "not shares of one plan") {
		t.Errorf("shares of two seeds: %v", err)
	}
}
