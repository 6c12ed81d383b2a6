package sim

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posfleet/posfleet/sim/timer"
)

// openModel plays the pacer's arrivals at their due times, however long the host
// takes for the ones before, as many at once as there are terminals.
//
// Whoever holds the lock waits for the next arrival and then plays it itself,
// while another player takes its place: no arrival is handed from one goroutine
// to another, which would add the time that takes to the generator's lag.
type openModel struct {
	run     *Run
	ctx     context.Context // done when no more arrivals may come
	players *sync.WaitGroup

	mu      sync.Mutex
	waiting atomic.Int64 // players that want the lock
	started int          // players
	next    func() (n int, due time.Duration, ok bool)
	catchUp catchUp
	timer   *timer.Timer
	full    bool          // every player is at work: no terminal is free
	freed   time.Duration // when the first was free again after that
	behind  bool          // arrivals that fell due while none was free are being worked off
	ended   bool
	over    chan struct{} // closed when no more arrivals come
}

// playOpen has players play arrivals; it returns when no more come.
func playOpen(ctx context.Context, r *Run, players *sync.WaitGroup) {
	next, stop := iter.Pull2(r.Share.rest(r.Steering.pacer(ctx, r.Share.Pacer(r.Pacer), r.Now, r.For)))
	m := &openModel{run: r, ctx: ctx, players: players, next: next, timer: timer.New(ctx),
		catchUp: catchUp{before: r.origin}, over: make(chan struct{})}
	m.start()
	<-m.over
	m.mu.Lock()
	stop()
	m.timer.Close()
	m.mu.Unlock()
}

// start starts one more player.
func (m *openModel) start() {
	m.started++
	m.players.Go(m.play)
}

// play plays arrivals until no more come.
func (m *openModel) play() {
	p := m.run.newPlayer(m.run.Recorder)
	defer caught(p.Panicked)
	for {
		n, due, free, ok := m.arrival()
		if !ok {
			return
		}
		r := m.run
		t, waited := r.fleet.acquire(m.ctx, r.Mix.Plan(n))
		if t == nil {
			r.Recorder.NotPlayed(1)
			r.Recorder.Held(due-r.origin, r.clock.Now()-due)
			continue
		}
		if waited {
			free = max(free, t.freed)
		}
		if free > due {
			r.Recorder.Held(due-r.origin, free-due)
		}
		r.playArrival(p, t, n, due, free)
		freed := r.fleet.release(t)
		r.Recorder.Busy(freed-r.origin, freed-free)
	}
}

// arrival waits for the next arrival; its due time, and since when a terminal has
// been free for it if that is later, are the clock's. It leaves another player
// waiting for the one after. It reports false when no more come.
//
// A player for each terminal: when none waits here, none is free. What falls due
// then waits for the host, or for the terminals that undo what the host has left
// open, and so does what comes after until all of it is worked off.
func (m *openModel) arrival() (n int, due, free time.Duration, ok bool) {
	r := m.run
	now := r.clock.Now()
	m.waiting.Add(1)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting.Add(-1)
	if m.full {
		m.full, m.freed = false, now
	}
	if m.ended {
		return 0, 0, 0, false
	}
	n, due, ok = m.next()
	due += r.origin
	if ok && due < r.origin+r.For {
		now = r.clock.Now()
		m.behind = due < m.freed || m.behind && due < now
		release := m.catchUp.release(due, now)
		m.timer.SleepUntil(r.clock.At(release))
		if m.ctx.Err() == nil && r.mine() {
			r.Recorder.Planned(due-r.origin, 1)
			if m.waiting.Load() == 0 {
				if m.full = m.started >= r.fleet.signedIn; !m.full {
					m.start()
				}
			}
			if free = due; m.behind {
				free = max(due, m.freed, release)
			}
			return n, due, free, true
		}
	}
	m.end(due, ok)
	return 0, 0, 0, false
}

// end begins no more arrivals. Those that fell due before now, from the given one
// on, have been missed; the fleet has been busy all the while when they waited for
// it. The lock is held.
func (m *openModel) end(due time.Duration, ok bool) {
	r := m.run
	for now := r.clock.Now(); ok && due < r.origin+r.For && due <= now; due += r.origin {
		r.Recorder.Planned(due-r.origin, 1)
		r.Recorder.NotPlayed(1)
		if m.behind {
			r.Recorder.Held(due-r.origin, now-due)
		}
		_, due, ok = m.next()
	}
	m.ended = true
	close(m.over)
}

// CatchUp bounds how fast arrivals that fell behind are released: this many
// times faster than they fall due. A longer stall is worked off, not burst out.
const CatchUp = 2

// Slack is how far arrivals may be behind before the bound applies.
const Slack = 10 * time.Millisecond

// catchUp says when arrivals are released, given in order.
type catchUp struct {
	before   time.Duration // due time of the arrival before
	released time.Duration // of the latest one that was behind
}

// release is when an arrival is released: when it is due, or, when it is behind by
// more than Slack, so long after the one before as CatchUp says, and at once when that
// is past.
func (c *catchUp) release(due, now time.Duration) time.Duration {
	at := due
	if now-due > Slack {
		c.released = max(c.released+(due-c.before)/CatchUp, now-Slack)
		at = c.released
	}
	c.before = due
	return at
}
