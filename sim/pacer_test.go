package sim_test

import (
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim"
)

func rate(t testing.TB, s string) sim.Rate {
	t.Helper()
	r, err := sim.ParseRate(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// upTo is the arrivals of a pacer that fall due before end.
func upTo(t testing.TB, p sim.Pacer, end time.Duration) []time.Duration {
	t.Helper()
	var dues []time.Duration
	for k, due := range p {
		if k != len(dues) {
			t.Fatalf("arrival %d has number %d", len(dues), k)
		}
		if due >= end {
			return dues
		}
		if k > 0 && due < dues[k-1] {
			t.Fatalf("arrival %d is due at %v, the one before at %v", k, due, dues[k-1])
		}
		dues = append(dues, due)
	}
	return dues
}

// At 600,000 a second no due time is a whole number of nanoseconds off, and
// every 600,000th arrival falls on a whole second, however long the run.
func TestConstantDoesNotDrift(t *testing.T) {
	const perSecond, seconds = 600_000, 60
	last := 0
	for k, due := range sim.Constant(rate(t, "600000/s")) {
		if want := time.Duration(k/perSecond)*time.Second + time.Duration(k%perSecond)*time.Second/perSecond; due != want {
			t.Fatalf("arrival %d is due at %d ns, want %d", k, due, want)
		}
		if last = k; k == seconds*perSecond {
			break
		}
	}
	if last != seconds*perSecond {
		t.Errorf("%d arrivals came", last)
	}
}

// The product of number and period is what rounding would spoil. A run of a
// billion arrivals is too long to walk; long periods get to greater products,
// beyond 64 bits, in a few.
func TestConstantIsExactForLargeProducts(t *testing.T) {
	for _, r := range []sim.Rate{{N: 1e9, Per: time.Hour}, {N: 7, Per: time.Hour}, {N: 999_999_937, Per: time.Second}, {N: 1, Per: 1000 * time.Hour}, {N: 1e6, Per: math.MaxInt64}} {
		for k, due := range sim.Constant(r) {
			want := new(big.Int).Mul(big.NewInt(int64(k)), big.NewInt(int64(r.Per)))
			if want.Quo(want, big.NewInt(int64(r.N))); want.Int64() != int64(due) {
				t.Fatalf("%v/%v: arrival %d is due at %d ns, want %d", r.N, r.Per, k, due, want)
			}
			if k == 2000 {
				break
			}
		}
	}
}

func TestConstantCounts(t *testing.T) {
	for _, c := range []struct {
		rate string
		over time.Duration
		want int
	}{
		{"500/s", 10 * time.Second, 5000},
		{"30/m", time.Minute, 30},
		{"7200/h", time.Minute, 120},
		{"0.5/s", 10 * time.Second, 5},    // at 0, 2, 4, 6 and 8 s
		{"2.5/s", 2 * time.Second, 5},     // at 0, 0.4, … 1.6 s
		{"333.3/s", time.Second, 334},     // 0 … 333: number 333 is due at 0.9991 s
		{"3/s", 333 * time.Second, 999},   // a third of a second is rounded down, never up
		{"1/h", 2*time.Hour + 1, 3},       // at 0, 1 h, 2 h
		{"1000000/s", time.Second, 1e6},   // one a microsecond
		{"0.001/s", 999 * time.Second, 1}, // the next one is due at 1000 s
	} {
		if got := len(upTo(t, sim.Constant(rate(t, c.rate)), c.over)); got != c.want {
			t.Errorf("%s for %v: %d arrivals, want %d", c.rate, c.over, got, c.want)
		}
	}
}

// After t of a ramp over T from a to b, a·t + (b-a)·t²/2T arrivals have fallen
// due; after it, b a second more.
func TestRampIntegral(t *testing.T) {
	for _, c := range []struct {
		a, b float64
		over time.Duration
	}{
		{0, 500, 10 * time.Second},
		{100, 500, 10 * time.Second},
		{500, 100, 10 * time.Second},
		{200, 200, 5 * time.Second},
		{0, 1, 100 * time.Second},
		{1000, 1, 4 * time.Second},
	} {
		dues := upTo(t, sim.Ramp(sim.Rate{N: c.a, Per: time.Second}, sim.Rate{N: c.b, Per: time.Second}, c.over), 2*c.over)
		T := c.over.Seconds()
		for _, part := range []float64{0.1, 0.25, 0.5, 0.75, 1, 1.5, 2} {
			at := part * T
			slope := math.Min(at, T)
			want := c.a*slope + (c.b-c.a)*slope*slope/2/T + c.b*math.Max(0, at-T)
			n, _ := slices.BinarySearch(dues, time.Duration(at*1e9))
			// Arrival 0 is due at once: n is the integral rounded up.
			if got := float64(n); got < want-1e-3 || got > want+1+1e-3 {
				t.Errorf("ramp %v/s to %v/s over %v: %v arrivals before %.2f s, want %.2f rounded up", c.a, c.b, c.over, got, at, want)
			}
		}
	}
}

func TestPoissonHasItsMeanAndSpread(t *testing.T) {
	const n = 200_000
	var before time.Duration
	var sum, squares float64
	for k, due := range sim.Poisson(rate(t, "1000/s"), 7) {
		gap := (due - before).Seconds()
		sum, squares, before = sum+gap, squares+gap*gap, due
		if k == n-1 {
			break
		}
	}
	mean := sum / n
	deviation := math.Sqrt(squares/n - mean*mean)
	// The mean of n exponential gaps is off by 1/sqrt(n) of itself, one in three
	// times; four times that is next to never.
	if off := math.Abs(mean/0.001 - 1); off > 4/math.Sqrt(n) {
		t.Errorf("mean gap %.6f s, want 0.001 s", mean)
	}
	if off := math.Abs(deviation/0.001 - 1); off > 0.02 {
		t.Errorf("gaps deviate by %.6f s, want 0.001 s as exponential ones do", deviation)
	}
}

func TestSameSeedSameArrivals(t *testing.T) {
	r := rate(t, "1000/s")
	a, b := upTo(t, sim.Poisson(r, 1), time.Second), upTo(t, sim.Poisson(r, 1), time.Second)
	if !slices.Equal(a, b) {
		t.Error("one seed gave two different arrivals")
	}
	if c := upTo(t, sim.Poisson(r, 2), time.Second); slices.Equal(a, c) {
		t.Error("two seeds gave the same arrivals")
	}
}

// However a run is shared out, the parts together are the whole: every arrival
// once, at its own time.
func TestSharesMakeTheWhole(t *testing.T) {
	pacers := map[string]sim.Pacer{
		"constant": sim.Constant(rate(t, "997/s")),
		"ramp":     sim.Ramp(sim.Rate{N: 0, Per: time.Second}, rate(t, "1500/s"), time.Second),
		"poisson":  sim.Poisson(rate(t, "1000/s"), 3),
	}
	for name, p := range pacers {
		whole := upTo(t, p, time.Second)
		for n := 1; n <= 7; n++ {
			together := make([]time.Duration, len(whole))
			count := 0
			for i := range n {
				for k, due := range (sim.Share{Index: i, Of: n}).Pacer(p) {
					if due >= time.Second {
						break
					}
					if k%n != i {
						t.Fatalf("%s: share %d of %d has arrival %d", name, i, n, k)
					}
					together[k] = due
					count++
				}
			}
			if count != len(whole) || !slices.Equal(together, whole) {
				t.Errorf("%s in %d shares: %d arrivals, want %d at the same times", name, n, count, len(whole))
			}
		}
	}
}

func TestRatesAreReadStrictly(t *testing.T) {
	for s, want := range map[string]float64{"500/s": 500, "30/m": 0.5, "7200/h": 2, "0.25/s": 0.25, "1e3/s": 1000} {
		r, err := sim.ParseRate(s)
		if err != nil || math.Abs(r.PerSecond()-want) > 1e-12 {
			t.Errorf("%s: %v a second, %v; want %v", s, r.PerSecond(), err, want)
			continue
		}
		if again, err := sim.ParseRate(r.String()); err != nil || again != r {
			t.Errorf("%s is written %s, which reads %v, %v", s, r, again, err)
		}
	}
	for _, s := range []string{"", "5", "/s", "5/", "5/x", "5/sec", "5 /s", "5/s/s", "0/s", "-1/s", "NaN/s", "Inf/s", "1e10/s", "1e9/s", "1000001/s", "0.0000001/h", "1e-300/s", "five/s", "5/S"} {
		if r, err := sim.ParseRate(s); err == nil {
			t.Errorf("rate %q is read as %v", s, r)
		}
	}
}

// However slow the rate, due times rise, and the second arrival is not before the
// first: arithmetic that overflowed had runs wait for ever.
func TestDueTimesNeverTurnBack(t *testing.T) {
	r := sim.Rate{N: 1e-7, Per: time.Hour}
	for name, p := range map[string]sim.Pacer{
		"constant": sim.Constant(r), "poisson": sim.Poisson(r, 1), "ramp": sim.Ramp(sim.Rate{N: 0, Per: time.Second}, r, time.Hour),
	} {
		last := time.Duration(-1)
		for k, due := range p {
			if due < last || k > 0 && due < 1000*time.Hour {
				t.Errorf("%s: arrival %d is due at %v, after %v", name, k, due, last)
			}
			if last = due; k == 100 {
				break
			}
		}
	}
}
