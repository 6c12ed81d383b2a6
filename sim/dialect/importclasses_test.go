package dialect

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// fileOf is a packager file of an MTI, a bitmap and elements from its third line on.
func fileOf(elements string) []byte {
	return []byte(`<isopackager><isofield id="0" length="4" name="mti" class="org.jpos.iso.IFA_NUMERIC"/>
<isofield id="1" length="16" name="bitmap" class="org.jpos.iso.IFB_BITMAP"/>
` + elements + "</isopackager>")
}

// imported is the dialect of a packager with these elements beside MTI and bitmap.
func imported(t testing.TB, elements string) *Dialect {
	t.Helper()
	text, _, err := Import("table.xml", fileOf(elements), "jpos")
	if err != nil {
		t.Fatalf("%s: %v", elements, err)
	}
	d, err := Parse("table.yaml", text, nil)
	if err != nil {
		t.Fatalf("%s: %v\n%s", elements, err, text)
	}
	return d
}

// fieldClasses has, for each field class of jPOS that a dialect can have, a length and
// a value, and what they are on the line.
var fieldClasses = []struct{ class, value, octets string }{
	{"IF_CHAR 5", "AB", "4142202020"},
	{"IF_ECHAR 5", "AB", "C1C2404040"},
	{"IFE_CHAR 5", "AB", "C1C2404040"},
	{"IFA_NUMERIC 5", "42", "3030303432"},
	{"IFE_NUMERIC 5", "42", "F0F0F0F4F2"},
	{"IFB_NUMERIC 5", "12345", "123450"},
	{"IFB_NUMERIC 5 pad", "12345", "012345"},
	{"IFB_FNUMERIC 5", "42", "00042F"},
	{"IFB_FNUMERIC 5 pad", "42", "000042"},
	{"IFB_HEX 3", "A1F", "A1FF"},
	{"IFB_HEX 3 pad", "A1F", "0A1F"},
	{"IFA_AMOUNT 6", "D75", "443030303735"},
	{"IFE_AMOUNT 6", "C75", "C3F0F0F0F7F5"},
	{"IFB_AMOUNT 6", "C75", "43000750"},
	{"IFB_AMOUNT 6 pad", "C75", "43000075"},
	{"IFA_AMOUNT2003 16", "9782", "30303030303030303030303039373832"},
	{"IFB_AMOUNT2003 16", "9782", "0000000000009782"},
	{"IFB_BINARY 3", "\x01\xAB\xFF", "01ABFF"},
	{"IFA_BINARY 3", "\x01\xAB\xFF", "303141424646"},
	{"IFE_BINARY 3", "\x01\x23\x45", "F0F1F2F3F4F5"},

	{"IFA_LCHAR 9", "\xE91", "32E931"},
	{"IFA_LLCHAR 20", "SHOP", "3034" + "53484F50"},
	{"IFA_LLLCHAR 20", "SHOP", "303034" + "53484F50"},
	{"IFA_LLLLCHAR 2000", "SHOP", "30303034" + "53484F50"},
	{"IFA_LLLLLCHAR 99999", "SHOP", "3030303034" + "53484F50"},
	{"IFA_LLLLLLCHAR 999999", "SHOP", "303030303034" + "53484F50"},
	{"IFA_LLNUM 37", "41=29", "3035" + "34313D3239"},
	{"IFA_LLLNUM 104", "4129", "303034" + "34313239"},
	{"IFE_LCHAR 9", "SHOP", "F4" + "E2C8D6D7"},
	{"IFE_LLCHAR 20", "SHOP", "F0F4" + "E2C8D6D7"},
	{"IFE_LLLCHAR 20", "SHOP", "F0F0F4" + "E2C8D6D7"},
	{"IFE_LLLLCHAR 20", "SHOP", "F0F0F0F4" + "E2C8D6D7"},
	{"IFE_LNUM 9", "12", "F2" + "F1F2"},
	{"IFE_LLNUM 19", "12", "F0F2" + "F1F2"},
	{"IFE_LLLNUM 104", "12", "F0F0F2" + "F1F2"},
	{"IFAE_LLCHAR 20", "SHOP", "3034" + "E2C8D6D7"},
	{"IFEA_LLCHAR 20", "SHOP", "F0F4" + "53484F50"},
	{"IFB_LLCHAR 20", "SHOP", "04" + "53484F50"},
	{"IFB_LLLCHAR 200", "SHOP", "0004" + "53484F50"},
	{"IFB_LLLLCHAR 2000", "SHOP", "0004" + "53484F50"},
	{"IFB_LLLLLLCHAR 20000", "SHOP", "000004" + "53484F50"},
	{"IFB_LLHCHAR 255", "SHOP", "04" + "53484F50"},
	{"IFB_LLLHCHAR 2000", "SHOP", "0004" + "53484F50"},
	{"IFB_LLHECHAR 255", "SHOP", "04" + "E2C8D6D7"},
	{"IFB_LLLHECHAR 2000", "SHOP", "0004" + "E2C8D6D7"},
	{"IFB_LLNUM 37", "41=29", "05" + "41D290"},
	{"IFB_LLNUM 37 pad", "41=29", "05" + "041D29"},
	{"IFB_LLLNUM 104", "123", "0003" + "1230"},
	{"IFB_FLLNUM 37", "123", "03" + "123F"},
	{"IFB_FLLLNUM 104", "123", "0003" + "123F"},
	{"IFB_LLHNUM 19", "123", "03" + "1230"},
	{"IFB_LLLHNUM 300", "123", "0003" + "1230"},
	{"IFA_LLBNUM 20", "1234", "3034" + "1234"},
	{"IFEB_LLNUM 20", "123", "F0F2" + "123F"},
	{"IFEB_LLLNUM 20", "1234", "F0F0F2" + "1234"},
	{"IFA_LBINARY 9", "\x00\xFE", "32" + "00FE"},
	{"IFA_LLBINARY 20", "\x00\xFE", "3032" + "00FE"},
	{"IFA_LLLBINARY 20", "\x00\xFE", "303032" + "00FE"},
	{"IFA_LLLLBINARY 20", "\x00\xFE", "30303032" + "00FE"},
	{"IFA_LLLLLBINARY 20", "\x00\xFE", "3030303032" + "00FE"},
	{"IFA_LLLLLLBINARY 20", "\x00\xFE", "303030303032" + "00FE"},
	{"IFE_LBINARY 9", "\x00\xFE", "F2" + "00FE"},
	{"IFE_LLBINARY 20", "\x00\xFE", "F0F2" + "00FE"},
	{"IFE_LLLBINARY 20", "\x00\xFE", "F0F0F2" + "00FE"},
	{"IFE_LLLLBINARY 20", "\x00\xFE", "F0F0F0F2" + "00FE"},
	{"IFE_LLLEBINARY 20", "AB", "F0F0F2" + "C1C2"},
	{"IFB_LLBINARY 20", "\x00\xFE", "02" + "00FE"},
	{"IFB_LLLBINARY 20", "\x00\xFE", "0002" + "00FE"},
	{"IFB_LLLLBINARY 20", "\x00\xFE", "0002" + "00FE"},
	{"IFB_LLHBINARY 20", "\x00\xFE", "02" + "00FE"},
	{"IFB_LLLHBINARY 300", "\x00\xFE", "0002" + "00FE"},
	{"IFA_LLABINARY 20", "\x00\xFE", "3032" + "30304645"},
	{"IFA_LLLABINARY 20", "\x00\xFE", "303032" + "30304645"},
	{"IFB_LLHEX 20", "\x00\xFE", "04" + "00FE"},
	{"IFB_LLLHEX 20", "\x00\xFE", "0004" + "00FE"},
	{"org.jpos.tlv.packager.IFB_LHBINARY 20", "\x00\xFE", "02" + "00FE"},
}

