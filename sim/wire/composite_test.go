package wire_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"
	"github.com/moov-io/iso8583/prefix"
	"github.com/moov-io/iso8583/sort"

	"github.com/posfleet/posfleet/sim/allocs"
	"github.com/posfleet/posfleet/sim/wire"
)

// leaf is a part without parts: filled up on the left with zeros ("0"), on the
// right with spaces (" "), or not.
func leaf(length int, enc, pref, pad string) field.Field {
	p, ok := wire.Prefix(pref)
	if !ok || wire.Encodings()[enc] == nil {
		panic(enc + pref)
	}
	s := field.NewSpec(length, "a part", wire.Encodings()[enc], p)
	switch pad {
	case "0":
		s.Pad = padding.Left('0')
	case " ":
		s.Pad = padding.Right(' ')
	}
	return field.NewString(s)
}

// composite is a composed field: by bitmap, by tag, or, with neither, in order.
func composite(length int, pref string, bitmap *field.Bitmap, tag *field.TagSpec, parts map[string]field.Field) field.Field {
	p, _ := wire.Prefix(pref)
	if bitmap == nil && tag == nil {
		tag = &field.TagSpec{Sort: sort.StringsByInt}
	}
	return field.NewComposite(&field.Spec{Length: length, Pref: p, Bitmap: bitmap, Tag: tag, Subfields: parts})
}

func bits(octets int, enc string) *field.Bitmap {
	p, _ := wire.Prefix("fixed")
	return field.NewBitmap(&field.Spec{Length: octets, Enc: wire.Encodings()[enc], Pref: p, DisableAutoExpand: true})
}

func tags(length int, enc string) *field.TagSpec {
	return &field.TagSpec{Length: length, Enc: wire.Encodings()[enc], Sort: sort.StringsByInt}
}

// composed is a format with a field of each way to be composed.
func composed(t testing.TB) *wire.Format {
	unknownToo := tags(2, "ebcdic")
	unknownToo.SkipUnknownTLVTags, unknownToo.PrefUnknownTLV = true, prefix.EBCDIC1047.LLL
	f := &wire.Format{Spec: specOf("ascii", "octets", map[int]field.Field{
		47: composite(999, "ascii3", nil, unknownToo, map[string]field.Field{"05": leaf(20, "ebcdic", "ebcdic3", "")}),
		48: composite(999, "ascii3", nil, tags(2, "ascii"), map[string]field.Field{
			"01": leaf(20, "latin1", "ascii2", ""), "26": leaf(9, "packed", "packed2", "")}),
		55: composite(255, "ascii3", nil, &field.TagSpec{Enc: encoding.BerTLVTag, Sort: sort.StringsByHex, SkipUnknownTLVTags: true, StoreUnknownTLVTags: true},
			map[string]field.Field{"9F02": leaf(12, "packed", "ber-octets", ""), "95": leaf(5, "octets", "ber", ""),
				"70": composite(99, "ber", nil, &field.TagSpec{Enc: encoding.BerTLVTag, Sort: sort.StringsByHex}, map[string]field.Field{"5A": leaf(19, "packed-f", "ber-octets", "")})}),
		60: composite(999, "ascii3", nil, tags(2, "ebcdic"), map[string]field.Field{
			"40": leaf(20, "ebcdic", "ebcdic2", ""), "41": leaf(20, "ebcdic", "ebcdic2", "")}),
		61: composite(12, "fixed", nil, nil, map[string]field.Field{
			"0": leaf(2, "latin1", "fixed", "0"), "1": leaf(4, "latin1", "fixed", " "), "2": leaf(6, "latin1", "fixed", "0")}),
		62: composite(255, "binary1", bits(2, "octets"), nil, map[string]field.Field{
			"1": leaf(4, "ebcdic", "fixed", " "), "10": leaf(5, "packed-right", "fixed", "0"), "16": leaf(3, "hex", "fixed", "")}),
		63: composite(999, "ascii3", nil, nil, map[string]field.Field{
			"1": leaf(99, "latin1", "ascii2", ""), "2": leaf(3, "packed", "fixed", ""), "3": leaf(99, "latin1", "rest", "")}),
		127: composite(999_999, "ascii6", bits(8, "octets"), nil, map[string]field.Field{
			"2": leaf(32, "latin1", "ascii2", ""), "3": leaf(6, "latin1", "fixed", "0"),
			"25": composite(999, "ascii3", bits(8, "hex"), nil, map[string]field.Field{
				"2": leaf(12, "latin1", "fixed", "0"), "3": leaf(3, "latin1", "fixed", "0")})}),
	})}
	if err := f.Compile(); err != nil {
		t.Fatal(err)
	}
	return f
}

