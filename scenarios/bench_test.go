package scenarios

import (
	"context"
	"testing"

	"github.com/posfleet/posfleet/features"
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
		c := &Check{Language: NewLanguage(p), Dialer: d, Features: fs, Terminals: 8}
		vs, err := c.Run(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		n += len(vs)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "scenarios/s")
}
