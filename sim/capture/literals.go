package capture

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	escape     = regexp.MustCompile(`\\x[0-9A-Fa-f]{2}|\\u00[0-9A-Fa-f]{2}`)
	anyEscape  = regexp.MustCompile(`\\(?:x\{?[0-9A-Fa-f]|u\{|u00|[0-7])`)
	characters = regexp.MustCompile(`(?:"?, )?'(\\[0-7]{1,3}|\\.|[^\\'\n])' <repeats (\d{1,8}) times>(?:, "?)?`) // gdb: "ab", '0' <repeats 15 times>, "cd"
	vector     = regexp.MustCompile(`^, iov_len=\d+\}, \{iov_base=$`)                                            // strace: writev
	received   = regexp.MustCompile(`\b(?:p?readv?|recv(?:from|msg)?)\(\d`)                                      // strace
)

// literal is a string in quotes.
type literal struct {
	from, to int // of the text, quotes and b before them included
	body     string
	octets   bool // it has a b before it
	cut      bool // dots after it say that it goes on
}

// literalAt is the string whose quote stands at from; none when the line has no
// other one.
func literalAt(text string, from int) (l literal, ok bool) {
	for i := from + 1; i < len(text) && text[i] != '\n'; i++ {
		switch text[i] {
		case '\\':
			i++
		case text[from]:
			l = literal{from: from, to: i + 1, body: text[from+1 : i]}
			if from > 0 && (text[from-1] == 'b' || text[from-1] == 'B') && (from == 1 || !isWord(text[from-2])) {
				l.from, l.octets = from-1, true
			}
			l.cut = strings.HasPrefix(text[l.to:], "...")
			return l, true
		}
	}
	return l, false
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// literals reads strings with escapes, as languages, debuggers and strace show
// octets. Those that follow one another are one. Of what its octets are there may
// be several readings.
func literals(text string) ([]reading, error) {
	text, err := repeated(text, characters, func(s string, n int) string { return strings.Repeat(s, n) })
	if err != nil {
		return nil, err
	}
	var pieces [][]literal
	closed := map[byte]int{} // where the last line ends that lacks a second quote
	for i := 0; i < len(text); i++ {
		q := text[i]
		if q != '"' && q != '\'' || i < closed[q] {
			continue
		}
		l, ok := literalAt(text, i)
		if !ok {
			closed[q] = i + 1 + strings.IndexByte(text[i:]+"\n", '\n')
			continue
		}
		goesOn := len(pieces) > 0 && joins(text, pieces[len(pieces)-1], l)
		least := 1
		if q == '\'' {
			least = 4 // or an apostrophe
		}
		if !goesOn && !l.octets && !strings.HasSuffix(text[:l.from], "iov_base=") && len(anyEscape.FindAllStringIndex(l.body, 4)) < least {
			if q == '"' && !strings.Contains(l.body, "'") {
				i = l.to - 1
			}
			continue
		}
		if i = l.to - 1; goesOn {
			last := &pieces[len(pieces)-1]
			*last = append(*last, l)
		} else {
			pieces = append(pieces, []literal{l})
		}
	}
	return variants(text, pieces)
}

// joins reports whether a string goes on those before it.
func joins(text string, before []literal, l literal) bool {
	gap := text[before[len(before)-1].to:l.from]
	return strings.Trim(gap, " \t\r\n+\\") == "" || vector.MatchString(gap)
}

// variants are the readings of strings: with \0 as C or as Rust has it, characters
// beyond ASCII in UTF-8 or as one octet, digits as text or as octets.
func variants(text string, pieces [][]literal) (readings []reading, err error) {
	for _, e := range []escapes{{}, {nul: true}, {latin: true}, {nul: true, latin: true}} {
		r, at := reading{as: "escapes"}, lineOf{text: text}
		for _, p := range pieces {
			b, wrong := blockOf(&at, p, e)
			if errors.Is(wrong, errLeftOut) {
				return nil, wrong
			}
			if wrong != nil {
				err, r.blocks = wrong, nil
				break
			}
			if len(b.Octets) >= 12 {
				r.blocks = append(r.blocks, b)
			}
		}
		if r.blocks != nil {
			readings = append(readings, r)
		}
	}
	if readings == nil {
		return nil, err
	}
	if readings = distinct(readings); len(readings) == 1 {
		for _, b := range readings[0].blocks {
			if err := unmasked([]string{string(b.Octets)}); err != nil && hexIn(string(b.Octets)) > len(b.Octets)/2 {
				return nil, err
			}
		}
		return unencoded(readings[0]), nil
	}
	for _, p := range pieces {
		for _, l := range p {
			if strings.ContainsFunc(l.body, func(r rune) bool { return r > '~' }) {
				return readings, errors.New("the string has characters beyond ASCII, which may stand for one octet or for several: print it in hexadecimal")
			}
			if strings.Contains(l.body, `\x`) || strings.Contains(l.body, `\u`) { // what writes octal writes none of these
				readings[0], readings[1] = readings[1], readings[0]
				return readings, nil
			}
		}
	}
	return readings, nil
}

// blockOf is the octets of strings that are one; none when it is text that nobody
// would write with escapes to show its octets.
func blockOf(at *lineOf, strs []literal, e escapes) (Block, error) {
	from := strs[0].from
	b := Block{Line: at.line(from)}
	b.Other = received.MatchString(at.text[max(at.begins, from-64):from])
	octets, escaped := false, 0
	for _, l := range strs {
		part := unescaped(l.body, e)
		if part == nil && l.body != "" {
			return b, fmt.Errorf("line %d: the string has a character or an escape that is no octet: print it in hexadecimal", b.Line)
		}
		b.Octets = append(b.Octets, part...)
		octets, escaped = octets || l.octets, escaped+len(anyEscape.FindAllStringIndex(l.body, 4))
	}
	switch binary := bytes.ContainsFunc(b.Octets, func(r rune) bool { return r < ' ' && !unicode.IsSpace(r) || r > '~' }); {
	case !octets && (escaped < 4 || !binary):
		return Block{}, nil
	case strs[len(strs)-1].cut:
		return b, leftOut(b.Line)
	}
	return b, nil
}

// unencoded is a reading, and what its octets are when all are digits or base64
// themselves, as b'003c' is of hexlify.
func unencoded(r reading) []reading {
	inner := reading{as: "digits"}
	for _, b := range r.blocks {
		octets, err := hex.DecodeString(string(b.Octets))
		if err != nil {
			octets, err = base64.StdEncoding.DecodeString(string(b.Octets))
		}
		if err != nil || len(octets) < 12 {
			return []reading{r}
		}
		inner.blocks = append(inner.blocks, Block{Octets: octets, Line: b.Line, Other: b.Other})
	}
	return []reading{inner, r}
}

// escapes is how those of a string are meant.
type escapes struct {
	nul   bool // \0 is NUL whatever follows, as Rust has it; else the first of up to three octal digits
	latin bool // a character beyond ASCII is one octet; else those of UTF-8
}

// unescaped is the octets of a string literal of C, Go, Java, JSON, Perl, Python,
// Ruby or Rust; nil when it has an escape or a character that is no octet.
func unescaped(s string, e escapes) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError || r > 0xFF && e.latin:
			return nil
		case r > '~' && e.latin:
			out = append(out, byte(r))
		case r != '\\':
			out = append(out, s[i:i+size]...)
		}
		if i += size; r != '\\' {
			continue
		}
		if i == len(s) {
			return nil
		}
		c := s[i]
		i++
		digits, base := s[i:], 16
		switch {
		case (c == 'x' || c == 'u') && strings.HasPrefix(digits, "{"):
			end := strings.IndexByte(digits, '}')
			if end < 2 {
				return nil
			}
			digits, i = digits[1:end], i+end+1
		case c == 'x':
			n := 0
			for n < 2 && n < len(digits) && isHex(digits[n]) {
				n++
			}
			digits, i = digits[:n], i+n
		case c == 'u':
			if len(digits) < 4 {
				return nil
			}
			digits, i = digits[:4], i+4
		case c == '0' && e.nul:
			digits = "0"
		case c >= '0' && c <= '7':
			n := 0
			for n < 2 && n < len(digits) && digits[n]-'0' <= 7 {
				n++
			}
			digits, base, i = s[i-1:i+n], 8, i+n
		case c == '\n':
			continue
		default:
			k := strings.IndexByte(`abtnvfre\'"/#@$`, c)
			if k < 0 {
				return nil
			}
			out = append(out, "\a\b\t\n\v\f\r\x1B\\'\"/#@$"[k])
			continue
		}
		n, err := strconv.ParseUint(digits, base, 16)
		if err != nil || n > 255 {
			return nil
		}
		out = append(out, byte(n))
	}
	return out
}
