package keys

import (
	"bytes"
	"fmt"
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
	head := []byte("\x60\x00\x03\x00\x00\x60\x31\x00\x31\x00\x00")
	of := func(k *Key, a Algorithm) []byte { m := k.MAC(a, mab); return m[:] }
	over := func(parts ...[]byte) []byte { m := double.MAC(ECB, bytes.Join(parts, nil)); return m[:] }
	for _, c := range []struct {
		name string
		a    Algorithm
		mac  []byte
		want string
	}{
		{"small letters", ECB, bytes.ToLower(of(double, ECB)), "its case"},
		{"backwards", X919, func() []byte { m := of(double, X919); slices.Reverse(m); return m }(), "the order of its octets"},
		{"halves of the MAC", ECB, append(slices.Clone(of(double, ECB)[4:]), of(double, ECB)[:4]...), "the order of its octets"},
		{"octets", ECB, double.foldTwice(mab, bytes.ToUpper)[:8], "its form: 8 hexadecimal"},
		{"characters", X919, func() []byte { m := double.other(X919, mab); return m[:] }(), "its form: 8 octets"},
		{"another algorithm", X919, of(double, X99), "its algorithm"},
		{"halves of the key", ECB, of(swapped, ECB), "its key: the halves"},
		{"half a key", ECB, of(first, ECB), "its key: only the first half"},
		{"characters of another algorithm", ECB, func() []byte { m := double.other(X99, mab); return m[:] }(), "its algorithm and form: it is made by x9.9, as 8 hexadecimal characters"},
		{"with the header", ECB, over(head, mab), "what it covers: the routing header"},
		{"with the header alone", ECB, over(head[5:], mab), "what it covers: the header after the TPDU"},
		{"with the length", ECB, over([]byte{0, 52}, head, mab), "what it covers: length prefix"},
		{"without the type", ECB, over(mab[4:]), "what it covers: all but the message type"},
		{"80", ECB, over(mab, []byte{0x80}), "its padding: 80"},
		{"blanks", ECB, over(mab, []byte("       ")), "its padding: blanks"},
		{"with itself", ECB, over(mab, []byte("00000000")), "what it covers: the MAC field"},
		{"small letters within", ECB, bytes.ToUpper(fmt.Appendf(nil, "%x", double.foldTwice(mab, bytes.ToLower)[:4])), "a step within it"},
		{"enciphered once", ECB, func() []byte {
			b := make([]byte, 8)
			fold(b, mab)
			double.encrypt(b)
			return fmt.Appendf(nil, "%X", b[:4])
		}(), "a step within it"},
		{"four octets", ECB, append(slices.Clone(double.foldTwice(mab, bytes.ToUpper)[:4]), 0, 0, 0, 0), "its form: 4 octets, then zeros"},
		{"second half", ECB, fmt.Appendf(nil, "%X", double.foldTwice(mab, bytes.ToUpper)[4:8]), "its half"},
		{"wrong altogether", ECB, []byte("DEADBEEF"), ""},
		{"short", ECB, []byte("DEAD"), ""},
		{"none", ECB, nil, ""},
	} {
		if got := double.NearMAC(c.a, mab, c.mac, head...); got != c.want && (c.want == "" || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Octets that are no hexadecimal digits are not the same but for their case, whatever of them
// would fold to the same letters, or to none.
func TestWrongOctetsAreNotAlmostRight(t *testing.T) {
	for i := range 256 {
		mab := []byte{1, byte(i), 3, 4, 5, 6, 7, 8}
		key := desKey(t, times("22", 8)+times("33", 8))
		for _, a := range []Algorithm{ECB, X99, X919} {
			mac := key.MAC(a, mab)
			mac[0] ^= 1
			if said := key.NearMAC(a, mab, mac[:]); said != "" {
				t.Fatalf("%s: %X for %X is wrong in a bit, and said to be right but for %s", a, mac, key.MAC(a, mab), said)
			}
		}
	}
}
