package wire_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// sample is a message of testdata/cup.txt.
type sample struct {
	name   string
	frame  []byte
	head   []byte
	mti    string
	fields []int
	values map[int]string
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func samples(t testing.TB) []sample {
	t.Helper()
	text, err := os.ReadFile("testdata/cup.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []sample
	for n, line := range strings.Split(string(text), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		last := len(out) - 1
		switch {
		case line == "" || word == "#":
		case strings.HasSuffix(word, ":"):
			out = append(out, sample{name: strings.TrimSuffix(word, ":"), values: map[int]string{}})
		case word == "=":
			out[last].frame = append(out[last].frame, unhex(t, rest)...)
		case word == "head":
			out[last].head = unhex(t, rest)
		case word == "mti":
			out[last].mti = rest
		default:
			f, err := strconv.Atoi(word)
			if err != nil {
				t.Fatalf("testdata/cup.txt:%d: %v", n+1, err)
			}
			switch {
			case strings.HasPrefix(rest, `"`):
				rest = strings.Trim(rest, `"`)
			case strings.HasPrefix(rest, "0x"):
				rest = string(unhex(t, rest[2:]))
			}
			out[last].fields = append(out[last].fields, f)
			out[last].values[f] = rest
		}
	}
	if len(out) < 27 {
		t.Fatalf("%d messages in testdata/cup.txt, want 27", len(out))
	}
	return out
}

// read reads a frame, length first.
func read(t testing.TB, d *dialect.Dialect, frame []byte) *wire.Message {
	t.Helper()
	body, err := d.NewReader(strings.NewReader(string(frame))).Next()
	if err != nil {
		t.Fatal(err)
	}
	m := d.NewMessage()
	if err := m.Read(body); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestCapturedMessagesReadAsPublished(t *testing.T) {
	d := dialect.CUP()
	for _, s := range samples(t) {
		t.Run(s.name, func(t *testing.T) {
			m := read(t, d, s.frame)
			if string(m.Head) != string(s.head) || m.MTI() != s.mti {
				t.Errorf("head %X MTI %s, want %X %s", m.Head, m.MTI(), s.head, s.mti)
			}
			var got []int
			for f := range m.Fields {
				got = append(got, f)
				if m.FieldText(f) != s.values[f] {
					t.Errorf("field %d = %q, want %q", f, m.FieldText(f), s.values[f])
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(s.fields) {
				t.Errorf("fields %v, want %v", got, s.fields)
			}
		})
	}
}

func TestCapturedMessagesPackBackToTheSameOctets(t *testing.T) {
	d := dialect.CUP()
	for _, s := range samples(t) {
		m := read(t, d, s.frame)
		again, err := wire.AppendFrame(nil, m)
		if err != nil || string(again) != string(s.frame) {
			t.Errorf("%s read and packed: %v\n got %X\nwant %X", s.name, err, again, s.frame)
		}
		built := d.NewMessage()
		copy(built.Head, s.head)
		built.SetMTI(s.mti)
		for i := range s.fields { // in any order
			f := s.fields[len(s.fields)-1-i]
			built.SetFieldString(f, s.values[f])
		}
		again, err = wire.AppendFrame([]byte("before"), built)
		if err != nil || string(again) != "before"+string(s.frame) {
			t.Errorf("%s built: %v\n got %X\nwant %X", s.name, err, again, s.frame)
		}
	}
}

func TestSealingCoversMTIToTheFieldBeforeTheMAC(t *testing.T) {
	d := dialect.CUP()
	for _, s := range samples(t) {
		body := s.frame[2+11:]
		m := read(t, d, s.frame)
		covered, mac := m.MACSpan()
		if _, sealed := s.values[64]; !sealed {
			if covered != nil || mac != nil {
				t.Errorf("%s has no MAC and %d octets covered", s.name, len(covered))
			}
			continue
		}
		if string(covered) != string(body[:len(body)-8]) || string(mac) != s.values[64] {
			t.Errorf("%s: covered %X MAC %q", s.name, covered, mac)
		}
	}
}

func TestOddDigitsArePaddedWhereTheFieldSays(t *testing.T) {
	for _, c := range []struct {
		name  string
		enc   *wire.Nibbles
		text  string
		packs string   // hex
		reads []string // other octets that read as text
	}{
		{"none", wire.Digits, "", "", nil},
		{"one", wire.Digits, "7", "70", []string{"7F", "75"}},
		{"two", wire.Digits, "75", "75", nil},
		{"entry mode to the left", wire.Digits, "021", "0210", []string{"021F", "0219"}},
		{"sequence number to the right", wire.DigitsRight, "001", "0001", []string{"F001", "9001"}},
		{"right, even", wire.DigitsRight, "0123", "0123", nil},
		{"right, 7", wire.DigitsRight, "1234567", "01234567", []string{"A1234567"}},
		{"right, 9", wire.DigitsRight, "123456789", "0123456789", []string{"F123456789"}},
		{"right, 15", wire.DigitsRight, "123456789012345", "0123456789012345", nil},
		{"8", wire.Digits, "12345678", "12345678", nil},
		{"9", wire.Digits, "123456789", "1234567890", []string{"123456789F"}},
		{"PAN of 19", wire.Digits, "6225000000000000019", "62250000000000000190", []string{"6225000000000000019F"}},
		{"track", wire.Track, "6225000000000014D25121010000", "6225000000000014D25121010000", nil},
		{"odd track", wire.Track, "6225000000000014D2512", "6225000000000014D25120", []string{"6225000000000014D2512F"}},
		{"enciphered track", wire.Track, "62250000000000AFBECD0123456789ABCDEF1", "62250000000000AFBECD0123456789ABCDEF10", nil},
	} {
		got, err := c.enc.Encode([]byte(c.text))
		if err != nil || fmt.Sprintf("%X", got) != c.packs {
			t.Errorf("%s: %s packs to %X, %v; want %s", c.name, c.text, got, err, c.packs)
		}
		for _, octets := range append(c.reads, c.packs) {
			b := unhex(t, octets)
			text, n, err := c.enc.Decode(b, len(c.text))
			if err != nil || string(text) != c.text || n != len(b) {
				t.Errorf("%s: %s reads as %q, %d octets, %v; want %q", c.name, octets, text, n, err, c.text)
			}
		}
	}
	if got, err := wire.Track.Encode([]byte("62=25")); err != nil || fmt.Sprintf("%X", got) != "62D250" {
		t.Errorf("separator = packs to %X, %v; want 62D250", got, err)
	}
}

func TestNibblesRefuseWhatIsNotTheirs(t *testing.T) {
	for at := range 20 {
		for c := range 256 {
			text := []byte("01234567890123456789")
			text[at] = byte(c)
			digit := c >= '0' && c <= '9'
			for _, e := range []*wire.Nibbles{wire.Digits, wire.DigitsRight} {
				for _, s := range [][]byte{text, text[:at+1]} {
					if _, err := e.Encode(s); (err == nil) != digit {
						t.Fatalf("character 0x%02X at %d of %d: %v", c, at, len(s), err)
					}
				}
			}
			for _, s := range [][]byte{text, text[:at+1]} {
				got, err := wire.Track.Encode(s)
				if (err == nil) != (digit || c >= 'A' && c <= 'F' || c == '=') {
					t.Fatalf("track, character 0x%02X at %d of %d: %v", c, at, len(s), err)
				}
				want := strings.ReplaceAll(string(s), "=", "D") + strings.Repeat("0", len(s)&1)
				if err == nil && fmt.Sprintf("%X", got) != want {
					t.Fatalf("track %q packs to %X, want %s", s, got, want)
				}
			}
		}
		for v := range 16 {
			b := unhex(t, "01234567890123456789")
			b[at/2] = b[at/2]&(0xF<<(4*(at%2))) | byte(v)<<(4*(1-at%2))
			if _, _, err := wire.Digits.Decode(b, 20); (err == nil) != (v <= 9) {
				t.Fatalf("nibble %X at %d: %v", v, at, err)
			}
			if _, _, err := wire.Track.Decode(b, 20); err != nil {
				t.Fatalf("track, nibble %X at %d: %v", v, at, err)
			}
		}
	}
	if _, _, err := wire.Digits.Decode([]byte{0x12}, -1); err == nil {
		t.Error("a negative length is accepted")
	}
	if _, _, err := wire.Digits.Decode([]byte{0x12}, 3); err == nil {
		t.Error("more digits than octets are accepted")
	}
}

func TestFieldsOnTheLine(t *testing.T) {
	d := dialect.CUP()
	for _, c := range []struct {
		field       int
		value, want string // hex, with the length prefix
	}{
		{22, "021", "0210"},
		{23, "001", "0001"},
		{2, "6225000000000000019", "1962250000000000000190"},
		{35, "6225000000000014=2512", "216225000000000014D25120"},
		{36, "99=1", "000499D1"},
		{60, "22000001", "000822000001"},
		{60, "00000001003", "0011000000010030"},
		{60, "220000010006", "0012220000010006"},
		{60, "2200000100060", "001322000001000600"},
		{60, "22000001000600", "001422000001000600"},
		{48, "", "0000"},
		{63, "CUP", "0003435550"},
		{62, "\x00\xFF", "000200FF"},
	} {
		m := d.NewMessage()
		m.SetMTI("0200")
		m.SetFieldString(c.field, c.value)
		b, err := m.Append(nil)
		if err != nil {
			t.Errorf("field %d = %q: %v", c.field, c.value, err)
			continue
		}
		if got := fmt.Sprintf("%X", b[11+2+8:]); got != c.want {
			t.Errorf("field %d = %q packs to %s, want %s", c.field, c.value, got, c.want)
		}
		again := d.NewMessage()
		if err := again.Read(b); err != nil || again.FieldText(c.field) != strings.ReplaceAll(c.value, "=", "D") {
			t.Errorf("field %d reads as %q, %v; want %q", c.field, again.FieldText(c.field), err, c.value)
		}
	}
}

func TestWhatDoesNotFitIsNotPacked(t *testing.T) {
	for _, c := range []struct {
		d     *dialect.Dialect
		field int
		value string
		want  string
	}{
		{dialect.CUP(), 4, "100", "field 4, offset 21: has 3 characters, want 12"},
		{dialect.CUP(), 4, "00000000010x", "field 4, offset 21: holds a character that is not a digit"},
		{dialect.CUP(), 2, strings.Repeat("1", 20), "field 2, offset 21: has 20 characters, at most 19 fit"},
		{dialect.CUP(), 2, "622500000000001A", "field 2, offset 22: holds a character that is not a digit"},
		{dialect.CUP(), 70, "301", "bitmap, offset 11: this dialect has no fields above 64"},
		{dialect.CUP(), 5, "1", "field 5, offset 21: is not in this dialect"},
		{dialect.CUP(), 62, strings.Repeat("x", 1000), "field 62, offset 21: has 1000 characters, at most 999 fit"},
		{dialect.ISO87(), 63, "\x80", "field 63, offset 23: holds an octet above 127"},
	} {
		m := c.d.NewMessage()
		m.SetMTI("0200")
		m.SetFieldString(c.field, c.value)
		out, err := m.Append([]byte("x"))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s, field %d: %v, want %s", c.d.Name, c.field, err, c.want)
		}
		if string(out) != "x" {
			t.Errorf("%s, field %d: %q is given back, want what was given", c.d.Name, c.field, out)
		}
	}
}

func TestSecondBitmap(t *testing.T) {
	d := dialect.ISO87()
	m := d.NewMessage()
	d.Form(dialect.Echo).Begin(m)
	m.SetFieldUint(11, 7)
	m.SetFieldString(41, "10000001")
	b, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(b), "0800"+"8020000000800000"+"0400000000000000"+"000007"+"10000001"+"301"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	again := d.NewMessage()
	if err := again.Read([]byte(strings.ToLower(string(b)))); err != nil || again.FieldText(70) != "301" {
		t.Errorf("field 70 = %q, %v; want 301", again.FieldText(70), err)
	}
	m.SetFieldUint(4, 100)
	m.AddMAC()
	if b, err = m.Append(nil); err != nil {
		t.Fatal(err)
	}
	covered, mac := m.MACSpan()
	if !m.HasField(128) || len(mac) != 8 || len(covered) != len(b)-8 {
		t.Errorf("the MAC of a message with two bitmaps is not its field 128: %X", b)
	}
}

func TestAnswersPairWithTheirRequests(t *testing.T) {
	for _, d := range dialect.Dialects() {
		req := d.NewMessage()
		req.SetMTI("0200")
		req.SetFieldString(11, "000042")
		req.SetFieldString(41, "10000001")
		req.SetFieldString(42, "123456789012345")
		ans := d.NewMessage()
		ans.AnswerTo(req)
		if ans.Key() != req.Key() {
			t.Errorf("%s: an answer's key differs from its request's", d.Name)
		}
		if !ans.IsAnswer() || ans.MTI() != "0210" {
			t.Errorf("%s: answer to 0200 is %s", d.Name, ans.MTI())
		}
		for _, c := range []struct {
			what  string
			field int
			value string
		}{{"trace", 11, "000043"}, {"terminal", 41, "10000002"}, {"merchant", 42, "123456789012346"}} {
			ans.AnswerTo(req)
			ans.SetFieldString(c.field, c.value)
			if ans.Key() == req.Key() {
				t.Errorf("%s: the answer of another %s has the request's key", d.Name, c.what)
			}
		}
		ans.AnswerTo(req)
		ans.SetMTI("0410")
		if ans.Key() == req.Key() {
			t.Errorf("%s: a reversal's answer has the purchase's key", d.Name)
		}
	}
}

func TestAnswerGoesBackWhereTheRequestCameFrom(t *testing.T) {
	d := dialect.CUP()
	req, ans := d.NewMessage(), d.NewMessage()
	copy(req.Head, unhex(t, "6006010000613100311108"))
	req.SetMTI("0800")
	ans.AnswerTo(req)
	ans.SetRequirement(3)
	if got := fmt.Sprintf("%X", ans.Head); got != "6000000601613103311108" || ans.Requirement() != 3 {
		t.Errorf("answer's header %s, requirement %d", got, ans.Requirement())
	}
}

func TestValuesOfAReusedMessageAreNew(t *testing.T) {
	d := dialect.CUP()
	m := d.NewMessage()
	m.SetFieldString(41, "10000001")
	m.SetFieldString(41, "10000002")
	m.SetFieldString(63, "longer than before")
	m.SetFieldString(63, "short")
	if m.FieldText(41) != "10000002" || m.FieldText(63) != "short" {
		t.Errorf("41 = %q, 63 = %q", m.FieldText(41), m.FieldText(63))
	}
	m.UnsetField(41)
	if m.HasField(41) || m.Field(41) != nil {
		t.Error("an unset field is there")
	}
	m.SetField(62, make([]byte, 60000)) // too long to pack, not to hold
	if len(m.Field(62)) != 60000 {
		t.Errorf("%d octets held, want 60000", len(m.Field(62)))
	}
	m.SetField(61, make([]byte, 10000)) // too much to hold, and so to pack
	m.UnsetField(62)
	if _, err := m.Append(nil); m.HasField(61) || err == nil {
		t.Errorf("a message that was given 70,000 octets packs: %v", err)
	}
	m.Reset()
	for f := range m.Fields {
		t.Errorf("field %d is there after Reset", f)
	}
}

func TestCloneSharesNothing(t *testing.T) {
	m := read(t, dialect.CUP(), samples(t)[4].frame)
	covered, _ := m.MACSpan()
	was := string(covered)
	c := m.Clone()
	c.SetFieldString(41, "99999999")
	c.Head[1] = 0x77
	c.SetMAC([8]byte([]byte("DEADBEEF")))
	if m.FieldText(41) != "22003600" || m.Head[1] != 0x06 || m.FieldText(64) != "E5805ECB" || c.FieldText(64) != "DEADBEEF" {
		t.Errorf("41 = %q, head %X, MAC %q and %q", m.FieldText(41), m.Head, m.FieldText(64), c.FieldText(64))
	}
	clear(covered)
	if again, _ := c.MACSpan(); string(again) != was {
		t.Error("the copy's octets are the original's")
	}
}

// Only CUP's header has a processing requirement; the host at the other end of
// another must not be taken to ask for a sign-in.
func TestOtherHeadersHaveNoRequirement(t *testing.T) {
	for head, want := range map[string]byte{
		"\x60\x31\x03\x31\x00\x00": 3, "\x63\x31\x05\x31\x00\x00": 5, "\x01\x02\x03\x04\x05\x06": 0, "ISO006": 0,
	} {
		d := dialect.CUP()
		d.Header = wire.Header{App: len(head)}
		m := d.NewMessage()
		copy(m.Head, head)
		if got := m.Requirement(); got != want {
			t.Errorf("header %X asks for %d, want %d", head, got, want)
		}
		m.SetRequirement(0)
		if want == 0 && string(m.Head) != head {
			t.Errorf("header %X became %X", head, m.Head)
		}
	}
	d := dialect.CUP()
	d.Header.App = wire.MaxHeader
	if d.Compile() == nil {
		t.Error("a header longer than a message holds is taken")
	}
}
