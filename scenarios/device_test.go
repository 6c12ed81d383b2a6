package scenarios

import (
	"context"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/host"
)

// machines are the features about terminals as machines and the way to their host.
func machines(t *testing.T) []*Feature {
	t.Helper()
	paths, err := fs.Glob(features.FS, "shop/*.feature")
	if err != nil {
		t.Fatal(err)
	}
	paths = slices.DeleteFunc(paths, func(path string) bool {
		name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(path, "shop/"), ".feature"), ".zh")
		return name != "power" && name != "network" && name != "kinds"
	})
	all, err := ReadFeatures(features.FS, paths...)
	if err != nil || len(all) != 6 {
		t.Fatalf("%d features: %v", len(all), err)
	}
	return all
}

// Whatever terminals a shop has, what the features say of machines holds of them, or
// is skipped for a reason.
func TestMachinesOfEachKindHold(t *testing.T) {
	if testing.Short() {
		t.Skip("plays one scenario at a time, for long under the race detector; others have the same goroutines")
	}
	for _, network := range []string{"cup", "iso87"} {
		holdsOnEachKind(t, network, machines(t), 20)
	}
}

// A load plays these on all kinds of terminals, and half of the kinds ask operators for
// a signature besides the password.
func TestOperatorsOfEachKindGetIn(t *testing.T) {
	if testing.Short() {
		t.Skip("hashes of passwords take long under the race detector; other tests have the same goroutines")
	}
	fs, err := ReadFeatures(features.FS, "shop/operator.feature", "shop/operator.zh.feature", "shop/reset.feature", "shop/reset.zh.feature", "shop/loss.feature")
	if err != nil {
		t.Fatal(err)
	}
	holdsOnEachKind(t, "cup", fs, 50)
}

// holdsOnEachKind plays features on terminals of each kind: at least so many scenarios
// pass, and none that is not skipped fails.
func holdsOnEachKind(t *testing.T, network string, fs []*Feature, least int) {
	t.Helper()
	for _, kind := range device.Kinds() {
		t.Run(network+"/"+kind.Name, func(t *testing.T) {
			t.Parallel()
			p, d := bundledHost(t, network)
			q := *p
			q.Terminals = slices.Clone(p.Terminals[:8])
			for i := range q.Terminals {
				q.Terminals[i].Kind = kind
			}
			found, err := (&Check{Language: language(&q, d), Dialer: d, Features: fs, Terminals: 8}).Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for v := range found.All() {
				if v.Outcome != verdicts.Passed && v.Outcome != verdicts.Skipped {
					t.Errorf("%s %s: %v", v.ID, v.Outcome, v.Reason)
				}
			}
			if n := found.Count(verdicts.Passed); n < least {
				t.Errorf("%d scenarios passed, the others are skipped", n)
			}
		})
	}
}

// A host that takes a status and does not keep it is found out by service.
func TestForgottenStatusIsCaught(t *testing.T) {
	p, d := bundledHost(t, "cup", host.WithMisbehaviour("forget-status"))
	found, err := (&Check{Language: language(quick(p), d), Dialer: d, Features: machines(t), Terminals: 8}).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var failed []string
	for v := range found.All() {
		if v.Outcome == verdicts.Failed {
			failed = append(failed, v.ID)
		}
	}
	if !slices.Equal(failed, []string{"shop-power-32", "shop-power-33"}) {
		t.Errorf("failed: %v", failed)
	}
}
