package wire_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"
	"github.com/moov-io/iso8583/specs"

	"github.com/posfleet/posfleet/sim/wire"
)

// oneField is a format whose field 2 is f.
func oneField(f field.Field) (*wire.Format, error) {
	d := &wire.Format{Spec: specOf("ascii", "octets", map[int]field.Field{2: f})}
	return d, d.Compile()
}

// prelude is what stands before field 2 of oneField.
const prelude = "0200\x40\x00\x00\x00\x00\x00\x00\x00"

// sampleOf is a value of n units for an encoding, n up to 18.
func sampleOf(name string, n int) string {
	of := "012345678912345678"
	switch {
	case strings.HasPrefix(name, "signed"):
		of = "C12345678901234567"
	case slices.Contains([]string{"octets", "hex", "ebcdic-hex", "latin1", "ebcdic"}, name):
		of = "\xA0\xFFAa\x00\n\x85 ~\xE9zZ09}]\x15\x25"
	case strings.HasPrefix(name, "track-equals"):
		of = "12=456789A1234B678"
	case strings.HasPrefix(name, "track"), strings.HasPrefix(name, "packed-hex"):
		of = "12D456789A1234B6E8"
	}
	return of[:n]
}

// Every encoding after every length prefix that suits it gives back what was set.
func TestEveryEncodingComesBackAsSent(t *testing.T) {
	for name, enc := range wire.Encodings() {
		for _, by := range wire.Prefixes() {
			pref, _ := wire.Prefix(by)
			if by == "rest" && !slices.Contains([]string{"ascii", "latin1", "ebcdic", "octets"}, name) {
				continue
			}
			for size := 1; size <= 18; size++ {
				most := 18
				if by == "fixed" {
					most = size
				}
				f, err := oneField(field.NewString(field.NewSpec(most, "", enc, pref)))
				packed := strings.HasPrefix(name, "packed") || strings.HasPrefix(name, "track")
				even := strings.HasSuffix(by, "-octets") || strings.HasSuffix(by, "-even")
				if suits := !even || packed; err != nil && suits && !strings.HasSuffix(by, "-hex") || err == nil && !suits {
					t.Errorf("%s after %s: %v", name, by, err)
				}
				if err != nil || size > f.Longest(2) || even && size&1 == 1 { // comes back with a spare digit
					continue
				}
				m, got := f.NewMessage(), f.NewMessage()
				m.SetMTI("0200")
				m.SetFieldString(2, sampleOf(name, size))
				b, err := m.Append(nil)
				if err == nil {
					err = got.Read(b)
				}
				if err != nil || got.FieldText(2) != m.FieldText(2) {
					t.Errorf("%s after %s: %q came back as %q, %v", name, by, m.FieldText(2), got.FieldText(2), err)
				}
			}
		}
	}
}

// A value that its encoding cannot write is refused, and so are octets that it
// cannot read; the reason tells no value.
func TestWhatAnEncodingCannotSayIsRefused(t *testing.T) {
	for _, c := range []struct{ encoding, prefix, value, octets, want string }{
		{"packed", "fixed", "12A4", "", "field 2, offset 12: holds a character that is not a digit"},
		{"packed-f", "fixed", "", "\x12\x3F", "field 2, offset 12: holds a nibble that is not a digit"},
		{"track-f", "fixed", "", "\x12\x3F", "field 2, offset 12: holds a nibble that is not a digit"},
		{"packed-hex", "fixed", "12g4", "", "field 2, offset 12: holds a character that is not a digit"},
		{"packed-hex", "fixed", "12=4", "", "field 2, offset 12: holds a character that is not a digit"},
		{"hex", "fixed", "", "0011223G", "field 2, offset 12: holds a character that is not hexadecimal"},
		{"ebcdic-hex", "fixed", "", "00112233", "field 2, offset 12: holds a character that is not hexadecimal"},
		{"ascii", "fixed", "12\xE94", "", "field 2, offset 14: holds an octet above 127"},
		{"signed", "fixed", "\xC3123", "", "field 2, offset 12: holds an octet above 127"},
		{"signed", "fixed", "", "C\x1A\x30", "field 2, offset 12: holds a nibble that is not a digit"},
		{"signed", "ascii2", "", "00", "field 2, offset 14: has no sign"},
		{"latin1", "ebcdic2", "", "04ABCD", "field 2, offset 12: has a length that is not made of decimal digits"},
		{"latin1", "hex1", "", "0Gxx", "field 2, offset 12: has a length that is not made of hexadecimal digits"},
		{"octets", "packed2-hex", "", "\x03\x81\xA6", "field 2, offset 12: its length is not an even number"},
		{"octets", "packed2-hex", "", "\x0A12345", "field 2, offset 12: has a length that is not made of decimal digits"},
		{"latin1", "binary4", "", "\xFF\xFF\xFF\xFFABCD", "field 2, offset 12: its length 4294967295 is above 4"},
		{"latin1", "ascii6", "", "00000", "field 2, offset 12: its length wants 6 octets, 5 are left"},
		{"hex", "ascii1", "", "3001122aa", ""},
		{"hex", "ascii1", "", "300112", "field 2, offset 13: wants 6 octets, 5 are left"},
	} {
		pref, _ := wire.Prefix(c.prefix)
		f, err := oneField(field.NewString(field.NewSpec(4, "", wire.Encodings()[c.encoding], pref)))
		if err != nil {
			t.Fatal(err)
		}
		m := f.NewMessage()
		m.SetMTI("0200")
		if c.value != "" {
			m.SetFieldString(2, c.value)
			_, err = m.Append(nil)
		} else {
			err = m.Read([]byte(prelude + c.octets))
		}
		if c.want == "" {
			c.want = "message, offset 19: 2 octets after the last field"
		}
		if errText(err) != c.want {
			t.Errorf("%s after %s, %q %q:\n got %s\nwant %s", c.encoding, c.prefix, c.value, c.octets, errText(err), c.want)
		}
	}
}

