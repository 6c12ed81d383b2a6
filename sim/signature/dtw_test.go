package signature

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The warping is known where it can be worked out by hand.
func TestAlignment(t *testing.T) {
	ramp := func(values ...float32) (all []sample) {
		for _, v := range values {
			all = append(all, sample{v})
		}
		return all
	}
	var a aligner
	for _, c := range []struct {
		name string
		p, q []sample
		want float64
	}{
		{"same", ramp(1, 5, 2, 8), ramp(1, 5, 2, 8), 0},
		{"one beside", ramp(1, 5, 2, 8), ramp(1, 5, 3, 8), 2.0 / 8}, // twice one, over 4+4
		{"one held", ramp(1, 5, 2, 8), ramp(1, 5, 5, 2, 8), 0},      // slope 2 for a step
		{"one held, other way", ramp(1, 5, 5, 2, 8), ramp(1, 5, 2, 8), 0},
		{"held for too long", ramp(1, 5, 2), ramp(1, 5, 5, 5, 5, 5, 2), math.Inf(1)},
		{"nothing", nil, ramp(1), math.Inf(1)},
	} {
		if got := a.distance(c.p, c.q); math.Abs(got-c.want) > 1e-6 && got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// A path may leave the diagonal by the band alone, also where slopes would let it go
// further.
func TestAlignmentKeepsToTheBand(t *testing.T) {
	peak := func(at int) []sample {
		all := make([]sample, 40)
		all[at] = sample{10}
		return all
	}
	var a aligner
	if got := a.distance(peak(10), peak(14)); got != 0 {
		t.Errorf("4 of 40 off the diagonal: %v, want 0", got)
	}
	if got := a.distance(peak(10), peak(17)); got == 0 {
		t.Error("7 of 40 off the diagonal are within a band of 15 %")
	}
}

// plain is the same alignment written as its definition: all cells, no turns of rows.
func plain(p, q []sample) float64 {
	n, m := len(p), len(q)
	reach := max(2, int(band*float64(max(n, m))))
	inside := func(i, j int) bool {
		if i < 0 || j < 0 || j >= m {
			return false
		}
		diagonal := i * (m - 1) / max(1, n-1)
		return j >= diagonal-reach && j <= diagonal+reach
	}
	far := func(i, j int) float32 {
		if !inside(i, j) {
			return never
		}
		return apart(&p[i], &q[j])
	}
	sums := map[[2]int]float32{}
	at := func(i, j int) float32 {
		if !inside(i, j) {
			return never
		}
		return sums[[2]int{i, j}]
	}
	for i := range n {
		for j := range m {
			if !inside(i, j) {
				continue
			}
			d := far(i, j)
			sum := min(at(i-1, j-1)+2*d, at(i-1, j-2)+2*far(i, j-1)+d, at(i-2, j-1)+2*far(i-1, j)+d)
			if i == 0 && j == 0 {
				sum = 2 * d
			}
			sums[[2]int{i, j}] = sum
		}
	}
	return float64(at(n-1, m-1)) / float64(n+m)
}

// Whatever the lengths, and whatever was compared before, the rows that take turns
// give what the definition gives.
func TestAlignmentIsAsDefined(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	trace := func(n int) (all []sample) {
		for range n {
			var s sample
			for f := range s {
				s[f] = float32(r.NormFloat64())
			}
			all = append(all, s)
		}
		return all
	}
	var a aligner
	paths := 0
	for range 400 {
		p := trace(1 + r.IntN(60))
		q := trace(1 + r.IntN(60))
		got, want := a.distance(p, q), plain(p, q)
		if got != want && math.Abs(got-want) > 1e-5*want {
			t.Fatalf("%d and %d samples: %v, want %v", len(p), len(q), got, want)
		}
		if !math.IsInf(want, 1) {
			paths++
		}
	}
	if paths < 100 {
		t.Errorf("only %d of 400 had a path: too few tried", paths)
	}
}
