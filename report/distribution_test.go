package report

import (
	"math"
	"slices"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

func histOf(µs ...int64) *hdr.Histogram {
	h := hdr.New(1, 120_000_000, 3)
	for _, v := range µs {
		h.RecordValue(v)
	}
	return h
}

// A figure and the table beside it must not tell two stories of one run.
func TestDistributionSaysWhatLabelSays(t *testing.T) {
	h, open := hdr.New(1, 120_000_000, 3), hdr.New(1, 120_000_000, 3)
	for i := range int64(5000) {
		h.RecordValue(i * i % 700_000)
		if i%50 == 0 {
			h.RecordValue(300_000 + i)
			open.RecordValue(300_000 + i)
		}
	}
	l := Label{Response: h, Censored: open}
	s := ResponseTimes(l)
	if got, want := s.N(), h.TotalCount(); got != want {
		t.Fatalf("%d samples, want %d", got, want)
	}
	for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1} {
		want := l.Quantile(q)
		if got := s.At(q); got != want.Value {
			t.Errorf("p%g is %v, the label says %v", q*100, got, want.Value)
		}
		if got := s.AtLeast(q); got != want.AtLeast {
			t.Errorf("p%g is a lower bound: %v, the label says %v", q*100, got, want.AtLeast)
		}
	}
	for _, q := range []float64{0.5, 0.95, 0.99, 0.999} {
		n := MinSamples(q)
		carried := func(n int64) float64 { return Distribution{upto: []int64{n}}.HighestQuantile() }
		if carried(n) < q || carried(n-1) >= q {
			t.Errorf("%d samples carry p%g%%, %d carry p%g%%: neither side of p%g", n, carried(n)*100, n-1, carried(n-1)*100, q*100)
		}
	}
}

// A latency beyond the histogram's range is counted at its end, and says so.
func TestDistributionKnowsItsRange(t *testing.T) {
	h := histOf(1000, 1000, 1000, 120_000_000)
	l := Label{Response: h, Clamped: 1}
	s := ResponseTimes(l)
	for _, q := range []float64{0.5, 0.75, 0.9, 1} {
		if got, want := s.AtLeast(q), l.Quantile(q).AtLeast; got != want {
			t.Errorf("p%g is a lower bound: %v, the label says %v", q*100, got, want)
		}
	}
}

// Labels are added as histograms; their percentiles never are.
func TestDistributionAddsLabels(t *testing.T) {
	fast, slow := Label{Service: histOf(1000, 1000, 1000)}, Label{Service: histOf(9000)}
	s := ServiceTimes(fast, slow, Label{})
	if got, want := s.At(0.75), time.Millisecond; got != want {
		t.Errorf("p75 %v, want %v", got, want)
	}
	if got := s.At(0.76); got < 9*time.Millisecond {
		t.Errorf("p76 %v, want the slow label's 9 ms", got)
	}
	if got := (Distribution{}).At(0.5); got != 0 {
		t.Errorf("the median of nothing is %v, want 0", got)
	}
}

func TestBarsHoldEverySample(t *testing.T) {
	s := ResponseTimes(Label{Response: histOf(0, 1, 7, 10, 99, 100, 101, 5_000, 5_001, 119_000_000)})
	for _, per := range []int{1, 8, 20, 50} {
		var n int64
		bars := s.Bars(per)
		for i, b := range bars {
			n += b.Count
			if i > 0 && b.From != bars[i-1].To {
				t.Fatalf("%d a decade: a gap between %v and %v", per, bars[i-1].To, b.From)
			}
		}
		if n != 10 {
			t.Errorf("%d a decade: %d samples in bars, want 10", per, n)
		}
	}
}

func TestCurveOnlyRises(t *testing.T) {
	h := hdr.New(1, 120_000_000, 3)
	for i := range int64(1000) {
		h.RecordValue(1 + i*7919%50_000)
	}
	s := ResponseTimes(Label{Response: h})
	points := s.Curve(200)
	for i := 1; i < len(points); i++ {
		if points[i].Latency < points[i-1].Latency || points[i].Quantile <= points[i-1].Quantile {
			t.Fatalf("point %d (%g, %v) is not right of and above (%g, %v)", i,
				points[i].Quantile, points[i].Latency, points[i-1].Quantile, points[i-1].Latency)
		}
	}
	if got, want := points[len(points)-1].Quantile, s.HighestQuantile(); math.Abs(got-want) > 1e-9 {
		t.Errorf("the curve ends at %g, the samples carry %g", got, want)
	}
}

// A ten-hour run is thinned to be drawn: no exchange is lost, no bad second hidden.
func TestThinHidesNoBadSecond(t *testing.T) {
	var seconds []Second
	for i := range 36_000 {
		s := Second{At: time.Duration(i) * time.Second, Length: time.Second, Planned: 3, Warmup: i < 20,
			Response: Quantiles{N: 1, P99: time.Millisecond}}
		s.Counts[Approved] = 3
		if i == 12_345 {
			s.Response.P99, s.Level, s.Reason = time.Minute, Invalid, "why"
		}
		seconds = append(seconds, s)
	}
	thin, span := Downsample(seconds, 600)
	if len(thin) > 600 || span != time.Minute {
		t.Fatalf("%d spans of %v, want 600 of a minute", len(thin), span)
	}
	var planned, approved int64
	var worst time.Duration
	var level Level
	for _, s := range thin {
		planned += s.Planned
		approved += s.Counts[Approved]
		worst, level = max(worst, s.Response.P99), max(level, s.Level)
	}
	if planned != 108_000 || approved != 108_000 {
		t.Errorf("%d planned and %d approved, want 108000 of each", planned, approved)
	}
	if worst != time.Minute || level != Invalid {
		t.Errorf("worst second %v and %v, want 1m0s and invalid", worst, level)
	}
	if thin[0].Warmup {
		t.Error("a minute of which 20 s are warm-up counts as warm-up")
	}
	if same, span := Downsample(seconds[:60], 600); len(same) != 60 || span != time.Second {
		t.Errorf("a short run became %d spans of %v", len(same), span)
	}
}

// Buckets have the bounds that the histograms' library says.
func TestBucketsAreTheLibrarys(t *testing.T) {
	for _, h := range []*hdr.Histogram{hdr.New(1, 120_000_000, 3), hdr.New(1, 3_600_000_000, 2), hdr.New(1000, 120_000_000, 3), hdr.New(1, 1000, 1)} {
		for v := int64(1); v <= h.HighestTrackableValue(); v += 1 + v/50 {
			_ = h.RecordValues(v, v)
		}
		var got buckets
		got.add(h, 1, 1)
		var want buckets
		for _, x := range h.Distribution() {
			if x.Count > 0 {
				want = append(want, bucket{x.From, x.To, x.Count, x.Count})
			}
		}
		if len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("of %d to %d: got %d buckets, want %d: %v %v", h.LowestTrackableValue(), h.HighestTrackableValue(), len(got), len(want), got[:3], want[:3])
		}
	}
}