// composedValues are parts and what they are on the line, length first.
var composedValues = []struct {
	field  int
	parts  map[string]string
	packed string
}{
	{47, map[string]string{"47.05": "A", "47.99": "Z", "47.0201": "?"},
		"018" + "\xF0\xF5\xF0\xF0\xF1\xC1" + "\x02\x01\xF0\xF0\xF1?" + "\xF9\xF9\xF0\xF0\xF1Z"},
	{48, map[string]string{"48.01": "ABC", "48.26": "123"}, "012" + "0103ABC" + "26\x03\x12\x30"},
	{48, map[string]string{"48.26": ""}, "003" + "26\x00"},
	{55, map[string]string{"55.9F02": "000000012345", "55.95": "\x00\x00\x00\x80\x00", "55.9F36": "\x00\x07"},
		"021" + "\x95\x05\x00\x00\x00\x80\x00" + "\x9F\x02\x06\x00\x00\x00\x01\x23\x45" + "\x9F\x36\x02\x00\x07"},
	{55, map[string]string{"55.70.5A": "41111111111", "55.C1": strings.Repeat("x", 130)}, "143" + "\x70\x08\x5A\x06\x41\x11\x11\x11\x11\x1F" + "\xC1\x81\x82" + strings.Repeat("x", 130)},
	{60, map[string]string{"60.41": "HELLO"}, "009" + "\xF4\xF1\xF0\xF5\xC8\xC5\xD3\xD3\xD6"},
	{61, map[string]string{"61.0": "1", "61.2": "3"}, "01" + "    " + "000003"},
	{62, map[string]string{"62.1": "AB", "62.10": "9", "62.16": "\x01\xEF\x00"}, "\x0F\x80\x41" + "\xC1\xC2\x40\x40" + "\x00\x00\x09" + "01EF00"},
	{62, map[string]string{"62.10": "12345"}, "\x05\x00\x40" + "\x01\x23\x45"},
	{63, map[string]string{"63.1": "AB", "63.2": "123", "63.3": "rest"}, "010" + "02AB" + "\x12\x30" + "rest"},
	{63, map[string]string{"63.1": ""}, "002" + "00"},
	{127, map[string]string{"127.2": "KEY", "127.25.2": "123", "127.25.3": "840"},
		"000047" + "\x40\x00\x00\x80\x00\x00\x00\x00" + "03KEY" + "031" + "6000000000000000" + "000000000123" + "840"},
	{127, map[string]string{"127.3": "9"}, "000014" + "\x20\x00\x00\x00\x00\x00\x00\x00" + "000009"},
}

func TestComposedFieldsPackAndReadByTheirParts(t *testing.T) {
	f := composed(t)
	for _, c := range composedValues {
		v, err := f.PackSubs(c.field, c.parts)
		if err != nil {
			t.Errorf("%v: %v", c.parts, err)
			continue
		}
		m := f.NewMessage()
		m.SetMTI("0200")
		m.SetField(c.field, v)
		b, err := m.Append(nil)
		prelude := 12 // MTI and bitmap
		if c.field > 64 {
			prelude = 20
		}
		if err != nil || string(b[prelude:]) != c.packed {
			t.Errorf("%v: packed to %q, want %q, %v", c.parts, b, c.packed, err)
			continue
		}
		got := f.NewMessage()
		if err := got.Read(b); err != nil {
			t.Errorf("%v: %v", c.parts, err)
		}
		for path, want := range c.parts {
			have := string(got.Sub(path))
			if trimmed := strings.TrimRight(strings.TrimLeft(have, "0"), " "); have != want && trimmed != want {
				t.Errorf("%s = %q, want %q", path, have, want)
			}
		}
		count := 0
		for s, err := range got.Subs(c.field) {
			if err != nil {
				t.Error(err)
			}
			if !s.Composed {
				count++
			}
		}
		if count < len(c.parts) || count > len(c.parts)+1 { // one was filled in
			t.Errorf("%v: %d parts", c.parts, count)
		}
	}
}

