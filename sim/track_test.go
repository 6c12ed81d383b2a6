package sim_test

import (
	"bytes"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// Between card number and expiry a track 2 has = where it is characters, and the
// nibble D where it is packed; hosts that know ISO/IEC 7813 cut it there.
func TestTrackHasTheSeparatorOfItsForm(t *testing.T) {
	for name, want := range map[string]string{
		"cup":          "\x4D", // in the middle of packed digits, below
		"iso87":        "=",
		"iso87-hex":    "=",
		"iso87-binary": "\x4D",
		"iso93":        "=",
		"ebcdic":       "\x7E", // = of IBM-1047
	} {
		x := newTill(t, newBench(t, name, 1))
		x.Profile.Policy.EncryptTracks = false
		x.sent = nil
		x.pay(t, 100)
		played := 0
		pan := x.Profile.Holders("good")[0].PAN
		for _, s := range x.sent {
			if s.of != dialect.Purchase {
				continue
			}
			played++
			on, err := s.request.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			digits := map[string][]byte{"=": []byte(pan), "\x7E": ebcdicDigits(pan), "\x4D": packedDigits(pan)}[want]
			at := bytes.Index(on, digits)
			if end := at + len(digits); at < 0 || !(want != "\x4D" && on[end] == want[0] || want == "\x4D" && on[end]>>4 == 0xD) {
				t.Errorf("%s: track 2 is %q", name, s.request.Get(wire.Track2))
			}
			if v := s.request.Get(wire.Track2); v[len(pan)] != '=' && v[len(pan)] != 'D' {
				t.Errorf("%s: track 2 has %q where its separator belongs", name, v[len(pan)])
			}
		}
		if played != 1 {
			t.Errorf("%s: %d purchases were sent", name, played)
		}
	}
}

func ebcdicDigits(digits string) []byte {
	out := []byte(digits)
	for i := range out {
		out[i] += 0xF0 - '0'
	}
	return out
}

func packedDigits(digits string) []byte {
	out := make([]byte, len(digits)/2)
	for i := range out {
		out[i] = digits[2*i]<<4 | digits[2*i+1]&15
	}
	return out
}
