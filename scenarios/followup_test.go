package scenarios

import (
	"testing"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
)

// The last purchase is one of the scenario: where its own was not approved there is none,
// whatever scenarios before it have left in the terminal's batch.
func TestOriginalIsOfTheScenario(t *testing.T) {
	before := []sim.Record{{Of: dialect.Purchase, Trace: 1, Batch: 1}, {Of: dialect.Purchase, Trace: 2, Batch: 1}}
	own := sim.Record{Of: dialect.Purchase, Trace: 3, Batch: 1}
	for name, c := range map[string]struct {
		older   sim.Record
		records []sim.Record
		want    uint32 // trace; 0 for none
	}{
		"nothing of its own":   {before[1], before, 0},
		"a purchase":           {before[1], append(before[:2:2], own), 3},
		"a new batch":          {before[1], []sim.Record{own}, 3},
		"the first of a batch": {sim.Record{}, []sim.Record{own}, 3},
		"under load":           {sim.Record{}, before, 2},
	} {
		p := sim.NewPlayer(dialect.CUP(), line.NewClock())
		p.T = &sim.Terminal{Journal: sim.Journal{Records: c.records}}
		worldOf(p).older = c.older
		got := uint32(0)
		if r := lastInBatch(p, dialect.PurchaseVoid); r != nil {
			got = r.Trace
		}
		if got != c.want {
			t.Errorf("%s: the purchase with trace %d, want %d", name, got, c.want)
		}
	}
}
