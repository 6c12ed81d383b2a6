package host

import (
	"math/rand/v2"
	"testing"
)

// Traces mostly ascend; a terminal may also send them in any other order, and
// the same one twice.
func TestRecordsAreFoundInWhateverOrderTheyCame(t *testing.T) {
	for _, ascending := range []bool{true, false} {
		s := &session{}
		want := map[uint64]uint64{}
		for n := range uint64(2000) {
			trace := n
			if !ascending {
				trace = rand.Uint64N(1500)
			}
			key := recordKey(uint32(1+trace%3), uint32(trace), "0200")
			s.add(key, &record{serial: n})
			want[key] = n
		}
		for key, serial := range want {
			if r := s.find(key); r == nil || r.serial != serial {
				t.Fatalf("ascending %v: the record with key %x is %v, want the one of serial %d", ascending, key, r, serial)
			}
		}
		for _, key := range []uint64{0, recordKey(9, 1, "0200"), recordKey(1, 0, "0220")} {
			if r := s.find(key); r != nil {
				t.Errorf("ascending %v: key %x, which none has, gives %v", ascending, key, *r)
			}
		}
	}
}