func TestSetSubLeavesTheOtherParts(t *testing.T) {
	f := composed(t)
	m := f.NewMessage()
	for _, step := range []struct{ path, value, want string }{
		{"127.25.3", "840", "\x00\x00\x00\x80\x00\x00\x00\x00" + "019" + "2000000000000000840"},
		{"127.2", "KEY", "\x40\x00\x00\x80\x00\x00\x00\x00" + "03KEY" + "019" + "2000000000000000840"},
		{"127.25.2", "5", "\x40\x00\x00\x80\x00\x00\x00\x00" + "03KEY" + "031" + "6000000000000000" + "000000000005840"},
		{"127.25", "2000000000000000111", "\x40\x00\x00\x80\x00\x00\x00\x00" + "03KEY" + "019" + "2000000000000000111"},
	} {
		if err := m.SetSub(step.path, step.value); err != nil || m.FieldText(127) != step.want {
			t.Errorf("after %s: %q, want %q, %v", step.path, m.FieldText(127), step.want, err)
		}
	}
	for path, want := range map[string]string{
		"127.4":     "127.4 is not in this dialect",
		"127.2.1":   "127.2.1 is not in this dialect",
		"127.3":     "127.3 has 7 characters, want 6",
		"2.1":       "field 2 has no parts in this dialect",
		"x":         "field -1 has no parts in this dialect",
		"127.25.99": "127.25.99 is not in this dialect",
	} {
		if err := m.SetSub(path, "1234567"); errText(err) != want {
			t.Errorf("%s: %s, want %s", path, errText(err), want)
		}
	}
}

// A composed field whose octets are no parts is refused, and says where.
func TestBrokenPartsAreRefused(t *testing.T) {
	f := composed(t)
	for _, c := range []struct {
		field  int
		octets string
		want   string
	}{
		{48, "0030103", "field 48, offset 17: part 48.01 its length wants 2 octets, 1 are left"},
		{48, "0049901A", "field 48, offset 15: holds a tag that is not in this dialect"},
		{48, "0010", "field 48, offset 15: a tag wants 2 octets, 1 are left"},
		{48, "0050105AB", "part 48.01"},
		{48, "00426\x03\x1A", "field 48"},
		{55, "002\x9F\x9F", "field 55, offset 15: tag is cut off"},
		{55, "002\x95\x80", "part 55.95 length is indefinite, which EMV does not allow"},
		{55, "006\x95\x84\xFF\xFF\xFF\xFF", "part 55.95 its length 4294967295"},
		{55, "005\xC1\x84\x7F\xFF\xFF", "length is cut off"},
		{55, "006\xC1\x84\x7F\xFF\xFF\xFF", "its length 2147483647"},
		{55, "004\x70\x02\x01\x00", "part 55.70 holds a tag that is not in this dialect"},
		{55, "005\x70\x03\x5A\x01\x1A", "part 55.70.5A holds a nibble that is not a digit"},
		{61, "01ab", "field 61, offset 12: wants 12 octets, 4 are left"},
		{62, "\x01\x80", "field 62, offset 13: its bitmap wants 2 octets, 1 are there"},
		{62, "\x02\x40\x00", "its bitmap announces part 2, which is not in this dialect"},
		{62, "\x03\x00\x00\x00", "field 62, offset 15: 1 octets after the last part"},
		{62, "\x02\x80\x00", "part 62.1 wants 4 octets, 0 are left"},
		{62, "\x08\x00\x0101EG00", "part 62.16 holds a character that is not hexadecimal"},
		{127, "000010\x00\x00\x00\x80\x00\x00\x00\x0099", "part 127.25 its length wants 3 octets, 2 are left"},
		{127, "000027\x00\x00\x00\x80\x00\x00\x00\x00016200000000000000G", "part 127.25 its bitmap holds a character that is not hexadecimal"},
	} {
		head := fmt.Sprintf("0200%s", func() string {
			set := wire.Fields(c.field)
			if c.field > 64 {
				set.Add(1)
				return fmt.Sprintf("%s%s", be(set[0]), be(set[1]))
			}
			return be(set[0])
		}())
		m := f.NewMessage()
		if err := m.Read([]byte(head + c.octets)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d %q: %v, want %s", c.field, c.octets, err, c.want)
		}
	}
	m := f.NewMessage()
	m.SetMTI("0200")
	m.SetFieldString(62, "\x40\x00")
	if _, err := m.Append(nil); errText(err) != "field 62, offset 15: its bitmap announces part 2, which is not in this dialect" {
		t.Errorf("packed: %v", err)
	}
}

// be is v as eight octets.
func be(v uint64) string {
	b := make([]byte, 8)
	for i := range b {
		b[i] = byte(v >> (56 - 8*i))
	}
	return string(b)
}

