package main

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/capture"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// examineCapture says of each connection in a capture whether its messages are what
// the profile says, and else how they can be read. Of the user's own profile the keys
// are meant, too.
func examineCapture(stdin io.Reader, out io.Writer, p *profile.Profile, own bool, args []string, port int) error {
	in, name, done, err := decodeInput(stdin, args, &p.Dialect.Format)
	if err != nil {
		return usage(err)
	}
	defer done()
	e := newCaptured(out, p, own)
	talks, err := e.conversations(in, name, port)
	if err != nil {
		return usage(err)
	}
	e.examine(talks)
	switch {
	case e.messages == 0:
		return &exit{code: exitUsage, err: fmt.Errorf("%s holds no message that posfleet can read in any way", name),
			hint: "posfleet decode explains octets; docs/dialects.md says how a dialect of your own is written"}
	case len(e.lines) > 0:
		changes(out, e.lines)
		return &exit{code: exitUnreachable, err: errors.New("the terminals in the capture speak another way than the profile says")}
	case e.wrong != nil:
		return &exit{code: exitUnreachable, err: e.wrong}
	case len(e.unjudged) > 0:
		fmt.Fprintf(out, "\nno line of the profile is found to be wrong; not judged:\n  %s\n", strings.Join(e.unjudged, "\n  "))
		return nil
	}
	fmt.Fprintln(out, "\nnothing to change in the profile")
	return nil
}

// conversation is what is known of a connection: a stream for each side, or pieces of
// which the input does not say who sent them, in their order.
type conversation struct {
	name    string // who with whom; empty where the input does not say
	streams []*capture.Stream
	said    []spoken // in them
	reads   int      // of said, those that are messages as the profile says
	note    string   // what is wrong around the first such message

	open    map[wire.Key][]asking // requests that have no answer yet
	early   map[wire.Key]spoken   // answers to what was not asked before
	asked   []*wire.Message
	answers map[string]int // by what they say
	heard   int            // of answers
	broken  []*brokenRule

	approved bool  // by an answer
	refused  error // by all answers, for a reason that the profile may mend
}

// spoken is a message, or octets that are none.
type spoken struct {
	passed
	by int // number of its stream
}

// asking is a request, or one that came before it was answered once more.
type asking struct {
	request *wire.Message
	again   bool
}

