package dialect

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/moov-io/iso8583/field"

	"github.com/posfleet/posfleet/sim/wire"
)

// jposTag is a value under a tag.
type jposTag struct {
	Tag, Hex string
	Value    json.RawMessage
}

func (v *jposTag) text() (string, bool) {
	if v.Value != nil {
		return valueOf(v.Value)
	}
	b, err := hex.DecodeString(v.Hex)
	return string(b), err == nil
}

// ours is a path of jPOS as a dialect has it: tags as they stand on the line.
func ours(d *Dialect, path string) string {
	ids := strings.Split(path, ".")
	n, _ := strconv.Atoi(ids[0])
	f := d.Spec.Fields[n]
	for i, id := range ids[1:] {
		composed, is := f.(*field.Composite)
		if !is {
			return path
		}
		for own, part := range composed.Spec().Subfields {
			if a, err := strconv.Atoi(own); err == nil && strconv.Itoa(a) == id {
				ids[i+1], f = own, part
			}
		}
		if tag := composed.Spec().Tag; tag != nil && ids[i+1] == id && len(id) < tag.Length {
			ids[i+1] = strings.Repeat("0", tag.Length-len(id)) + id
		}
	}
	return strings.Join(ids, ".")
}

// setAll sets fields of jPOS, and gives the text of each by our path; why not
// when one cannot be set.
func setAll(m *wire.Message, d *Dialect, fields map[string]json.RawMessage) (texts map[string]string, why string) {
	texts = map[string]string{}
	parts := map[int]map[string]string{}
	tags := map[int][]jposTag{}
	for _, path := range slices.SortedFunc(maps.Keys(fields), comparePaths) {
		raw := fields[path]
		head, _, sub := strings.Cut(path, ".")
		n, _ := strconv.Atoi(head)
		var tag jposTag
		var list struct{ Tags []jposTag }
		text, plain := valueOf(raw)
		switch {
		case json.Unmarshal(raw, &list) == nil && list.Tags != nil:
			tags[n] = list.Tags
		case json.Unmarshal(raw, &tag) == nil && tag.Tag != "":
			tags[n] = append(tags[n], tag)
		case !plain:
			return nil, "a value of another kind"
		case n == 0:
			m.SetMTI(text)
		case !sub:
			m.SetFieldString(n, text)
			texts[path] = text
		default:
			if parts[n] == nil {
				parts[n] = map[string]string{}
			}
			parts[n][ours(d, path)] = text
			texts[ours(d, path)] = text
		}
	}
	for n, values := range parts {
		if tags[n] != nil {
			return nil, fmt.Sprintf("field %d has tagged parts and others", n)
		}
		if f, composed := d.Spec.Fields[n].(*field.Composite); composed && f.Spec().Tag != nil && f.Spec().Tag.Enc != nil {
			for _, path := range slices.SortedFunc(maps.Keys(values), comparePaths) { // in the order of jPOS, whether listed or not
				one, err := d.PackSubs(n, map[string]string{path: values[path]})
				if err != nil {
					return nil, err.Error()
				}
				m.SetField(n, append(m.Field(n), one...))
			}
			continue
		}
		v, err := d.PackSubs(n, values)
		if err != nil {
			return nil, err.Error()
		}
		m.SetField(n, v)
	}
	for n, list := range tags {
		var v []byte
		for _, t := range list { // in the order in which jPOS was given them
			path := fmt.Sprintf("%d.%s", n, t.Tag)
			text, _ := t.text()
			one, err := d.PackSubs(n, map[string]string{path: text})
			if err != nil {
				return nil, err.Error()
			}
			v = append(v, one...)
			texts[path] = text
		}
		m.SetField(n, v)
	}
	return texts, ""
}

// comparePaths orders 48.2 before 48.12.
func comparePaths(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return x - y
	})
}

