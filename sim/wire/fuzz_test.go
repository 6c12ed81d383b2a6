package wire_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"

	"github.com/posfleet/posfleet/sim/allocs"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// seeds are messages without their length: captured, hostile, on the border.
func seeds(f *testing.F) [][]byte {
	var out [][]byte
	for _, s := range samples(f) {
		out = append(out, s.frame[2:])
	}
	for _, c := range hostile {
		out = append(out, assemble(f, c.replace)[2:])
	}
	return append(out, nil, make([]byte, 21), []byte(strings.Repeat("\xFF", wire.MaxFrame+1)))
}

// isoSeeds are the forms of d, filled in, and hostile messages in ASCII.
func isoSeeds(t testing.TB, d *dialect.Dialect) [][]byte {
	var out [][]byte
	for i := range d.Forms {
		m := d.NewMessage()
		d.Forms[i].Begin(m)
		for f, v := range map[int]string{2: "4111111111111111", 4: "000000000100", 11: "000042", 22: "021", 35: "4111111111111111=25121010000",
			41: "10000001", 42: "123456789012345", 39: "00", 55: "", 62: "\x00\x01", 63: "001"} {
			if d.Forms[i].CarriesField(f) {
				m.SetFieldString(f, v)
			}
		}
		if d.Forms[i].MACed {
			m.AddMAC()
		}
		b, err := m.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	for _, s := range []string{
		"0200" + "4000000000000000" + "+1", "0200" + "4000000000000000" + "-1", "0200" + "4000000000000000" + "191234567890123456789",
		"0200" + strings.Repeat("8000000000000000", 4), "0200" + "FFFFFFFFFFFFFFFF" + "FFFFFFFFFFFFFFFF", "0200" + "0000000000000000" + "trailing",
		"0800" + "8000000000000000" + "0400000000000000" + "301", "0800" + "8000000000000000" + "0000000000000000",
	} {
		out = append(out, []byte(s))
	}
	return out
}

// What reads packs, and what was packed reads the same and packs the same.
func FuzzRead(f *testing.F) {
	d := dialect.CUP()
	for _, b := range seeds(f) {
		f.Add(b)
	}
	sound := purchaseOf(f, d, 1)
	for _, x := range sound.Defects(1) {
		if frame, err := sound.Spoil(&x, nil); err == nil && len(frame) > d.Length.Octets {
			f.Add(frame[d.Length.Octets:])
		}
	}
	f.Add(unhex(f, "6000030000"+"602200000000"+"0200"+"0000000000000200"+"0012"+"9F02"+"880000000000000001"+"31")) // a length that is longer than is read
	m, again := d.NewMessage(), d.NewMessage()
	f.Fuzz(func(t *testing.T, b []byte) {
		d.NewMessage().Read(cutSomewhere(b))
		if n := allocs.Above(4*uint64(len(b))+4096, func() { d.NewMessage().Read(b) }); n > 0 {
			t.Fatalf("reading %d octets allocates %d", len(b), n)
		}
		m = d.NewMessage()
		err := m.Read(b)
		if m.Room() > 4*min(len(b), wire.MaxFrame)+2048 {
			t.Fatalf("%d octets take room for %d", len(b), m.Room())
		}
		if err != nil {
			if _, ok := errors.AsType[*wire.FieldError](err); !ok {
				t.Fatalf("error %v is a %T", err, err)
			}
			if at, again := m.ReadPart(b); at > len(b) || errText(again) != errText(err) {
				t.Fatalf("read in part up to octet %d: %v; whole: %v", at, again, err)
			}
			described(d, m)
			return
		}
		text := described(d, m)
		if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && r != '\u3000' && !unicode.IsPrint(r) }); i >= 0 {
			t.Fatalf("shown with control characters: %q", text)
		}
		m.CheckTLV(55)
		d.Classify(m)
		packed, err := m.Append(nil)
		if err != nil || len(packed) != len(b) {
			t.Fatalf("read, but packs to %d octets of %d: %v", len(packed), len(b), err)
		}
		if err := again.Read(packed); err != nil {
			t.Fatalf("packed, but does not read: %v", err)
		}
		if !slices.Equal(slices.Collect(m.Fields), slices.Collect(again.Fields)) {
			t.Fatal("other fields after packing")
		}
		for f := range m.Fields {
			if m.FieldText(f) != again.FieldText(f) {
				t.Fatalf("field %d = %q after packing, was %q", f, again.FieldText(f), m.FieldText(f))
			}
		}
		if twice, err := again.Append(nil); err != nil || string(twice) != string(packed) {
			t.Fatalf("packed twice: %X, once: %X, %v", twice, packed, err)
		}
	})
}

