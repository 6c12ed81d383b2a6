// Package timer has timers that go off within some 50 µs of their time.
//
// The runtime's own wake up to a millisecond late (the netpoller waits whole
// milliseconds), which a meter of latency would read as the host's. nanosleep
// is exact, but keeps a processor of the runtime's from goroutines that have
// work to do, for up to hundreds of milliseconds where there are as many
// sleepers as processors: posfleet selftest showed it. A timerfd is a file that
// can be read from a given moment on: the goroutine that waits is parked as it
// would be on a socket. A system without it, or short of descriptors, gets the
// runtime's timers.
//
// A [Timer] serves one waiting goroutine at a time, which others may wake
// earlier or later ([Timer.Set], [Timer.Wait]), or which sleeps until a time of
// its own ([Timer.SleepUntil]).
package timer

import (
	"context"
	"os"
	"sync"
	"time"
)

// Timer goes off once for each time that it is set to. Set and Close may be
// called from any goroutine, Wait and SleepUntil from one at a time.
type Timer struct {
	file  *os.File // the timerfd; nil when the runtime's timer serves
	fd    int
	ticks [8]byte

	runtime *time.Timer
	closed  chan struct{}

	mu     sync.Mutex // held by Set, so that its descriptor is still the timer's
	ended  bool
	cancel func() bool
	late   time.Duration // by how much SleepUntil is woken late, a moving average
}

// mostAwake bounds the lateness that SleepUntil makes up for, and so the time
// that it spends awake.
const mostAwake = 150 * time.Microsecond

// New makes a timer that is not set yet. It ends with ctx; Close frees it.
func New(ctx context.Context) *Timer {
	t := &Timer{closed: make(chan struct{})}
	if t.file, t.fd = openTimerfd(); t.file == nil {
		t.useRuntime()
	}
	t.cancel = context.AfterFunc(ctx, t.end)
	return t
}

func (t *Timer) useRuntime() {
	t.runtime = time.NewTimer(time.Hour)
	t.runtime.Stop()
}

// Set makes the timer go off so long from now, and no more at the time set
// before.
func (t *Timer) Set(wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.ended:
	case t.file == nil:
		t.runtime.Reset(wait)
	default:
		setTimerfd(t.fd, max(wait, 1)) // 0 would disarm it
	}
}

// Wait waits until the timer goes off; it reports false once that has ended.
func (t *Timer) Wait() bool {
	if t.file != nil {
		_, err := t.file.Read(t.ticks[:])
		return err == nil
	}
	select {
	case <-t.runtime.C:
		return true
	case <-t.closed:
		return false
	}
}

// SleepUntil sleeps until then, or until the timer has ended. The lateness that
// is left is learnt and slept less by; what then remains is waited for awake.
func (t *Timer) SleepUntil(then time.Time) {
	for {
		left := time.Until(then)
		if left <= 0 {
			return
		}
		if left <= t.late {
			continue
		}
		t.Set(left - t.late)
		if !t.Wait() {
			return
		}
		over := t.late - time.Until(then)
		t.late = min(max(t.late+(over-t.late)/16, 0), mostAwake)
	}
}

// Close ends the timer and frees it; a goroutine that waits is woken.
func (t *Timer) Close() {
	t.cancel()
	t.end()
}

func (t *Timer) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	t.ended = true
	close(t.closed)
	if t.file != nil {
		_ = t.file.Close()
	} else {
		t.runtime.Stop()
	}
}
