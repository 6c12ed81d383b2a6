package dialect

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
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

// A specification of 1993 without field 56 has no reversal that could name its
// original; what ends one does not stand in the way of the rest.
func TestImportWithoutReversalsIsADialect(t *testing.T) {
	text, _, err := Import("bank.xml", []byte(`<isopackager><isofield id="0" length="4" name="MTI" class="org.jpos.iso.IFE_NUMERIC"/><isofield id="1" length="16" name="bitmap" class="org.jpos.iso.IFE_BITMAP"/>
<isofield id="3" length="6" name="processing code" class="org.jpos.iso.IFE_NUMERIC"/><isofield id="4" length="12" name="amount" class="org.jpos.iso.IFE_NUMERIC"/>
<isofield id="11" length="6" name="trace" class="org.jpos.iso.IFE_NUMERIC"/><isofield id="24" length="3" name="function code" class="org.jpos.iso.IFE_NUMERIC"/>
<isofield id="39" length="3" name="action code" class="org.jpos.iso.IFE_NUMERIC"/></isopackager>`), "")
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse("bank.yaml", text, nil)
	if err != nil || d.Form(Purchase) == nil || d.Form(Reversal) != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

// Whatever fields a specification lacks, but for those without which there is no
// payment, what is made of it is a dialect.
func TestImportOfSomeFieldsIsADialect(t *testing.T) {
	random := rand.New(rand.NewPCG(8583, 1993))
	for _, name := range []string{"iso87", "iso93"} {
		d, _ := Named(name)
		whole, err := d.Export()
		if err != nil {
			t.Fatal(err)
		}
		without := func(leave func(n int) bool) {
			var spec specFile
			if err := json.Unmarshal(whole, &spec); err != nil {
				t.Fatal(err)
			}
			var left []string
			for n := range 129 {
				if key := strconv.Itoa(n); spec.Fields[key] != nil && n > 1 && leave(n) {
					delete(spec.Fields, key)
					left = append(left, key)
				}
			}
			text, err := json.Marshal(spec)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := Import(name+".json", text, ""); err != nil {
				t.Errorf("%s without %v: %v", name, left, err)
			}
		}
		for n := 2; n <= 128; n++ {
			if d.HasField(n) {
				without(func(m int) bool { return m == n })
			}
		}
		for range 100 {
			without(func(n int) bool { return !slices.Contains([]int{3, 4, 11, 39}, n) && random.IntN(3) == 0 })
		}
	}
}

// Whatever lengths a specification has, fixed or not, what is made of it is a dialect.
func TestImportOfOtherLengthsIsADialect(t *testing.T) {
	for _, name := range []string{"iso87", "iso93"} {
		d, _ := Named(name)
		whole, err := d.Export()
		if err != nil {
			t.Fatal(err)
		}
		for n := 2; n <= 128; n++ {
			if !d.HasField(n) {
				continue
			}
			is := d.Spec.Fields[n].Spec().Length
			lengths := []int{1, is / 2, is - 1, is + 1}
			if slices.Contains([]int{3, 4, 11, 22, 24, 25, 49, 70}, n) { // those whose contents a form says
				lengths = append(lengths, 1, is+1)
			}
			for i, length := range lengths {
				var spec specFile
				if err := json.Unmarshal(whole, &spec); err != nil {
					t.Fatal(err)
				}
				if length < 1 || spec.Fields[strconv.Itoa(n)] == nil {
					continue
				}
				spec.Fields[strconv.Itoa(n)].Length = length
				if i > 3 {
					spec.Fields[strconv.Itoa(n)].Prefix = "ASCII.LL"
				}
				text, err := json.Marshal(spec)
				if err != nil {
					t.Fatal(err)
				}
				if _, _, err := Import(name+".json", text, ""); err != nil {
					t.Errorf("%s with field %d of %d, not %d: %v", name, n, length, is, err)
				}
			}
		}
	}
}

// jPOS loads some classes whatever length they are given; what is imported says no more
// than the length prefix can tell, and that it was cut.
func TestImportedLengthsAreWhatTheirPrefixesTell(t *testing.T) {
	text, notes, err := Import("bank.xml", []byte(`<isopackager><isofield id="0" length="4" name="mti" class="org.jpos.iso.IFA_NUMERIC"/>
<isofield id="1" length="16" name="bitmap" class="org.jpos.iso.IFA_BITMAP"/>
<isofield id="48" length="2147483647" name="data" class="org.jpos.iso.IFA_LLLABINARY"/></isopackager>`), "")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "b...999") || !slices.ContainsFunc(notes, func(n string) bool {
		return strings.Contains(n, "field 48: length 999999 is above 999, the longest that its length prefix tells")
	}) {
		t.Errorf("%q\n%s", notes, text)
	}
}
