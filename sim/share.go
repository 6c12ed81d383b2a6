package sim

import "time"

// Share is one of several equal parts of a run, each of which somebody else plays:
// terminals of its own, and of the arrivals those whose number leaves Index when
// divided by Of. All shares together are the whole, arrival by arrival: what one is
// depends on its number alone, never on who plays it. The zero Share is the whole.
type Share struct {
	Index, Of int
	From      time.Duration // what falls due before is not played: somebody has, or nobody could
}

// Arrival is the number in the whole run of the share's arrival k.
func (s Share) Arrival(k int) int { return max(1, s.Of)*k + s.Index }

// Pacer gives those of the arrivals that are the share's, each with its number in the
// whole run.
func (s Share) Pacer(p Pacer) Pacer {
	if s.Of <= 1 {
		return p
	}
	return func(yield func(int, time.Duration) bool) {
		for n, due := range p {
			if n%s.Of == s.Index && !yield(n, due) {
				return
			}
		}
	}
}

// rest gives those of the arrivals, as they fall due in the run, that are still to be
// played.
func (s Share) rest(p Pacer) Pacer {
	if s.From == 0 {
		return p
	}
	return func(yield func(int, time.Duration) bool) {
		for n, due := range p {
			if due >= s.From && !yield(n, due) {
				return
			}
		}
	}
}

// Terminals is which of so many terminals are the share's: from the first up to but
// not including the second.
func (s Share) Terminals(of int) (from, to int) {
	n := max(1, s.Of)
	return of * s.Index / n, of * (s.Index + 1) / n
}

// Lines is how many of so many shared lines are the share's: each needs one.
func (s Share) Lines(of int) int {
	from, to := s.Terminals(of)
	return max(min(of, 1), to-from)
}
