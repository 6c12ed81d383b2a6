package dialect

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

func TestAChannelTakesThePlaceOfAllFramingBelow(t *testing.T) {
	d, err := Parse("bank.yaml", []byte("extends: iso87-binary\nframing: {channel: ASCIIChannel}\n"), nil)
	if err != nil || d.Length.Form != wire.ASCIIDigits || d.Length.Octets != 4 || d.Header.Len() != 0 {
		t.Errorf("%v, %v", d, err)
	}
	d, err = Parse("bank.yaml", []byte("extends: iso87-binary\nframing: {length: digits4}\n"), nil)
	if err != nil || d.Length.Octets != 4 || d.Header.Len() != 5 {
		t.Errorf("%v, %v", d, err)
	}
}

func TestNamesOfStrangersDoNotSteerTheTerminal(t *testing.T) {
	spec := `{"name": "\u001b[2Jx", "fields": {"0": {"type": "String", "length": 4, "enc": "ASCII", "prefix": "ASCII.Fixed"},
"1": {"type": "Bitmap", "length": 8, "enc": "Binary", "prefix": "Binary.Fixed"}, "3": {"type": "String", "length": 6, "enc": "ASCII", "prefix": "ASCII.Fixed"},
"4": {"type": "String", "length": 6, "description": "\u009b31m\nname: evil\u2028", "enc": "ASCII", "prefix": "ASCII.LL", "padding": {"type": "Left", "pad": "0"}}}}`
	text, notes, err := Import("evil.json", []byte(spec), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(notes, strings.Split(string(text), "\n")...) {
		if strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c >= 0x7F && c < 0xA0 }) {
			t.Errorf("%q", s)
		}
	}
	if d, err := Parse("evil.yaml", text, nil); err != nil || d.Name != "evil" {
		t.Errorf("%v, %v\n%s", d, err, text)
	}
}

// A packager of a megabyte, nothing of which is right, is refused at once.
func TestNoPackagerTakesLong(t *testing.T) {
	var b strings.Builder
	b.WriteString("<isopackager>")
	for n := range 4000 {
		fmt.Fprintf(&b, `<isofieldpackager id="%d" length="9" name="x" class="org.jpos.iso.IFA_%s" packager="x"/>`, n, strings.Repeat("L", 30))
	}
	b.WriteString("</isopackager>")
	began := time.Now()
	if _, _, err := Import("long.xml", []byte(b.String()), ""); err == nil || strings.Count(err.Error(), "\n") > 20 {
		t.Errorf("%v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
