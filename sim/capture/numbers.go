package capture

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Lists of numbers as debuggers and languages print them.
var (
	ofCharacter = regexp.MustCompile(`\b(-?\d{1,3}) '(?:\\[0-7]{3}|\\.|[^\\'])'`)                                              // gdb /c: 60 '<'
	alone       = regexp.MustCompile(`'(\\[0-7]{1,3}|\\x[0-9A-Fa-f]{2}|\\[abtnvfre\\'"]|[ -\[\]-~])'(\s*[,})\]]|\s+<repeats)`) // '<',
	repeats     = regexp.MustCompile(`((?:0[xX])?-?\w{1,4}),? <repeats (\d{1,8}) times>`)                                      // gdb
	labels      = regexp.MustCompile(`\[(\d{1,8})\]\s*=>?\s*`)                                                                 // lldb, PHP
	ofInt       = regexp.MustCompile(`\bint\((-?\d{1,3})\)`)                                                                   // PHP
	bracketed   = regexp.MustCompile(`<<([^<>\[\](){}]{23,})>>|[\[({]([^\[\](){}]{23,})[\])}]`)                                //
	prefixed    = regexp.MustCompile(`^(?:0[xX]|&[hH]|\$|16#)([0-9A-Fa-f]+)$`)                                                 // C, Basic, Pascal, Erlang
	inBits      = regexp.MustCompile(`^0[bB]([01]{1,8})$`)                                                                     // Python's bin()
	negative    = regexp.MustCompile(`^[fF]{6}([89A-Fa-f][0-9A-Fa-f])$`)                                                       // %x of a char below 0
	octals      = regexp.MustCompile(`^(?:[0-7]|0[0-7]{1,3})$`)                                                                // of C
	assembler   = regexp.MustCompile(`(?mi)^\s*(?:db|dc\.b|fcb|defb|\.byte)\s`)
)

// expanded is text with what stands for several numbers written out, and without
// what debuggers write beside each.
func expanded(text string) (string, error) {
	text = ofCharacter.ReplaceAllString(text, "$1")
	next, err := -1, error(nil)
	unlabelled := labels.ReplaceAllStringFunc(text, func(s string) string {
		at, _ := strconv.Atoi(labels.FindStringSubmatch(s)[1])
		if next >= 0 && at != 0 && at != next && err == nil {
			err = fmt.Errorf("after element %d of the list comes %d: are some missing?", next-1, at)
		}
		next = at + 1
		return " "
	})
	if err != nil {
		return "", err
	}
	if next > 1 {
		text = ofInt.ReplaceAllString(unlabelled, "$1")
	}
	return repeated(text, repeats, func(s string, n int) string {
		return strings.TrimSuffix(strings.Repeat(s+", ", n), ", ")
	})
}

// mostRepeated is how many octets debuggers may leave out of one text because they
// repeat.
const mostRepeated = 1 << 16

// repeated is text with what a debugger says repeats written out; of is that and
// how often.
func repeated(text string, of *regexp.Regexp, write func(s string, n int) string) (string, error) {
	sum := 0
	out := of.ReplaceAllStringFunc(text, func(s string) string {
		m := of.FindStringSubmatch(s)
		n, _ := strconv.Atoi(m[2])
		if sum += n; sum > mostRepeated {
			return ""
		}
		return write(m[1], n)
	})
	if sum > mostRepeated {
		return "", fmt.Errorf("the list repeats more than %d octets", mostRepeated)
	}
	return out, nil
}

// lists reads numbers: all of the text, or lists in brackets of at least 12.
func lists(text string) ([]reading, error) {
	text, err := expanded(text)
	if err != nil {
		return nil, err
	}
	if len(alone.FindAllStringIndex(text, 4)) == 4 {
		text = alone.ReplaceAllStringFunc(text, func(s string) string {
			m := alone.FindStringSubmatch(s)
			if c := unescaped(m[1], escapes{}); len(c) == 1 {
				return fmt.Sprintf("0x%02x", c[0]) + m[2]
			}
			return s
		})
	}
	if rs, err := numbers(strings.Trim(assembler.ReplaceAllString(text, ""), "[]{}()<> \t\n,;")); rs != nil || err != nil {
		return rs, err
	}
	var all []reading
	var undecided error
	at := lineOf{text: text}
	for _, m := range bracketed.FindAllStringSubmatchIndex(text, -1) {
		from, to := max(m[2], m[4]), max(m[3], m[5])
		list, line := text[from:to], at.line(from)
		cut := strings.TrimRight(list, " \t\n,.…")
		rs, err := numbers(cut)
		if len(rs) == 0 || len(rs[0].blocks[0].Octets) < 12 {
			continue
		}
		if strings.ContainsAny(list[len(cut):], ".…") {
			return nil, leftOut(line)
		}
		for i := range rs {
			rs[i].blocks[0].Line = line
		}
		switch {
		case all == nil:
			all, undecided = rs, err
		default: // lists of one text are written in one way
			var both []reading
			for _, a := range all {
				for _, r := range rs {
					if a.as == r.as {
						both = append(both, reading{a.as, append(a.blocks, r.blocks...)})
					}
				}
			}
			if all = both; both == nil {
				return nil, nil
			}
		}
	}
	if len(all) == 1 {
		undecided = nil
	}
	return all, undecided
}

