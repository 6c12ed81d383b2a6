// Package capture reads octets in the forms in which tools give them.
//
// [Text] reads hexadecimal digits as people paste them, and dumps with offsets
// and text beside them; it gives a [Block] for each stretch of octets that
// belong together. [Packets] reads a pcap or pcapng file and gives a [Stream] for
// each direction of each TCP connection in it, put together again; [Unwrapped]
// does the same with blocks that are dumps of whole packets. [Cut] cuts octets
// into a [Frame] for each message, with what is wrong with its length prefix;
// [Looks] and [Fits] say what octets are that are no message of the network. All
// input is taken for hostile.
package capture

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/posfleet/posfleet/sim/wire"
)

// MaxText is the longest text that is read, in octets.
const MaxText = 16 << 20

// Block is a stretch of octets out of a text.
type Block struct {
	Octets []byte
	Line   int   // of the text, where it begins, from 1
	Other  bool  // it goes the other way: indented, as dumps of both directions of a stream have it
	Starts []int // where lines of plain digits begin, each but the first
}

// Text reads hexadecimal digits in any of these forms:
//
//   - digits with blanks, line ends, commas, colons, hyphens, 0x, \x, quotes,
//     brackets and comments between them; an empty line begins another block
//   - dump lines: offset, octets, text, as Wireshark, tcpdump -X, xxd, hexdump,
//     od, debuggers and jPOS write them; offset 0 begins another block, other lines
//     between are passed over
//   - log lines, each of which has at least 12 octets of digits
//   - numbers in decimal, octal or binary, strings with escapes as languages and
//     strace write octets, %XX, base64
//
// Where a text may be read in several ways, the one is taken that gives whole
// messages of f, which may be nil. Of an odd number of digits all octets but the half one come with the error.
func Text(text string, f *wire.Format) ([]Block, error) {
	if len(text) > MaxText {
		return nil, fmt.Errorf("the text is longer than %d octets", MaxText)
	}
	text = plain(text)
	if blocks, err := payloads(text); blocks != nil || err != nil {
		return blocks, err
	}
	text, fields := withoutFields(text)
	lines := unprefixed(strings.Split(text, "\n"))
	if !slices.ContainsFunc(lines, barred.MatchString) { // else the strings beside may be cut short
		readings, undecided := written(text)
		if blocks, err := decide(f, readings, undecided); blocks != nil || err != nil {
			return blocks, err
		}
	}
	if readings, err := dumped(f, lines); readings != nil || err != nil {
		return decide(f, readings, err)
	}
	if with, err := withoutOffsets(lines); err != nil {
		return nil, err
	} else if with != nil {
		if blocks, err := dump(with, lines); blocks != nil || err != nil {
			return blocks, err
		}
	}
	if err := unmasked(lines); err != nil {
		return nil, err
	}
	if table := inTable(f, lines); table != nil {
		return table, nil
	}
	blocks, err := digits(strings.ReplaceAll(text, `\u00`, `\x`))
	switch {
	case err == nil && !fields:
		return blocks, nil
	case fields:
		return nil, errFields
	case errors.Is(err, errLeftOut):
		return nil, err
	case errors.Is(err, errHalf) && slices.ContainsFunc(lines, func(line string) bool { return strings.TrimSpace(line) != "" && len(longest(line)) < 12 }):
		return blocks, err
	}
	logs, wrong := logged(f, lines)
	if logs != nil || wrong != nil {
		return logs, wrong
	}
	if guess := quotedBase64(text); guess != nil && only(f, []reading{{"base64", guess}}) != nil {
		return guess, nil
	}
	if m := elided.FindStringIndex(text); m != nil {
		return nil, leftOut(1 + strings.Count(text[:m[1]], "\n"))
	}
	if name := nameless.FindString(text); name != "" && len(blocks) == 0 {
		return nil, fmt.Errorf("%s is what a program calls its octets, not the octets: have it print them in hexadecimal", name)
	}
	return blocks, err
}

// dumped reads dump lines with the octets of words in the usual order, and in the
// other where only habit tells.
func dumped(f *wire.Format, lines []string) (readings []reading, err error) {
	for _, by := range []order{usual, low, high} {
		rewritten, unsure, err := hexLines(lines, by)
		if err != nil {
			return nil, err
		}
		blocks, err := dump(rewritten, lines)
		if err != nil && blocks != nil {
			if good, _ := messages(f, blocks); good {
				err = nil // what was in doubt is not
			}
		}
		if blocks == nil || err != nil {
			if by == usual {
				return nil, err
			}
			continue
		}
		if unsure || by != usual {
			blocks = unpadded(f, blocks)
		}
		readings = append(readings, reading{"words", blocks})
		if by == usual && !unsure {
			break
		}
	}
	return distinct(readings), nil
}

