package wire_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// parts are the octets of a purchase, piece by piece in hexadecimal; a case
// replaces some. Test card, test terminal.
var parts = map[string]string{
	"tpdu": "6000030000", "head": "602200000000", "mti": "0200", "bitmap": "7020048000C08201",
	"2": "164111111111111111", "3": "000000", "4": "000000010000", "11": "000001", "22": "0510", "25": "00",
	"41": "3030303030303031", "42": "303030303030303030303030303031", "49": "313536",
	"55": "00099F0206000000010000", "64": "0011223344556677", "after": "",
}

var partOrder = []string{"tpdu", "head", "mti", "bitmap", "2", "3", "4", "11", "22", "25", "41", "42", "49", "55", "64", "after"}

// assemble makes a frame of parts with some replaced and its right length. A
// part "-" ends the message before it; "length" replaces the length.
func assemble(t testing.TB, replace map[string]string) []byte {
	p := maps.Clone(parts)
	maps.Copy(p, replace)
	var body []byte
	for _, name := range partOrder {
		if p[name] == "-" {
			break
		}
		body = append(body, unhex(t, p[name])...)
	}
	if l, ok := replace["length"]; ok {
		return append(unhex(t, l), body...)
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(body))), body...)
}

// part is a map of one or more replaced parts.
type part = map[string]string

