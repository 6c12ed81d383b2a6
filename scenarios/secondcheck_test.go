package scenarios

import (
	"context"
	"testing"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/profile"
)

// A host that has heard of a check's chips finds those of the next check new, however they
// pay: each scenario holds again.
func TestChipsOfASecondCheckPassAtTheSameHost(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	_, d := bundledHost(t, "cup")
	fs, err := ReadFeatures(features.FS, "cup/chip.feature", "cup/chip.zh.feature", "cup/authentication.feature", "cup/cash.feature")
	if err != nil {
		t.Fatal(err)
	}
	for run := range 3 {
		p, err := profile.Bundled("cup", 8000)
		if err != nil {
			t.Fatal(err)
		}
		check := &Check{Language: language(quick(p), d), Dialer: d, Features: fs, Terminals: 8}
		found, err := check.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for v := range found.All() {
			if v.Outcome != verdicts.Passed {
				t.Errorf("check %d: %s is %s: %v", run+1, v.ID, v.Outcome, v.Reason)
			}
		}
	}
}
