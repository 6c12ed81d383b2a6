package dialect

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"
	"github.com/moov-io/iso8583/sort"
)

// padded is iso87 with the spec of testdata/padded.json.
func padded(t testing.TB) *Dialect {
	t.Helper()
	file, err := os.Open("testdata/padded.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	spec, err := LoadSpec(file)
	if err != nil {
		t.Fatal(err)
	}
	d, err := ISO87().WithSpec(spec)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFormsWorkWithAPaddedSpec(t *testing.T) {
	d := padded(t)
	req := d.NewMessage()
	d.Form(Purchase).Begin(req)
	req.SetFieldString(2, "4111111111111111")
	req.SetFieldUint(4, 100)
	req.SetFieldUint(11, 42)
	req.SetFieldString(22, "021")
	req.SetFieldString(35, "4111111111111111=2512101")
	req.SetFieldString(41, "T1")
	req.SetFieldString(42, "M1")
	req.SetFieldString(43, "SHOP")
	req.SetFieldString(48, "0103ABC"+"0204 123")
	req.SetField(62, []byte{0xDE, 0xAD})
	req.AddMAC()
	if _, err := req.Append(nil); errText(err) != "field 48, offset 165: part 48.02 holds a character that is not a digit" {
		t.Error(err)
	}
	req.SetFieldString(48, "0103ABC"+"0203100")
	b, err := req.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"000000" + "000000000100" + "\x00\x00\x42", "T1      M1             ", "\xE2\xC8\xD6\xD7" + strings.Repeat("\x40", 36), "\x00\x02\xDE\xAD"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("lacks %q: %q", want, b)
		}
	}
	got := d.NewMessage()
	if err := got.Read(b); err != nil {
		t.Fatal(err)
	}
	for f := range req.Fields {
		if got.FieldText(f) != req.FieldText(f) {
			t.Errorf("field %d = %q, was set to %q", f, got.FieldText(f), req.FieldText(f))
		}
	}
	if got.FieldUint(4) != 100 || got.FieldText(3) != "000000" || got.FieldText(41) != "T1      " {
		t.Errorf("amount %d, processing code %q, terminal %q", got.FieldUint(4), got.FieldText(3), got.FieldText(41))
	}
	if got.Key() != req.Key() {
		t.Error("the request read has another key than the request sent")
	}
	if kind, ok := d.Classify(got); !ok || kind != Purchase {
		t.Errorf("classified as %s, %v", kind, ok)
	}
	if covered, mac := got.MACSpan(); len(mac) != 8 || len(covered) != len(b)-8 {
		t.Errorf("%d octets covered of %d, MAC %X", len(covered), len(b), mac)
	}
	if !strings.Contains(described(d, got), " 43  merchant name                (40 characters, hidden)\n") {
		t.Error(described(d, got))
	}
}

func TestEveryFormOfAPaddedSpecClassifiesAsItself(t *testing.T) {
	d := padded(t)
	for i := range d.Forms {
		f := &d.Forms[i]
		m := d.NewMessage()
		f.Begin(m)
		b, err := m.Append(nil)
		if err != nil {
			t.Errorf("%s: %v", f.Transaction, err)
			continue
		}
		got := d.NewMessage()
		if err := got.Read(b); err != nil {
			t.Errorf("%s: %v", f.Transaction, err)
			continue
		}
		if kind, ok := d.Classify(got); !ok || kind != f.Transaction {
			t.Errorf("%s is taken for %s, %v", f.Transaction, kind, ok)
		}
	}
}

