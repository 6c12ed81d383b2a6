package capture

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Lines of dumps that are otherwise than offset, octets, text.
var (
	boxed    = regexp.MustCompile(`^\s*[|│]([0-9A-Fa-f]{8})[|│]([^|│]*)[|│]`)                                              // Netty, hexyl
	barred   = regexp.MustCompile(`^ \| ([0-9A-Fa-f]{5}  .*)$`)                                                            // strace -e write
	debugger = regexp.MustCompile(`^(?:=> |\s*)0[xX]([0-9A-Fa-f]{6,16})(?:(?: <[^>]*>)?:[ \t]+|  +)(.*)$`)                 // gdb, lldb, Visual Studio
	windbg   = regexp.MustCompile("^[0-9A-Fa-f]{8}`([0-9A-Fa-f]{8}) {1,2}(.*)$")                                           //
	wide     = regexp.MustCompile(`^([0-9A-Fa-f]{16}) {1,3}([0-9A-Fa-f]{2} .*)$`)                                          // Format-Hex
	inBinary = regexp.MustCompile(`^([0-9A-Fa-f]+: )([01]{8}(?: [01]{8})*)(?:  |$)`)                                       // xxd -b
	ofWords  = regexp.MustCompile(`^((?:[0-9A-Fa-f]{7} +)|[0-9A-Fa-f]{8}(?:: *| {2,}))((?:[0-9A-Fa-f]{4}){1,4}(?: .*)?)$`) // xxd, od -x, hexdump, dd
	words0x  = regexp.MustCompile(`^0x[0-9A-Fa-f]+(?:\s+0x[0-9A-Fa-f]+)*\s*$`)                                             // gdb
)

// hexlHead is what stands above a dump of Emacs.
const hexlHead = "87654321  0011 2233"

// order is that of the octets in the words of a dump.
type order int

const (
	usual order = iota // as the tool is known to print them, or as the text beside them says
	low                // the low octet first
	high
)

// hexLines gives lines of other dumps as offset and octets in hexadecimal, and
// lines that are none of these as they are. unsure says that words have octets
// whose order only the tool's habit tells.
func hexLines(lines []string, by order) (out []string, unsure bool, err error) {
	out = make([]string, len(lines))
	if shown := shownOrder(lines); by == usual {
		by = shown
	}
	words := false
	first := slices.IndexFunc(lines, ofWords.MatchString)
	memory := first >= 0 && !isZero(lines[first][:7]) // begins at an address, as WinDbg's dd
	// A row of words whose digits happen to be zeros and ones is of a dump in binary when all are.
	binary := !slices.ContainsFunc(lines, func(line string) bool { return ofWords.MatchString(line) && !inBinary.MatchString(line) })
	put := func(offset, groups string, habit order) string {
		words = true
		if by != usual {
			habit = by
		}
		if habit == low {
			groups = inOrder(groups)
		}
		return offset + groups
	}
	var inNumbers []int // lines of debuggers that are not in hexadecimal
	for i, line := range lines {
		out[i] = line
		if strings.HasPrefix(line, hexlHead) {
			out[i] = ""
		} else if m := boxed.FindStringSubmatch(line); m != nil {
			words := strings.Fields(strings.ReplaceAll(m[2], "┊", " "))
			if slices.ContainsFunc(words, func(w string) bool { return len(w) != 2 || !digitsOnly(w) }) {
				return nil, false, fmt.Errorf("line %d: something among its octets is none", i+1)
			}
			out[i] = m[1] + ": " + strings.Join(words, " ")
		} else if m := barred.FindStringSubmatch(line); m != nil {
			out[i] = strings.TrimSuffix(m[1], "|")
		} else if m := inBinary.FindStringSubmatch(line); binary && m != nil {
			out[i] = m[1] + inBase(m[2], 2, 1)
		} else if m := wide.FindStringSubmatch(line); m != nil {
			out[i] = m[1][8:] + ": " + m[2]
		} else if m := debugger.FindStringSubmatch(line); m != nil {
			offset := ("00" + m[1])[len(m[1])-6:] + ": "
			switch w := strings.Fields(strings.ReplaceAll(m[2], "0x", "")); {
			case words0x.MatchString(m[2]) && len(w[0]) > 2:
				out[i] = put(offset, strings.Join(w, " "), low)
			case words0x.MatchString(m[2]):
				out[i] = offset + strings.Join(w, " ")
			default: // pairs of digits and text, or numbers
				inNumbers = append(inNumbers, i)
				out[i] = offset + m[2]
			}
		} else if m := windbg.FindStringSubmatch(line); m != nil {
			if out[i] = m[1] + ": " + m[2]; len(m[2]) > 2 && isHex(m[2][2]) {
				out[i] = put(m[1]+": ", strings.ReplaceAll(m[2], "`", ""), low)
			}
		} else if m := ofWords.FindStringSubmatch(line); m != nil {
			habit := high
			if _, shown := split(m[2]); m[1][7] == ' ' || memory && !shown && !strings.Contains(m[1], ":") {
				habit = low
			}
			if groups := groupsOf(m[2]); groups != "" && (habit == low && by != high || by == low) {
				out[i] = put(m[1], groups, habit)
			} else {
				words = true
			}
		}
	}
	if err := ofNumbers(out, inNumbers); err != nil {
		return nil, false, err
	}
	if err := ofSeven(out); err != nil {
		return nil, false, err
	}
	return out, words && by == usual, nil
}

