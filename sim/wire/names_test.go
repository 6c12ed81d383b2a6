package wire_test

import (
	"testing"

	"github.com/moov-io/iso8583/prefix"

	"github.com/posfleet/posfleet/sim/wire"
)

func TestNamesOfEncodingsAndPrefixesComeBack(t *testing.T) {
	for name, e := range wire.Encodings() {
		if got := wire.EncodingName(e); got != name {
			t.Errorf("encoding %q is called %q", name, got)
		}
	}
	for _, name := range wire.Prefixes() {
		if p, ok := wire.Prefix(name); !ok || wire.PrefixName(p) != name {
			t.Errorf("prefix %q is called %q", name, wire.PrefixName(p))
		}
	}
	if _, ok := wire.Prefix("ascii9"); ok {
		t.Error("there is a prefix ascii9")
	}
	for want, p := range map[string]prefix.Prefixer{
		"fixed": prefix.EBCDIC.Fixed, "ebcdic3": prefix.EBCDIC.LLL, "hex2": prefix.Hex.LL, "packed5": prefix.BCD.LLLLL, "": prefix.Hex.Fixed, "rest": prefix.None.Fixed,
	} {
		if got := wire.PrefixName(p); got != want {
			t.Errorf("%s is called %q, want %q", p.Inspect(), got, want)
		}
	}
}
