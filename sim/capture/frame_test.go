package capture

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/allocs"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// body is the sign-in without its length prefix.
var body = signIn[4:]

func inHex(s string) string { return fmt.Sprintf("%X", s) }

func TestMessageIsReadWhateverItsPrefix(t *testing.T) {
	cup := dialect.CUP()
	for in, want := range map[string]string{
		signIn:              "",
		body:                "",
		"003D" + body:       "the length prefix says 61, 60 follow",
		"003B" + body:       "the length prefix says 59, 60 follow",
		"00AA" + body:       "the length prefix says 170, 60 follow",
		"0060" + body:       "the length prefix 0060 is BCD, two digits to an octet: 60 octets follow; this network's is 2 octets, big-endian",
		"003E" + body:       "the length prefix says 62, and counts itself: 60 follow",
		"0031" + body:       "the length prefix says 49, and does not count TPDU and header: 60 follow",
		"3C00" + body:       "the length prefix 3C00 is little-endian: 60 octets follow",
		"0000" + signIn:     "0000 before it is an empty message",
		"00000000" + signIn: "00000000 before it is an empty message",
		signIn + "0000":     "0000 after it is an empty message",
		"0000" + signIn + strings.Repeat("00", 40): "0000 before it is an empty message; 40 octets after it are empty messages",
		"003C" + signIn:            "the length prefix 003C is there twice",
		"003E" + signIn:            "the length prefix is there twice, 003E and 003C, the first counts the second",
		inHex("0060") + body:       "is 4 decimal digits: 60 octets follow (in a profile length: digits4)",
		inHex("003C") + body:       "is 4 hexadecimal digits: 60 octets follow",
		"3C" + body:                "the length prefix 3C is 1 octet: 60 octets follow",
		"003C0000" + body:          "is 2 octets, big-endian, with 2 more after it: 60 octets follow",
		"02" + body + "03":         "between STX and ETX, as on a serial line, with 02 before it",
		"020060" + body + "0355":   "between STX and ETX, as on a serial line, with 020060 before it",
		inHex("HTTP/1.1") + signIn: `"HTTP/1.1" stands before the length prefix`,
		inHex("POST / HTTP/1.1\r\nA: b\r\n\r\n") + signIn:    "25 octets of text stand before it",
		inHex("PROXY TCP4 10.0.0.1 10.0.0.2 4 5\r\n") + body: "34 octets of text stand before it",
		"AABBCC" + signIn: "AABBCC stands before the length prefix",
	} {
		frames := Cut(&cup.Format, octets(t, in))
		if len(frames) != 1 {
			t.Errorf("%s: %d frames", in, len(frames))
			continue
		}
		fr := frames[0]
		if fr.Err != nil || !bytes.Equal(fr.Octets, octets(t, body)) || fr.Message.FieldText(41) != "10000001" || fr.Read != len(fr.Octets) {
			t.Errorf("%s: %v, %x", in, fr.Err, fr.Octets)
		}
		if want == "" && fr.Note != "" || !strings.Contains(fr.Note, want) {
			t.Errorf("%s:\n got %s\nwant %s", in, fr.Note, want)
		}
	}
}

func TestSeveralMessagesInOneInput(t *testing.T) {
	cup := dialect.CUP()
	cut := "003C" + body[:60]
	for in, want := range map[string]string{
		signIn + signIn: "ok, ok",
		body + body:     "ok, ok",
		signIn + body:   "ok, ok",
		signIn + "0000" + signIn + "0000" + "003D" + body: "ok, ok, ok",
		"003D" + body + signIn:                            "ok, ok",
		"003B" + body + signIn:                            "ok, ok",
		signIn + cut:                                      "ok, field 41, offset 24: wants 8 octets, 6 are left",
		"001E" + body[:60] + signIn:                       "field 41, offset 24: wants 8 octets, 6 are left, ok",
		signIn + "FFFF":                                   "ok, message, offset 2: ends within its routing header of 11 octets",
		body + "FFFF":                                     "message, offset 60: 2 octets after the last field",
		"003E" + body + "FFFF" + signIn:                   "message, offset 60: 2 octets after the last field, ok",
	} {
		var got []string
		for _, fr := range Cut(&cup.Format, octets(t, in)) {
			if got = append(got, "ok"); fr.Err != nil {
				got[len(got)-1] = fr.Err.Error()
			}
		}
		if got := strings.Join(got, ", "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", in, got, want)
		}
	}
}

// Of a message that cannot be read the fields before the wrong one are there.
func TestFieldsBeforeTheWrongOneAreThere(t *testing.T) {
	cup := dialect.CUP()
	frames := Cut(&cup.Format, octets(t, "00AA"+body[:60]))
	if len(frames) != 1 {
		t.Fatal(len(frames))
	}
	fr := frames[0]
	if fr.Message.FieldText(11) != "000001" || fr.Read != 24 || fr.Note != "the length prefix says 170, 30 follow" || !fr.Likely() {
		t.Errorf("%+v", fr)
	}
}

