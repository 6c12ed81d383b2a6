package main

import (
	"fmt"
	"math"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
)

// truth is a host whose behaviour is known, a run against it, and what the run
// must find.
type truth struct {
	name      string
	host      string              // its behaviour, see posfleet host --help
	plays     dialect.Transaction // one exchange an arrival
	rate      float64             // arrivals a second; 0 for a closed model
	poisson   uint64              // seed of Poisson arrivals; 0 for evenly spaced ones
	length    time.Duration
	timeout   time.Duration // 0 for the profile's
	drain     time.Duration // 0 for the timeout
	terminals int
	lines     sim.Lines
	checks    []check
}

// n is how many arrivals fall due; of Poisson arrivals, about how many.
func (c *truth) n() int { return arriving(sim.Rate{N: c.rate, Per: time.Second}, c.length) }

// check is one figure of a run against the truth.
type check struct {
	words        string // what must be seen
	want, within string // empty when the figure is for information
	seen         func(*found) (figure string, holds bool)
}

// headline reads the figure that is held against the truth: a quantile of the
// response time. The service time in its place must fail
// (TestServiceTimeIsCaughtLying).
type headline func(*report.Label, float64) report.Quantile

// found is what a run found.
type found struct {
	report *report.Report
	label  *report.Label // of the exchange that the arrivals are about
	money  report.Money
	head   headline
}

// quantile checks one quantile against a law.
func (c *truth) quantile(q float64, l law, words string) {
	c.bound(q, l, words, false)
}

// atLeast checks a quantile that must be known for a lower bound.
func (c *truth) atLeast(q float64, l law, words string) {
	c.bound(q, l, words, true)
}

func (c *truth) bound(q float64, l law, words string, lower bool) {
	n := c.n()
	if c.rate == 0 {
		n = math.MaxInt32 // nothing is drawn, the model is closed
	}
	want, within := l(q), tolerance(l, q, n)
	c.checks = append(c.checks, check{
		words: fmt.Sprintf("p%s: %s", trim(100*q), words), want: report.Quantile{N: 1, Value: want, AtLeast: lower}.String(), within: report.FormatDuration(within),
		seen: func(f *found) (string, bool) {
			got := f.head(f.label, q)
			return got.String(), !got.TooFew && got.N > 0 && got.AtLeast == lower && (got.Value-want).Abs() <= within
		},
	})
}

// count checks a number that has to be met exactly.
func (c *truth) count(words string, want int, seen func(*found) int64) {
	c.checks = append(c.checks, check{
		words: words, want: fmt.Sprint(want), within: "exact",
		seen: func(f *found) (string, bool) {
			n := seen(f)
			return fmt.Sprint(n), n == int64(want)
		},
	})
}

