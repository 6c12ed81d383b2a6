package signature

import "math"

// aligner finds how far two traces are apart when time may be stretched, by dynamic
// time warping as Sakoe and Chiba (1978) have it: the symmetric form with slope
// constraint 1, so that neither trace runs more than twice as fast as the other
// for long, within a band about the diagonal.
type aligner struct {
	cost [3][]float32 // least sums up to a cell, of the row and the two before
	far  [2][]float32 // distances of samples, of the row and the one before
}

// band is how far the path may leave the diagonal, as a share of the longer trace.
const band = 0.15

var never = float32(math.Inf(1))

// distance is the mean distance of two traces' samples along the best path,
// infinite when none keeps to slope and band. It takes memory only for a trace
// longer than all before.
func (a *aligner) distance(p, q []sample) float64 {
	n, m := len(p), len(q)
	if n == 0 || m == 0 || n-1 > 2*(m-1) || m-1 > 2*(n-1) { // no slope is that steep
		return math.Inf(1)
	}
	// Two cells more at the left stand for what is before the first sample.
	for i := range a.cost {
		a.cost[i] = ready(a.cost[i], m+2)
	}
	for i := range a.far {
		a.far[i] = ready(a.far[i], m+2)
	}
	reach := max(2, int(band*float64(max(n, m))))
	for i := range n {
		// Rows take turns; those two and three back hold what the slopes need.
		row, one, two := a.cost[i%3], a.cost[(i+2)%3], a.cost[(i+1)%3]
		far, farOne := a.far[i%2], a.far[(i+1)%2]
		diagonal := i * (m - 1) / max(1, n-1)
		lo, hi := max(0, diagonal-reach), min(m-1, diagonal+reach)
		// The next two rows lie up to six columns further right, and look two to the left.
		fill(row[lo:min(m+2, hi+2+8)])
		fill(far[lo:min(m+2, hi+2+8)])
		for j := lo; j <= hi; j++ {
			d := apart(&p[i], &q[j])
			k := j + 2
			far[k] = d
			best := one[k-1] + 2*d
			if v := one[k-2] + 2*far[k-1] + d; v < best {
				best = v
			}
			if v := two[k-1] + 2*farOne[k] + d; v < best {
				best = v
			}
			if i == 0 && j == 0 {
				best = 2 * d
			}
			row[k] = best
		}
	}
	return float64(a.cost[(n-1)%3][m+1]) / float64(n+m)
}

// ready is a row of n cells that no path has come to.
func ready(row []float32, n int) []float32 {
	if cap(row) < n {
		row = make([]float32, n)
	}
	row = row[:n]
	fill(row)
	return row
}

func fill(row []float32) {
	for i := range row {
		row[i] = never
	}
}

// apart is the Euclidean distance of two samples.
func apart(a, b *sample) float32 {
	var sum float32
	for i := range a {
		d := a[i] - b[i]
		sum += d * d
	}
	return float32(math.Sqrt(float64(sum)))
}