func TestImportedCompositesAreAsJPOSHasThem(t *testing.T) {
	var all struct {
		Composites []struct {
			ID, Name, XML, Hex, Error, Note string
			Fields                          map[string]json.RawMessage
			ReadBack                        map[string]json.RawMessage `json:"read_back"`
			ReadBackError                   string                     `json:"read_back_error"`
		}
	}
	interop(t, "packagers.json", &all)
	n := newTally()
	for _, v := range all.Composites {
		text, notes, err := Import("file.xml", []byte(v.XML), "")
		if err != nil {
			n.refused[err.Error()]++
			continue
		}
		d, err := Parse("file.yaml", text, nil)
		if err != nil {
			t.Fatal(v.ID, err)
		}
		m := d.NewMessage()
		texts, why := setAll(m, d, v.Fields)
		if why != "" {
			n.refused[fmt.Sprintf("%s %s: %s: %q", v.ID, v.Name, why, notes)]++
			continue
		}
		b, err := m.Append(nil)
		if err != nil {
			n.refused[fmt.Sprintf("%s %s: %v", v.ID, v.Name, err)]++
			continue
		}
		if v.ReadBackError == "out_of_data" && hex.EncodeToString(b) != v.Hex {
			n.better["a left-out part is filled up; jPOS writes what it cannot read: "+v.ID]++
			continue
		}
		if v.Error != "" || hex.EncodeToString(b) != v.Hex {
			n.differ = append(n.differ, fmt.Sprintf("%s %s: packs to %x, %v; jPOS: %s %s %s", v.ID, v.Name, b, err, v.Hex, v.Error, v.Note))
			continue
		}
		n.readAll(d, v.ID+" "+v.Name, b, texts, v.ReadBack)
	}
	n.report(t)
}

// readAll reads what was packed, and holds each value to what was set, or to what
// jPOS reads of it.
func (n *tally) readAll(d *Dialect, name string, b []byte, texts map[string]string, back map[string]json.RawMessage) {
	got := d.NewMessage()
	if err := got.Read(b); err != nil {
		n.differ = append(n.differ, fmt.Sprintf("%s: %x does not read: %v", name, b, err))
		return
	}
	wants := maps.Clone(texts)
	for path, raw := range back {
		var tag jposTag
		if json.Unmarshal(raw, &tag) == nil && tag.Tag != "" {
			continue // by the tag it is among texts
		}
		if text, ok := valueOf(raw); ok && text != "<lost: octets turned into a Java array name>" && wants[ours(d, path)] != "" {
			wants[ours(d, path)] = text
		}
	}
	for path, want := range wants {
		f, err := strconv.Atoi(path)
		text := got.FieldText(f)
		if err != nil {
			text = string(got.Sub(path))
		}
		if text != want && text == texts[path] {
			n.better["reads what was written, where jPOS does not"]++
			return
		}
		if f != 0 && text != want || err != nil && text != want {
			n.differ = append(n.differ, fmt.Sprintf("%s: %s reads as %q; jPOS: %q", name, path, text, want))
			return
		}
	}
	n.agree++
}

// Parts without tags may stand before those with: 63 of a stock packager of jPOS, whose
// octets these are.
func TestPartsBeforeTagsAreTakenApart(t *testing.T) {
	const tlv = "org.jpos.tlv.packager."
	d := imported(t, `<isofieldpackager id="63" length="40" name="data" class="org.jpos.iso.IFA_LLLCHAR" token="0000" packager="`+tlv+`TaggedSequencePackager">
<isofield id="0" length="1" name="code" class="org.jpos.iso.IF_CHAR"/>
<isofield id="1" length="99" token="####" name="other" class="`+tlv+`IFTA_LLLCHAR"/>
<isofield id="2" length="99" token="0012" name="time" class="`+tlv+`IFTA_LLLNUM"/>
<isofield id="3" length="99" token="0165" name="settled" class="`+tlv+`IFTA_LLLCHAR"/></isofieldpackager>`)
	values := map[string]string{"63.0": "A", "63.1.0012": "12", "63.1.0165": "12"}
	v, err := d.PackSubs(63, values)
	if want := "A001200212016500212"; err != nil || string(v) != want {
		t.Fatalf("packs to %q, %v, want %q", v, err, want)
	}
	m := d.NewMessage()
	m.SetMTI("0200")
	m.SetField(63, v)
	b, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	got := d.NewMessage()
	if err := got.Read(b); err != nil {
		t.Fatal(err)
	}
	for path, want := range values {
		if text := string(got.Sub(path)); text != want {
			t.Errorf("%s reads as %q, want %q", path, text, want)
		}
	}
}

// A last part that is trimmed takes what is left: 59 of a stock packager of jPOS.
func TestATrimmedLastPartTakesWhatIsLeft(t *testing.T) {
	d := imported(t, `<isofieldpackager id="59" length="14" name="place" class="org.jpos.iso.IFB_LLHBINARY" emitBitmap="false" firstField="1" packager="org.jpos.iso.packager.GenericSubFieldPackager">
<isofield id="1" length="2" name="state" class="org.jpos.iso.IFE_CHAR"/>
<isofield id="2" length="3" name="county" class="org.jpos.iso.IFE_CHAR"/>
<isofield id="3" length="9" pad="true" trim="true" name="zip" class="org.jpos.iso.IFE_CHAR"/></isofieldpackager>`)
	values := map[string]string{"59.1": "AB", "59.2": "ABC", "59.3": "ABCDE"}
	v, err := d.PackSubs(59, values)
	if want := "\xC1\xC2\xC1\xC2\xC3\xC1\xC2\xC3\xC4\xC5"; err != nil || string(v) != want {
		t.Fatalf("packs to %X, %v, want %X", v, err, want)
	}
	m := d.NewMessage()
	m.SetMTI("0200")
	m.SetField(59, v)
	b, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	got := d.NewMessage()
	if err := got.Read(b); err != nil {
		t.Fatal(err)
	}
	for path, want := range values {
		if text := string(got.Sub(path)); text != want {
			t.Errorf("%s reads as %q, want %q", path, text, want)
		}
	}
}

