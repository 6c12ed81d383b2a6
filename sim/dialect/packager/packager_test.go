package packager

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/allocs"
)

// file is a packager with these elements beside MTI and bitmap; what stands before
// it is the prologue.
func file(prologue, elements string) []byte {
	return []byte(prologue + "<isopackager>\n" +
		`<isofield id="0" length="4" name="mti" class="org.jpos.iso.IFA_NUMERIC"/>` + "\n" +
		`<isofield id="1" length="16" name="bitmap" class="org.jpos.iso.IFA_BITMAP"/>` + "\n" +
		elements + "</isopackager>\n")
}

const (
	doctype = `<!DOCTYPE isopackager PUBLIC "-//jPOS/jPOS Generic Packager DTD 1.0//EN" "http://jpos.org/dtd/generic-packager-1.0.dtd">` + "\n"
	trace   = `<isofield id="11" length="6" name="trace" class="org.jpos.iso.IFA_NUMERIC"/>` + "\n"
)

func TestFieldsAreReadInTheOrderOfTheirNumbers(t *testing.T) {
	f, err := Read("f.xml", file(doctype, trace+`<isofield id="2" length="19" name="PAN" class="org.jpos.iso.IFB_LLNUM" pad="true"/>`))
	if err != nil || len(f.Fields) != 2 || len(f.Notes) != 0 {
		t.Fatalf("%+v, %v", f, err)
	}
	if pan := f.Fields[0]; pan.ID != 2 || pan.As != "track-equals-right" || pan.Prefix != "packed2" || pan.Line != 6 {
		t.Errorf("%+v", pan)
	}
	if f.Bitmap != "hex" || f.MTI.As != "latin1" || f.Fields[1].Fill != "left 0" {
		t.Errorf("%+v", f)
	}
}

