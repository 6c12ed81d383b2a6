package sim

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/timer"
)

// CatchUp bounds how fast arrivals that fell behind are released: this many
// times faster than they fall due. A longer stall is worked off, not burst out.
const CatchUp = 2

// Slack is how far arrivals may be behind before the bound applies.
const Slack = 10 * time.Millisecond

// arrivals hands out the pacer's arrivals, each at its time. Whoever holds the
// lock waits for the next one and then plays it itself, while another takes its
// place: no arrival is handed from one goroutine to another, which would add the
// time that takes to the generator's lag.
type arrivals struct {
	mu      sync.Mutex
	waiting atomic.Int64 // players that want the lock
	players int          // started so far
	next    func() (int, time.Duration, bool)
	release time.Duration // when arrivals that fell behind are released
	before  time.Duration // due time of the arrival before
	timer   *timer.Timer
	over    chan struct{} // closed when no more come
	ended   bool
}

// open has players play arrivals at their due times, as many at once as there
// are terminals. It returns when no more arrivals come.
func (r *Run) open(ctx context.Context, players *sync.WaitGroup) {
	next, stop := iter.Pull2(r.Pacer)
	a := &arrivals{next: next, timer: timer.New(ctx), over: make(chan struct{}), players: 1}
	players.Go(func() { r.playAll(ctx, a, players) })
	<-a.over
	a.mu.Lock()
	stop()
	a.timer.Close()
	a.mu.Unlock()
}

// playAll plays arrivals until no more come. A player that goes off to play
// leaves another one waiting for the next arrival.
func (r *Run) playAll(ctx context.Context, a *arrivals, players *sync.WaitGroup) {
	p := r.player(r.Recorder.Shard())
	for {
		a.waiting.Add(1)
		a.mu.Lock()
		a.waiting.Add(-1)
		n, due, ok := r.nextDue(ctx, a)
		if ok && a.waiting.Load() == 0 && a.players < len(r.fleet)-r.failedIn {
			a.players++
			players.Go(func() { r.playAll(ctx, a, players) })
		}
		a.mu.Unlock()
		if !ok {
			return
		}
		t := r.take(ctx, r.Mix.Plan(n))
		if t == nil {
			r.Recorder.NotPlayed(1)
			continue
		}
		r.one(p, t, n, due)
		r.giveBack(t)
	}
}

// nextDue waits for the next arrival; its due time is the clock's. It reports
// false when no more come. The lock is held.
func (r *Run) nextDue(ctx context.Context, a *arrivals) (n int, due time.Duration, ok bool) {
	if a.ended {
		return 0, 0, false
	}
	end := r.origin + r.For
	n, due, ok = a.next()
	due += r.origin
	if ok && due < end {
		wake := due
		if now := r.clock.Now(); now-due > Slack {
			a.release = max(a.release, now-Slack) + (due-a.before)/CatchUp
			wake = a.release
		}
		a.before = due
		a.timer.SleepUntil(r.clock.At(wake))
		if ctx.Err() == nil {
			r.Recorder.Planned(due-r.origin, 1)
			return n, due, true
		}
	}
	// No more are begun. Those that fell due before now have been missed.
	for now := r.clock.Now(); ok && due < end && due <= now; due += r.origin {
		r.Recorder.Planned(due-r.origin, 1)
		r.Recorder.NotPlayed(1)
		_, due, ok = a.next()
	}
	a.ended = true
	close(a.over)
	return 0, 0, false
}

// take waits for a terminal that can play the plan; nil when none becomes free
// before the arrivals end.
func (r *Run) take(ctx context.Context, plan *Plan) *Terminal {
	boxes := r.boxes
	if plan.Cards {
		boxes = nil
	}
	select {
	case t := <-boxes:
		return t
	default:
	}
	select {
	case t := <-r.free:
		return t
	case t := <-boxes:
		return t
	case <-ctx.Done():
		return nil
	}
}

func (r *Run) giveBack(t *Terminal) {
	if t.Kind == profile.QRBox {
		r.boxes <- t
		return
	}
	r.free <- t
}