// A sequence may list no tags at all, and have one way of writing any.
func TestTagsOfWhichNoneIsListedAreTakenApart(t *testing.T) {
	const tlv = "org.jpos.tlv.packager."
	d := imported(t, `<isofieldpackager id="64" length="80" name="more" class="org.jpos.iso.IFA_LLLCHAR" token="00" packager="`+tlv+`TaggedSequencePackager">
<isofield id="0" length="2" name="version" class="org.jpos.iso.IFA_NUMERIC"/>
<isofield id="1" length="60" token="##" name="any" class="`+tlv+`IFTA_LLCHAR"/></isofieldpackager>
<isofieldpackager id="62" length="80" name="all" class="org.jpos.iso.IFA_LLLCHAR" token="00" packager="`+tlv+`TaggedSequencePackager">
<isofield id="0" length="60" token="###" name="any" class="`+tlv+`IFTA_LLLCHAR"/></isofieldpackager>`)
	m := d.NewMessage()
	m.SetMTI("0200")
	values := map[string]string{"62.A01": "", "62.A02": "XY", "64.0": "07", "64.1.17": "LAGOS", "64.1.99": "1"}
	for f, want := range map[int]string{62: "A01000A02002XY", 64: "071705LAGOS99011"} {
		v, err := d.PackSubs(f, maps.Collect(func(yield func(string, string) bool) {
			for path, text := range values {
				if strings.HasPrefix(path, strconv.Itoa(f)) && !yield(path, text) {
					return
				}
			}
		}))
		if err != nil || string(v) != want {
			t.Fatalf("%d packs to %q, %v, want %q", f, v, err, want)
		}
		m.SetField(f, v)
	}
	b, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	got := d.NewMessage()
	if err := got.Read(b); err != nil {
		t.Fatal(err)
	}
	for path, want := range values {
		if text := string(got.Sub(path)); text != want {
			t.Errorf("%s reads as %q, want %q", path, text, want)
		}
	}
	for _, bad := range []string{"0717", "07170", "071705LAG", "A01000A"} {
		m.SetField(64, []byte(bad))
		if b, err := m.Append(nil); err == nil && got.Read(b) == nil {
			t.Errorf("%q reads", bad)
		}
	}
}

// What packs in ways that dialects do not know is one value, and the reason is told.
func TestWhatADialectCannotTellApartIsNamed(t *testing.T) {
	const p = "org.jpos.iso.packager."
	for packager, why := range map[string]string{
		p + "GICCSubFieldPackager": "length before their tag", p + "EuroSubFieldPackager": "length before their tag",
		p + "CTCSubElementPackager": "does not read back", p + "DatasetPackager": "data sets", p + "ICCDataPackager": "data sets",
		p + "ISO87APackager": "in Java", "org.jpos.tlv.packager.BinaryHexTaggedSequencePackager": "are octets",
		"ng.bank.switch.Field60Packager": "a program's own packager",
	} {
		text, notes, err := Import("bank.xml", fileOf(`<isofieldpackager id="60" length="99" name="data" class="org.jpos.iso.IFE_LLLBINARY" packager="`+packager+`">
<isofield id="0" length="9" name="lead" class="org.jpos.iso.IF_CHAR"/><isofield id="40" length="2" name="part" class="org.jpos.iso.IFEP_LLLBINARY"/></isofieldpackager>`), "")
		if err != nil || !strings.Contains(strings.Join(notes, "\n"), why) || !strings.Contains(strings.Join(notes, "\n"), "field 60 (data, line 3)") {
			t.Errorf("%s: %v, %q, want field, line and %q", packager, err, notes, why)
			continue
		}
		d, err := Parse("bank.yaml", text, nil)
		if err != nil {
			t.Fatal(err)
		}
		m := d.NewMessage()
		m.SetMTI("0200")
		m.SetField(60, []byte("\x01\x02"))
		if b, err := m.Append(nil); err != nil || d.NewMessage().Read(b) != nil {
			t.Errorf("%s: %x, %v: not one value", packager, b, err)
		}
	}
}
