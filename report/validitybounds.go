package report

import (
	"fmt"
	"math"
	"time"
)

// bound is one line of the table of bounds in docs/method.md.
type bound struct {
	what             string
	seen             func(*Second) float64
	suspect, invalid float64
	hold             int // seconds in a row that the invalid bound must be passed; 0 is 1
	write            func(float64) string
}

func (b bound) say(seen, limit float64) string {
	return fmt.Sprintf("%s %s, over %s", b.what, b.write(seen), b.write(limit))
}

func millis(x float64) string  { return FormatDuration(time.Duration(x)) }
func percent(x float64) string { return fmt.Sprintf("%.3g%%", 100*x) }

// bounds says when a second is suspect, and when invalid. Warm-up seconds are
// judged too, but do not count in the run's validity.
var bounds = []bound{
	{what: "schedule lag p99", seen: func(s *Second) float64 { return float64(s.LagP99) },
		suspect: 2e6, invalid: 20e6, write: millis},
	// Against a slow host a lag of milliseconds is nothing; where it makes up
	// more than half of the response time it is the figure.
	{what: "share of schedule lag in response p99", seen: lagShare,
		suspect: math.Inf(1), invalid: 0.5, write: percent},
	// Half of the exchanges began late by more than a tenth of what the host
	// took. Below 0.1 ms of lag that says more about the clock than the load.
	{what: "median schedule lag, as a share of median service time,", seen: medianShare,
		suspect: 0.1, invalid: math.Inf(1), write: percent},
	{what: "arrivals not played in their second", seen: missing,
		suspect: 0.001, invalid: 0.01, write: percent},
	{what: "own processor time", seen: func(s *Second) float64 { return s.Signals.CPU },
		suspect: 0.7, invalid: 0.9, hold: 3, write: percent},
	{what: "busiest core", seen: func(s *Second) float64 { return busiest(s, true) },
		suspect: 0.8, invalid: 0.95, hold: 3, write: percent},
	{what: "this machine was busy with something else: busiest core", seen: func(s *Second) float64 { return busiest(s, false) },
		suspect: 0.95, invalid: math.Inf(1), write: percent},
	{what: "watchdog woke late by", seen: func(s *Second) float64 { return float64(s.Signals.Watchdog) },
		suspect: 20e6, invalid: 100e6, write: millis},
	{what: "scheduler latency p99", seen: func(s *Second) float64 { return float64(s.Signals.Sched) },
		suspect: 5e6, invalid: 50e6, write: millis},
	{what: "garbage collection pause", seen: func(s *Second) float64 { return float64(s.Signals.GCPause) },
		suspect: 2e6, invalid: 20e6, write: millis},
	{what: "sends refused by this machine", seen: exhausted,
		suspect: 0, invalid: 0.001, write: percent},
	{what: "connections dropped by this machine's listeners", seen: dropped,
		suspect: 0, invalid: 0.001, write: percent},
	{what: "processor time taken by the hypervisor", seen: func(s *Second) float64 { return s.Signals.Steal },
		suspect: 0.02, invalid: 0.1, write: percent},
}

// busiest is the busy share of the busiest core when the generator felt it or was it,
// or when it did not and was not: another process has that core then, and nothing
// says that the load was another for it.
func busiest(s *Second, felt bool) float64 {
	g := &s.Signals
	own := g.CPU > 0.3 || s.LagP99 > 2*time.Millisecond || g.Watchdog > 20*time.Millisecond || g.Sched > 5*time.Millisecond
	if own != felt {
		return 0
	}
	return g.Busiest
}

func lagShare(s *Second) float64 {
	if s.LagP99 <= 5*time.Millisecond || s.Response.P99 <= 0 {
		return 0
	}
	return float64(s.LagP99) / float64(s.Response.P99)
}

func medianShare(s *Second) float64 {
	if s.LagP50 <= 100*time.Microsecond || s.Service.P50 <= 0 {
		return 0
	}
	return float64(s.LagP50) / float64(s.Service.P50)
}

// missing is the share of the second's arrivals that no terminal began in it,
// less what 2 ms of lag, which is allowed, moves into the next second, and less
// those for which no terminal was free.
func missing(s *Second) float64 {
	if s.Planned == 0 {
		return 0
	}
	moved := 1 + s.Planned/500
	return max(0, float64(s.Planned-s.begun()-s.Held-moved)/float64(s.Planned))
}

func exhausted(s *Second) float64 { return ofSent(s.Signals.Exhausted, s) }
func dropped(s *Second) float64   { return ofSent(s.Signals.Dropped, s) }

func ofSent(n int64, s *Second) float64 {
	if n == 0 {
		return 0
	}
	return float64(n) / float64(max(n, s.Counts.Sent()+s.Counts[Unsent]))
}

// streaks remembers for how many seconds in a row each bound has been passed.
type streaks struct {
	n    [32]int
	most int // seconds that there are to judge, where that is known: no bound needs more in a row
}

// finding is a bound that a second passes.
type finding struct {
	bound       *bound
	level       Level
	seen, limit float64
}

// check holds a second to the bounds. It is to be called for the seconds in
// their order.
func (k *streaks) check(s *Second) []finding {
	var found []finding
	for i := range bounds {
		b := &bounds[i]
		seen := b.seen(s)
		if seen > b.invalid {
			k.n[i]++
		} else {
			k.n[i] = 0
		}
		hold := b.hold
		if k.most > 0 {
			hold = min(hold, k.most)
		}
		switch {
		case seen > b.invalid && k.n[i] >= hold:
			found = append(found, finding{b, Invalid, seen, b.invalid})
		case seen > b.suspect:
			found = append(found, finding{b, Suspect, seen, b.suspect})
		}
	}
	return found
}
