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
//
// When an arrival falls due depends on its number and the changes alone: all who share a
// plan, and know of a change before it holds, play what one alone would.
type Steering struct {
	mu      sync.Mutex
	now     func() time.Duration // the run's time; nil until it has begun
	until   time.Duration        // of the run, when it ends
	seen    time.Duration        // of the run's time, that has passed for sure
	given   time.Duration        // when the latest arrival that was given falls due
	parts   []steered            // in order; nil for one of speed 1 from 0 on
	changed chan struct{}        // closed at the next change; nil when nobody waits for it
}

// steered is a part of the run in which the plan's time passes at one speed.
type steered struct {
	at    time.Duration // of the run, when it begins
	plan  time.Duration // of the plan, likewise
	speed float64       // of the plan's time; 0 stands still
}

// ahead is how long before it falls due an arrival is given to whoever plays it. A change
// that holds from later on has it fall due at its new time.
const ahead = 20 * time.Millisecond

// Set has the plan's time pass so many times faster than planned from now on. It gives
// the run's time at which that holds, 0 when it has not begun.
func (s *Steering) Set(speed float64) (at time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now != nil {
		at = max(0, s.now())
	}
	at = max(at, s.last().at)
	s.add(at, speed)
	return at
}

// SetAt has it pass so many times faster from a moment of the run on, which no change that
// was set before comes after. late is for how long after that moment arrivals have been
// played as before; 0 for not at all.
func (s *Steering) SetAt(at time.Duration, speed float64) (late time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(at, speed)
	if s.now != nil {
		late = max(0, s.given-at)
	}
	return late
}

// add adds a part. The lock is held.
func (s *Steering) add(at time.Duration, speed float64) {
	last := s.last()
	plan := last.plan + time.Duration(float64(at-last.at)*last.speed)
	s.parts = append(s.parts, steered{at: at, plan: plan, speed: speed})
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// last is the part that holds in the end. The lock is held.
func (s *Steering) last() steered {
	if len(s.parts) == 0 {
		s.parts = []steered{{speed: 1}}
	}
	return s.parts[len(s.parts)-1]
}

// due is when an arrival of the plan falls due, never while its time stands still.
// Arrivals are asked for in order. The lock is held.
func (s *Steering) due(plan time.Duration) time.Duration {
	s.last()
	i := len(s.parts) - 1
	for i > 0 && plan < s.parts[i].plan {
		i--
	}
	s.parts = slices.Delete(s.parts, 0, i) // no arrival asks for them any more
	p := s.parts[0]
	if p.speed == 0 {
		return never
	}
	return p.at + after(float64(plan-p.plan)/p.speed)
}

// Pacer gives p's arrivals when they fall due as steered so far. It ends with those of
// which none falls due any more.
func (s *Steering) Pacer(p Pacer) Pacer {
	return func(yield func(int, time.Duration) bool) {
		for n, plan := range p {
			s.mu.Lock()
			due := s.due(plan)
			s.mu.Unlock()
			if due >= never || !yield(n, due) {
				return
			}
		}
	}
}

// soon is when an arrival falls due that does so soon, or after the run; else how long
// it is to be waited, and for which change beside.
func (s *Steering) soon(plan time.Duration) (due, wait time.Duration, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	due = s.due(plan)
	by := min(due, s.until) - ahead
	if by > s.seen {
		s.seen = s.now()
	}
	if by <= s.seen {
		due = max(due, s.given)
		if due < s.until {
			s.given = due
		}
		return due, 0, nil
	}
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return due, by - s.seen, s.changed
}

// pacer gives p's arrivals shortly before they fall due as steered: until then changes
// may still come, until the run's time is over or ctx is done. Then no more fall due.
func (s *Steering) pacer(ctx context.Context, p Pacer, now func() time.Duration, until time.Duration) Pacer {
	if s == nil {
		return p
	}
	s.mu.Lock()
	s.now, s.until, s.seen = now, until, now()
	s.mu.Unlock()
	return func(yield func(int, time.Duration) bool) {
		for n, plan := range p {
			due, wait, changed := s.soon(plan)
			for changed != nil {
				t := time.NewTimer(wait)
				select {
				case <-t.C:
					due, wait, changed = s.soon(plan)
				case <-changed:
					due, wait, changed = s.soon(plan)
				case <-ctx.Done():
					due, changed = never, nil
				}
				t.Stop()
			}
			if !yield(n, due) {
				return
			}
		}
	}
}
