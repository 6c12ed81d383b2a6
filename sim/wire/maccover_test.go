package wire_test

import (
	"encoding/hex"
	"testing"

	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"

	"github.com/posfleet/posfleet/sim/wire"
)

// A MAC over some fields covers their octets on the line, lengths and all, or their
// values, in the order that is asked for, of those that are there.
func TestMACCoversTheFieldsAskedFor(t *testing.T) {
	enc := wire.Encodings()
	spec := func() map[int]field.Field {
		return map[int]field.Field{
			3:   field.NewString(field.NewSpec(6, "", enc["packed"], prefix.BCD.Fixed)),
			37:  field.NewString(field.NewSpec(12, "", enc["ascii"], prefix.ASCII.Fixed)),
			44:  field.NewString(field.NewSpec(25, "", enc["ascii"], prefix.BCD.LL)),
			48:  field.NewString(field.NewSpec(5, "", enc["packed"], prefix.BCD.Fixed)),
			64:  field.NewBinary(field.NewSpec(8, "", enc["octets"], prefix.Binary.Fixed)),
			100: field.NewString(field.NewSpec(11, "", enc["ascii"], prefix.ASCII.LL)),
			128: field.NewBinary(field.NewSpec(8, "", enc["hex"], prefix.Binary.Fixed)),
		}
	}
	const (
		mti, bitmap = "0210", "2000000000110001"
		code        = "003000"
		data, odd   = "03414243", "123456" // the spare nibble of field 48 is another's: F or 6, not 0
		mac         = "A1A2A3A4A5A6A7A8"
		second      = "A000000000110000" + "0000000010000001"
		receiver    = "3035" + "3438303230"
		macText     = "41314132413341344135413641374138" // A1 … A8 in hexadecimal digits
	)
	for _, c := range []struct {
		name, line, want string
		covers           wire.Coverage
	}{
		{"octets", mti + bitmap + code + data + odd + mac, mti + code + odd + data, wire.Coverage{Fields: []int{0, 3, 37, 48, 44}}},
		{"bitmap", mti + bitmap + code + data + odd + mac, bitmap + data, wire.Coverage{Fields: []int{1, 44}}},
		{"values", mti + bitmap + code + data + odd + mac, hex.EncodeToString([]byte("0210" + "003000" + "ABC" + "12345")), wire.Coverage{Fields: []int{0, 3, 37, 44, 48}, Values: true}},
		{"two bitmaps", mti + second + code + data + odd + receiver + macText, second + receiver, wire.Coverage{Fields: []int{1, 100}}},
		{"message", mti + bitmap + code + data + odd + mac, mti + bitmap + code + data + odd, wire.Coverage{}},
	} {
		want := c.want
		f := &wire.Format{MAC: true, Covers: c.covers, Spec: specOf("packed", "octets", spec())}
		if err := f.Compile(); err != nil {
			t.Fatal(err)
		}
		m := f.NewMessage()
		if err := m.Read(unhex(t, c.line)); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		covered, got := m.MACSpan()
		if len(got) != 8 || string(covered) != string(unhex(t, want)) {
			t.Errorf("%s: covers %X, want %s; MAC %X", c.name, covered, want, got)
		}
		// So with what is packed, and the MAC goes to its place.
		packed := f.NewMessage()
		packed.SetMTI("0210")
		m.Fields(func(n int) bool { packed.SetField(n, m.Field(n)); return true })
		b, err := packed.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		covered, _ = packed.MACSpan()
		if len(covered) != len(unhex(t, want)) {
			t.Errorf("%s: packed, it covers %X, want %s", c.name, covered, want)
		}
		packed.SetMAC([8]byte(unhex(t, "0102030405060708")))
		end := "0102030405060708"
		if m.HasField(128) {
			end = hex.EncodeToString([]byte(end))
		}
		if got := hex.EncodeToString(b); got[len(got)-len(end):] != end {
			t.Errorf("%s: packed as %s, want at its end %s", c.name, got, end)
		}
		clone := m.Clone()
		again, _ := clone.MACSpan()
		if string(again) != string(unhex(t, want)) {
			t.Errorf("%s: of a copy it covers %X", c.name, again)
		}
	}
}
