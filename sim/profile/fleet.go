package profile

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/strict"
)

// Bounds of a fleet.
const (
	maxTerminals = 1_000_000
	maxListFile  = 80 << 20 // octets; a line of a list has about 70
)

// fleet makes a profile's terminals.
type fleet struct {
	reader
	*Profile
	dir   folder
	mids  []string // of the merchants, in order
	known map[string]bool
	seen  map[string]struct{} // terminal numbers given out
}

// terminals makes the terminals of the entries, want of them when it is above
// 0: the last range grows, or the end of the fleet is left away.
func (r reader) terminals(p *Profile, at strict.Value, entries []group, dir folder, want int) {
	f := fleet{reader: r, Profile: p, dir: dir, known: map[string]bool{}}
	for i := range p.Merchants {
		f.mids = append(f.mids, p.Merchants[i].MID)
		f.known[p.Merchants[i].MID] = true
	}
	total, last := 0, -1
	for i := range entries {
		if g := &entries[i]; g.list != "" {
			if g.lines = f.load(g); g.lines == nil {
				return
			}
			g.count = len(g.lines)
		} else if g.first != "" {
			last = i
		}
		total += entries[i].count
	}
	if want > total && last >= 0 {
		entries[last].count += want - total
		total = want
	}
	switch {
	case total == 0:
		r.Fail(at, "has none; add a terminal or a range of them")
		return
	case want > total:
		r.Fail(at, "%d of them, %d were asked for; add a range (first, count, derive)", total, want)
		return
	case total > maxTerminals:
		r.Fail(at, "%d of them, at most %d", total, maxTerminals)
		return
	}
	if want > 0 { // what is over is not made
		left := want
		for i := range entries {
			entries[i].count = min(entries[i].count, left)
			left -= entries[i].count
		}
		total = want
	}
	p.Terminals = make([]Terminal, 0, total)
	f.seen = make(map[string]struct{}, total)
	for i := range entries {
		switch g := &entries[i]; {
		case g.count == 0:
		case g.list != "":
			f.listed(g)
		default:
			f.generate(g)
		}
	}
}

// add takes a terminal in; the complaint about it is empty when it may be.
func (f *fleet) add(t Terminal) (complaint string) {
	if _, twice := f.seen[t.TID]; twice {
		return "terminal " + t.TID + " stands twice; leave one away"
	}
	if !f.known[t.MID] {
		return "terminal " + t.TID + " is of merchant " + t.MID + ", who is not under merchants; add it there"
	}
	f.seen[t.TID] = struct{}{}
	f.Terminals = append(f.Terminals, t)
	return ""
}

// generate makes the terminals of an entry. Numbers and keys are views of two
// blocks, so that a hundred thousand of them are a few things on the heap.
func (f *fleet) generate(g *group) {
	tids := g.tid
	if g.first != "" {
		if !fits(g.first, g.count, false) {
			f.Fail(g.Value, "%d terminals from %s on do not fit into 8 digits; begin lower", g.count, g.first)
			return
		}
		tids = string(succession(g.first, g.count, false))
	}
	mids := f.mids
	switch {
	case g.merchant != "":
		mids = []string{g.merchant}
	case len(g.merchants) > 0:
		mids = g.merchants
	}
	if tids == "" || len(mids) == 0 {
		return // told already
	}
	var own []byte
	if g.seed != nil {
		own = make([]byte, 0, 16*g.count)
	}
	for i := range g.count {
		t := Terminal{TID: tids[8*i : 8*i+8], MID: mids[i%len(mids)], Kind: g.kindOf(i), Master: g.master}
		if g.seed != nil {
			key := keys.Derive(g.seed, t.TID)
			own = append(own, key[:]...)
			t.Master = own[len(own)-16 : len(own) : len(own)]
		}
		if wrong := f.add(t); wrong != "" {
			f.Fail(g.Value, "%s", wrong)
			return
		}
	}
	if f.published == "" && (isPublishedSeed(g.seed) || g.master != nil && wellKnown(g.master, f.SignIn)) {
		f.published = tids[:8]
	}
}

// kindOf is the kind of the i-th terminal of a range: kinds says how many of
// each come in a row, over and over.
func (g *group) kindOf(i int) Kind {
	sum := g.kinds[0] + g.kinds[1] + g.kinds[2]
	if sum == 0 {
		return Kind(g.kind)
	}
	switch n := i % sum; {
	case n < g.kinds[0]:
		return Counter
	case n < g.kinds[0]+g.kinds[1]:
		return Mobile
	}
	return QRBox
}

// listLine is a terminal in a list.
type listLine struct {
	Terminal
	line int
}

// load reads a list: lines of TID, MID, kind and master key in hexadecimal,
// with commas between. It holds keys, so it must be private. The result is nil
// when something is wrong.
func (f *fleet) load(g *group) []listLine {
	data, err := f.dir.read(g.list, true, maxListFile)
	if err != nil {
		f.FailAt(g.found["list"], g.Path()+".list", "%w", err)
		return nil
	}
	defer clear(data)
	in := &strict.Reader{File: f.dir.path(g.list)}
	all := []listLine{}
	number := 0
	for text := range bytes.Lines(data) {
		number++
		if text = bytes.TrimSpace(text); len(text) == 0 || text[0] == '#' {
			continue
		}
		t, err := terminal(text)
		if err != nil {
			in.FailAt(number, "", "%w", err)
		}
		all = append(all, listLine{t, number})
	}
	if !in.OK() {
		f.Add(in)
		return nil
	}
	return all
}

// listed takes in the terminals of a list.
func (f *fleet) listed(g *group) {
	in := &strict.Reader{File: f.dir.path(g.list)}
	for _, l := range g.lines[:g.count] {
		if wrong := f.add(l.Terminal); wrong != "" {
			in.FailAt(l.line, "", "%s", wrong)
		}
		if f.published == "" && wellKnown(l.Master, f.SignIn) {
			f.published = l.TID
		}
	}
	f.Add(in)
	g.lines = nil
}

// terminal reads a line of a list.
func terminal(line []byte) (t Terminal, err error) {
	part := bytes.Split(line, []byte(","))
	if len(part) != 4 {
		return t, fmt.Errorf("%d values, want 4: tid,mid,kind,master key in hexadecimal", len(part))
	}
	for i := range part {
		part[i] = bytes.TrimSpace(part[i])
	}
	t = Terminal{TID: string(part[0]), MID: string(part[1]), Kind: Kind(part[2]), Master: make(Secret, hex.DecodedLen(len(part[3])))}
	switch n, err := hex.Decode(t.Master, part[3]); {
	case !tidShape.MatchString(t.TID):
		return t, fmt.Errorf("tid %s, want %s", strict.Quote(t.TID), tidWords)
	case !midShape.MatchString(t.MID):
		return t, fmt.Errorf("mid %s, want %s", strict.Quote(t.MID), midWords)
	case !kindShape.MatchString(string(t.Kind)):
		return t, fmt.Errorf("kind %s, want %s", strict.Quote(string(t.Kind)), kindWords)
	case err != nil || n != 16:
		return t, fmt.Errorf("master key, want 32 hexadecimal digits")
	}
	return t, nil
}
