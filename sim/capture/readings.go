package capture

import (
	"bytes"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/wire"
)

// reading is one way to read a text.
type reading struct {
	as     string // what its numbers, words or escapes are then
	blocks []Block
}

// decide chooses of several readings: the only one that is whole messages of f,
// else the first, or undecided when that is an error.
func decide(f *wire.Format, readings []reading, undecided error) ([]Block, error) {
	if len(readings) == 0 {
		return nil, undecided
	}
	if len(readings) > 1 {
		if r := only(f, readings); r != nil {
			return r.blocks, nil
		}
		if undecided != nil {
			return nil, undecided
		}
	}
	return readings[0].blocks, nil
}

// only is the reading that alone is messages of f, or alone is messages with
// nothing to be said of what stands around them; nil for none.
func only(f *wire.Format, readings []reading) *reading {
	if f == nil {
		return nil
	}
	var whole, plain []*reading
	for i := range readings {
		r := &readings[i]
		switch good, noted := messages(f, r.blocks); {
		case good && !noted:
			plain = append(plain, r)
			whole = append(whole, r)
		case good:
			whole = append(whole, r)
		}
	}
	switch {
	case len(plain) == 1:
		return plain[0]
	case len(whole) == 1:
		return whole[0]
	}
	return nil
}

// messages reports whether blocks are whole messages, and whether anything is to
// be said of what stands around these.
func messages(f *wire.Format, blocks []Block) (good, noted bool) {
	if f == nil {
		return false, false
	}
	for _, b := range blocks {
		for _, fr := range Cut(f, b.Octets) {
			if fr.Err != nil {
				return false, false
			}
			good, noted = true, noted || fr.Note != ""
		}
	}
	return good, noted
}

// distinct is the readings without those that are octet for octet like one before.
func distinct(readings []reading) (out []reading) {
next:
	for _, r := range readings {
		for _, o := range out {
			if same(r.blocks, o.blocks) {
				continue next
			}
		}
		out = append(out, r)
	}
	return out
}

func same(a, b []Block) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i].Octets, b[i].Octets) {
			return false
		}
	}
	return true
}

// unpadded is blocks without the zeros after a message that make its last word
// whole, when these keep it from being read.
func unpadded(f *wire.Format, blocks []Block) []Block {
	if f == nil {
		return blocks
	}
	out := slices.Clone(blocks)
	for i, b := range out {
		for n := len(b.Octets); n > 0 && n > len(b.Octets)-8; n-- {
			without := []Block{{Octets: b.Octets[:n]}}
			if good, noted := messages(f, without); good && !noted {
				out[i].Octets = b.Octets[:n]
				break
			}
			if b.Octets[n-1] != 0 {
				break
			}
		}
	}
	return out
}

// lineOf counts the lines of a text up to places in it, one after the other.
type lineOf struct {
	text   string
	at     int // as far as counted
	lines  int // ends of lines until there
	begins int // where the line there begins
}

// line is the number of the line in which place to is, from 1.
func (l *lineOf) line(to int) int {
	for l.at < to {
		n := strings.IndexByte(l.text[l.at:to], '\n')
		if n < 0 {
			l.at = to
			break
		}
		l.at += n + 1
		l.lines, l.begins = l.lines+1, l.at
	}
	return l.lines + 1
}
