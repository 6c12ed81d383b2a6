package wire_test

import (
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"

	"github.com/posfleet/posfleet/sim/wire"
)

// specOf is a spec whose MTI and bitmap are encoded as named, of more fields.
func specOf(mti, bitmap string, fields map[int]field.Field) *iso8583.MessageSpec {
	names := wire.Encodings()
	fields[0] = field.NewString(field.NewSpec(4, "", names[mti], prefix.ASCII.Fixed))
	fields[1] = field.NewBitmap(field.NewSpec(8, "", names[bitmap], prefix.Binary.Fixed))
	return &iso8583.MessageSpec{Fields: fields}
}

// A MAC and a PIN block that stand on the line as text are octets in a message.
func TestMACAndPINBlockAsTextAreOctets(t *testing.T) {
	for _, c := range []struct{ mti, bitmap, octets, want string }{
		{"ascii", "hex", "hex", "30323030" + "30303030303030303030303031303031" +
			"38314136434246303135334135463834" + "30303131323233334343444445454646"},
		{"ebcdic", "ebcdic-hex", "ebcdic-hex", "f0f2f0f0" + "f0f0f0f0f0f0f0f0f0f0f0f0f1f0f0f1" +
			"f8f1c1f6c3c2c6f0f1f5f3c1f5c6f8f4" + "f0f0f1f1f2f2f3f3c3c3c4c4c5c5c6c6"},
		{"packed", "octets", "octets", "0200" + "0000000000001001" + "81a6cbf0153a5f84" + "00112233ccddeeff"},
	} {
		enc := wire.Encodings()[c.octets]
		f := &wire.Format{MAC: true, Spec: specOf(c.mti, c.bitmap, map[int]field.Field{
			52: field.NewBinary(field.NewSpec(8, "PIN block", enc, prefix.Binary.Fixed)),
			64: field.NewBinary(field.NewSpec(8, "MAC", enc, prefix.Binary.Fixed)),
		}), Places: map[wire.Element]wire.Place{wire.PINBlock: wire.Whole(52)}}
		if err := f.Compile(); err != nil {
			t.Fatal(err)
		}
		m := f.NewMessage()
		m.SetMTI("0200")
		m.SetString(wire.PINBlock, "\x81\xa6\xcb\xf0\x15\x3a\x5f\x84")
		m.AddMAC()
		b, err := m.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		covered, mac := m.MACSpan()
		want := unhex(t, c.want)
		if len(mac) != 8 || string(covered) != string(want[:len(covered)]) {
			t.Errorf("%s: the MAC %X covers %X", c.octets, mac, covered)
		}
		m.SetMAC([8]byte(unhex(t, "00112233ccddeeff")))
		if string(b) != string(want) {
			t.Errorf("%s:\n got %X\nwant %X", c.octets, b, want)
		}
		got := f.NewMessage()
		if err := got.Read(b); err != nil {
			t.Fatal(err)
		}
		again, mac := got.MACSpan()
		if string(again) != string(covered) || string(mac) != "\x00\x11\x22\x33\xcc\xdd\xee\xff" || got.Text(wire.PINBlock) != "\x81\xa6\xcb\xf0\x15\x3a\x5f\x84" {
			t.Errorf("%s: read MAC %X over %X, PIN block %X", c.octets, mac, again, got.Text(wire.PINBlock))
		}
	}
}

// What is no 8 octets cannot be a MAC.
func TestMACOfAnotherFormIsRefused(t *testing.T) {
	for _, f := range []field.Field{
		field.NewBinary(field.NewSpec(16, "MAC", encoding.Binary, prefix.Binary.Fixed)),
		field.NewBinary(field.NewSpec(8, "MAC", encoding.BytesToASCIIHex, prefix.ASCII.LL)),
		field.NewString(field.NewSpec(8, "MAC", wire.Encodings()["ebcdic"], prefix.ASCII.Fixed)),
	} {
		d := &wire.Format{MAC: true, Spec: specOf("ascii", "hex", map[int]field.Field{64: f})}
		if err := d.Compile(); err == nil {
			t.Errorf("%+v is taken for a MAC", f.Spec())
		}
	}
}
