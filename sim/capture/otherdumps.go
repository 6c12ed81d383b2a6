package capture

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Lines of dumps that are not in hexadecimal, or not in order.
var (
	octalOctets  = regexp.MustCompile(`^([0-9A-Fa-f]{7})((?:\s+[0-7]{3})+)\s*$`)           // od -b, hexdump -b
	octalWords   = regexp.MustCompile(`^([0-9A-Fa-f]{7})((?:\s+[01][0-7]{5})+)\s*$`)       // od
	decimals     = regexp.MustCompile(`^[0-9A-Fa-f]{7}(?:\s+\d{5})+\s*$`)                  // od -d, hexdump -d
	binaryOctets = regexp.MustCompile(`^([0-9A-Fa-f]+: )([01]{8}(?: [01]{8})*)(?:  |$)`)   // xxd -b
	turned       = regexp.MustCompile(`^([0-9A-Fa-f]{8}: )([0-9A-Fa-f ]{35})  (.{1,16})$`) // xxd -e
)

// hexLines gives lines of dumps in octal, binary and of words in the order of the
// machine as those of hexdump; lines that are none of these as they are.
func hexLines(lines []string) ([]string, error) {
	out := make([]string, len(lines))
	little := littleEndian(lines)
	for i, line := range lines {
		out[i] = line
		line = strings.TrimRight(line, "\r")
		if m := octalOctets.FindStringSubmatch(line); m != nil {
			out[i] = m[1] + " " + inBase(m[2], 8, 1)
		} else if m := octalWords.FindStringSubmatch(line); m != nil {
			out[i] = m[1] + " " + inBase(m[2], 8, 2)
		} else if m := binaryOctets.FindStringSubmatch(line); m != nil {
			out[i] = m[1] + inBase(m[2], 2, 1)
		} else if m := turned.FindStringSubmatch(line); m != nil && little {
			out[i] = m[1] + inOrder(m[2])
		} else if decimals.MatchString(line) && strings.Count(line, " ") > 4 {
			return nil, fmt.Errorf("line %d: words in decimal, as od -d and hexdump -d print them, are not read: use hexdump -C", i+1)
		}
	}
	return out, nil
}

// inBase is numbers of a base, of so many octets each, the low one first, in
// hexadecimal.
func inBase(words string, base, octets int) string {
	var s strings.Builder
	for _, w := range strings.Fields(words) {
		n, err := strconv.ParseUint(w, base, 8*octets)
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

var errNoDump = errors.New("no dump")

// littleEndian reports whether the text of dump lines is that of their groups
// turned round, and not of the groups as they are.
func littleEndian(lines []string) bool {
	straight, round := 0, 0
	for _, line := range lines {
		m := turned.FindStringSubmatch(strings.TrimRight(line, "\r"))
		if m == nil {
			continue
		}
		a, errA := shows(strings.Join(strings.Fields(m[2]), ""), m[3])
		b, errB := shows(strings.Join(strings.Fields(inOrder(m[2])), ""), m[3])
		if errA != nil || errB != nil {
			continue
		}
		if a && !b {
			straight++
		} else if b && !a {
			round++
		}
	}
	return round > 0 && straight == 0
}

// shows reports whether text is what a dump prints beside octets.
func shows(digits, text string) (bool, error) {
	if len(digits)%2 == 1 || len(text) > len(digits)/2 {
		return false, errNoDump
	}
	for i := range len(text) {
		c := nibble(digits[2*i])<<4 | nibble(digits[2*i+1])
		if c < ' ' || c > '~' {
			c = '.'
		}
		if text[i] != c {
			return false, nil
		}
	}
	return true, nil
}
