package capture

import (
	"fmt"
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
		if n := len(frames); n > 0 && frames[n-1].Err == nil && empties(f, b[at:]) == len(b)-at {
			frames[n-1].Note = and(frames[n-1].Note, idle(b[at:], "after"))
			break
		}
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
	c.longer(frames, b)
	for i := range frames {
		if fr := &frames[i]; fr.Err == nil && !fr.Typed() && fr.Fields() == 0 {
			fr.Err = fmt.Errorf("%s is no message type, and it has no field", fr.Message.MTI())
		}
	}
	return frames
}

// longer mends the notes of messages that all stand behind a length of three or four
// octets where this network has two: the first two, zeros, look like empty messages.
func (c *cutter) longer(frames []Frame, b []byte) {
	if c.f.Lead() != 2 || c.f.Length != wire.Binary2 {
		return
	}
	for _, name := range []string{"binary4", "binary3"} {
		for _, itself := range []bool{false, true} {
			l, _ := wire.LengthNamed(name)
			l.Itself = itself
			k, how := prefix{wire.Framing{Length: l}}, "in a profile length: "+name
			if itself {
				how = "in a dialect's file framing: {length: " + name + ", counts: [itself]}"
			} else if name == "binary4" && len(frames) < 2 {
				continue // it may well be an empty message
			}
			if !k.before(frames, b) {
				continue
			}
			for i := range frames {
				fr := &frames[i]
				fr.Note = fmt.Sprintf("the length prefix is %s (%s): %d octets follow; this network's is %s", k.words(), how, len(fr.Octets), prefix{c.f.Framing}.words())
			}
			return
		}
	}
}