// hostile are messages in whole frames. Where want is empty the message is
// rightly read, what is wrong with it is for the business rules to find; tlv
// is what is wrong with its field 55 beyond its length.
var hostile = []struct {
	id, name string
	replace  part
	want     string
	tlv      string
}{
	{"M01", "nothing wrong", nil, "", ""},
	{"M05", "ends within the TPDU", part{"tpdu": "60000300", "head": "-"}, "message, offset 4: ends within its routing header of 11 octets", ""},
	{"M06", "ends within the application header", part{"head": "6022000000", "mti": "-"}, "message, offset 10: ends within its routing header of 11 octets", ""},
	{"M07", "ends before the MTI", part{"mti": "-"}, "MTI, offset 11: wants 2 octets, 0 are left", ""},
	{"M25", "unknown network in the TPDU", part{"tpdu": "60FFFFFFFF"}, "", ""},
	{"M26", "an answer as a request", part{"mti": "0210"}, "", ""},
	{"M27", "unknown MTI", part{"mti": "9999"}, "", ""},
	{"M27a", "letters in the MTI", part{"mti": "02A0"}, "MTI, offset 11: holds a nibble that is not a digit", ""},
	{"M29", "half an MTI", part{"mti": "02", "bitmap": "-"}, "MTI, offset 11: wants 2 octets, 1 are left", ""},
	{"M30", "one octet of bitmap", part{"bitmap": "00", "2": "-"}, "bitmap, offset 13: wants 8 octets, 1 are left", ""},
	{"M31", "two octets of bitmap", part{"bitmap": "7020", "2": "-"}, "bitmap, offset 13: wants 8 octets, 2 are left", ""},
	{"M33", "every field announced, none there", part{"bitmap": "FFFFFFFFFFFFFFFF", "2": "-"}, "bitmap, offset 13: announces a second bitmap, this dialect has one", ""},
	{"M33a", "every field of the first bitmap announced", part{"bitmap": "7FFFFFFFFFFFFFFF"}, "field 5, offset 39: is not in this dialect", ""},
	{"M34", "second bitmap announced, not there", part{"bitmap": "8000000000000000", "2": "-"}, "bitmap, offset 13: announces a second bitmap, this dialect has one", ""},
	{"M35", "a chain of bitmaps", part{"bitmap": strings.Repeat("8000000000000000", 3), "2": "-"}, "bitmap, offset 13: announces a second bitmap, this dialect has one", ""},
	{"M37", "PAN of no digits", part{"2": "00"}, "", ""},
	{"M38", "PAN of 20 digits", part{"2": "2041111111111111111111"}, "field 2, offset 21: its length 20 is above 19", ""},
	{"M39", "PAN of 99 digits", part{"2": "99" + strings.Repeat("41", 50)}, "field 2, offset 21: its length 99 is above 19", ""},
	{"M40", "PAN length with a letter", part{"2": "1A4111111111111111"}, "field 2, offset 21: has a length that is not made of decimal digits", ""},
	{"M41", "letter in the PAN", part{"2": "1641111111111111F1"}, "field 2, offset 22: holds a nibble that is not a digit", ""},
	{"M42", "odd PAN, pad nibble 1", part{"2": "154111111111111111"}, "", ""},
	{"M43", "PAN cut off", part{"bitmap": "4000000000000000", "2": "164111", "3": "-"}, "field 2, offset 22: wants 8 octets, 2 are left", ""},
	{"M45", "amount of nothing", part{"4": "000000000000"}, "", ""},
	{"M46", "largest amount", part{"4": "999999999999"}, "", ""},
	{"M47", "terminal of zero octets", part{"41": "0000000000000000"}, "", ""},
	{"M49", "terminal that clears the screen", part{"41": "1B5B324A1B5B3148"}, "", ""},
	{"M50", "merchant of markup", part{"42": "3C7363726970743E616C6572742831"}, "", ""},
	{"M51", "merchant of a formula", part{"42": "3D636D647C272F632063616C632721"}, "", ""},
	{"M53", "no IC data", part{"55": "0000"}, "", ""},
	{"M53a", "IC data longer than the message", part{"55": "0255"}, "field 55, offset 73: wants 255 octets, 8 are left", ""},
	{"M53b", "IC data longer than the field", part{"55": "0999"}, "field 55, offset 71: its length 999 is above 255", ""},
	{"M54", "tag cut off", part{"55": "00019F"}, "", "field 55, offset 73: TLV: tag is cut off"},
	{"M55", "tag without end", part{"55": "00139F" + strings.Repeat("FF", 12)}, "", "field 55, offset 73: TLV: tag is longer than 3 octets"},
	{"M57", "indefinite length", part{"55": "00039F0280"}, "", "field 55, offset 75: TLV: length is indefinite, which EMV does not allow"},
	{"M58", "long form of a short length", part{"55": "00079F028200020100"}, "", ""},
	{"M58a", "long form, 4 octets", part{"55": "00089F02840000000101"}, "", ""},
	{"M58b", "value cut off", part{"55": "00089F02840000010001"}, "", "field 55, offset 80: TLV: value wants 256 octets, 1 are left"},
	{"M59", "length of 4 GB", part{"55": "00079F0284FFFFFFFF"}, "", "field 55, offset 80: TLV: value wants 4294967295 octets, 0 are left"},
	{"M61", "length of 2 to the 62nd", part{"55": "00119F02884000000000000000"}, "", "field 55, offset 75: TLV: length has 8 octets, at most 4 are read"},
	{"M62", "unknown tag, length of 2 to the 63rd", part{"55": "00108A888000000000000000"}, "", "field 55, offset 74: TLV: length has 8 octets, at most 4 are read"},
	{"M63", "length that wraps round to 1", part{"55": "00139F028901000000000000000131"}, "", "field 55, offset 75: TLV: length has 9 octets, at most 4 are read"},
	{"M64", "unknown tag shorter than its length", part{"55": "00048A050102"}, "", "field 55, offset 75: TLV: value wants 5 octets, 2 are left"},
	{"M65", "constructed tags, one in the other", part{"55": "0200" + strings.Repeat("70", 200)}, "", "field 55, offset 189: TLV: value wants 112 octets, 84 are left"},
	{"M65a", "the same with right lengths", part{"55": "0040" + nested(20)}, "", ""},
	{"M66", "an element twice", part{"55": "00189F02060000000100009F0206000000010000"}, "", "field 55, offset 73: TLV: tag 9F02 is there twice"},
	{"M67", "MAC of zeros", part{"64": "0000000000000000"}, "", ""},
	{"M69", "half a MAC", part{"64": "00112233"}, "field 64, offset 82: wants 8 octets, 4 are left", ""},
	{"M71", "octets after the MAC", part{"after": "DEADBEEF"}, "message, offset 90: 4 octets after the last field", ""},
	{"M10", "a length that takes one octet of the next message", part{"after": "00"}, "message, offset 90: 1 octets after the last field", ""},
	{"M11", "a length that leaves one octet", part{"64": "00112233445566"}, "field 64, offset 82: wants 8 octets, 7 are left", ""},
	{"M72", "amount that is not made of digits", part{"4": "00000001000A"}, "field 4, offset 33: holds a nibble that is not a digit", ""},
}

// nested is n constructed tags, each within the one before.
func nested(n int) string {
	if n == 0 {
		return ""
	}
	in := nested(n - 1)
	const digits = "0123456789ABCDEF"
	size := len(in) / 2
	return "70" + string(digits[size>>4]) + string(digits[size&15]) + in
}

