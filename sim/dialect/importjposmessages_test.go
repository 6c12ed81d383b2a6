package dialect

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// jposMessage is a whole message that jPOS wrote by one of its stock packagers.
type jposMessage struct {
	Kind, Hex, Error string
	HeaderHex        string                     `json:"header_hex"`
	Fields           map[string]json.RawMessage // value by path
	ReadBack         map[string]json.RawMessage `json:"read_back_differs"`
	ReadBackError    string                     `json:"read_back_error"`
}

// valueOf is a value of jPOS: text, or octets in hexadecimal.
func valueOf(raw json.RawMessage) (string, bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return latin1(text), true
	}
	var octets struct{ Hex *string }
	if json.Unmarshal(raw, &octets) != nil || octets.Hex == nil {
		return "", false
	}
	b, err := hex.DecodeString(*octets.Hex)
	return string(b), err == nil
}

// TestStockPackagersWriteWhatJPOSWrites takes the packager files of jPOS from folder
// packagers of the one that POSFLEET_JPOS_VECTORS names; they are not ours to keep.
func TestStockPackagersWriteWhatJPOSWrites(t *testing.T) {
	var all struct {
		Packagers []struct {
			Packager string
			Messages []jposMessage
		}
	}
	interop(t, "messages.json", &all)
	folder := filepath.Join(os.Getenv("POSFLEET_JPOS_VECTORS"), "packagers")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("NOT COMPARED with jPOS: POSFLEET_JPOS_VECTORS has no folder packagers with its packager files")
	}
	n := newTally()
	for _, p := range all.Packagers {
		data, err := os.ReadFile(filepath.Join(folder, p.Packager))
		if err != nil {
			n.refused[p.Packager+": no such file here"] += len(p.Messages)
			continue
		}
		text, _, err := Import(p.Packager, data, "")
		if err != nil {
			n.refused[err.Error()] += len(p.Messages)
			continue
		}
		d, err := Parse(p.Packager, text, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.Messages {
			n.message(d, p.Packager, &p.Messages[i])
		}
	}
	n.report(t)
}

// message packs what jPOS packed and reads it back.
func (n *tally) message(d *Dialect, packager string, v *jposMessage) {
	name := packager + ", " + v.Kind
	m := d.NewMessage()
	if v.HeaderHex != "" {
		m.Head, _ = hex.DecodeString(v.HeaderHex)
	}
	texts, why := setAll(m, d, v.Fields)
	if why != "" {
		n.refused[name+": "+why]++
		return
	}
	b, err := m.Append(nil)
	if err != nil || hex.EncodeToString(b) != v.Hex {
		n.differ = append(n.differ, fmt.Sprintf("%s: packs to %x, %v; jPOS: %s %s", name, b, err, v.Hex, v.Error))
		return
	}
	if v.ReadBackError != "" {
		n.agree++ // what jPOS cannot read is not compared
		return
	}
	n.readAll(d, name, b, texts, v.ReadBack)
}
