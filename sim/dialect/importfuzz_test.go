package dialect

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
)

// FuzzImport holds that what a packager says is a dialect, or refused for what it
// says.
func FuzzImport(f *testing.F) {
	f.Add([]byte(`<isopackager headerLength="5"><isofield id="0" length="4" name="mti" class="org.jpos.iso.IFB_NUMERIC"/><isofield id="1" length="16" name="b" class="org.jpos.iso.IFA_BITMAP"/>
<isofield id="3" length="6" name="processing: code" class="org.jpos.iso.IFB_NUMERIC"/><isofield id="4" length="12" name="amount" class="org.jpos.iso.IFB_NUMERIC"/>
<isofield id="11" length="6" name="trace" class="org.jpos.iso.IFB_NUMERIC"/><isofield id="39" length="2" name="code" class="org.jpos.iso.IF_CHAR"/>
<isofield id="70" length="3" name="management" class="org.jpos.iso.IFB_NUMERIC"/><isofield id="90" length="40" name="#original" class="org.jpos.iso.IFB_NUMERIC"/>
<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFA_LLCHAR" packager="org.jpos.iso.packager.EuroSubFieldPackager"><isofield id="7" length="6" name="p" class="org.jpos.iso.IFMC_LLCHAR"/></isofieldpackager></isopackager>`))
	f.Add([]byte(`<isopackager><isofield id="0" length="4" name="mti" class="org.jpos.iso.IFB_NUMERIC"/><isofield id="1" length="16" name="b" class="org.jpos.iso.IFB_BITMAP"/>
<isofield id="3" length="6" name="processing" class="org.jpos.iso.IFB_NUMERIC"/><isofield id="4" length="12" name="amount" class="org.jpos.iso.IFB_NUMERIC"/><isofield id="11" length="6" name="trace" class="org.jpos.iso.IFB_NUMERIC"/>
<isofield id="24" length="3" name="function" class="org.jpos.iso.IFB_NUMERIC"/><isofield id="25" length="4" name="reason" class="org.jpos.iso.IFB_NUMERIC"/><isofield id="39" length="3" name="action" class="org.jpos.iso.IF_CHAR"/>
<isofield id="56" length="35" name="original" class="org.jpos.iso.IFA_LLNUM"/><isofield id="88" length="16" name="debits" class="org.jpos.iso.IFB_NUMERIC"/></isopackager>`))
	for _, c := range composedFields {
		f.Add([]byte(`<isopackager><isofield id="0" length="4" name="mti" class="org.jpos.iso.IFB_NUMERIC"/><isofield id="1" length="16" name="b" class="org.jpos.iso.IFA_BITMAP"/><isofieldpackager id="48" length="255" name="x" ` +
			c.attributes + `><isofield id="1" length="8" name="p" class="org.jpos.iso.IFB_BITMAP"/><isofield id="2" length="6" name="p" class="org.jpos.iso.IFB_LLNUM"/></isofieldpackager></isopackager>`))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, notes, err := Import("f.xml", data, "jpos")
		if hidden := unseen(string(text) + strings.Join(notes, "")); hidden != "" {
			t.Errorf("%q in\n%s", hidden, text)
		}
		if err != nil && strings.Contains(err.Error(), "is none") {
			t.Errorf("%v\n%s", err, data)
		}
		if err == nil {
			if _, err := Parse("f.yaml", text, nil); err != nil {
				t.Error(err)
			}
		}
	})
}

// unseen is the first character of a text that is not seen, or changes how others are.
func unseen(text string) string {
	for _, c := range text {
		if c != '\n' && !unicode.IsPrint(c) {
			return string(c)
		}
	}
	return ""
}

