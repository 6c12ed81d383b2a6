package serve

import (
	"runtime"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

// Peers that announce the longest message there is, and send little of it, take no more
// than its room: a length is believed up to that, and longer ones are refused.
func TestAnnouncedLengthsTakeBoundedMemory(t *testing.T) {
	const peers, each = 300, wire.MaxFrame + 16<<10
	s := limited(Limits{})
	address := listen(t, s)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range peers {
		c := dial(t, address)
		if i%10 == 0 {
			c.write([]byte{0xFF, 0xFF, 'x'}) // no message is so long
			continue
		}
		c.write([]byte{wire.MaxFrame >> 8, wire.MaxFrame & 0xFF, 'x', 'y', 'z'})
	}
	for range 1000 {
		if c := s.Counts(); c.Refused == peers/10 && c.Open == peers-peers/10 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if c := s.Counts(); c.Refused != peers/10 || c.Open != peers-peers/10 {
		t.Fatalf("%+v: want %d refused", c, peers/10)
	}
	dial(t, address).ask("beside them")
	if grown := int64(heap()) - int64(before); grown > peers*each {
		t.Errorf("%d peers take %d KB of memory, at most %d KB", peers, grown>>10, peers*each>>10)
	}
}
