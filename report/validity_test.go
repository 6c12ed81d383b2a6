package report

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"
)

// sound is a second that passes no bound; each case plants one signal in it.
func sound() Second {
	return Second{
		Length: time.Second, Planned: 1000, Played: 1000, Counts: Counts{Approved: 1000},
		Response: Quantiles{N: 1000, P50: 10 * ms, P99: 40 * ms}, Service: Quantiles{N: 1000, P50: 10 * ms, P99: 40 * ms},
		LagP50: 60 * time.Microsecond, LagP99: ms,
		Signals: Signals{CPU: 0.5, Busiest: 0.6, Sched: ms, GCPause: ms, Watchdog: ms},
	}
}

func TestEveryBoundIsJudged(t *testing.T) {
	for _, c := range []struct {
		name  string
		plant func(*Second)
		for_  int // seconds in a row
		want  Level
		says  string
	}{
		{"nothing", func(*Second) {}, 1, Valid, ""},
		{"lag at its bound", func(s *Second) { s.LagP99 = 2 * ms }, 1, Valid, ""},
		{"lag", func(s *Second) { s.LagP99 = 2*ms + 1000 }, 1, Suspect, "schedule lag p99 2.00 ms, over 2.00 ms"},
		{"great lag", func(s *Second) { s.LagP99 = 34 * ms; s.Response.P99 = time.Second }, 1, Invalid, "schedule lag p99 34.0 ms, over 20.0 ms"},
		{"lag that is most of the response", func(s *Second) { s.LagP99 = 6 * ms; s.Response.P99 = 10 * ms }, 1, Invalid, "60%, over 50%"},
		{"lag of 5 ms in a fast response", func(s *Second) { s.LagP99 = 5 * ms; s.Response.P99 = 6 * ms }, 1, Suspect, "schedule lag p99"},
		{"median lag", func(s *Second) { s.LagP50 = 1100 * time.Microsecond }, 1, Suspect, "median schedule lag"},
		{"median lag too small to matter", func(s *Second) { s.LagP50 = 100 * time.Microsecond; s.Service.P50 = 200 * time.Microsecond }, 1, Valid, ""},
		{"an arrival on the edge of a second", func(s *Second) { s.Played = 997 }, 1, Valid, ""},
		{"arrivals missing", func(s *Second) { s.Played = 990 }, 1, Suspect, "not played in their second 0.7%, over 0.1%"},
		{"many arrivals missing", func(s *Second) { s.Played = 980 }, 1, Invalid, "1.7%, over 1%"},
		{"arrivals caught up", func(s *Second) { s.Played = 1200 }, 1, Valid, ""},
		{"own CPU", func(s *Second) { s.Signals.CPU = 0.71 }, 1, Suspect, "own processor time 71%, over 70%"},
		{"own CPU full for 2 s", func(s *Second) { s.Signals.CPU = 0.95 }, 2, Suspect, "over 70%"},
		{"own CPU full for 3 s", func(s *Second) { s.Signals.CPU = 0.95 }, 3, Invalid, "over 90%"},
		{"a busy core", func(s *Second) { s.Signals.Busiest = 0.81 }, 1, Suspect, "busiest core 81%"},
		{"a full core for 2 s", func(s *Second) { s.Signals.Busiest = 0.96 }, 2, Suspect, "over 80%"},
		{"a full core for 3 s", func(s *Second) { s.Signals.Busiest = 0.96 }, 3, Invalid, "over 95%"},
		{"watchdog", func(s *Second) { s.Signals.Watchdog = 21 * ms }, 1, Suspect, "watchdog woke late by 21.0 ms"},
		{"watchdog very late", func(s *Second) { s.Signals.Watchdog = 101 * ms }, 1, Invalid, "over 100 ms"},
		{"scheduler", func(s *Second) { s.Signals.Sched = 6 * ms }, 1, Suspect, "scheduler latency p99 6.00 ms"},
		{"scheduler stuck", func(s *Second) { s.Signals.Sched = 51 * ms }, 1, Invalid, "over 50.0 ms"},
		{"collector", func(s *Second) { s.Signals.GCPause = 3 * ms }, 1, Suspect, "garbage collection pause 3.00 ms"},
		{"collector at length", func(s *Second) { s.Signals.GCPause = 21 * ms }, 1, Invalid, "over 20.0 ms"},
		{"a descriptor wanting", func(s *Second) { s.Signals.Exhausted = 1 }, 1, Suspect, "refused by this machine 0.1%"},
		{"descriptors wanting", func(s *Second) { s.Signals.Exhausted = 2 }, 1, Invalid, "0.2%, over 0.1%"},
		{"a connection dropped", func(s *Second) { s.Signals.Dropped = 1 }, 1, Suspect, "listeners"},
		{"connections dropped", func(s *Second) { s.Signals.Dropped = 2 }, 1, Invalid, "listeners"},
		{"steal", func(s *Second) { s.Signals.Steal = 0.03 }, 1, Suspect, "hypervisor 3%"},
		{"much steal", func(s *Second) { s.Signals.Steal = 0.11 }, 1, Invalid, "over 10%"},
		{"an idle second", func(s *Second) { *s = Second{Length: time.Second} }, 1, Valid, ""},
	} {
		var since streaks
		level, said := Valid, ""
		for range c.for_ {
			s := sound()
			c.plant(&s)
			level, said = Valid, ""
			for _, f := range since.check(&s) {
				level = max(level, f.level)
				said += f.bound.say(f.seen, f.limit) + "; "
			}
		}
		if level != c.want || !strings.Contains(said, c.says) || level == Valid && said != "" {
			t.Errorf("%s: %v, %q, want %v with %q", c.name, level, said, c.want, c.says)
		}
	}
}

