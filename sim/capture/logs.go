package capture

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/posfleet/posfleet/sim/wire"
)

// inTable reads a table, of which one column is octets and others are none, as of
// tshark -T fields or an export of a database; nil for none.
func inTable(f *wire.Format, lines []string) (blocks []Block) {
	for i, line := range lines {
		m := columns.FindAllStringSubmatchIndex(line, -1)
		if strings.TrimSpace(line) == "" {
			continue
		}
		if len(m) != 1 || m[0][2] == 0 && m[0][3] == len(line) {
			return nil
		}
		rest, odd := line[:m[0][2]]+line[m[0][3]:], false
		for _, word := range strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune("\t,;|.: ", r) }) {
			odd = odd || len(word)%2 == 1
		}
		b, err := digits(line[m[0][2]:m[0][3]])
		if err != nil {
			return nil
		}
		if !odd { // the whole line may be octets
			if whole, err := digits(line); !isMessage(f, b[0].Octets) || err == nil && isMessage(f, whole[0].Octets) {
				return nil
			}
		}
		blocks = append(blocks, Block{Octets: b[0].Octets, Line: i + 1})
	}
	return blocks
}

// errLeftOut is that the program that printed octets has not printed all.
var errLeftOut = errors.New("octets were left out where the text has dots: have all of it printed (strace -s 9999, buf.toString('hex') in Node, limit: :infinity in Elixir)")

func leftOut(line int) error { return fmt.Errorf("line %d: %w", line, errLeftOut) }

var (
	payloadOf = regexp.MustCompile(`(?:"tcp\.payload": *|"tcp_tcp_payload": *|<field name="tcp\.payload"[^>\n]* value=)"([0-9A-Fa-f:]*)"`) // tshark -T json, ek, pdml
	fieldOf   = regexp.MustCompile(`(?m)^.*<(?:field|header|isomsg|/isomsg)\b.*$`)                                                         // jPOS
	elided    = regexp.MustCompile(`(?:[0-9A-Fa-f]{2}[ ,:-]?){4}[ ,"']*(?:\.\.\.|…)`)
	nameless  = regexp.MustCompile(`\[B@[0-9a-f]+|System\.Byte\[\]|<memory at 0x[0-9a-f]+>|\[object \w+\]`) // Java, C#, Python, JavaScript
	columns   = regexp.MustCompile(`(?:^|[\t,;|])["']?(?:\\{1,2}x|0[xX])?((?:[0-9A-Fa-f]{2}){12,}|[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){11,})["']?(?:[\t,;|]|$)`)
)

// payloads reads what tshark prints of packets as JSON or XML, in which many other
// fields are octets, too.
func payloads(text string) (blocks []Block, err error) {
	number := lineOf{text: text}
	for at := 0; ; {
		m := payloadOf.FindStringSubmatchIndex(text[at:])
		if m == nil {
			return blocks, nil
		}
		b, err := digits(text[at+m[2] : at+m[3]])
		if err != nil {
			return nil, fmt.Errorf("tcp.payload: %w", err)
		}
		for i := range b {
			b[i].Line = number.line(at + m[2])
		}
		blocks, at = append(blocks, b...), at+m[3]
	}
}

// withoutFields is a log of jPOS without the fields that it shows; they are no
// octets of the message.
func withoutFields(text string) (rest string, has bool) {
	rest = fieldOf.ReplaceAllString(text, "")
	return rest, len(rest) < len(text)
}

var errFields = errors.New("this is a log of jPOS that shows fields, not the octets of a message: log these too (a channel's logger with a hexdump, or a capture of the line)")

// words are the octets of the words of a line that are digits.
func words(line string) (all [][]byte) {
	for _, word := range strings.FieldsFunc(line, func(r rune) bool { return r < '0' || r > '9' && r < 'A' || r > 'Z' && r < 'a' || r > 'z' }) {
		if octets, err := hex.DecodeString(without0x(word)); err == nil {
			all = append(all, octets)
		}
	}
	return all
}

func without0x(word string) string {
	if len(word) > 1 && word[0] == '0' && word[1]|0x20 == 'x' {
		return word[2:]
	}
	return word
}

// longest is the octets of the longest word of the line that is digits.
func longest(line string) (octets []byte) {
	for _, o := range words(line) {
		if len(o) > len(octets) {
			octets = o
		}
	}
	return octets
}

// run is octets in a line: a word of digits, or one character between each two.
var run = regexp.MustCompile(`\b(?:0?[xX])?((?:[0-9A-Fa-f]{2}){12,}|[0-9A-Fa-f]{2}(?:[ :,-][0-9A-Fa-f]{2}){11,})\b`)

