package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// purchaseOf is a purchase of a dialect, packed, with a trace number.
func purchaseOf(t testing.TB, d *dialect.Dialect, trace uint64) *wire.Message {
	t.Helper()
	m := d.NewMessage()
	d.Form(dialect.Purchase).Begin(m)
	m.SetUint(wire.Trace, trace)
	m.SetUint(wire.Amount, 100)
	m.SetString(wire.TerminalID, "10000001")
	m.SetString(wire.MerchantID, "999290054110001")
	m.SetString(wire.Track2, "6225000000000014=49122010000000000000")
	if d.MAC {
		m.AddMAC()
	}
	if _, err := m.Append(nil); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEachFieldHasDefects(t *testing.T) {
	for name, d := range dialect.Dialects() {
		m := purchaseOf(t, d, 1)
		names, fields, kinds := map[string]bool{}, map[int]int{}, map[wire.DefectKind]int{}
		for _, x := range m.Defects(1) {
			if names[x.Name] {
				t.Errorf("%s: two defects are named %s", name, x.Name)
			}
			names[x.Name] = true
			fields[x.Field]++
			kinds[x.Kind]++
			if x.Doc == "" || strings.ContainsAny(x.Name, " ,") {
				t.Errorf("%s: %q says %q", name, x.Name, x.Doc)
			}
		}
		for n := 2; n <= 128; n++ {
			if d.HasField(n) && !d.HasParts(n) && fields[n] < 3 {
				t.Errorf("%s: field %d has %d defects", name, n, fields[n])
			}
		}
		for k := range wire.DefectKinds {
			if kinds[k] == 0 {
				t.Errorf("%s: none is of kind %s", name, k)
			}
			if back, ok := wire.DefectKindNamed(k.String()); !ok || back != k {
				t.Errorf("kind %s is %s by its name", k, back)
			}
		}
	}
}

func TestDefectsAreOfTheSeed(t *testing.T) {
	d := dialect.CUP()
	m, other := purchaseOf(t, d, 1), purchaseOf(t, d, 987654)
	told := func(m *wire.Message, seed uint64) (all []string) {
		for _, x := range m.Defects(seed) {
			all = append(all, x.Name+": "+x.Doc)
		}
		return all
	}
	if a, b := told(m, 1), told(other, 1); fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("another message has other defects:\n%v\n%v", a, b)
	}
	if fmt.Sprint(told(m, 1)) == fmt.Sprint(told(m, 2)) {
		t.Error("another seed draws the same")
	}
	for _, x := range m.Defects(7) {
		a, _ := m.Spoil(&x, nil)
		b, err := m.Spoil(&x, nil)
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: %X and %X, %v", x.Name, a, b, err)
		}
	}
}

// What can be read is under a right MAC, and so is what cannot, as far as the octets
// before the MAC tell: a host that looks at the MAC first is not let off.
func TestSpoiltMessagesAreSealed(t *testing.T) {
	for name, d := range dialect.Dialects() {
		m := purchaseOf(t, d, 1)
		sealed := 0
		for _, x := range m.Defects(1) {
			var over []byte
			frame, err := m.Spoil(&x, func(covered []byte) [8]byte {
				over = bytes.Clone(covered)
				return [8]byte{1, 2, 3, 4, 5, 6, 7, 8}
			})
			if err != nil {
				t.Fatalf("%s: %s: %v", name, x.Name, err)
			}
			at, err := d.Find(frame)
			got := d.NewMessage()
			if err != nil || x.Kind == wire.BadMAC || got.Read(at.Message) != nil {
				continue
			}
			covered, mac := got.MACSpan()
			if sealed++; !bytes.Equal(covered, over) || !bytes.Equal(mac, []byte{1, 2, 3, 4, 5, 6, 7, 8}) {
				t.Errorf("%s: %s: MAC %X over %X, want it over %X", name, x.Name, mac, over, covered)
			}
		}
		if sealed < 10 {
			t.Errorf("%s: %d messages can be read", name, sealed)
		}
	}
}

