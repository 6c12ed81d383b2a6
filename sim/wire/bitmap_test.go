package wire_test

import (
	"encoding/hex"
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"

	"github.com/posfleet/posfleet/sim/wire"
)

// A bitmap of 16 octets stands in each message, whichever fields are there, as moov
// has it; its first bit announces nothing.
func TestBothBitmapsInEachMessage(t *testing.T) {
	for _, fixed := range []bool{false, true} {
		spec := &iso8583.MessageSpec{Fields: map[int]field.Field{
			0:  field.NewString(field.NewSpec(4, "", encoding.ASCII, prefix.ASCII.Fixed)),
			1:  field.NewBitmap(&field.Spec{Length: 16, Enc: encoding.BytesToASCIIHex, Pref: prefix.Hex.Fixed, DisableAutoExpand: fixed}),
			3:  field.NewString(field.NewSpec(6, "", encoding.ASCII, prefix.ASCII.Fixed)),
			70: field.NewString(field.NewSpec(3, "", encoding.ASCII, prefix.ASCII.Fixed)),
		}}
		f := &wire.Format{Spec: spec}
		if err := f.Compile(); err != nil {
			t.Fatal(err)
		}
		for _, fields := range []map[int]string{{}, {3: "000000"}, {70: "301"}, {3: "000000", 70: "301"}} {
			m, moov := f.NewMessage(), iso8583.NewMessage(spec)
			m.SetMTI("0800")
			moov.MTI("0800")
			for n, v := range fields {
				m.SetFieldString(n, v)
				if err := moov.Field(n, v); err != nil {
					t.Fatal(err)
				}
			}
			got, err := m.Append(nil)
			want, moovErr := moov.Pack()
			if err != nil || moovErr != nil || string(got) != string(want) {
				t.Errorf("%v: %q, %v; moov %q, %v", fields, got, err, want, moovErr)
			}
			back := f.NewMessage()
			if err := back.Read(want); err != nil {
				t.Errorf("%v: %v", fields, err)
			}
			for n := range 129 {
				if n > 1 && string(back.Field(n)) != fields[n] {
					t.Errorf("%v: field %d reads as %q", fields, n, back.Field(n))
				}
			}
			if n := len(f.Announced(want)); n != len(fields) {
				t.Errorf("%v: %d fields are announced", fields, n)
			}
		}
		first := append([]byte("0800"), hex.EncodeToString([]byte("\xa0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))+"000000"...)
		if err := f.NewMessage().Read(first); (err == nil) != fixed {
			t.Errorf("the first bit is set, fixed is %v: %v", fixed, err)
		}
		if err := f.NewMessage().Read(first[:30]); err == nil {
			t.Error("half of the bitmaps reads")
		}
	}
}
