package timer

import (
	"context"
	"testing"
	"time"
)

// each runs a test with the timer of this system and with the runtime's.
func each(t *testing.T, test func(*testing.T, *Timer)) {
	t.Run("system", func(t *testing.T) {
		timer := New(t.Context())
		defer timer.Close()
		test(t, timer)
	})
	t.Run("runtime", func(t *testing.T) {
		timer := &Timer{closed: make(chan struct{}), cancel: func() bool { return false }}
		timer.useRuntime()
		defer timer.Close()
		test(t, timer)
	})
}

func TestItGoesOffAtTheTimeSetLast(t *testing.T) {
	each(t, func(t *testing.T, timer *Timer) {
		begin := time.Now()
		timer.Set(time.Hour)
		time.AfterFunc(10*time.Millisecond, func() { timer.Set(20 * time.Millisecond) })
		if !timer.Wait() {
			t.Fatal("the timer has ended")
		}
		if took := time.Since(begin); took < 30*time.Millisecond || took > time.Minute {
			t.Errorf("went off after %v, want 30 ms", took)
		}
	})
}

func TestATimeThatHasPassedGoesOffAtOnce(t *testing.T) {
	each(t, func(t *testing.T, timer *Timer) {
		for _, wait := range []time.Duration{0, -time.Second} {
			timer.Set(wait)
			if !timer.Wait() {
				t.Fatal("the timer has ended")
			}
		}
		timer.SleepUntil(time.Now().Add(-time.Hour))
	})
}

func TestSleepNeverEndsEarly(t *testing.T) {
	each(t, func(t *testing.T, timer *Timer) {
		for range 50 {
			then := time.Now().Add(500 * time.Microsecond)
			if timer.SleepUntil(then); time.Now().Before(then) {
				t.Fatalf("woke %v early", time.Until(then))
			}
		}
		if timer.late < 0 || timer.late > mostAwake {
			t.Errorf("spends %v of each sleep awake, want %v at most", timer.late, mostAwake)
		}
	})
}

func TestClosingWakesWhoWaits(t *testing.T) {
	each(t, func(t *testing.T, timer *Timer) {
		timer.Set(time.Hour)
		time.AfterFunc(10*time.Millisecond, timer.Close)
		if timer.Wait() {
			t.Error("a closed timer has gone off")
		}
		timer.Set(1)
		if timer.Wait() {
			t.Error("a closed timer was set and went off")
		}
	})
}

func TestTheEndOfItsContextWakesWhoSleeps(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	timer := New(ctx)
	defer timer.Close()
	time.AfterFunc(10*time.Millisecond, cancel)
	timer.SleepUntil(time.Now().Add(time.Hour))
}