// What a defect is about is what the reader finds wrong with it.
func TestDefectsAreWhereTheySay(t *testing.T) {
	for _, of := range []struct{ name, want string }{
		{"field-2-length-above", "field 2, offset 21: its length 20 is above 19"},
		{"field-2-length-largest", "field 2, offset 21: its length 99 is above 19"},
		{"field-4-first-character", "holds a nibble that is not a digit"},
		{"field-55-length-above", "its length 256 is above 255"},
		{"field-55-length-cut", "field 55, offset"},
		{"field-41-cut", "field 41, offset"},
		{"field-64-last-octet-missing", "field 64, offset"},
		{"bitmap-second", "announces a second bitmap"},
		{"bitmap-cut", "wants 8 octets, 2 are left"},
		{"end-4-more", "4 octets after the last field"},
		{"header-cut", "ends within its routing header"},
		{"header-alone", "MTI, offset 11: wants 2 octets, 0 are left"},
		{"type-letter", "MTI, offset"},
	} {
		d := dialect.CUP()
		m := purchaseOf(t, d, 1)
		var seen error
		for _, x := range m.Defects(1) {
			if x.Name != of.name {
				continue
			}
			frame, err := m.Spoil(&x, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := d.NewReader(bytes.NewReader(frame)).Next()
			if err != nil {
				t.Fatal(err)
			}
			seen = d.NewMessage().Read(body)
		}
		if seen == nil || !strings.Contains(seen.Error(), of.want) {
			t.Errorf("%s: %v, want %s", of.name, seen, of.want)
		}
	}
}

// Framings that no dialect of ours has can be spoilt too.
func TestFramesOfAllKindsHaveDefects(t *testing.T) {
	for _, f := range []wire.Framing{
		{Length: wire.Length{Octets: 4, Form: wire.ASCIIDigits, Itself: true}},
		{Length: wire.Length{Octets: 2, Form: wire.PackedDigits}},
		{Length: wire.Length{Octets: 8, Form: wire.LittleEndian}},
		{Length: wire.Length{Octets: 4, Form: wire.EBCDICDigits}, Header: wire.Header{BaseI: true}},
		{Before: "\x02", Trailer: "\x03", LRC: true},
		{Length: wire.Length{Octets: 4, Form: wire.HexDigits, NoHeader: true}, Header: wire.Header{TPDU: true, App: 6}},
		{ByFields: true},
		{Length: wire.Binary2, HTTP: wire.HTTP{Path: "/pos"}},
	} {
		d := *dialect.CUP()
		d.Framing = f
		if err := d.Compile(); err != nil {
			t.Fatal(err)
		}
		m := purchaseOf(t, &d, 1)
		n := 0
		for _, x := range m.Defects(1) {
			frame, err := m.Spoil(&x, nil)
			if err != nil {
				t.Fatalf("%+v: %s: %v", f, x.Name, err)
			}
			if x.Kind != wire.BadFrame {
				continue
			}
			n++
			r := d.NewReader(bytes.NewReader(frame))
			for err = nil; err == nil; {
				var body []byte
				if body, err = r.Next(); err == nil && d.NewMessage().Read(body) == nil && bytes.Equal(body, append(bytes.Clone(m.Head), m.Raw()...)) {
					t.Errorf("%+v: %s: the message comes out whole", f, x.Name)
				}
			}
		}
		if n == 0 {
			t.Errorf("%+v: no frame is spoilt", f)
		}
	}
}

func TestNotEverythingCanBeSpoilt(t *testing.T) {
	d := dialect.CUP()
	m := purchaseOf(t, d, 1)
	echo := d.NewMessage()
	d.Form(dialect.Echo).Begin(echo)
	if _, err := echo.Append(nil); err != nil {
		t.Fatal(err)
	}
	for _, x := range m.Defects(1) {
		if x.Name != "mac-missing" {
			continue
		}
		if _, err := echo.Spoil(&x, nil); !errors.Is(err, wire.ErrNotSpoilt) {
			t.Errorf("no MAC is taken out of a message that has none: %v", err)
		}
	}
	if _, err := d.NewMessage().Spoil(&wire.Defect{}, nil); err == nil {
		t.Error("a message that was never packed is spoilt")
	}
}
