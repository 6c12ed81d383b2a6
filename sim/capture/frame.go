package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/sim/wire"
)

// Frame is one message as it stood among other octets.
type Frame struct {
	Octets  []byte        // routing header to last field, without the length prefix
	At      int           // where they begin in the input
	Prefix  []byte        // what stands before them that is of no message: the length prefix, empty when there is none
	Note    string        // what is wrong with the length prefix, or stands around the message; empty when nothing is
	Message *wire.Message // the fields that could be read
	Read    int           // how many of Octets they are
	Err     error         // why not all of them, nil when all were read
}

const (
	maxFrames = 100_000 // in one input
	maxBroken = 500     // of them; to look for more in what is no stream of messages takes for ever
	maxBefore = 16      // octets before a message that are tried as a length prefix of another kind
)

// Cut cuts octets into messages of format f. A message is found behind its length
// prefix, behind none, and behind a prefix that is wrong or of another kind: what
// it is by its fields counts, not what the prefix says. Of what is no message the
// last frame holds the rest, as far as it can be read.
func Cut(f *wire.Format, b []byte) []Frame {
	var frames []Frame
	c := cutter{f: f}
	broken := 0
	for at := 0; at < len(b) && len(frames) < maxFrames; {
		fr, next := c.next(b[at:], len(frames) == 0)
		if fr.Err != nil {
			if broken++; broken > maxBroken {
				fr.Octets, next = b[at+fr.At:], len(b)-at
			}
		}
		fr.At += at
		frames = append(frames, fr)
		at += next
	}
	return frames
}

// cutter reads trial messages.
type cutter struct {
	f *wire.Format
	m *wire.Message
}

// try reads the message at b, whatever follows it.
type trial struct {
	at, end int // the octets of the message, as far as they could be read
	fields  int
	whole   bool // every field that its bitmap announces is there
	after   bool // and octets follow it
	likely  bool // its message type is one
	err     error
}

func (c *cutter) try(b []byte, at, until int) trial {
	if c.m == nil {
		c.m = c.f.NewMessage()
	}
	window := b[at:until]
	long := len(window) > wire.MaxFrame
	if long {
		window = window[:wire.MaxFrame]
	}
	n, err := c.m.ReadPart(window)
	t := trial{at: at, end: at + n, whole: err == nil, err: err}
	for range c.m.Fields {
		t.fields++
	}
	if e, is := err.(*wire.FieldError); is && e.Field == -1 && n > c.f.Header.Len() {
		t.whole, t.after = true, true
	}
	t.after = t.after || t.whole && long
	t.likely = likelyType(c.m.MTI())
	return t
}

// likelyType reports whether a message type is one of ISO 8583:1987 or 1993, or
// of the class 9 that networks use for their own.
func likelyType(mti string) bool {
	return len(mti) == 4 && (mti[0] <= '2' || mti[0] == '9') && mti[1] >= '1' && mti[1] <= '9' && mti[2] <= '4' && mti[3] <= '5'
}

// good reports whether a trial found a message beyond doubt.
func (t *trial) good() bool { return t.whole && t.likely && t.fields > 0 }

