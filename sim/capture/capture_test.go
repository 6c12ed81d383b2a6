package capture

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/allocs"
	"github.com/posfleet/posfleet/sim/dialect"
)

// A sign-in with its length prefix, in the forms of tools. What they printed was
// taken from them, the card and terminal are for tests.
const signIn = "003C600003000060310031000008000020000000C00012000001313030303030303131323334353637383930313233343500110000000000400003303120"

func octets(t testing.TB, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// spaced is the digits of a message with something before and between octets.
func spaced(before, between string) string {
	var parts []string
	for i := 0; i < len(signIn); i += 2 {
		parts = append(parts, before+signIn[i:i+2])
	}
	return strings.Join(parts, between)
}

func TestDigitsAsToolsGiveThem(t *testing.T) {
	for name, text := range map[string]string{
		"plain":                signIn,
		"small":                strings.ToLower(signIn),
		"blanks":               spaced("", " "),
		"colons":               spaced("", ":"),
		"hyphens":              spaced("", "-"),
		"commas":               spaced("", ","),
		"0x and commas":        spaced("0x", ","),
		"0X and blanks":        spaced("0X", " "),
		"0x once":              "0x" + signIn,
		"escaped":              `"` + spaced(`\x`, "") + `"`,
		"escaped over lines":   "\"" + strings.ReplaceAll(spaced(`\x`, ""), `\x20`, "\\x20\" \\\n\"") + "\"",
		"array of C":           "/* Frame (66 bytes) */\nstatic const unsigned char pkt1[62] = {\n" + spaced("0x", ", ") + " /* .<`..... */\n};\n",
		"slice of Go":          "b := []byte{" + spaced("0x", ", ") + "}",
		"list of Python":       "[" + spaced("0x", ", ") + "]",
		"brackets":             "[" + spaced("", "][") + "]",
		"angles":               spaced("<", ">") + ">",
		"bars":                 spaced("", "|"),
		"a mark of byte order": "\uFEFF" + signIn,
		"lines of Windows":     signIn[:40] + "\r\n" + signIn[40:],
		"an octet over a line": signIn[:41] + "\n" + signIn[41:],
		"a comment":            "# sign-in\n" + signIn,
		"a log":                "2026-11-24 12:00:00.123 INFO  send: " + signIn,
		"a log with blanks":    "12:00:00 >>> (62) " + spaced("", " "),
		"a log of times":       "12:00:00 " + signIn,
		"a log of dates":       "[2026-11-24 12:00:00.123] " + spaced("", " "),
		"a log with a length":  "send 62 " + signIn,
		"a log with a colon":   "Request:" + signIn,
		"a log with Chinese":   "发送报文：" + signIn,
		"a log, in brackets":   "INFO out=[" + spaced("", " ") + "]",
		"a table":              "H03\tsign-in\t" + signIn,
	} {
		blocks, err := Text(text, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(blocks) != 1 || fmt.Sprintf("%X", blocks[0].Octets) != signIn {
			t.Errorf("%s: %+v", name, blocks)
		}
	}
}

// Each was made by the tool that it is named for.
var dumps = map[string]string{
	"Wireshark": `0000   00 3c 60 00 03 00 00 60 31 00 31 00 00 08 00 00   .<` + "`" + `....` + "`" + `1.1.....
0010   20 00 00 00 c0 00 12 00 00 01 31 30 30 30 30 30    .........100000
0020   30 31 31 32 33 34 35 36 37 38 39 30 31 32 33 34   0112345678901234
0030   35 00 11 00 00 00 00 00 40 00 03 30 31 20         5.......@..01 
`,
	"Wireshark, a stream": `00000000  00 3c 60 00 03 00 00 60  31 00 31 00 00 08 00 00   .<` + "`" + `....` + "`" + ` 1.1.....
00000010  20 00 00 00 c0 00 12 00  00 01 31 30 30 30 30 30    ....... ..100000
00000020  30 31 31 32 33 34 35 36  37 38 39 30 31 32 33 34   01123456 78901234
00000030  35 00 11 00 00 00 00 00  40 00 03 30 31 20         5....... @..01 
`,
	"tcpdump -X": `12:00:00.000001 IP 10.0.0.1.40000 > 10.0.0.9.8583: Flags [P.], length 62
	0x0000:  003c 6000 0300 0060 3100 3100 0008 0000  .<` + "`" + `....` + "`" + `1.1.....
	0x0010:  2000 0000 c000 1200 0001 3130 3030 3030  ..........100000
	0x0020:  3031 3132 3334 3536 3738 3930 3132 3334  0112345678901234
	0x0030:  3500 1100 0000 0000 4000 0330 3120       5.......@..01.
`,
	"xxd": `00000000: 003c 6000 0300 0060 3100 3100 0008 0000  .<` + "`" + `....` + "`" + `1.1.....
00000010: 2000 0000 c000 1200 0001 3130 3030 3030   .........100000
00000020: 3031 3132 3334 3536 3738 3930 3132 3334  0112345678901234
00000030: 3500 1100 0000 0000 4000 0330 3120       5.......@..01 
`,
	"hexdump -C": `00000000  00 3c 60 00 03 00 00 60  31 00 31 00 00 08 00 00  |.<` + "`" + `....` + "`" + `1.1.....|
00000010  20 00 00 00 c0 00 12 00  00 01 31 30 30 30 30 30  | .........100000|
00000020  30 31 31 32 33 34 35 36  37 38 39 30 31 32 33 34  |0112345678901234|
00000030  35 00 11 00 00 00 00 00  40 00 03 30 31 20        |5.......@..01 |
0000003e
`,
	"hexdump": `0000000 3c00 0060 0003 6000 0031 0031 0800 0000
0000010 0020 0000 00c0 0012 0100 3031 3030 3030
0000020 3130 3231 3433 3635 3837 3039 3231 3433
0000030 0035 0011 0000 0000 0040 3003 2031     
000003e
`,
	"od -x": `0000000 3c00 0060 0003 6000 0031 0031 0800 0000
0000020 0020 0000 00c0 0012 0100 3031 3030 3030
0000040 3130 3231 3433 3635 3837 3039 3231 3433
0000060 0035 0011 0000 0000 0040 3003 2031
0000076
`,
	"od -t x1": `0000000 00 3c 60 00 03 00 00 60 31 00 31 00 00 08 00 00
0000020 20 00 00 00 c0 00 12 00 00 01 31 30 30 30 30 30
0000040 30 31 31 32 33 34 35 36 37 38 39 30 31 32 33 34
0000060 35 00 11 00 00 00 00 00 40 00 03 30 31 20
0000076
`,
	"od -A x": `000000 00 3c 60 00 03 00 00 60 31 00 31 00 00 08 00 00
000010 20 00 00 00 c0 00 12 00 00 01 31 30 30 30 30 30
000020 30 31 31 32 33 34 35 36 37 38 39 30 31 32 33 34
000030 35 00 11 00 00 00 00 00 40 00 03 30 31 20
00003e
`,
	"jPOS": `<log realm="channel/10.0.0.9:8583" at="2026-11-24T12:00:00.123">
  <send>
0000  00 3C 60 00 03 00 00 60  31 00 31 00 00 08 00 00  .<` + "`" + `....` + "`" + `1.1.....
0010  20 00 00 00 C0 00 12 00  00 01 31 30 30 30 30 30   .........100000
0020  30 31 31 32 33 34 35 36  37 38 39 30 31 32 33 34  0112345678901234
0030  35 00 11 00 00 00 00 00  40 00 03 30 31 20        5.......@..01 
  </send>
</log>
`,
	"HxD": `Offset(h) 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F

00000000  00 3C 60 00 03 00 00 60 31 00 31 00 00 08 00 00  .<` + "`" + `....` + "`" + `1.1.....
00000010  20 00 00 00 C0 00 12 00 00 01 31 30 30 30 30 30   ...À.....100000
00000020  30 31 31 32 33 34 35 36 37 38 39 30 31 32 33 34  0112345678901234
00000030  35 00 11 00 00 00 00 00 40 00 03 30 31 20        5.......@..01 
`,
	"decimal offsets": `0000: 00 3C 60 00 03 00 00 60 31 00 31 00 00 08 00 00
0016: 20 00 00 00 C0 00 12 00 00 01 31 30 30 30 30 30
0032: 30 31 31 32 33 34 35 36 37 38 39 30 31 32 33 34
0048: 35 00 11 00 00 00 00 00 40 00 03 30 31 20
`,
	"eight in a line": strings.Join([]string{
		"0000  00 3c 60 00 03 00 00 60  .<`....`", "0008  31 00 31 00 00 08 00 00  1.1.....", "0010  20 00 00 00 c0 00 12 00   .......",
		"0018  00 01 31 30 30 30 30 30  ..100000", "0020  30 31 31 32 33 34 35 36  01123456", "0028  37 38 39 30 31 32 33 34  78901234",
		"0030  35 00 11 00 00 00 00 00  5.......", "0038  40 00 03 30 31 20        @..01 "}, "\n"),
}

func TestDumpsAsToolsGiveThem(t *testing.T) {
	for name, text := range dumps {
		for kind, text := range map[string]string{"": text, " of Windows": strings.ReplaceAll(text, "\n", "\r\n"), " twice": text + "\n" + text} {
			blocks, err := Text(text, nil)
			if err != nil {
				t.Errorf("%s%s: %v", name, kind, err)
				continue
			}
			want := 1
			if kind == " twice" {
				want = 2
			}
			if len(blocks) != want {
				t.Errorf("%s%s: %d blocks", name, kind, len(blocks))
			}
			for _, b := range blocks {
				if fmt.Sprintf("%X", b.Octets) != signIn {
					t.Errorf("%s%s:\n got %X\nwant %s", name, kind, b.Octets, signIn)
				}
			}
		}
	}
}

// The text beside the octets may itself look like octets.
func TestTextBesideOctetsIsNotRead(t *testing.T) {
	for name, text := range map[string]string{
		"last line":   "0000  00 14 30 38 30 30 31 32  33 34 35 36 37 38 39 30  ..08001234567890\n0010  31 32 20 33 34 20        12 34 ",
		"one line":    "0000  31 32 20 33 34 20                                 12 34 ",
		"with colons": "00000000: 3132 2033 3420                           12 34 ",
	} {
		blocks, err := Text(text, nil)
		if err != nil || len(blocks) != 1 {
			t.Errorf("%s: %d blocks, %v", name, len(blocks), err)
			continue
		}
		if got := fmt.Sprintf("%X", blocks[0].Octets); !strings.HasSuffix(got, "313220333420") || len(got) > 44 {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestBothDirectionsOfAStream(t *testing.T) {
	blocks, err := Text(`00000000  00 04 08 00 00 01                                  ......
    00000000  00 04 08 10 00 01                                  ......
00000006  00 04 08 20 00 02                                  ... ..
    00000006  00 04 08 30 00 02                                  ...0..
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range blocks {
		got = append(got, fmt.Sprintf("%d %v %X", b.Line, b.Other, b.Octets))
	}
	if want := "1 false 000408000001, 2 true 000408100001, 3 false 000408200002, 4 true 000408300002"; strings.Join(got, ", ") != want {
		t.Errorf("got %s", strings.Join(got, ", "))
	}
}

func TestLinesThatRepeatAreLeftOutOfADump(t *testing.T) {
	blocks, err := Text("00000000  41 41 41 41 41 41 41 41  41 41 41 41 41 41 41 41  |AAAAAAAAAAAAAAAA|\n*\n00000040  42 42                                             |BB|\n00000042\n", nil)
	if err != nil || len(blocks) != 1 || string(blocks[0].Octets) != strings.Repeat("A", 64)+"BB" {
		t.Errorf("%+v, %v", blocks, err)
	}
}

func TestSeveralMessagesInDigits(t *testing.T) {
	blocks, err := Text(signIn[:60]+"\n"+signIn[60:]+"\n\n"+signIn, nil)
	if err != nil || len(blocks) != 2 || fmt.Sprintf("%X", blocks[0].Octets) != signIn || fmt.Sprint(blocks[0].Starts) != "[30]" || blocks[1].Line != 4 {
		t.Errorf("%+v, %v", blocks, err)
	}
	blocks, err = Text("10:00:00 send "+signIn+"\n10:00:00 pooling\n10:00:01 receive "+signIn, nil)
	if err != nil || len(blocks) != 2 || blocks[1].Line != 3 {
		t.Errorf("%+v, %v", blocks, err)
	}
}

func TestTextThatIsNoMessage(t *testing.T) {
	for text, want := range map[string]string{
		"":       "there is no message",
		"  \n":   "there is no message",
		"6000zz": "not hexadecimal: character 5 is 'z'",
		"600":    "3 hexadecimal digits, an odd number",
		"河南":     "not hexadecimal: character 1 is '河'",
		"0000  00 3c 60 00 03 00 00 60 31 00 31 00 00 08 00 00\n0010  00 3c 60 00 03 00 00 60 31 00 31 00 00 08 00 00\n0030  00 3c": "line 3: the dump goes on at offset 0030, 0020 was expected",
		strings.Repeat("0", MaxText+1): "longer than",
	} {
		if _, err := Text(text, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80q: %v, want %s", text, err, want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, text := range dumps {
		f.Add(text)
	}
	for _, text := range pasted(f) {
		f.Add(text)
	}
	f.Add("$1 = {0x0 <repeats 99999999 times>}, '0' <repeats 99999999 times>")
	f.Add("[0] = 1\n[7] = 2\n`\\x{\\u{\"\\0\\08\"'")
	f.Add(signIn)
	f.Add("12:00 send " + signIn)
	f.Add("0000  41 41\n*\nFFFFFFFF  41")
	f.Fuzz(func(t *testing.T, text string) {
		format := &dialect.CUP().Format
		if n := allocs.Above(4*uint64(len(text))+8*MaxText, func() { Text(text, format) }); n > 0 {
			t.Fatalf("reading %d octets allocates %d", len(text), n)
		}
		blocks, err := Text(text, format)
		n := 0
		for _, b := range blocks {
			n += len(b.Octets)
			if len(b.Octets) == 0 || b.Line < 1 {
				t.Fatalf("block %+v", b)
			}
		}
		if err == nil && n == 0 || n > MaxText+len(text) {
			t.Fatalf("%d octets of %d characters, %v", n, len(text), err)
		}
	})
}