func TestSpecsThatMoovWouldBreakOnAreRefused(t *testing.T) {
	var good map[string]any
	text, err := os.ReadFile("testdata/padded.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &good); err != nil {
		t.Fatal(err)
	}
	const leaf = `"description": "x", "length": 10, "enc": "ASCII", "prefix": "ASCII.LL"`
	tagged := func(tag, subs string) string {
		return `{"type": "Composite", "length": 99, "prefix": "ASCII.LL", "tag": ` + tag + `, "subfields": ` + subs + `}`
	}
	for _, c := range []struct{ name, number, spec, want string }{
		{"unknown type", "48", `{"type": "Text", ` + leaf + `}`, `spec: field 48: type "Text": want one of Binary, Bitmap,`},
		{"unknown encoding", "48", `{"type": "String", "length": 3, "enc": "asciiEncoder", "prefix": "ASCII.LL"}`, `spec: field 48: enc "asciiEncoder": want one of ASCII,`},
		{"unknown prefix", "48", `{"type": "String", "length": 3, "enc": "ASCII", "prefix": "ASCII.fixed"}`, `spec: field 48: prefix "ASCII.fixed": want one of ASCII.Fixed,`},
		{"mistyped key", "48", `{"type": "String", "len": 3}`, `unknown field "len"`},
		{"no such field", "129", `{"type": "String", ` + leaf + `}`, `spec: field "129": fields are numbered 0 to 128`},
		{"leading zero", "048", `{"type": "String", ` + leaf + `}`, `spec: field "048": fields are numbered 0 to 128, written without leading zeros`},
		{"old key", "Field048", `{"type": "String", ` + leaf + `}`, `spec: field "Field048"`},
		{"null", "48", `null`, `spec: field 48 is null`},
		{"negative length", "48", `{"type": "String", "length": -1, "enc": "ASCII", "prefix": "ASCII.LL"}`, `spec: field 48: length -1: want 0 to 9999`},
		{"negative bitmap", "1", `{"type": "Bitmap", "length": -1, "enc": "Binary", "prefix": "Binary.Fixed"}`, `spec: field 1: length -1: want 0 to 9999`},
		{"huge length", "48", `{"type": "String", "length": 4000000000, "enc": "ASCII", "prefix": "ASCII.LL"}`, `spec: field 48: length 4000000000`},
		{"no length", "48", `{"type": "String", "enc": "ASCII", "prefix": "ASCII.LL"}`, `spec: field 48: length is missing`},
		{"a bitmap and a half", "1", `{"type": "Bitmap", "length": 12, "enc": "HexToASCII", "prefix": "Hex.Fixed"}`, `bitmap (field 1): length 12, want 8`},
		{"counted bitmap", "1", `{"type": "Bitmap", "length": 8, "enc": "Binary", "prefix": "Binary.L"}`, `spec: field 1: prefix "Binary.L": a bitmap wants a fixed one`},
		{"bitmap elsewhere", "48", `{"type": "Bitmap", "length": 8, "enc": "Binary", "prefix": "Binary.Fixed"}`, `field 1, and no other, is a "Bitmap"`},
		{"third bitmap", "65", `{"type": "String", ` + leaf + `}`, `field 65: it announces a third bitmap`},
		{"MTI of 3", "0", `{"type": "String", "length": 3, "enc": "ASCII", "prefix": "ASCII.Fixed"}`, `MTI (field 0): want 4 digits`},
		{"text with subfields", "48", `{"type": "String", ` + leaf + `, "subfields": {"1": {"type": "String", ` + leaf + `}}}`, `spec: field 48: type "String" has no subfields, tag or bitmap`},
		{"composite without subfields", "48", `{"type": "Composite", ` + leaf + `}`, `spec: field 48: type "Composite" without subfields`},
		{"composite without tag", "48", `{"type": "Composite", "length": 9, "prefix": "ASCII.LL", "subfields": {"1": {"type": "String", ` + leaf + `}}}`, `wants either "tag" or "bitmap"`},
		{"composite that is padded", "48", `{"type": "Composite", "length": 9, "prefix": "ASCII.LL", "padding": {"type": "Left", "pad": "0"}, "tag": {"sort": "StringsByInt"}, "subfields": {"1": {"type": "String", ` + leaf + `}}}`, `cannot be padded`},
		{"BCD of any length", "55", tagged(`{"enc": "BerTLVTag", "sort": "StringsByHex"}`, `{"9F02": {"type": "String", "enc": "BCD", "prefix": "BerTLV"}}`), `spec: field 55.9F02: prefix "BerTLV" with enc "BCD" and no length`},
		{"LBCD of any length", "55", tagged(`{"enc": "BerTLVTag", "sort": "StringsByHex"}`, `{"9F02": {"type": "String", "enc": "LBCD", "prefix": "BerTLV"}}`), `spec: field 55.9F02: prefix "BerTLV" with enc "LBCD"`},
		{"hexadecimal of any length", "55", tagged(`{"enc": "BerTLVTag", "sort": "StringsByHex"}`, `{"9F02": {"type": "Binary", "enc": "HexToASCII", "prefix": "BerTLV"}}`), `spec: field 55.9F02: prefix "BerTLV" with enc "HexToASCII"`},
		{"constructed element", "55", tagged(`{"enc": "BerTLVTag", "sort": "StringsByHex"}`, `{"70": {"type": "Composite", "length": 99, "prefix": "BerTLV", "tag": {"enc": "BerTLVTag", "sort": "StringsByHex"}, "subfields": {"9A": {"type": "Hex", "enc": "Binary", "prefix": "BerTLV"}}}}`), `spec: field 55.70: prefix "BerTLV" on a composite field breaks on long lengths`},
		{"tag of no length", "48", tagged(`{"enc": "ASCII", "sort": "StringsByInt"}`, `{"1": {"type": "String", `+leaf+`}}`), `spec: field 48.tag: length 0: want 1 to 16 characters, else reading would not move on`},
		{"tag of unknown encoding", "48", tagged(`{"enc": "ascii7", "length": 2, "sort": "StringsByInt"}`, `{"1": {"type": "String", `+leaf+`}}`), `spec: field 48.tag: enc "ascii7"`},
		{"tag without order", "48", tagged(`{"enc": "ASCII", "length": 2}`, `{"1": {"type": "String", `+leaf+`}}`), `spec: field 48.tag: sort ""`},
		{"tags of two kinds", "48", tagged(`{"enc": "ASCII", "length": 2, "sort": "StringsByInt"}`, `{"1": {"type": "String", `+leaf+`}, "A": {"type": "String", `+leaf+`}}`), `spec: field 48: some keys of its subfields are numbers and some are not`},
		{"stored tags that cannot be ordered", "55", tagged(`{"enc": "BerTLVTag", "sort": "StringsByInt", "skipUnknownTLVTags": true, "storeUnknownTLVTags": true}`, `{"82": {"type": "Hex", "enc": "Binary", "prefix": "BerTLV"}}`), `spec: field 55.tag: storeUnknownTLVTags wants`},
		{"unknown tags of fixed length", "55", tagged(`{"enc": "BerTLVTag", "sort": "StringsByHex", "skipUnknownTLVTags": true, "prefUnknownTLV": "ASCII.Fixed"}`, `{"82": {"type": "Hex", "enc": "Binary", "prefix": "BerTLV"}}`), `spec: field 55.tag: prefUnknownTLV "ASCII.Fixed"`},
		{"bitmap that grows in a field", "48", `{"type": "Composite", "length": 99, "prefix": "ASCII.LL", "bitmap": {"type": "Bitmap", "length": 8, "enc": "Binary", "prefix": "Binary.Fixed"}, "subfields": {"1": {"type": "String", ` + leaf + `}}}`, `spec: field 48.bitmap: want "disableAutoExpand": true`},
		{"subfield zero of a bitmap", "48", `{"type": "Composite", "length": 99, "prefix": "ASCII.LL", "bitmap": {"type": "Bitmap", "length": 8, "enc": "Binary", "prefix": "Binary.Fixed", "disableAutoExpand": true}, "subfields": {"0": {"type": "String", ` + leaf + `}}}`, `spec: field 48.0: subfields by bitmap are numbered from 1`},
		{"hexadecimal that counts twice", "52", `{"type": "String", "length": 8, "enc": "HexToASCII", "prefix": "Hex.Fixed"}`, `spec: field 52: prefix "Hex.Fixed" counts twice`},
		{"hexadecimal the other way", "52", `{"type": "String", "length": 8, "enc": "ASCIIToHex", "prefix": "ASCII.Fixed"}`, `spec: field 52: enc "ASCIIToHex" counts characters`},
		{"tags as a value", "52", `{"type": "String", "length": 8, "enc": "BerTLVTag", "prefix": "ASCII.Fixed"}`, `spec: field 52: enc "BerTLVTag" is for tags`},
		{"pad of two characters", "4", `{"type": "String", "length": 12, "enc": "ASCII", "prefix": "ASCII.Fixed", "padding": {"type": "Left", "pad": "00"}}`, `spec: field 4.padding: pad: want one ASCII character`},
		{"pad of two octets", "4", `{"type": "String", "length": 12, "enc": "ASCII", "prefix": "ASCII.Fixed", "padding": {"type": "Left", "pad": "é"}}`, `spec: field 4.padding: pad: want one ASCII character`},
		{"pad nowhere", "4", `{"type": "String", "length": 12, "enc": "ASCII", "prefix": "ASCII.Fixed", "padding": {"type": "leftPadder", "pad": "0"}}`, `spec: field 4.padding: type "leftPadder"`},
		{"subfields without end", "48", strings.Repeat(`{"type": "Composite", "length": 99, "prefix": "ASCII.LL", "tag": {"sort": "StringsByInt"}, "subfields": {"1": `, 20) + `{"type": "String", ` + leaf + `}` + strings.Repeat("}}", 20), `subfields are nested deeper than 8`},
		{"wrong kind of value", "48", `{"type": 7}`, `spec: line 1: json:`},
	} {
		fields := map[string]json.RawMessage{}
		for k, v := range good["fields"].(map[string]any) {
			fields[k], _ = json.Marshal(v)
		}
		fields[c.number] = json.RawMessage(c.spec)
		file, err := json.Marshal(map[string]any{"name": "x", "fields": fields})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if _, err := LoadSpec(strings.NewReader(string(file))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\n got %v\nwant %s", c.name, err, c.want)
		}
	}
	for _, c := range []struct{ name, text, want string }{
		{"nothing", ``, "spec: EOF"},
		{"no fields", `{"name": "x"}`, `spec: "fields" is empty`},
		{"no MTI", `{"fields": {"1": {"type": "Bitmap", "length": 8, "enc": "Binary", "prefix": "Binary.Fixed"}}}`, "spec: MTI field (0) is required"},
		{"bad syntax", "{\n\"fields\": {\n  \"0\": }\n}", "spec: line 3:"},
		{"two objects", string(text) + "{}", "spec: something follows the JSON object"},
		{"too large", `{"name": "` + strings.Repeat("x", maxSpec) + `"}`, "spec: larger than 1048576 octets"},
	} {
		if _, err := LoadSpec(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\n got %v\nwant %s", c.name, err, c.want)
		}
	}
}

