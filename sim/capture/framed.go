package capture

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// Framed is how octets that network d cannot read as they stand on a line can be read
// after all.
type Framed struct {
	Keys  []string // of a profile, and what they would have to say: "tpdu: none", "dialect: iso87"
	Words string   // what no key of a profile can say; empty for nothing
}

// String is the keys and what else is to be done in a line.
func (f *Framed) String() string {
	all := slices.Clone(f.Keys)
	if f.Words != "" {
		all = append(all, f.Words)
	}
	return strings.Join(all, ", ")
}

// maxHeard bounds how much of what a host sent is tried.
const maxHeard = 4096

// ReadsAs finds another framing and routing header in which what one side of a line
// sent begins with a whole message of network d, of a host an answer, or another
// encoding of its fields, or another dialect that comes with posfleet of which it does;
// nil when none does. It tries lengths of each form that count the message or themselves
// too, no length, octets before and after, and hexadecimal characters in place of octets.
// Where the request is known, not nil, a reading of which more than one is likely has to
// be of its answer.
func ReadsAs(d *dialect.Dialect, heard []byte, request *wire.Message, host bool) *Framed {
	heard = heard[:min(len(heard), maxHeard)]
	if at, err := d.Find(heard); err == nil && len(at.Message) > 0 {
		if fit, ok := d.FitsFields(at.Message); ok && (!host || fit.Message.IsAnswer()) && (request == nil || d.AnswersTo(request, fit.Message, 0)) {
			return &Framed{Words: d.InFile() + "it can be read if " + fit.Words}
		}
	}
	if f := framed(d, heard, request, host); f != nil {
		if f.String() == "" {
			return nil // as it should be
		}
		return f
	}
	if f := writtenInHex(d, heard, request, host); f != nil {
		return f
	}
	if f := encoded(d, heard, host); f != nil {
		return f
	}
	for _, fit := range fitsFirst(&d.Format, heard) {
		if host && !fit.Message.IsAnswer() {
			continue
		}
		f := &Framed{}
		for key := range strings.SplitSeq(fit.Words, ", ") {
			if key != "dialect: "+d.Name {
				f.Keys = append(f.Keys, key)
			}
		}
		return f
	}
	return nil
}

// fitsFirst is Fits of the octets, or of the first message in them by a length before it
// of any kind: others may follow.
func fitsFirst(f *wire.Format, heard []byte) []dialect.Fit {
	fits := Fits(f, heard)
	for _, k := range kinds() {
		if len(fits) > 0 {
			break
		}
		lead := k.Lead()
		if n, ok := k.number(heard[:min(lead, len(heard))]); ok && n > 0 && n < len(heard)-lead {
			fits = Fits(f, heard[:lead+n])
		}
	}
	return fits
}

// encoded reads octets framed as they should be, in which a network with the same fields
// has them in another encoding.
func encoded(d *dialect.Dialect, heard []byte, host bool) *Framed {
	at, err := d.Find(heard)
	if err != nil || len(at.Message) == 0 {
		return nil
	}
	for _, re := range d.Reencodings() {
		m := re.Dialect.NewMessage()
		if m.Read(at.Message) == nil && (!host || m.IsAnswer()) && likelyType(m.MTI()) && likelyText(m) {
			return &Framed{Words: d.InFile() + re.Key}
		}
	}
	return nil
}

// likelyText reports whether what a side writes of its own in letters and digits is such.
func likelyText(m *wire.Message) bool {
	of := []wire.Element{wire.TerminalID, wire.MerchantID}
	if m.IsAnswer() { // which gives back what it was sent
		of = []wire.Element{wire.ResponseCode, wire.RRN}
	}
	for _, e := range of {
		for _, c := range m.Get(e) {
			if c < ' ' || c > '~' {
				return false
			}
		}
	}
	return true
}

// writtenInHex reads hexadecimal characters that stand in place of octets.
func writtenInHex(d *dialect.Dialect, heard []byte, request *wire.Message, host bool) *Framed {
	for at := range min(len(heard), 9) {
		octets := make([]byte, (len(heard)-at)/2)
		n, _ := hex.Decode(octets, heard[at:len(heard)-(len(heard)-at)%2])
		if n < 20 {
			continue
		}
		f := framed(d, octets[:n], request, host)
		if f == nil {
			f = read(d, octets[:n], wire.Framing{}, nil, host, false)
		}
		if f != nil {
			f.Keys, f.Words = nil, "it is written in hexadecimal characters, two for an octet: let the host send octets"
			return f
		}
	}
	return nil
}

// framed tries each framing with each header.
func framed(d *dialect.Dialect, heard []byte, request *wire.Message, host bool) *Framed {
	all := arounds()
	for _, exactly := range []bool{true, false} {
		for _, around := range all {
			if f := read(d, heard, around, nil, host, exactly && around.Length.Itself); f != nil {
				return f
			}
			if around.Length.Itself || around.Trailer != "" || !exactly {
				continue
			}
			if f := counted(d, heard, around, request, host); f != nil {
				return f
			}
		}
	}
	return read(d, heard, wire.Framing{}, nil, host, false)
}

