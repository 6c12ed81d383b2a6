package capture

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// prefixNote says what is wrong with p, which stands where the length prefix of a
// message of n octets should.
func (c *cutter) prefixNote(p []byte, n, said int) string {
	lead := c.f.Lead()
	if lead > 0 && len(p) == 2*lead && c.f.Says(p[lead:]) == n {
		switch c.f.Says(p) {
		case n:
			return fmt.Sprintf("the length prefix %X is there twice", p[:lead])
		case n + lead:
			return fmt.Sprintf("the length prefix is there twice, %X and %X, the first counts the second", p[:lead], p[lead:])
		}
	}
	head := c.f.Header.Len()
	for _, kind := range kinds() {
		v, ok := kind.number(p)
		if !ok {
			continue
		}
		own := kind.Length.Octets == c.f.Length.Octets && kind.Length.Form == c.f.Length.Form && kind.Before == c.f.Before && len(kind.After) == len(c.f.After)
		what := ""
		switch {
		case v == n && own:
			what = ", and counts the message alone"
		case v == n:
		case v == n+len(p):
			what = ", and counts itself"
		case v == n-head && head > 0:
			what = ", and does not count TPDU and header"
		default:
			continue
		}
		if own {
			return fmt.Sprintf("the length prefix says %d%s: %d follow", v, what, n)
		}
		hint := ""
		if key := kind.key(); key != "" {
			hint = " (in a profile length: " + key + ")"
		}
		return fmt.Sprintf("the length prefix %s is %s%s: %d octets follow%s; this network's is %s", quoted(p), kind.words(), what, n, hint, prefix{c.f.Framing}.words())
	}
	if len(p) == lead && said >= 0 {
		return fmt.Sprintf("the length prefix says %d, %d follow", said, n)
	}
	if len(p) > lead && c.f.Says(p[len(p)-lead:]) == n {
		return standing(p[:len(p)-lead]) + " before the length prefix"
	}
	return fmt.Sprintf("%s before it where the length prefix should be, %d octets follow", standing(p), n)
}

// most octets that are shown of what stands before a message and is no text: they
// may be the end of another, with a PIN block in it.
const mostShown = 4

// shown is octets that stand before a message: text as such, of others the number
// when there are many.
func shown(p []byte) string {
	if len(p) > mostShown && !looksLikeWords(p) {
		return fmt.Sprintf("%d octets,", len(p))
	}
	return quoted(p)
}

// quoted is octets in hexadecimal, text as such.
func quoted(p []byte) string {
	if len(p) >= 4 && isText(p) {
		return strconv.Quote(string(p))
	}
	return fmt.Sprintf("%X", p)
}

func isText(p []byte) bool {
	return !bytes.ContainsFunc(p, func(r rune) bool { return r < '!' || r > '~' })
}

// looksLikeWords reports whether p is text, and not that of digits: ISO016000055.
func looksLikeWords(p []byte) bool {
	run := 0
	for _, c := range p {
		if run++; !isHex(c) {
			run = 0
		}
		if run > 2*mostShown+1 {
			return false
		}
	}
	return isText(p) && bytes.ContainsFunc(p, func(r rune) bool { return r > 'F' })
}

func standing(p []byte) string {
	s := shown(p)
	if many, is := strings.CutSuffix(s, ","); is {
		return many + " stand"
	}
	return s + " stands"
}

// and joins notes.
func and(notes ...string) string {
	var said []string
	for _, n := range notes {
		if n != "" {
			said = append(said, n)
		}
	}
	return strings.Join(said, "; ")
}

// afterHeader is where what follows lines of text begins: HTTP's headers, PROXY's
// line.
func afterHeader(b []byte) int {
	switch begin := b[:min(len(b), 16)]; {
	case bytes.HasPrefix(begin, []byte("PROXY ")):
		if i := bytes.Index(b, []byte("\r\n")); i > 0 {
			return i + 2
		}
	case looksLikeHTTP(b):
		if i := bytes.Index(b, []byte("\r\n\r\n")); i > 0 {
			return i + 4
		}
		if i := bytes.Index(b, []byte("\n\n")); i > 0 {
			return i + 2
		}
		if i := bytes.Index(b, []byte("\r\n")); i > 0 {
			return i + 2
		}
	}
	return 0
}
