package host

import (
	"encoding/binary"
	"testing"

	"github.com/posfleet/posfleet/sim/allocs"
	"github.com/posfleet/posfleet/sim/dialect"
)

// FuzzRestore does any entry of a data file again: it is done, or it is of no host like
// this. Nothing panics, and what is taken for it is bounded by it.
func FuzzRestore(f *testing.F) {
	profile := bench("cup")
	made, err := New(profile)
	if err != nil {
		f.Fatal(err)
	}
	signedIn(f, made, 0)
	entry := func(session bool, changes ...uint64) []byte {
		b := append(binary.AppendUvarint(nil, 0), sameSession)
		if session {
			b = appendSession(append(binary.AppendUvarint(nil, 0), newSession), made.sessions[0])
		}
		for _, v := range changes {
			b = binary.AppendUvarint(b, v)
		}
		return b
	}
	f.Add(entry(true))
	f.Add(entry(false, 1, 77, 100, 5, 1_700_000_000, 1, 0, uint64(dialect.Purchase), 0, 1, 0, 0, 0))
	f.Add(entry(false, 1, 77, 100, 5, 1_700_000_000, 1, 0, uint64(dialect.Purchase), 0, 1, 0, 0, 0, 2, 0, 1_700_000_001))
	f.Add(entry(false, 4, 6, 1, 9, 7, 3, 8, 8, 1, 8))
	f.Add([]byte{0, newSession, 1, '0', '1', 5, 3, '0', '0', '4', 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := New(profile)
		if err != nil {
			t.Fatal(err)
		}
		var again error
		if n := allocs.Above(256*uint64(len(b))+1<<20, func() { _, again = h.restore(b) }); n > 0 {
			t.Fatalf("an entry of %d octets allocates %d, %v", len(b), n, again)
		}
	})
}