// refusals are files that are no packagers, and what is said of them.
var refusals = []struct{ name, file, want string }{
	{"nothing", "", "f.xml:1: is empty"},
	{"no XML", "length=4", "f.xml:1: the text \"length=4\" stands between fields"},
	{"cut off", "<isopackager>\n<isofield", "f.xml:2: not XML: unexpected EOF"},
	{"another file", "<project/>", "f.xml:1: <project>, want <isopackager>"},
	{"not UTF-8", "<isopackager>\n\xff</isopackager>", "f.xml:2: not XML: invalid UTF-8"},
	{"another encoding", `<?xml version="1.0" encoding="EBCDIC-US"?><isopackager/>`, `encoding "EBCDIC-US"; save the file as UTF-8`},
	{"an entity inside", `<!DOCTYPE isopackager [<!ENTITY n "org.jpos.iso.IF_CHAR">]><isopackager/>`, `declares the entity "n"; entities are not expanded`},
	{"an entity of a file", `<!DOCTYPE isopackager [<!ENTITY x SYSTEM "file:/etc/passwd">]><isopackager>&x;</isopackager>`, `declares the entity "x"`},
	{"an entity of parameters", `<!DOCTYPE isopackager [<!ENTITY % p SYSTEM "http://127.0.0.1/p.dtd">%p;]><isopackager/>`, `declares the entity "p"`},
	{"an entity after a comment", "<!DOCTYPE isopackager [<!-- ' --><!ENTITY x SYSTEM 'file:/etc/passwd'>]>\n<isopackager/>", `declares the entity "x"`},
	{"a notation", `<!DOCTYPE isopackager [<!NOTATION n SYSTEM "n">]><isopackager/>`, `the DOCTYPE holds "<!NOTATION"`},
	{"an entity that is not declared", "<isopackager>\n<isofield id=\"&more;\"/></isopackager>", "f.xml:2: not XML: invalid character entity &more;; entities are not expanded"},
	{"GBK that is not told", string(file(doctype, strings.Replace(trace, "trace", "\xc1\xf7\xcb\xae", 1))), "f.xml:5: not XML: invalid UTF-8; save the file as UTF-8, or say its encoding"},
	{"entities in entities", `<!DOCTYPE isopackager [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>` + "<isopackager>&b;</isopackager>", `f.xml:1: declares the entity "a"; entities are not expanded`},
	{"a number of an entity too large", "<isopackager>\n<isofield name=\"&#x110000;\"/></isopackager>", "f.xml:2: not XML: invalid character entity"},
	{"a stylesheet of another root", "<?xml-stylesheet href='x'?><xs:schema/>", "f.xml:1: <schema>, want <isopackager>"},
	{"a field below 0", string(file(doctype, `<isofield id="-3" length="6" name="x" class="org.jpos.iso.IF_CHAR"/>`)), `f.xml:5: field "-3": want a number from 0 to 192`},
	{"a field above 192", string(file(doctype, `<isofield id="193" length="6" name="x" class="org.jpos.iso.IF_CHAR"/>`)), `f.xml:5: field "193": want a number from 0 to 192`},
	{"a field of no number", string(file(doctype, `<isofield id="1 1" length="6" name="x" class="org.jpos.iso.IF_CHAR"/>`)), `f.xml:5: field "1 1": id="1 1", want a number in decimal digits`},
	{"a field above what numbers hold", string(file(doctype, `<isofield id="99999999999" length="6" name="x" class="org.jpos.iso.IF_CHAR"/>`)), `f.xml:5: field "…9999": id="…9999" is a number of 11 characters`},
	{"a length above what numbers hold", string(file(doctype, `<isofield id="2" length="99999999999" name="x" class="org.jpos.iso.IF_CHAR"/>`)), `f.xml:5: field "2": length=`},
	{"a length of very many digits", string(file(doctype, `<isofield id="2" length="1`+strings.Repeat("0", 60)+`" name="x" class="org.jpos.iso.IF_CHAR"/>`)), `is a number of 61 characters; want at most 999999`},
	{"a length in hexadecimal digits", string(file(doctype, `<isofield id="2" length="0x10" name="x" class="org.jpos.iso.IF_CHAR"/>`)), `f.xml:5: field "2": length="0x10", want a number in decimal digits`},
	{"a class of another kind", string(file(doctype, `<isofield id="2" length="9" name="x" class="java.lang.Runtime"/>`)), `f.xml:5: field "2": class "java.lang.Runtime" does not exist in jPOS`},
	{"a composed field of another kind", string(file(doctype, `<isofieldpackager id="48" length="9" name="x" class="org.jpos.iso.IFA_LLCHAR" packager="java.lang.String"/>`)), `f.xml:5: field "48": packager: class "java.lang.String" does not exist in jPOS`},
	{"twice an attribute", string(file(doctype, `<isofield id="2" id="3" length="6" name="x" class="org.jpos.iso.IF_CHAR"/>`)), `f.xml:5: field "2" has id twice`},
	{"a class without package", string(file(doctype, `<isofield id="2" length="6" name="x" class="IFA_NUMERIC"/>`)), `field "2": class "IFA_NUMERIC" does not exist in jPOS; most likely org.jpos.iso.IFA_NUMERIC is meant`},
	{"a class that many files name", string(file(doctype, `<isofield id="2" length="6" name="x" class="org.jpos.iso.IFA_ALPHA"/>`)), "most likely org.jpos.iso.IF_CHAR is meant"},
	{"a class of one's own", string(file(doctype, `<isofield id="2" length="6" name="x" class="com.bank.Secret"/>`)), `class "com.bank.Secret" does not exist in jPOS; when it is your own`},
	{"a class of one's own that is called as one of jPOS is", string(file(doctype, `<isofield id="2" length="6" name="x" class="ng.bank.IFX_CHAR"/>`)), `class "ng.bank.IFX_CHAR" does not exist in jPOS; when it is your own`},
	{"too long for its prefix", string(file(doctype, `<isofield id="2" length="255" name="x" class="org.jpos.iso.IFB_LLCHAR"/>`)), `f.xml:5: field "2": length 255 is above 99, the longest that IFB_LLCHAR can tell`},
	{"a bitmap of bits", string(file(doctype, `<isofield id="1" length="4" name="x" class="org.jpos.iso.IFB_BITMAP"/>`)), "field 1: length 4, want 8 or 16 octets"},
	{"no MTI", "<isopackager/>", "there is no field 0: the MTI"},
	{"a field with a packager", string(file(doctype, `<isofield id="48" length="99" name="x" class="org.jpos.iso.IFA_LLCHAR" packager="org.jpos.iso.packager.GenericSubFieldPackager"/>`)), `f.xml:5: field "48" is an <isofield> and has a packager, which jPOS takes of an <isofieldpackager> alone`},
	{"another packager", string(file(doctype, `<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFA_LLCHAR" packager="org.jpos.iso.packager.GenericSubfieldPackager"/>`)), "most likely org.jpos.iso.packager.GenericSubFieldPackager is meant"},
	{"two of them", string(file(doctype, "")) + "<isopackager/>", "follows the end of the packager"},
	{"large", strings.Repeat(" ", maxFile+1), "has more than 1048576 octets"},
	{"many fields", string(file(doctype, strings.Repeat(trace, maxFields))), "more than 4096 fields and subfields"},
	{"deep without names", "<isopackager>\n" + strings.Repeat(`<isofieldpackager id="48" length="99" class="org.jpos.iso.IFA_LLCHAR" packager="org.jpos.iso.packager.GenericPackager">`, 20), "nested deeper than 8"},
	{"deep", string(file(doctype, strings.Repeat(`<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFA_LLCHAR" packager="org.jpos.iso.packager.GenericPackager">`, 20))), "nested deeper than 8"},
}

