package line

import (
	"context"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
)

// A panic of a goroutine that serves a shared line is told to whoever has the line: no
// player's call is on its stack, and the runtime's own exit code means something else.
func TestPanicOfASharedLineIsTold(t *testing.T) {
	d, _ := dialect.Named("cup")
	s := NewShared(context.Background(), &Dialer{}, &d.Format, NewClock())
	told := make(chan any, 1)
	s.Panicked = func(value any, stack []byte) {
		if len(stack) > 0 {
			told <- value
		}
	}
	s.start(func() { panic("planted") })
	s.Wait()
	if value := <-told; value != "planted" {
		t.Errorf("told is %v", value)
	}
}
