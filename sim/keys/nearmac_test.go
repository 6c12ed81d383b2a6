package keys

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestMACThatIsAlmostRightSaysHow(t *testing.T) {
	double, err := New([]byte("\x01\x23\x45\x67\x89\xAB\xCD\xEF\xFE\xDC\xBA\x98\x76\x54\x32\x10"))
	if err != nil {
		t.Fatal(err)
	}
	swapped, _ := New([]byte("\xFE\xDC\xBA\x98\x76\x54\x32\x10\x01\x23\x45\x67\x89\xAB\xCD\xEF"))
	first, _ := New([]byte("\x01\x23\x45\x67\x89\xAB\xCD\xEF"))
	mab := []byte("0210 and what else the MAC covers")
	of := func(k *Key, a Algorithm) []byte { m := k.MAC(a, mab); return m[:] }
	for _, c := range []struct {
		name string
		a    Algorithm
		mac  []byte
		want string
	}{
		{"small letters", ECB, bytes.ToLower(of(double, ECB)), "its case"},
		{"backwards", X919, func() []byte { m := of(double, X919); slices.Reverse(m); return m }(), "the order of its octets"},
		{"halves of the MAC", ECB, append(slices.Clone(of(double, ECB)[4:]), of(double, ECB)[:4]...), "the order of its octets"},
		{"octets", ECB, double.foldTwice(mab)[:8], "its form: 8 hexadecimal"},
		{"characters", X919, func() []byte { m := double.other(X919, mab); return m[:] }(), "its form: 8 octets"},
		{"another algorithm", X919, of(double, X99), "its algorithm"},
		{"halves of the key", ECB, of(swapped, ECB), "its key: the halves"},
		{"half a key", ECB, of(first, ECB), "its key: only the first half"},
		{"wrong altogether", ECB, []byte("DEADBEEF"), ""},
		{"short", ECB, []byte("DEAD"), ""},
		{"none", ECB, nil, ""},
	} {
		if got := double.NearMAC(c.a, mab, c.mac); got != c.want && (c.want == "" || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