// maxTrailer is how many octets after a message are tried, which its length counts.
const maxTrailer = 4

// counted is with octets after the message that its length counts: of the answer to a
// request, where that is known, as a message of other fields reads so, too.
func counted(d *dialect.Dialect, heard []byte, around wire.Framing, request *wire.Message, host bool) *Framed {
	other := *d
	other.Framing = around
	other.Header = d.Header
	at, err := other.Find(heard)
	if err != nil {
		return nil
	}
	for n := 1; n <= min(maxTrailer, len(at.Message)); n++ {
		around.Trailer, around.Length.Trailer = string(at.Message[len(at.Message)-n:]), true
		if f := read(d, heard, around, request, host, true); f != nil {
			return f
		}
	}
	return nil
}

// arounds are the framings that are tried, the likeliest first.
func arounds() (all []wire.Framing) {
	for _, own := range []bool{false, true} {
		for _, k := range kinds() {
			for _, trailer := range []string{"", "\x03"} {
				f := k.Framing
				f.Trailer, f.Length.Itself = trailer, own
				all = append(all, f)
				if trailer != "" && f.Before == "" {
					f.Before = "\x02"
					all = append(all, f)
				}
			}
		}
	}
	return all
}

// read reads a message, of a host an answer, in a framing, with each routing header
// that there may be; in the zero framing, or exactly, it is all that there is. With a
// request, it is its answer, and brings back of it what it should.
func read(d *dialect.Dialect, heard []byte, around wire.Framing, request *wire.Message, host, exactly bool) *Framed {
	for _, h := range []wire.Header{d.Header, {TPDU: true}, {App: d.Header.App}, {}} {
		if h.TPDU && !d.Header.TPDU {
			continue
		}
		other := *d
		if other.Framing = around; h != d.Header {
			h.Octets = ""
		}
		other.Header = h
		body := heard
		if around != (wire.Framing{}) {
			at, err := other.Find(heard)
			if err != nil || len(at.Message) == 0 || exactly && !frames(&other.Format, heard[at.End:]) {
				continue
			}
			body = at.Message
		}
		m := other.NewMessage()
		if m.Read(body) != nil || host && !m.IsAnswer() || !likelyType(m.MTI()) || h.TPDU && body[0] != 0x60 ||
			request != nil && !(d.AnswersTo(request, m, 0) && d.BringsBack(request, m)) {
			continue
		}
		return difference(d, around, h)
	}
	return nil
}

// frames reports whether b is nothing but whole frames.
func frames(f *wire.Format, b []byte) bool {
	for len(b) > 0 {
		at, err := f.Find(b)
		if err != nil || at.End <= 0 {
			return false
		}
		b = b[at.End:]
	}
	return true
}

// head is the keys of a routing header, as network d writes it, in a framing that has
// header h.
func head(d *dialect.Dialect, h wire.Header) (keys string) {
	octets := d.Head()
	if d.Header.TPDU && len(octets) >= 5 {
		if h.TPDU {
			keys += fmt.Sprintf(", tpdu: %q", fmt.Sprintf("%X", octets[:5]))
		}
		octets = octets[5:]
	}
	if h.App > 0 && len(octets) == h.App {
		keys += fmt.Sprintf(", header: %q", fmt.Sprintf("%X", octets))
	}
	return keys
}

// difference says what of the framing is not network d's.
func difference(d *dialect.Dialect, around wire.Framing, h wire.Header) *Framed {
	f := &Framed{}
	plain := around
	plain.Header, plain.Length.Itself, plain.Length.Trailer = wire.Header{}, false, false
	name := around.Length.String()
	switch {
	case around == (wire.Framing{}):
		f.Words = fmt.Sprintf("no length stands before its messages: %sframing: {channel: PAD%s}", d.InFile(), head(d, h))
		return f
	case plain == (wire.Framing{Length: plain.Length}) && !around.Length.Itself:
		if around.Length != d.Length {
			f.Keys = append(f.Keys, "length: "+name)
		}
	default:
		keys := ""
		for _, of := range []struct{ key, octets string }{{"before", around.Before}, {"after", around.After}, {"trailer", around.Trailer}} {
			if of.octets != "" {
				keys += fmt.Sprintf(", %s: %q", of.key, fmt.Sprintf("%X", of.octets))
			}
		}
		if around.Length.Itself {
			keys += ", counts: [itself]"
		}
		if around.Length.Trailer {
			keys += ", counts: [trailer]"
		}
		f.Words = fmt.Sprintf("%sframing: {length: %s%s}", d.InFile(), name, keys)
	}
	if d.Header.TPDU && !h.TPDU {
		f.Keys = append(f.Keys, "tpdu: none")
	}
	if d.Header.App > 0 && h.App == 0 {
		f.Keys = append(f.Keys, "header: none")
	}
	return f
}
