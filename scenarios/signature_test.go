package scenarios

import (
	"context"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
)

// signatureFeatures are the scenarios about signatures.
func signatureFeatures(t *testing.T) []*Feature {
	t.Helper()
	fs, err := ReadFeatures(features.FS, "shop/signature.feature", "shop/signature.zh.feature", "shop/signature-slip.feature", "shop/signature-slip.zh.feature")
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

// Whatever the policy says of signatures, a right host fails no scenario about them.
func TestSignaturesUnderEveryPolicy(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	n := 0
	for _, c := range changes {
		if !strings.HasPrefix(c.name, "signatures") && !strings.Contains(c.name, "supervisor") && c.name != "timeout" && !strings.HasPrefix(c.name, "auto-sign-off") {
			continue
		}
		n++
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := quick(changed(t, c.edit))
			check := &Check{Language: language(p, nil), Dialer: serve(t, p), Features: signatureFeatures(t), Terminals: 4}
			found, err := check.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for v := range found.All() {
				if v.Outcome == verdicts.Failed || v.Outcome == verdicts.NotPlayed {
					t.Errorf("%s %s %s: %s: %v", v.ID, v.Outcome, v.At, v.Step, v.Reason)
				}
			}
			if found.Count(verdicts.Passed) < 5 {
				t.Errorf("%d passed", found.Count(verdicts.Passed))
			}
		})
	}
	if n < 8 {
		t.Errorf("%d policies were tried", n)
	}
}