func TestFullCoreMustLast(t *testing.T) {
	var since streaks
	for i, busy := range []float64{0.96, 0.96, 0.5, 0.96, 0.96, 0.96} {
		s := sound()
		s.Signals.Busiest = busy
		level := Valid
		for _, f := range since.check(&s) {
			level = max(level, f.level)
		}
		if want := i == 5; (level == Invalid) != want {
			t.Errorf("second %d: %v", i, level)
		}
	}
}

func TestValidityNamesItsSeconds(t *testing.T) {
	run := func(n int, warm int, bad ...int) []Second {
		var seconds []Second
		for i := range n {
			s := sound()
			s.At, s.Warmup = time.Duration(i)*time.Second, i < warm
			seconds = append(seconds, s)
		}
		for _, i := range bad {
			seconds[i].Signals.GCPause = time.Duration(21+i) * ms
		}
		return seconds
	}
	for _, c := range []struct {
		name    string
		seconds []Second
		want    Level
		says    string
	}{
		{"sound", run(30, 5), Valid, ""},
		{"bad warm-up", run(30, 5, 0, 1, 4), Valid, ""},
		{"one bad second of thirty", run(30, 5, 12), Invalid, "invalid: garbage collection pause 33.0 ms, over 20.0 ms in second 12"},
		{"spans", run(40, 0, 3, 7, 8, 9, 12), Invalid, "in seconds 3, 7-9 and 12"},
		{"one span", run(40, 0, 7, 8), Invalid, "in seconds 7-8"},
		{"many spans", run(40, 0, 1, 3, 5, 7, 9, 11, 13), Invalid, "in seconds 1, 3, 5, 7, 9, … 7 in all"},
		{"one bad second of two hundred", run(200, 0, 12), Suspect, "in second 12"},
		{"two bad seconds of two hundred", run(200, 0, 12, 13), Suspect, "in seconds 12-13"},
		{"three bad seconds of two hundred", run(200, 0, 12, 13, 99), Invalid, "in seconds 12-13 and 99"},
		{"nothing but warm-up", run(3, 3), NotJudged, "no second outside the warm-up"},
	} {
		v := ValidityOf(c.seconds, true)
		if said := strings.Join(v.Reasons, "\n"); v.Level != c.want || !strings.Contains(said, c.says) || !v.SameHost || v.Level == Valid && said != "" {
			t.Errorf("%s: %v, %q, want %v with %q", c.name, v.Level, said, c.want, c.says)
		}
	}
}

