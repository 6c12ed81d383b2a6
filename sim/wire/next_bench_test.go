package wire_test

import (
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// again gives the same octets for ever.
type again struct {
	octets []byte
	at     int
}

func (a *again) Read(p []byte) (int, error) {
	n := copy(p, a.octets[a.at:])
	a.at = (a.at + n) % len(a.octets)
	return n, nil
}

func BenchmarkNext(b *testing.B) {
	frame, err := wire.AppendFrame(nil, purchase(b))
	if err != nil {
		b.Fatal(err)
	}
	r := dialect.CUP().NewReader(&again{octets: frame})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Next(); err != nil {
			b.Fatal(err)
		}
		_ = r.Buffered()
	}
}
