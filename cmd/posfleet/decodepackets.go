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
	short, isShort := errors.AsType[*capture.ShortPackets](err)
	switch {
	case len(streams) > 0 && isShort:
		fmt.Fprintf(x.out, "note: %s: %v\n\n", name, short)
		x.unread = fmt.Errorf("%s: %w", name, short)
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
	lost          int       // octets before it that are not in the capture, -1 for an unknown number
	skipped       int       // octets before it that are the rest of a message
	likely        bool
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
		ours := x.port > 0 && !capture.IsTLS(s.Octets)
		if ours || slices.ContainsFunc(of, func(p passed) bool { return p.likely }) {
			all = append(all, of...)
		} else {
			others = append(others, s)
		}
	}
	slices.SortStableFunc(all, func(p, q passed) int { return p.at.Compare(q.at) })
	asked := map[exchange]question{}
	for i := range all {
		p := &all[i]
		p.Reread(&x.dialect.Format)
		x.between()
		fmt.Fprintf(x.out, "message %d, %d octets%s  %s > %s%s\n", x.told+1, len(p.Octets), clock(p.at), p.from, p.to, x.answers(asked, p))
		x.before(p)
		x.frame(&p.Frame)
		p.Message = nil
	}
	if len(all) > 0 && len(others) > 0 {
		fmt.Fprintln(x.out)
	}
	for i, s := range others {
		what := "no " + x.dialect.Name + " messages"
		looks := capture.Looks(s.Octets)
		if looks != "" {
			what += "; looks like " + looks
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
	if p.lost > 0 {
		fmt.Fprintf(x.out, "note: the capture lacks %d octets of the connection before it\n", p.lost)
	} else if p.lost < 0 {
		fmt.Fprintln(x.out, "note: the capture lacks octets of the connection before it")
	}
	if p.skipped == 0 {
		return
	}
	fmt.Fprintf(x.out, "note: %d octets before it are not read, the rest of a message whose beginning is not in the capture\n", p.skipped)
	if x.unread == nil {
		x.unread = fmt.Errorf("%s > %s: %d octets are the rest of a message whose beginning is not in the capture, and are not read", p.from, p.to, p.skipped)
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
		if from > 0 || !s.Starts {
			skipped = max(0, capture.Resync(&x.dialect.Format, s.Octets[from:to]))
		}
		from += skipped
		for i, fr := range capture.Read(&x.dialect.Format, s.Octets[from:to]) {
			p := passed{Frame: fr, from: s.From, to: s.To, at: s.At(from + fr.At + len(fr.Octets) - 1), likely: fr.Likely()}
			if i == 0 {
				p.lost, p.skipped = before, skipped
			}
			all = append(all, p)
		}
		from, before = to, lost
	}
	for at, lost := range s.Gaps {
		if piece(at, lost); len(all) >= mostPassed {
			x.unread = fmt.Errorf("there are more than %d messages and pieces of them; narrow the capture", mostPassed)
			return all
		}
	}
	piece(len(s.Octets), 0)
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

type question struct {
	number int
	at     time.Time
}

// answers says which message this one answers, and how long after it. Requests
// are kept for that.
func (x *explainer) answers(asked map[exchange]question, p *passed) string {
	m := p.Message
	if p.Err != nil && !p.likely {
		return ""
	}
	if !m.IsAnswer() {
		e := exchange{p.from, p.to, m.Key()}
		again := ""
		if was, is := asked[e]; is {
			again = fmt.Sprintf("  again: message %d", was.number)
		}
		asked[e] = question{x.told + 1, p.at}
		return again
	}
	e := exchange{p.to, p.from, m.Key()}
	q, is := asked[e]
	if !is {
		return "  answers nothing that is in the capture"
	}
	delete(asked, e)
	if q.at.IsZero() || p.at.IsZero() {
		return fmt.Sprintf("  answers message %d", q.number)
	}
	return fmt.Sprintf("  answers message %d after %v", q.number, p.at.Sub(q.at).Round(time.Microsecond))
}

// whole is a frame with what stands before it.
func whole(fr *capture.Frame) []byte { return append(bytes.Clone(fr.Prefix), fr.Octets...) }
