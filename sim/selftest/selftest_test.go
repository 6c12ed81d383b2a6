package selftest

import (
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
)

// A meter that starts its clock when it sends, not when it should have, finds a
// host fast that keeps everybody waiting. The test of the instrument must say
// so, and must find nothing wrong with the true headline.
func TestServiceTimeIsCaughtLying(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	few := caseOf(t, "stall, few terminals")
	few.length = 2 * time.Second
	few.checks = few.checks[:3] // the last counts the arrivals of a longer run
	unwatch := watchMachine(t.Context())
	found, err := few.play(t.Context(), t.Context(), func() {})
	if err != nil {
		t.Fatal(err)
	}
	busy := unwatch()
	for _, k := range []struct {
		name   string
		head   headline
		honest bool
	}{
		{"service time", (*report.Label).ServiceQuantile, false},
		{"response time", (*report.Label).Quantile, true},
	} {
		r := &Result{Figures: few.judge(found, k.head), Busy: busy}
		switch failed := r.Failed() > 0; {
		case failed && k.honest && len(r.Busy) > 0:
			t.Skipf("%s\n%s", r.Why(), table(t, r))
		case failed == k.honest:
			t.Errorf("%s: holds %v, want %v: %s\n%s", k.name, !failed, k.honest, r.Why(), table(t, r))
		}
	}
}

// All trials, of which those of two parts can be played at once: they ask little
// of the machine. Losses, lateness and repeats are counted exactly, however busy
// it is, as long as the generator is not the limit; the rest may only fail with a
// signal of the machine that tells why.
func TestFiguresAgreeWithTheTruth(t *testing.T) {
	if testing.Short() || underRaceDetector() {
		t.Skip("takes ten seconds, and a program that is not slowed down")
	}
	parts := trials(true)
	parts = [][]trial{slices.Concat(parts[0], parts[1]), parts[2]}
	r, err := play(t.Context(), t.Context(), parts)
	if err != nil {
		t.Fatal(err)
	}
	var exact, failed int
	for _, f := range r.Figures {
		if f.Within == "exact" {
			if exact++; !f.Holds {
				failed++
			}
		}
	}
	switch {
	case exact < 20 || r.Judged()-exact < 20:
		t.Errorf("%d figures, %d of them exact\n%s", r.Judged(), exact, table(t, r))
	case r.Failed() == 0:
	case len(r.Busy) == 0, failed > 0 && !strings.Contains(r.Why(), "invalid:"):
		t.Errorf("%d figures, %d of them exact, do not hold: %s\n%s", r.Failed(), failed, r.Why(), table(t, r))
	default:
		t.Skipf("%s\n%s", r.Why(), table(t, r))
	}
}

func TestResultSaysWhetherToTrustThisMachine(t *testing.T) {
	good := Figure{Trial: "stall", Words: "p50", Want: "1 ms", Within: "8 ms", Seen: "2 ms", Holds: true}
	bad := Figure{Trial: "stall", Words: "p99", Want: "90 ms", Within: "8 ms", Seen: "2 ms"}
	told := Figure{Trial: "lateness", Words: "p50", Seen: "3 µs", Holds: true}
	for _, c := range []struct {
		name           string
		r              Result
		judged, failed int
		says, why      string
	}{
		{"all hold", Result{Figures: []Figure{good, told}}, 1, 0, "all 1 figures hold: what posfleet measures on this machine is to be trusted", ""},
		{"busy", Result{Figures: []Figure{good, bad, told}, Busy: []string{"a", "b", "c", "d"}}, 2, 1,
			"1 of 2 figures do not hold: do not trust", "this machine was busy: a; b; c"},
		{"no reason", Result{Figures: []Figure{bad}}, 1, 1, "DOES NOT HOLD", "no signal of this machine tells why; please report it with this table"},
	} {
		if text := table(t, &c.r); !strings.Contains(text, c.says) || strings.Contains(text, "DOES NOT HOLD") != (c.failed > 0) {
			t.Errorf("%s: want in it %q:\n%s", c.name, c.says, text)
		}
		if c.r.Judged() != c.judged || c.r.Failed() != c.failed || c.failed > 0 && c.r.Why() != c.why {
			t.Errorf("%s: %d judged, %d failed, because %s", c.name, c.r.Judged(), c.r.Failed(), c.r.Why())
		}
	}
}

func table(t *testing.T, r *Result) string {
	t.Helper()
	var b strings.Builder
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What is drawn for Poisson arrivals and exponential service must not depend on
// the machine, or selftest could not tell its error from chance.
func TestArrivalsOfSelftestAreTheSameEachTime(t *testing.T) {
	take := func() (dues []time.Duration) {
		for k, due := range sim.Poisson(sim.Rate{N: 100, Per: time.Second}, seedOfArrivals) {
			if k == 1000 {
				break
			}
			dues = append(dues, due)
		}
		return dues
	}
	if !slices.Equal(take(), take()) {
		t.Error("two plans of one seed differ")
	}
}

func underRaceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

func caseOf(t *testing.T, name string) trial {
	t.Helper()
	for _, part := range trials(true) {
		for _, c := range part {
			if c.name == name {
				return c
			}
		}
	}
	t.Fatalf("no case is called %s", name)
	return trial{}
}
