package report

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// The bundled host can be told to misbehave by rule, and what a truthful meter
// must then show can be worked out on paper. These tests feed the recorder with
// the exchanges that such a host gives, without a host or a clock, and hold it
// to the paper.

// near allows 2 ms, 2 % or the quantile's own sampling error.
func near(got, want, sampling time.Duration) bool {
	allow := max(2*ms, want/50, sampling)
	return got >= want-allow && got <= want+allow
}

// stall is a host that answers after s, but holds everything in the first d of
// every p until that time is over.
type stall struct{ s, d, p time.Duration }

func (h stall) answer(sent time.Duration) time.Duration {
	if in := sent % h.p; in < h.d {
		return sent - in + h.d + h.s
	}
	return sent + h.s
}

// quantile is the closed form for arrivals spread evenly over time: with
// f = d/p, L(q) = s + d·(1 - (1-q)/f) where 1-q < f.
func (h stall) quantile(q float64) time.Duration {
	f := float64(h.d) / float64(h.p)
	if 1-q >= f {
		return h.s
	}
	return h.s + time.Duration(float64(h.d)*(1-(1-q)/f))
}

// openLoop sends at a fixed rate whatever the host does.
func openLoop(h stall, rate int, lasts time.Duration) *Report {
	r := NewRecorder([]string{"purchase"}, 30*time.Second, 0)
	s := r.Shard()
	for n := range int64(lasts.Seconds() * float64(rate)) {
		due := time.Duration(n * int64(time.Second) / int64(rate))
		s.Record(Sample{Due: due, Sent: due, Done: h.answer(due)})
	}
	r.Tick(lasts)
	return r.Report()
}

// terminals sends the same arrivals through k terminals, each with one exchange
// at a time; an arrival that finds none free waits with its due time kept.
func terminals(h stall, rate, k int, lasts time.Duration) *Report {
	r := NewRecorder([]string{"purchase"}, 30*time.Second, 0)
	s := r.Shard()
	free := make([]time.Duration, k)
	for n := range int64(lasts.Seconds() * float64(rate)) {
		due := time.Duration(n * int64(time.Second) / int64(rate))
		first := 0
		for i := range free {
			if free[i] < free[first] {
				first = i
			}
		}
		sent := max(due, free[first])
		done := h.answer(sent)
		free[first] = done
		s.Record(Sample{Due: due, Sent: sent, Done: done})
	}
	r.Tick(lasts)
	return r.Report()
}

func TestStallIsSeen(t *testing.T) {
	h := stall{s: ms, d: time.Second, p: 10 * time.Second}
	l := openLoop(h, 500, 20*time.Second).Label("purchase")
	for _, q := range []float64{0.5, 0.95, 0.99, 0.999} {
		if got, want := l.Quantile(q).Value, h.quantile(q); !near(got, want, 0) {
			t.Errorf("p%g: %v, want %v", 100*q, got, want)
		}
	}
	f := 0.1
	if got, want := l.Mean().Value, h.s+time.Duration(f*float64(h.d)/2); !near(got, want, 0) {
		t.Errorf("mean: %v, want %v", got, want)
	}
}

// The same stall through ten terminals: only the response time tells it. A meter
// that put the service time in the headline would call this host fast, so the
// test above could not pass with one.
func TestServiceTimeHidesAStall(t *testing.T) {
	h := stall{s: 1200 * time.Microsecond, d: time.Second, p: 10 * time.Second}
	l := terminals(h, 500, 10, 20*time.Second).Label("purchase")
	if got := l.ServiceQuantile(0.99).Value; got > 5*ms {
		t.Errorf("service p99 %v: the terminals should have hidden the stall", got)
	}
	// Waiting arrivals drain at k/s a second: at u into the stall the latency is
	// s + (d-u) + u·rate·s/k.
	for q, want := range map[float64]time.Duration{0.95: 531 * ms, 0.99: 907 * ms} {
		if got := l.Quantile(q).Value; !near(got, want, 0) {
			t.Errorf("response p%g: %v, want %v", 100*q, got, want)
		}
	}
	if lag := l.LagQuantile(0.99).Value; lag < 800*ms {
		t.Errorf("lag p99 %v: the wait for a terminal is lost", lag)
	}
}

// A host that falls silent 2 s before the end of 10 s: what is open counts at its
// age. Leaving it out would show a p99 of 1 ms.
func TestSilenceAtTheEndIsALowerBound(t *testing.T) {
	r := NewRecorder([]string{"purchase"}, 30*time.Second, 0)
	s := r.Shard()
	const rate, end = 200, 10 * time.Second
	for n := range 10 * rate {
		due := time.Duration(n) * time.Second / rate
		x := Sample{Due: due, Sent: due, Done: due + ms + time.Duration(n%100)*10*time.Microsecond}
		if due >= 8*time.Second {
			x.Outcome, x.Done = Open, end
		}
		s.Record(x)
	}
	r.Tick(end)
	l := r.Report().Label("purchase")
	if got := l.Quantile(0.99); !got.AtLeast || got.Value < 1890*ms || got.String()[:len("≥ 1.9")] != "≥ 1.9" && got.String()[:len("≥ 1.8")] != "≥ 1.8" {
		t.Errorf("p99 %v, want at least 1.9 s", got)
	}
	if got := l.Quantile(0.5); got.AtLeast || got.Value > 2*ms {
		t.Errorf("p50 %v: the open exchanges, all longer, do not touch it", got)
	}
	if got := l.Mean(); !got.AtLeast {
		t.Errorf("mean %v, want a lower bound", got)
	}
}

