//go:build !linux

package sim

import (
	"context"
	"time"
)

// sleeper sleeps until the clock shows a time, as exactly as the runtime's
// timers do.
type sleeper struct{}

// until sleeps until the clock shows d, or ctx is done.
func (s *sleeper) until(ctx context.Context, clock *Clock, d time.Duration) {
	left := d - clock.Now()
	if left <= 0 {
		return
	}
	t := time.NewTimer(left)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func (s *sleeper) close() {}
