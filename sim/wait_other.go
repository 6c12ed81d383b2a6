//go:build !linux

package sim

import (
	"context"
	"time"
)

// sleepUntil sleeps until the clock shows d, or ctx is done, as exactly as the
// runtime's timers do.
func sleepUntil(ctx context.Context, clock *Clock, d time.Duration) {
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