func TestEBCDICIsIBM1047(t *testing.T) {
	ebcdic := wire.Encodings()["ebcdic"]
	for i := range 256 {
		got, _, err := ebcdic.Decode([]byte{byte(i)}, 1)
		text, _, _ := encoding.EBCDIC1047.Decode([]byte{byte(i)}, 1)
		want := latin(string(text))
		switch i { // new line and line feed as Java has them
		case 0x15:
			want = "\n"
		case 0x25:
			want = "\x85"
		}
		if err != nil || string(got) != want {
			t.Errorf("%02X is %q, %v, want %q", i, got, err, want)
		}
	}
}

// fuzzPads are what a field may be filled up with.
var fuzzPads = []padding.Padder{nil, padding.Left('0'), padding.Right(' '), wire.SignedZeros}

// A field reads and packs as moov's field with the same spec does, whatever its
// encoding, prefix and padding.
func FuzzFieldAgainstMoov(f *testing.F) {
	encodings := wire.Encodings()
	for name, e := range specs.EncodingsExtToInt {
		if name != "ASCIIToHex" && name != "BerTLVTag" {
			encodings["moov "+name] = e
		}
	}
	names := slices.Sorted(maps.Keys(encodings))
	prefixes := slices.DeleteFunc(wire.Prefixes(), func(name string) bool { return strings.HasPrefix(name, "ber") }) // of parts
	for e, name := range names {
		for p := range prefixes {
			f.Add(byte(e), byte(p), byte(9), byte(e+p), p%5 == 0, sampleOf(name, 9))
		}
	}
	for _, octets := range []string{"05ABCDE", "\x05\x12\x34\x5F", "\xF0\xF3\x12\x34\x5F", "-1", "+5ABCDE", "\xFF\xFF\xFF\xFF", "0000", "\x00"} {
		for p := range prefixes {
			f.Add(byte(p), byte(p), byte(20), byte(0), false, octets)
		}
	}
	f.Fuzz(func(t *testing.T, e, p, length, pad byte, numeric bool, data string) {
		name := names[int(e)%len(names)]
		pref, _ := wire.Prefix(prefixes[int(p)%len(prefixes)])
		spec := &field.Spec{Length: int(length)%64 + 1, Enc: encodings[name], Pref: pref}
		if prefixes[int(p)%len(prefixes)] == "fixed" {
			spec.Pad = fuzzPads[int(pad)%len(fuzzPads)]
		}
		theirs := field.Field(field.NewString(spec))
		if numeric {
			theirs = field.NewNumeric(spec)
		}
		d, err := oneField(theirs)
		if err != nil {
			return // a prefix that does not suit the encoding
		}
		theirs = field.NewInstanceOf(theirs)
		m := d.NewMessage()
		if m.Read([]byte(prelude+data)) == nil && !(name == "moov EBCDIC1047" && strings.ContainsFunc(m.FieldText(2), func(r rune) bool { return r > 127 })) {
			read, err := theirs.Unpack([]byte(data))
			v, _ := theirs.Bytes()
			if err != nil || read != len(data) || !samePadded(theirs, m.FieldText(2), string(v)) {
				t.Fatalf("%s, %s, %d: we read %q of %q, moov %q in %d octets, %v", name, pref.Inspect(), spec.Length, m.FieldText(2), data, v, read, err)
			}
			if m.Room() > 4*len(data)+2048 {
				t.Fatalf("%d octets take room for %d", len(data), m.Room())
			}
			b, err := m.Append(nil)
			if err != nil {
				t.Fatalf("%s, %s: %q was read of %q, but does not pack: %v", name, pref.Inspect(), m.FieldText(2), data, err)
			}
			again := d.NewMessage()
			if err := again.Read(b); err != nil || again.FieldText(2) != m.FieldText(2) && pref.Inspect() == "" {
				t.Fatalf("%s, %s: %q was packed, %q read: %v", name, pref.Inspect(), m.FieldText(2), again.FieldText(2), err)
			}
		}
		m.Reset()
		m.SetMTI("0200")
		m.SetFieldString(2, data)
		b, err := m.Append(nil)
		if err != nil || name == "moov EBCDIC1047" && strings.ContainsFunc(data, func(r rune) bool { return r > 127 }) {
			return
		}
		if numeric && spec.Pad != fuzzPads[1] && (data == "" || data[0] == '0') {
			return // moov writes numbers without their zeros
		}
		if err := theirs.SetBytes([]byte(data)); err != nil {
			t.Fatalf("%s, %s: we take %q, moov does not: %v", name, pref.Inspect(), data, err)
		}
		want, err := theirs.Pack()
		if err != nil || string(b[len(prelude):]) != string(want) {
			t.Fatalf("%s, %s: we pack %q to %X, moov to %X, %v", name, pref.Inspect(), data, b[len(prelude):], want, err)
		}
	})
}
