package sim

import (
	"context"
	"maps"
	"testing"
	"testing/synctest"
	"time"
)

// steer plays a plan of 10/s as steered and gives when arrivals fall due, up to a time.
// Each change is at its time of the run, and whoever plays is never late, or by so much.
func steer(t *testing.T, upto, late time.Duration, changes map[time.Duration]float64) (due []time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), upto)
		defer stop()
		began := time.Now()
		now := func() time.Duration { return time.Since(began) }
		s := &Steering{}
		for at, speed := range changes {
			go func() {
				select {
				case <-time.After(at):
					if got := s.Set(speed); got != at {
						t.Errorf("a change at %v is told as at %v", at, got)
					}
				case <-ctx.Done():
				}
			}()
		}
		for _, d := range s.pacer(ctx, Constant(Rate{10, time.Second}), now, upto) {
			if d >= upto {
				break
			}
			due = append(due, d)
			time.Sleep(max(0, d+late-now()))
		}
		synctest.Wait()
	})
	return due
}

func between(due []time.Duration, from, to time.Duration) (n int) {
	for _, d := range due {
		if d >= from && d < to {
			n++
		}
	}
	return n
}

// Twice as fast is twice the rate from then on, and a pause has no arrivals: what falls
// due after it goes on where the plan stood, nothing comes in a burst.
func TestSteeredArrivals(t *testing.T) {
	due := steer(t, 10*time.Second, 0, map[time.Duration]float64{2050 * time.Millisecond: 2, 5010 * time.Millisecond: 0, 8010 * time.Millisecond: 1})
	for _, c := range []struct {
		from, to time.Duration
		want     int
	}{{0, 2 * time.Second, 20}, {2100 * time.Millisecond, 5 * time.Second, 58}, {5 * time.Second, 8 * time.Second, 1}, {8 * time.Second, 10 * time.Second, 19}} {
		if n := between(due, c.from, c.to); n < c.want-1 || n > c.want+1 {
			t.Errorf("from %v to %v: %d arrivals, want about %d", c.from, c.to, n, c.want)
		}
	}
	for i := 1; i < len(due); i++ {
		if due[i] < due[i-1] {
			t.Fatalf("arrival %d is due at %v, before the one before, %v", i, due[i], due[i-1])
		}
		if gap := due[i] - due[i-1]; gap < 24*time.Millisecond {
			t.Errorf("arrivals %d and %d come %v apart", i-1, i, gap)
		}
	}
}

// What fell due before a change stays due when it was, however late it is played: a pause
// or a slower rate hides no delay (coordinated omission).
func TestSteeringHidesNoDelay(t *testing.T) {
	for _, speed := range []float64{0, 0.25, 4} {
		due := steer(t, 5*time.Second, 1500*time.Millisecond, map[time.Duration]float64{3 * time.Second: speed})
		if n := between(due, 0, 3*time.Second); n != 30 {
			t.Errorf("at speed %v from 3s on: %d arrivals fell due before, want 30", speed, n)
		}
	}
}

// What two agents play is the plan that one alone would have played, arrival by arrival,
// whatever is changed while they wait for their next one and whenever each hears of it
// before it holds; one that hears of it too late says by how much.
func TestSharesAreSteeredAsOne(t *testing.T) {
	type change struct {
		at    time.Duration
		speed float64
	}
	changes := []change{{1500 * time.Millisecond, 4}, {2100 * time.Millisecond, 0}, {3 * time.Second, 0.5}, {6 * time.Second, 3}}
	const end = 10 * time.Second
	play := func(share Share, lead time.Duration) (due map[int]time.Duration, late time.Duration) {
		due = map[int]time.Duration{}
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithTimeout(t.Context(), end+time.Second)
			defer stop()
			began := time.Now()
			now := func() time.Duration { return time.Since(began) }
			s := &Steering{}
			go func() {
				for _, c := range changes {
					time.Sleep(c.at - lead - now())
					late = max(late, s.SetAt(c.at, c.speed))
				}
			}()
			for n, d := range share.rest(s.pacer(ctx, share.Pacer(Constant(Rate{3, time.Second})), now, end)) {
				if d >= end {
					break
				}
				due[n] = d
				time.Sleep(d - now())
			}
			synctest.Wait()
		})
		return due, late
	}
	whole := &Steering{}
	for _, c := range changes {
		whole.SetAt(c.at, c.speed)
	}
	want := map[int]time.Duration{}
	for n, d := range whole.Pacer(Constant(Rate{3, time.Second})) {
		if d >= end {
			break
		}
		want[n] = d
	}
	for of := range 4 {
		together := map[int]time.Duration{}
		for i := range of + 1 {
			due, late := play(Share{Index: i, Of: of + 1}, 400*time.Millisecond-time.Duration(i)*100*time.Millisecond)
			maps.Copy(together, due)
			if late != 0 {
				t.Errorf("share %d of %d says that it was told %v late", i, of+1, late)
			}
		}
		if !maps.Equal(together, want) {
			t.Errorf("%d shares: %v, want %v", of+1, together, want)
		}
	}
	if _, late := play(Share{Of: 1}, -time.Second); late < time.Second-100*time.Millisecond || late > time.Second+ahead { // an arrival each 83 ms
		t.Errorf("told a second late it says %v", late)
	}
	took, _ := play(Share{Of: 1, From: 7 * time.Second}, 400*time.Millisecond)
	maps.DeleteFunc(want, func(_ int, due time.Duration) bool { return due < 7*time.Second })
	if len(want) == 0 || !maps.Equal(took, want) {
		t.Errorf("who takes over after 7 s plays %v, want %v", took, want)
	}
}

// Whoever stood still when a change began to hold, and gave nothing out meanwhile, plays as
// it says, however late it hears of it.
func TestWhoGaveNothingIsNotLate(t *testing.T) {
	s := &Steering{}
	s.pacer(t.Context(), Constant(Rate{3, time.Second}), func() time.Duration { return 10 * time.Second }, time.Minute)
	if late := s.SetAt(8*time.Second, 2); late != 0 {
		t.Errorf("it says that it is %v late", late)
	}
}

// A run that ends while it is paused has missed nothing: no more fell due.
func TestPausedToTheEnd(t *testing.T) {
	if due := steer(t, 4*time.Second, 0, map[time.Duration]float64{1050 * time.Millisecond: 0}); len(due) != 11 {
		t.Errorf("%d arrivals: %v", len(due), due)
	}
}

// Without a change, and without steering at all, a plan is what it is.
func TestSteeringLeavesPlansAlone(t *testing.T) {
	var plain []time.Duration
	var none *Steering
	for _, d := range none.pacer(t.Context(), Constant(Rate{7, time.Second}), nil, 0) {
		if plain = append(plain, d); len(plain) == 100 {
			break
		}
	}
	s := &Steering{}
	k := 0
	for _, d := range s.pacer(t.Context(), Constant(Rate{7, time.Second}), func() time.Duration { return 0 }, 0) {
		if d != plain[k] {
			t.Fatalf("arrival %d at %v, want %v", k, d, plain[k])
		}
		if k++; k == len(plain) {
			return
		}
	}
}
