package dialect

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moov-io/iso8583/specs"

	"github.com/posfleet/posfleet/sim/wire"
)

// again exports a dialect, imports what was exported and exports that.
func again(t *testing.T, d *Dialect) (back *Dialect, text []byte) {
	t.Helper()
	first, err := d.Export()
	if err != nil {
		t.Fatal(d.Name, err)
	}
	if text, _, err = Import(d.Name+".json", first, ""); err != nil {
		t.Fatalf("%s: %v\n%s", d.Name, err, first)
	}
	if back, err = Parse(d.Name+".yaml", text, nil); err != nil {
		t.Fatalf("%s: %v\n%s", d.Name, err, text)
	}
	second, err := back.Export()
	if err != nil || string(second) != string(first) {
		t.Errorf("%s: exported again it is another, %v:\n%s", d.Name, err, differingLines(string(first), string(second)))
	}
	return back, text
}

func differingLines(a, b string) string {
	var out strings.Builder
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range max(len(x), len(y)) {
		var l, r string
		if i < len(x) {
			l = x[i]
		}
		if i < len(y) {
			r = y[i]
		}
		if l != r {
			fmt.Fprintf(&out, "- %s\n+ %s\n", l, r)
		}
	}
	return out.String()
}

func TestWhatIsExportedIsImportedUnchanged(t *testing.T) {
	for _, name := range Names() {
		d, _ := Named(name)
		back, _ := again(t, d)
		for n, f := range d.Spec.Fields {
			if got := back.Spec.Fields[n]; got == nil || got.Spec().Length != f.Spec().Length && n != 1 || wire.EncodingName(got.Spec().Enc) != wire.EncodingName(f.Spec().Enc) {
				t.Errorf("%s: field %d comes back as another", name, n)
			}
		}
	}
	for _, c := range fieldClasses {
		var class, pad string
		var length int
		fmt.Sscan(c.class, &class, &length, &pad)
		if !strings.Contains(class, ".") {
			class = "org.jpos.iso." + class
		}
		again(t, imported(t, fmt.Sprintf(`<isofield id="44" length="%d" name="field" class="%s" pad="%v"/>`, length, class, pad == "pad")))
	}
	for _, c := range composedFields {
		again(t, composedField(t, c.attributes, c.parts))
	}
}

// TestStockPackagersAreExportedAndImportedUnchanged is for the packager files of
// jPOS, where they are.
func TestStockPackagersAreExportedAndImportedUnchanged(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(os.Getenv("POSFLEET_JPOS_VECTORS"), "packagers", "*.xml"))
	if len(files) == 0 || os.Getenv("POSFLEET_JPOS_VECTORS") == "" {
		t.Skip("NOT TRIED: POSFLEET_JPOS_VECTORS has no folder packagers with the packager files of jPOS")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text, _, err := Import(file, data, "")
		if err != nil {
			t.Log(err)
			continue
		}
		d, err := Parse(file, text, nil)
		if err != nil {
			t.Fatal(err)
		}
		again(t, d)
	}
}

func TestSpecsOfMoovAreImported(t *testing.T) {
	raw, err := os.ReadFile("testdata/padded.json")
	if err != nil {
		t.Fatal(err)
	}
	text, notes, err := Import("padded.json", raw, "")
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse("padded.yaml", text, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if !strings.Contains(strings.Join(notes, "\n"), "field 43: moov's EBCDIC") {
		t.Errorf("notes: %q", notes)
	}
	m, of := d.NewMessage(), padded(t).NewMessage()
	for _, m := range []*wire.Message{m, of} {
		m.SetMTI("0200")
		m.SetFieldString(3, "1")
		m.SetFieldString(11, "42")
		m.SetFieldString(41, "T1")
		m.SetFieldString(43, "SHOP")
		m.SetFieldString(48, "0103ABC"+"0203100")
		m.SetField(62, []byte{0xDE, 0xAD})
	}
	a, errA := m.Append(nil)
	b, errB := of.Append(nil)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("packs to %q, %v; the spec to %q, %v", a, errA, b, errB)
	}
	if string(m.Sub("48.01")) != "ABC" && string(m.Sub("48.1")) != "ABC" {
		t.Errorf("the parts of 48 are not told apart:\n%s", text)
	}

	stock, err := specs.ExportJSON(specs.Spec87ASCII)
	if err != nil {
		t.Fatal(err)
	}
	text, notes, err = Import("87.json", stock, "")
	if err != nil {
		t.Fatal(err)
	}
	both, err := Parse("87.yaml", text, nil)
	if err != nil || !strings.Contains(string(text), "bitmap: hex 16") || !strings.Contains(strings.Join(notes, "\n"), "each message has 16 octets of bitmap") {
		t.Errorf("a bitmap of 16 octets in every message: %v, %q", err, notes)
	}
	m = both.NewMessage()
	m.SetMTI("0800")
	if b, err := m.Append(nil); err != nil || string(b) != "0800"+strings.Repeat("0", 32) {
		t.Errorf("an empty message is %q, %v", b, err)
	}
	again(t, both)
	mended := strings.Replace(string(stock), `"length": 16,
			"description": "Bitmap"`, `"length": 8,
			"description": "Bitmap"`, 1)
	text, notes, err = Import("87.json", []byte(mended), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse("87.yaml", text, nil); err != nil || !strings.Contains(strings.Join(notes, "\n"), "field 52: prefix Hex.Fixed counts twice") {
		t.Errorf("%v, %q", err, notes)
	}
}
