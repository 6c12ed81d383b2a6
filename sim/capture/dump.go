package capture

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// dumpLine is one line of a dump: an offset, and what stands after it.
type dumpLine struct {
	number int // of the text, from 1
	indent int
	offset string
	colon  bool
	rest   string // from column on; empty in the line that ends a dump of hexdump -C
	column int
	stars  bool // a line of a star follows: lines like this one were left out
}

// The offset has a colon, or blanks enough that it is no group of digits.
var dumpShape = regexp.MustCompile(`^([ \t]*)(?:0[xX])?([0-9A-Fa-f]{3,8})(?:(:)[ \t]*|[hH]?[ \t]*\|?[ \t]+|$)`)

func asDumpLine(number int, line string) (dumpLine, bool) {
	m := dumpShape.FindStringSubmatchIndex(line)
	if m == nil {
		return dumpLine{}, false
	}
	l := dumpLine{number: number, indent: m[3] - m[2], offset: line[m[4]:m[5]], colon: m[6] >= 0, rest: strings.TrimRight(line[m[1]:], " \t\r"), column: m[1]}
	if l.rest != "" && len(l.octets(1, len(line))) == 0 {
		return dumpLine{}, false
	}
	return l, true
}

// spoilt reports whether a line beside that of a dump is one of the same but for a
// character of its offset.
func spoilt(line, beside string) bool {
	first := func(s string) (offset, rest string) {
		s = strings.TrimLeft(s, " \t|│>=")
		offset, rest, _ = strings.Cut(s, " ")
		if len(offset) > 2 && offset[1]|0x20 == 'x' {
			offset = offset[2:]
		}
		return strings.TrimRight(offset, ":|│"), rest
	}
	a, rest := first(line)
	b, _ := first(beside)
	wrong := 0
	for _, c := range []byte(a) {
		if !isHex(c) && c != '`' {
			wrong++
		}
	}
	return wrong <= 1 && !strings.HasPrefix(line, hexlHead) && len(a) >= 3 && max(len(a), len(b))-min(len(a), len(b)) <= 2 && strings.ContainsAny(a, "0123456789") && len(strings.TrimSpace(rest)) > 1
}

// octets reads at most most octets of the line, as far as column to: groups of
// digits of one size. A gap of three blanks, another character or a group of
// another size is where the text begins.
func (l *dumpLine) octets(most, to int) []byte {
	out, _ := l.read(most, to)
	return out
}

// read is octets, and the column where the last one ends.
func (l *dumpLine) read(most, to int) (out []byte, end int) {
	rest := l.rest[:max(0, min(len(l.rest), to-l.column))]
	group, end := 0, l.column
	for i := 0; i < len(rest) && len(out) < most; {
		gap := 0
		for i+gap < len(rest) && (rest[i+gap] == ' ' || rest[i+gap] == '\t' || rest[i+gap] == '-' && gap == 0) {
			gap++
		}
		if gap > 2 && len(out) > 0 {
			break
		}
		i += gap
		n := 0
		for i+n < len(rest) && isHex(rest[i+n]) {
			n++
		}
		whole := i+n == len(rest) || strings.IndexByte(" \t-|", rest[i+n]) >= 0
		if n == 0 || n%2 == 1 || !whole || group > 0 && n > group || n > 32 {
			break
		}
		group = max(group, n)
		for k := 0; k < n && len(out) < most; k += 2 {
			out = append(out, nibble(rest[i+k])<<4|nibble(rest[i+k+1]))
		}
		i += n
		end = l.column + i
		if n < group {
			break
		}
	}
	return out, end
}

// ended reports whether what follows n octets, from column end on, may be their
// text, which has a character for each. sure says that they are n.
func (l *dumpLine) ended(n, end int, sure bool) bool {
	after := l.rest[end-l.column:]
	text := strings.TrimLeft(after, " \t")
	if gap := len(after) - len(text); gap < 2 && !sure && text != "" && strings.IndexByte("|>", text[0]) < 0 {
		return utf8.RuneCountInString(text) == n
	}
	return utf8.RuneCountInString(text) <= n+3 // bars around it, a gap in it
}

// flow is one direction of a dump.
type flow struct {
	lines []dumpLine
	base  int
	doubt error // what is wrong if base is 16 all the same
}