// next is the first frame of b and how many octets it takes. first is whether it
// is the first of the input, before which other things may stand.
func (c *cutter) next(b []byte, first bool) (Frame, int) {
	l := c.f.Length
	said := -1 // what the length prefix says
	if len(b) >= l.Octets {
		said = length(l, b)
	}
	// As it should be.
	if said > 0 && l.Octets+said <= len(b) {
		if t := c.try(b, l.Octets, l.Octets+said); t.whole && !t.after {
			return c.frame(b, t, ""), l.Octets + said
		}
	}
	// Without a prefix, to the end.
	bareTrial := c.try(b, 0, len(b))
	if bareTrial.whole && !bareTrial.after && first {
		return c.frame(b, bareTrial, ""), len(b)
	}
	// Empty messages, which keep a connection alive.
	if said == 0 && len(b) > l.Octets {
		zeros := l.Octets
		for zeros+l.Octets <= len(b) && length(l, b[zeros:]) == 0 {
			zeros += l.Octets
		}
		if zeros < len(b) {
			fr, n := c.next(b[zeros:], first)
			if fr.Err == nil || fr.Read > 0 {
				fr.At += zeros
				fr.Note = and(fmt.Sprintf("%X before it is an empty message", b[:zeros]), fr.Note)
				return fr, n + zeros
			}
		}
	}
	for before := range min(maxBefore, len(b)) + 1 {
		at := before
		switch before { // the likely ones first
		case 0:
			at = l.Octets
		case l.Octets:
			at = 0
		}
		if at >= len(b) || at != 0 && at != l.Octets && c.f.Header.TPDU && b[at] != 0x60 {
			continue
		}
		if t := c.try(b, at, len(b)); t.good() {
			return c.found(b, t, said)
		}
	}
	if first {
		if at := afterHeader(b); at > 0 {
			fr, n := c.next(b[at:], false)
			if fr.Err == nil {
				fr.At += at
				fr.Note = and(fmt.Sprintf("%d octets of text stand before it", at), fr.Note)
				return fr, n + at
			}
		}
	}
	return c.broken(b, said)
}

// found is the frame of a message that was found by its fields, with what is wrong
// around it.
func (c *cutter) found(b []byte, t trial, said int) (Frame, int) {
	l := c.f.Length
	n := t.end - t.at
	rest := b[t.end:]
	own := t.at == l.Octets && said == n
	note := ""
	if t.at > 0 && !own {
		note = c.prefixNote(b[:t.at], n, said)
	}
	if len(rest) == 0 || !t.after {
		return c.frame(b, t, note), t.end
	}
	if b[0] == 2 && t.at > 0 && rest[0] == 3 && len(rest) <= 3 { // STX … ETX, check octets
		note = fmt.Sprintf("it stands between STX and ETX, as on a serial line, with %X before it", b[:t.at])
		return c.frame(b, t, note), len(b)
	}
	end := len(b)
	if t.at == l.Octets && said > n && l.Octets+said < len(b) {
		end = l.Octets + said
	}
	if c.beginsRight(rest) || !c.beginsRight(b[end:]) && c.beginsAt(rest) {
		return c.frame(b, t, note), t.end
	}
	// What follows is of no message: the frame ends where its prefix says.
	again := c.try(b, t.at, min(end, t.at+wire.MaxFrame))
	if end-t.at > wire.MaxFrame {
		again.err = &wire.FieldError{Field: -1, Offset: n, Reason: fmt.Sprintf("%d octets after the last field", end-t.end)}
	}
	if t.at == l.Octets && said == end-t.at {
		note = ""
	}
	fr := c.frame(b, again, note)
	fr.Octets, fr.Err = b[t.at:end], again.err
	return fr, end
}

// beginsRight reports whether b begins with a message behind the right prefix.
func (c *cutter) beginsRight(b []byte) bool {
	at := c.f.Length.Octets
	n := length(c.f.Length, b)
	if n <= 0 || at+n > len(b) {
		return false
	}
	t := c.try(b, at, at+n)
	return t.good() && !t.after
}

// beginsAt reports whether another frame seems to begin with b.
func (c *cutter) beginsAt(b []byte) bool {
	l := c.f.Length
	for _, at := range []int{l.Octets, 0, 2, 4} {
		if at <= len(b) {
			if t := c.try(b, at, len(b)); t.good() || t.likely && t.fields >= 3 {
				return true
			}
		}
	}
	return false
}

