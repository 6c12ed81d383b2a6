package report

import (
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

const (
	shortest = 1 // µs, the finest step told apart
	longest  = 2 * time.Minute
	digits   = 3 // significant decimal digits of every latency
)

// Sample is one exchange that has come to its end. All times are since the
// start of the run, on the monotonic clock.
type Sample struct {
	Label   int           // index into the recorder's labels
	Due     time.Duration // when the plan wanted it sent
	Sent    time.Duration // when its first octet was handed to write
	Done    time.Duration // when its last octet was read, or it was given up
	Outcome Outcome
	Code    [4]byte       // response code of the answer, zeros after it; zero when there is none
	Reason  string        // why the answer refuses an order, or its payment or refund: one of few; empty for none
	Held    time.Duration // of Sent - Due, what was not the generator's doing: no terminal was free, its own reversal went first, it connected
}

// Recorder collects what the workers of one run see. Workers write to shards;
// one goroutine calls Tick each second. Its memory depends on the number of
// shards and labels and on the length of the run in seconds, not on the number
// of samples.
type Recorder struct {
	labels []string
	warmup time.Duration
	top    int64 // µs, the largest value recorded as it is

	arrivals sync.Mutex // guards the next two, so that the pacer never waits for a tick
	planned  []int64    // arrivals by the second in which they fall due
	missed   int64

	failures  failures
	occupancy occupancy

	mu      sync.Mutex // guards all below; the workers never take it
	shards  []*Shard
	asked   int
	spare   *cell    // empty, to be swapped for a shard's full one
	last    []*cell  // the last interval: labels, then labels in their warm-up
	total   []*cell  // the run so far: labels
	warm    []Counts // and what was counted of each in its warm-up
	tally   tally
	broken  [Rules]int64 // answers that break a rule
	upto    time.Duration
	second  int // that the next tick closes
	seconds []Second
	sum     [3]*hdr.Histogram // of all labels in the last interval: response, service, lag
}

// Shard is where a worker records; workers may share one. Its lock is held for
// some tens of nanoseconds.
type Shard struct {
	mu     sync.Mutex
	r      *Recorder
	cells  []*cell // labels, then labels in their warm-up; made when first used
	counts tally
	second int      // of the run, that the next tick closes
	played [2]int64 // arrivals of that second, and of the one after it: by parity
	broken [Rules]int64
	line   *LineDelay // nil until a line that is played like another adds to an exchange
}

// Rules is how many rules about answers a recorder tells apart.
const Rules = 64

// tally is what is counted beside the exchanges.
type tally struct {
	Played, Stuck, Failed, Late, Cut, Duplicate, Unmatched, Exhausted int64
}

func (t *tally) add(o tally) {
	t.Played += o.Played
	t.Stuck += o.Stuck
	t.Failed += o.Failed
	t.Late += o.Late
	t.Cut += o.Cut
	t.Duplicate += o.Duplicate
	t.Unmatched += o.Unmatched
	t.Exhausted += o.Exhausted
}

// NewRecorder makes a recorder for a run with these labels. Latencies are told
// apart up to two minutes or twice the response timeout, whichever is longer;
// beyond, they are counted at that length. Exchanges due before the end of the
// warm-up are kept apart.
func NewRecorder(labels []string, timeout, warmup time.Duration) *Recorder {
	r := &Recorder{
		labels: slices.Clone(labels),
		warmup: warmup,
		top:    highest(timeout),
		last:   make([]*cell, 2*len(labels)),
		total:  make([]*cell, len(labels)),
		warm:   make([]Counts, len(labels)),
	}
	r.spare = r.newCell()
	for i := range r.sum {
		r.sum[i] = newHistogram(r.top)
	}
	return r
}

// highest is the largest value, in µs, that a run with this response timeout
// records as it is.
func highest(timeout time.Duration) int64 { return micros(max(longest, 2*timeout)) }

func newHistogram(top int64) *hdr.Histogram { return hdr.New(shortest, top, digits) }

// micros rounds to microseconds, the one unit of the histograms. A time before
// its cause, which only rounding or a bug can give, is 0.
func micros(d time.Duration) int64 {
	return int64(max(0, d+time.Microsecond/2) / time.Microsecond)
}

// Since has the recorder's first second be the one in which the given time is, of a run
// that others have played until then. Nothing has been recorded yet.
func (r *Recorder) Since(at time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.upto, r.second = at.Truncate(time.Second), int(at/time.Second)
	for _, s := range r.shards {
		s.second = r.second
	}
}

// Shard gives a worker a shard to record in. There are two for each processor,
// at most 32, however many workers ask: ten thousand terminals share them, since
// one shard of one label weighs nearly half a megabyte.
func (r *Recorder) Shard() *Shard {
	r.mu.Lock()
	defer r.mu.Unlock()
	most := min(2*runtime.GOMAXPROCS(0), 32)
	r.asked++
	if len(r.shards) == most {
		return r.shards[r.asked%most]
	}
	s := &Shard{r: r, cells: make([]*cell, 2*len(r.labels)), second: r.second}
	r.shards = append(r.shards, s)
	return s
}

// Record takes one exchange. It allocates only when its label is new to the
// shard.
func (s *Shard) Record(x Sample) {
	i := x.Label
	if x.Due < s.r.warmup {
		i += len(s.r.labels)
	}
	s.mu.Lock()
	c := s.cells[i]
	if c == nil {
		c = s.r.newCell()
		s.cells[i] = c
	}
	c.record(x, s.r.top)
	s.mu.Unlock()
}

// Cut counts answers to requests whose line had broken.
func (s *Shard) Cut(n int) { s.count(tally{Cut: int64(n)}) }

// Late counts answers that came after their request had been given up.
func (s *Shard) Late(n int) { s.count(tally{Late: int64(n)}) }

// Duplicate counts further answers to a request already answered.
func (s *Shard) Duplicate(n int) { s.count(tally{Duplicate: int64(n)}) }

// Unmatched counts answers that belong to no request.
func (s *Shard) Unmatched(n int) { s.count(tally{Unmatched: int64(n)}) }

// Broken counts an answer that breaks rules, a bit each.
func (s *Shard) Broken(rules uint64) {
	s.mu.Lock()
	for ; rules != 0; rules &= rules - 1 {
		s.broken[bits.TrailingZeros64(rules)]++
	}
	s.mu.Unlock()
}

// Played counts an arrival that a terminal begins. It belongs to the second in
// which it fell due, even if that second's tick is late or early, or when that
// is over to the one under way: which it is, is told.
func (s *Shard) Played(due time.Duration) (second int) {
	s.mu.Lock()
	second = min(max(int(due/time.Second), s.second), s.second+1)
	s.played[second&1]++
	s.mu.Unlock()
	return second
}

// Failed counts a played scenario with a step that did not hold.
func (s *Shard) Failed() { s.count(tally{Failed: 1}) }

// Exhausted counts a send that this machine refused for want of descriptors,
// ports or buffers (EMFILE, EADDRNOTAVAIL, ENOBUFS).
func (s *Shard) Exhausted() { s.count(tally{Exhausted: 1}) }

func (s *Shard) count(t tally) {
	s.mu.Lock()
	s.counts.add(t)
	s.mu.Unlock()
}

// Planned counts n arrivals that fall due at this time, played or not.
func (r *Recorder) Planned(at time.Duration, n int64) {
	k := max(0, int(at/time.Second))
	r.arrivals.Lock()
	for len(r.planned) <= k {
		r.planned = append(r.planned, 0)
	}
	r.planned[k] += n
	r.arrivals.Unlock()
}

// NotPlayed counts n arrivals for which no terminal became free before the run
// ended.
func (r *Recorder) NotPlayed(n int64) {
	r.arrivals.Lock()
	r.missed += n
	r.arrivals.Unlock()
}

// plannedIn sums the arrivals due from one tick up to the next, to the whole
// second: ticks fall a little after the second they close.
func (r *Recorder) plannedIn(from, upto time.Duration) (n int64) {
	r.arrivals.Lock()
	defer r.arrivals.Unlock()
	a, b := int(from.Round(time.Second)/time.Second), int(upto.Round(time.Second)/time.Second)
	for k := a; k < min(b, len(r.planned)); k++ {
		n += r.planned[k]
	}
	return n
}

// cell is what one shard, interval or run saw of one label.
type cell struct {
	counts                 Counts
	codes                  map[[4]byte]int64
	reasons                map[string]int64 // nil until the first
	response, service, lag *hdr.Histogram
	censored               *hdr.Histogram // nil until one is
	clamped                int64
}

func (r *Recorder) newCell() *cell {
	return &cell{codes: map[[4]byte]int64{}, response: newHistogram(r.top), service: newHistogram(r.top), lag: newHistogram(r.top)}
}

func (c *cell) record(x Sample, top int64) {
	c.counts[x.Outcome]++
	if x.Outcome == Unsent {
		return // no octet left this machine: there is no latency
	}
	if x.Code != ([4]byte{}) {
		c.codes[x.Code]++
	}
	if x.Reason != "" {
		addCount(&c.reasons, x.Reason, 1)
	}
	response := micros(x.Done - x.Due)
	if response > top {
		c.clamped++
		response = top
	}
	// No value is negative or above top, so no call returns an error.
	_ = c.response.RecordValue(response)
	_ = c.service.RecordValue(min(top, micros(x.Done-x.Sent)))
	_ = c.lag.RecordValue(min(top, micros(x.Sent-x.Due-x.Held)))
	if x.Outcome == Open || x.Outcome == Broken {
		if c.censored == nil {
			c.censored = newHistogram(top)
		}
		_ = c.censored.RecordValue(response)
	}
}

// addCount counts n more of a name, in a map that may be nil.
func addCount(to *map[string]int64, name string, n int64) {
	if *to == nil {
		*to = map[string]int64{}
	}
	(*to)[name] += n
}

func (c *cell) used() bool { return c.counts != Counts{} }

// merge adds o, which has the same geometry, so that nothing can be dropped.
func (c *cell) merge(o *cell) {
	c.counts.add(o.counts)
	for code, n := range o.codes {
		c.codes[code] += n
	}
	for reason, n := range o.reasons {
		addCount(&c.reasons, reason, n)
	}
	c.response.Merge(o.response)
	c.service.Merge(o.service)
	c.lag.Merge(o.lag)
	if o.censored != nil {
		if c.censored == nil {
			c.censored = hdr.New(o.censored.LowestTrackableValue(), o.censored.HighestTrackableValue(), digits)
		}
		c.censored.Merge(o.censored)
	}
	c.clamped += o.clamped
}

func (c *cell) reset() {
	c.counts, c.clamped, c.censored = Counts{}, 0, nil
	clear(c.codes)
	clear(c.reasons)
	c.response.Reset()
	c.service.Reset()
	c.lag.Reset()
}