func TestBusiestCoreIsFound(t *testing.T) {
	before := []core{{1000, 900, 0}, {1000, 900, 0}}
	now := []core{{1100, 910, 0}, {1100, 990, 8}}
	busiest, steal := busy(before, now)
	if busiest != 0.9 || steal != 0.04 {
		t.Errorf("busiest %v, steal %v, want 0.9 and 0.04", busiest, steal)
	}
	if b, s := busy(before, now[:1]); b != 0 || s != 0 {
		t.Errorf("a core came or went: %v, %v, want nothing", b, s)
	}
}

func TestRuntimeHistogramIsRead(t *testing.T) {
	bounds := []float64{0, 1, 2, 4, 8}
	for _, c := range []struct {
		counts []uint64
		q      float64
		want   float64
	}{
		{[]uint64{0, 0, 0, 0}, 0.99, 0},
		{[]uint64{99, 0, 1, 0}, 0.99, 0.5},
		{[]uint64{98, 0, 2, 0}, 0.99, 3},
		{[]uint64{1, 0, 0, 1}, 1, 6},
	} {
		if got := middle(c.counts, bounds, c.q); got != c.want {
			t.Errorf("%v at %v: %v, want %v", c.counts, c.q, got, c.want)
		}
	}
}

// A spinning goroutine must be seen in the signals of this very process.
func TestWatchSeesABusyProcess(t *testing.T) {
	began, before := time.Now(), readMachine().own
	if before == 0 {
		t.Skip("this system does not tell the processor time of a process")
	}
	w := NewWatch()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { w.Run(ctx); close(done) }()
	for readMachine().own < before+300*ms {
	}
	var s Second
	w.Judge(&s)
	spun := float64(readMachine().own-before) / float64(time.Since(began)) / float64(runtime.GOMAXPROCS(0))
	cancel()
	<-done
	if s.Signals.CPU < spun/2 || s.Signals.CPU > 1 {
		t.Errorf("own share of the cores %v while spinning, want some %v", s.Signals.CPU, spun)
	}
	if s.Signals.Watchdog < 0 || s.Signals.Watchdog > 10*time.Second {
		t.Errorf("watchdog %v", s.Signals.Watchdog)
	}
}

func TestEnvironmentIsKnown(t *testing.T) {
	e := ThisMachine("v1")
	if e.Version != "v1" || e.Cores < 1 || e.GOMAXPROCS < 1 || e.ClockCost <= 0 || e.ClockCost > ms || e.GOGC == "" {
		t.Errorf("%+v", e)
	}
	for clock, slow := range map[string]bool{"tsc": false, "": false, "arch_sys_counter": false, "hpet": true, "acpi_pm": true} {
		if got := (Environment{Clock: clock}).SlowClock(); got != "" != slow {
			t.Errorf("clock %q: %q", clock, got)
		}
	}
}

