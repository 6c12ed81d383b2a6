package dialect

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/wire"
)

// describeParts writes the parts of field f, a line each, as far as it has any
// and may be shown.
func (d *Dialect) describeParts(w io.Writer, m *wire.Message, f int) {
	v := m.Field(f)
	switch d.mask(f) {
	case Clear:
		d.describeSubs(w, m, f)
		d.writeParts(w, f, d.scrubbed(f, v))
	case Details:
		if holdsTotals(m, f) {
			d.writeParts(w, f, d.Secrets.scrub(v, amounts))
		}
		describeUploads(w, m, f)
	case Tags:
		d.describeTags(w, v)
	case Hidden:
		d.describeOrder(w, m, f)
	}
}

// writeParts writes the parts that value v of field f has.
func (d *Dialect) writeParts(w io.Writer, f int, v []byte) {
	for _, p := range d.parts(f) {
		if p.From < len(v) {
			writePart(w, p.Number, p.Title, d.plain(f, v[p.From:min(p.To, len(v))]))
		}
	}
}

// describeSubs writes the parts of a field whose parts are fields themselves.
func (d *Dialect) describeSubs(w io.Writer, m *wire.Message, f int) {
	n := 0
	for s, err := range m.Subs(f) {
		if n++; err != nil || n > maxTags {
			return
		}
		shown := ""
		if v := d.Secrets.scrub(s.Value, freeText); !s.Composed && printable(v) {
			shown = readable(v)
		} else if !s.Composed {
			shown = d.ScrubbedHex(s.Value)
		}
		writePart(w, s.Path, s.Title, shown)
	}
}

func writePart(w io.Writer, number, title, value string) {
	fmt.Fprintf(w, "       %-6s %-24s %s\n", number, title, value)
}

// parts are the parts of field f: those of Parts, else those of Places.
func (d *Dialect) parts(f int) []PartName {
	if p := d.Parts[f]; p != nil {
		return p
	}
	var out []PartName
	for e, place := range d.Places {
		if place.Field == f && place.Name != "" {
			out = append(out, PartName{place.From, place.To, place.Name, strings.ReplaceAll(e.String(), "-", " ")})
		}
	}
	if len(out) == 1 && out[0].From == 0 && out[0].Number == fmt.Sprint(f) {
		return nil // the part is the field
	}
	slices.SortFunc(out, func(a, b PartName) int { return cmp.Compare(a.From, b.From) })
	return out
}

// maxTags is how many elements of a TLV field are shown.
const maxTags = 64

// describeTags writes the elements of EMV data. Values are shown only of those
// that emvTags calls harmless, of others the length.
func (d *Dialect) describeTags(w io.Writer, v []byte) {
	n := 0
	for t, err := range wire.Tags(v) {
		if err != nil {
			writePart(w, "", "not readable", err.Error())
			return
		}
		if n++; n > maxTags {
			writePart(w, "", "and more", "")
			return
		}
		known := emvTags[t.Tag]
		shown := fmt.Sprintf("(%d octets)", len(t.Value))
		if known.harmless && len(t.Value) <= 32 && bytes.Equal(d.Secrets.scrub(t.Value, freeText), t.Value) {
			shown = d.ScrubbedHex(t.Value)
		}
		writePart(w, fmt.Sprintf("%*s%X", 2*t.Depth, "", t.Tag), known.name, shown)
	}
}

// emvTags names the elements that CUP requests and answers carry (EMV book 3,
// annex A; JR/T 0025). Card and cardholder data are named, never shown.
var emvTags = map[uint32]struct {
	name     string
	harmless bool
}{
	0x4F:   {"application id", true},
	0x50:   {"application label", true},
	0x56:   {"track 1", false},
	0x57:   {"track 2", false},
	0x5A:   {"PAN", false},
	0x5F20: {"cardholder name", false},
	0x5F24: {"expiry", false},
	0x5F2A: {"currency", true},
	0x5F34: {"PAN sequence number", true},
	0x71:   {"script before", false},
	0x72:   {"script after", false},
	0x82:   {"interchange profile", true},
	0x84:   {"dedicated file name", true},
	0x8A:   {"response code", true},
	0x91:   {"issuer authentication", true},
	0x95:   {"verification results", true},
	0x9A:   {"date", true},
	0x9B:   {"status information", true},
	0x9C:   {"transaction type", true},
	0x9F02: {"amount", true},
	0x9F03: {"other amount", true},
	0x9F06: {"application id", true},
	0x9F09: {"application version", true},
	0x9F10: {"issuer data", true},
	0x9F1A: {"terminal country", true},
	0x9F1E: {"interface serial number", true},
	0x9F1F: {"track 1 discretionary", false},
	0x9F20: {"track 2 discretionary", false},
	0x9F26: {"cryptogram", true},
	0x9F27: {"cryptogram information", true},
	0x9F33: {"terminal capabilities", true},
	0x9F34: {"verification method", true},
	0x9F35: {"terminal type", true},
	0x9F36: {"transaction counter", true},
	0x9F37: {"unpredictable number", true},
	0x9F41: {"sequence counter", true},
	0x9F63: {"product information", false},
	0x9F6B: {"track 2", false},
	0x9F74: {"e-cash authorisation code", false},
	0xDF31: {"script results", true},
	0xFF00: {"merchant's name", true}, // these beside a signature, see SlipText
	0xFF01: {"kind", true},
	0xFF02: {"operator", true},
	0xFF06: {"time", true},
	0xFF0A: {"currency", true},
}
