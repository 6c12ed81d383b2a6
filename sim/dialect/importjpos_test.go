package dialect

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// jposVector is a value that a field packager of jPOS wrote or read.
type jposVector struct {
	ID, Class, Hex, Error, Note string
	Token                       *string
	Length, Field               int
	Pad, Trim                   *bool
	Value                       *string
	ValueHex                    *string `json:"value_hex"`
	ReadBack                    any     `json:"read_back"`
	Consumed                    *int
	Bits                        []int
}

func (v *jposVector) String() string {
	return fmt.Sprintf("%s %s(%d)", v.ID, v.Class, v.Length)
}

func (v *jposVector) value() string {
	if v.ValueHex != nil {
		b, _ := hex.DecodeString(*v.ValueHex)
		return string(b)
	}
	if v.Value == nil {
		return ""
	}
	return latin1(*v.Value)
}

// latin1 is text in Latin-1, as jPOS has it: a question mark for what is not in it.
func latin1(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r > 255 {
			r = '?'
		}
		b.WriteByte(byte(r))
	}
	return b.String()
}

// packagerOf is a packager file with the field of the vector.
func packagerOf(v *jposVector) []byte {
	class := v.class()
	more := ""
	for key, value := range map[string]*bool{"pad": v.Pad, "trim": v.Trim} {
		if value != nil {
			more += fmt.Sprintf(" %s=%q", key, fmt.Sprint(*value))
		}
	}
	if v.Token != nil {
		more += fmt.Sprintf(` token="%s"`, html.EscapeString(*v.Token))
	}
	return fmt.Appendf(nil, `<isopackager><isofield id="0" length="4" name="mti" class="org.jpos.iso.IFB_NUMERIC"/>
<isofield id="1" length="16" name="bitmap" class="org.jpos.iso.IFB_BITMAP"/>
<isofield id="%d" length="%d" name="field" class="%s"%s/></isopackager>`, v.number(), v.Length, class, more)
}

// class is the whole name of the vector's class.
func (v *jposVector) class() string {
	if strings.Contains(v.Class, ".") {
		return v.Class
	}
	return "org.jpos.iso." + v.Class
}

func (v *jposVector) number() int {
	if v.Field > 1 {
		return v.Field
	}
	return 2
}

// better says where a dialect does not do what jPOS does, and why.
func (v *jposVector) better() string {
	spare := strings.HasPrefix(v.Class, "IFEB_") || v.Class == "IFA_LLBNUM"
	switch {
	case spare && v.Error == "too_long" && len(v.value()) == v.Length+1:
		return "what was read with its spare digit can be written again"
	case strings.HasSuffix(v.Class, "BINARY") && v.Error == "" && len(v.value()) > v.Length:
		return "octets that jPOS writes and then refuses to read are refused"
	case v.Class == "IF_ECHAR" && v.Error == "" && len(v.value()) > v.Length:
		return "a value longer than its fixed length is refused"
	case strings.Contains(v.Note, "ASCII digits where EBCDIC digits belong"), strings.Contains(v.Note, "not hexadecimal"):
		return "wrong digits are refused"
	case v.Class == "IFE_BINARY" && v.ID[0] == 'u':
		return "jPOS reads A to F one too high"
	}
	return ""
}

