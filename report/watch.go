package report

import (
	"context"
	"math"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// watchdogPeriod is how often the watchdog wakes to see how late it is.
const watchdogPeriod = 20 * time.Millisecond

// Watch measures the generator while it works: its own processor time, the
// machine's cores, the scheduler, the garbage collector, and a goroutine that
// only sleeps and says how late it woke.
type Watch struct {
	late    atomic.Int64 // ns, the watchdog's worst since the last sample
	before  machine
	at      time.Time
	metrics []metrics.Sample
	sched   []uint64 // cumulative bucket counts at the last sample
	pauses  []uint64
	streaks streaks
}

// machine is what the operating system says of processor time, in total since
// some moment. Fields it does not tell are zero or nil.
type machine struct {
	own     time.Duration // processor time of this process
	cores   []core
	dropped int64 // connections dropped by listeners
}

// core is the time of one core in ticks of the system's clock.
type core struct{ all, idle, steal uint64 }

// NewWatch makes a watch and takes the first reading.
func NewWatch() *Watch {
	w := &Watch{metrics: []metrics.Sample{
		{Name: "/sched/latencies:seconds"},
		{Name: "/sched/pauses/total/gc:seconds"},
	}}
	w.Sample()
	return w
}

// Run is the watchdog. It returns when ctx is done.
func (w *Watch) Run(ctx context.Context) {
	for {
		begun := time.Now()
		select {
		case <-ctx.Done():
			return
		case <-time.After(watchdogPeriod):
		}
		late := int64(time.Since(begun) - watchdogPeriod)
		for {
			worst := w.late.Load()
			if late <= worst || w.late.CompareAndSwap(worst, late) {
				break
			}
		}
	}
}

// Sample says what the generator was like since the last sample.
func (w *Watch) Sample() Signals {
	now, m := time.Now(), readMachine()
	s := Signals{Watchdog: time.Duration(w.late.Swap(0)).Truncate(time.Microsecond)}
	if elapsed := now.Sub(w.at); !w.at.IsZero() && elapsed > 0 {
		s.CPU = ratio(float64(m.own-w.before.own), float64(elapsed)*float64(runtime.GOMAXPROCS(0)))
	}
	s.Busiest, s.Steal = busy(w.before.cores, m.cores)
	s.Dropped = max(0, m.dropped-w.before.dropped)
	metrics.Read(w.metrics)
	s.Sched = w.quantile(0, &w.sched, 0.99)
	s.GCPause = w.quantile(1, &w.pauses, 1)
	w.before, w.at = m, now
	return s
}

// busy gives the busy share of the busiest core and the stolen share of all.
func busy(before, now []core) (busiest, steal float64) {
	if len(before) != len(now) {
		return 0, 0
	}
	var stolen, all float64
	for i := range now {
		total := float64(now[i].all - before[i].all)
		busiest = max(busiest, ratio(total-float64(now[i].idle-before[i].idle), total))
		stolen += float64(now[i].steal - before[i].steal)
		all += total
	}
	return busiest, ratio(stolen, all)
}

// ratio is part of whole, 0 where that makes no sense, to four decimals.
func ratio(part, whole float64) float64 {
	if !(whole > 0) || !(part > 0) {
		return 0
	}
	return math.Round(min(part/whole, 1)*1e4) / 1e4
}

// quantile gives a quantile of what one of the runtime's histograms gained since
// last time: the middle of the bucket, which is about a fifth wide.
func (w *Watch) quantile(i int, last *[]uint64, q float64) time.Duration {
	if w.metrics[i].Value.Kind() != metrics.KindFloat64Histogram {
		return 0
	}
	h := w.metrics[i].Value.Float64Histogram()
	gained := slices.Clone(h.Counts)
	for k, n := range *last {
		gained[k] -= n
	}
	*last = append((*last)[:0], h.Counts...)
	return time.Duration(middle(gained, h.Buckets, q) * 1e9).Truncate(time.Microsecond)
}

// middle is the middle of the bucket that holds a quantile; of an unbounded
// bucket the bound it has.
func middle(counts []uint64, bounds []float64, q float64) float64 {
	var n, below uint64
	for _, c := range counts {
		n += c
	}
	if n == 0 {
		return 0
	}
	rank := uint64(rankOf(q, int64(n)))
	for k, c := range counts {
		if below += c; below >= rank {
			low, high := bounds[k], bounds[k+1]
			switch {
			case math.IsInf(high, 1):
				return low
			case math.IsInf(low, -1):
				return high
			}
			return (low + high) / 2
		}
	}
	return 0
}

// short reports whether a second is too short to be judged: the tail that a run
// ends with, of which processor and scheduler tell nothing.
func (s *Second) short() bool { return s.Length > 0 && s.Length < time.Second/2 }

// Judge samples the generator into a second that has just ended, and says how
// far that second can be trusted. It is to be called once for each second, in
// order.
func (w *Watch) Judge(s *Second) {
	exhausted := s.Signals.Exhausted
	s.Signals = w.Sample()
	s.Signals.Exhausted = exhausted
	s.Level, s.Reason = Valid, ""
	if s.short() {
		return
	}
	var reasons []string
	for _, f := range w.streaks.check(s) {
		s.Level = max(s.Level, f.level)
		reasons = append(reasons, f.bound.say(f.seen, f.limit))
	}
	s.Reason = strings.Join(reasons, "; ")
}
