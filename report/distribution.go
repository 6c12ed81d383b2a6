package report

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"sort"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Distribution is how latencies are distributed over one label or several, ready to
// be drawn: histograms added up, in rising order. The zero Distribution has no
// samples.
type Distribution struct {
	from, to []int64 // bounds of each bucket that holds something, µs
	upto     []int64 // samples in this bucket and all below it
	known    []int64 // the same without the censored ones
}

// ResponseTimes adds up the response times of labels.
func ResponseTimes(labels ...Label) Distribution {
	var b buckets
	for _, l := range labels {
		b.add(l.Response, 1, 1)
		if top := len(b) - 1; l.Clamped > 0 && top >= 0 { // of those, too, only that they were longer is known
			b[top].known = max(0, b[top].known-l.Clamped)
		}
		b.add(l.Censored, 0, -1)
	}
	return b.distribution()
}

// ServiceTimes adds up the service times of labels.
func ServiceTimes(labels ...Label) Distribution {
	var b buckets
	for _, l := range labels {
		b.add(l.Service, 1, 1)
	}
	return b.distribution()
}

// Lags adds up the generator's own lateness.
func Lags(labels ...Label) Distribution {
	var b buckets
	for _, l := range labels {
		b.add(l.Lag, 1, 1)
	}
	return b.distribution()
}

// buckets are those of several histograms, in any order.
type buckets []bucket

type bucket struct{ from, to, all, known int64 }

func (b *buckets) add(h *hdr.Histogram, all, known int64) {
	if h == nil || h.TotalCount() == 0 {
		return
	}
	s := h.Export()
	unit := bits.Len64(uint64(s.LowestTrackableValue)) - 1
	half := bits.Len64(uint64(2*math.Pow10(int(s.SignificantFigures)))-1) - 1
	for i, n := range s.Counts { // as h.Distribution, which takes ten times as long
		if n == 0 {
			continue
		}
		scale, sub := unit, int64(i)
		if over := i>>half - 1; over > 0 { // each power of two beyond the first has half as many
			scale, sub = unit+over, int64(i&(1<<half-1)+1<<half)
		}
		from := sub << scale
		*b = append(*b, bucket{from, from + 1<<scale - 1, all * n, known * n})
	}
}

func (b buckets) distribution() Distribution {
	slices.SortFunc(b, func(x, y bucket) int { return cmp.Compare(x.to, y.to) })
	var s Distribution
	var all, known int64
	for _, x := range b {
		all, known = all+x.all, known+x.known
		if k := len(s.to) - 1; k >= 0 && s.to[k] == x.to {
			s.upto[k], s.known[k] = all, known
			continue
		}
		s.from, s.to = append(s.from, x.from), append(s.to, x.to)
		s.upto, s.known = append(s.upto, all), append(s.known, known)
	}
	for i := 1; i < len(s.known); i++ { // a sample both clamped and censored went twice
		s.known[i] = max(s.known[i], s.known[i-1])
	}
	return s
}

// N is the number of samples.
func (s Distribution) N() int64 {
	if len(s.upto) == 0 {
		return 0
	}
	return s.upto[len(s.upto)-1]
}

// Upto is how many samples are no longer than so much: of the bucket that it falls into
// those below, to 0.1 %.
func (s Distribution) Upto(d time.Duration) int64 {
	i := sort.Search(len(s.to), func(i int) bool { return time.Duration(s.to[i])*time.Microsecond > d })
	if i == 0 {
		return 0
	}
	return s.upto[i-1]
}

// Sum is about what all samples come to, each taken as the middle of its bucket.
func (s Distribution) Sum() (sum time.Duration) {
	below := int64(0)
	for i, upto := range s.upto {
		sum += time.Duration(upto-below) * time.Duration(s.from[i]+s.to[i]) * time.Microsecond / 2
		below = upto
	}
	return sum
}

// At is the latency that a share q of the samples does not exceed, 0 ≤ q ≤ 1;
// 0 when there are no samples.
func (s Distribution) At(q float64) time.Duration {
	i := s.bucket(s.upto, q)
	if i < 0 {
		return 0
	}
	return time.Duration(s.to[i]) * time.Microsecond
}

// AtLeast tells whether the latency at q is only a lower bound: had the
// exchanges without an outcome lasted for ever, it would be more than 1 %
// higher. It is the rule of [Label.Quantile].
func (s Distribution) AtLeast(q float64) bool {
	i, j := s.bucket(s.upto, q), s.bucket(s.known, q)
	return i >= 0 && (j < 0 || float64(s.to[j]) > 1.01*float64(s.to[i]))
}

// bucket finds the bucket that holds the sample of rank q; -1 when counts do not
// reach that far.
func (s Distribution) bucket(counts []int64, q float64) int {
	if s.N() == 0 {
		return -1
	}
	rank := rankOf(q, s.N())
	i := sort.Search(len(counts), func(i int) bool { return counts[i] >= rank })
	if i == len(counts) {
		return -1
	}
	return i
}

// HighestQuantile is the highest quantile that this many samples can carry: any
// beyond it needs more, as [MinSamples] says.
func (s Distribution) HighestQuantile() float64 {
	if s.N() == 0 {
		return 0
	}
	return math.Exp(math.Log(0.025) / float64(s.N()))
}

// Point is one point of a percentile curve.
type Point struct {
	Quantile float64 // 0 ≤ Quantile < 1
	Latency  time.Duration
	AtLeast  bool // the true figure is this or more
}

// Curve reads the distribution at n quantiles that stand at equal distances on an
// axis of log 1/(1-q), from the smallest sample to the last quantile that the
// samples carry.
func (s Distribution) Curve(n int) []Point {
	if s.N() == 0 || n < 2 {
		return nil
	}
	end := -math.Log10(1 - s.HighestQuantile())
	points := make([]Point, n)
	for i := range points {
		q := 1 - math.Pow(10, -end*float64(i)/float64(n-1))
		points[i] = Point{q, s.At(q), s.AtLeast(q)}
	}
	return points
}

// Bar counts the samples of one bar of a drawn histogram.
type Bar struct {
	From, To time.Duration
	Count    int64
}

// Bars counts the samples between edges that grow by the same factor: perDecade
// of them make a factor of ten. The bars begin and end where samples do;
// samples of 0 count as 1 µs, since the axis is logarithmic.
func (s Distribution) Bars(perDecade int) []Bar {
	if s.N() == 0 || perDecade < 1 {
		return nil
	}
	slot := func(µs int64) int {
		return int(math.Floor(math.Log10(float64(max(µs, 1)))*float64(perDecade) + 1e-9))
	}
	edge := func(k int) time.Duration {
		return time.Duration(math.Round(math.Pow(10, float64(k)/float64(perDecade)) * float64(time.Microsecond)))
	}
	first, last := slot(s.from[0]), slot(s.from[len(s.from)-1])
	bars := make([]Bar, last-first+1)
	for k := range bars {
		bars[k].From, bars[k].To = edge(first+k), edge(first+k+1)
	}
	var before int64
	for i, upto := range s.upto {
		bars[slot(s.from[i])-first].Count += upto - before
		before = upto
	}
	return bars
}
