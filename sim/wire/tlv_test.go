package wire_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/wire"
)

// Hosts and terminals put text into tags that are constructed by their octets.
// Whatever is in one, the elements beside it are read.
func TestConstructedTagWithoutElementsIsAValue(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"GBK text in FF00 and FF01", "FF0004C4E3BAC3FF0104CFFBB7D19F360200019A03220824",
			"0 FF00 C4E3BAC3, 0 FF01 CFFBB7D1, 0 9F36 0001, 0 9A 220824"},
		{"digits", "FF02083132333435363738FF0300", "0 FF02 3132333435363738, 0 FF03 "},
		{"zeros only", "E10400000000" + "9A03220824", "0 E1 00000000, 0 9A 220824"},
		{"elements, whole", "E1089F0202000182018A" + "9A03220824", "0 E1 9F0202000182018A, 1 9F02 0001, 1 82 8A, 0 9A 220824"},
		{"the first is one, the second is cut", "E1079F020200018204" + "9A03220824", "0 E1 9F020200018204, 0 9A 220824"},
		{"text within a template", "E106FF0003414243" + "9C0100", "0 E1 FF0003414243, 1 FF00 414243, 0 9C 00"},
	} {
		data, err := hex.DecodeString(c.data)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for tag, err := range wire.Tags(data) {
			if err != nil {
				got = append(got, strings.Split(err.Error(), ":")[0])
				break
			}
			got = append(got, fmt.Sprintf("%d %X %X", tag.Depth, tag.Tag, tag.Value))
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, s, c.want)
		}
	}
}

func TestElementsAtMostAreNested(t *testing.T) {
	data, err := hex.DecodeString(nested(2*wire.MaxDepth) + "9A03220824")
	if err != nil {
		t.Fatal(err)
	}
	deepest, last := 0, uint32(0)
	for tag, err := range wire.Tags(data) {
		if err != nil {
			t.Fatal(err)
		}
		deepest, last = max(deepest, tag.Depth), tag.Tag
	}
	if deepest != wire.MaxDepth || last != 0x9A {
		t.Errorf("deepest is %d, last %X", deepest, last)
	}
}