// cutSomewhere is b up to an octet that its octets choose, with nothing after it.
func cutSomewhere(b []byte) []byte {
	n := 0
	for _, c := range b {
		n = n*31 + int(c)
	}
	n = int(uint(n) % uint(len(b)+1))
	return b[:n:n]
}

// Where moov v0.26.1 reads less or other than stands on the line, ours does
// not follow. These are all the differences that comparing allows:
//
//   - it reads on after the last field, a signed length prefix "+5", an MTI of
//     letters, a Numeric "-00042" and, without auto expansion, a set bit 1 of
//     the bitmap: ours refuses these;
//   - padding is gone after reading, and Numeric fields lose their zeros: ours
//     keeps them (samePadded compares what is left);
//   - composite fields are packed in the order of its sorting, unknown elements
//     may be gone, and an element of no octets loses its length octet, so that
//     what was read may not read again: ours keeps the octets on the line;
//   - zero octets between BER-TLV elements are filler (EMV book 3, annex B); it
//     takes them for tags;
//   - Track2 fields must match its pattern, lose their white space, and one of no
//     characters packs as "=^^", which it then refuses to read: ours takes
//     tracks as text.
func againstMoov(t *testing.T, d *dialect.Dialect, b []byte) {
	m := d.NewMessage()
	ours := m.Read(append(make([]byte, d.Header.Len()), b...))
	other, theirs := moovReads(d.Spec, b)
	if ours != nil {
		return
	}
	track := m.HasField(35) && isTrack(d.Spec.Fields[35])
	if theirs != nil {
		if !track && !mayHaveFiller(m) {
			t.Fatalf("we read it, moov does not: %v", theirs)
		}
		return
	}
	want := []int{}
	for f := range other.GetFields() {
		if f > 1 {
			want = append(want, f)
		}
	}
	slices.Sort(want)
	if got := slices.Collect(m.Fields); !slices.Equal(got, want) {
		t.Fatalf("we read fields %v, moov %v", got, want)
	}
	if mti, _ := other.GetMTI(); mti != m.MTI() {
		t.Fatalf("we read MTI %s, moov %s", m.MTI(), mti)
	}
	for _, f := range want {
		theirs, err := other.GetBytes(f)
		if err != nil || !samePadded(other.GetField(f), m.FieldText(f), string(theirs)) {
			t.Fatalf("field %d: we read %q, moov %q, %v", f, m.FieldText(f), theirs, err)
		}
	}
	packed, err := m.Append(nil)
	if err != nil {
		t.Fatalf("what was read does not pack: %v", err)
	}
	for _, f := range want {
		theirs, _ := other.GetBytes(f)
		if _, ok := d.Spec.Fields[f].(*field.Composite); (ok || f == 35 && track) && m.FieldText(f) != string(theirs) {
			return
		}
	}
	octets, err := moovPacks(d.Spec, m)
	if err != nil || string(octets) != string(packed[d.Header.Len():]) {
		t.Fatalf("we pack\n%X, moov\n%X, %v", packed[d.Header.Len():], octets, err)
	}
}

// mayHaveFiller reports whether a BER-TLV field of m has zero octets.
func mayHaveFiller(m *wire.Message) bool {
	for n := range m.Fields {
		tag := m.Format().Spec.Fields[n].Spec().Tag
		if tag != nil && tag.Enc == encoding.BerTLVTag && strings.Contains(m.FieldText(n), "\x00") {
			return true
		}
	}
	return false
}

func moovReads(spec *iso8583.MessageSpec, b []byte) (m *iso8583.Message, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("moov panics: %v", p)
		}
	}()
	m = iso8583.NewMessage(spec)
	return m, m.Unpack(b)
}

func moovPacks(spec *iso8583.MessageSpec, m *wire.Message) ([]byte, error) {
	other := iso8583.NewMessage(spec)
	other.MTI(m.MTI())
	for f := range m.Fields {
		if err := other.BinaryField(f, slices.Clone(m.Field(f))); err != nil {
			return nil, err
		}
	}
	return other.Pack()
}

func isTrack(f field.Field) bool {
	_, ok := f.(*field.Track2)
	return ok
}

// samePadded compares a value of ours with one that moov took the padding off.
func samePadded(f field.Field, ours, theirs string) bool {
	pad := f.Spec().Pad
	switch f.(type) {
	case *field.Numeric:
		trim := func(s string) string { return strings.TrimLeft(s, "0") }
		return trim(ours) == trim(theirs)
	case *field.Composite:
		again := field.NewInstanceOf(f)
		if err := again.SetBytes([]byte(ours)); err != nil {
			return false
		}
		b, err := again.Bytes()
		return err == nil && string(b) == theirs
	case *field.Track2:
		return true
	}
	if pad != nil {
		return string(pad.Unpad([]byte(ours))) == theirs
	}
	return ours == theirs
}

