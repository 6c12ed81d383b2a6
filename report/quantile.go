package report

import (
	"math"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Quantile is one figure of a distribution and how far it can be trusted.
type Quantile struct {
	Q       float64       // 0..1; 0.99 is the 99th percentile
	N       int64         // samples it rests on
	Value   time.Duration // upper end of the histogram's bucket, 0.1 % wide
	AtLeast bool          // the true figure is this or more: exchanges without an outcome reach into it
	TooFew  bool          // too few samples for this quantile, see MinSamples
}

// MinSamples is the smallest number of samples from which a quantile can be told:
// with fewer the largest sample is not, at 95 % two-sided confidence, a bound
// for it. 6 for the median, 72 for p95, 368 for p99, 3,688 for p99.9 and 36,887
// for p99.99. The maximum is a fact, not an estimate: one is enough.
func MinSamples(q float64) int64 {
	if q <= 0 || q >= 1 {
		return 1
	}
	return int64(math.Ceil(math.Log(0.025) / math.Log(max(q, 1-q))))
}

// String gives the figure as reports print it: "12.3 ms", "≥ 1.90 s",
// "n too small", or "-" when there is no sample.
func (q Quantile) String() string {
	switch {
	case q.N == 0:
		return "-"
	case q.TooFew:
		return "n too small"
	case q.AtLeast:
		return "≥ " + FormatDuration(q.Value)
	}
	return FormatDuration(q.Value)
}

// Quantile tells a quantile of the response time, 0 ≤ q ≤ 1; 1 is the maximum.
func (l *Label) Quantile(q float64) Quantile {
	return quantile(l.Response, l.Censored, l.Clamped, q)
}

// ServiceQuantile tells a quantile of the service time. An exchange without an
// outcome makes it a lower bound as it does for the response time.
func (l *Label) ServiceQuantile(q float64) Quantile {
	return quantile(l.Service, l.Censored, 0, q)
}

// LagQuantile tells a quantile of the generator's own lateness.
func (l *Label) LagQuantile(q float64) Quantile { return quantile(l.Lag, nil, 0, q) }

// quantile reads h twice when exchanges ended without an outcome: with their
// ages as recorded, and as if they had lasted for ever. When both agree to 1 %,
// those exchanges do not touch the figure; else it is a lower bound.
func quantile(h, censored *hdr.Histogram, clamped int64, q float64) Quantile {
	if h == nil || h.TotalCount() == 0 {
		return Quantile{Q: q}
	}
	n := h.TotalCount()
	v := at(h, q)
	out := Quantile{Q: q, N: n, Value: time.Duration(v) * time.Microsecond, TooFew: n < MinSamples(q)}
	if clamped > 0 && v >= h.HighestTrackableValue() {
		out.AtLeast = true
	}
	if censored == nil || censored.TotalCount() == 0 {
		return out
	}
	known := n - censored.TotalCount()
	rank := rankOf(q, n)
	if rank > known {
		out.AtLeast = true
		return out
	}
	out.AtLeast = out.AtLeast || float64(without(h, censored, rank)) > 1.01*float64(v)
	return out
}

// rankOf is the rank of a quantile among n samples, from 1: the smallest that
// leaves no more than a share 1-q above it, as HdrHistogram in Java has it.
func rankOf(q float64, n int64) int64 {
	return min(n, max(1, int64(math.Ceil(q*float64(n)-1e-6))))
}

// at reads a quantile of a histogram in µs; 0 when it is empty. The library
// would take the nearest rank, which for few samples is one too low.
func at(h *hdr.Histogram, q float64) int64 {
	n := h.TotalCount()
	if n == 0 {
		return 0
	}
	return h.ValueAtPercentile(100 * float64(rankOf(q, n)) / float64(n))
}

// without gives the value of this rank among the samples of h that are not
// among the censored. Only ages since due are kept of those; for the service
// time that makes them older by their lag than they are.
func without(h, censored *hdr.Histogram, rank int64) int64 {
	gone := censored.Distribution()
	var below, lost int64
	for _, b := range h.Distribution() {
		for len(gone) > 0 && gone[0].To <= b.To {
			lost += gone[0].Count
			gone = gone[1:]
		}
		if below += b.Count; b.Count > 0 && below-lost >= rank {
			return b.To
		}
	}
	return math.MaxInt64
}

// Mean is the mean response time and how far it can be trusted: any exchange
// without an outcome makes it a lower bound.
func (l *Label) Mean() Quantile { return mean(l.Response, l) }

func mean(h *hdr.Histogram, l *Label) Quantile {
	if h == nil || h.TotalCount() == 0 {
		return Quantile{}
	}
	return Quantile{
		N:       h.TotalCount(),
		Value:   time.Duration(h.Mean() * float64(time.Microsecond)),
		AtLeast: l.Clamped > 0 || l.Censored != nil && l.Censored.TotalCount() > 0,
	}
}