// slope checks how fast the response time grows over the run: of the medians
// of its seconds, by least squares. Exchanges count in the second in which they
// end.
func (c *truth) slope(want float64, words string) {
	within := max(0.02*want, 0.005)
	c.checks = append(c.checks, check{
		words: "slope: " + words, want: fmt.Sprintf("%.0f ms/s", 1000*want), within: fmt.Sprintf("%.0f ms/s", math.Ceil(1000*within)),
		seen: func(f *found) (string, bool) {
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
func (c *truth) accounts() {
	want := c.n()
	if c.rate == 0 || c.poisson != 0 {
		want = 0 // not known beforehand
	}
	k := check{words: "arrivals, each with one outcome", want: fmt.Sprint(want), within: "exact"}
	k.seen = func(f *found) (string, bool) {
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

func outcome(o report.Outcome) func(*found) int64 {
	return func(f *found) int64 { return f.label.Counts[o] }
}

// trim writes a percentile without needless zeros: 99, 99.9.
func trim(p float64) string { return fmt.Sprintf("%.6g", p) }

// seedOfArrivals makes Poisson arrivals. With the host's draws, which are seeded
// too, it gives a sample that lies within 2 ms of the law at each quantile
// checked: a queue's waits hang together so closely that a sample of a thousand
// could lie anywhere. What is left to chance is the machine.
const seedOfArrivals = 3

// truths are the cases, in parts: those of a part run at the same time, the
// parts one after the other. The quick ones say the same with less certainty.
func truths(quick bool) [][]truth {
	long, short := 20*time.Second, 10*time.Second
	hold, period, few := time.Second, 10*time.Second, 10
	late := 340 // the last late answer comes before the last arrival falls due
	if quick {
		long, short = 6*time.Second, 4*time.Second
		hold, period, few = 200*time.Millisecond, 2*time.Second, 5
		late = 310
	}
	shared := func(n int) sim.Lines { return sim.Lines{Shared: n} }
	stall := fmt.Sprintf("stall:%v/%v", hold, period)
	var parts [2][]truth
	add := func(part int, c truth, figures func(*truth)) {
		figures(&c)
		c.accounts()
		parts[part] = append(parts[part], c)
	}

	add(0, truth{name: "stall", host: stall, plays: dialect.Balance, rate: 200, length: long, terminals: int(250 * hold.Seconds())}, func(c *truth) {
		l := stallLaw(hold, period, 0)
		c.quantile(0.5, l, "most answers come at once")
		c.quantile(0.95, l, "half of the held ones waited longer")
		c.quantile(0.99, l, "a tenth of the held ones waited longer")
		if !quick {
			c.quantile(0.999, l, "a hundredth of the held ones waited longer")
		}
	})
	for _, lines := range []sim.Lines{{}, shared(2)} {
		const every = 97
		timeout := time.Second
		add(0, truth{name: "drop, " + lines.String(), host: fmt.Sprintf("drop:%d", every), plays: dialect.Purchase, rate: 200, length: short,
			timeout: timeout, terminals: 250, lines: lines}, func(c *truth) {
			lost := c.n() / every
			c.count(fmt.Sprintf("one answer in %d is lost: timeouts", every), lost, outcome(report.TimedOut))
			c.count("reversals of those, approved", lost, func(f *found) int64 {
				if l := f.report.Label(dialect.Reversal.String()); l != nil {
					return l.Counts[report.Approved]
				}
				return 0
			})
			c.count("terminals whose books disagree with the host's", 0, func(f *found) int64 { return int64(len(f.money.Detail)) })
			c.quantile(0.995, func(float64) time.Duration { return timeout }, "a timeout counts as long as it took")
		})
	}
	for _, lines := range []sim.Lines{{}, shared(2)} {
		add(0, truth{name: "late, " + lines.String(), host: fmt.Sprintf("late:%d/1.1s", late), plays: dialect.Balance, rate: 200, length: long,
			timeout: time.Second, terminals: 250, lines: lines}, func(c *truth) {
			n := c.n() / late
			c.count(fmt.Sprintf("one answer in %d is late: timeouts", late), n, outcome(report.TimedOut))
			c.count("late answers", n, func(f *found) int64 { return f.report.Late })
			c.count("of those, taken for another's", 0, func(f *found) int64 { return f.label.Counts[report.Refused] + f.report.Unmatched })
		})
	}
	for _, lines := range []sim.Lines{{}, shared(2)} {
		const every = 101
		add(0, truth{name: "double, " + lines.String(), host: fmt.Sprintf("double:%d", every), plays: dialect.Balance, rate: 200, length: short,
			terminals: 20, lines: lines}, func(c *truth) {
			c.count(fmt.Sprintf("one answer in %d comes twice: duplicates", every), c.n()/every, func(f *found) int64 { return f.report.Duplicate })
			c.count("approved, all the same", c.n(), outcome(report.Approved))
		})
	}
	add(0, truth{name: "silence", host: fmt.Sprintf("silent-after:%v", short*4/5), plays: dialect.Balance, rate: 200, length: short,
		drain: 500 * time.Millisecond, terminals: int(50 * short.Seconds())}, func(c *truth) {
		l := silenceLaw(short/5, short, c.drain)
		c.quantile(0.5, func(float64) time.Duration { return 0 }, "most answers came before")
		c.atLeast(0.99, l, "a bound, where the host was silent to the end")
	})

	add(1, truth{name: "stall, few terminals", host: stall, plays: dialect.Balance, rate: 500, length: long, terminals: few}, func(c *truth) {
		l := queuedStallLaw(hold, period, c.rate, few)
		c.quantile(0.5, l, "most answers come at once")
		c.quantile(0.95, l, "arrivals waited for a terminal")
		c.quantile(0.99, l, "arrivals waited for a terminal")
	})
	add(1, truth{name: "uniform", host: "uniform:10ms-110ms", plays: dialect.Balance, rate: 200, length: short, terminals: 100}, func(c *truth) {
		l := uniformLaw(10*time.Millisecond, 110*time.Millisecond)
		c.quantile(0.5, l, "half way")
		c.quantile(0.95, l, "nearly all the way")
		c.quantile(0.99, l, "nearly all the way")
	})
	add(1, truth{name: "exponential", host: "exp:20ms", plays: dialect.Balance, rate: 400, length: long, terminals: 100, lines: shared(1)}, func(c *truth) {
		l := exponentialLaw(20 * time.Millisecond)
		c.quantile(0.5, l, "mean · ln 2")
		c.quantile(0.95, l, "mean · ln 20")
		c.quantile(0.99, l, "mean · ln 100")
	})
	const served, arrive = 200, 100
	add(1, truth{name: "queue, random arrivals", host: fmt.Sprintf("fifo:%d/s", served), plays: dialect.Balance, rate: arrive, poisson: seedOfArrivals,
		length: long, terminals: 100, lines: shared(1)}, func(c *truth) {
		l := randomQueueLaw(served, arrive)
		c.quantile(0.5, l, "M/M/1 at half load")
		c.quantile(0.95, l, "M/M/1 at half load")
	})
	add(1, truth{name: "queue, even arrivals", host: fmt.Sprintf("fifo:%d/s", served), plays: dialect.Balance, rate: arrive,
		length: long, terminals: 100}, func(c *truth) {
		l := evenQueueLaw(served, arrive)
		c.quantile(0.5, l, "D/M/1 waits less")
		c.quantile(0.95, l, "D/M/1 waits less")
	})
	const offered, capacity, inFleet = 150, 100, 16
	add(1, truth{name: "overload", host: fmt.Sprintf("capacity:%d/s", capacity), plays: dialect.Balance, rate: offered, length: short,
		timeout: time.Minute, terminals: int((offered-capacity)*short.Seconds()) + 50, lines: shared(4)}, func(c *truth) {
		l := overloadLaw(offered, capacity, short)
		c.quantile(0.5, l, "the backlog half way")
		c.quantile(0.99, l, "the backlog at the end")
		// An exchange that ends at d was due at d·capacity/offered.
		c.slope(1-float64(capacity)/offered, "it grows in a straight line")
	})
	add(1, truth{name: "overload, closed model", host: fmt.Sprintf("capacity:%d/s", capacity), plays: dialect.Balance, length: short, terminals: inFleet}, func(c *truth) {
		l := closedLaw(inFleet, capacity)
		c.quantile(0.5, l, "each waits for all others")
		c.quantile(0.95, l, "each waits for all others")
		c.slope(0, "it does not show the overload")
	})
	return [][]truth{parts[0], parts[1], {sink(quick)}}
}

// sink is the generator by itself: a fast host in the same process, and how late
// its own sends were. It is told, not judged: load judges each run.
func sink(quick bool) truth {
	c := truth{name: "own lateness", plays: dialect.Echo, rate: 5000, length: 3 * time.Second, terminals: 200}
	if quick {
		c.length = time.Second
	}
	for _, q := range []float64{0.5, 0.99} {
		c.checks = append(c.checks, check{
			words: fmt.Sprintf("p%s of send minus due at %.0f/s, for information", trim(100*q), c.rate),
			seen:  func(f *found) (string, bool) { return f.label.LagQuantile(q).String(), true },
		})
	}
	c.accounts()
	return c
}
