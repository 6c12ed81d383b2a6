package main

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/posfleet/posfleet/sim/capture"
	"github.com/posfleet/posfleet/sim/wire"
)

// packets explains a capture of a line.
func (x *explainer) packets(data []byte, name string) error {
	streams, err := capture.Packets(data, x.port)
	switch {
	case len(streams) > 0 && err != nil:
		fmt.Fprintf(x.out, "note: %s cannot be read to its end: %v\n\n", name, err)
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
	capture.Frame
	from, to string
	at       time.Time // when its last octet was seen
	lost     int       // octets before it that are not in the capture, -1 for an unknown number
}

// streams explains the messages of connections in the order of their times.
func (x *explainer) streams(streams []*capture.Stream) {
	var all []passed
	var others []*capture.Stream
	for _, s := range streams {
		if of := x.cut(s); x.port > 0 || slices.ContainsFunc(of, func(p passed) bool { return p.Likely() }) {
			all = append(all, of...)
		} else {
			others = append(others, s)
		}
	}
	slices.SortStableFunc(all, func(p, q passed) int { return p.at.Compare(q.at) })
	asked := map[exchange]question{}
	for i := range all {
		p := &all[i]
		x.between()
		fmt.Fprintf(x.out, "message %d, %d octets%s  %s > %s%s\n", x.told+1, len(p.Octets), clock(p.at), p.from, p.to, x.answers(asked, p))
		if p.lost > 0 {
			fmt.Fprintf(x.out, "note: the capture lacks %d octets of the connection before it\n", p.lost)
		}
		x.frame(&p.Frame)
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
			x.hint, x.first = x.why(&x.cut(s)[0].Frame, looks, capture.Fits(&x.dialect.Format, s.Octets))
		}
	}
}

// cut cuts a stream into messages, anew after octets that are not in the capture.
func (x *explainer) cut(s *capture.Stream) []passed {
	var all []passed
	from, before := 0, 0
	piece := func(to, lost int) {
		for i, fr := range capture.Cut(&x.dialect.Format, s.Octets[from:to]) {
			p := passed{Frame: fr, from: s.From, to: s.To, at: s.At(from + fr.At + len(fr.Octets) - 1)}
			if i == 0 {
				p.lost = before
			}
			all = append(all, p)
		}
		from, before = to, lost
	}
	for at, lost := range s.Gaps {
		piece(at, lost)
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
	if p.Err != nil && !p.Likely() {
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