func TestRefusalsNameLineFieldAndMend(t *testing.T) {
	for _, r := range refusals {
		if _, err := Read("f.xml", []byte(r.file)); err == nil || !strings.Contains(err.Error(), r.want) {
			t.Errorf("%s: %.300v, want in it %s", r.name, err, r.want)
		} else if lines := strings.Split(err.Error(), "\n"); len(slices.Compact(lines)) < len(lines) {
			t.Errorf("%s: the same is told twice: %.300v", r.name, err)
		}
	}
}

func TestFilesOfManyHandsAreRead(t *testing.T) {
	subset := "<!DOCTYPE isopackager [<!-- it's > all --><!ELEMENT isopackager (isofield*)>\n<!ATTLIST isofield id CDATA #REQUIRED name CDATA 'a>b'>]>\n"
	for name, data := range map[string][]byte{
		"an internal subset":   file(subset, trace),
		"a byte order mark":    append([]byte("\ufeff"), file(`<?xml version="1.0" encoding="UTF-8"?>`+doctype, trace)...),
		"lines of Windows":     []byte(strings.ReplaceAll(string(file(doctype, trace)), "\n", "\r\n")),
		"Latin-1":              file(`<?xml version="1.0" encoding="ISO-8859-1"?>`+doctype, strings.Replace(trace, "trace", "num\xe9ro", 1)),
		"ISO 8859-2":           file(`<?xml version="1.0" encoding="ISO-8859-2"?>`+doctype, strings.Replace(trace, "trace", "wa\xbfno\xb6\xe6", 1)),
		"GBK":                  file(`<?xml version="1.0" encoding="GBK"?>`+doctype, strings.Replace(trace, "trace", "\xc1\xf7\xcb\xae\xba\xc5", 1)),
		"UTF-16":               wide(string(file(`<?xml version="1.0" encoding="UTF-16"?>`+doctype, trace))),
		"remarks in fields":    file(doctype, `<isofield id="11" length="6" name="trace" class="org.jpos.iso.IFA_NUMERIC">remark<!-- and more --></isofield>`),
		"validators":           file(doctype, `<isofield id="11" length="6" name="trace" class="org.jpos.iso.IFA_NUMERIC"><isofieldvalidator class="org.jpos.iso.IVA_NUM" minlen="1"><property name="a" value="b"/></isofieldvalidator></isofield>`),
		"blanks round a class": file(doctype, strings.Replace(trace, `"org.jpos.iso.IFA_NUMERIC"`, `" org.jpos.iso.IFA_NUMERIC "`, 1)),
		"no document type":     file("", trace),
		"another root":         []byte("<jpos>" + string(file("", trace)) + "</jpos>"),
	} {
		f, err := Read("f.xml", data)
		if err != nil || len(f.Fields) != 1 || f.Fields[0].Length != 6 {
			t.Errorf("%s: %+v, %v", name, f, err)
			continue
		}
		if want := map[string]string{"ISO 8859-2": "ważność", "GBK": "流水号", "Latin-1": "numéro"}[name]; want != "" && f.Fields[0].Name != want {
			t.Errorf("%s: the field is called %q, want %q", name, f.Fields[0].Name, want)
		}
	}
}