// numbers reads octets as numbers with blanks, commas and the like between. There
// are several readings when their base is not known, and the error is for when
// nothing decides. Two hexadecimal digits each are no numbers: they are read
// elsewhere.
func numbers(text string) (readings []reading, err error) {
	between := " \t\r\n,;"
	if !strings.ContainsAny(strings.TrimSpace(text), between) {
		for _, c := range []string{":", "|", ".", "-", "_", "/"} {
			if strings.Count(text, c) > 1 {
				between = c
				break
			}
		}
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(between, r) })
	if len(words) < 2 {
		return nil, nil
	}
	s := surveyed(words)
	if s == nil {
		return nil, nil
	}
	add := func(as string, base, least, most int) {
		if b := s.octets(base, least, most); b != nil {
			readings = append(readings, reading{as, []Block{{Octets: b, Line: 1}}})
		}
	}
	if s.prefixed > 0 {
		if s.prefixed == len(words) || s.most <= 2 {
			add("hexadecimal", 16, 0, 255)
		}
		if s.prefixed < len(words) && !s.padded && !s.letter {
			add("decimal", 10, -128, 255)
		}
		if readings = distinct(readings); len(readings) > 1 {
			err = errors.New("some of the numbers have 0x before them and some have not: are these in decimal or in hexadecimal? Give two hexadecimal digits for each octet")
		}
		return readings, err
	}
	n := len(words)
	switch {
	case s.sizes[8] == n:
		add("binary", 2, 0, 255)
		return readings, nil // else groups of hexadecimal digits
	case s.most > 4 || !s.sign && !s.extended && (s.sizes[2] == n || s.sizes[1] == n || s.sizes[4] == n):
		return nil, nil
	case s.sizes[3] == n && !s.sign:
		add("octal", 8, 0, 255)
		if add("decimal", 10, 0, 255); len(readings) == 0 && !s.letter {
			return nil, s.no(10)
		}
		return readings, nil
	case s.letter && s.most > 2:
		return nil, nil
	case s.octal && s.padded:
		add("octal", 8, 0, 255)
		return readings, nil
	case s.padded && !s.letter && s.most > 2:
		return nil, nil
	}
	if !s.sign && s.most <= 2 {
		add("hexadecimal", 16, 0, 255)
	}
	if !s.letter && !s.padded {
		if add("decimal", 10, -128, 255); len(readings) == 0 {
			return nil, s.no(10)
		}
	}
	if len(readings) > 1 {
		err = errors.New("the numbers have one and two digits: in decimal or in hexadecimal? Give two hexadecimal digits for each octet")
	}
	return readings, err
}

// survey is what words that are numbers have in common.
type survey struct {
	words    []string // without what stands before hexadecimal digits
	hex      []bool   // that something stood there
	sizes    map[int]int
	most     int // digits of the longest that is not prefixed
	prefixed int
	sign     bool // one has a minus
	letter   bool // one that is not prefixed has a letter
	padded   bool // one that is not prefixed begins with 0 and goes on
	octal    bool // all are as C writes octal numbers
	extended bool // one is a char below 0, in the eight digits of an int
}

// surveyed is nil for words of which one is no number of an octet.
func surveyed(words []string) *survey {
	s := &survey{words: words, hex: make([]bool, len(words)), sizes: map[int]int{}, octal: true}
	for i, w := range words {
		w = strings.Trim(w, `'"`)
		if m := prefixed.FindStringSubmatch(w); m != nil {
			if n := negative.FindStringSubmatch(m[1]); n != nil {
				m[1] = n[1]
			}
			if len(m[1]) > 2 {
				return nil
			}
			words[i], s.hex[i] = m[1], true
			s.prefixed++
			continue
		}
		if m := inBits.FindStringSubmatch(w); m != nil {
			n, _ := strconv.ParseUint(m[1], 2, 8)
			words[i], s.hex[i] = strconv.FormatUint(n, 16), true
			s.prefixed++
			continue
		}
		digits := strings.TrimPrefix(w, "-")
		if n := negative.FindStringSubmatch(digits); n != nil {
			words[i], s.letter, s.extended = n[1], true, true
			s.sizes[2]++
			s.most = max(s.most, 2)
			continue
		}
		for _, c := range []byte(digits) {
			if !isHex(c) {
				return nil
			}
			s.letter = s.letter || c > '9'
		}
		if n := len(digits); n == 0 || n > 4 && n != 8 {
			return nil
		}
		words[i] = w
		s.sign = s.sign || digits != w
		s.octal = s.octal && octals.MatchString(w)
		s.padded = s.padded || len(digits) > 1 && digits[0] == '0'
		s.sizes[len(digits)]++
		s.most = max(s.most, len(digits))
	}
	if s.most == 8 && s.sizes[8] < len(words) {
		return nil
	}
	return s
}

// octets is the words as numbers of a base, nil when one is none.
func (s *survey) octets(base, least, most int) []byte {
	out := make([]byte, len(s.words))
	for i, w := range s.words {
		b := base
		if s.hex[i] {
			b = 16
		}
		n, err := strconv.ParseInt(w, b, 16)
		if err != nil || int(n) < least || int(n) > most {
			return nil
		}
		out[i] = byte(n)
	}
	return out
}

// no says which of the words is no octet.
func (s *survey) no(base int) error {
	for i, w := range s.words {
		if n, err := strconv.ParseInt(w, base, 16); err != nil || n < -128 || n > 255 {
			return fmt.Errorf("number %d of the message, %q, is no octet: in decimal it is from -128 to 255, in hexadecimal it has two digits, in octal three", i+1, shortened(w))
		}
	}
	return nil
}

func shortened(s string) string { return s[:min(len(s), 8)] }