func FuzzAgainstMoov(f *testing.F) {
	d := dialect.CUP()
	for _, b := range seeds(f) {
		f.Add(b[min(len(b), 11):])
	}
	f.Fuzz(func(t *testing.T, b []byte) { againstMoov(t, d, b) })
}

func FuzzAgainstMoovISO87(f *testing.F) {
	d := dialect.ISO87()
	for _, b := range isoSeeds(f, d) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { againstMoov(t, d, b) })
}

func FuzzAgainstMoovPadded(f *testing.F) {
	d := padded(f)
	for _, b := range isoSeeds(f, d) {
		f.Add(b)
	}
	m := d.NewMessage()
	m.SetMTI("0200")
	m.SetFieldString(23, "001")
	m.SetFieldString(32, "00012345678")
	m.SetFieldString(43, "SHOP")
	m.SetFieldString(48, "0103ABC0203100")
	m.SetFieldString(55, "\x9F\x02\x0C\x00\x00\x00\x00\x01\x00\x82\x02\x20\x00\x91\x01\x00")
	m.SetFieldString(63, "A")
	if b, err := m.Append(nil); err != nil {
		f.Fatal(err)
	} else {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { againstMoov(t, d, b) })
}

// padded is iso87 with fields that are padded, composite, packed and in EBCDIC.
func padded(t testing.TB) *dialect.Dialect {
	t.Helper()
	file, err := os.Open("../dialect/testdata/padded.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	spec, err := dialect.LoadSpec(file)
	if err != nil {
		t.Fatal(err)
	}
	d, err := dialect.ISO87().WithSpec(spec)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func described(d *dialect.Dialect, m *wire.Message) string {
	var s strings.Builder
	d.Describe(&s, m)
	return s.String()
}

// A spec is refused or it is one that neither moov nor ours breaks on.
func FuzzLoadSpec(f *testing.F) {
	text, err := os.ReadFile("../dialect/testdata/padded.json")
	if err != nil {
		f.Fatal(err)
	}
	d := padded(f)
	for _, b := range isoSeeds(f, d) {
		f.Add(string(text), b)
	}
	const minimal = `{"fields": {
		"0": {"type": "String", "length": 4, "enc": "ASCII", "prefix": "ASCII.Fixed"},
		"1": {"type": "Bitmap", "length": 8, "enc": "Binary", "prefix": "Binary.Fixed"},
		"2": %s}}`
	for _, field := range []string{
		`{"type": "String", "length": 19, "enc": "ASCII", "prefix": "ASCII.LL"}`,
		`{"type": "Track1", "length": 76, "enc": "EBCDIC1047", "prefix": "EBCDIC1047.LL"}`,
		`{"type": "Binary", "length": 9, "enc": "HexToASCII", "prefix": "Hex.LLLL"}`,
		`{"type": "Composite", "length": 99, "prefix": "None.Fixed", "tag": {"enc": "BerTLVTag", "sort": "StringsByHex"}, "subfields": {"9F02": {"type": "String", "length": 12, "enc": "BCD", "prefix": "BerTLV"}}}`,
		`{"type": "Composite", "length": 99, "prefix": "BCD.LL", "bitmap": {"length": 2, "enc": "Binary", "prefix": "Binary.Fixed", "disableAutoExpand": true}, "subfields": {"1": {"type": "Numeric", "length": 3, "enc": "LBCD", "prefix": "Binary.L"}}}`,
		`{"type": "Composite", "length": 99, "prefix": "Binary.LLLL", "tag": {"sort": "StringsByInt"}, "subfields": {"1": {"type": "Hex", "length": 3, "enc": "Binary", "prefix": "Binary.Fixed"}}}`,
	} {
		for _, m := range []string{"", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "\x9F\x02\x88\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "00000000000000", "12345678901234567890123456789"} {
			f.Add(fmt.Sprintf(minimal, field), []byte("0200\x40\x00\x00\x00\x00\x00\x00\x00"+m))
		}
	}
	f.Fuzz(func(t *testing.T, text string, b []byte) {
		spec, err := dialect.LoadSpec(strings.NewReader(text))
		if err != nil {
			return
		}
		d := &dialect.Dialect{Format: wire.Format{Spec: spec}, Name: "fuzz"}
		if err := d.Compile(); err != nil {
			t.Fatalf("loaded, but does not compile: %v", err)
		}
		if _, err := moovReads(spec, b); err != nil && strings.Contains(err.Error(), "moov panics") {
			t.Fatal(err)
		}
		m := d.NewMessage()
		if m.Read(b) != nil {
			return
		}
		described(d, m)
		if packed, err := m.Append(nil); err == nil {
			if err := d.NewMessage().Read(packed); err != nil {
				t.Logf("packed, but does not read: %v", err)
			}
		}
	})
}