// broken is the frame of what could not be read: the reading that came furthest,
// of those behind the length prefix, behind none and, where there is a TPDU,
// behind anything that a TPDU follows.
func (c *cutter) broken(b []byte, said int) (Frame, int) {
	l := c.f.Length
	inPrefix := said > 0 && l.Octets+said <= len(b)
	best, most := 0, -1
	for at := range min(maxBefore, len(b)) + 1 {
		tpdu := c.f.Header.TPDU && at < len(b) && b[at] == 0x60
		if at != 0 && at != l.Octets && !tpdu {
			continue
		}
		until := len(b)
		if at == l.Octets && inPrefix {
			until = l.Octets + said
		}
		t := c.try(b, at, until)
		score := 0
		if t.likely {
			score = 1 + t.fields
		}
		if tpdu {
			score += 2
		}
		if at == l.Octets && inPrefix {
			score += 2
		}
		if score > most {
			best, most = at, score
		}
	}
	end := len(b)
	if best == l.Octets && inPrefix {
		end = l.Octets + said
	}
	note := ""
	if best > 0 && !(best == l.Octets && said == end-best) {
		note = c.prefixNote(b[:best], end-best, said)
	}
	fr := c.frame(b[:end], c.try(b, best, end), note)
	return fr, end
}

// frame reads the message of a trial for good.
func (c *cutter) frame(b []byte, t trial, note string) Frame {
	fr := Frame{Octets: b[t.at:t.end], At: t.at, Prefix: b[:t.at], Note: note, Err: t.err, Message: c.f.NewMessage()}
	if t.whole {
		fr.Err = nil
	} else {
		fr.Octets = b[t.at:]
	}
	fr.Read, _ = fr.Message.ReadPart(fr.Octets)
	return fr
}

// length reads a length prefix of this kind, -1 when it is none.
func length(l wire.Length, b []byte) int {
	if len(b) < l.Octets {
		return -1
	}
	n := 0
	for _, c := range b[:l.Octets] {
		switch {
		case !l.Digits:
			n = n<<8 | int(c)
		case c < '0' || c > '9':
			return -1
		default:
			n = n*10 + int(c-'0')
		}
	}
	return n
}

// prefixNote says what is wrong with p, which stands where the length prefix of a
// message of n octets should.
func (c *cutter) prefixNote(p []byte, n, said int) string {
	l := c.f.Length
	own := fmt.Sprintf("%d octets, big-endian", l.Octets)
	if l.Digits {
		own = fmt.Sprintf("%d decimal digits", l.Octets)
	}
	if half := len(p) / 2; len(p) == 2*l.Octets && bytes.Equal(p[:half], p[half:]) && length(l, p) == n {
		return fmt.Sprintf("the length prefix %X is there twice", p[:half])
	}
	if len(p) == 2*l.Octets && length(l, p[l.Octets:]) == n && length(l, p) == n+l.Octets {
		return fmt.Sprintf("the length prefix is there twice, %X and %X, the first counts the second", p[:l.Octets], p[l.Octets:])
	}
	for _, kind := range kinds {
		v, ok := kind.value(p)
		if !ok {
			continue
		}
		what := ""
		switch v {
		case n:
		case n + len(p):
			what = ", and counts itself"
		case n - c.f.Header.Len():
			if c.f.Header.Len() > 0 {
				what = ", and does not count TPDU and header"
				break
			}
			continue
		default:
			continue
		}
		if kind.of == l && what == "" {
			return ""
		}
		if kind.of == l {
			return fmt.Sprintf("the length prefix says %d%s: %d follow", v, what, n)
		}
		hint := ""
		if kind.key != "" {
			hint = " (in a profile length: " + kind.key + ")"
		}
		return fmt.Sprintf("the length prefix %s is %s%s: %d octets follow%s; this network's is %s", shown(p), kind.name, what, n, hint, own)
	}
	if len(p) == l.Octets && said >= 0 {
		return fmt.Sprintf("the length prefix says %d, %d follow", said, n)
	}
	if len(p) > l.Octets && length(l, p[len(p)-l.Octets:]) == n {
		return fmt.Sprintf("%s stands before the length prefix", shown(p[:len(p)-l.Octets]))
	}
	return fmt.Sprintf("%s stands before it where the length prefix should be, %d octets follow", shown(p), n)
}

