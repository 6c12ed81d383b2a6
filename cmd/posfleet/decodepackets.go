package main

import (
	"bytes"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/posfleet/posfleet/sim/capture"
	"github.com/posfleet/posfleet/sim/wire"
)

// packets explains a capture of a line.
func (x *explainer) packets(data []byte, name string) error {
	defer debug.SetGCPercent(debug.SetGCPercent(25)) // a capture may be large, and time matters less
	streams, err := capture.Packets(data, x.port)
	lacks, incomplete := errors.AsType[*capture.Incomplete](err)
	switch {
	case len(streams) > 0 && incomplete:
		fmt.Fprintf(x.out, "note: %s: %v\n\n", name, lacks)
		x.unread = fmt.Errorf("%s: %w", name, lacks)
	case len(streams) > 0 && err != nil:
		fmt.Fprintf(x.out, "note: %s cannot be read to its end: %v\n\n", name, err)
		x.unread = fmt.Errorf("%s cannot be read to its end: %w", name, err)
	case err != nil:
		return usage(fmt.Errorf("%s: %w", name, err))
	case len(streams) == 0:
		return usage(fmt.Errorf("%s: no TCP connection in it carries anything%s", name, map[bool]string{true: fmt.Sprintf(" to or from port %d", x.port)}[x.port > 0]))
	}
	x.streams(streams)
	return nil
}

// passed is a message that went over a connection.
type passed struct {
	capture.Frame // its Message is read anew when it is told: many are kept
	from, to      string
	at            time.Time // when its last octet was seen
	packet        int       // number of the packet that brought it
	lost          int       // octets before it that are not in the capture, -1 for an unknown number
	cut           int       // the same after it, at the end of the connection
	skipped       int       // octets before it that are the rest of a message
	contradicted  bool      // a packet brings octets of it again, and others
	likely        bool
	paired        bool // its key says what it answers, or what answers it
	answer        bool
	key           wire.Key
}

// mostPassed is how many messages of a capture are told.
const mostPassed = 100_000

// streams explains the messages of connections in the order of their times.
func (x *explainer) streams(streams []*capture.Stream) {
	var all []passed
	var others []*capture.Stream
	for _, s := range streams {
		if len(all) >= mostPassed {
			x.unread = fmt.Errorf("there are more than %d messages; narrow the capture", mostPassed)
			break
		}
		of := x.cut(s)
		for i := range of {
			of[i].Message = nil
		}
		ours := x.port > 0 && !capture.IsTLS(s.Octets) && !capture.OnlyEmpty(&x.dialect.Format, s.Octets)
		if ours || slices.ContainsFunc(of, func(p passed) bool { return p.likely }) {
			all = append(all, of...)
		} else {
			others = append(others, s)
		}
	}
	slices.SortStableFunc(all, func(p, q passed) int { return p.at.Compare(q.at) })
	pairs := answers(all, x.told)
	for i := range all {
		p := &all[i]
		p.Reread(&x.dialect.Format)
		x.between()
		fmt.Fprintf(x.out, "message %d, %d octets%s  %s > %s%s\n", x.told+1, len(p.Octets), clock(p.at), p.from, p.to, pairs[i])
		x.before(p)
		x.frame(&p.Frame)
		p.Message = nil
		x.after(p)
	}
	if len(all) > 0 && len(others) > 0 {
		fmt.Fprintln(x.out)
	}
	for i, s := range others {
		what := "no " + x.dialect.Name + " messages"
		looks := capture.Looks(s.Octets)
		if looks != "" {
			what += "; looks like " + looks
		} else if capture.OnlyEmpty(&x.dialect.Format, s.Octets) {
			what = "empty messages only"
		}
		fmt.Fprintf(x.out, "%s > %s: %d octets, %s\n", s.From, s.To, len(s.Octets), what)
		if i == 0 && len(all) == 0 {
			x.told, x.bad = 1, 1
			fr := &x.cut(s)[0].Frame
			fr.Reread(&x.dialect.Format)
			x.hint, x.first = x.why(fr, looks, capture.Fits(&x.dialect.Format, s.Octets))
		}
	}
}

