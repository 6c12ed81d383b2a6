package negative

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/audit"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// against makes a check of a bundled host that serves until the test ends.
func against(t testing.TB, d *dialect.Dialect, options ...host.Option) *Check {
	t.Helper()
	p, err := profile.BundledIn(d, 4)
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.New(p, options...)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { h.Serve(ctx, l) })
	t.Cleanup(func() {
		stop()
		wg.Wait()
		if n := h.Counts().Panics; n > 0 {
			t.Errorf("%d panics", n)
		}
	})
	q := *p
	return &Check{Profile: &q, Dialer: &line.Dialer{Address: l.Addr().String(), Timeout: 5 * time.Second}, Seed: 1, Patience: 2 * time.Millisecond,
		Books: func(context.Context) (audit.Books, error) {
			b := audit.Books{Net: map[string]int64{}, Broken: h.Check()}
			for _, of := range h.Books() {
				b.Net[of.TID] = of.Net()
			}
			return b, nil
		}}
}

// A bundled host meets everything that is malformed as its dialect says, and a payment
// passes beside each.
func TestBundledHostHolds(t *testing.T) {
	for name, d := range dialect.Dialects() {
		t.Run(name, func(t *testing.T) {
			c := against(t, d)
			found, err := c.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for v := range found.All() {
				if v.Outcome != verdicts.Passed {
					t.Errorf("%s (%s): %s: %v\n%s", v.ID, v.Name, v.Outcome, v.Reason, v.Exchange)
				}
			}
			t.Logf("%d passed in %v", found.Count(verdicts.Passed), found.Took)
		})
	}
}