func TestHostileMessages(t *testing.T) {
	d := dialect.CUP()
	for _, c := range hostile {
		frame := assemble(t, c.replace)
		body, err := d.NewReader(strings.NewReader(string(frame))).Next()
		if err != nil {
			t.Errorf("%s %s: %v", c.id, c.name, err)
			continue
		}
		m := d.NewMessage()
		err = m.Read(body)
		if c.want != "" {
			if err == nil || err.Error() != c.want {
				t.Errorf("%s %s:\n got %v\nwant %s", c.id, c.name, err, c.want)
			}
			if _, ok := errors.AsType[*wire.FieldError](err); !ok {
				t.Errorf("%s %s: error is a %T", c.id, c.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %s: %v, want it read", c.id, c.name, err)
			continue
		}
		if again, err := m.Append(nil); err != nil || c.id != "M42" && string(again) != string(body) {
			t.Errorf("%s %s: %v, packs back to %X, want %X", c.id, c.name, err, again, body)
		}
		err = m.CheckTLV(55)
		if got := errText(err); got != c.tlv {
			t.Errorf("%s %s: field 55\n got %s\nwant %s", c.id, c.name, got, c.tlv)
		}
		var shown strings.Builder
		d.Describe(&shown, m)
		for _, r := range shown.String() {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Errorf("shown with %U", r)
			}
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A MAC is over what was received: the pad nibble of M42 is lost in packing, so
// Sealing must not be over a packed copy.
func TestSealingIsOverWhatWasReceived(t *testing.T) {
	d := dialect.CUP()
	frame := assemble(t, part{"2": "154111111111111117"})
	m := read(t, d, frame)
	if covered, _ := m.MACSpan(); string(covered) != string(frame[2+11:len(frame)-8]) {
		t.Errorf("covered %X", covered)
	}
}

func TestTwoBitmapsAreAllThereIs(t *testing.T) {
	d := dialect.ISO87()
	for _, c := range []struct{ octets, want string }{
		{"0200" + "8000000000000000", "bitmap, offset 20: wants 16 octets, 0 are left"},
		{"0200" + "8000000000000000" + "8000000000000000" + "8000000000000000", "bitmap, offset 20: announces a third bitmap, there are two"},
		{"0200" + "80000000000000", "bitmap, offset 4: wants 16 octets, 14 are left"},
		{"0200" + "800000000000000G", "bitmap, offset 19: holds a character that is not hexadecimal"},
		{"0200" + "FFFFFFFFFFFFFFFF" + "7FFFFFFFFFFFFFFF", "field 2, offset 36: its length wants 2 octets, 0 are left"},
		{"0200" + "4000000000000000" + "-1", "field 2, offset 20: has a length that is not made of decimal digits"},
		{"0200" + "4000000000000000" + "+1", "field 2, offset 20: has a length that is not made of decimal digits"},
		{"0200" + "0000000000000000" + "x", "message, offset 20: 1 octets after the last field"},
		{"02", "MTI, offset 0: wants 4 octets, 2 are left"},
		{"02x0" + "0000000000000000", "MTI, offset 2: holds a character that is not a digit"},
		{"", "MTI, offset 0: wants 4 octets, 0 are left"},
	} {
		m := d.NewMessage()
		if err := m.Read([]byte(c.octets)); errText(err) != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.octets, err, c.want)
		}
	}
}

// allocated is what f allocates, in octets: the least of some runs, as others
// allocate at the same time.
func allocated(f func()) uint64 {
	least := ^uint64(0)
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

func TestNoInputTakesMuchMemory(t *testing.T) {
	for _, d := range dialect.Dialects() {
		inputs := [][]byte{make([]byte, 1<<16), []byte(strings.Repeat("9", 1<<16)), []byte(strings.Repeat("\xFF", wire.MaxFrame)), []byte(strings.Repeat("9", wire.MaxFrame))}
		for _, c := range hostile {
			inputs = append(inputs, assemble(t, c.replace)[2:])
		}
		for _, b := range inputs {
			if n := allocated(func() { d.NewMessage().Read(b) }); n > uint64(4*len(b)+4096) {
				t.Errorf("%s: reading %d octets allocates %d", d.Name, len(b), n)
			}
		}
	}
}

func TestLongInputIsRefusedFast(t *testing.T) {
	d := dialect.CUP()
	for _, b := range [][]byte{make([]byte, 1<<16), []byte(strings.Repeat("\x70", 1<<16))} {
		start := time.Now()
		m := d.NewMessage()
		if m.Read(b) == nil {
			t.Error("64 KB are read as a message")
		}
		var last error
		for _, err := range wire.Tags(b) {
			last = err
		}
		_ = last
		if took := time.Since(start); took > 5*time.Second { // some ms, on an idle machine
			t.Errorf("64 KB took %v", took)
		}
	}
}

// The longest message that the field lengths of CUP allow goes on a line.
func TestLongestMessage(t *testing.T) {
	d := dialect.CUP()
	m := d.NewMessage()
	m.SetMTI("0200")
	for f := range 129 {
		if f > 1 && d.HasField(f) {
			v := make([]byte, d.Longest(f))
			for i := range v {
				v[i] = '1'
			}
			m.SetField(f, v)
		}
	}
	b, err := wire.AppendFrame(nil, m)
	if err != nil {
		t.Fatal(err)
	}
	if len(b)-2 != 3238 {
		t.Errorf("%d octets, MaxFrame's comment says 3,238", len(b)-2)
	}
	again := read(t, d, b)
	for f := range m.Fields {
		if again.FieldText(f) != m.FieldText(f) {
			t.Errorf("field %d differs", f)
		}
	}
	iso := dialect.ISO87()
	long := iso.NewMessage()
	long.SetMTI("0200")
	for _, f := range []int{48, 60, 61, 62, 63} {
		long.SetField(f, []byte(strings.Repeat("x", 999)))
	}
	if _, err := wire.AppendFrame(nil, long); err == nil || !strings.Contains(err.Error(), "at most 4096") {
		t.Errorf("a message of 5,000 octets: %v", err)
	}
}

func TestReadDoesNotKeepPartsOfAFailure(t *testing.T) {
	d := dialect.CUP()
	m := read(t, d, assemble(t, nil))
	if m.Read(assemble(t, part{"after": "00"})[2:]) == nil {
		t.Fatal("octets after the last field are accepted")
	}
	for f := range m.Fields {
		t.Errorf("field %d is there after a failed Read", f)
	}
	if covered, _ := m.MACSpan(); covered != nil {
		t.Error("a failed Read leaves something to seal")
	}
}

// What people paste is often cut short: what was read before is what helps them.
func TestReadPartKeepsWhatWasRead(t *testing.T) {
	d := dialect.CUP()
	whole := assemble(t, nil)[2:]
	m := d.NewMessage()
	for _, c := range []struct {
		name   string
		octets []byte
		fields string
		at     int
		want   string
	}{
		{"whole", whole, "[2 3 4 11 22 25 41 42 49 55 64]", len(whole), ""},
		{"cut in the MAC", whole[:len(whole)-3], "[2 3 4 11 22 25 41 42 49 55]", len(whole) - 8, "field 64, offset 82: wants 8 octets, 5 are left"},
		{"cut in field 4", whole[:35], "[2 3]", 33, "field 4, offset 33: wants 6 octets, 2 are left"},
		{"an octet too many", append(slices.Clone(whole), 0), "[2 3 4 11 22 25 41 42 49 55 64]", len(whole), "message, offset 90: 1 octets after the last field"},
		{"a digit that is none", assemble(t, part{"4": "00000001000A"})[2:], "[2 3]", 33, "field 4, offset 33: holds a nibble that is not a digit"},
		{"cut in the bitmap", whole[:15], "[]", 13, "bitmap, offset 13: wants 8 octets, 2 are left"},
		{"no MTI", whole[:11], "[]", 11, "MTI, offset 11: wants 2 octets, 0 are left"},
		{"cut in the header", whole[:4], "[]", 4, "message, offset 4: ends within its routing header of 11 octets"},
		{"too long", make([]byte, wire.MaxFrame+1), "[]", 0, "message, offset 4096: 4097 octets, at most 4096 are read"},
	} {
		at, err := m.ReadPart(c.octets)
		if got := errText(err); got != c.want || at != c.at {
			t.Errorf("%s: octet %d, %s; want %d, %s", c.name, at, got, c.at, c.want)
		}
		if got := fmt.Sprint(slices.Collect(m.Fields)); got != c.fields {
			t.Errorf("%s: fields %s, want %s", c.name, got, c.fields)
		}
		if covered, _ := m.MACSpan(); (covered != nil) != (err == nil) {
			t.Errorf("%s: a MAC covers %d octets", c.name, len(covered))
		}
	}
}