// inOrder is groups of hexadecimal digits with the octets of each turned round.
func inOrder(groups string) string {
	var s strings.Builder
	for _, g := range strings.Fields(groups) {
		for i := len(g) - 2; i >= 0; i -= 2 {
			s.WriteString(g[i:i+2] + " ")
		}
	}
	return s.String()
}

// groupsOf is the groups of digits of a line, without the text beside them; empty
// when what follows them is not that.
func groupsOf(rest string) string {
	if s, ok := split(rest); ok {
		return s.groups
	}
	size, octets := strings.IndexByte(rest+" ", ' '), 0
	var groups []string
	for _, g := range strings.Fields(rest) {
		if len(g)%2 == 1 || len(g) > size || octets >= 16 || strings.ContainsFunc(g, func(r rune) bool { return r > 'f' || !isHex(byte(r)) }) {
			break
		}
		groups, octets = append(groups, g), octets+len(g)/2
	}
	if text := strings.Fields(rest)[len(groups):]; len(strings.Join(text, "")) > octets+2 {
		return "" // more than their text
	}
	return strings.Join(groups, " ")
}

// shownOrder is the order of the octets in words that the text beside them shows.
func shownOrder(lines []string) order {
	straight, round := 0, 0
	for _, line := range lines {
		m := ofWords.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if s, ok := split(m[2]); ok && s.straight != s.round {
			if s.straight {
				straight++
			} else {
				round++
			}
		}
	}
	switch {
	case round > 0 && straight == 0:
		return low
	case straight > 0 && round == 0:
		return high
	}
	return usual
}

// beside is what stands in a line of a dump when its text shows its octets.
type beside struct {
	groups          string // of digits
	octets          int
	straight, round bool // the text shows them as they are, with the octets of each group turned round
}

// widest is how many octets a line of a dump may have.
const widest = 256

// split divides what follows an offset into digits and text. It reports false when
// no text shows the digits.
func split(rest string) (found beside, ok bool) {
	rest = strings.TrimRight(rest, " \t")
	var straight, round []byte
	for at := 0; at < len(rest) && len(straight) < widest; {
		for at < len(rest) && (rest[at] == ' ' || rest[at] == '\t' || rest[at] == '-') {
			at++
		}
		from := at
		for at < len(rest) && isHex(rest[at]) {
			at++
		}
		if at == from || (at-from)%2 == 1 || at-from > 32 {
			break
		}
		for i := from; i < at; i += 2 {
			straight = append(straight, nibble(rest[i])<<4|nibble(rest[i+1]))
			round = append(round, nibble(rest[at-2+from-i])<<4|nibble(rest[at-1+from-i]))
		}
		a, b := shows(straight, rest[at:]), shows(round, rest[at:])
		if a || b {
			found, ok = beside{rest[:at], len(straight), a, b}, true
		}
	}
	return found, ok
}

// shows reports whether what stands after octets in a dump is their text: each
// that is a character of ASCII is itself there, and there is one.
func shows(octets []byte, after string) bool {
	text := strings.TrimLeft(after, " \t")
	lead := len(after) - len(text)
	if n := len(text) - 1; n > 0 && (text[0] == '|' && text[n] == '|' || text[0] == '>' && text[n] == '<') {
		text, lead = text[1:n], 1
	}
	if lead == 0 || len(text) > utf8.UTFMax*len(octets) {
		return false
	}
	runes := []rune(text)
	short := len(octets) - len(runes) // blanks that are its first or last characters
	if short < 0 || len(runes) == 0 {
		return false
	}
	return among(octets[short:], runes) && blank(octets[:short]) || among(octets[:len(runes)], runes) && blank(octets[len(runes):])
}

func among(octets []byte, text []rune) bool {
	some := false
	for i, c := range octets {
		if c > ' ' && c <= '~' {
			if text[i] != rune(c) {
				return false
			}
			some = some || c != '.'
		} else if text[i] > ' ' && text[i] <= '~' && text[i] != '.' {
			return false
		}
	}
	return some
}

func blank(octets []byte) bool {
	for _, c := range octets {
		if c != ' ' && c != 0 {
			return false
		}
	}
	return true
}