// unbroken reports whether a line beside those of a dump should be one of them.
func unbroken(lines []dumpLine, raw []string) error {
	is := map[int]bool{}
	for _, l := range lines {
		is[l.number] = true
	}
	for _, l := range lines {
		for n := l.number - 2; n <= l.number+2; n++ {
			if n >= 1 && n <= len(raw) && !is[n] && spoilt(raw[n-1], raw[l.number-1]) {
				return fmt.Errorf("line %d: a line of the dump that cannot be read: another character is in its offset or its octets", n)
			}
		}
	}
	return nil
}

// dump reads dump lines, which stood in raw, and gives nothing when there are none.
func dump(lines, raw []string) ([]Block, error) {
	flows := map[int]*flow{} // by indent
	var order []dumpLine
	for i, text := range lines {
		if strings.TrimSpace(text) == "*" && len(order) > 0 {
			of := flows[order[len(order)-1].indent].lines
			of[len(of)-1].stars = true
			continue
		}
		l, ok := asDumpLine(i+1, text)
		if !ok || len(order) > 0 && (len(l.offset) != len(order[0].offset) || l.colon != order[0].colon) {
			continue
		}
		if flows[l.indent] == nil {
			flows[l.indent] = &flow{}
		}
		flows[l.indent].lines = append(flows[l.indent].lines, l)
		order = append(order, l)
	}
	if len(order) == 0 {
		return nil, nil
	}
	var doubt error
	for _, f := range flows {
		if is, err := f.findBase(); !is || err != nil {
			return nil, err
		}
		doubt = cmp.Or(doubt, f.doubt)
	}
	if err := unbroken(order, raw); err != nil {
		return nil, err
	}
	least := order[0].indent
	for indent := range flows {
		least = min(least, indent)
	}
	var blocks []Block
	next := map[int]int{} // index into a flow's lines
	last := -1            // indent of the line before
	at := map[int]int64{} // offset where a flow goes on
	ends := map[int]int{} // column where the octets of a full line end
	widths := map[int]int{}
	for _, l := range order {
		f := flows[l.indent]
		k := next[l.indent]
		next[l.indent]++
		offset, err := strconv.ParseInt(l.offset, f.base, 64)
		if err != nil || offset != 0 && k > 0 && offset != at[l.indent] {
			return nil, cmp.Or(doubt, missing(l, at[l.indent], f.base))
		}
		if l.rest == "" {
			last = -1
			continue
		}
		if offset == 0 || last != l.indent {
			blocks = append(blocks, Block{Line: l.number, Other: l.indent > least})
		}
		last = l.indent
		b := &blocks[len(blocks)-1]
		n := f.count(k)
		var octets []byte
		repeat := 1
		if n > 0 {
			width := widths[l.indent]
			if f.lines[k].stars && width == 0 {
				width = len(l.octets(64, l.column+len(l.rest)))
			}
			if f.lines[k].stars && n > width && n%width == 0 {
				n, repeat = width, n/width
			}
			var end int
			octets, end = l.read(n, l.column+len(l.rest))
			if has := len(octets); has != n && (has == width || width == 0 && has%8 == 0) {
				return nil, missing(f.lines[k+1], offset+int64(has), f.base)
			} else if has != n {
				return nil, l.short(has, n, end)
			}
			if _, shown := split(l.rest); !shown && !l.ended(n, end, true) && !(len(l.offset) == 7 && f.lines[k+1].rest == "") { // od fills its last word
				return nil, beyond(l.number, n)
			}
			widths[l.indent], ends[l.indent] = n, end
		} else {
			most, to := 16, l.column+len(l.rest)
			if widths[l.indent] > 0 {
				most, to = widths[l.indent], ends[l.indent]
			}
			beside, shown := split(l.rest)
			if shown {
				most, to = beside.octets, l.column+len(l.rest)
			}
			var end int
			if octets, end = l.read(most, to); !shown && !l.ended(len(octets), end, false) {
				return nil, beyond(l.number, len(octets))
			}
		}
		if len(b.Octets)+repeat*len(octets) > MaxText {
			return nil, fmt.Errorf("line %d: the dump is longer than %d octets", l.number, MaxText)
		}
		for range repeat {
			b.Octets = append(b.Octets, octets...)
		}
		at[l.indent] = offset + int64(repeat*len(octets))
	}
	return blocks, doubt
}

