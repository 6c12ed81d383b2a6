package capture

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// What programs put in the place of digits that nobody is to see, and digits with
// some of it among or after them.
const mask = `[*•●■█▪]{2,}|\?{2,}|[#xX]{2,}|[-_]{3,}|[\[<({]?(?i:masked|redacted|hidden|filtered|removed|snipped)[\]>)}]?`

var (
	masked     = regexp.MustCompile(mask)
	withMasked = regexp.MustCompile(`[0-9A-Fa-f](?:[0-9A-Fa-f]+|[ :]|-|` + mask + `)*`)
)

// unmasked complains of octets some digits of which are masked. A card number that is
// shown beside octets, as in a log, is none of theirs.
func unmasked(lines []string) error {
	if !slices.ContainsFunc(lines, masked.MatchString) {
		return nil
	}
	least := 24
	if !slices.ContainsFunc(lines, func(line string) bool { return withMasked.FindString(line) != strings.TrimSpace(line) }) {
		least = 1 // there is nothing but digits
	}
	for i, line := range lines {
		if len(line) > longestLine {
			continue
		}
		for _, digits := range withMasked.FindAllString(line, -1) {
			at := masked.FindStringIndex(digits)
			if at == nil || hexIn(digits) < least || shownBeside(digits) {
				continue
			}
			if c := digits[at[0]]; (c == '-' || c == '_') && (at[1] == len(digits) || !isHex(digits[at[0]-1]) || !isHex(digits[at[1]])) {
				continue // a line between
			}
			return fmt.Errorf("line %d: digits are masked (%s) that are needed: take the message from a capture of the line", i+1, digits[at[0]:at[1]])
		}
	}
	return nil
}

// hexIn counts the hexadecimal digits of a text but for what is masked.
func hexIn(s string) (n int) {
	s = masked.ReplaceAllString(s, "")
	for i := range len(s) {
		if isHex(s[i]) {
			n++
		}
	}
	return n
}

// shownBeside reports whether what is masked in a line is a word of its own, and
// another one has the octets.
func shownBeside(digits string) bool {
	words, beside := strings.Fields(digits), false
	for _, w := range words {
		switch {
		case masked.MatchString(w) && len(w) > 40: // no card number, nor a track
			return false
		case len(w) >= 44 && digitsOnly(w):
			beside = true
		}
	}
	return beside
}
