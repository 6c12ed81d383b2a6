package main

import (
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
// the profile says, and else how they can be read.
func examineCapture(stdin io.Reader, out io.Writer, p *profile.Profile, args []string, port int) error {
	in, name, done, err := decodeInput(stdin, args, &p.Dialect.Format)
	if err != nil {
		return usage(err)
	}
	defer done()
	talks, err := conversations(in, name, port, &p.Dialect.Format)
	if err != nil {
		return usage(err)
	}
	e := captured{out: out, profile: p}
	for i := range talks {
		e.examine(&talks[i])
	}
	switch {
	case e.messages == 0:
		return &exit{code: exitUsage, err: fmt.Errorf("%s holds no message that posfleet can read in any way", name),
			hint: "posfleet decode explains octets; docs/dialects.md says how a dialect of your own is written"}
	case len(e.lines) > 0:
		fmt.Fprintf(out, "\nchange in the profile:\n  %s\n", strings.Join(e.lines, "\n  "))
		return &exit{code: exitUnreachable, err: errors.New("the terminals in the capture speak another way than the profile says")}
	case e.wrong != nil:
		return &exit{code: exitUnreachable, err: e.wrong}
	}
	fmt.Fprintln(out, "\nnothing to change in the profile")
	return nil
}

// conversation is what both sides of a connection said; those of one side alone lack
// the other.
type conversation struct {
	name  string             // who with whom; empty where the input does not say
	sides [2]*capture.Stream // nil for one that the input lacks
}

// conversations reads a capture, a dump or a message of format f.
func conversations(in io.Reader, name string, port int, f *wire.Format) (all []conversation, err error) {
	data, err := io.ReadAll(io.LimitReader(in, capture.MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var streams []*capture.Stream
	if capture.IsPackets(data) {
		if streams, err = capture.Packets(data, port); err != nil && len(streams) == 0 {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	} else {
		text, isText := asText(data)
		if !isText {
			return []conversation{oneSided(data)}, nil
		}
		blocks, err := capture.Text(text, f)
		if err != nil && len(blocks) == 0 {
			return nil, err
		}
		var unwrapped bool
		if streams, unwrapped = capture.Unwrapped(blocks, port); !unwrapped {
			for _, b := range blocks {
				all = append(all, oneSided(b.Octets))
			}
			return all, nil
		}
	}
	if len(streams) == 0 {
		return nil, fmt.Errorf("%s: no TCP connection in it carries anything", name)
	}
	for _, s := range streams {
		if i := slices.IndexFunc(all, func(c conversation) bool { return c.sides[1] == nil && c.name == s.To+" > "+s.From }); i >= 0 {
			all[i].sides[1] = s
		} else {
			all = append(all, conversation{s.From + " > " + s.To, [2]*capture.Stream{s}})
		}
	}
	return all, nil
}

// oneSided is a conversation of which only this is known.
func oneSided(octets []byte) conversation {
	return conversation{sides: [2]*capture.Stream{{Octets: octets, Starts: true}}}
}

// captured is what was found in a capture.
type captured struct {
	out      io.Writer
	profile  *profile.Profile
	messages int
	lines    []string // of the profile, to change
	wrong    error
	refused  error // by all answers of a conversation, for a reason that the profile may mend
}

// examine tells one conversation.
func (e *captured) examine(c *conversation) {
	if c.name != "" {
		fmt.Fprintf(e.out, "%s\n", c.name)
	}
	d := e.profile.Dialect
	if frames, note := messagesOf(d, c.sides[0]); len(frames) > 0 {
		e.messages += len(frames)
		fmt.Fprintf(e.out, "  reads     %s, as the profile says\n", counted(len(frames), "message"))
		if note != "" {
			fmt.Fprintf(e.out, "  but       %s\n", note)
			e.wrong = errors.New(note)
		}
		answers, _ := messagesOf(d, c.sides[1])
		e.pairs(d, frames, answers)
		return
	}
	for _, s := range c.sides {
		if s == nil {
			continue
		}
		if f := capture.ReadsAs(d, s.Octets, nil, false); f != nil {
			e.messages++
			fmt.Fprintf(e.out, "  reads as  %s\n", f)
			for _, l := range f.Keys {
				if !slices.Contains(e.lines, l) {
					e.lines = append(e.lines, l)
				}
			}
			if f.Words != "" {
				e.wrong = errors.New(f.Words)
			}
			return
		}
	}
	octets := c.sides[0].Octets
	fmt.Fprintf(e.out, "  reads as  %s, %s\n", cmp.Or(capture.Looks(octets), "nothing that posfleet knows"), counted(len(octets), "octet"))
}

// messagesOf cuts a side of a conversation into the messages that read whole, and
// says what is wrong around the first of them where something is. There are none
// where most do not read.
func messagesOf(d *dialect.Dialect, s *capture.Stream) (frames []capture.Frame, note string) {
	if s == nil {
		return nil, ""
	}
	all := (&explainer{dialect: d}).cut(s)
	for _, p := range all {
		if p.Err != nil || !p.likely {
			continue
		}
		f := p.Frame
		if f.Message = d.NewMessage(); f.Message.Read(f.Octets) == nil {
			frames, note = append(frames, f), cmp.Or(note, f.Note)
		}
	}
	if 2*len(frames) < len(all) {
		return nil, ""
	}
	return frames, note
}

// pairs says which requests were answered, how, and why answers pair with nothing.
func (e *captured) pairs(d *dialect.Dialect, requests, answers []capture.Frame) {
	if len(answers) == 0 {
		fmt.Fprintln(e.out, "  answers   none: the host is silent, or the capture lacks its side")
		return
	}
	asked := map[wire.Key]*wire.Message{}
	for _, q := range requests {
		asked[q.Message.Key()] = q.Message
	}
	codes := map[string]int{}
	var stray *wire.Message
	approved := false
	for _, a := range answers {
		if !a.Message.IsAnswer() {
			e.wrong = fmt.Errorf("the host's messages have the types of requests, such as %s", a.Message.MTI())
			fmt.Fprintf(e.out, "  answers   none: %v\n", e.wrong)
			return
		}
		if _, paired := asked[a.Message.Key()]; !paired {
			stray = a.Message
			continue
		}
		delete(asked, a.Message.Key())
		code := dialect.CodeOf(a.Message.Get(wire.ResponseCode))
		what := code.String()
		about := d.About(code)
		if about.Words != "" {
			what += " (" + about.Words + ")"
		}
		if approved = approved || d.Class(code) != dialect.Declines; !approved && about.Keys != "" {
			e.refused = fmt.Errorf("the host refuses all with %s; look at %s in the profile", what, about.Keys)
		}
		codes[what]++
	}
	for _, what := range slices.Sorted(maps.Keys(codes)) {
		fmt.Fprintf(e.out, "  answers   %s with %s\n", counted(codes[what], "message"), what)
	}
	if !approved && e.wrong == nil {
		e.wrong = e.refused
	}
	if len(asked) > 0 {
		fmt.Fprintf(e.out, "  answers   none to %s\n", counted(len(asked), "message"))
	}
	if stray != nil {
		e.wrong = unlike(d, stray, requests)
		fmt.Fprintf(e.out, "  answers   one that pairs with nothing: %v\n", e.wrong)
	}
}

// unlike says in which field an answer is not that of the request most like it.
func unlike(d *dialect.Dialect, a *wire.Message, requests []capture.Frame) error {
	var likest *wire.Message
	var differ []int
	for _, q := range requests {
		if answerType(q.Message.MTI()) != a.MTI() {
			continue
		}
		var fields []int
		for _, n := range d.Pair {
			if !bytes.Equal(q.Message.Field(n), a.Field(n)) {
				fields = append(fields, n)
			}
		}
		if len(fields) > 0 && (likest == nil || len(fields) < len(differ)) {
			likest, differ = q.Message, fields
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
