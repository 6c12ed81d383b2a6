package report

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// sized is a report in which each count is another one, times k.
func sized(k int64) *Report {
	n := func(of int64) int64 { return of * k }
	return &Report{
		Planned: n(1), Played: n(2), NotPlayed: n(3), Failed: n(4), Late: n(5), Cut: n(50), Duplicate: n(6), Unmatched: n(7),
		Faults: map[string]int64{"cut": n(8)}, Stuck: map[string]int64{"no line": n(9)},
		Lines:       Lines{Connected: n(10), Refused: n(11)},
		Settlements: Settlements{Balanced: n(12), Explained: n(13), Uncompared: n(14), Unbalanced: n(15), Failed: n(16)},
		Money:       Money{Checked: true, Compared: int(n(17)), Unknown: int(n(18)), Open: n(19), Terminals: n(20), Host: n(21), Payments: n(22), Credits: n(23), Owed: n(24)},
		Rules:       []RuleCount{{"ANS-PAIR", "must", n(25)}},
		Failures:    []Failure{{At: "a:1", Outcome: "approved", N: n(26)}},
		Waited:      Waited{Arrivals: n(27), Terminals: int(n(28)), Enough: int(n(29))},
		SignIn:      Phase{Terminals: int(n(30)), Failed: int(n(31)), Late: n(32), Cut: n(51), Why: map[string]int64{"refused": n(33)}},
		Opening:     Phase{Terminals: int(n(34)), Failed: int(n(35)), Late: n(36), Why: map[string]int64{"refused": n(37)}},
		LineDelay:   LineDelay{Connects: n(38), Connecting: time.Duration(n(39)), Stalls: n(40), Broken: n(41)},
	}
}

func TestEachCountOfAMergeIsTheSum(t *testing.T) {
	sum, want := sized(1), sized(101)
	if err := sum.Merge(sized(100)); err != nil {
		t.Fatal(err)
	}
	a, b := reflect.ValueOf(*sum), reflect.ValueOf(*want)
	for _, f := range reflect.VisibleFields(a.Type()) {
		if f.Name == "Labels" || f.Name == "Limits" {
			continue
		}
		if got, want := fmt.Sprintf("%+v", a.FieldByIndex(f.Index)), fmt.Sprintf("%+v", b.FieldByIndex(f.Index)); got != want {
			t.Errorf("%s of the sum is %s, want %s", f.Name, got, want)
		}
	}
}

func TestEachCountOfASecondIsTheSum(t *testing.T) {
	size := func(k int64) Second {
		s := Second{Planned: k, Played: 2 * k, Held: 3 * k, Signals: Signals{Exhausted: 4 * k, Dropped: 5 * k}, Response: Quantiles{N: 6 * k}, Service: Quantiles{N: 7 * k}}
		for o := range s.Counts {
			s.Counts[o] = k * int64(8+o)
		}
		return s
	}
	if got, want := size(1).Plus(size(100)), size(101); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	low := Second{Length: 1, LagP50: 2, LagP99: 3, Signals: Signals{CPU: 0.1, Busiest: 0.2, Steal: 0.3, Sched: 4, GCPause: 5, Watchdog: 6}, Response: Quantiles{0, 7, 8, 9, 10, 11}, Service: Quantiles{0, 12, 13, 14, 15, 16}}
	high := Second{Length: 101, LagP50: 102, LagP99: 103, Signals: Signals{CPU: 0.4, Busiest: 0.5, Steal: 0.6, Sched: 104, GCPause: 105, Watchdog: 106}, Response: Quantiles{0, 107, 108, 109, 110, 111}, Service: Quantiles{0, 112, 113, 114, 115, 116}, Level: Suspect, Reason: "its own"}
	if got := low.Plus(high); got != high {
		t.Errorf("of two seconds the worse is %+v, want %+v", got, high)
	}
	if got := high.Plus(low); got != high {
		t.Errorf("of two seconds the other way round the worse is %+v, want %+v", got, high)
	}
	for _, level := range []Level{Valid, Suspect, Invalid} { // of equal ones the first is told
		a, b := Second{Level: level, Reason: "first"}, Second{Level: level, Reason: "second"}
		if got := a.Plus(b); got.Reason != "first" {
			t.Errorf("%s: %s", level, got.Reason)
		}
	}
}