// separators may stand between digits.
const separators = ":,;-|._'\"[]{}<>"

// digits reads plain digits. Paragraphs of at least 12 octets are blocks of
// their own.
func digits(text string) ([]Block, error) {
	text = code(text)
	var blocks []Block
	b := Block{Line: 1}
	var half []byte
	line, empty, lineHas := 1, 0, false
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case r == '\n':
			line++
			if !lineHas {
				empty++
			}
			lineHas = false
		case r == '…', strings.HasPrefix(text[at:], "..."):
			return nil, leftOut(line)
		case unicode.IsSpace(r), strings.ContainsRune(separators, r):
		case r == '0' && len(half) == 0 && at+1 < len(text) && (text[at+1] == 'x' || text[at+1] == 'X'):
			size = 2
		case r == '\\' && at+1 < len(text) && (text[at+1] == 'x' || text[at+1] == '\n'):
			if text[at+1] == 'x' {
				size = 2
			}
		case r < utf8.RuneSelf && isHex(byte(r)):
			if !lineHas {
				if empty > 0 && len(b.Octets) >= 12 && len(half) == 0 {
					blocks = append(blocks, b)
					b = Block{}
				}
				if len(b.Octets) == 0 {
					b.Line = line
				} else if len(half) == 0 {
					b.Starts = append(b.Starts, len(b.Octets))
				}
				lineHas, empty = true, 0
			}
			if half = append(half, nibble(byte(r))); len(half) == 2 {
				b.Octets = append(b.Octets, half[0]<<4|half[1])
				half = half[:0]
			}
		default:
			return nil, fmt.Errorf("the message is not hexadecimal: character %d is %q", utf8.RuneCountInString(text[:at])+1, r)
		}
		at += size
	}
	if len(b.Octets) > 0 {
		blocks = append(blocks, b)
	}
	switch n := total(blocks); {
	case len(half) == 1:
		return blocks, fmt.Errorf("the message has %d hexadecimal digits, an odd number: %w", 2*n+1, errHalf)
	case n == 0:
		return nil, errors.New("there is no message: give its hexadecimal digits as an argument or on standard input")
	}
	return blocks, nil
}

var errHalf = errors.New("half an octet is missing")

func total(blocks []Block) int {
	n := 0
	for _, b := range blocks {
		n += len(b.Octets)
	}
	return n
}

// code is text without comments, and of an array in C, Go or Java what stands
// in its braces. What is left out becomes blanks, so that places stay.
func code(text string) string {
	out := []byte(text)
	blank := func(from, to int) {
		for i := from; i < to; i++ {
			if out[i] != '\n' {
				out[i] = ' '
			}
		}
	}
	for at := 0; at < len(text); {
		from := strings.Index(text[at:], "/*")
		if from < 0 {
			break
		}
		to := strings.Index(text[at+from:], "*/")
		if to < 0 {
			break
		}
		blank(at+from, at+from+to+2)
		at += from + to + 2
	}
	start := 0
	for line := range strings.Lines(text) {
		if t := strings.TrimSpace(line); strings.HasPrefix(t, "#") || strings.HasPrefix(t, "//") {
			blank(start, start+len(line))
		} else if at := remark.FindStringIndex(line); at != nil {
			blank(start+at[0], start+len(line))
		} else if at := stamp.FindStringSubmatchIndex(line); at != nil {
			blank(start, start+at[2])
		}
		start += len(line)
	}
	for at := 0; ; {
		open := strings.IndexByte(text[at:], '{')
		if open < 0 {
			if at > 0 {
				blank(at, len(text))
			}
			break
		}
		end := strings.IndexByte(text[at+open:], '}')
		if end < 0 {
			break
		}
		blank(at, at+open+1)
		at += open + end
	}
	return string(out)
}

// remark is a comment after digits.
var remark = regexp.MustCompile(`\s(?://|#\s).*$`)

// stamp is the time of a log, which is made of digits too, and what follows it
// when that is digits written otherwise.
var stamp = regexp.MustCompile(`^[ \t]*\[?(?:\d{4}[-/.]?\d\d[-/.]?\d\d[ T])?\d\d:[0-5]\d:[0-5]\d(?:[.,]\d+)?Z?\]?[ \t]+([^:\s]{3}|[0-9A-Fa-f]{2}(?:[^:0-9A-Fa-f]|\s*$))`)

func isHex(c byte) bool { return c-'0' <= 9 || c|0x20 >= 'a' && c|0x20 <= 'f' }

func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