func TestMACOfAnotherShapeIsRefused(t *testing.T) {
	spec := iso87Spec()
	spec.Fields[64] = field.NewString(field.NewSpec(16, "MAC", encoding.ASCII, prefix.ASCII.Fixed))
	if _, err := ISO87().WithSpec(spec); err == nil || !strings.Contains(err.Error(), "field 64: a MAC is 8 octets") {
		t.Error(err)
	}
	spec = iso87Spec()
	spec.Fields[25] = field.NewString(field.NewSpec(3, "condition", encoding.ASCII, prefix.ASCII.Fixed))
	if _, err := ISO87().WithSpec(spec); err == nil || !strings.Contains(err.Error(), "form of balance does not fit the spec: field 25, offset") {
		t.Error(err)
	}
	delete(spec.Fields, 25)
	if _, err := ISO87().WithSpec(spec); err == nil || !strings.Contains(err.Error(), "form of balance: field 25 is not in the spec") {
		t.Error(err)
	}
}

// What LoadSpec refuses can still be built in Go: it is an error of the field,
// never a panic. All of these panic in moov v0.26.1.
func TestPanicsOfMoovAreErrors(t *testing.T) {
	tlv := func(f field.Field) field.Field {
		return field.NewComposite(&field.Spec{Length: 255, Pref: prefix.Binary.L,
			Tag: &field.TagSpec{Enc: encoding.BerTLVTag, Sort: sort.StringsByHex}, Subfields: map[string]field.Field{"70": f}})
	}
	inner := field.NewComposite(&field.Spec{Length: 99, Pref: prefix.BerTLV,
		Tag:       &field.TagSpec{Enc: encoding.BerTLVTag, Sort: sort.StringsByHex},
		Subfields: map[string]field.Field{"9A": field.NewHex(field.NewSpec(0, "", encoding.Binary, prefix.BerTLV))}})
	for _, c := range []struct {
		name, octets string
		f            field.Field
	}{
		{"BCD, 2 to the 63rd less 1", "\x70\x88\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", field.NewString(field.NewSpec(0, "", encoding.BCD, prefix.BerTLV))},
		{"LBCD, 2 to the 62nd", "\x70\x88\x40\x00\x00\x00\x00\x00\x00\x00", field.NewString(field.NewSpec(0, "", encoding.LBCD, prefix.BerTLV))},
		{"hexadecimal, 2 to the 62nd", "\x70\x88\x40\x00\x00\x00\x00\x00\x00\x00", field.NewBinary(field.NewSpec(0, "", encoding.BytesToASCIIHex, prefix.BerTLV))},
		{"composite, negative", "\x70\x88\x80\x00\x00\x00\x00\x00\x00\x00", inner},
	} {
		spec := iso87Spec()
		spec.Fields[55] = tlv(c.f)
		d, err := ISO87().WithSpec(spec)
		if err != nil {
			t.Fatal(err)
		}
		panics := false
		func() {
			defer func() { panics = recover() != nil }()
			message := iso8583.NewMessage(spec)
			message.Unpack([]byte("02000000000000000200" + string(rune(len(c.octets))) + c.octets))
		}()
		if !panics {
			t.Logf("%s: moov does not panic any more", c.name)
		}
		m := d.NewMessage()
		err = m.Read([]byte("02000000000000000200" + string(rune(len(c.octets))) + c.octets))
		if got, want := errText(err), "field 55, offset 22: part 55.70 length has 8 octets, at most 4 are read"; got != want {
			t.Errorf("%s: %s, want %s", c.name, got, want)
		}
	}
}

// moov packs an element of no octets without its length (82 00 as 82) and puts
// elements in its own order; both would break the MAC and the next reader.
func TestCompositeFieldsStayAsTheyCame(t *testing.T) {
	d := padded(t)
	for _, ic := range []string{"\x91\x00\x82\x00", "\x9F\x02\x06\x00\x00\x00\x00\x01\x00\x82\x02\x20\x00", "\x82\x00\x82\x01\x00"} {
		m := d.NewMessage()
		m.SetMTI("0200")
		m.SetFieldString(55, ic)
		b, err := m.Append(nil)
		if err != nil {
			t.Errorf("%X: %v", ic, err)
			continue
		}
		got := d.NewMessage()
		if err := got.Read(b); err != nil || got.FieldText(55) != ic {
			t.Errorf("%X reads as %X, %v", ic, got.FieldText(55), err)
		}
	}
	m := d.NewMessage()
	m.SetMTI("0200")
	m.SetFieldString(55, "\x82\x05\x00")
	if _, err := m.Append(nil); errText(err) != "field 55, offset 23: part 55.82 wants 5 octets, 1 are left" {
		t.Error(err)
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
