package capture

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
)

// What tools print that is not in hexadecimal, or not in order; each was made by the
// tool that it is named for.
var otherDumps = map[string]string{
	"od": `0000000 036000 000140 000003 060000 000061 000061 004000 000000
0000020 000040 000000 000300 000022 000400 030061 030060 030060
0000040 030460 031061 032063 033065 034067 030071 031061 032063
0000060 000065 000021 000000 000000 000100 030003 020061
0000076
`,
	"od -b": `0000000 000 074 140 000 003 000 000 140 061 000 061 000 000 010 000 000
0000020 040 000 000 000 300 000 022 000 000 001 061 060 060 060 060 060
0000040 060 061 061 062 063 064 065 066 067 070 071 060 061 062 063 064
0000060 065 000 021 000 000 000 000 000 100 000 003 060 061 040
0000076
`,
	"hexdump -b": `0000000 000 074 140 000 003 000 000 140 061 000 061 000 000 010 000 000
0000010 040 000 000 000 300 000 022 000 000 001 061 060 060 060 060 060
0000020 060 061 061 062 063 064 065 066 067 070 071 060 061 062 063 064
0000030 065 000 021 000 000 000 000 000 100 000 003 060 061 040        
000003e
`,
	"xxd -b": `00000000: 00000000 00111100 01100000 00000000 00000011 00000000  .<` + "`" + `...
00000006: 00000000 01100000 00110001 00000000 00110001 00000000  .` + "`" + `1.1.
0000000c: 00000000 00001000 00000000 00000000 00100000 00000000  .... .
00000012: 00000000 00000000 11000000 00000000 00010010 00000000  ......
00000018: 00000000 00000001 00110001 00110000 00110000 00110000  ..1000
0000001e: 00110000 00110000 00110000 00110001 00110001 00110010  000112
00000024: 00110011 00110100 00110101 00110110 00110111 00111000  345678
0000002a: 00111001 00110000 00110001 00110010 00110011 00110100  901234
00000030: 00110101 00000000 00010001 00000000 00000000 00000000  5.....
00000036: 00000000 00000000 01000000 00000000 00000011 00110000  ..@..0
0000003c: 00110001 00100000                                      1 
`,
	"xxd -e": `00000000: 00603c00 60000003 00310031 00000800  .<` + "`" + `....` + "`" + `1.1.....
00000010: 00000020 001200c0 30310100 30303030   .........100000
00000020: 32313130 36353433 30393837 34333231  0112345678901234
00000030: 00110035 00000000 30030040     2031  5.......@..01 
`,
}

const signInOfPython = `b'\x00<` + "`" + `\x00\x03\x00\x00` + "`" + `1\x001\x00\x00\x08\x00\x00 \x00\x00\x00\xc0\x00\x12\x00\x00\x0110000001123456789012345\x00\x11\x00\x00\x00\x00\x00@\x00\x0301 '`

func TestDumpsThatAreNotInHexadecimal(t *testing.T) {
	for name, text := range otherDumps {
		blocks, err := Text(text, nil)
		if err != nil || len(blocks) != 1 || fmt.Sprintf("%X", blocks[0].Octets) != signIn {
			t.Errorf("%s: %+v, %v", name, blocks, err)
		}
	}
	if _, err := Text("0000000   15360   00096   00768   24576   00049   00049   02048   00000\n", nil); err == nil || !strings.Contains(err.Error(), "decimal") {
		t.Errorf("hexdump -d: %v", err)
	}
}

// Octets as programs print them, where none of it is hexadecimal digits.
func TestOctetsAsProgramsPrintThem(t *testing.T) {
	b := octets(t, signIn)
	numbers := func(format, between string, signed bool) string {
		var words []string
		for _, c := range b {
			if signed {
				words = append(words, fmt.Sprintf(format, int8(c)))
			} else {
				words = append(words, fmt.Sprintf(format, c))
			}
		}
		return strings.Join(words, between)
	}
	wide := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r - '0' + '０'
		}
		return r
	}, signIn)
	for name, text := range map[string]string{
		"decimal":                 numbers("%d", ", ", false),
		"Go":                      "[" + numbers("%d", " ", false) + "]",
		"Java":                    "[" + numbers("%d", ", ", true) + "]",
		"Java in a log":           "12:00:00 DEBUG sent [" + numbers("%d", ", ", true) + "] to host",
		"Node":                    `{"type":"Buffer","data":[` + numbers("%d", ",", false) + "]}",
		"C in decimal":            "unsigned char b[] = {" + numbers("%d", ", ", false) + "};",
		"Java source":             "new byte[]{" + numbers("(byte) 0x%02x", ", ", false) + "}",
		"octal":                   numbers("%03o", " ", false),
		"binary":                  numbers("%08b", " ", false),
		"hexadecimal, not padded": numbers("%x", " ", false),
		"Python":                  signInOfPython,
		"Python in a log":         "DEBUG sent " + signInOfPython + " ok",
		"Python over lines":       "(" + signInOfPython[:30] + "'\n b'" + signInOfPython[30:] + ")",
		"Go, quoted":              fmt.Sprintf("%q", string(b)),
		"base64":                  base64.StdEncoding.EncodeToString(b),
		"base64 over lines":       base64.StdEncoding.EncodeToString(b)[:40] + "\n" + base64.StdEncoding.EncodeToString(b)[40:] + "\n",
		"%XX":                     numbers("%%%02X", "", false),
		"JSON":                    `"` + numbers(`\u00%02x`, "", false) + `"`,
		"HTML":                    numbers("&#x%02x;", "", false),
		"an assembler":            numbers("%02Xh", " ", false),
		"full-width":              wide,
		"quoted-printable":        signIn[:75] + "=\r\n" + signIn[75:],
		"strings put together":    "\"" + signIn[:40] + "\" +\n    \"" + signIn[40:] + "\"",
		"a log in JSON":           `{"raw":"` + signIn + `","len":62}`,
	} {
		blocks, err := Text(text, nil)
		if err != nil || len(blocks) != 1 || fmt.Sprintf("%X", blocks[0].Octets) != signIn {
			t.Errorf("%s: %+v, %v\n%s", name, blocks, err, text)
		}
	}
	for _, text := range []string{"1 22 3 44 5 66 7 88 9 10 11 12", "300, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12"} {
		if blocks, err := Text(text, nil); err == nil {
			t.Errorf("%s: %v", text, blocks)
		}
	}
}