// wide is text in UTF-16 with a byte order mark.
func wide(text string) []byte {
	out := []byte{0xFE, 0xFF}
	for _, c := range text {
		out = append(out, byte(c>>8), byte(c))
	}
	return out
}

func TestFieldsThatADialectCannotHaveSayWhy(t *testing.T) {
	f, err := Read("f.xml", file(doctype, `<isofield id="2" length="6" name="x" class="org.jpos.iso.IF_TCHAR" token="*"/>
<isofield id="3" length="6" name="x" class="org.jpos.iso.IFMC_LLCHAR"/>
<isofield id="4" length="0" name="x" class="org.jpos.iso.IFA_LLCHAR"/>
<isofield id="5" length="6" name="x" class="org.jpos.iso.IF_CHAR" trim="true"/>
<isofield id="65" length="8" name="x" class="org.jpos.iso.IFB_BITMAP"/>
<isofield id="66" length="-8" name="x" class="org.jpos.iso.IF_CHAR"/>
<isofield id="67" length="2147483647" name="x" class="org.jpos.iso.IF_CHAR"/>
<isofield id="130" length="8" name="x" class="org.jpos.iso.IF_CHAR"/>
<isofield id="192" length="8" name="x" class="org.jpos.iso.IF_CHAR"/>`))
	if err != nil || len(f.Fields) != 9 {
		t.Fatal(f, err)
	}
	for i, want := range []string{"ends with a token", "puts its tag on the line", "has length 0", `has trim="true"`, "announces a third bitmap", "has length -8", "has a fixed length of 2147483647", "needs a third bitmap", "needs a third bitmap"} {
		if got := f.Fields[i]; !strings.HasPrefix(got.Why, want) {
			t.Errorf("field %d: %q, want %q", got.ID, got.Why, want)
		}
	}
}

func TestComposedFieldsSayWhyTheyAreWhole(t *testing.T) {
	for want, attributes := range map[string]string{
		"does not write the octets of its parts": `class="org.jpos.iso.IFB_LLNUM" packager="org.jpos.iso.packager.GenericSubFieldPackager" emitBitmap="false"`,
		"there is no bitmap at its part 1":       `class="org.jpos.iso.IFA_LLCHAR" packager="org.jpos.iso.packager.GenericSubFieldPackager"`,
		"have their length before their tag":     `class="org.jpos.iso.IFA_LLCHAR" packager="org.jpos.iso.packager.GICCSubFieldPackager"`,
		"a program's own packager":               `class="org.jpos.iso.IFA_LLCHAR" packager="com.bank.MyPackager"`,
		"the length stands before the tag":       `class="org.jpos.iso.IFA_LLCHAR" packager="org.jpos.iso.packager.GenericTaggedFieldsPackager" tagMapper="org.jpos.iso.packager.TTDecimalTagMapper" tagSize="2" lenSize="2" swapTagAndLen="true"`,
		"its tags are those of com.bank.Mapper":  `class="org.jpos.iso.IFA_LLCHAR" packager="org.jpos.iso.packager.GenericTaggedFieldsPackager" tagMapper="com.bank.Mapper"`,
		"which these tags do not tell":           `class="org.jpos.iso.IFA_LLCHAR" packager="org.jpos.iso.packager.EuroSubFieldPackager"`,
		"it has no tags":                         `class="org.jpos.iso.IFA_LLCHAR" packager="org.jpos.tlv.packager.TaggedSequencePackager"`,
		"its parts have 6 octets, it has 99":     `class="org.jpos.iso.IF_CHAR" packager="org.jpos.iso.packager.GenericSubFieldPackager" emitBitmap="false"`,
	} {
		f, err := Read("f.xml", file(doctype, fmt.Sprintf(`<isofieldpackager id="48" length="99" name="x" %s><isofield id="1" length="6" name="p" class="org.jpos.iso.IF_CHAR"/></isofieldpackager>`, attributes)))
		if err != nil || !strings.Contains(f.Fields[0].Whole, want) || f.Fields[0].By != "" {
			t.Errorf("%s: %+v, %v; want %q", attributes, f, err, want)
		}
	}
}

