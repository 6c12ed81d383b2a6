package main

import (
	"bytes"
	"fmt"

	"github.com/posfleet/posfleet/sim/capture"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// mostFitted is for how many messages that cannot be read it is tried which
// change of a field would make them readable.
const mostFitted = 100

// fit is the change of the dialect's fields with which the frame reads whole, nil
// when none is known.
func (x *explainer) fit(fr *capture.Frame) *dialect.Fit {
	if x.fitted++; x.fitted > mostFitted || !fr.Likely() {
		return nil
	}
	if f, ok := x.dialect.FitsFields(fr.Octets); ok {
		return &f
	}
	return nil
}

// left writes the octets that could not be read.
func (x *explainer) left(fr *capture.Frame, fit *dialect.Fit) {
	left := fr.Octets[fr.Read:]
	if len(left) == 0 {
		return
	}
	if !x.known(fr) {
		fmt.Fprintf(x.out, "left: %d octets from %d on, hidden: what they are is not known, and a card number or a PIN block may be among them\n", len(left), fr.Read)
		return
	}
	digits, why := x.masked(fr, left[:min(len(left), wire.MaxFrame)], fit)
	fmt.Fprintf(x.out, "left: %s\n", inRows(digits, fr.Read))
	if len(left) > wire.MaxFrame {
		fmt.Fprintf(x.out, "  and %d more\n", len(left)-wire.MaxFrame)
	}
	if why != "" {
		fmt.Fprintf(x.out, "  (%s)\n", why)
	}
}

// goesOn writes the fields that are read if the dialect is changed so.
func (x *explainer) goesOn(fr *capture.Frame, fit *dialect.Fit) {
	fmt.Fprintf(x.out, "if %s, all of it is read, and goes on:\n", fit.Words)
	for f := range fit.Message.Fields {
		if !fr.Message.HasField(f) {
			fit.Dialect.DescribeField(x.out, fit.Message, f)
		}
	}
	if x.macs != nil {
		x.macs.tell(x.out, fit.Message)
	}
}

// isText gives the messages of data when it is messages that are text themselves, as
// those of a dialect in ASCII are, rather than their hexadecimal digits: one, or one on
// each line; nil when it is not.
func (x *explainer) isText(data []byte) (blocks []capture.Block) {
	m := x.dialect.NewMessage()
	if all := bytes.TrimRight(data, "\r\n"); len(all) <= wire.MaxFrame && m.Read(all) == nil {
		return []capture.Block{{Octets: all}}
	}
	number := 0
	for line := range bytes.Lines(data) {
		number++
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			continue
		}
		if len(line) > wire.MaxFrame || m.Read(line) != nil {
			return nil
		}
		blocks = append(blocks, capture.Block{Octets: line, Line: number})
	}
	return blocks
}

// partlyText reports whether data, whose digits are octets that are no message of
// any dialect, is one in ASCII as far as it can be read: its digits are its text.
func (x *explainer) partlyText(data, octets []byte) bool {
	d, ok := dialect.Named(inASCII)
	data = bytes.TrimRight(data, "\r\n")
	if !ok || len(data) > wire.MaxFrame || bytes.ContainsAny(data, "\r\n") {
		return false
	}
	as := capture.Frame{Octets: data}
	if as.Reread(&d.Format); !as.Likely() || as.Fields() < capture.Enough {
		return false
	}
	first := capture.Cut(&x.dialect.Format, octets)
	return first[0].Err != nil && len(capture.Fits(&x.dialect.Format, octets)) == 0
}
