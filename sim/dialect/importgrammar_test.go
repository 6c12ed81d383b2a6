package dialect

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"testing"
)

// jposGrammar is a packager file, and what jPOS makes of it.
type jposGrammar struct {
	Name, XML, Hex, Reason, Detail, Note string
	Loads                                bool
	HeaderHex                            string `json:"header_hex"`
	PackError                            string `json:"pack_error"`
	ReadBackError                        string `json:"read_back_error"`
	Fields                               map[string]json.RawMessage
	ReadBack                             map[string]json.RawMessage `json:"read_back"`
	Consumed                             *int
}

// lenient are files that jPOS does not load and a dialect is made of all the same.
var lenient = []string{
	"doctype SYSTEM with an unknown .dtd name, from a file", // which is not fetched
	"no doctype",
	"wrapped in another root element",
	"validator elements with the plain DTD",
}

func TestPackagersLoadAsInJPOS(t *testing.T) {
	var all struct{ Cases []jposGrammar }
	interop(t, "grammar.json", &all)
	n := newTally()
	for i := range all.Cases {
		v := &all.Cases[i]
		text, _, err := Import("file.xml", []byte(v.XML), "")
		switch {
		case err != nil && v.Loads:
			n.refused[fmt.Sprintf("%s: %v", v.Name, err)]++
		case err != nil:
			t.Logf("as jPOS: %s: %v", v.Name, err)
			n.agree++
		case !v.Loads && !slices.Contains(lenient, v.Name):
			n.differ = append(n.differ, fmt.Sprintf("%s: loads; jPOS does not load it: %s %s", v.Name, v.Reason, v.Detail))
		case !v.Loads:
			n.better["loads, though not in jPOS: "+v.Name]++
		default:
			d, err := Parse("file.yaml", text, nil)
			if err != nil {
				t.Fatal(v.Name, err)
			}
			n.grammar(d, v)
		}
	}
	n.report(t)
}

// readsBetter are files with which jPOS writes what it does not read back.
var readsBetter = map[string]string{
	"only MTI and bitmap, nothing set":       "a message without fields has a bitmap all the same",
	"headerLength=5, message without header": "a header that is read is written, too",
	"bitmap IFA_BITMAP length 8":             "a second bitmap that is written is read, too",
	"bitmap IFB_BITMAP length 8":             "a second bitmap that is written is read, too",
}

func (n *tally) grammar(d *Dialect, v *jposGrammar) {
	if why := readsBetter[v.Name]; why != "" {
		n.better[why]++
		return
	}
	m := d.NewMessage()
	if d.Header.Len() > 0 {
		m.Head, _ = hex.DecodeString(v.HeaderHex)
	}
	for path, raw := range v.Fields {
		text, _ := valueOf(raw)
		f, err := strconv.Atoi(path)
		switch {
		case err != nil:
			n.refused["subfields: "+v.Name]++
			return
		case f > 0 && !d.HasField(f) && v.PackError == "":
			n.refused[fmt.Sprintf("%s: field %d is left out", v.Name, f)]++
			return
		case f == 0:
			m.SetMTI(text)
		default:
			m.SetFieldString(f, text)
		}
	}
	b, err := m.Append(nil)
	if len(v.Fields) == 0 {
		n.agree++ // it loads
		return
	}
	if (err != nil) != (v.PackError != "") || err == nil && hex.EncodeToString(b) != v.Hex {
		n.differ = append(n.differ, fmt.Sprintf("%s: packs to %x, %v; jPOS: %s %s", v.Name, b, err, v.Hex, v.PackError))
		return
	}
	got := d.NewMessage()
	for path, raw := range v.ReadBack {
		if err := got.Read(b); err != nil {
			n.differ = append(n.differ, fmt.Sprintf("%s: %x does not read: %v", v.Name, b, err))
			return
		}
		want, _ := valueOf(raw)
		if f, _ := strconv.Atoi(path); f > 0 && got.FieldText(f) != want {
			n.differ = append(n.differ, fmt.Sprintf("%s: field %d reads as %q; jPOS: %q", v.Name, f, got.FieldText(f), want))
			return
		}
	}
	n.agree++
}