func TestWhatItLooksLike(t *testing.T) {
	for in, want := range map[string]string{
		inHex("GET / HTTP/1.0\r\n"):        "HTTP",
		inHex("HTTP/1.1 200 OK"):           "HTTP",
		"160301020001000001fc0303":         "a TLS handshake",
		"17030300200102":                   "TLS records",
		"020106600007080802":               "STX",
		inHex("ISO0060000200800"):          `"ISO006000020"`,
		"0050" + inHex("ISO0234000700800"): `"ISO023400070"`,
		"2E02" + inHex("0146"):             "interchange",
		"00922E02" + inHex("0146"):         "interchange",
		"F0F8F0F08220000000000000":         "EBCDIC",
		"0012F1F8F1F4":                     "EBCDIC",
		inHex("SSH-2.0-x"):                 "SSH",
		inHex("PROXY TCP4 "):               "PROXY",
		inHex("<?xml version"):             "XML",
		inHex(`{"a":1}`):                   "JSON",
		inHex("0800822000"):                "ASCII",
		inHex("0800") + "8220000000000000": "ASCII",
		"0050" + inHex("02007020"):         "ASCII",
		inHex("0200 OK\r\n"):               "",
		inHex("\r\n0400 bad request"):      "",
		inHex("0100 Continue\r\nX: 1"):     "",
		"":                                 "",
		"FFFFFFFF":                         "",
	} {
		if got := Looks(octets(t, in)); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s looks like %q, want %s", in, got, want)
		}
	}
}

func TestWhichReadingsFit(t *testing.T) {
	cup, iso87 := dialect.CUP(), dialect.ISO87()
	ascii := inHex("0800" + "0020000000C00000" + "000001" + "10000001" + "123456789012345")
	noHeader := "6000030000" + body[22:]
	for _, c := range []struct {
		of   *wire.Format
		in   string
		want string
	}{
		{&cup.Format, "0036" + noHeader, `dialect: cup, tpdu: "6000030000", header: none, length: binary2`},
		{&cup.Format, noHeader, `dialect: cup, tpdu: "6000030000", header: none`},
		{&cup.Format, "0031" + body[22:], `dialect: cup, tpdu: none, header: none, length: binary2`},
		{&cup.Format, "0000003C" + noHeader + "00", ``},
		{&cup.Format, "0031" + ascii, `dialect: iso87, tpdu: none, header: none, length: binary2`},
		{&cup.Format, inHex("0049") + ascii, `dialect: iso87, tpdu: none, header: none, length: digits4`},
		{&cup.Format, "003D" + inHex("ISO006000020") + ascii, `dialect: iso87, tpdu: none, header: "ISO006000020", length: binary2`},
		{&cup.Format, "00330100" + ascii, `dialect: iso87, tpdu: none, header: "0100", length: binary2`},
		{&iso87.Format, signIn, `dialect: cup, tpdu: "6000030000", header: "603100310000", length: binary2`},
		{&cup.Format, "FFFF", ``},
	} {
		var words []string
		for _, fit := range Fits(c.of, octets(t, c.in)) {
			words = append(words, fit.Words)
		}
		if got := strings.Join(words, " | "); got != c.want {
			t.Errorf("%s fits\n     %s\nwant %s", c.in, got, c.want)
		}
	}
}

func FuzzCut(f *testing.F) {
	cup, iso87 := dialect.CUP(), dialect.ISO87()
	for _, in := range []string{signIn, body, "003D" + body, "0000" + signIn, signIn + signIn, "02" + body + "0355", "160301", "00000000", "0001000100010001"} {
		f.Add(octets(f, in))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := allocs.Above(4*uint64(len(b))+64<<10, func() { Cut(&cup.Format, b) }); n > 0 {
			t.Fatalf("reading %d octets allocates %d", len(b), n)
		}
		for _, format := range []*wire.Format{&cup.Format, &iso87.Format} {
			at := 0
			for _, fr := range Cut(format, b) {
				if fr.At < at || fr.At+len(fr.Octets) > len(b) || fr.Read > len(fr.Octets) || !bytes.Equal(fr.Octets, b[fr.At:fr.At+len(fr.Octets)]) {
					t.Fatalf("frame of %d octets at %d after %d, of %d", len(fr.Octets), fr.At, at, len(b))
				}
				at = fr.At + len(fr.Octets)
			}
			Fits(format, b)
		}
		Looks(b)
	})
}

func TestWhatIsNoStreamOfMessagesIsGivenUp(t *testing.T) {
	start := time.Now()
	b := bytes.Repeat([]byte{0, 1, 'X'}, 1<<20)
	frames := Cut(&dialect.CUP().Format, b)
	last := frames[len(frames)-1]
	if len(frames) > maxBroken+1 || last.At+len(last.Octets) != len(b) || time.Since(start) > 20*time.Second {
		t.Errorf("%d frames in %v, the last ends at %d of %d", len(frames), time.Since(start), last.At+len(last.Octets), len(b))
	}
}

// A message with a field that cannot be read is told up to that field: not as another
// message that its octets happen to make from the second one on.
func TestAFieldThatCannotBeReadMakesNoOtherMessage(t *testing.T) {
	d, err := dialect.Parse("bank.yaml", []byte("extends: iso87\nframing: {length: binary2}\nencoding: {b: hex, n: latin1}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	octets := []byte("0210" + "3020000002C01000" + "000000" + "000000001000" + "000001" + "00" + "31000001" + "898310054110001" + strings.Repeat("Z", 16))
	frames := Read(&d.Format, octets)
	if len(frames) != 1 || frames[0].At != 0 || frames[0].Message.MTI() != "0210" || frames[0].Fields() != 6 || frames[0].Err == nil || !strings.Contains(frames[0].Err.Error(), "field 52") {
		t.Errorf("%d frames: %+v", len(frames), frames)
	}
}
