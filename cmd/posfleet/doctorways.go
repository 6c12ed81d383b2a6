package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/capture"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// way is one way of speaking to a host. Its lines are what a profile says for it,
// instead of what it says now.
type way struct {
	profile *profile.Profile
	lines   []string
	re      *dialect.Reencoded // another encoding of the fields, of which lines say nothing; nil for none
}

// mends are the lines of the way in which a host was asked, with no more of an encoding
// than its answers have shown: an echo test says nothing of tracks.
func (a *asked) mends() []string {
	if a.re == nil {
		return a.lines
	}
	key, _ := a.re.KeyShown(a.shown)
	if len(a.shown) == 0 {
		key = a.re.Key
	}
	return append([]string{a.profile.Dialect.InFile() + key}, a.lines...)
}

// shows notes what an exchange shows of the encoding: the answer, as it reads, and the
// request where the host approves it, as it does not what it reads otherwise.
func (a *asked) shows(request, answer *wire.Message, r *sim.Result) {
	if a.re == nil || r.Outcome > report.Refused {
		return
	}
	if a.re.Shows(answer, a.shown); r.Outcome == report.Approved {
		a.re.Shows(request, a.shown)
	}
}

// changes writes lines of the profile to change, or of a dialect file.
func changes(out io.Writer, lines []string) {
	said := "\nchange in the profile:"
	for _, line := range lines {
		if inFile, is := strings.CutPrefix(line, "in "); is {
			fmt.Fprintf(out, "\nchange in %s\n", inFile)
			continue
		}
		if said != "" {
			fmt.Fprintln(out, said)
		}
		fmt.Fprintf(out, "  %s\n", line)
		said = ""
	}
}

// legible reports whether what came says what it is: a message in another framing or
// encoding, one with a field that does not read, or another protocol's.
func (a *asked) legible() bool {
	heard := a.tap.heard.Bytes()
	u, unread := errors.AsType[*sim.Unread](a.result.Why)
	return unread && u.Field() != "" || capture.ReadsAs(a.profile.Dialect, heard, a.sent, true) != nil || capture.Looks(heard) != ""
}

// mostWays bounds how many connections the search for another way makes.
const mostWays = 80

// otherWays are ways that a host may speak instead of p's, the likeliest first: with
// another length or header, with its fields in another encoding, then in the other
// dialects that come with posfleet.
func otherWays(p *profile.Profile) (ways []way) {
	lengths := []string{"", plainLength(p.Dialect), "binary2", "digits4", "binary4", "packed2", "hex4", "little2", "ebcdic4", "binary3", "digits3"}
	const likely = 4 // of them, with another header
	heads := []dialect.Framing{{}, {TPDU: "none", Header: "none"}, {Header: "none"}, {TPDU: "none"}}
	if !p.Dialect.Header.TPDU {
		heads = append(heads, dialect.Framing{TPDU: "6000030000", Header: "none"}, dialect.Framing{TPDU: "6000030000", Header: "603100310000"})
	}
	seen := []dialect.Dialect{*p.Dialect}
	add := func(d *dialect.Dialect, f dialect.Framing) {
		d, err := d.Framed(f)
		if err != nil || len(ways) == mostWays || slices.ContainsFunc(seen, func(o dialect.Dialect) bool { return o.Name == d.Name && o.Framing == d.Framing }) {
			return
		}
		seen = append(seen, *d)
		ways = append(ways, way{profile: speaking(p, d), lines: profileLines(p.Dialect, d)})
	}
	for i, head := range heads {
		for _, length := range lengths[:map[bool]int{true: len(lengths), false: likely}[i == 0]] {
			head.Length = length
			add(p.Dialect, head)
		}
	}
	for _, re := range p.Dialect.Reencodings() {
		ways = append(ways, way{profile: speaking(p, re.Dialect), re: &re})
	}
	for _, name := range dialect.Names() {
		d, _ := dialect.Named(name)
		for _, length := range []string{"", "binary2", "digits4"} {
			add(d, dialect.Framing{Length: length})
		}
	}
	for _, f := range otherFramings(p.Dialect.Framing) {
		if d, err := framedAs(p.Dialect, f); err == nil && len(ways) < mostWays {
			ways = append(ways, way{profile: speaking(p, d), lines: []string{d.InFile() + framingKey(p.Dialect.Framing, f)}})
		}
	}
	if at := &p.Dialect.Header; !at.TPDU && at.App > 0 {
		for n := 1; n <= 12; n++ { // a host may look at nothing but how many there are
			if n != at.App {
				add(p.Dialect, dialect.Framing{Header: strings.Repeat("30", n)})
			}
		}
	}
	return ways
}