func TestEachClassOfJPOSWritesItsOctets(t *testing.T) {
	for _, c := range fieldClasses {
		var class, pad string
		var length int
		fmt.Sscan(c.class, &class, &length, &pad)
		if !strings.Contains(class, ".") {
			class = "org.jpos.iso." + class
		}
		d := imported(t, fmt.Sprintf(`<isofield id="44" length="%d" name="field" class="%s" pad="%v"/>`, length, class, pad == "pad"))
		m := d.NewMessage()
		m.SetMTI("0200")
		m.SetFieldString(44, c.value)
		b, err := m.Append(nil)
		want, _ := hex.DecodeString(c.octets)
		if err != nil || string(b[12:]) != string(want) {
			t.Errorf("%s: %q is %X, %v, want %s", c.class, c.value, b, err, c.octets)
			continue
		}
		if got := d.NewMessage(); got.Read(b) != nil || !strings.HasSuffix(strings.TrimRight(got.FieldText(44), " "), c.value[1:]) {
			t.Errorf("%s: %X reads as %q, want %q, perhaps filled up", c.class, b, got.FieldText(44), c.value)
		}
	}
}

// composedFields are packagers of composed fields of jPOS, their parts, and what
// they are on the line.
var composedFields = []struct {
	name, attributes, parts string
	values                  map[string]string
	octets                  string
}{
	{"in order", `class="org.jpos.iso.IFA_LLLCHAR" packager="org.jpos.iso.packager.GenericSubFieldPackager" emitBitmap="false" firstField="0"`,
		`0 3 IFA_NUMERIC, 1 4 IF_CHAR, 2 99 IFA_LLCHAR`, map[string]string{"48.0": "7", "48.2": "OK"}, "303131" + "303037" + "20202020" + "30324F4B"},
	{"by a bitmap at 1", `class="org.jpos.iso.IFA_LLLLLLBINARY" packager="org.jpos.iso.packager.GenericSubFieldPackager"`,
		`0 1 IF_NOP, 1 8 IFB_BITMAP, 2 9 IFA_LLCHAR, 9 4 IFA_NUMERIC`, map[string]string{"48.2": "K", "48.9": "21"}, "303030303135" + "4080000000000000" + "30314B" + "30303231"},
	{"by a bitmap at 0", `class="org.jpos.iso.IFB_LLHBINARY" packager="org.jpos.iso.packager.Base1SubFieldPackager"`,
		`0 2 IFB_BITMAP, 1 2 IFE_CHAR, 16 3 IFB_NUMERIC`, map[string]string{"48.1": "A", "48.16": "5"}, "06" + "8001" + "C140" + "0050"},
	{"by a bitmap of BASE I", `class="org.jpos.iso.IFB_LLHBINARY" packager="org.jpos.iso.packager.Base1SubFieldPackager"`,
		`0 16 packager.Base1_BITMAP126, 1 2 IFE_CHAR, 6 17 IFB_LLNUM`, map[string]string{"48.1": "A", "48.6": "123456"}, "0E" + "8400000000000000" + "C140" + "06123456"},
	{"by tags of digits", `class="org.jpos.iso.IFA_LLLCHAR" packager="org.jpos.iso.packager.EuroSubFieldPackager"`,
		`5 9 IFMC_LLCHAR, 71 9 IFMC_LLLBINARY`, map[string]string{"48.05": "XY", "48.71": "\x00"}, "303132" + "3035" + "3032" + "5859" + "3731" + "303031" + "00"},
	{"by tags in EBCDIC", `class="org.jpos.iso.IFE_LLLBINARY" packager="org.jpos.iso.packager.MasterCardEBCDICSubFieldPackager"`,
		`5 9 IFEPE_LLCHAR`, map[string]string{"48.05": "XY"}, "F0F0F6" + "F0F5" + "F0F2" + "E7E8"},
	{"by tags of a mapper", `class="org.jpos.iso.IFA_LLLCHAR" packager="org.jpos.iso.packager.GenericTaggedFieldsPackager" tagMapper="org.jpos.iso.packager.TTTDecimalTagMapper" tagSize="3" lenSize="3" emitBitmap="false"`,
		`7 9 IFA_TTTLLLCHAR`, map[string]string{"48.007": "A", "48.100": "other"}, "303138" + "303037" + "303031" + "41" + "313030" + "303035" + "6F74686572"},
	{"in EBCDIC text", `class="org.jpos.iso.IFE_LLLCHAR" packager="org.jpos.iso.packager.GenericSubFieldPackager"`,
		`1 8 IFA_BITMAP, 2 3 IFA_NUMERIC, 3 99 IFA_LLCHAR, 5 2 IFA_BINARY`, map[string]string{"48.2": "7", "48.3": "ok", "48.5": "\x1A\xB0"},
		"F0F2F7" + "F6F8" + "F0F0F0F0F0F0F0F0F0F0F0F0F0F0" + "F0F0F7" + "F0F29692" + "F1C1C2F0"},
	{"BER-TLV", `class="org.jpos.iso.IFA_LLLBINARY" packager="org.jpos.tlv.packager.bertlv.BERTLVBinaryPackager" emitBitmap="false"`,
		``, map[string]string{"48.9F36": "\x00\x07", "48.82": "\x18\x00"}, "303039" + "82021800" + "9F36020007"},
}