// Hexadecimal digits on the line are read, and said to be such.
func TestDigitsInsideAFrameAreRead(t *testing.T) {
	f := &dialect.CUP().Format
	for _, in := range []string{inHex(signIn), inHex(strings.ToLower(signIn)), "007C" + inHex(signIn)} {
		frames := Read(f, octets(t, in))
		if len(frames) != 1 || frames[0].Err != nil || frames[0].Message.FieldText(41) != "10000001" || !strings.Contains(frames[0].Note, "sent as hexadecimal digits") {
			t.Errorf("%s: %+v", in, frames)
		}
	}
}

// A length of four octets before each message is no empty message and one of two.
func TestFourOctetsOfLengthAreNotEmptyMessages(t *testing.T) {
	frames := Cut(&dialect.CUP().Format, octets(t, "0000"+signIn+"0000"+signIn))
	if len(frames) != 2 {
		t.Fatal(len(frames))
	}
	for _, fr := range frames {
		if fr.Err != nil || !strings.HasPrefix(fr.Note, "the length prefix is 4 octets, big-endian (in a profile length: binary4): 60 octets follow") {
			t.Errorf("%q, %v", fr.Note, fr.Err)
		}
	}
}

// After a gap the first message that stands whole in its frame is found.
func TestStreamIsReadAgainAfterAGap(t *testing.T) {
	f := &dialect.CUP().Format
	for in, want := range map[string]int{signIn: 0, signIn[20:] + signIn: 52, signIn[20:]: -1, "": -1, strings.Repeat("00", 2*mostSearched) + signIn: -1} {
		if got := Resync(f, octets(t, in)); got != want {
			t.Errorf("%.40s: %d, want %d", in, got, want)
		}
	}
}

// A length of three octets, or of four that counts itself, begins with what looks like an
// empty message; DLE STX and DLE ETX with what looks like a length. Zeros are no message.
func TestLongerLengthsAndSerialLinesAreNamed(t *testing.T) {
	d := dialect.CUP()
	x := octets(t, signIn)[2:]
	n := byte(len(x))
	for what, c := range map[string]struct {
		octets, note string
		times        int
	}{
		"four octets":            {"\x00\x00\x00" + string([]byte{n}), "4 octets, big-endian (in a profile length: binary4)", 2},
		"four that count":        {"\x00\x00\x00" + string([]byte{n + 4}), "4 octets, big-endian, which counts itself (in a dialect's file framing: {length: binary4, counts: [itself]})", 1},
		"four that count, twice": {"\x00\x00\x00" + string([]byte{n + 4}), "4 octets, big-endian, which counts itself", 2},
		"three octets":           {"\x00\x00" + string([]byte{n}), "3 octets, big-endian (in a profile length: binary3)", 1},
		"three that count":       {"\x00\x00" + string([]byte{n + 3}), "3 octets, big-endian, which counts itself", 1},
	} {
		frames := Cut(&d.Format, []byte(strings.Repeat(c.octets+string(x), c.times)))
		if len(frames) != c.times {
			t.Errorf("%s: %d messages, want %d", what, len(frames), c.times)
		}
		for _, fr := range frames {
			if fr.Err != nil || !strings.HasPrefix(fr.Note, "the length prefix is "+c.note) {
				t.Errorf("%s: %q, %v", what, fr.Note, fr.Err)
			}
		}
	}
	frames := Cut(&d.Format, []byte("\x10\x02"+string(x)+"\x10\x03"))
	if len(frames) != 1 || frames[0].Err != nil || !strings.Contains(frames[0].Note, "between DLE STX and DLE ETX") {
		t.Errorf("DLE STX: %+v", frames)
	}
	if frames := Cut(&d.Format, make([]byte, 46)); len(frames) == 0 || frames[len(frames)-1].Err == nil {
		t.Errorf("zeros are a message: %+v", frames)
	}
}

// Digits of words that happen to be zeros and ones alone are hexadecimal digits.
func TestWordsOfZerosAndOnesAreNotBinaryDigits(t *testing.T) {
	const want = "003C6000030000603100310000050000" + "00000000110001000000000000000001" + "4142" + "0000"
	for name, text := range map[string]string{
		"xxd -g 4": "00000000: 003c6000 03000060 31003100 00050000  .<.`...`1.1.....\n" +
			"00000010: 00000000 11000100 00000000 00000001  ................\n00000020: 41420000                             AB..\n",
		"xxd -g 4 -c 4": "00000000: 003c6000  .<.`\n00000004: 03000060  ...`\n00000008: 31003100  1.1.\n0000000c: 00050000  ....\n" +
			"00000010: 00000000  ....\n00000014: 11000100  ....\n00000018: 00000000  ....\n0000001c: 00000001  ....\n00000020: 41420000  AB..\n",
	} {
		blocks, err := Text(text, nil)
		if got := fmt.Sprintf("%X", joinedOctets(blocks)); err != nil || got != want {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, got, want)
		}
	}
}
