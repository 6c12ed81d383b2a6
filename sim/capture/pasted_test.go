package capture

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/posfleet/posfleet/sim/dialect"
)

// pasted are the sections of testdata/pasted.txt: what programs print, by name.
func pasted(t testing.TB) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/pasted.txt")
	if err != nil {
		t.Fatal(err)
	}
	forms, name := map[string]string{}, ""
	for line := range strings.Lines(string(text)) {
		if n, is := strings.CutPrefix(line, "-- "); is && strings.HasSuffix(n, " --\n") {
			name = strings.TrimSuffix(n, " --\n")
		} else if name != "" {
			forms[name] += line
		}
	}
	if len(forms) < 150 {
		t.Fatalf("%d forms", len(forms))
	}
	return forms
}

func joinedOctets(blocks []Block) (all []byte) {
	for _, b := range blocks {
		all = append(all, b.Octets...)
	}
	return all
}

// Whatever prints them, the same octets are read, or what cannot be read is named.
func TestOctetsAsTheyArePasted(t *testing.T) {
	f := &dialect.CUP().Format
	for name, text := range pasted(t) {
		for kind, text := range map[string]string{"": text, " of Windows": strings.ReplaceAll(text, "\n", "\r\n"), " without its last line end": strings.TrimSuffix(text, "\n")} {
			blocks, err := Text(text, f)
			if n, why, is := strings.Cut(strings.TrimPrefix(name, "! "), ": "); is && strings.HasPrefix(name, "! ") {
				if err == nil || !strings.Contains(err.Error(), why) || len(blocks) > 0 {
					t.Errorf("%s%s: %X, %v", n, kind, joinedOctets(blocks), err)
				}
				continue
			}
			if got := fmt.Sprintf("%X", joinedOctets(blocks)); err != nil || len(blocks) != 1 || got != signIn {
				t.Errorf("%s%s: %d blocks, %v\n got %s\nwant %s", name, kind, len(blocks), err, got, signIn)
			}
		}
	}
}

// One character that is wrong or lacks is an error or another octet: nothing that
// stands after it is lost in silence.
func TestOneWrongCharacterLosesNoOctets(t *testing.T) {
	f, tried := &dialect.CUP().Format, 0
	for name, text := range pasted(t) {
		if strings.HasPrefix(name, "! ") {
			continue
		}
		for at := len(name) % 61; at < len(text); at += 61 {
			c := text[at]
			if c > unicode.MaxASCII || !isWord(c) {
				continue
			}
			for _, other := range []string{"g", "", "O", string("1234567890"[(c-'0')%10])} {
				tried++
				wrong := text[:at] + other + text[at+1:]
				blocks, err := Text(wrong, f)
				if n := len(joinedOctets(blocks)); err == nil && n < len(signIn)/2-2 {
					t.Errorf("%s: %d octets of %d are read with %q for %q at %d:\n%.300s", name, n, len(signIn)/2, other, c, at, wrong[max(0, at-100):])
				}
			}
		}
	}
	t.Logf("%d texts", tried)
}

// A text that may be read in two ways is read where one of them is a message, and is
// an error else.
func TestTextOfTwoReadingsIsReadAsTheMessageThatItIs(t *testing.T) {
	f := &dialect.CUP().Format
	message := octets(t, "0010"+"6000030000"+"603100310000"+"0820"+"0000000000000000") // no field, and none with a letter
	message[1] = byte(len(message) - 2)
	for _, digits := range []string{"%x", "%d"} {
		var words []string
		for _, c := range message {
			words = append(words, fmt.Sprintf(digits, c))
		}
		text := strings.Join(words, " ")
		if blocks, err := Text(text, nil); err == nil {
			t.Errorf("%s: %X without a dialect", text, blocks[0].Octets)
		}
		blocks, err := Text(text, f)
		t.Logf("%s: %v", text, err)
		if err == nil && !bytes.Equal(blocks[0].Octets, message) {
			t.Errorf("%s: %X", text, blocks[0].Octets)
		}
	}
	for _, text := range []string{"0 3 60 0 3 0 0 60 31 0 31 0 0", "{0x00, 60, 0x60, 0, 3, 0, 0, 0x60, 49}"} {
		if blocks, err := Text(text, f); err == nil || !strings.Contains(err.Error(), "hexadecimal?") {
			t.Errorf("%s: %v, %v", text, blocks, err)
		}
	}
}

// What stands in a log beside octets is no octet that was mistyped.
func TestWordsOfALogAreNotTakenForMistypedOctets(t *testing.T) {
	for _, before := range []string{"S: ", "TX ", "T1: ", "12:00:00,123 DEBUG [pool-1-thread-2] send ", "2026-11-24 12:00:00.123 [main] out (62): ", "pos1 app[4711]: ", "len=62: sent ", "#4 62 octets "} {
		for _, digits := range []string{signIn, spaced("", " "), spaced("", ":")} {
			blocks, err := Text(before+digits+"\n", nil)
			if err != nil || fmt.Sprintf("%X", joinedOctets(blocks)) != signIn {
				t.Errorf("%s%.20s: %X, %v", before, digits, joinedOctets(blocks), err)
			}
		}
	}
}

// Messages in pieces, one after the other in a log, are each whole; those without a
// length prefix, and two in a line, too.
func TestMessagesOfALogAreWholeHoweverTheyAreWritten(t *testing.T) {
	f := &dialect.CUP().Format
	pairs := spaced("", " ")
	row := func(digits string) (s string) {
		for ; digits != ""; digits = digits[min(40, len(digits)):] {
			s += "10:00:00 host app[12]: " + digits[:min(40, len(digits))] + "\n"
		}
		return s
	}
	for text, want := range map[string][]string{
		row(signIn) + row(signIn):                          {signIn, signIn},
		row(signIn) + "app: raw " + signIn + "\n":          {signIn, signIn},
		row(body[:80]) + row(body[80:]):                    {body},
		"in=" + signIn + " out=" + signIn + " took 5 ms\n": {signIn, signIn},
		"in=" + signIn + " out=" + signIn + "\n":           {signIn, signIn},
		`{"in":"` + signIn + `","out":"` + signIn + `","trace_id":"0af7651916cd43dd8448eb211c80319c"}`: {signIn, signIn},
		"发→◇" + pairs + "□\n收←◆" + pairs + "\n":                                                        {signIn, signIn},
		"TX: " + pairs + " (62 octets)\nRX: " + pairs + "\n":                                           {signIn, signIn},
		"in " + pairs + " out " + pairs + " in 5 ms\n":                                                 {signIn, signIn},
		" payload\n---\n \\x" + signIn + "\n(1 row)\n":                                                 {signIn},
		`12,"\x` + signIn + `",2026-11-28` + "\n" + `13,"` + signIn + `",2026-11-28` + "\n":            {signIn, signIn},
	} {
		blocks, err := Text(text, f)
		if err != nil || len(blocks) != len(want) {
			t.Errorf("%s: %d blocks, %v", text, len(blocks), err)
			continue
		}
		for i, b := range blocks {
			if got := fmt.Sprintf("%X", b.Octets); got != want[i] {
				t.Errorf("%s: block %d is %s", text, i, got)
			}
		}
	}
}
