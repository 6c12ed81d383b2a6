package scenarios

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// bundledHost serves the bundled network for a test.
func bundledHost(t testing.TB, network string, options ...host.Option) (*profile.Profile, *line.Dialer) {
	t.Helper()
	p, err := profile.Bundled(network, 1000)
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
	})
	return p, &line.Dialer{Address: l.Addr().String(), Timeout: 5 * time.Second}
}

// check plays embedded features against the bundled host, with terminals that
// wait so long for an answer, and gives the ids of the scenarios that failed,
// and how many were played.
func check(t *testing.T, network string, timeout time.Duration, paths []string, options ...host.Option) (failed []string, played int) {
	t.Helper()
	p, d := bundledHost(t, network, options...)
	q := *p
	q.Policy.Timeout = timeout
	fs, err := ReadFeatures(features.FS, paths...)
	if err != nil {
		t.Fatal(err)
	}
	c := &Check{Language: NewLanguage(&q), Dialer: d, Features: fs, Terminals: 8}
	found, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for v := range found.All() {
		if played++; v.Outcome != verdicts.Passed {
			failed = append(failed, v.ID)
		}
	}
	return failed, played
}

func TestRightHostPassesEveryFeature(t *testing.T) {
	for network, paths := range map[string][]string{"cup": {"core", "cup"}, "iso87": {"core", "iso87"}} {
		failed, n := check(t, network, 300*time.Millisecond, paths)
		if len(failed) > 0 || n == 0 {
			t.Errorf("%s: %d of %d failed: %v", network, len(failed), n, failed)
		}
	}
}

// The judge is judged: each thing that the bundled host can do wrong on demand
// is caught by a scenario, but for those that only show under load.
func TestWrongHostIsCaught(t *testing.T) {
	for _, m := range host.Misbehaviours() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel() // each has a host of its own
			timeout, paths := 300*time.Millisecond, []string{"core", "cup"}
			if m.Name == "silent" || m.Name == "late" { // every payment is waited for in vain
				timeout, paths = 100*time.Millisecond, []string{"core/purchase.feature"}
			}
			failed, n := check(t, "cup", timeout, paths, host.WithMisbehaviour(m.Name))
			if len(failed) == 0 {
				t.Errorf("none of %d scenarios caught a host that is wrong in this way: %s", n, m.Doc)
			}
			t.Logf("%d of %d scenarios failed", len(failed), n)
		})
	}
}