// inLine is the octets of a line: what in it is a message of f, or much like one, wherever
// it stands; where nothing is, those at its end, or the longest.
func inLine(f *wire.Format, line string) (all [][]byte) {
	var most []byte
	end := atEnd(line)
	for _, m := range run.FindAllStringSubmatch(line, -1) {
		b, err := digits(m[1])
		if err != nil {
			continue
		}
		o := b[0].Octets
		if len(o) > len(most) {
			most = o
		}
		if f != nil && likely(f, o) {
			all = append(all, o)
		}
	}
	switch n := len(all); {
	case len(end) >= leastLogged && (n == 0 || !bytes.Equal(all[n-1], end) && likely(f, end)):
		return append(all, end)
	case n == 0 && len(most) >= leastLogged:
		return [][]byte{most}
	}
	return all
}

// likely reports whether octets are a message of f, or have enough of one.
func likely(f *wire.Format, octets []byte) bool {
	if isMessage(f, octets) {
		return true
	}
	fr := Cut(f, octets)[0]
	return fr.Likely() && fr.Fields() >= Enough
}

// leastLogged is how many octets are some in a line of a log.
const leastLogged = 12

// logged reads lines with at least 12 octets of plain digits, at the end, in a word of
// their own or with one character between, and other text: a log.
func logged(f *wire.Format, lines []string) (blocks []Block, err error) {
	if n := mistyped(lines); n > 0 {
		return nil, fmt.Errorf("line %d: something among its octets is none", n)
	}
	if n := rowOf(lines); n > 0 {
		return nil, fmt.Errorf("line %d: it is of a dump that cannot be read: is another line of it missing, or is one wrong?", n)
	}
	if n := oddPiece(lines); n > 0 {
		return nil, fmt.Errorf("line %d: %w", n, errHalf)
	}
	for i, line := range lines {
		for _, o := range inLine(f, line) {
			if blocks = append(blocks, Block{Octets: o, Line: i + 1}); elided.MatchString(line) {
				return nil, leftOut(i + 1)
			}
		}
	}
	return together(f, blocks, lines), nil
}

// atEnd is the octets at the end of a line, plain or with one character between.
func atEnd(line string) (octets []byte) {
	line = strings.TrimRight(line, " \t\r\"'])}>;,.")
	from := len(line)
	for from > 0 && (isHex(line[from-1]) || strings.IndexByte(" :,-", line[from-1]) >= 0) {
		from--
	}
	if from > 0 && isWord(line[from-1]) && from < len(line) && isHex(line[from]) && line[from-1]|0x20 != 'x' { // in the middle of a word
		for from < len(line) && isHex(line[from]) {
			from++
		}
	}
	for _, word := range strings.FieldsFunc(line[from:], func(r rune) bool { return r > 127 || !isHex(byte(r)) }) {
		if len(word)%2 == 1 { // a number or word of the text before
			octets = nil
			continue
		}
		if len(word) >= 2*leastLogged && len(octets) < leastLogged { // what came before is a length or a time
			octets = nil
		}
		for j := 0; j < len(word); j += 2 {
			octets = append(octets, nibble(word[j])<<4|nibble(word[j+1]))
		}
	}
	return octets
}

// rowOf is the number of a line that is one of a dump by its offset, which goes on
// from that of one before; 0 for none.
func rowOf(lines []string) int {
	before, size := int64(-1), 0
	for i, line := range lines {
		m := ofOffset.FindStringIndex(" " + line)
		if m == nil {
			continue
		}
		offset, _, _ := strings.Cut(strings.TrimLeft(line[m[0]:], " \t|>]"), " ")
		offset = strings.TrimRight(offset, ":\t")
		n, err := strconv.ParseInt(offset, 16, 64)
		if err != nil {
			continue
		}
		if before >= 0 && len(offset) == size && n > before && n-before <= 64 && n%4 == 0 && before%4 == 0 {
			return i + 1
		}
		before, size = n, len(offset)
	}
	return 0
}

// timeOf is a time of day.
var timeOf = regexp.MustCompile(`\d\d:\d\d:\d\d(?:[.,]\d{1,9})?`)

// longestLine is how long a line of a log may be for its words to be looked at.
const longestLine = 1 << 16

