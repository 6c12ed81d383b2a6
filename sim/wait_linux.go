package sim

import (
	"context"
	"syscall"
	"time"
)

// sleepUntil sleeps until the clock shows d, or ctx is done. The runtime's own
// timers wake up to a millisecond late (the netpoller waits whole
// milliseconds), which would be read as the host's latency; the kernel's
// nanosleep wakes some 50 µs late. Long waits leave the runtime free.
func sleepUntil(ctx context.Context, clock *Clock, d time.Duration) {
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
		default:
			ts := syscall.NsecToTimespec(int64(left))
			syscall.Nanosleep(&ts, nil) // woken early by a signal, the loop goes on
		}
	}
}
