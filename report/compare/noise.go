package compare

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/posfleet/posfleet/report"
)

// sample is one side's figures, as logarithms but of shares, and the variance of their mean that the
// seconds of the runs alone make.
type sample struct {
	figures []float64
	within  float64
}

func (s *sample) mean() (m float64) {
	for _, x := range s.figures {
		m += x
	}
	return m / float64(len(s.figures))
}

// between is the variance of the mean that the runs make, 0 for one run.
func (s *sample) between() (v float64) {
	n := float64(len(s.figures))
	if n < 2 {
		return 0
	}
	for _, x := range s.figures {
		v += (x - s.mean()) * (x - s.mean())
	}
	return v / (n - 1) / n
}

// resolution is the width of a histogram's bucket, as a share: less is no change.
const resolution = 0.001

// within is half the width of the interval that holds the difference of two means at
// such a confidence, by the seconds of the runs alone.
func within(a, b *sample, confidence float64) float64 {
	normal := distuv.Normal{Sigma: 1}
	return normal.Quantile(1-(1-confidence)/2) * math.Sqrt(a.within+b.within)
}

// welch is the same by how the runs of each side differ (Welch 1947), 0 where they do not.
func welch(a, b *sample, confidence float64) float64 {
	va, vb := a.between(), b.between()
	if va+vb == 0 {
		return 0
	}
	freedom := (va + vb) * (va + vb) / (va*va/float64(len(a.figures)-1) + vb*vb/float64(len(b.figures)-1))
	t := distuv.StudentsT{Sigma: 1, Nu: freedom}
	return t.Quantile(1-(1-confidence)/2) * math.Sqrt(va+vb)
}

// resamples is how often the seconds of a run are drawn again.
const resamples = 300

// noise is the variance that a measure of one run has by its seconds, on its scale:
// blocks of seconds are drawn again and again (Künsch 1989), each as long as the root of
// all. The drawing is the same each time, so that a comparison can be repeated.
func (m Measure) noise(run *Run) float64 {
	switch {
	case m.Share == Unanswered:
		seconds := run.seconds()
		return max(m.counted(run), spread(len(seconds), lost(seconds)))
	case m.Share != "": // no second tells of them
		return m.counted(run)
	case m.Q == 0:
		return spread(len(run.rates()), logs(rates(run.rates())))
	}
	all := run.slices(m.Label)
	return spread(len(all), logs(pooled(all, m.Q)))
}

// counted is the variance of a share by the number of what it counts alone; one more and
// one less are taken in, so that none of a few is not none for certain (Agresti and Coull,
// The American Statistician 52, 1998).
func (m Measure) counted(run *Run) float64 {
	n, of := m.share(run)
	p := (float64(n) + 1) / (float64(of) + 2)
	return p * (1 - p) / (float64(of) + 2)
}

// logs are the logarithms of a figure.
func logs(figure func(drawn []int64) float64) func(drawn []int64) float64 {
	return func(drawn []int64) float64 { return math.Log(max(figure(drawn), 1e-9)) }
}

// lost is the share unanswered of drawn seconds.
func lost(seconds []report.Second) func(drawn []int64) float64 {
	return func(drawn []int64) float64 {
		var n, of int64
		for i, times := range drawn {
			bad, due := unanswered(seconds[i].Counts)
			n, of = n+times*bad, of+times*due
		}
		return float64(n) / float64(max(1, of))
	}
}

// spread is the variance of what drawn seconds come to; drawn tells
// how often each of n was.
func spread(n int, figure func(drawn []int64) float64) float64 {
	if n < 2 {
		return 0
	}
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	block := int(math.Ceil(math.Sqrt(float64(n))))
	drawn := make([]int64, n)
	var sum, squares float64
	for range resamples {
		clear(drawn)
		for left := n; left > 0; left -= block {
			from := rng.IntN(n)
			for k := range min(block, left) {
				drawn[(from+k)%n]++
			}
		}
		x := figure(drawn)
		sum, squares = sum+x, squares+x*x
	}
	mean := sum / resamples
	return max(0, squares/resamples-mean*mean) * resamples / (resamples - 1)
}

// rates is the mean of drawn seconds.
func rates(each []float64) func(drawn []int64) float64 {
	return func(drawn []int64) (mean float64) {
		for i, n := range drawn {
			mean += float64(n) * each[i]
		}
		return mean / float64(len(each))
	}
}

// pooled is a quantile of the response times of drawn seconds together, in seconds.
func pooled(seconds []report.Slice, q float64) func(drawn []int64) float64 {
	type entry struct {
		at int
		n  int64
	}
	var values []time.Duration
	for _, s := range seconds {
		for _, b := range s.Values {
			values = append(values, b.Value)
		}
	}
	slices.Sort(values)
	values = slices.Compact(values)
	packed := make([][]entry, len(seconds))
	for i, s := range seconds {
		for _, b := range s.Values {
			at := sort.Search(len(values), func(k int) bool { return values[k] >= b.Value })
			packed[i] = append(packed[i], entry{at, b.N})
		}
	}
	counts := make([]int64, len(values))
	return func(drawn []int64) float64 {
		clear(counts)
		var all int64
		for i, times := range drawn {
			for _, e := range packed[i] {
				if times > 0 {
					counts[e.at] += times * e.n
					all += times * e.n
				}
			}
		}
		rank := int64(math.Ceil(q*float64(all) - 1e-6))
		for i, n := range counts {
			if rank -= n; rank <= 0 {
				return values[i].Seconds()
			}
		}
		return 0
	}
}
