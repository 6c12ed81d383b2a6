package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Framing is how a message stands among the octets of a line, as data. A frame
// is, in this order:
//
//	Before  length  After  header and fields  Trailer  check octet
//
// and each of these but the message may be left out. What ends a message is its
// length, without one the trailer, the body of an HTTP request, or its last field.
// The zero Framing is none: see [Framing.Check].
//
// Octets that are given are Go strings, so that framings can be compared.
type Framing struct {
	Before    string    // octets with which each frame begins, such as D0 4A or STX; another octet there is an error
	Length    Length    // how many octets follow it
	After     string    // reserved octets after the length, such as 00 00: written so, not looked at when read
	Header    Header    // routing header before the MTI; its octets are the message's
	Trailer   string    // octets with which each frame ends, such as ETX (03); others there are an error
	LRC       bool      // a last octet, the exclusive or of all after Before; Source: ISO 1155
	ByFields  bool      // nothing stands around a message: it ends where its last field does
	KeepAlive KeepAlive // what keeps a connection open
	HTTP      HTTP      // the whole frame is the body of an HTTP request or answer
}

// KeepAlive is what a peer sends while it has nothing to say. A frame without a
// message is one, whatever stands here.
type KeepAlive struct {
	Octets string // others, each as long as Before, length and After together, such as 00 01
	Answer bool   // it is sent back; else it is passed over
}

// HTTP has each frame be the body of a POST, to which the answer is a 200 with a
// frame in it. A line carries one after another; see [Framing.HTTP].
type HTTP struct {
	Path    string // to which is posted, such as /pos; empty for no HTTP
	Host    string // the host's name, for the header of that name, which may be empty
	Type    string // the content type of both; application/octet-stream when empty
	Headers string // further header lines of a request, such as "User-Agent: POS", with line feeds between them
}

// Header is the routing header before the MTI.
type Header struct {
	TPDU   bool   // 5 octets: 60, destination, origin; an answer has the two changed over
	BaseI  bool   // 22 octets, Visa's BASE I: its fourth and fifth count it and the message, and an answer has destination and source changed over; zeros begin as 16 01 02
	App    int    // octets of application header after it, as many as MaxHeader leaves
	Octets string // what a new message has there, as many octets as all of these; empty for zeros
}

// MaxHeader is the longest routing header, in octets: room for the 46 of an
// interchange message. The memory of a Message does not allow more for nothing.
const MaxHeader = 56

const (
	tpduLen  = 5
	baseILen = 22
	baseI    = "\x16\x01\x02" // how a BASE I header begins: its length, no second header, format of the text
)

// Len is the header's length in octets.
func (h *Header) Len() int {
	n := h.App
	if h.TPDU {
		n += tpduLen
	}
	if h.BaseI {
		n += baseILen
	}
	return n
}

// answer makes the header of a request that of its answer.
func (h *Header) answer(b []byte) {
	switch {
	case h.TPDU:
		b[1], b[2], b[3], b[4] = b[3], b[4], b[1], b[2]
	case h.BaseI:
		b[5], b[6], b[7], b[8], b[9], b[10] = b[8], b[9], b[10], b[5], b[6], b[7]
	}
}

// checkBaseI says what is wrong with the BASE I header of a message. Source: the
// octets that jPOS' VAPChannel writes and reads.
func checkBaseI(b []byte) error {
	wrong := func(at int, format string, args ...any) error {
		return &FieldError{Field: -1, Offset: at, Reason: fmt.Sprintf("BASE I header "+format, args...)}
	}
	switch n := int(binary.BigEndian.Uint16(b[3:])); {
	case b[0] != baseILen:
		return wrong(0, "begins with %02X, want %02X, its length", b[0], baseILen)
	case b[1]&0x80 != 0:
		return wrong(1, "of a message sent back: another header follows, which is not read")
	case n != len(b):
		return wrong(3, "counts %d octets, header and message have %d", n, len(b))
	}
	return nil
}

// maxAround is how many octets Before, After and Trailer may each have.
const maxAround = 8

// errEndless is what is wrong with the zero Framing, which a Format may have of
// which no message goes on a line.
var errEndless = errors.New("neither length nor trailer, fields nor HTTP: nothing would say where a message ends")

// Check says why no line can be framed so; the error names the part.
func (f *Framing) Check() error {
	l := &f.Length
	switch n := f.Header.Len(); {
	case l.Octets < 0 || l.Octets > 8 || int(l.Form) >= len(lengthForms):
		return fmt.Errorf("length of %d octets, form %v: want %s", l.Octets, l.Form, LengthNames)
	case max(len(f.Before), len(f.After), len(f.Trailer)) > maxAround:
		return fmt.Errorf("octets before and after the length and trailer: %d, %d and %d, at most %d each", len(f.Before), len(f.After), len(f.Trailer), maxAround)
	case f.Header.App < 0 || n > MaxHeader:
		return fmt.Errorf("routing header of %d octets, at most %d", n, MaxHeader)
	case f.Header.TPDU && f.Header.BaseI:
		return fmt.Errorf("routing header: a TPDU or Visa's BASE I, not both")
	case f.Header.Octets != "" && len(f.Header.Octets) != n:
		return fmt.Errorf("routing header: %d octets are given, it has %d", len(f.Header.Octets), n)
	case l.Octets == 0 && (f.After != "" || l.Itself || l.Reserved || l.NoHeader || l.Trailer):
		return fmt.Errorf("no length: nothing can stand after it, and it counts nothing")
	case f.ByFields && *f != (Framing{ByFields: true, Header: f.Header}):
		return fmt.Errorf("messages that end where their last field does: nothing else can stand around them")
	case l.Octets == 0 && f.Trailer == "" && f.HTTP.Path == "" && !f.ByFields:
		return errEndless
	case l.Octets == 0 && f.Trailer == "" && (f.Before != "" || f.LRC):
		return fmt.Errorf("octets before each message, or a check octet, with neither length nor trailer")
	case f.HTTP.Path != "" && f.KeepAlive != (KeepAlive{}):
		return fmt.Errorf("keep-alives: HTTP has none")
	case f.KeepAlive.Octets != "" && (l.Octets == 0 || len(f.KeepAlive.Octets)%f.Lead() != 0 || len(f.KeepAlive.Octets) > 4*f.Lead()):
		return fmt.Errorf("keep-alives of %d octets: want %d each, those of a length and what stands around it, and at most 4", len(f.KeepAlive.Octets), f.Lead())
	}
	return f.HTTP.check()
}

// Lead is how many octets stand before the message, but for those of HTTP.
func (f *Framing) Lead() int { return len(f.Before) + f.Length.Octets + len(f.After) }

// tail is how many octets stand after the message.
func (f *Framing) tail() int {
	if f.LRC {
		return len(f.Trailer) + 1
	}
	return len(f.Trailer)
}

// more is by how much the length says more than the octets of the message.
func (f *Framing) more() int {
	l, n := &f.Length, 0
	if l.Itself {
		n += l.Octets
	}
	if l.Reserved {
		n += len(f.Before) + len(f.After)
	}
	if l.NoHeader {
		n -= f.Header.Len()
	}
	if l.Trailer {
		n += f.tail()
	}
	return n
}
