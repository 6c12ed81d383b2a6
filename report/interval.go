package report

import (
	"maps"
	"strings"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Interval is what all shards saw between two ticks. What it points to is the
// recorder's own and good until the next tick.
type Interval struct {
	From, To time.Duration // since the start of the run
	Second   *Second       // the summary, which becomes part of the report
	Labels   []Label       // those with samples in this interval
	Warmup   []Label       // the same for exchanges due during the warm-up
}

// Progress is how far a run has come, up to the last tick, the warm-up included.
type Progress struct {
	At                              time.Duration
	Planned, Played, NotPlayed      int64
	Failed                          int64
	Late, Cut, Duplicate, Unmatched int64
	Counts                          Counts
	Last                            Second // the second that ended last
}

// Tick merges and clears all shards. One goroutine calls it each second, and
// once more at the end of the run.
func (r *Recorder) Tick(now time.Duration) Interval {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.labels)
	for i, c := range r.last {
		switch {
		case c == nil:
		case c.used():
			c.reset()
		case i >= n && r.upto > r.warmup:
			r.last[i] = nil
		}
	}
	var beside tally
	next := int(now.Round(time.Second) / time.Second)
	for _, s := range r.shards {
		beside.add(s.takeCounts(next))
		s.takeBroken(&r.broken)
		for i := range s.cells {
			r.gather(s, i, now)
		}
	}
	r.second = max(r.second, next)
	r.tally.add(beside)
	iv := Interval{From: r.upto, To: now, Second: r.summarise(now, beside)}
	r.upto = now
	for i, c := range r.last {
		if c == nil || !c.used() {
			continue
		}
		l := c.label(r.labels[i%n])
		if i >= n {
			r.warm[i-n].add(c.counts)
			iv.Warmup = append(iv.Warmup, l)
			continue
		}
		if r.total[i] == nil {
			r.total[i] = r.newCell()
		}
		r.total[i].merge(c)
		iv.Labels = append(iv.Labels, l)
	}
	return iv
}

// gather moves one cell of a shard into the interval. The worker waits only for
// the swap of two pointers.
func (r *Recorder) gather(s *Shard, i int, now time.Duration) {
	put := r.spare
	if i >= len(r.labels) && now > r.warmup {
		put = nil // the warm-up is over: let its memory go
	}
	full := s.swap(i, put)
	if full == nil {
		return
	}
	if r.last[i] == nil {
		r.last[i] = r.newCell()
	}
	r.last[i].merge(full)
	if put != nil {
		full.reset()
		r.spare = full
	}
}

// swap takes the shard's cell away and leaves an empty one; nil when there is
// nothing in it.
func (s *Shard) swap(i int, empty *cell) *cell {
	s.mu.Lock()
	defer s.mu.Unlock()
	full := s.cells[i]
	if full == nil || !full.used() {
		if empty == nil {
			s.cells[i] = nil
		}
		return nil
	}
	s.cells[i] = empty
	return full
}

// takeCounts takes what was counted in the seconds before next, or all of it
// when the run ends within a second.
func (s *Shard) takeCounts(next int) tally {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.counts
	s.counts = tally{}
	for k := s.second; k < s.second+2; k++ {
		if k < next || next <= s.second {
			t.Played += s.played[k&1]
			s.played[k&1] = 0
		}
	}
	s.second = max(s.second, next)
	return t
}

// takeBroken adds up how often rules were broken.
func (s *Shard) takeBroken(to *[Rules]int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, n := range s.broken {
		to[i] += n
	}
	s.broken = [Rules]int64{}
}

// summarise adds the second that ends now to the run.
func (r *Recorder) summarise(now time.Duration, beside tally) *Second {
	for _, h := range r.sum {
		h.Reset()
	}
	second := Second{
		At:      r.upto.Round(100 * time.Millisecond),
		Length:  now - r.upto,
		Planned: r.plannedIn(r.upto, now),
		Stuck:   r.failures.stuckIn(r.upto, now),
		Held:    r.occupancy.heldIn(r.upto, now),
		Signals: Signals{Exhausted: beside.Exhausted},
	}
	second.Played = beside.Played - second.Stuck
	second.Warmup = second.At < r.warmup
	for i, c := range r.last {
		if c == nil || !c.used() {
			continue
		}
		second.Counts.add(c.counts)
		if i >= len(r.labels) && !second.Warmup {
			continue // stragglers
		}
		r.sum[0].Merge(c.response)
		r.sum[1].Merge(c.service)
		r.sum[2].Merge(c.lag)
	}
	second.Response, second.Service = quantiles(r.sum[0]), quantiles(r.sum[1])
	lag := quantiles(r.sum[2])
	second.LagP50, second.LagP99 = lag.P50, lag.P99
	r.seconds = append(r.seconds, second)
	return &r.seconds[len(r.seconds)-1]
}