// before reports whether each of the frames of b stands behind such a prefix, which is
// right and begins with zeros.
func (k prefix) before(frames []Frame, b []byte) bool {
	end := 0
	for i := range frames {
		fr := &frames[i]
		p := b[end:fr.At]
		n, ok := k.number(p)
		if k.Length.Itself {
			n -= len(p)
		}
		if !ok || n != len(fr.Octets) || string(p[:2]) != "\x00\x00" {
			return false
		}
		end = fr.At + len(fr.Octets)
	}
	return len(frames) > 0
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

// outdoes reports whether a trial read as much of a message as another that begins within it.
func (t *trial) outdoes(other trial) bool { return t.likely && t.fields >= other.fields }

// next is the first frame of b and how many octets it takes. first is whether it
// is the first of the input, before which other things may stand.
func (c *cutter) next(b []byte, first bool) (Frame, int) {
	lead := c.f.Lead()
	said := c.f.Says(b)
	// As it should be.
	at, err := c.f.Find(b)
	if err == nil && len(at.Message) > 0 {
		if t := c.try(at.Message, 0, len(at.Message)); t.whole && !t.after {
			fr := c.frame(at.Message, t, "")
			fr.At, fr.Prefix = at.From, b[:at.From]
			return fr, at.End
		}
	}
	// Without a prefix, to the end.
	bareTrial := c.try(b, 0, len(b))
	if bareTrial.whole && !bareTrial.after && first {
		return c.frame(b, bareTrial, ""), len(b)
	}
	// Empty messages, which keep a connection alive.
	zeros := empties(c.f, b)
	if zeros > 0 && zeros < len(b) {
		fr, n := c.next(b[zeros:], first)
		if fr.Err == nil || fr.Read > 0 {
			fr.At += zeros
			fr.Note = and(idle(b[:zeros], "before"), fr.Note)
			return fr, n + zeros
		}
	}
	behind := c.try(b, min(lead, len(b)), len(b))
	for before := range min(maxBefore, len(b)) + 1 {
		at := before
		switch before { // the likely ones first
		case 0:
			at = lead
		case lead:
			at = 0
		}
		if at >= len(b) || at != 0 && at != lead && c.f.Header.TPDU && b[at] != 0x60 {
			continue
		}
		t := c.try(b, at, len(b))
		if at != 0 && at != lead && (bareTrial.outdoes(t) || behind.outdoes(t)) {
			continue // a message by chance, within one that cannot be read to its end
		}
		if t.good() {
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

// empties is how many octets of empty messages b begins with; they keep a connection
// alive.
func empties(f *wire.Format, b []byte) (octets int) {
	for {
		at, err := f.Find(b[octets:])
		if err != nil || at.End <= 0 || len(at.Message) > 0 {
			return octets
		}
		octets += at.End
	}
}

// OnlyEmpty reports whether b is nothing but empty messages.
func OnlyEmpty(f *wire.Format, b []byte) bool { return len(b) > 0 && empties(f, b) == len(b) }

// idle tells of empty messages on one side of a message.
func idle(b []byte, side string) string {
	if len(b) > 16 {
		return fmt.Sprintf("%d octets %s it are empty messages", len(b), side)
	}
	return fmt.Sprintf("%X %s it is an empty message", b, side)
}

// found is the frame of a message that was found by its fields, with what is wrong
// around it.
func (c *cutter) found(b []byte, t trial, said int) (Frame, int) {
	lead := c.f.Lead()
	n := t.end - t.at
	after := t.end + c.tail(b[t.end:])
	rest := b[after:]
	own := t.at == lead && said == n
	note := ""
	if t.at > 0 && !own {
		note = c.prefixNote(b[:t.at], n, said)
	}
	if len(rest) == 0 || !t.after {
		return c.frame(b, t, note), after
	}
	if t.at == 2 && string(b[:2]) == "\x10\x02" && strings.HasPrefix(string(rest), "\x10\x03") && len(rest) <= 4 {
		return c.frame(b, t, "it stands between DLE STX and DLE ETX, as on a serial line"), len(b)
	}
	if b[0] == 2 && t.at > 0 && rest[0] == 3 && len(rest) <= 3 { // STX … ETX, check octets
		note = fmt.Sprintf("it stands between STX and ETX, as on a serial line, with %s before it", shown(b[:t.at]))
		return c.frame(b, t, note), len(b)
	}
	end := len(b)
	if t.at == lead && said > n && lead+said < len(b) {
		end = lead + said
	}
	if c.beginsRight(rest) || !c.beginsRight(b[end:]) && c.beginsAt(rest) {
		return c.frame(b, t, note), after
	}
	// What follows is of no message: the frame ends where its prefix says.
	again := c.try(b, t.at, min(end, t.at+wire.MaxFrame))
	if end-t.at > wire.MaxFrame {
		again.err = &wire.FieldError{Field: -1, Offset: n, Reason: fmt.Sprintf("%d octets after the last field", end-t.end)}
	}
	if t.at == lead && said == end-t.at {
		note = ""
	}
	fr := c.frame(b, again, note)
	fr.Octets, fr.Err = b[t.at:end], again.err
	return fr, end
}

// tail is how many octets of rest, which follows a message, are the end of its
// frame.
func (c *cutter) tail(rest []byte) int {
	n := len(c.f.Trailer)
	if string(rest[:min(n, len(rest))]) != c.f.Trailer {
		return 0
	}
	if c.f.LRC && len(rest) > n {
		n++
	}
	return n
}

// beginsRight reports whether b begins with a message in the right frame.
func (c *cutter) beginsRight(b []byte) bool {
	at, err := c.f.Find(b)
	if err != nil || len(at.Message) == 0 {
		return false
	}
	t := c.try(at.Message, 0, len(at.Message))
	return t.good() && !t.after
}

// beginsAt reports whether another frame seems to begin with b.
func (c *cutter) beginsAt(b []byte) bool {
	for _, at := range []int{c.f.Lead(), 0, 2, 4} {
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
	lead := c.f.Lead()
	inPrefix := said > 0 && lead+said <= len(b)
	best, most := 0, -1
	for at := range min(maxBefore, len(b)) + 1 {
		tpdu := c.f.Header.TPDU && at < len(b) && b[at] == 0x60
		if at != 0 && at != lead && !tpdu {
			continue
		}
		until := len(b)
		if at == lead && inPrefix {
			until = lead + said
		}
		t := c.try(b, at, until)
		score := 0
		if t.likely {
			score = 1 + t.fields
		}
		if tpdu {
			score += 2
		}
		if at == lead && inPrefix {
			score += 2
		}
		if at == lead && t.likely && said > len(b)-lead && c.f.Length.Form >= wire.ASCIIDigits {
			score += Enough // digits that say a length, though they may read as a message type
		}
		if score > most {
			best, most = at, score
		}
	}
	end := len(b)
	if best == lead && inPrefix {
		end = lead + said
	}
	note := ""
	if best > 0 && !(best == lead && said == end-best) {
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

// Reread reads the frame's message anew, of format f, for who keeps many frames and
// not their messages.
func (fr *Frame) Reread(f *wire.Format) {
	fr.Message = f.NewMessage()
	fr.Message.ReadPart(fr.Octets)
}

// mostSearched is how many octets are searched for the beginning of a message.
const mostSearched = 4 * wire.MaxFrame

// Resync is where in b, which begins within a message, the first begins that stands
// whole in its frame: 0 when b begins with one, -1 when there is none near.
func Resync(f *wire.Format, b []byte) int {
	c := cutter{f: f}
	for at := range min(len(b), mostSearched) {
		if c.beginsRight(b[at:]) {
			return at
		}
	}
	return -1
}

// Likely reports whether the frame is a message by its type and some field,
// whatever else cannot be read of it.
func (fr *Frame) Likely() bool { return fr.Fields() > 0 && fr.Typed() }

// Typed reports whether the frame has a message type that is one.
func (fr *Frame) Typed() bool { return likelyType(fr.Message.MTI()) }

// Fields is how many fields could be read.
func (fr *Frame) Fields() int {
	fields := 0
	for range fr.Message.Fields {
		fields++
	}
	return fields
}

// Enough is how many fields a message has that is one by no accident.
const Enough = 6