// shown is octets that stand before a message: text as such.
func shown(p []byte) string {
	for _, c := range p {
		if c < '!' || c > '~' || len(p) < 4 {
			return fmt.Sprintf("%X", p)
		}
	}
	return strconv.Quote(string(p))
}

// kinds are the length prefixes that there are.
var kinds = []struct {
	name, key string
	of        wire.Length
	value     func(p []byte) (int, bool)
}{
	{"2 octets, big-endian", "binary2", wire.Binary2, func(p []byte) (int, bool) {
		return int(be(p)), len(p) == 2
	}},
	{"4 octets, big-endian", "binary4", wire.Binary4, func(p []byte) (int, bool) {
		return int(be(p)), len(p) == 4
	}},
	{"4 decimal digits", "digits4", wire.Digits4, func(p []byte) (int, bool) {
		return number(string(p), 10, len(p) == 4)
	}},
	{"BCD, two digits to an octet", "", wire.Length{}, func(p []byte) (int, bool) {
		return number(fmt.Sprintf("%X", p), 10, len(p) == 2 || len(p) == 4)
	}},
	{"little-endian", "", wire.Length{}, func(p []byte) (int, bool) {
		switch len(p) {
		case 2:
			return int(binary.LittleEndian.Uint16(p)), true
		case 4:
			return int(binary.LittleEndian.Uint32(p)), true
		}
		return 0, false
	}},
	{"4 hexadecimal digits", "", wire.Length{}, func(p []byte) (int, bool) {
		return number(string(p), 16, len(p) == 4)
	}},
	{"1 octet", "", wire.Length{}, func(p []byte) (int, bool) {
		return int(be(p)), len(p) == 1
	}},
	{"3 octets", "", wire.Length{}, func(p []byte) (int, bool) {
		return int(be(p)), len(p) == 3
	}},
	{"decimal digits", "", wire.Length{}, func(p []byte) (int, bool) {
		return number(string(p), 10, len(p) >= 2 && len(p) <= 8)
	}},
	{"2 octets with 2 more after it", "", wire.Length{}, func(p []byte) (int, bool) {
		return int(be(p[:min(len(p), 2)])), len(p) == 4
	}},
	{"STX and 2 octets BCD, as on a serial line", "", wire.Length{}, func(p []byte) (int, bool) {
		if len(p) != 3 || p[0] != 2 {
			return 0, false
		}
		return number(fmt.Sprintf("%X", p[1:]), 10, true)
	}},
}

func be(p []byte) (n uint32) {
	for _, c := range p[:min(len(p), 4)] {
		n = n<<8 | uint32(c)
	}
	return n
}

func number(s string, base int, right bool) (int, bool) {
	n, err := strconv.ParseUint(s, base, 31)
	return int(n), err == nil && right
}

// and joins notes.
func and(notes ...string) string {
	var said []string
	for _, n := range notes {
		if n != "" {
			said = append(said, n)
		}
	}
	return strings.Join(said, "; ")
}

// afterHeader is where what follows lines of text begins: HTTP's headers, PROXY's
// line.
func afterHeader(b []byte) int {
	switch begin := b[:min(len(b), 16)]; {
	case bytes.HasPrefix(begin, []byte("PROXY ")):
		if i := bytes.Index(b, []byte("\r\n")); i > 0 {
			return i + 2
		}
	case looksLikeHTTP(b):
		if i := bytes.Index(b, []byte("\r\n\r\n")); i > 0 {
			return i + 4
		}
		if i := bytes.Index(b, []byte("\n\n")); i > 0 {
			return i + 2
		}
		if i := bytes.Index(b, []byte("\r\n")); i > 0 {
			return i + 2
		}
	}
	return 0
}

// Likely reports whether the frame is a message by its type and some field,
// whatever else cannot be read of it.
func (fr *Frame) Likely() bool {
	fields := 0
	for range fr.Message.Fields {
		fields++
	}
	return fields > 0 && likelyType(fr.Message.MTI())
}
