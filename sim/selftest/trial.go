package selftest

import (
	"fmt"
	"math"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
)

// trial is a host whose behaviour is known, a run against it, and what the run
// must find.
type trial struct {
	name      string
	host      string              // its behaviour, see posfleet host --help
	plays     dialect.Transaction // one exchange an arrival
	rate      float64             // arrivals a second; 0 for a closed model
	poisson   uint64              // seed of Poisson arrivals; 0 for evenly spaced ones
	length    time.Duration
	timeout   time.Duration // 0 for the profile's
	drain     time.Duration // 0 for the timeout
	terminals int
	lines     line.Mode
	checks    []check
}

// n is how many arrivals fall due; of Poisson arrivals, about how many.
func (c *trial) n() int { return arriving(sim.Rate{N: c.rate, Per: time.Second}, c.length) }

// check is one figure of a run against the truth.
type check struct {
	words        string        // what must be seen
	want, within string        // empty when the figure is for information
	latency      time.Duration // of a quantile: want, and within
	margin       time.Duration
	seen         func(*findings) (figure string, holds bool)
}

// headline reads the figure that is held against the truth: a quantile of the
// response time. The service time in its place must fail
// (TestServiceTimeIsCaughtLying).
type headline func(*report.Label, float64) report.Quantile

// findings are what a run found.
type findings struct {
	report *report.Report
	label  *report.Label // of the exchange that the arrivals are about
	money  report.Money
	head   headline
}

// judge holds what a run found against the truth; head reads its quantiles.
func (c *trial) judge(f *findings, head headline) []Figure {
	f.head = head
	figures := make([]Figure, len(c.checks))
	for i, k := range c.checks {
		seen, holds := k.seen(f)
		figures[i] = Figure{c.name, k.words, k.want, k.within, seen, holds || k.want == ""}
	}
	return figures
}

// quantile checks one quantile against a law.
func (c *trial) quantile(q float64, l law, words string) {
	c.bound(q, l, words, false)
}

// atLeast checks a quantile that must be known for a lower bound.
func (c *trial) atLeast(q float64, l law, words string) {
	c.bound(q, l, words, true)
}

func (c *trial) bound(q float64, l law, words string, lower bool) {
	n := c.n()
	if c.rate == 0 {
		n = math.MaxInt32 // nothing is drawn, the model is closed
	}
	want, within := l(q), tolerance(l, q, n)
	c.checks = append(c.checks, check{
		words: fmt.Sprintf("p%s: %s", trim(100*q), words), latency: want, margin: within, want: report.Quantile{N: 1, Value: want, AtLeast: lower}.String(), within: report.FormatDuration(within),
		seen: func(f *findings) (string, bool) {
			got := f.head(f.label, q)
			return got.String(), !got.TooFew && got.N > 0 && got.AtLeast == lower && (got.Value-want).Abs() <= within
		},
	})
}

// count checks a number that has to be met exactly.
func (c *trial) count(words string, want int, seen func(*findings) int64) {
	c.checks = append(c.checks, check{
		words: words, want: fmt.Sprint(want), within: "exact",
		seen: func(f *findings) (string, bool) {
			n := seen(f)
			return fmt.Sprint(n), n == int64(want)
		},
	})
}

// slope checks how fast the response time grows over the run: of the medians
// of its seconds, by least squares. Exchanges count in the second in which they
// end.
func (c *trial) slope(want float64, words string) {
	within := max(0.02*want, 0.005)
	c.checks = append(c.checks, check{
		words: "slope: " + words, want: fmt.Sprintf("%.0f ms/s", 1000*want), within: fmt.Sprintf("%.0f ms/s", math.Ceil(1000*within)),
		seen: func(f *findings) (string, bool) {
			got := growth(f.report.Seconds)
			return fmt.Sprintf("%.0f ms/s", math.Round(1000*got)+0), math.Abs(got-want) <= within
		},
	})
}

// growth is the slope of the line through the medians of whole seconds, but for
// the first, in which queues fill.
func growth(seconds []report.Second) float64 {
	var n, x, y, xx, xy float64
	for i, s := range seconds {
		if i == 0 || s.Response.N == 0 || s.Length < 900*time.Millisecond {
			continue
		}
		t, v := s.At.Seconds(), s.Response.P50.Seconds()
		n, x, y, xx, xy = n+1, x+t, y+v, xx+t*t, xy+t*v
	}
	return (n*xy - x*y) / (n*xx - x*x)
}

// accounts checks the counters' law: all arrivals that the plan holds fell due,
// each was played or counted as not played, each exchange has one outcome.
func (c *trial) accounts() {
	want := c.n()
	if c.rate == 0 || c.poisson != 0 {
		want = 0 // not known beforehand
	}
	k := check{words: "arrivals, each with one outcome", want: fmt.Sprint(want), within: "exact"}
	k.seen = func(f *findings) (string, bool) {
		var ended int64
		for _, n := range f.label.Counts {
			ended += n
		}
		ok := f.report.Check() == nil && ended == f.report.Played && f.report.NotPlayed == 0
		return fmt.Sprint(ended), ok && (want == 0 || ended == int64(want))
	}
	if want == 0 {
		k.want = "as played"
	}
	c.checks = append(c.checks, k)
}

func outcome(o report.Outcome) func(*findings) int64 {
	return func(f *findings) int64 { return f.label.Counts[o] }
}

// trim writes a percentile without needless zeros: 99, 99.9.
func trim(p float64) string { return fmt.Sprintf("%.6g", p) }