// Another process that has a core is no fault of a generator that neither had it nor
// felt it.
func TestOtherProcessesAreNotTheGenerator(t *testing.T) {
	run := func(change func(*Second)) Validity {
		var seconds []Second
		for i := range 5 {
			s := sound()
			s.At, s.Signals.CPU, s.Signals.Busiest = time.Duration(i)*time.Second, 0.02, 1
			change(&s)
			seconds = append(seconds, s)
		}
		return ValidityOf(seconds, false)
	}
	if v := run(func(*Second) {}); v.Level != Suspect || !strings.Contains(v.Reasons[0], "busy with something else") {
		t.Errorf("%+v", v)
	}
	for name, felt := range map[string]func(*Second){
		"lag":       func(s *Second) { s.LagP99 = 3 * ms },
		"own time":  func(s *Second) { s.Signals.CPU = 0.5 },
		"scheduler": func(s *Second) { s.Signals.Sched = 6 * ms },
	} {
		if v := run(felt); v.Level != Invalid {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// A run that is shorter than a bound asks for can pass it all the same, and what comes
// after the last arrival is not judged.
func TestShortRunsAndTheDrainAreJudgedAsTheyAre(t *testing.T) {
	full := sound()
	full.Signals.CPU = 0.99
	if v := ValidityOf([]Second{full}, false); v.Level != Invalid {
		t.Errorf("one full second: %+v", v)
	}
	calm, drain := sound(), sound()
	calm.Signals.CPU, drain.At = 0.2, time.Second
	drain.Planned, drain.Played, drain.Signals.GCPause = 0, 0, 50*ms
	if v := ValidityOf([]Second{calm, drain}, false); v.Level != Valid {
		t.Errorf("a pause in the drain: %+v", v)
	}
}

// A host that takes one request of a shared line after another keeps more terminals waiting
// as well; one that takes many at once does not.
func TestAdviceIsTakenBackWhereSharedLinesAreTheBound(t *testing.T) {
	for name, c := range map[string]struct {
		lines  string
		n      int
		took   func(i int) time.Duration // the service time of the i-th
		advice bool
	}{
		"one after another":           {"shared:2", 20, func(i int) time.Duration { return time.Duration(i%10+1) * 500 * ms }, false},
		"signed in one after another": {"shared:2", 20, func(i int) time.Duration { return time.Duration(i%10+1) * 500 * ms }, false},
		"signed in at once":           {"shared:2", 200, func(int) time.Duration { return 500 * ms }, true},
		"all at once":                 {"shared:2", 200, func(int) time.Duration { return 500 * ms }, true},
		"at once, unevenly":           {"shared:2", 2000, func(i int) time.Duration { return time.Duration(10+i%100) * ms }, true},
		"lines of their own":          {"own", 20, func(i int) time.Duration { return time.Duration(i%10+1) * 500 * ms }, true},
	} {
		rec := NewRecorder([]string{"purchase"}, 10*time.Second, 0)
		s := rec.Shard()
		for i := range c.n {
			s.Record(Sample{Outcome: Approved, Done: c.took(i)})
		}
		rec.Tick(5 * time.Second)
		r := rec.Report()
		r.Took, r.Plan.Lines = 5*time.Second, c.lines
		r.Waited = Waited{Arrivals: 10, Terminals: 20, Enough: 200}
		if strings.HasPrefix(name, "signed in") { // lines that are never idle again tell nothing more
			r.SignIn, r.Labels = Phase{Terminals: 20, Took: 5 * time.Second, Label: r.Labels[0]}, nil
		}
		if r.Advise(); (r.Waited.Enough == 200) != c.advice || strings.Contains(r.Waited.String(), "200 terminals would do") != c.advice {
			t.Errorf("%s: %s", name, r.Waited)
		}
	}
}

// No number of terminals would do for a host that has fallen silent, and none is told
// when the generator was the limit.
func TestAdviceIsTakenBackWhereItWouldNotHelp(t *testing.T) {
	r := &Report{Waited: Waited{Arrivals: 10, Terminals: 5, Enough: 72}, Labels: []Label{{Counts: Counts{Approved: 10, TimedOut: 90}}}}
	r.Advise()
	if said := r.Waited.String(); r.Waited.Enough != 0 || !strings.Contains(said, "90 of 100 exchanges unanswered") || strings.Contains(said, "72") {
		t.Errorf("silent host: %q", said)
	}
	r.Faults = map[string]int64{"answer-lost": 90}
	if r.Advise(); !strings.Contains(r.Waited.String(), "unanswered, on lines that were made to fail 90 times: ") {
		t.Errorf("of faults that were injected it says %q", r.Waited)
	}
	r.Faults, r.Late = nil, 80
	if r.Advise(); !strings.Contains(r.Waited.String(), "unanswered in time, 80 answers after it or otherwise than wanted: ") || strings.Contains(r.Waited.String(), "host") {
		t.Errorf("of answers that come late it says %q", r.Waited)
	}
	r.Late = 0
	r = &Report{Waited: Waited{Arrivals: 10, Terminals: 5, Enough: 72}, Labels: []Label{{Counts: Counts{Approved: 100}}}, Validity: Validity{Level: Invalid}}
	r.Advise()
	if said := r.Waited.String(); strings.Contains(said, "72") || strings.Contains(said, "waited for the host") {
		t.Errorf("full generator: %q", said)
	}
	r = &Report{Waited: Waited{Arrivals: 10, Terminals: 5, Enough: 72}, Labels: []Label{{Counts: Counts{Approved: 100}}}}
	if r.Advise(); !strings.Contains(r.Waited.String(), "72 terminals would do") {
		t.Errorf("slow host: %q", r.Waited)
	}
}

// At a bound, and just beyond it; of nothing there is no share.
func TestSignalsAtTheirBounds(t *testing.T) {
	for name, plant := range map[string]func(s *Second, beyond float64){
		"own processor time": func(s *Second, beyond float64) { s.Signals.CPU = 0.3 + beyond },
		"lag":                func(s *Second, beyond float64) { s.LagP99 = 2*ms + time.Duration(1e9*beyond) },
		"watchdog":           func(s *Second, beyond float64) { s.Signals.Watchdog = 20*ms + time.Duration(1e9*beyond) },
		"scheduler":          func(s *Second, beyond float64) { s.Signals.Sched = 5*ms + time.Duration(1e9*beyond) },
	} {
		for _, beyond := range []float64{0, 0.001} {
			s := Second{Signals: Signals{Busiest: 0.9}}
			plant(&s, beyond)
			if felt, other := busiest(&s, true), busiest(&s, false); (felt > 0) != (beyond > 0) || (other > 0) != (beyond == 0) {
				t.Errorf("%s, %g beyond its bound: the generator felt %g, others had %g", name, beyond, felt, other)
			}
		}
	}
	for what, got := range map[string]float64{
		"lag of no response":       lagShare(&Second{LagP99: time.Second}),
		"lag of no service":        medianShare(&Second{LagP50: time.Second}),
		"missing of no arrival":    missing(&Second{}),
		"missing that were held":   missing(&Second{Planned: 1000, Played: 980, Held: 10}) - 0.007,
		"refused of what was sent": exhausted(&Second{Signals: Signals{Exhausted: 1}, Counts: Counts{Approved: 1, Unsent: 9}}) - 0.1,
		"refused of fewer":         exhausted(&Second{Signals: Signals{Exhausted: 3}, Counts: Counts{Approved: 1}}) - 1,
	} {
		if got < -1e-12 || got > 1e-12 {
			t.Errorf("%s: %g off", what, got)
		}
	}
	for want, at := range map[string][]int{
		"second 3": {3}, "seconds 3-4": {3, 4}, "seconds 1, 3, 5, 7 and 9": {1, 3, 5, 7, 9}, "seconds 1, 3, 5, 7, 9, … 6 in all": {1, 3, 5, 7, 9, 11},
	} {
		if got := (&offence{at: at}).seconds(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if (Money{Checked: true}).Agree() || !(Money{Checked: true, Compared: 1}).Agree() || (Money{Checked: true, Compared: 1, Detail: []string{"x"}}).Agree() {
		t.Error("books agree of which none was compared, or that differ")
	}
}

// Of a run of several agents the reason is one for its level, not the first that some agent
// gives.
func TestReasonIsOfTheLevel(t *testing.T) {
	for _, c := range []struct {
		v    Validity
		want string
	}{
		{Validity{}, ""},
		{Validity{Level: NotJudged, Reasons: []string{"nothing was played"}}, "nothing was played"},
		{Validity{Level: Invalid, Reasons: []string{"invalid: lag", "suspect: steal"}}, "invalid: lag"},
		{Validity{Level: Invalid, Reasons: []string{"agent 1: suspect: steal", "agent 2: invalid: lag", "agent 2: suspect: steal"}}, "agent 2: invalid: lag"},
		{Validity{Level: Suspect, Reasons: []string{"agent 1: suspect: steal"}}, "agent 1: suspect: steal"},
	} {
		if got := c.v.Reason(); got != c.want {
			t.Errorf("%+v: %q", c.v, got)
		}
	}
}
