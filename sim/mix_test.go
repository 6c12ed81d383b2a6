package sim_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/posfleet/posfleet/sim"
)

func plans(n int) (ps []*sim.Plan) {
	for i := range n {
		ps = append(ps, &sim.Plan{ID: fmt.Sprint("plan-", i)})
	}
	return ps
}

func TestMixKeepsItsShares(t *testing.T) {
	const n = 100_000
	for _, shares := range [][]float64{{1}, {1, 1}, {70, 20, 10}, {0.5, 0.3, 0.2}, {1000, 1}, {1e-9, 1e-9}} {
		ps := plans(len(shares))
		m, err := sim.NewMix(42, ps, shares)
		if err != nil {
			t.Fatal(err)
		}
		count := map[*sim.Plan]int{}
		for k := range n {
			count[m.Plan(k)]++
		}
		sum := 0.0
		for _, s := range shares {
			sum += s
		}
		for i, s := range shares {
			p := s / sum
			want, deviation := p*n, math.Sqrt(p*(1-p)*n)
			if got := float64(count[ps[i]]); math.Abs(got-want) > 4*deviation+1 {
				t.Errorf("shares %v: plan %d played %v times, want %.0f ± %.0f", shares, i, got, want, 4*deviation)
			}
		}
	}
}

// Arrival n plays the same plan whoever asks, in whatever order: a run can be
// shared out and played again.
func TestMixDependsOnNumberAndSeedAlone(t *testing.T) {
	ps := plans(3)
	first, _ := sim.NewMix(1, ps, []float64{1, 2, 3})
	again, _ := sim.NewMix(1, ps, []float64{1, 2, 3})
	other, _ := sim.NewMix(2, ps, []float64{1, 2, 3})
	differ := 0
	for k := 9999; k >= 0; k-- {
		if first.Plan(k) != again.Plan(k) {
			t.Fatalf("arrival %d plays two plans under one seed", k)
		}
		if first.Plan(k) != other.Plan(k) {
			differ++
		}
	}
	if differ < 1000 {
		t.Errorf("two seeds differ in %d of 10000 arrivals", differ)
	}
}

func TestMixRefusesWhatIsNoShare(t *testing.T) {
	for _, shares := range [][]float64{{}, {1}, {1, 0}, {1, -1}, {1, math.NaN()}, {1, math.Inf(1)}, {1, 1, 1}} {
		if _, err := sim.NewMix(1, plans(2), shares); err == nil {
			t.Errorf("shares %v of two plans are taken", shares)
		}
	}
}