// conversations reads a capture, a dump or a message.
func (e *captured) conversations(in io.Reader, name string, port int) (all []*conversation, err error) {
	f := &e.profile.Dialect.Format
	data, err := io.ReadAll(io.LimitReader(in, capture.MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var streams []*capture.Stream
	if capture.IsPackets(data) {
		if streams, err = capture.Packets(data, port); err != nil && len(streams) == 0 {
			return nil, fmt.Errorf("%s: %w", name, err)
		} else if _, incomplete := errors.AsType[*capture.Incomplete](err); incomplete {
			e.skips("%s: %v", name, err)
		} else if err != nil {
			e.skips("%s cannot be read to its end: %v", name, err)
		}
	} else {
		text, isText := asText(data)
		if !isText {
			return pieces(data), nil
		}
		blocks, err := capture.Text(text, f)
		if err != nil && len(blocks) == 0 {
			return nil, err
		} else if err != nil {
			e.skips("%v", err)
		}
		var unwrapped bool
		if streams, unwrapped = capture.Unwrapped(blocks, port); !unwrapped {
			var all [][]byte
			for _, b := range blocks {
				all = append(all, (&explainer{dialect: e.profile.Dialect}).lines(b)...)
			}
			return pieces(all...), nil
		}
	}
	if len(streams) == 0 {
		return nil, fmt.Errorf("%s: no TCP connection in it carries anything", name)
	}
	for _, s := range streams {
		if i := slices.IndexFunc(all, func(c *conversation) bool { return len(c.streams) == 1 && c.name == s.To+" > "+s.From }); i >= 0 {
			all[i].streams = append(all[i].streams, s)
		} else {
			all = append(all, &conversation{name: s.From + " > " + s.To, streams: []*capture.Stream{s}})
		}
	}
	return all, nil
}

// pieces is a conversation of which only these are known.
func pieces(octets ...[]byte) []*conversation {
	c := &conversation{}
	for _, b := range octets {
		c.streams = append(c.streams, &capture.Stream{Octets: b, Starts: true})
	}
	return []*conversation{c}
}

// examine tells all conversations. Keys go from one to another, so that all are judged
// in the order of their times.
func (e *captured) examine(talks []*conversation) {
	type of struct {
		*conversation
		*spoken
	}
	var all []of
	for _, c := range talks {
		e.cut(c)
		for i := range c.said {
			if s := &c.said[i]; c.reads > 0 && s.Err == nil {
				all = append(all, of{c, s})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b of) int { return a.at.Compare(b.at) })
	for _, m := range all {
		e.hears(m.conversation, m.spoken)
	}
	for _, c := range talks {
		e.tells(c)
	}
	e.holds()
}

// cut cuts what was said into messages. None of it reads where most of each side does not.
func (e *captured) cut(c *conversation) {
	d := e.profile.Dialect
	x := &explainer{dialect: d, out: bufio.NewWriter(io.Discard)}
	asked := make([]int, len(c.streams))
	likely := false
	whole, all := 0, 0
	for i, s := range c.streams {
		reads, n := 0, 0
		for _, p := range x.cut(s) {
			x.before(&p)
			x.after(&p)
			n++
			if p.Err == nil && !p.likely {
				p.Err = fmt.Errorf("%q is no message type", p.Message.MTI())
			}
			if p.Err == nil {
				p.Message = d.NewMessage()
				p.Err = p.Message.Read(p.Octets)
			}
			if p.Err == nil {
				c.note = cmp.Or(c.note, p.Note)
				reads++
				if !p.Message.IsAnswer() {
					asked[i]++
				}
			}
			c.said = append(c.said, spoken{p, i})
		}
		whole, all = whole+reads, all+n
		likely = likely || reads > 0 && 2*reads >= n
	}
	if !likely && 2*whole < all || whole == 0 {
		c.note = ""
		return
	}
	c.reads = whole
	if x.unread != nil {
		e.skips("%v", x.unread)
	}
	if c.name != "" && len(c.streams) == 2 && asked[0] == 0 { // the host spoke first in it
		for i := range c.said {
			c.said[i].by = 1 - c.said[i].by
		}
		slices.Reverse(c.streams)
	}
}

// tells writes what was found of a conversation.
func (e *captured) tells(c *conversation) {
	if c.name != "" {
		fmt.Fprintf(e.out, "%s\n", c.name)
	}
	if c.reads == 0 {
		e.readsAs(c)
		return
	}
	e.messages += c.reads
	requests := len(c.asked)
	e.says("reads", "%s, as the profile says", counted(cmp.Or(requests, c.reads), "message"))
	if c.note != "" {
		e.says("but", "%s", c.note)
		e.fails(errors.New(c.note))
	}
	for i, s := range c.streams {
		e.unread(c, i, s)
	}
	for _, what := range slices.Sorted(maps.Keys(c.answers)) {
		e.says("answers", "%s with %s", counted(c.answers[what], "message"), what)
	}
	for _, b := range c.broken {
		e.says(b.Rule.Level.String(), "in %s: %s (%s)", counted(b.n, "answer"), e.profile.Dialect.Scrubbed(b.Error()), b.Rule.ID)
	}
	if !c.approved && c.refused != nil {
		e.fails(c.refused)
	}
	e.unanswered(c)
}

// unread tells what of a stream is no message, or of another network.
func (e *captured) unread(c *conversation, by int, s *capture.Stream) {
	n, reads := 0, false
	var why error
	for i := range c.said {
		switch m := &c.said[i]; {
		case m.by != by:
		case m.Err == nil:
			reads = true
		default:
			n++
			why = cmp.Or(why, m.Err)
		}
	}
	if n == 0 || !reads && capture.OnlyEmpty(&e.profile.Dialect.Format, s.Octets) {
		return
	}
	whose := ""
	if c.name != "" {
		whose = [...]string{" of the terminals", " of the host"}[min(by, 1)]
	}
	e.says("unread", "%s%s: %v", counted(n, "message"), whose, why)
	if !reads {
		if f := capture.ReadsAs(e.profile.Dialect, s.Octets, nil, false); f != nil {
			e.says("reads as", "%s", f)
		}
	}
	e.fails(fmt.Errorf("%s%s cannot be read, the first: %w; posfleet decode explains octets", counted(n, "message"), whose, why))
}

// readsAs tells how what is said otherwise than the profile says can be read.
func (e *captured) readsAs(c *conversation) {
	d, octets := e.profile.Dialect, 0
	for _, s := range c.streams {
		octets += len(s.Octets)
		f := capture.ReadsAs(d, s.Octets, nil, false)
		if f == nil {
			continue
		}
		e.messages++
		e.says("reads as", "%s", f)
		for _, l := range f.Keys {
			e.change(l)
		}
		if f.Words != "" {
			e.fails(errors.New(f.Words))
		}
		return
	}
	first := c.streams[0].Octets
	what := cmp.Or(capture.Looks(first), "nothing that posfleet knows")
	e.says("reads as", "%s, %s", what, counted(len(first), "octet"))
	if !capture.OnlyEmpty(&d.Format, first) {
		e.fails(fmt.Errorf("%s: %s, read as %s; --port leaves connections out that are of no terminal", cmp.Or(c.name, "the input"), counted(octets, "octet"), what))
	}
}

// unanswered tells of requests without answers, and of answers without requests.
func (e *captured) unanswered(c *conversation) {
	n, again := 0, false
	for _, open := range c.open {
		for _, q := range open {
			if !q.again {
				n++
			}
		}
	}
	switch {
	case len(c.asked) == 0:
		e.skips("requests to %s: the capture lacks them", counted(len(c.early), "answer"))
		return
	case c.heard == 0 && len(c.early) == 0 && e.wrongOf != c:
		e.says("answers", "none: the host is silent, or the capture lacks its side")
		e.skips("answers: there is none to %s", counted(n, "request"))
		return
	case n > 0:
		e.says("answers", "none to %s", counted(n, "message"))
	}
	for _, a := range c.early {
		err := unlike(e.profile.Dialect, a.Message, c.asked)
		e.fails(err)
		e.says("answers", "one that pairs with nothing: %v", err)
		again = true
		break
	}
	if n > 0 && !again {
		e.fails(fmt.Errorf("the host does not answer %s, or the capture lacks the answer", counted(n, "message")))
	}
}

// unlike says in which field an answer is not that of the request most like it.
func unlike(d *dialect.Dialect, a *wire.Message, requests []*wire.Message) error {
	var likest *wire.Message
	var differ []int
	for _, q := range requests {
		if answerType(q.MTI()) != a.MTI() {
			continue
		}
		var fields []int
		for _, n := range d.Pair {
			if !bytes.Equal(q.Field(n), a.Field(n)) {
				fields = append(fields, n)
			}
		}
		if len(fields) == 0 {
			return fmt.Errorf("an answer %s comes to a request that has one", a.MTI())
		}
		if likest == nil || len(fields) < len(differ) {
			likest, differ = q, fields
		}
	}
	if likest == nil {
		return fmt.Errorf("an answer %s comes to no request", a.MTI())
	}
	n := differ[0]
	return fmt.Errorf("field %d (%s) of an answer %s is %q, that of the request most like it %q", n, d.FieldName(n), a.MTI(), d.Shown(a, n), d.Shown(likest, n))
}

// counted is a number of things: "1 message", "2 messages".
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