func TestTimeoutsAreSamples(t *testing.T) {
	r := NewRecorder([]string{"purchase"}, 3*time.Second, 0)
	s := r.Shard()
	for i := range 1000 {
		if i%2 == 0 {
			one(s, 0, 0, ms, Approved)
		} else {
			one(s, 0, 0, 3*time.Second, TimedOut)
		}
	}
	r.Tick(time.Second)
	l := r.Report().Label("purchase")
	if got := l.Quantile(0.9).Value; got < 3*time.Second {
		t.Errorf("p90 %v of a host that answers every other request, want the timeout", got)
	}
}

func TestKnownDistributionsAreMeasured(t *testing.T) {
	const n = 50_000
	rng := rand.New(rand.NewPCG(7, 7))
	for name, c := range map[string]struct {
		draw func() float64 // ms
		want func(q float64) float64
		dens func(q float64) float64 // density at the quantile, 1/ms
	}{
		"uniform 10..110 ms": {
			func() float64 { return 10 + 100*rng.Float64() },
			func(q float64) float64 { return 10 + 100*q },
			func(float64) float64 { return 1.0 / 100 },
		},
		"exponential, mean 20 ms": {
			func() float64 { return 20 * rng.ExpFloat64() },
			func(q float64) float64 { return -20 * math.Log(1-q) },
			func(q float64) float64 { return (1 - q) / 20 },
		},
	} {
		r := NewRecorder([]string{"x"}, time.Minute, 0)
		s := r.Shard()
		for range n {
			one(s, 0, 0, time.Duration(c.draw()*1e6), Approved)
		}
		r.Tick(time.Second)
		l := r.Report().Label("x")
		for _, q := range []float64{0.5, 0.9, 0.95, 0.99, 0.999} {
			want := c.want(q)
			sampling := 4 * math.Sqrt(q*(1-q)/n) / c.dens(q)
			if got := l.Quantile(q).Value; !near(got, time.Duration(want*1e6), time.Duration(sampling*1e6)) {
				t.Errorf("%s: p%g: %v, want %.1f ms", name, 100*q, got, want)
			}
		}
	}
}

// A fixed-rate plan before one exponential server is D/M/1, a Poisson plan
// M/M/1. They differ, and the meter must show each as it is.
func TestQueueBeforeOneServer(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	const n, rate, serve = 400_000, 50.0, 100.0
	rng := rand.New(rand.NewPCG(3, 9))
	for name, c := range map[string]struct {
		gap       func() float64 // s
		mean, p99 time.Duration
	}{
		"Poisson": {func() float64 { return rng.ExpFloat64() / rate }, 20 * ms, 92100 * time.Microsecond},
		"fixed":   {func() float64 { return 1 / rate }, 12540 * time.Microsecond, 57800 * time.Microsecond},
	} {
		r := NewRecorder([]string{"x"}, time.Minute, 0)
		s := r.Shard()
		var due, idle float64
		for range n {
			due += c.gap()
			begin := max(due, idle)
			idle = begin + rng.ExpFloat64()/serve
			at := func(x float64) time.Duration { return time.Duration(x * 1e9) }
			s.Record(Sample{Due: at(due), Sent: at(due), Done: at(idle)})
		}
		r.Tick(time.Second)
		l := r.Report().Label("x")
		if got := l.Mean().Value; !near(got, c.mean, c.mean/25) {
			t.Errorf("%s: mean %v, want %v", name, got, c.mean)
		}
		if got := l.Quantile(0.99).Value; !near(got, c.p99, c.p99/25) {
			t.Errorf("%s: p99 %v, want %v", name, got, c.p99)
		}
	}
}

// One slow terminal among many moves its own label and leaves the others alone.
func TestLabelsDoNotLeakIntoEachOther(t *testing.T) {
	r := NewRecorder([]string{"fast", "slow"}, time.Minute, 0)
	s := r.Shard()
	for i := range 10_000 {
		one(s, 0, 0, ms, Approved)
		if i%100 == 0 {
			one(s, 1, 0, time.Second, Approved)
		}
	}
	r.Tick(time.Second)
	rep := r.Report()
	if got := rep.Label("fast").Quantile(1).Value; got > 1010*time.Microsecond {
		t.Errorf("fast: max %v", got)
	}
	if got := rep.Label("slow").Quantile(0.5).Value; got < 999*ms {
		t.Errorf("slow: p50 %v", got)
	}
	all, err := rep.Overall()
	if err != nil {
		t.Fatal(err)
	}
	if got := all.Quantile(0.98).Value; got > 1010*time.Microsecond {
		t.Errorf("all: p98 %v", got)
	}
}