// mistyped is the number of a line that has a word among its octets or numbers that
// is none, but for one character; 0 for none.
func mistyped(lines []string) int {
	for n, line := range lines {
		if len(line) > longestLine {
			continue
		}
		words := strings.FieldsFunc(timeOf.ReplaceAllString(line, "="), func(r rune) bool { return r < utf8.RuneSelf && !isWord(byte(r)) })
		alike := func(from, to int) (size int, ok bool) { // digits of one size, or numbers
			if from < 0 || to > len(words) {
				return 0, false
			}
			for _, w := range words[from:to] {
				if !digitsOnly(w) || len(w) != len(words[from]) && (len(w) > 3 || len(words[from]) > 3) {
					return 0, false
				}
				size = max(size, len(w))
			}
			return size, true
		}
		for i, w := range words {
			if len(w) >= 2*leastLogged {
				w = strings.TrimLeft(without0x(w), "xX") // PostgreSQL has \x before them
			}
			other := 0
			for _, r := range w {
				if r >= utf8.RuneSelf || !isHex(byte(r)) {
					other++
				}
			}
			before, follows := alike(i-3, i)
			after, precedes := alike(i+1, i+4)
			size := max(before, after)
			if row, is := alike(i-leastLogged+1, i); is && row == 2 && len(w) == 1 && other == 0 && len(words)-i <= 3 {
				if _, is := alike(i+1, len(words)); is {
					return n + 1 // half an octet near the end
				}
			}
			switch {
			case other == 1 && (len(w) >= 24 || len(w) == 8 && follows && precedes),
				other == 1 && len(w) == 1 && follows && precedes,
				other == 1 && len(w) > 1 && (follows && precedes || strings.ContainsAny(w, "0123456789") && (follows || precedes && i > 0 && digitsOnly(words[i-1]))) && len(w) >= size-1 && len(w) <= size+1,
				other == 0 && len(w)%2 == 1 && follows && precedes && before == after && size%2 == 0 && len(w) >= size-1 && len(w) <= size+1:
				return n + 1
			}
		}
	}
	return 0
}

func digitsOnly(w string) bool {
	return w != "" && !strings.ContainsFunc(w, func(r rune) bool { return r >= utf8.RuneSelf || !isHex(byte(r)) })
}

// ofOffset is where a dump line may begin in a line of a log.
var ofOffset = regexp.MustCompile(`[\s|>\]][0-9A-Fa-f]{4,8}:?[ \t]+[0-9A-Fa-f]{2}`)

// unprefixed gives lines of dumps that a log has put its own words before, without
// these, and of the log's other lines nothing; all lines as they are when there are
// no such dumps.
func unprefixed(lines []string) []string {
	out := make([]string, len(lines))
	var last dumpLine // of the dump under way
	next, run, found := int64(0), 0, false
	columns := make([]int, len(lines)) // where dump lines begin
	for i, line := range lines {
		if _, is := asDumpLine(i+1, line); is || boxed.MatchString(line) || barred.MatchString(line) || debugger.MatchString(line) || windbg.MatchString(line) {
			return lines
		}
		best := -1
		for at := 0; ; {
			m := ofOffset.FindStringIndex(line[at:])
			if m == nil {
				break
			}
			from := at + m[0] + 1
			at = from
			l, ok := asDumpLine(i+1, line[from:])
			if !ok || !strings.ContainsFunc(line[:from], func(r rune) bool { return r > 'f' || !isHex(byte(r)) && r != ' ' && r != '\t' }) {
				continue
			}
			offset := l.at(16)
			switch {
			case isZero(l.offset) && len(l.octets(2, len(line))) > 1:
				best = from
			case run > 0 && len(l.offset) == len(last.offset) && l.colon == last.colon && (offset == next || best < 0 && len(strings.Fields(line[:from])) == last.indent):
				if best = from; offset != next {
					continue
				}
			default:
				continue
			}
			break
		}
		if best < 0 {
			continue
		}
		l, _ := asDumpLine(i+1, line[best:])
		if isZero(l.offset) {
			run = 0
		}
		n, _ := split(l.rest)
		found = found || run > 0 || n.octets > 0
		l.indent = len(strings.Fields(line[:best]))
		last, next, run = l, l.at(16)+int64(max(n.octets, len(l.octets(16, len(line))))), run+1
		out[i], columns[i] = line[best:], best
	}
	if !found {
		return lines
	}
	for i, line := range lines { // one that should be another is left to be found
		for _, k := range []int{i - 1, i + 1} {
			if k >= 0 && k < len(lines) && columns[i] == 0 && columns[k] > 0 && len(line) > columns[k] && spoilt(line[columns[k]:], lines[k][columns[k]:]) {
				out[i] = line[columns[k]:]
			}
		}
	}
	return out
}
