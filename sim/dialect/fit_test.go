package dialect

import (
	"strings"
	"testing"
)

// One change of a dialect often makes a message readable: which, is what its
// reader wants to know.
func TestChangesThatMakeAMessageReadable(t *testing.T) {
	for _, c := range []struct{ name, octets, want string }{
		{"a field more, of three digits of length", "60000300006031003101000930002000000AC00111000079583030303034303032373631303031303031363931393834333136363535383132303030410004B3C9B9A60008070007273839314333323442",
			"field 56 is text of variable length with 3 digits of length (LLLVAR)"},
		{"a field more, that ISO 8583 has with 12 digits", "60000300006031003100000200" + "1820000000000000" + "000000000100" + "000000000100" + "000079", "field 5 is 12 digits"},
		{"a field that counts octets", "600003000060310031000002003020048000C1801000000000000000010000007902100031303030303030313939393239303035343131303030310012504130313131303033233132313536000822000001",
			"field 48 is text and its length counts octets, not digits"},
		{"packed digits whose octets are counted", "60000300006031003100000810003000010ac000100000421508020448020000313132373135303830323432303031303030303030313839383030303030303030303030310011000000010040",
			"the length of field 32 counts octets, not digits (prefix: packed2-octets)"},
		{"whole", "600003000060310031000008000020000000C00012000001313030303030303131323334353637383930313233343500110000000000400003303120", ""},
		{"no message", "6000030000603100310000080000200000", ""},
	} {
		f, ok := CUP().FitsFields(unhex(t, c.octets))
		if f.Words != c.want || ok != (c.want != "") {
			t.Errorf("%s: %v, %q, want %q", c.name, ok, f.Words, c.want)
		}
		if ok && (f.Message == nil || strings.Contains(described(f.Dialect, f.Message), "not readable")) {
			t.Errorf("%s: %v", c.name, f.Message)
		}
	}
}

// A field that is longer than a file says is no reason for another network: the one
// change is its length.
func TestLongerFieldsAreNamed(t *testing.T) {
	d, err := Parse("bank.yaml", []byte("extends: iso87\nfields: {44: {is: ans..20, name: data}, 48: {is: ans...60, name: private}}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	octets := "0210" + "2020000002110000" + "000000" + "000001" + "00" + "21" + strings.Repeat("x", 21) + "099" + strings.Repeat("y", 99)
	f, ok := d.FitsFields([]byte(octets))
	if want := "field 44 may be longer than 20, here 21, and field 48 may be longer than 60, here 99"; !ok || f.Words != want {
		t.Errorf("%v, %q, want %q", ok, f.Words, want)
	}
	if f, ok := d.FitsFields([]byte(strings.Replace(octets, "099yyy", "0A9yyy", 1))); ok {
		t.Errorf("a length that is none is taken for one: %q", f.Words)
	}
}
