package sim

import (
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/line"
)

// A run that ends before its first arrival, as an agent that a signal stops then, has no
// second of a negative time ("-0 of 8 s").
func TestRunThatEndsBeforeItBeginsHasNoNegativeTime(t *testing.T) {
	var at []time.Duration
	r := &Run{Recorder: report.NewRecorder([]string{"a"}, time.Second, 0), clock: line.NewClock(), origin: time.Hour}
	r.Observer.Second = func(iv report.Interval) { at = append(at, iv.Second.At, iv.Second.Length) }
	end := make(chan struct{})
	close(end)
	r.tick(end)
	if len(at) != 2 || at[0] != 0 || at[1] != 0 {
		t.Errorf("it tells of %v", at)
	}
}
