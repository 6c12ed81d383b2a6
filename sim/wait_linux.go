package sim

import (
	"context"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// sleeper sleeps until the clock shows a time. One goroutine uses it at once.
//
// The runtime's own timers wake up to a millisecond late (the netpoller waits
// whole milliseconds), which would be read as the host's latency. The kernel's
// nanosleep wakes some 50 µs late once the slack that Linux gives itself to
// gather timers is turned off for the thread. That lateness is learnt and slept
// less by; the little that is then left is waited for awake.
type sleeper struct{ late time.Duration }

// mostAwake bounds the lateness that is made up for, and so the time spent awake.
const mostAwake = 150 * time.Microsecond

// until sleeps until the clock shows d, or ctx is done. Long waits leave the
// thread to the runtime.
func (s *sleeper) until(ctx context.Context, clock *Clock, d time.Duration) {
	for {
		left := d - clock.Now()
		switch {
		case left <= 0 || ctx.Err() != nil:
			return
		case left > 20*time.Millisecond:
			t := time.NewTimer(min(left-10*time.Millisecond, 50*time.Millisecond))
			select {
			case <-t.C:
			case <-ctx.Done():
			}
			t.Stop()
		case left > s.late:
			unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // ns, of this thread
			ts := syscall.NsecToTimespec(int64(left - s.late))
			syscall.Nanosleep(&ts, nil) // woken early by a signal, the loop goes on
			over := clock.Now() - (d - s.late)
			s.late = min(max(s.late+(over-s.late)/16, 0), mostAwake)
		}
	}
}
