package sim

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Steering changes how fast the time of a run's plan passes while it is played: twice
// as fast is twice the rate, whatever the plan, and at 0 no arrival falls due. What fell
// due before a change stays due when it was, however late it is played: a change hides
// no delay. The zero Steering plays the plan as it is.
type Steering struct {
	mu      sync.Mutex
	now     func() time.Duration // the run's time; nil until it has begun
	parts   []steered            // in order; nil for one of speed 1 from 0 on
	changed chan struct{}        // closed at the next change; nil when nobody waits for it
}

// steered is a part of the run in which the plan's time passes at one speed.
type steered struct {
	at    time.Duration // of the run, when it begins
	plan  time.Duration // of the plan, likewise
	speed float64       // of the plan's time; 0 stands still
}

// Set has the plan's time pass so many times faster than planned from now on. It gives
// the run's time at which that holds, 0 when it has not begun.
func (s *Steering) Set(speed float64) (at time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now != nil {
		at = max(0, s.now())
	}
	last := s.last()
	at = max(at, last.at)
	plan := last.plan + time.Duration(float64(at-last.at)*last.speed)
	s.parts = append(s.parts, steered{at: at, plan: plan, speed: speed})
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
	return at
}

// last is the part that holds now. The lock is held.
func (s *Steering) last() steered {
	if len(s.parts) == 0 {
		s.parts = []steered{{speed: 1}}
	}
	return s.parts[len(s.parts)-1]
}

// due is when an arrival of the plan falls due, or what to wait for when its time stands
// still. Arrivals are asked for in order.
func (s *Steering) due(plan time.Duration) (due time.Duration, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last()
	i := len(s.parts) - 1
	for i > 0 && plan < s.parts[i].plan {
		i--
	}
	s.parts = slices.Delete(s.parts, 0, i) // no arrival asks for them any more
	p := s.parts[0]
	if p.speed > 0 {
		return p.at + after(float64(plan-p.plan)/p.speed), nil
	}
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return 0, s.changed
}

// pacer gives p's arrivals when they fall due as steered. An arrival that is awaited
// keeps its time, and while the plan's time stands still the next one is waited for,
// until ctx is done; then no more fall due.
func (s *Steering) pacer(ctx context.Context, p Pacer, now func() time.Duration) Pacer {
	if s == nil {
		return p
	}
	s.mu.Lock()
	s.now = now
	s.mu.Unlock()
	return func(yield func(int, time.Duration) bool) {
		var latest time.Duration
		for n, plan := range p {
			due, changed := s.due(plan)
			for changed != nil {
				select {
				case <-changed:
					due, changed = s.due(plan)
				case <-ctx.Done():
					due, changed = never, nil
				}
			}
			latest = max(latest, due)
			if !yield(n, latest) {
				return
			}
		}
	}
}