// short says of a line that it has fewer octets than there are to the next offset.
func (l *dumpLine) short(has, want, end int) error {
	mend := "was it cut short?"
	if rest := strings.TrimLeft(l.rest[end-l.column:], " \t"); rest != "" {
		mend = "is one of its digits wrong?"
	}
	return fmt.Errorf("line %d has %d octets, its offsets say %d: %s", l.number, has, want, mend)
}

func beyond(line, octets int) error {
	return fmt.Errorf("line %d: after %d octets comes what is none of the dump's", line, octets)
}

func missing(l dumpLine, want int64, base int) error {
	s := strconv.FormatInt(want, base)
	if n := len(l.offset) - len(s); n > 0 {
		s = strings.Repeat("0", n) + s
	}
	mend := "are lines missing?"
	if l.at(base) < want {
		mend = "is a line there twice, or out of place?"
	}
	return fmt.Errorf("line %d: the dump goes on at offset %s, %s was expected; %s", l.number, l.offset, s, mend)
}

func isZero(offset string) bool { return strings.Trim(offset, "0") == "" }

// count is how many octets line k has by the offset of the one after it, 0
// when that does not say: it is the last of its block.
func (f *flow) count(k int) int {
	if k+1 >= len(f.lines) {
		return 0
	}
	n := f.lines[k+1].at(f.base) - f.lines[k].at(f.base)
	return int(max(0, min(n, MaxText+1)))
}

// at is the offset, -1 when it is none in this base.
func (l *dumpLine) at(base int) int64 {
	n, err := strconv.ParseInt(l.offset, base, 64)
	if err != nil {
		return -1
	}
	return n
}

// findBase finds the base in which the offsets count the octets: 16, 10 or 8.
// It reports false when they do in none, and the lines are no dump; the error says
// that all were cut on the right.
func (f *flow) findBase() (is bool, err error) {
	first := &f.lines[0]
	if first.rest == "" {
		return false, nil
	}
	if len(f.lines) == 1 || isZero(f.lines[1].offset) {
		// A line alone must look like nothing else.
		f.base = 16
		blanks := first.column - first.indent - len(first.offset)
		return first.colon || isZero(first.offset) && (blanks >= 2 || len(first.offset) > 4), nil
	}
	cut := f.cut(16)
	if len(first.offset) == 7 { // od's
		cut = cmp.Or(f.cut(8), f.cut(10), cut)
	}
	for _, exact := range []bool{true, false} {
		most := 0
		for _, base := range []int{16, 10, 8} {
			fit := 0
			for k := range min(len(f.lines)-1, 8) {
				l := &f.lines[k]
				has := int64(len(l.octets(widest, l.column+len(l.rest))))
				from, to := l.at(base), f.lines[k+1].at(base)
				if from >= 0 && to > from && (to-from == has || l.stars && has > 0 && (to-from)%has == 0 || !exact && to-from < has && from == 0) {
					fit++
				}
			}
			if fit > most {
				f.base, most = base, fit
			}
		}
		switch {
		case most > 0 && cut != nil && !exact:
			return false, cut
		case most > 0:
			if f.base != 16 && len(first.offset) != 7 { // not od's
				f.doubt = cut
			}
			return true, nil
		}
	}
	return false, cut
}

// cut says of lines whose offsets are right in a base, and that all end in one column
// before they have as many octets, that they are cut there.
func (f *flow) cut(base int) error {
	var step int64
	width := 0
	for k := range f.lines {
		l := &f.lines[k]
		end, has := l.column+len(l.rest), int64(len(l.octets(widest, l.column+len(l.rest))))
		if k > 0 && !isZero(l.offset) {
			n := l.at(base) - f.lines[k-1].at(base)
			if step == 0 {
				step = n
			}
			if n != step {
				return nil
			}
		}
		last := k+1 == len(f.lines)
		if l.rest == "" && last {
			break
		}
		if k == 0 {
			width = end
		}
		if has == 0 || end > width+1 || end < width-1 && !last || step > 0 && has >= step {
			return nil
		}
	}
	if step < 8 || step > 32 || step%8 != 0 {
		return nil
	}
	return fmt.Errorf("line %d has %d octets, its offsets say %d: was the text cut at column %d?", f.lines[0].number, len(f.lines[0].octets(widest, width)), step, width)
}
