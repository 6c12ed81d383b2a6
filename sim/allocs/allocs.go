// Package allocs measures what a call allocates, for tests and fuzz targets that hold
// a parser to a bound. [Above] is its one word.
package allocs

import (
	"runtime"
	"runtime/metrics"
)

// Above gives how many octets f allocates when these are more than a bound, else 0. It
// calls f once, and some times more to be sure, as others allocate at the same time:
// what f does must not depend on how often it is called.
func Above(bound uint64, f func()) uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}} // cheap, and late by some small objects
	metrics.Read(sample)
	before := sample[0].Value.Uint64()
	f()
	metrics.Read(sample)
	if sample[0].Value.Uint64()-before <= bound {
		return 0
	}
	least := ^uint64(0)
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	if least <= bound {
		return 0
	}
	return least
}
