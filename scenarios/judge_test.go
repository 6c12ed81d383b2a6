package scenarios

import (
	"context"
	"testing"
	"time"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/host"
)

// check plays embedded features against the bundled host and gives the ids
// of the scenarios that failed, and how many were played.
func check(t *testing.T, network string, paths []string, options ...host.Option) (failed []string, played int) {
	t.Helper()
	p, d := bundledHost(t, network, options...)
	q := *p
	q.Policy.Timeout = 300 * time.Millisecond
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
		failed, n := check(t, network, paths)
		if len(failed) > 0 || n == 0 {
			t.Errorf("%s: %d of %d failed: %v", network, len(failed), n, failed)
		}
	}
}

// The judge is judged: each thing that the bundled host can do wrong on demand
// is caught by a scenario, but for those that only show under load.
func TestWrongHostIsCaught(t *testing.T) {
	paths := map[string][]string{ // the features that catch it; silence is slow to see
		"silent": {"core/purchase.feature"},
		"late":   {"core/purchase.feature"},
	}
	for _, m := range host.Misbehaviours() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel() // they wait for answers that never come
			which := paths[m.Name]
			if which == nil {
				which = []string{"core", "cup"}
			}
			failed, n := check(t, "cup", which, host.WithMisbehaviour(m.Name))
			if len(failed) == 0 {
				t.Errorf("none of %d scenarios caught a host that is wrong in this way: %s", n, m.Doc)
			}
			t.Logf("%d of %d scenarios failed", len(failed), n)
		})
	}
}
