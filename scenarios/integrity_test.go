package scenarios

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/host"
)

// What only a directed case can find is found by one in each language, on a host that is
// wrong in just that way.
func TestDirectedCasesFindTheirHost(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	fs, err := ReadFeatures(features.FS, "core/integrity.feature", "core/integrity.zh.feature", "cup/integrity.feature", "cup/integrity.zh.feature")
	if err != nil {
		t.Fatal(err)
	}
	for misbehaviour, ids := range map[string]string{
		"repeat-by-trace-alone":   "core-integrity-1 core-integrity-11",
		"reversal-unmatched":      "core-integrity-2 core-integrity-12 cup-integrity-2 cup-integrity-4",
		"refused-reversal-blocks": "core-integrity-4 core-integrity-13",
		"totals-wrap":             "cup-integrity-1 cup-integrity-3",
		"any-mac":                 "core-integrity-6 core-integrity-7 core-integrity-14",
		"wrong-mac":               "core-integrity-10 core-integrity-18",
		"rest-accepted":           "core-integrity-8 core-integrity-16",
		"pin-block-unbound":       "core-integrity-9 core-integrity-17",
		"answer-answered":         "core-integrity-10 core-integrity-18",
	} {
		t.Run(misbehaviour, func(t *testing.T) {
			t.Parallel()
			p, d := bundledHost(t, "cup", host.WithMisbehaviour(misbehaviour))
			found, err := (&Check{Language: language(quick(p), d), Dialer: d, Features: fs, Terminals: 8}).Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Fields(ids)
			for v := range found.All() {
				if slices.Contains(want, strings.TrimPrefix(v.ID, "@")) && v.Outcome != verdicts.Failed {
					t.Errorf("%s %s", v.ID, v.Outcome)
				}
			}
		})
	}
}