// plainLength is the name of a dialect's length, for one that counts the message
// alone; empty where that is so.
func plainLength(d *dialect.Dialect) string {
	if l, ok := wire.LengthNamed(d.Length.String()); ok && l != d.Length {
		return d.Length.String()
	}
	return ""
}

// otherFramings are what may stand around messages instead of f, besides what keys of a
// profile say: a length that counts itself, trailers and check octets or none, and what
// jPOS' channels have.
func otherFramings(f wire.Framing) (all []wire.Framing) {
	add := func(change func(g *wire.Framing)) {
		g := f
		if change(&g); g != f && !slices.Contains(all, g) {
			all = append(all, g)
		}
	}
	add(func(g *wire.Framing) { g.Length.Itself = g.Length.Octets > 0 })
	add(func(g *wire.Framing) { g.LRC = !g.LRC })
	add(func(g *wire.Framing) { g.Trailer, g.Length.Trailer = "", false })
	add(func(g *wire.Framing) { g.Before, g.Trailer, g.Length.Trailer, g.LRC = "", "", false, false })
	for _, lrc := range []bool{false, true} {
		for _, before := range []string{"", "\x02"} {
			add(func(g *wire.Framing) { g.Before, g.Trailer, g.LRC = before, "\x03", lrc })
		}
	}
	add(func(g *wire.Framing) { g.Length, g.Before, g.Trailer, g.LRC = wire.Length{}, "\x02", "\x03", true })
	for _, name := range wire.ChannelNames() {
		c, _ := wire.Channel(name)
		if c.ByFields || c.Header.BaseI || c.Before+c.After+c.Trailer == "" && c.Length == (wire.Length{Octets: c.Length.Octets, Form: c.Length.Form}) {
			continue // the length alone is tried
		}
		add(func(g *wire.Framing) {
			g.Before, g.Length, g.After, g.Trailer, g.LRC = c.Before, c.Length, c.After, c.Trailer, false
		})
	}
	return all
}

// framedAs is a dialect with other octets around its messages.
func framedAs(d *dialect.Dialect, f wire.Framing) (*dialect.Dialect, error) {
	c := *d
	c.Forms = slices.Clone(d.Forms)
	c.Framing = f
	return &c, cmp.Or(f.Check(), c.Compile())
}

// framingKey is what a dialect file says for one framing instead of another.
func framingKey(was, is wire.Framing) string {
	var keys, without []string
	if plain := func(l wire.Length) wire.Length { return wire.Length{Octets: l.Octets, Form: l.Form} }; plain(was.Length) != plain(is.Length) {
		keys = append(keys, "length: "+plain(is.Length).String())
	}
	for _, o := range []struct{ key, was, is string }{{"before", was.Before, is.Before}, {"after", was.After, is.After}, {"trailer", was.Trailer, is.Trailer}} {
		switch {
		case o.was == o.is:
		case o.is == "":
			without = append(without, o.key)
		default:
			keys = append(keys, fmt.Sprintf("%s: %q", o.key, fmt.Sprintf("%X", o.is)))
		}
	}
	if was.LRC != is.LRC {
		keys = append(keys, fmt.Sprintf("lrc: %t", is.LRC))
	}
	switch l := is.Length; {
	case l.Itself && !was.Length.Itself:
		keys = append(keys, "counts: [itself]")
	case l.Trailer && !was.Length.Trailer:
		keys = append(keys, "counts: [trailer]")
	case l.Itself != was.Length.Itself, l.Trailer != was.Length.Trailer:
		without = append(without, "counts")
	}
	key := "framing: "
	if len(keys) > 0 {
		key += "{" + strings.Join(keys, ", ") + "}"
	}
	if len(without) > 0 {
		key += map[bool]string{true: ", ", false: ""}[len(keys) > 0] + "without " + strings.Join(without, " and ")
	}
	return key
}

