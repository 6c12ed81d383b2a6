package capacity_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/capacity"
)

// host holds up to a rate; near it, by a share, chance decides.
type host struct {
	holds, chance float64
	rng           *rand.Rand
	trials        []float64
	invalid       func(rate float64, nth int) bool
}

func (h *host) play(rate float64, _ bool) (capacity.Trial, error) {
	h.trials = append(h.trials, rate)
	t := capacity.Trial{Rate: rate}
	if h.invalid != nil && h.invalid(rate, len(h.trials)) {
		t.Verdict, t.Why = capacity.Invalid, "late"
		return t, nil
	}
	if rate > h.holds*(1+h.chance*h.rng.NormFloat64()) {
		t.Verdict = capacity.Broken
	}
	return t, nil
}

func search(h *host) *capacity.Search {
	return &capacity.Search{From: 100, To: 20_000, Precision: 0.02, Confirm: 2, Play: h.play}
}

func TestCapacityIsFound(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		h := &host{holds: 110 * math.Pow(150, rng.Float64()), chance: 0.003, rng: rng}
		b, err := search(h).Run()
		if err != nil {
			t.Fatal(err)
		}
		if b.Low > h.holds*1.02 || b.High < h.holds*0.98 || b.High > b.Low*1.05 || b.Low < h.holds*0.95 {
			t.Errorf("a host that holds %.1f/s: between %.1f and %.1f", h.holds, b.Low, b.High)
		}
		if len(h.trials) > 30 {
			t.Errorf("%d trials for %.1f/s", len(h.trials), h.holds)
		}
	}
}

func TestEndsOfTheSearchAreSaid(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	if b, err := search(&host{holds: 50, rng: rng}).Run(); err != nil || b.Low != 0 || b.High != 100 {
		t.Errorf("a host that holds less than the lowest rate: %+v %v", b, err)
	}
	if b, err := search(&host{holds: 1e6, rng: rng}).Run(); err != nil || b.Low != 20_000 || !math.IsInf(b.High, 1) {
		t.Errorf("a host that holds more than the highest rate: %+v %v", b, err)
	}
}

func TestGeneratorIsNoCapacity(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	h := &host{holds: 1e6, rng: rng, invalid: func(rate float64, _ int) bool { return rate > 3000 }}
	if _, err := search(h).Run(); !errors.Is(err, capacity.ErrGenerator) || !strings.Contains(err.Error(), "at 3200/s, 3 times") {
		t.Errorf("a generator that is the limit: %v", err)
	}
	h = &host{holds: 1000, rng: rng, invalid: func(_ float64, nth int) bool { return nth%3 == 0 }}
	if b, err := search(h).Run(); err != nil || b.Low > 1000 || b.High < 1000 {
		t.Errorf("a generator that is the limit now and then: %+v %v", b, err)
	}
	broke := errors.New("the host cannot be reached")
	s := search(h)
	s.Play = func(float64, bool) (capacity.Trial, error) { return capacity.Trial{}, broke }
	if _, err := s.Run(); !errors.Is(err, broke) {
		t.Errorf("a search whose trial fails: %v", err)
	}
}

func TestTooFewExchangesTellNothing(t *testing.T) {
	few := func(below, holds float64) (capacity.Band, error) {
		h := &host{holds: holds, rng: rand.New(rand.NewPCG(7, 8))}
		s := search(h)
		s.Play = func(rate float64, confirm bool) (capacity.Trial, error) {
			t, err := h.play(rate, confirm)
			if rate < below && t.Verdict == capacity.Held {
				t.Verdict = capacity.Untold
			}
			return t, err
		}
		return s.Run()
	}
	if b, err := few(300, 1000); err != nil || b.Low > 1000 || b.High < 1000 {
		t.Errorf("too few below what it holds: %+v %v", b, err)
	}
	for _, below := range []float64{1000, 1e9} {
		if b, err := few(below, 900); !errors.Is(err, capacity.ErrTooFew) {
			t.Errorf("too few for what it holds: %+v %v", b, err)
		}
	}
}

