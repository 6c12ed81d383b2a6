package selftest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim"
)

const ms = time.Millisecond

func TestClosedForms(t *testing.T) {
	// Worked out by hand, or found in a textbook.
	for _, c := range []struct {
		name string
		law  law
		want map[float64]time.Duration
	}{
		{"stall", stallLaw(time.Second, 10*time.Second, ms), map[float64]time.Duration{0.5: ms, 0.95: 501 * ms, 0.99: 901 * ms, 0.999: 991 * ms}},
		{"uniform", uniformLaw(10*ms, 110*ms), map[float64]time.Duration{0.5: 60 * ms, 0.95: 105 * ms, 0.99: 109 * ms}},
		{"exponential", exponentialLaw(20 * ms), map[float64]time.Duration{0.5: 13863 * time.Microsecond, 0.99: 92103 * time.Microsecond}},
		{"M/M/1", randomQueueLaw(100, 50), map[float64]time.Duration{0.99: 92103 * time.Microsecond}},
		{"D/M/1", evenQueueLaw(100, 50), map[float64]time.Duration{0.99: 57795 * time.Microsecond}},
		{"overload", overloadLaw(150, 100, 8*time.Second), map[float64]time.Duration{0.5: 2010 * ms, 1: 4010 * ms}},
		{"closed model", closedLaw(20, 100), map[float64]time.Duration{0.5: 200 * ms, 0.99: 200 * ms}},
		{"silence", silenceLaw(2*time.Second, 10*time.Second, 0), map[float64]time.Duration{0.5: 0, 0.99: 1900 * ms}},
	} {
		for q, want := range c.want {
			if got := c.law(q); (got - want).Abs() > 10*time.Microsecond {
				t.Errorf("%s: quantile %g is %v, want %v", c.name, q, got, want)
			}
		}
	}
	// Played out, without a clock.
	const n = 400_000
	even := func(k int) float64 { return float64(k) / 100 }
	next := 0.0
	random := rand.New(rand.NewPCG(1, 2))
	poisson := func(int) float64 { next += random.ExpFloat64() / 100; return next }
	for _, c := range []struct {
		name string
		law  law
		seen []float64
		near float64
	}{
		{"D/M/1", evenQueueLaw(200, 100), playQueue(n, even, 200), 0.02},
		{"M/M/1", randomQueueLaw(200, 100), playQueue(n, poisson, 200), 0.03},
		{"stall, 10 terminals", queuedStallLaw(time.Second, 10*time.Second, 500, 10), playStall(time.Second, 10*time.Second, 500, 10), 0.01},
		{"stall, 5 terminals", queuedStallLaw(200*ms, 2*time.Second, 500, 5), playStall(200*ms, 2*time.Second, 500, 5), 0.02},
	} {
		slices.Sort(c.seen)
		for _, q := range []float64{0.9, 0.95, 0.99} {
			seen, want := c.seen[int(math.Ceil(q*float64(len(c.seen))))-1], c.law(q).Seconds()
			if math.Abs(seen-want) > c.near*want {
				t.Errorf("%s: quantile %g comes out as %.4f s, the law says %.4f s", c.name, q, seen, want)
			}
		}
	}
}

// playQueue gives the times in a queue with one exponential server.
func playQueue(n int, due func(int) float64, served float64) []float64 {
	random := rand.New(rand.NewPCG(3, 4))
	free := 0.0
	var out []float64
	for k := range n {
		at := due(k)
		free = max(free, at) + random.ExpFloat64()/served
		out = append(out, free-at)
	}
	return out
}

// playStall gives the response times of ten periods of a host that stalls,
// through few terminals and a pacer that works off what is late in its own time.
func playStall(hold, period time.Duration, rate float64, terminals int) []float64 {
	h, p, slack := hold.Seconds(), period.Seconds(), sim.Slack.Seconds()
	free := make([]float64, terminals)
	now, release := 0.0, 0.0
	var out []float64
	for k := range int(10 * p * rate) {
		due := float64(k) / rate
		if now-due > slack {
			release = max(release, now-slack) + 1/rate/sim.CatchUp
			now = max(now, release)
		} else {
			now = max(now, due)
		}
		slices.Sort(free)
		now = max(now, free[0]) // the pacer waits for a terminal
		done := now
		if into := math.Mod(now, p); into < h {
			done = now - into + h
		}
		free[0] = done
		out = append(out, done-due)
	}
	return out
}

// A figure that is allowed to be off by as much as it is says nothing.
func TestEveryToleranceTells(t *testing.T) {
	for _, quick := range []bool{true, false} {
		for _, part := range trials(quick) {
			for _, c := range part {
				for _, k := range c.checks {
					if k.latency > 0 && k.margin >= k.latency {
						t.Errorf("%s, %s: %v, give or take %v (quick: %v)", c.name, k.words, k.latency, k.margin, quick)
					}
				}
			}
		}
	}
}
