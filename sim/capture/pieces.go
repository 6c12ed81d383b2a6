package capture

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/posfleet/posfleet/sim/wire"
)

// mostPieces is how many lines of a log may carry one message.
const mostPieces = 512

// together puts blocks together that are one message in pieces, a line of a log each:
// as many as the length prefix of the first asks for, or all if they have none. lines
// are where they stood.
func together(f *wire.Format, blocks []Block, lines []string) []Block {
	if f == nil || len(blocks) == 0 {
		return blocks
	}
	var out []Block
	for i := 0; i < len(blocks); {
		whole, n := wanted(f, blocks[i:], lines)
		out = append(out, whole)
		i += n
	}
	if len(out) < len(blocks) || slices.ContainsFunc(blocks, func(b Block) bool { return isMessage(f, b.Octets) }) {
		return out
	}
	if all := pieces(blocks, nil); len(blocks) <= mostPieces && isMessage(f, all.Octets) {
		return []Block{all}
	}
	return blocks
}

func isMessage(f *wire.Format, octets []byte) bool {
	good, _ := messages(f, []Block{{Octets: octets}})
	return good
}

// pieces is what blocks, and octets after them, are together.
func pieces(blocks []Block, after []byte) Block {
	all := Block{Line: blocks[0].Line, Other: blocks[0].Other}
	for _, b := range blocks {
		all.Octets = append(all.Octets, b.Octets...)
	}
	all.Octets = append(all.Octets, after...)
	return all
}

// wanted is the first of blocks with those after it that its length prefix asks for, and
// how many they are: when they are just so long, and are a message or rows of one length.
func wanted(f *wire.Format, blocks []Block, lines []string) (Block, int) {
	first := blocks[0]
	need := f.Lead() + f.Says(first.Octets)
	if need <= len(first.Octets) || f.Lead() == 0 {
		return first, 1
	}
	has, rows := 0, true
	for n, b := range blocks[:min(mostPieces, len(blocks))] {
		rows = rows && len(b.Octets) <= len(first.Octets) && (n == 0 || len(blocks[n-1].Octets) == len(first.Octets))
		has += len(b.Octets)
		var after []byte // a last line of fewer octets than are one in a log
		if lacks := need - has; lacks > 0 && lacks < leastLogged && b.Line < len(lines) {
			if after = atEnd(lines[b.Line]); len(after) != lacks {
				after = longest(lines[b.Line])
			}
		}
		if has > need {
			break
		}
		if has+len(after) != need || n == 0 && after == nil {
			continue
		}
		whole := pieces(blocks[:n+1], bytes.Clone(after))
		if isMessage(f, whole.Octets) || rows && !isMessage(f, first.Octets) {
			return whole, n + 1
		}
		break
	}
	return first, 1
}

// oddPiece is the number of a line that has half an octet among rows of one length: one
// digit more or less than the row before or after it, or the last and shorter; 0 for none.
func oddPiece(lines []string) int {
	size := func(i int) (n int) { // of the longest word of digits
		if i < 0 || i >= len(lines) || len(lines[i]) > longestLine {
			return 0
		}
		for _, w := range strings.FieldsFunc(lines[i], func(r rune) bool { return r >= utf8.RuneSelf || !isWord(byte(r)) }) {
			if digitsOnly(w) {
				n = max(n, len(w))
			}
		}
		return n
	}
	first, before, this := 0, 0, size(0)
	for i := range lines {
		after := size(i + 1)
		alike := func(n int) bool { return n >= 2*leastLogged && (n == this+1 || n == this-1) }
		last := this >= 2*leastLogged && this < before && before == first
		if this%2 == 1 && (alike(before) || alike(after) || last) {
			return i + 1
		}
		first, before, this = before, this, after
	}
	return 0
}
