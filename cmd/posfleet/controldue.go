package main

import (
	"iter"
	"sync"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/agent"
)

// dueCounts are how many arrivals of shares fall due in each second. Whoever looks on asks
// for them again and again while the run goes on: what has been counted is not counted
// anew, since a share may have many millions of them.
type dueCounts struct {
	mu    sync.Mutex
	parts map[agent.Share]*dueCount
}

// dueCount is that of one part, as far as it has been asked.
type dueCount struct {
	keys     int // that were pressed by then: those after it hold later
	from, to time.Duration
	seconds  map[time.Duration]int64

	next  func() (time.Duration, bool)
	stop  func()
	ahead time.Duration // when the arrival falls due that is not counted yet
	more  bool          // there is one
}

// of is how many arrivals of a share fall due in each second from one time of the run until
// another.
func (d *dueCounts) of(s agent.Share, keys []report.Press, due func(agent.Share, []report.Press) iter.Seq[time.Duration], from, to time.Duration) map[time.Duration]int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.parts[s]
	if n == nil || n.keys != len(keys) || n.from != from || n.to > to {
		if n != nil {
			n.stop()
		}
		n = &dueCount{keys: len(keys), from: from, seconds: map[time.Duration]int64{}}
		n.next, n.stop = iter.Pull(due(s, keys))
		n.ahead, n.more = n.next()
		if d.parts == nil {
			d.parts = map[agent.Share]*dueCount{}
		}
		d.parts[s] = n
	}
	for n.to = to; n.more && n.ahead < to; n.ahead, n.more = n.next() {
		if n.ahead >= from {
			n.seconds[n.ahead.Truncate(time.Second)]++
		}
	}
	return n.seconds
}

// close ends the counting.
func (d *dueCounts) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range d.parts {
		n.stop()
	}
	d.parts = nil
}