// before tells what is not in the capture, or not read, before a message.
func (x *explainer) before(p *passed) {
	switch {
	case p.lost > 0:
		x.lacks(p, "the capture lacks %d octets of the connection before it", p.lost)
	case p.lost < 0:
		x.lacks(p, "the capture lacks octets of the connection before it")
	}
	if p.skipped > 0 {
		x.lacks(p, "%d octets before it are not read, the rest of a message whose beginning is not in the capture", p.skipped)
	}
	if p.contradicted {
		x.lacks(p, "octets of it came again, and others than before: the first are shown, what the other side took is not known")
	}
}

// after tells what is not in the capture after the last message of a connection.
func (x *explainer) after(p *passed) {
	if p.cut > 0 {
		x.lacks(p, "the capture lacks %d octets of the connection after it, at its end", p.cut)
	}
}

// lacks notes what is not known of a message, which is one that was not read then.
func (x *explainer) lacks(p *passed, format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	fmt.Fprintf(x.out, "note: %s\n", what)
	if x.unread == nil {
		x.unread = fmt.Errorf("%s > %s: message of %d octets%s: %s", p.from, p.to, len(p.Octets), clock(p.at), what)
	}
}

// cut cuts a stream into messages, anew after octets that are not in the capture:
// there, and where it begins within a connection, at the first message that is
// whole.
func (x *explainer) cut(s *capture.Stream) []passed {
	var all []passed
	from, before := 0, 0
	piece := func(to, lost int) {
		skipped := 0
		if from > 0 || before != 0 || !s.Starts {
			skipped = max(0, capture.Resync(&x.dialect.Format, s.Octets[from:to]))
		}
		from += skipped
		start := from
		for i, fr := range capture.Read(&x.dialect.Format, s.Octets[from:to]) {
			end := from + fr.At + len(fr.Octets)
			p := passed{Frame: fr, from: s.From, to: s.To, at: s.At(end - 1), packet: s.Packet(end - 1), likely: fr.Likely()}
			if p.paired = fr.Err == nil || p.likely; p.paired {
				p.answer, p.key = fr.Message.IsAnswer(), fr.Message.Key()
			}
			p.contradicted = slices.ContainsFunc(s.Contradicted, func(at int) bool { return start <= at && at < end })
			if start = end; i == 0 {
				p.lost, p.skipped = before, skipped
			}
			all = append(all, p)
		}
		from, before = to, lost
	}
	for at, lost := range s.Gaps {
		if at == 0 {
			before = lost
			continue
		}
		if piece(at, lost); len(all) >= mostPassed {
			x.unread = fmt.Errorf("there are more than %d messages and pieces of them; narrow the capture", mostPassed)
			return all
		}
	}
	if piece(len(s.Octets), 0); len(all) > 0 {
		all[len(all)-1].cut = s.Cut
	}
	return all
}

func clock(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("  2006-01-02 15:04:05.000000Z")
}

// exchange is what pairs an answer with its request: the connection, from the
// side that asked, and the message's key.
type exchange struct {
	from, to string
	key      wire.Key
}

// answers says of each message which one it answers, and how long after it; told are the
// messages that have numbers already. A clock may step back: the answer that came later
// in the capture is one, though it bears an earlier time.
func answers(all []passed, told int) []string {
	says := make([]string, len(all))
	asked, early := map[exchange]int{}, map[exchange]int{}
	for i := range all {
		p := &all[i]
		if !p.paired {
			continue
		}
		if !p.answer {
			e := exchange{p.from, p.to, p.key}
			if was, is := asked[e]; is {
				says[i] = fmt.Sprintf("  again: message %d", told+was+1)
			}
			if a, is := early[e]; is && all[a].packet > p.packet {
				says[a] = fmt.Sprintf("  answers message %d, which bears a time %v later: the capture's clock stepped back", told+i+1, p.at.Sub(all[a].at).Round(time.Microsecond))
				delete(early, e)
				continue
			}
			asked[e] = i
			continue
		}
		e := exchange{p.to, p.from, p.key}
		q, is := asked[e]
		if !is {
			says[i] = "  answers nothing that is in the capture"
			early[e] = i
			continue
		}
		delete(asked, e)
		says[i] = fmt.Sprintf("  answers message %d", told+q+1)
		if at := all[q].at; !at.IsZero() && !p.at.IsZero() {
			says[i] += fmt.Sprintf(" after %v", p.at.Sub(at).Round(time.Microsecond))
		}
	}
	return says
}

// whole is a frame with what stands before it.
func whole(fr *capture.Frame) []byte { return append(bytes.Clone(fr.Prefix), fr.Octets...) }
