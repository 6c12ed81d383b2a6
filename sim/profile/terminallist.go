package profile

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"github.com/posfleet/posfleet/sim/strict"
)

// listLine is a terminal in a list.
type listLine struct {
	Terminal
	line int
}

// loadList reads a list: lines of TID, MID, kind and master key in hexadecimal,
// with commas between. It holds keys, so it must be private. The result is nil
// when something is wrong.
func (f *fleet) loadList(g *terminalEntry) []listLine {
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
		t, err := parseTerminal(text)
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

// addList takes in the terminals of a list.
func (f *fleet) addList(g *terminalEntry) {
	in := &strict.Reader{File: f.dir.path(g.list)}
	for _, l := range g.lines[:g.count] {
		if complaint := f.add(l.Terminal); complaint != "" {
			in.FailAt(l.line, "", "%s", complaint)
		}
		if f.published == "" && wellKnown(l.Master, f.SignIn) {
			f.published = l.TID
		}
	}
	f.Add(in)
	g.lines = nil
}

// parseTerminal reads a line of a list.
func parseTerminal(line []byte) (t Terminal, err error) {
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