func quantiles(h *hdr.Histogram) Quantiles {
	q := func(q float64) time.Duration { return us(at(h, q)) }
	return Quantiles{N: h.TotalCount(), P50: q(0.5), P90: q(0.9), P99: q(0.99), P999: q(0.999), Max: q(1)}
}

// label shows a cell as a label; the histograms are shared, not copied.
func (c *cell) label(name string) Label {
	l := Label{
		Name: name, Counts: c.counts, Codes: make(map[string]int64, len(c.codes)), Reasons: maps.Clone(c.reasons),
		Response: c.response, Service: c.service, Lag: c.lag, Clamped: c.clamped, Censored: c.censored,
	}
	for code, n := range c.codes {
		l.Codes[strings.TrimRight(string(code[:]), "\x00")] = n
	}
	return l
}

// Progress gives the counts up to the last tick, for a line of progress.
func (r *Recorder) Progress() Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := Progress{
		At: r.upto, Played: r.tally.Played - r.tally.Stuck, Failed: r.tally.Failed,
		Late: r.tally.Late, Cut: r.tally.Cut, Duplicate: r.tally.Duplicate, Unmatched: r.tally.Unmatched,
	}
	for i, c := range r.total {
		t.Counts.add(r.warm[i])
		if c != nil {
			t.Counts.add(c.counts)
		}
	}
	if n := len(r.seconds); n > 0 {
		t.Last = r.seconds[n-1]
	}
	t.Planned, t.NotPlayed = r.arrived()
	return t
}

func (r *Recorder) arrived() (planned, missed int64) {
	r.arrivals.Lock()
	defer r.arrivals.Unlock()
	for _, n := range r.planned {
		planned += n
	}
	return planned, r.missed
}

// Waited says how many arrivals waited for one of so many terminals, in a run that
// has ended, and how many terminals would have done.
func (r *Recorder) Waited(terminals int) Waited {
	r.arrivals.Lock()
	planned := append([]int64(nil), r.planned...)
	r.arrivals.Unlock()
	return r.occupancy.told(planned, terminals)
}

// Report gives the run up to the last tick. The caller fills in what a recorder
// cannot know: plan, environment, start, faults, validity, limits and money.
func (r *Recorder) Report() *Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	rep := r.report()
	rep.Planned, rep.NotPlayed = r.arrived()
	left, stuck := rep.Planned, total(rep.Stuck) // of the run's end, after its last whole second: they stand in the last
	for _, s := range rep.Seconds {
		left -= s.Planned
		stuck -= s.Stuck
	}
	if n := len(rep.Seconds); n > 0 {
		last := &rep.Seconds[n-1]
		last.Planned += left
		last.Stuck += stuck
		last.Played -= stuck
	}
	return rep
}

// SoFar is Report of a run that goes on: of arrivals it has those that fell due by the last
// tick.
func (r *Recorder) SoFar() *Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	rep := r.report()
	_, rep.NotPlayed = r.arrived()
	for _, s := range rep.Seconds {
		rep.Planned += s.Planned
	}
	rep.Planned = max(rep.Planned, rep.Played+rep.NotPlayed)
	return rep
}

// report is what both have; the lock is held.
func (r *Recorder) report() *Report {
	rep := &Report{
		Took: r.upto, Played: r.tally.Played - r.tally.Stuck, Failed: r.tally.Failed,
		Late: r.tally.Late, Cut: r.tally.Cut, Duplicate: r.tally.Duplicate, Unmatched: r.tally.Unmatched,
	}
	rep.Failures, rep.Stuck = r.failures.told()
	rep.Strays = r.failures.strays()
	for i, name := range r.labels {
		whole := r.total[i]
		if whole == nil && r.warm[i] == (Counts{}) {
			continue
		}
		l := r.newCell().label(name)
		if whole != nil {
			l = whole.label(name).clone()
		}
		l.Warmup = r.warm[i]
		rep.Labels = append(rep.Labels, l)
	}
	rep.Seconds = r.settle()
	rep.LineDelay = r.lineDelay()
	return rep
}

// settle gives the seconds with the arrivals that were announced, or known to be stuck,
// after the tick of their own second.
func (r *Recorder) settle() []Second {
	seconds := append([]Second(nil), r.seconds...)
	if len(seconds) == 0 {
		return nil
	}
	upto := seconds[0].At
	for i := range seconds {
		s := &seconds[i]
		s.Planned, s.Held = r.plannedIn(upto, upto+s.Length), r.occupancy.heldIn(upto, upto+s.Length)
		begun := s.begun()
		s.Stuck = r.failures.stuckIn(upto, upto+s.Length)
		s.Played = begun - s.Stuck
		upto += s.Length
	}
	return seconds
}

func (l Label) clone() Label {
	l.Response, l.Service, l.Lag = l.Response.Clone(), l.Service.Clone(), l.Lag.Clone()
	if l.Censored != nil {
		l.Censored = l.Censored.Clone()
	}
	return l
}
