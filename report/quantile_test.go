package report

import (
	"testing"
	"time"
)

func TestEnoughSamples(t *testing.T) {
	for q, want := range map[float64]int64{0.5: 6, 0.1: 36, 0.9: 36, 0.95: 72, 0.99: 368, 0.999: 3688, 0.9999: 36887, 1: 1, 0: 1} {
		if got := MinSamples(q); got != want {
			t.Errorf("p%g: %d, want %d", 100*q, got, want)
		}
	}
}

func TestTooFewSamplesAreNotTold(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	r := NewRecorder([]string{"x"}, time.Minute, 0)
	s := r.Shard()
	for n := 1; n <= 368; n++ {
		one(s, 0, 0, ms, Approved)
		r.Tick(time.Duration(n))
		l := r.Report().Labels[0]
		if got, want := l.Quantile(0.99).String() == "n too small", n < 368; got != want {
			t.Fatalf("%d samples: p99 %q", n, l.Quantile(0.99))
		}
		if got := l.Quantile(1).String(); got != "1.00 ms" {
			t.Fatalf("%d samples: max %q", n, got)
		}
	}
}

// One exchange broke after 0.1 ms. What it would have taken nobody knows, but
// that cannot move a median of ten thousand.
func TestOneBrokenLineLeavesTheMedianAlone(t *testing.T) {
	r := NewRecorder([]string{"x"}, time.Minute, 0)
	s := r.Shard()
	for i := range 9_999 {
		one(s, 0, 0, ms+time.Duration(i)*100, Approved)
	}
	one(s, 0, 0, ms/10, Broken)
	r.Tick(time.Second)
	l := r.Report().Labels[0]
	for q, atLeast := range map[float64]bool{0.5: false, 0.99: false, 0.999: false, 1: true} {
		if got := l.Quantile(q); got.AtLeast != atLeast {
			t.Errorf("p%g: %v", 100*q, got)
		}
	}
}

func TestClampedMaximumIsALowerBound(t *testing.T) {
	r := NewRecorder([]string{"x"}, time.Second, 0)
	s := r.Shard()
	one(s, 0, 0, time.Hour, Approved)
	one(s, 0, 0, ms, Approved)
	r.Tick(time.Second)
	l := r.Report().Labels[0]
	if got := l.Quantile(1); got.String() != "≥ 120 s" || l.Clamped != 1 {
		t.Errorf("max %v, %d clamped", got, l.Clamped)
	}
	if err := l.check(); err != nil {
		t.Error(err)
	}
}

func TestRangeGrowsWithTheTimeout(t *testing.T) {
	r := NewRecorder([]string{"x"}, 5*time.Minute, 0)
	s := r.Shard()
	one(s, 0, 0, 10*time.Minute, TimedOut)
	r.Tick(time.Second)
	if l := r.Report().Labels[0]; l.Clamped != 0 || l.Quantile(1).Value < 10*time.Minute {
		t.Errorf("max %v, %d clamped", l.Quantile(1), l.Clamped)
	}
}

// Exchanges without an outcome touch what lies at or above them, and nothing below.
func TestQuantileBesideOpenExchanges(t *testing.T) {
	const second = 1_000_000
	for _, c := range []struct {
		name           string
		response, open []int64
		clamped        int64
		q              float64
		want           bool
	}{
		{"all known but the slowest", []int64{1000, 1000, 1000, 1000, 1000, 10 * second}, []int64{10 * second}, 0, 0.83, false},
		{"the slowest itself", []int64{1000, 1000, 1000, 1000, 1000, 10 * second}, []int64{10 * second}, 0, 0.84, true},
		{"one in the middle", []int64{1000, 1000, 1000, 2000, 9 * second}, []int64{2000}, 0, 0.8, true},
		{"below it", []int64{1000, 1000, 1000, 2000, 9 * second}, []int64{2000}, 0, 0.6, false},
		{"the longest there is", []int64{120 * second}, nil, 0, 1, false},
		{"longer than there is", []int64{120 * second}, nil, 1, 1, true},
	} {
		l := Label{Response: histOf(c.response...), Clamped: c.clamped}
		if c.open != nil {
			l.Censored = histOf(c.open...)
		}
		if got := l.Quantile(c.q).AtLeast; got != c.want {
			t.Errorf("%s: only a lower bound: %v", c.name, got)
		}
	}
}