func TestHostThatFallsBehindIsNoticed(t *testing.T) {
	run := func(grows time.Duration, seconds int) *report.Report {
		r := &report.Report{Plan: report.Plan{For: time.Duration(seconds) * time.Second}}
		for i := range seconds {
			jitter := time.Duration(i*7%5) * time.Millisecond
			r.Seconds = append(r.Seconds, report.Second{At: time.Duration(i) * time.Second, Length: time.Second, Warmup: i == 0,
				Response: report.Quantiles{N: 100, P50: 20*time.Millisecond + jitter + time.Duration(i)*grows}})
		}
		return r
	}
	for _, c := range []struct {
		grows   time.Duration
		seconds int
		fell    bool
	}{{0, 10, false}, {5 * time.Millisecond, 10, false}, {15 * time.Millisecond, 10, true}, {500 * time.Millisecond, 10, true}, {500 * time.Millisecond, 3, false}} {
		if share, fell := capacity.Behind(run(c.grows, c.seconds)); fell != c.fell {
			t.Errorf("%d seconds, each %v slower: behind by %f: %v", c.seconds, c.grows, share, fell)
		}
	}
}

// A host that takes as long as ever while arrivals wait for a terminal has too few of
// them; one that takes longer is the limit itself, however many wait for it.
func TestFleetThatIsTooSmallIsNoHostsLimit(t *testing.T) {
	run := func(enough int, service ...time.Duration) *report.Report {
		r := &report.Report{Plan: report.Plan{For: time.Minute}, Waited: report.Waited{Arrivals: 10, Terminals: 8, Enough: enough}}
		for i, p50 := range service {
			r.Seconds = append(r.Seconds, report.Second{At: time.Duration(i) * time.Second, Length: time.Second, Warmup: i == 0, Service: report.Quantiles{N: 10, P50: p50}})
		}
		return r
	}
	const ms = time.Millisecond
	quick := run(0, 100*ms, 105*ms, 110*ms)
	broke := func(limit string) *report.Report {
		r := run(25, 105*ms, 105*ms, 110*ms)
		service := hdr.New(1, 1_000_000, 3)
		for range 1000 {
			_ = service.RecordValue(110_000) // µs
		}
		r.Labels = []report.Label{{Name: "purchase", Counts: report.Counts{report.Approved: 1000}, Response: service, Service: service, Lag: hdr.New(1, 1_000_000, 3)}}
		r.Limits = []report.LimitResult{{Limit: limit}}
		return r
	}
	for name, c := range map[string]struct {
		runs []*report.Report
		want bool
	}{
		"as quick as ever":                   {[]*report.Report{quick, run(25, 105*ms, 105*ms, 110*ms)}, true},
		"slower under load":                  {[]*report.Report{quick, run(25, 400*ms, 400*ms, 400*ms)}, false},
		"slower within its only run":         {[]*report.Report{run(25, 100*ms, 300*ms, 400*ms)}, false},
		"nobody waited":                      {[]*report.Report{quick, quick}, false},
		"more would wait as well":            {[]*report.Report{quick, run(0, 105*ms, 105*ms)}, false},
		"a promise that waiting broke":       {[]*report.Report{quick, broke("p99 < 200ms")}, true},
		"one that the host broke itself":     {[]*report.Report{quick, broke("p99 < 50ms")}, false},
		"a rate that waiting broke":          {[]*report.Report{quick, broke("rate > 500/s")}, true},
		"one that has nothing to do with it": {[]*report.Report{quick, broke("declined < 1%")}, false},
		"slower and slower":                  {[]*report.Report{quick, run(25, 100*ms, 110*ms, 130*ms, 150*ms, 170*ms)}, false},
		"nothing answered":                   {[]*report.Report{run(25)}, false},
	} {
		var f capacity.Fleet
		var got bool
		for _, r := range c.runs {
			got = f.Short(r)
		}
		if got != c.want {
			t.Errorf("%s: the fleet is too small: %v", name, got)
		}
	}
}