// TestNamesThatHideAreNotTaken imports specifications whose names turn the direction
// of writing, overwrite the line or are not seen.
func TestNamesThatHideAreNotTaken(t *testing.T) {
	const hides = "\u202Egnp.\u2066a\u200B\uFEFFb\u0085c\u2028d\u00AD\U000E0041"
	for form, file := range map[string]string{
		"jpos": `<isopackager><isofield id="0" length="4" name="` + hides + `" class="org.jpos.iso.IFA_NUMERIC"/><isofield id="1" length="16" name="b" class="org.jpos.iso.IFA_BITMAP"/>
<isofield id="3" length="6" name="` + hides + `" class="org.jpos.iso.IFA_NUMERIC"/><isofield id="5" length="6" name="` + hides + `" class="org.jpos.iso.IF_NOP"/>
<isofieldpackager id="48" length="99" name="` + hides + `" class="org.jpos.iso.IFA_LLCHAR" packager="org.jpos.iso.packager.EuroSubFieldPackager"><isofield id="7" length="6" name="` + hides + `" class="org.jpos.iso.IFMC_LLCHAR"/></isofieldpackager></isopackager>`,
		"moov": `{"name": "` + hides + `", "fields": {"0": {"type": "String", "length": 4, "description": "` + hides + `", "enc": "ASCII", "prefix": "ASCII.Fixed"},
"1": {"type": "Bitmap", "length": 8, "enc": "HexToASCII", "prefix": "Hex.Fixed"}, "3": {"type": "String", "length": 6, "description": "` + hides + `", "enc": "ASCII", "prefix": "ASCII.Fixed"},
"5": {"type": "String", "length": 0, "description": "` + hides + `", "enc": "ASCII", "prefix": "None.Fixed"}}}`,
	} {
		text, notes, err := Import("a\u202Eb.x", []byte(strings.ReplaceAll(file, "\u0085", "\u0084")), form)
		if err != nil {
			t.Errorf("%s: %v", form, err)
		}
		if hidden := unseen(string(text) + strings.Join(notes, "")); hidden != "" || !strings.Contains(string(text), "gnp. a b c d") {
			t.Errorf("%s: %q in\n%s%s", form, hidden, text, notes)
		}
	}
}

// TestAnyPackagerIsADialectOrRefused makes packagers at random, of all classes,
// with lengths at the bounds.
func TestAnyPackagerIsADialectOrRefused(t *testing.T) {
	random := rand.New(rand.NewPCG(8583, 1987))
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	var classes []string
	for _, c := range fieldClasses {
		class, _, _ := strings.Cut(c.class, " ")
		classes = append(classes, strings.TrimPrefix(class, "org.jpos.tlv.packager."))
	}
	classes = append(classes, "IF_NOP", "IFMC_LLCHAR", "IFEPE_LLCHAR", "IFA_TTLLCHAR", "IFB_BITMAP", "IFA_BITMAP", "IF_TCHAR")
	name := func(class string) string {
		if class == "IFB_LHBINARY" {
			return "org.jpos.tlv.packager." + class
		}
		return "org.jpos.iso." + class
	}
	var fields func(depth, n int) string
	fields = func(depth, n int) string {
		var b strings.Builder
		if depth > 1 && random.IntN(2) == 0 {
			fmt.Fprintf(&b, `<isofield id="%s" length="%s" name="b" class="org.jpos.iso.%s"/>`, pick("0", "1"), pick("1", "2", "8", "16"), pick("IFB_BITMAP", "IFA_BITMAP", "IFE_BITMAP"))
		}
		for range n {
			id, length := random.IntN([]int{132, 8, 80, 4, 4}[depth-1]), pick("1", "2", "3", "6", "8", "9", "12", "19", "40", "99", "0", "2147483647")
			class := name(pick(classes...))
			if depth < 5 && random.IntN(4) == 0 {
				fmt.Fprintf(&b, `<isofieldpackager id="%d" length="%s" name="c" class="%s" packager="org.jpos.iso.packager.%s" emitBitmap="%s" firstField="%s">%s</isofieldpackager>`, id, length, class,
					pick("GenericSubFieldPackager", "GenericPackager", "Base1SubFieldPackager", "EuroSubFieldPackager", "MasterCardEBCDICSubFieldPackager"), pick("true", "false"), pick("0", "1", "2"), fields(depth+1, random.IntN(4)))
				continue
			}
			fmt.Fprintf(&b, `<isofield id="%d" length="%s" name="%s" class="%s" pad="%s"/>`, id, length, pick("amount", "PIN data", "a: b", "- c", "#", "{", "yes", "流水号", "'", "&quot;&lt;"), class, pick("true", "false"))
		}
		return b.String()
	}
	made := 0
	for range 400 {
		file := fmt.Sprintf(`<isopackager>%s<isofield id="0" length="4" name="m" class="org.jpos.iso.%s"/><isofield id="1" length="16" name="b" class="org.jpos.iso.%s"/></isopackager>`,
			fields(1, 1+random.IntN(12)), pick("IFA_NUMERIC", "IFB_NUMERIC", "IFE_NUMERIC", "IF_CHAR"), pick("IFA_BITMAP", "IFB_BITMAP", "IFE_BITMAP"))
		text, _, err := Import("f.xml", []byte(file), "")
		if err != nil && strings.Contains(err.Error(), "is none") {
			t.Fatalf("%v\n%s", err, file)
		}
		if err != nil {
			continue
		}
		made++
		d, err := Parse("f.yaml", text, nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		m := d.NewMessage()
		m.SetMTI("0200")
		if b, err := m.Append(nil); err != nil || m.Read(b) != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	}
	if made < 80 {
		t.Errorf("%d of them are dialects", made)
	}
}
