package dialect

import (
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/wire"
)

// The octets of one purchase, as each dialect's specification has them, written by
// hand: 88.00, trace 123, keyed in, terminal 10000001.
var purchases = map[string]string{
	"cup": "0047" + "6000030000" + "603100310000" + // length, TPDU, header
		"0200" + "3020048000C08010" + // fields 3, 4, 11, 22, 25, 41, 42, 49, 60
		"000000" + "000000008800" + "000123" + "0120" + "00" +
		"3130303030303031" + "393939323930303534313130303031" + "313536" +
		"0013" + "22000001000600",
	"iso87": "0054" +
		"30323030" + "33303230303438303030433038303130" +
		"303030303030" + "303030303030303038383030" + "303030313233" + "303132" + "3030" +
		"3130303030303031" + "393939323930303534313130303031" + "313536" +
		"303036" + "303030303031",
	"iso87-binary": "0040" + "6000030000" +
		"0200" + "3020048000C08010" +
		"000000" + "000000008800" + "000123" + "0012" + "00" + // 22 has its spare zero before it
		"3130303030303031" + "393939323930303534313130303031" + "313536" +
		"0006" + "303030303031",
	"iso87-hex": "30303834" + // 84 as digits
		"30323030" + "33303230303438303030433038303130" +
		"303030303030" + "303030303030303038383030" + "303030313233" + "303132" + "3030" +
		"3130303030303031" + "393939323930303534313130303031" + "313536" +
		"303036" + "303030303031",
	"ebcdic": "004C" + "0000" + // two reserved octets
		"F0F2F0F0" + "3020048000C08010" +
		"F0F0F0F0F0F0" + "F0F0F0F0F0F0F0F0F8F8F0F0" + "F0F0F0F1F2F3" + "F0F1F2" + "F0F0" +
		"F1F0F0F0F0F0F0F1" + "F9F9F9F2F9F0F0F5F4F1F1F0F0F0F1" + "F1F5F6" +
		"F0F0F6" + "F0F0F0F0F0F1",
	"iso93": "005E" +
		"31323030" + "33303230303530303030433038303130" + // 1200; fields 3, 4, 11, 22, 24, 41, 42, 49, 60
		"303030303030" + "303030303030303038383030" + "303030313233" + "353130313031363030313443" + "323030" +
		"3130303030303031" + "393939323930303534313130303031" + "313536" +
		"303036" + "303030303031",
}

func TestPurchaseIsOctetForOctetAsSpecified(t *testing.T) {
	for _, name := range Names() {
		want := unhex(t, purchases[name])
		d, _ := Named(name)
		m := d.NewMessage()
		d.Form(Purchase).Begin(m)
		m.SetUint(wire.Amount, 8800)
		m.SetUint(wire.Trace, 123)
		m.SetString(wire.EntryMode, d.EntryMode(Keyed, false))
		m.SetString(wire.TerminalID, "10000001")
		m.SetString(wire.MerchantID, "999290054110001")
		m.SetUint(wire.Batch, 1)
		got, err := wire.AppendFrame(nil, m)
		if err != nil || string(got) != string(want) {
			t.Errorf("%s: %v\n%X, want\n%X", name, err, got, want)
			continue
		}
		body, err := d.NewReader(strings.NewReader(string(want))).Next()
		if err != nil || m.Read(body) != nil || m.Uint(wire.Amount) != 8800 || m.Text(wire.MerchantID) != "999290054110001" || m.Uint(wire.Batch) != 1 {
			t.Errorf("%s: reads as %d of merchant %s, batch %d, %v", name, m.Uint(wire.Amount), m.Text(wire.MerchantID), m.Uint(wire.Batch), err)
		}
	}
}

// With field 90 come a second bitmap and a MAC in 128; PIN block and MAC stand as
// octets or as their hexadecimal digits.
func TestBinaryFieldsStandAsTheDialectHasThem(t *testing.T) {
	for name, want := range map[string]struct{ pin, mac string }{
		"iso87":        {"\x12\x34\x56\x78\x9A\xBC\xDE\xF0", "\x11\x22\x33\x44\xAA\xBB\xCC\xDD"},
		"iso87-binary": {"\x12\x34\x56\x78\x9A\xBC\xDE\xF0", "\x11\x22\x33\x44\xAA\xBB\xCC\xDD"},
		"iso87-hex":    {"123456789ABCDEF0", "11223344AABBCCDD"},
		"ebcdic":       {"\x12\x34\x56\x78\x9A\xBC\xDE\xF0", "\x11\x22\x33\x44\xAA\xBB\xCC\xDD"},
	} {
		d, _ := Named(name)
		m := d.NewMessage()
		d.Form(Reversal).Begin(m)
		m.SetString(wire.PINBlock, "\x12\x34\x56\x78\x9A\xBC\xDE\xF0")
		m.AddMAC()
		out, err := m.Append(nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		m.SetMAC([8]byte([]byte("\x11\x22\x33\x44\xAA\xBB\xCC\xDD")))
		if !strings.HasSuffix(string(out), want.mac) || !strings.Contains(string(out), want.pin) || !m.HasField(128) {
			t.Errorf("%s: %X", name, out)
		}
	}
}