func TestWhatOneOfTwoRunsSaysIsSaidOfBoth(t *testing.T) {
	for _, a := range []bool{false, true} {
		for _, b := range []bool{false, true} {
			of := func(yes bool) *Report {
				return &Report{Interrupted: yes, Validity: Validity{SameHost: yes}, Money: Money{Checked: yes, Settled: yes}, Seconds: []Second{{Warmup: yes}}}
			}
			r := of(a)
			if err := r.Merge(of(b)); err != nil {
				t.Fatal(err)
			}
			if any := a || b; r.Interrupted != any || r.Validity.SameHost != any || r.Money.Settled != any || r.Seconds[0].Warmup != any || r.Money.Checked != (a && b) {
				t.Errorf("%v and %v: %+v", a, b, r)
			}
		}
	}
	early, late := time.Unix(100, 0), time.Unix(200, 0)
	for _, c := range []struct{ a, b, want time.Time }{{early, late, early}, {late, early, early}, {time.Time{}, late, late}, {late, time.Time{}, late}} {
		r := &Report{Started: c.a}
		if err := r.Merge(&Report{Started: c.b}); err != nil || !r.Started.Equal(c.want) {
			t.Errorf("begun at %v and %v: %v, %v", c.a, c.b, r.Started, err)
		}
	}
	for _, c := range []struct{ a, b, want time.Duration }{{ms, -2 * ms, -2 * ms}, {-2 * ms, ms, -2 * ms}, {ms, -ms, ms}} {
		r := &Report{ClockDrift: c.a}
		if err := r.Merge(&Report{ClockDrift: c.b}); err != nil || r.ClockDrift != c.want {
			t.Errorf("clocks drifted by %v and %v: %v, %v", c.a, c.b, r.ClockDrift, err)
		}
	}
	for _, c := range []struct{ a, b, want string }{{"", "", ""}, {"killed", "", "killed"}, {"", "killed", "killed"}, {"killed", "lost", "killed; lost"}} {
		r := &Report{Incomplete: c.a}
		if err := r.Merge(&Report{Incomplete: c.b}); err != nil || r.Incomplete != c.want {
			t.Errorf("%q and %q: %q, %v", c.a, c.b, r.Incomplete, err)
		}
	}
	r := &Report{Without: []string{"A", "B"}}
	if err := r.Merge(&Report{Without: []string{"B", "C"}}); err != nil || !slices.Equal(r.Without, []string{"A", "B", "C"}) {
		t.Errorf("without %s, %v", r.Without, err)
	}
	yen := 0
	m := Money{Unit: "JPY", Decimals: &yen}.plus(Money{Unit: "NGN"})
	if m.Unit != "JPY" || m.Decimals != &yen {
		t.Errorf("%+v", m)
	}
}

func TestPhasesAreAddedByWhoTookPart(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{{"", "", ""}, {"7", "", "7"}, {"", "7", "7"}, {"7", "5", "5"}, {"5", "7", "5"}} {
		sum, err := Phase{First: c.a, Took: 5, Label: Label{Name: "sign-in"}}.plus(Phase{First: c.b, Took: 4})
		if err != nil || sum.First != c.want || sum.Took != 5 || sum.Label.Name != "sign-in" {
			t.Errorf("%q and %q: %+v, %v", c.a, c.b, sum, err)
		}
	}
	if sum, err := (Phase{}).plus(Phase{Label: Label{Name: "sign-in"}}); err != nil || sum.Label.Name != "sign-in" {
		t.Errorf("%+v, %v", sum, err)
	}
	var p Phase
	for _, terminal := range []string{"30", "10", "20"} {
		p.Unable(terminal, errText("no line"))
	}
	if p.Failed != 3 || p.First != "10" || p.Why["no line"] != 3 {
		t.Errorf("%+v", p)
	}
}

type errText string

func (e errText) Error() string { return string(e) }

func TestCountsByNameAreAddedByName(t *testing.T) {
	a := map[string]int64{"cut": 1}
	if got := addCounts(a, map[string]int64{"cut": 2, "doubled": 3}); !maps.Equal(got, map[string]int64{"cut": 3, "doubled": 3}) || a["cut"] != 1 {
		t.Errorf("%v of %v", got, a)
	}
	if got := addCounts(nil, map[string]int64{"cut": 2}); got["cut"] != 2 {
		t.Errorf("%v", got)
	}
	got := mergeFailures([]Failure{{At: "a:1", Outcome: "approved", N: 1}, {At: "a:2", Outcome: "approved", N: 2}},
		[]Failure{{At: "a:1", Outcome: "approved", N: 4}, {At: "a:1", Outcome: "declined", N: 2}, {At: "a:1", Outcome: "broken", N: 2}})
	want := []Failure{{At: "a:1", Outcome: "approved", N: 5}, {At: "a:1", Outcome: "broken", N: 2}, {At: "a:1", Outcome: "declined", N: 2}, {At: "a:2", Outcome: "approved", N: 2}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// A second too many arrivals begun, or too few, is found as well as one too few planned.
func TestCheckHoldsSecondsToTheRun(t *testing.T) {
	for name, spoil := range map[string]func(*Report){
		"":             func(r *Report) {},
		"all failed":   func(r *Report) { r.Failed = r.Played },
		"more planned": func(r *Report) { r.Seconds[0].Planned++ },
		"more begun":   func(r *Report) { r.Seconds[0].Played++ },
		"a stuck one": func(r *Report) {
			r.Stuck = map[string]int64{"no line": 1}
			r.Played--
			r.Seconds[0].Played--
			r.Seconds[0].Stuck++
		},
		"stuck ones forgot":  func(r *Report) { r.Stuck = map[string]int64{"no line": 1}; r.Played-- },
		"a clamped too many": func(r *Report) { r.Labels[0].Clamped = 1 << 40 },
	} {
		r := part(0, 40)
		spoil(r)
		wrong := name != "" && name != "all failed" && name != "a stuck one"
		if err := r.Check(); (err != nil) != wrong || wrong && !strings.Contains(err.Error(), "does not add up") {
			t.Errorf("%q: %v", name, err)
		}
	}
	l := &Label{Counts: Counts{Approved: 1}, Codes: map[string]int64{"00": 1, "51": 1}, Response: histOf(1), Service: histOf(1), Lag: histOf(1)}
	if err := l.check(); err == nil || !strings.Contains(err.Error(), "2 response codes for 1 answers") {
		t.Errorf("two codes of one answer: %v", err)
	}
	l.Codes, l.Clamped = map[string]int64{"00": 1}, 1
	if err := l.check(); err != nil {
		t.Error(err)
	}
	l.Reasons = map[string]int64{"sold out": 1}
	if err := l.check(); err == nil || !strings.Contains(err.Error(), "1 reasons for 0 answers") {
		t.Errorf("a reason without a decline: %v", err)
	}
}