// What cannot be told into parts is refused when the spec is compiled.
func TestFieldsThatCannotBeDividedAreRefused(t *testing.T) {
	one := func() map[string]field.Field { return map[string]field.Field{"1": leaf(2, "ascii", "fixed", "")} }
	deep := composite(99, "ascii2", nil, nil, one())
	for range 9 {
		deep = composite(99, "ascii2", nil, nil, map[string]field.Field{"1": deep})
	}
	for _, c := range []struct {
		f    field.Field
		want string
	}{
		{composite(99, "ascii2", nil, tags(2, "ascii"), one()), "field 48.1: its tag does not come back as written; want tags of 2 characters"},
		{composite(99, "ascii2", nil, tags(0, "ascii"), one()), "field 48.1: its tag does not come back as written; want tags of 0 characters"},
		{composite(99, "ascii2", bits(1, "hex"), nil, map[string]field.Field{"9": leaf(2, "ascii", "fixed", "")}), "field 48.9: a bitmap of 8 bits does not announce it"},
		{composite(99, "ascii2", bits(25, "hex"), nil, one()), "field 48: bitmap: length 25, want 1 to 24 octets"},
		{composite(99, "ascii2", bits(8, "ascii"), nil, one()), "field 48: bitmap: want it in octets, hex or ebcdic-hex"},
		{composite(99, "ascii2", nil, nil, nil), "field 48: it has no parts"},
		{composite(99, "ascii2", nil, nil, map[string]field.Field{"1": leaf(2, "ascii", "rest", ""), "2": leaf(2, "ascii", "rest", "")}),
			"field 48.1: it takes what is left, and others follow"},
		{composite(99, "ascii2", nil, nil, map[string]field.Field{"1": leaf(2, "ascii", "ascii2-even", "")}),
			"field 48.1: a length of an even number of digits goes with packed digits, not with this encoding"},
		{composite(99, "ascii2", nil, &field.TagSpec{Enc: encoding.BerTLVTag, Sort: sort.Strings}, map[string]field.Field{"9F": leaf(2, "octets", "ber", "")}),
			`field 48.9F: "9F" is no BER-TLV tag in hexadecimal digits`},
		{deep, "field 48.1.1.1.1.1.1.1.1.1: parts are nested deeper than 8"},
	} {
		f := &wire.Format{Spec: specOf("ascii", "octets", map[int]field.Field{48: c.f})}
		if err := f.Compile(); errText(err) != c.want {
			t.Errorf("got %s\nwant %s", errText(err), c.want)
		}
	}
}

// FuzzComposed reads what it can: that packs to the same, and by its parts.
func FuzzComposed(f *testing.F) {
	d := composed(f)
	for _, c := range composedValues {
		f.Add(c.field, c.packed)
	}
	f.Add(55, "007\x00\x00\x95\x02ab\x00")
	f.Add(55, "015\x95\x88\x00\x00\x00\x00\x00\x00\x00\x05abcde") // a length that is longer than is read
	for _, length := range []string{"\x84\xFF\xFF\xFF\xFF", "\x88\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "\x88\x80\x00\x00\x00\x00\x00\x00\x00"} {
		f.Add(55, fmt.Sprintf("%03d\x9F\x02%s", 2+len(length), length))
	}
	f.Fuzz(func(t *testing.T, n int, octets string) {
		if n < 2 || n > 128 || !d.HasField(n) {
			return
		}
		set := wire.Fields(n)
		head := be(set[0])
		if n > 64 {
			head = be(set[0]|1<<63) + be(set[1])
		}
		b := []byte("0200" + head + octets)
		if n := allocs.Above(4*uint64(len(b))+4096, func() { d.NewMessage().Read(b) }); n > 0 {
			t.Fatalf("reading %d octets allocates %d", len(b), n)
		}
		m := d.NewMessage()
		if m.Read(b) != nil {
			return
		}
		if m.Room() > 4*len(b)+2048 {
			t.Fatalf("%d octets take room for %d", len(b), m.Room())
		}
		if packed, err := m.Append(nil); err != nil || string(packed) != string(b) {
			t.Fatalf("read %q, packed %q, %v", b, packed, err)
		}
		parts := map[string]string{}
		for s, err := range m.Subs(n) {
			if err != nil {
				t.Fatalf("read, but its parts cannot be: %v", err)
			}
			if _, twice := parts[s.Path]; twice {
				return
			}
			if !s.Composed {
				parts[s.Path] = string(s.Value)
			}
		}
		v, err := d.PackSubs(n, parts)
		if err != nil {
			t.Fatalf("parts %q: %v", parts, err)
		}
		m.SetField(n, v)
		for s, err := range m.Subs(n) {
			if !s.Composed && (err != nil || parts[s.Path] != string(s.Value)) {
				t.Fatalf("%s = %q after packing, was %q, %v", s.Path, s.Value, parts[s.Path], err)
			}
		}
	})
}

func TestNothingIsAllocatedForComposedFields(t *testing.T) {
	f := composed(t)
	m, got := f.NewMessage(), f.NewMessage()
	m.SetMTI("0200")
	for _, c := range composedValues {
		v, _ := f.PackSubs(c.field, c.parts)
		m.SetField(c.field, v)
	}
	b, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Read(b); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { got.Read(b); m.Append(b[:0]) }); n != 0 {
		t.Errorf("reading and packing allocate %v times", n)
	}
}
