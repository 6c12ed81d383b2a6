package scenarios

import (
	"context"
	"testing"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
)

// BenchmarkCheck plays every embedded conformance scenario of cup against the
// bundled host, by godog, one at a time.
func BenchmarkCheck(b *testing.B) {
	p, d := bundledHost(b, "cup")
	fs, err := ReadFeatures(features.FS, "core", "cup")
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		c := &Check{Language: language(p, d), Dialer: d, Features: fs, Terminals: 8}
		found, err := c.Run(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		n += found.Count(verdicts.Passed)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "scenarios/s")
}