// interop reads a file of the folder that POSFLEET_JPOS_VECTORS names, with what jPOS
// wrote and read.
func interop(t *testing.T, file string, to any) {
	t.Helper()
	folder := os.Getenv("POSFLEET_JPOS_VECTORS")
	if folder == "" {
		t.Skip("NOT COMPARED with jPOS: POSFLEET_JPOS_VECTORS names no folder with what it wrote and read")
	}
	text, err := os.ReadFile(filepath.Join(folder, file))
	if err == nil {
		err = json.Unmarshal(text, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// tally counts what became of vectors.
type tally struct {
	agree           int
	refused, better map[string]int // by reason
	differ          []string
}

func newTally() *tally { return &tally{refused: map[string]int{}, better: map[string]int{}} }

func (n *tally) report(t *testing.T) {
	t.Helper()
	sum := func(of map[string]int) (all int, text string) {
		for _, why := range slices.Sorted(maps.Keys(of)) {
			all += of[why]
			text += fmt.Sprintf("\n  %4d %s", of[why], why)
		}
		return all, text
	}
	refused, why := sum(n.refused)
	better, how := sum(n.better)
	t.Logf("%d agree, %d differ\n%d refused by name:%s\n%d on purpose not as jPOS:%s", n.agree, len(n.differ), refused, why, better, how)
	for _, d := range n.differ {
		t.Error(d)
	}
}

const vectorPrelude = "\x02\x00"

func TestImportedFieldsAreAsJPOSHasThem(t *testing.T) {
	var all struct{ Pack, Unpack []jposVector }
	interop(t, "packagers.json", &all)
	n := newTally()
	for i := range all.Pack {
		n.pack(&all.Pack[i])
	}
	for i := range all.Unpack {
		n.unpack(&all.Unpack[i])
	}
	n.report(t)
}

// dialect is the one of the vector's packager; nil when it is refused, which is
// counted.
func (n *tally) dialect(v *jposVector) *Dialect {
	if strings.Contains(v.Class, "BITMAP") {
		return nil // another test's
	}
	text, _, err := Import("vector.xml", packagerOf(v), "")
	if err != nil {
		_, why, _ := strings.Cut(err.Error(), ": ")
		_, why, _ = strings.Cut(why, ": ")
		n.refused[fmt.Sprintf("%s: %.100s", v.Class, why)]++
		return nil
	}
	d, err := Parse("vector.yaml", text, nil)
	if err != nil {
		n.differ = append(n.differ, fmt.Sprintf("%s: %v\n%s", v, err, text))
		return nil
	}
	return d
}

func (n *tally) pack(v *jposVector) {
	d := n.dialect(v)
	if d == nil {
		return
	}
	m := d.NewMessage()
	m.SetMTI("0200")
	m.SetFieldString(v.number(), v.value())
	b, err := m.Append(nil)
	if (err != nil) != (v.Error != "") || err == nil && hex.EncodeToString(b[10:]) != v.Hex {
		if why := v.better(); why != "" {
			n.better[why]++
			return
		}
		n.differ = append(n.differ, fmt.Sprintf("%s: %q packs to %x, %v; jPOS: %s %s %s", v, v.value(), b, err, v.Hex, v.Error, v.Note))
		return
	}
	if err != nil {
		n.agree++
		return
	}
	want := v.value()
	if s, ok := v.ReadBack.(string); ok {
		want = latin1(s)
	}
	got := d.NewMessage()
	if err := got.Read(b); err != nil || got.FieldText(v.number()) != want {
		n.differ = append(n.differ, fmt.Sprintf("%s: %x reads back as %q, %v; jPOS: %q", v, b, got.FieldText(v.number()), err, want))
		return
	}
	n.agree++
}

func (n *tally) unpack(v *jposVector) {
	d := n.dialect(v)
	if d == nil {
		return
	}
	b, _ := hex.DecodeString(v.Hex)
	if v.Consumed != nil {
		b = b[:*v.Consumed]
	}
	m := d.NewMessage()
	m.SetMTI("0200")
	at := v.number() - 1
	bitmap := make([]byte, 8)
	bitmap[at/8] = 0x80 >> (at % 8)
	err := m.Read(append([]byte(vectorPrelude+string(bitmap)), b...))
	if (err != nil) != (v.Error != "") || err == nil && m.FieldText(v.number()) != v.value() {
		if why := v.better(); why != "" {
			n.better[why]++
			return
		}
		n.differ = append(n.differ, fmt.Sprintf("%s: %x reads as %q, %v; jPOS: %q %s %s", v, b, m.FieldText(v.number()), err, v.value(), v.Error, v.Note))
		return
	}
	n.agree++
}

// bitmapOf is the dialect of a packager with this class of bitmap, whose fields
// are empty and have a length of one digit.
func bitmapOf(v *jposVector) (*Dialect, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `<isopackager><isofield id="0" length="4" name="mti" class="org.jpos.iso.IFB_NUMERIC"/><isofield id="1" length="%d" name="bitmap" class="%s"/>`, v.Length, v.class())
	for n := 2; n <= 128; n++ {
		fmt.Fprintf(&b, `<isofield id="%d" length="9" name="field" class="org.jpos.iso.IFA_LCHAR"/>`, n)
	}
	text, _, err := Import("bitmap.xml", []byte(b.String()+"</isopackager>"), "")
	if err != nil {
		return nil, err
	}
	return Parse("bitmap.yaml", text, nil)
}

func TestImportedBitmapsAreAsJPOSHasThem(t *testing.T) {
	var all struct{ Pack, Unpack []jposVector }
	interop(t, "packagers.json", &all)
	n := newTally()
	for _, v := range append(all.Pack, all.Unpack...) {
		if !strings.Contains(v.Class, "BITMAP") {
			continue
		}
		beyond := slices.ContainsFunc(v.Bits, func(bit int) bool { return bit == 1 || bit == 65 || bit > 128 })
		d, err := bitmapOf(&v)
		switch {
		case err != nil:
			n.refused[err.Error()]++
			continue
		case v.Error != "" && v.Bits == nil:
			octets, _ := hex.DecodeString(v.Hex)
			if err := d.NewMessage().Read(append([]byte(vectorPrelude), octets...)); err == nil {
				n.differ = append(n.differ, fmt.Sprintf("%s: %s reads; jPOS: %s", &v, v.Hex, v.Error))
				continue
			}
			n.agree++
			continue
		case beyond:
			n.refused["bits 1 and 65, and those above 128, are no fields"]++
			continue
		case len(v.Bits) == 0:
			n.better["a message without fields has a bitmap all the same"]++
			continue
		}
		n.bitmap(d, &v)
	}
	n.report(t)
}

func (n *tally) bitmap(d *Dialect, v *jposVector) {
	m := d.NewMessage()
	m.SetMTI("0200")
	for _, bit := range v.Bits {
		if !d.HasField(bit) {
			n.refused[fmt.Sprintf("%s(%d): bit %d", v.Class, v.Length, bit)]++
			return
		}
		m.SetFieldString(bit, "")
	}
	b, err := m.Append(nil)
	want, _ := hex.DecodeString(v.Hex)
	written := want
	if v.ID[0] == 'u' && v.Consumed != nil { // what jPOS read of it
		written = want[:*v.Consumed]
	}
	if v.Class == "IFA_BITMAP" { // small digits are read
		written = bytes.ToUpper(written)
	}
	got := d.NewMessage()
	readErr := got.Read(slices.Concat([]byte(vectorPrelude), written, bytes.Repeat([]byte("0"), len(v.Bits))))
	switch {
	case v.Note == "not hexadecimal" && readErr != nil:
		n.better["wrong digits are refused"]++
		return
	case err != nil || !bytes.HasPrefix(b[2:], written) || len(b) != 2+len(written)+len(v.Bits) || readErr != nil || got.Present() != m.Present():
		n.differ = append(n.differ, fmt.Sprintf("%s bits %v: packs to %x, %v; reads %v, %v; jPOS: %s %s", v, v.Bits, b, err, slices.Collect(got.Fields), readErr, v.Hex, v.Note))
		return
	case v.Consumed != nil && v.ID[0] == 'p':
		n.better["a second bitmap that is written is read, too"]++
		return
	}
	n.agree++
}