// composedField is the dialect of a packager with field 48 of these parts.
func composedField(t *testing.T, attributes, parts string) *Dialect {
	t.Helper()
	var b strings.Builder
	for part := range strings.SplitSeq(parts, ", ") {
		var id, length int
		var class string
		if n, _ := fmt.Sscan(part, &id, &length, &class); n == 3 {
			fmt.Fprintf(&b, `<isofield id="%d" length="%d" name="part" class="org.jpos.iso.%s"/>`, id, length, class)
		}
	}
	return imported(t, fmt.Sprintf(`<isofieldpackager id="48" length="255" name="composed" %s>%s</isofieldpackager>`, attributes, &b))
}

func TestComposedFieldsOfJPOSWriteTheirOctets(t *testing.T) {
	for _, c := range composedFields {
		d := composedField(t, c.attributes, c.parts)
		v, err := d.PackSubs(48, c.values)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		m := d.NewMessage()
		m.SetMTI("0200")
		m.SetField(48, v)
		b, err := m.Append(nil)
		want, _ := hex.DecodeString(c.octets)
		if err != nil || string(b[12:]) != string(want) {
			t.Errorf("%s: is %X, %v, want %s", c.name, b, err, c.octets)
			continue
		}
		got := d.NewMessage()
		if err := got.Read(b); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		for path, want := range c.values {
			if text := string(got.Sub(path)); strings.Trim(text, " 0") != strings.Trim(want, " 0") {
				t.Errorf("%s: %s reads as %q, want %q", c.name, path, text, want)
			}
		}
	}
}

func TestPartsOfImportedFieldsAreShown(t *testing.T) {
	d := imported(t, `<isofieldpackager id="44" length="99" name="additional data" class="org.jpos.iso.IFA_LLCHAR" packager="org.jpos.iso.packager.GenericSubFieldPackager" emitBitmap="false">
<isofield id="1" length="2" name="answer source" class="org.jpos.iso.IFA_NUMERIC"/><isofield id="2" length="9" name="remark" class="org.jpos.iso.IFA_LCHAR"/></isofieldpackager>`)
	m := d.NewMessage()
	m.SetMTI("0210")
	m.SetFieldString(44, "051OK")
	var out strings.Builder
	d.Describe(&out, m)
	for _, want := range []string{"44.1   answer source            05", "44.2   remark                   ", "O"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("lacks %q:\n%s", want, &out)
		}
	}
}