// The last of a repeated field counts, as in jPOS, and is told; a part 0 is only
// written where it is the first (firstField).
func TestRepeatedFieldsAndPartsOfNumber0(t *testing.T) {
	f, err := Read("f.xml", file(doctype, `<isofield id="2" length="6" name="first" class="org.jpos.iso.IF_CHAR"/>
<isofieldpackager id="48" length="20" name="c" class="org.jpos.iso.IFA_LLCHAR" emitBitmap="false" packager="org.jpos.iso.packager.GenericSubFieldPackager">
<isofield id="0" length="2" name="zero" class="org.jpos.iso.IF_CHAR"/><isofield id="1" length="2" name="one" class="org.jpos.iso.IF_CHAR"/><isofield id="1" length="4" name="one again" class="org.jpos.iso.IF_CHAR"/></isofieldpackager>
<isofieldpackager id="49" length="20" name="d" class="org.jpos.iso.IFA_LLCHAR" emitBitmap="false" firstField="0" packager="org.jpos.iso.packager.GenericSubFieldPackager">
<isofield id="0" length="2" name="zero" class="org.jpos.iso.IF_CHAR"/><isofield id="1" length="2" name="one" class="org.jpos.iso.IF_CHAR"/></isofieldpackager>
<isofield id="2" length="8" name="last" class="org.jpos.iso.IF_CHAR"/>`))
	if err != nil || len(f.Fields) != 3 {
		t.Fatal(f, err)
	}
	if f.Fields[0].Name != "last" || len(f.Notes) != 1 || f.Notes[0] != "field 2 stands twice, on lines 5 and 10; the last counts" {
		t.Errorf("%+v, %q", f.Fields[0], f.Notes)
	}
	if p := f.Fields[1].Parts; len(p) != 1 || p[0].ID != 1 || p[0].Length != 4 {
		t.Errorf("without firstField: %+v", p)
	}
	if p := f.Fields[2].Parts; len(p) != 2 || p[0].ID != 0 {
		t.Errorf("with firstField=0: %+v", p)
	}
}

func FuzzRead(f *testing.F) {
	for _, r := range refusals {
		if len(r.file) < 4096 {
			f.Add([]byte(r.file))
		}
	}
	f.Add(file(doctype, trace+`<isofieldpackager id="127" length="999999" name="x" class="org.jpos.iso.IFA_LLLLLLBINARY" packager="org.jpos.iso.packager.GenericSubFieldPackager">
<isofield id="1" length="8" name="b" class="org.jpos.iso.IFB_BITMAP"/><isofield id="2" length="9" name="p" class="org.jpos.iso.IFA_LLCHAR"/></isofieldpackager>`))
	f.Add(file(doctype, `<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFA_LLCHAR" packager="org.jpos.tlv.packager.TaggedSequencePackager" token="00"><isofield id="1" length="9" name="p" class="org.jpos.tlv.packager.IFTA_LLCHAR" token="##"/><isofield id="2" length="9" name="p" class="org.jpos.tlv.packager.IFTA_LLCHAR" token="0A"/></isofieldpackager>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if n := allocs.Above(4*uint64(len(data))+256<<10, func() { Read("f.xml", data) }); n > 0 {
			t.Fatalf("reading %d octets allocates %d", len(data), n)
		}
		p, err := Read("f.xml", data)
		if err != nil {
			if !strings.Contains(err.Error(), "f.xml") {
				t.Errorf("an error without file: %v", err)
			}
			return
		}
		for _, field := range p.Fields {
			if field.Why == "" && (field.Kind == "" || field.Prefix == "" || field.Length < 1) {
				t.Errorf("a field that says nothing: %+v", field)
			}
			if (field.By != "") != (field.Packager != "" && field.Whole == "") {
				t.Errorf("a composed field that is not told: %+v", field)
			}
		}
	})
}
