package dialect

import (
	"bytes"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/wire"
)

// What is said of another encoding is what a file that says it does.
func TestReencodingsAreWhatTheirKeySays(t *testing.T) {
	own := "extends: iso87\nname: own\nfields: {41: {as: ebcdic}, 48: {is: b...99, name: parts, by: tag ascii 2, parts: {48.01: {is: ans..20, name: shop, as: ascii, prefix: ascii2}}}}\n"
	for name, text := range map[string]string{"iso87": "extends: iso87\n", "iso87-binary": "extends: iso87-binary\n", "iso93": "extends: iso93\n", "ebcdic": "extends: ebcdic\n", "cup": "extends: cup\n", "own": own} {
		d, err := Parse("bank.yaml", []byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		all := d.Reencodings()
		if len(all) < 8 {
			t.Errorf("%s: %d ways", name, len(all))
		}
		for _, re := range all {
			said, err := Parse("bank.yaml", []byte(text+re.Key+"\n"), nil)
			if err != nil {
				t.Errorf("%s: %s: %v", name, re.Key, err)
				continue
			}
			if got, want := purchaseIn(t, re.Dialect), purchaseIn(t, said); !bytes.Equal(got, want) {
				t.Errorf("%s: %s:\n%x, want\n%x", name, re.Key, got, want)
			}
		}
	}
}

// purchaseIn is a purchase of a dialect on the line.
func purchaseIn(t *testing.T, d *Dialect) []byte {
	t.Helper()
	m := d.NewMessage()
	d.Form(Purchase).Begin(m)
	copy(m.Head, d.Head())
	for e, v := range map[wire.Element]string{wire.PAN: "4111111111111111", wire.Track2: "4111111111111111=4912101000000", wire.TerminalID: "10000001",
		wire.MerchantID: "999290054110001", wire.Trace: "000123", wire.Amount: "000000012345"} {
		m.SetString(e, v)
	}
	b, err := m.Append(nil)
	if err != nil {
		t.Fatalf("%s: %v", d.Name, err)
	}
	return b
}

func TestOneThingOtherwiseIsTriedFirst(t *testing.T) {
	d, _ := Named("iso87")
	all := d.Reencodings()
	if first := all[0].Key; strings.Count(first, ":") != 2 {
		t.Errorf("%s is first", first)
	}
	for _, re := range all {
		if re.Key == "encoding: {bitmap: octets}" {
			return
		}
	}
	t.Error("the bitmap is not tried as octets")
}

// A field of an odd number of digits that has its spare nibble where the others do not is
// turned round alone; a field of no packed digits not at all.
func TestOtherSpareTurnsTheFieldsThatAreAlike(t *testing.T) {
	d, err := Parse("bank.yaml", []byte("extends: iso87\nencoding: {mti: packed, n: packed-f}\nfields: {49: {is: n 3, name: currency, as: packed-right}}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[int]string{70: "encoding: {n: packed-right}", 49: "fields: {49: {as: packed}}", 41: "", 47: "", 0: ""} {
		re, is := d.OtherSpare(field)
		if is != (want != "") || re.Key != want {
			t.Errorf("field %d is turned round by %q, want %q", field, re.Key, want)
		}
	}
}