// otherSpare asks again what a host has answered with another value than the request has in
// field n, with the spare nibble of an odd number of packed digits at the other end; nil
// where that is not how the host has it. A host that reads the nibble for a digit gives
// back the others: 301 comes back as 300 or as 001.
func (d *doctor) otherSpare(a *asked, q *errand, n int) *asked {
	re, is := a.profile.Dialect.OtherSpare(n)
	if !is || q.undo != nil {
		return nil
	}
	a.tap.Close() // a host may serve one connection at a time
	d.says("sends", "the %s once more, with the spare nibble of an odd number of digits at the other end", q.what)
	b := d.player(way{speaking(a.profile, re.Dialect), append(slices.Clone(a.lines), a.profile.Dialect.InFile()+re.Key), a.re})
	if q.pays() && b.signOn() != nil {
		b.player.SignIn()
	}
	for _, again := range []*errand{b.first(), b.inquiry()} {
		if again != nil && again.of == q.of {
			if r := b.ask(again, d.patience()); b.tap.read && r.Outcome <= report.Declined {
				return b
			}
			break
		}
	}
	b.tap.Close()
	return nil
}

// otherGuess asks again what a host does not approve with that otherwise which is a guess of
// the encoding; nil where the host approves none of it, or the PIN is what it refuses.
func (d *doctor) otherGuess(a *asked, q *errand) *asked {
	r := &a.player.Last
	if a.re == nil || r.Outcome == report.Approved || r.Outcome == report.Declined && r.Code == a.profile.Dialect.Code(dialect.WrongPIN) {
		return nil
	}
	for _, re := range a.re.Guesses(a.shown) {
		a.tap.Close() // a host may serve one connection at a time
		d.says("sends", "the %s once more, with %s", q.what, re.Key)
		b := d.player(way{speaking(a.profile, re.Dialect), a.lines, &re})
		if b.signOn() != nil {
			b.player.SignIn()
		}
		if again := b.inquiry(); again != nil && b.ask(again, d.patience()).Outcome == report.Approved {
			return b
		}
		b.tap.Close()
	}
	return nil
}

// speaking is p in another dialect, or with other octets around its messages.
func speaking(p *profile.Profile, d *dialect.Dialect) *profile.Profile {
	q := *p
	q.Dialect, q.Head = d, d.Head()
	if d.Name != p.Dialect.Name {
		q.MAC, q.SignIn = d.Algorithm, d.KeyBlock
	}
	return &q
}

// profileLines are the lines of a profile that make one way of speaking of another.
func profileLines(from, to *dialect.Dialect) (lines []string) {
	was, is := keysOf(from), keysOf(to)
	for i, key := range []string{"dialect", "length", "tpdu", "header"} {
		if was[i] != is[i] || key == "length" && from.Length != to.Length {
			lines = append(lines, key+": "+is[i])
		}
	}
	return lines
}

// keysOf are a dialect's name, length, TPDU and header, as a profile has them.
func keysOf(d *dialect.Dialect) [4]string {
	octets := func(b []byte) string {
		if len(b) == 0 {
			return "none"
		}
		return fmt.Sprintf("\"%X\"", b)
	}
	head := d.Head()
	app := max(0, len(head)-d.Header.App)
	return [4]string{d.Name, d.Length.String(), octets(head[:app]), octets(head[app:])}
}

// search tries ways, a few at once, and gives the first in their order that ask
// says the host answered to; -1 for none.
func search(ways []way, ask func(i int) bool) int {
	const atOnce = 6
	answered := make([]bool, len(ways))
	for from := 0; from < len(ways); from += atOnce {
		to := min(from+atOnce, len(ways))
		var wg sync.WaitGroup
		for i := from; i < to; i++ {
			wg.Go(func() { answered[i] = ask(i) })
		}
		wg.Wait()
		if i := slices.Index(answered[from:to], true); i >= 0 {
			return from + i
		}
	}
	return -1
}
