package capture

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	seven      = regexp.MustCompile(`^([0-9A-Fa-f]{7})(?: +(\S.*)| *)$`)                   // od, hexdump
	inFours    = regexp.MustCompile(`^(?: {3}[!-~]|  \\[0abtnvfr]| [0-3][0-7]{2}| {4})+$`) // od -c, in columns of four
	named      = regexp.MustCompile(`\b(?:nul|soh|stx|etx|eot|enq|ack|bel|dle|dc[1-4]|nak|syn|etb|can|esc|del)\b`)
	octalWord  = regexp.MustCompile(`^[01][0-7]{5}$`)
	octalOctet = regexp.MustCompile(`^[0-3][0-7]{2}$`)
)

// ofSeven writes lines of od and hexdump, whose offsets have seven digits, in
// hexadecimal: octal, decimal and characters.
func ofSeven(lines []string) error {
	var at []int
	var offsets, all []string
	for i, line := range lines {
		if m := seven.FindStringSubmatch(line); m != nil {
			at, offsets = append(at, i), append(offsets, m[1])
			all = append(all, strings.Fields(m[2])...)
		}
	}
	if len(all) == 0 {
		return nil
	}
	if inColumns(lines, at) {
		for k, i := range at {
			if len(lines[i]) > 7 {
				octets := inCharacters(lines[i][7:])
				for whole := octets; k+1 < len(at) && len(whole) < 16; { // blanks at the end that an editor left out
					if whole = append(whole, ' '); between(offsets, k, len(whole)) && !between(offsets, k, len(octets)) {
						octets = whole
					}
				}
				lines[i] = fmt.Sprintf("%s % x", offsets[k], octets)
			}
		}
		return nil
	}
	octet, word, five, decimal, outside := true, true, true, true, false
	for _, w := range all {
		octet = octet && octalOctet.MatchString(w)
		word = word && octalWord.MatchString(w)
		n, err := strconv.Atoi(w)
		five = five && len(w) == 5 && err == nil
		decimal = decimal && err == nil && (w == "0" || w[0] != '0')
		outside = outside || n < -128 || n > 255
	}
	if first := strings.Fields(lines[at[0]]); decimal && len(at) > 1 && !between(offsets, 0, len(first)-1) {
		outside = true
	}
	base, size := 10, 1
	switch {
	case octet:
		base = 8
	case word:
		base, size = 8, 2
	case five || decimal && outside:
		return fmt.Errorf("line %d: words in decimal, as od -d and hexdump -d print them, are not read: use hexdump -C", at[0]+1)
	case !decimal:
		if named.MatchString(strings.Join(all, " ")) {
			return fmt.Errorf("line %d: od -a leaves out the eighth bit of each octet: use od -An -tx1", at[0]+1)
		}
		return nil
	}
	for k, i := range at {
		if len(lines[i]) > 7 {
			lines[i] = offsets[k] + " " + inBase(lines[i][7:], base, size)
		}
	}
	return nil
}

// between reports whether from an offset to the next there are n octets, in
// whatever base; of the last it is not known.
func between(offsets []string, k, n int) bool {
	if k+1 == len(offsets) {
		return false
	}
	for _, base := range []int{8, 10, 16} {
		a, errA := strconv.ParseInt(offsets[k], base, 64)
		b, errB := strconv.ParseInt(offsets[k+1], base, 64)
		if errA == nil && errB == nil && b-a == int64(n) {
			return true
		}
	}
	return false
}

// inColumns reports whether lines are those of od -c.
func inColumns(lines []string, at []int) bool {
	escaped := false
	for _, i := range at {
		cells := padded(lines[i][7:])
		if cells != "" && !inFours.MatchString(cells) {
			return false
		}
		escaped = escaped || strings.Contains(cells, `\`)
	}
	return escaped
}

// padded is columns of four, of which blanks at the end may have been left out.
func padded(cells string) string { return cells + strings.Repeat(" ", -len(cells)&3) }

// inCharacters is the octets of a line of od -c.
func inCharacters(cells string) (octets []byte) {
	cells = padded(cells)
	for i := 0; i+4 <= len(cells); i += 4 {
		switch c := strings.TrimSpace(cells[i : i+4]); {
		case c == "":
			octets = append(octets, ' ')
		case len(c) == 1:
			octets = append(octets, c[0])
		default:
			octets = append(octets, unescaped(`\`+strings.TrimPrefix(c, `\`), escapes{})...)
		}
	}
	return octets
}

// withoutOffsets gives lines of characters as od -An -c prints them, and lines of
// octets and text, offsets.
func withoutOffsets(lines []string) ([]string, error) {
	columns, escaped := true, false
	for _, line := range lines {
		cells := padded(line)
		columns = columns && (strings.TrimSpace(line) == "" || inFours.MatchString(cells))
		escaped = escaped || strings.Contains(cells, `  \`)
	}
	out := make([]string, len(lines))
	at, found := 0, 0
	for i, line := range lines {
		out[i] = line
		var octets string
		if columns && escaped && len(line) > 3 {
			o := inCharacters(line)
			for i+1 < len(lines) && lines[i+1] != "" && len(o) < 16 {
				o = append(o, ' ')
			}
			octets = fmt.Sprintf("% x", o)
		} else if s, ok := split(line); ok && s.straight && s.octets > 1 {
			octets = strings.ReplaceAll(strings.Join(strings.Fields(s.groups), " "), "-", " ")
		}
		if octets == "" {
			at = 0
			continue
		}
		out[i] = fmt.Sprintf("%08x: %s", at, octets)
		at += (len(octets) + 1) / 3
		found++
	}
	if found == 0 {
		return nil, nil
	}
	for i, line := range lines {
		is := func(k int) bool { return k >= 0 && k < len(lines) && out[k] != lines[k] }
		if out[i] == line && (is(i-1) || is(i+1)) && inPairs(line) {
			return nil, fmt.Errorf("line %d: its octets are not those of the text beside them, or something among them is none", i+1)
		}
	}
	return out, nil
}

// inPairs reports whether a line begins with words of two characters.
func inPairs(line string) bool {
	words := strings.Fields(line)
	pairs := 0
	for _, w := range words[:min(len(words), 4)] {
		if len(w) == 2 {
			pairs++
		}
	}
	return pairs >= 2
}

// ofNumbers writes those lines of a debugger in hexadecimal that are in decimal or
// octal.
func ofNumbers(lines []string, at []int) error {
	octal, numbers := false, len(at) > 0
	single := false
	rests := make([]string, len(at))
	for k, i := range at {
		rests[k] = ofCharacter.ReplaceAllString(lines[i][10:], "$1")
		for _, w := range strings.Fields(rests[k]) {
			n, err := strconv.Atoi(w)
			numbers = numbers && err == nil && n >= -128 && (n <= 255 || w[0] == '0')
			octal = octal || len(w) > 1 && w[0] == '0'
			single = single || len(w) != 2
		}
	}
	if !numbers || !single {
		return nil
	}
	base := 10
	if octal {
		base = 8
	}
	for k, i := range at {
		lines[i] = lines[i][:10] + inBase(rests[k], base, 1)
	}
	return nil
}

// inBase is numbers of a base, of so many octets each, the low one first, in
// hexadecimal.
func inBase(words string, base, octets int) string {
	var s strings.Builder
	for _, w := range strings.Fields(words) {
		n, err := strconv.ParseInt(w, base, 8*octets+2)
		if err != nil {
			return words
		}
		for range octets {
			fmt.Fprintf(&s, "%02x ", n&0xFF)
			n >>= 8
		}
	}
	return s.String()
}
