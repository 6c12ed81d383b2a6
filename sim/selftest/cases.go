package selftest

import (
	"fmt"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
)

// seedOfArrivals makes Poisson arrivals. With the host's draws, which are seeded
// too, it gives a sample that lies within 2 ms of the law at each quantile
// checked: a queue's waits hang together so closely that a sample of a thousand
// could lie anywhere. What is left to chance is the machine.
const seedOfArrivals = 3

// trials are the cases, in parts: those of a part run at the same time, the
// parts one after the other. The quick ones say the same with less certainty.
func trials(quick bool) [][]trial {
	long, short := 20*time.Second, 10*time.Second
	hold, period, few := time.Second, 10*time.Second, 10
	late := 340 // the last late answer comes before the last arrival falls due
	if quick {
		long, short = 6*time.Second, 4*time.Second
		hold, period, few = 200*time.Millisecond, 2*time.Second, 5
		late = 310
	}
	shared := func(n int) line.Mode { return line.Mode{Shared: n} }
	stall := fmt.Sprintf("stall:%v/%v", hold, period)
	var parts [2][]trial
	add := func(part int, c trial, figures func(*trial)) {
		figures(&c)
		c.accounts()
		parts[part] = append(parts[part], c)
	}

	add(0, trial{name: "stall", host: stall, plays: dialect.Balance, rate: 200, length: long, terminals: int(250 * hold.Seconds())}, func(c *trial) {
		l := stallLaw(hold, period, 0)
		c.quantile(0.5, l, "most answers come at once")
		c.quantile(0.95, l, "half of the held ones waited longer")
		c.quantile(0.99, l, "a tenth of the held ones waited longer")
		if !quick {
			c.quantile(0.999, l, "a hundredth of the held ones waited longer")
		}
	})
	for _, lines := range []line.Mode{{}, shared(2)} {
		const every = 97
		timeout := time.Second
		add(0, trial{name: "drop, " + lines.String(), host: fmt.Sprintf("drop:%d", every), plays: dialect.Purchase, rate: 200, length: short,
			timeout: timeout, terminals: 250, lines: lines}, func(c *trial) {
			lost := c.n() / every
			c.count(fmt.Sprintf("one answer in %d is lost: timeouts", every), lost, outcome(report.TimedOut))
			c.count("reversals of those, approved", lost, func(f *findings) int64 {
				if l := f.report.Label(dialect.Reversal.String()); l != nil {
					return l.Counts[report.Approved]
				}
				return 0
			})
			c.count("terminals whose books disagree with the host's", 0, func(f *findings) int64 { return int64(len(f.money.Detail)) })
			c.quantile(0.995, func(float64) time.Duration { return timeout }, "a timeout counts as long as it took")
		})
	}
	for _, lines := range []line.Mode{{}, shared(2)} {
		add(0, trial{name: "late, " + lines.String(), host: fmt.Sprintf("late:%d/1.1s", late), plays: dialect.Balance, rate: 200, length: long,
			timeout: time.Second, terminals: 250, lines: lines}, func(c *trial) {
			n := c.n() / late
			c.count(fmt.Sprintf("one answer in %d is late: timeouts", late), n, outcome(report.TimedOut))
			c.count("late answers", n, func(f *findings) int64 { return f.report.Late })
			c.count("of those, taken for another's", 0, func(f *findings) int64 { return f.label.Counts[report.Refused] + f.report.Unmatched })
		})
	}
	for _, lines := range []line.Mode{{}, shared(2)} {
		const every = 101
		add(0, trial{name: "double, " + lines.String(), host: fmt.Sprintf("double:%d", every), plays: dialect.Balance, rate: 200, length: short,
			terminals: 20, lines: lines}, func(c *trial) {
			c.count(fmt.Sprintf("one answer in %d comes twice: duplicates", every), c.n()/every, func(f *findings) int64 { return f.report.Duplicate })
			c.count("approved, all the same", c.n(), outcome(report.Approved))
		})
	}
	add(0, trial{name: "silence", host: fmt.Sprintf("silent-after:%v", short*4/5), plays: dialect.Balance, rate: 200, length: short,
		drain: 500 * time.Millisecond, terminals: int(50 * short.Seconds())}, func(c *trial) {
		l := silenceLaw(short/5, short, c.drain)
		c.quantile(0.5, func(float64) time.Duration { return 0 }, "most answers came before")
		c.atLeast(0.99, l, "a bound, where the host was silent to the end")
	})

	add(1, trial{name: "stall, few terminals", host: stall, plays: dialect.Balance, rate: 500, length: long, terminals: few}, func(c *trial) {
		l := queuedStallLaw(hold, period, c.rate, few)
		c.quantile(0.5, l, "most answers come at once")
		c.quantile(0.95, l, "arrivals waited for a terminal")
		c.quantile(0.99, l, "arrivals waited for a terminal")
	})
	add(1, trial{name: "uniform", host: "uniform:10ms-110ms", plays: dialect.Balance, rate: 200, length: short, terminals: 100}, func(c *trial) {
		l := uniformLaw(10*time.Millisecond, 110*time.Millisecond)
		c.quantile(0.5, l, "half way")
		c.quantile(0.95, l, "nearly all the way")
		c.quantile(0.99, l, "nearly all the way")
	})
	add(1, trial{name: "exponential", host: "exp:20ms", plays: dialect.Balance, rate: 400, length: long, terminals: 100, lines: shared(1)}, func(c *trial) {
		l := exponentialLaw(20 * time.Millisecond)
		c.quantile(0.5, l, "mean · ln 2")
		c.quantile(0.95, l, "mean · ln 20")
		c.quantile(0.99, l, "mean · ln 100")
	})
	const served, arrive = 200, 100
	add(1, trial{name: "queue, random arrivals", host: fmt.Sprintf("fifo:%d/s", served), plays: dialect.Balance, rate: arrive, poisson: seedOfArrivals,
		length: long, terminals: 100, lines: shared(1)}, func(c *trial) {
		l := randomQueueLaw(served, arrive)
		c.quantile(0.9, l, "M/M/1 at half load")
		c.quantile(0.95, l, "M/M/1 at half load")
	})
	add(1, trial{name: "queue, even arrivals", host: fmt.Sprintf("fifo:%d/s", served), plays: dialect.Balance, rate: arrive,
		length: long, terminals: 100}, func(c *trial) {
		l := evenQueueLaw(served, arrive)
		c.quantile(0.9, l, "D/M/1 waits less")
		c.quantile(0.95, l, "D/M/1 waits less")
	})
	const offered, capacity, inFleet = 150, 100, 16
	add(1, trial{name: "overload", host: fmt.Sprintf("capacity:%d/s", capacity), plays: dialect.Balance, rate: offered, length: short,
		timeout: time.Minute, terminals: int((offered-capacity)*short.Seconds()) + 50, lines: shared(4)}, func(c *trial) {
		l := overloadLaw(offered, capacity, short)
		c.quantile(0.5, l, "the backlog half way")
		c.quantile(0.99, l, "the backlog at the end")
		// An exchange that ends at d was due at d·capacity/offered.
		c.slope(1-float64(capacity)/offered, "it grows in a straight line")
	})
	add(1, trial{name: "overload, closed model", host: fmt.Sprintf("capacity:%d/s", capacity), plays: dialect.Balance, length: short, terminals: inFleet}, func(c *trial) {
		l := closedLaw(inFleet, capacity)
		c.quantile(0.5, l, "each waits for all others")
		c.quantile(0.95, l, "each waits for all others")
		c.slope(0, "it does not show the overload")
	})
	return [][]trial{parts[0], parts[1], {sink(quick)}}
}

// sink is the generator by itself: a fast host in the same process, and how late
// its own sends were. It is told, not judged: load judges each run.
func sink(quick bool) trial {
	c := trial{name: "own lateness", plays: dialect.Echo, rate: 5000, length: 3 * time.Second, terminals: 200}
	if quick {
		c.length = time.Second
	}
	for _, q := range []float64{0.5, 0.99} {
		c.checks = append(c.checks, check{
			words: fmt.Sprintf("p%s of send minus due at %.0f/s, for information", trim(100*q), c.rate),
			seen:  func(f *findings) (string, bool) { return f.label.LagQuantile(q).String(), true },
		})
	}
	c.accounts()
	return c
}
