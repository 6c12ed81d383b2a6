package book

import (
	"math/rand/v2"
	"testing"
)

// Traces mostly ascend; a terminal may also send them in any other order, and
// the same one twice.
func TestRecordsAreFoundInWhateverOrderTheyCame(t *testing.T) {
	for _, ascending := range []bool{true, false} {
		terminal := &Terminal{}
		want := map[Key]uint64{}
		for n := range uint64(2000) {
			trace := n
			if !ascending {
				trace = rand.Uint64N(1500)
			}
			key := KeyOf(uint32(1+trace%3), uint32(trace), "0200")
			terminal.Enter(key, &Record{Serial: n})
			want[key] = n
		}
		for key, serial := range want {
			if n, ok := terminal.Find(key); !ok || terminal.Record(n).Serial != serial {
				t.Fatalf("ascending %v: the record with key %x is number %d (%v), want the one of serial %d", ascending, key, n, ok, serial)
			}
		}
		for _, key := range []Key{0, KeyOf(9, 1, "0200"), KeyOf(1, 0, "0220")} {
			if n, ok := terminal.Find(key); ok {
				t.Errorf("ascending %v: key %x, which none has, gives record %d", ascending, key, n)
			}
		}
	}
}
