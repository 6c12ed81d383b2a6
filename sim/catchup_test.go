package sim

import (
	"testing"
	"time"
)

func TestArrivalsCatchUp(t *testing.T) {
	const ms = time.Millisecond
	type arrival struct{ due, now, want time.Duration }
	for name, c := range map[string]struct {
		began    time.Duration
		arrivals []arrival
	}{
		"in time":         {0, []arrival{{10 * ms, 9 * ms, 10 * ms}, {20 * ms, 20 * ms, 20 * ms}}},
		"a little behind": {0, []arrival{{10 * ms, 20 * ms, 10 * ms}}},
		// Behind by 100 ms: the first is released at once, those after it 5 ms apart
		// instead of 10.
		"far behind": {0, []arrival{{10 * ms, 110 * ms, 100 * ms}, {20 * ms, 110 * ms, 105 * ms}, {30 * ms, 110 * ms, 110 * ms}, {40 * ms, 110 * ms, 115 * ms}}},
		// Nothing fell due in the minute before: there is nothing to work off.
		"rare, and late": {0, []arrival{{60_000 * ms, 60_050 * ms, 60_040 * ms}}},
		// The clock has been running through sign-in: that is no gap to work off.
		"the first, late": {9 * time.Second, []arrival{{9000 * ms, 9050 * ms, 9040 * ms}, {9010 * ms, 9050 * ms, 9045 * ms}}},
	} {
		u := catchUp{before: c.began}
		for i, a := range c.arrivals {
			if got := u.release(a.due, a.now); got != a.want {
				t.Errorf("%s: arrival %d due %v at %v is released at %v, want %v", name, i, a.due, a.now, got, a.want)
			}
		}
	}
}
