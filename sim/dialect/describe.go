package dialect

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/moov-io/iso8583/field"

	"github.com/posfleet/posfleet/sim/wire"
)

// Describe writes the message for people: routing header, MTI, then a line a
// field and one for each part of a composed field, and what a response code
// means. What Masks hides is not in it, but for what an order says (describeorder.go), nor
// card numbers, tracks and PINs that texts hold; Chinese is in UTF-8, what cannot be printed is escaped.
// An error of w ends it silently, as with fmt.
func (d *Dialect) Describe(w io.Writer, m *wire.Message) {
	out := bufio.NewWriter(w)
	defer out.Flush()
	if d.isText(m.Head) {
		fmt.Fprintln(out, "(a text where a routing header belongs: hidden)")
		return
	}
	d.describeHead(out, m.Head)
	fmt.Fprintf(out, "MTI  %s  %s\n", readable([]byte(m.MTI())), d.describeMTI(m))
	for f := range m.Fields {
		d.DescribeField(out, m, f)
	}
}

// DescribeField writes the lines of field f, which the message has, as Describe
// does.
func (d *Dialect) DescribeField(w io.Writer, m *wire.Message, f int) {
	fmt.Fprintf(w, "%3d  %-28s %s%s\n", f, d.FieldName(f), d.Shown(m, f), d.inWords(m, f))
	if of := d.kinds[f].of; d.mask(f) == Clear && !ofKind(of, m.Field(f)) {
		masked := "" // asterisks are what recordings have in the place of digits
		if ofKind(of, bytes.ReplaceAll(m.Field(f), []byte("*"), []byte("0"))) {
			masked = "masked where it was recorded, or "
		}
		fmt.Fprintf(w, "       %snot of its kind, %s: %s\n", masked, of, map[string]string{"n": "digits alone", "x+n": "C or D, then digits"}[of])
	}
	d.describeParts(w, m, f)
	if f == d.Place(wire.ResponseCode).Field && m.IsAnswer() {
		if keys := d.About(CodeOf(m.Field(f))).Keys; keys != "" {
			fmt.Fprintf(w, "       profile keys to look at: %s\n", keys)
		}
	}
}

// ofKind reports whether a value is of its kind as far as kinds of digits go: where
// digits are characters on the line, reading takes any.
func ofKind(kind string, v []byte) bool {
	switch kind {
	case "x+n":
		return len(v) > 0 && (v[0] == 'C' || v[0] == 'D') && wire.IsDigits(v[1:])
	case "n":
		return wire.IsDigits(v)
	}
	return true
}

// Hides reports whether of field f nothing but the length is shown, or what is
// left of a card number.
func (d *Dialect) Hides(f int) bool {
	m := d.mask(f)
	return m == Hidden || m == Truncated
}

// inWords is what a response code means, after what is shown of it.
func (d *Dialect) inWords(m *wire.Message, f int) string {
	if d.mask(f) != Clear {
		return ""
	}
	var words, display string
	switch c := CodeOf(m.Field(f)); {
	case m.IsAnswer() && f == d.Place(wire.ResponseCode).Field:
		about := d.About(c)
		words, display = about.Words, about.Display
	case f == d.Place(wire.Reason).Field:
		words = d.ReasonWords(c)
	}
	switch {
	case words == "":
		return ""
	case display != "":
		return ": " + words + " (" + display + ")"
	}
	return ": " + words
}

// FieldName is what the spec calls field f, "" when the dialect lacks it.
func (d *Dialect) FieldName(f int) string {
	if !d.HasField(f) && f != 1 {
		return ""
	}
	name := d.Spec.Fields[f].Spec().Description
	if name == "" {
		return fmt.Sprintf("field %d", f)
	}
	if len(name) > 60 {
		name = name[:60]
	}
	if plainASCII(name) {
		return name
	}
	return readable([]byte(name))
}

// Shown is the value of field f as it may be shown, "absent" when it is not
// there. Failures quote it.
func (d *Dialect) Shown(m *wire.Message, f int) string {
	if !m.HasField(f) {
		return "absent"
	}
	v := m.Field(f)
	switch d.mask(f) {
	case Clear:
		return d.plain(f, d.scrubbed(f, v))
	case Truncated:
		return MaskPAN(v)
	case Tags:
		return fmt.Sprintf("(%d octets)", len(v))
	case Details:
		if holdsTotals(m, f) {
			return readable(d.Secrets.scrub(v, amounts))
		}
		return fmt.Sprintf("(%d digits)", len(v))
	}
	if d.Binary(f) {
		return fmt.Sprintf("(%d octets, hidden)", len(v))
	}
	return fmt.Sprintf("(%d characters, hidden)", len(v))
}

// holds reports whether one of the elements is in field f.
func (d *Dialect) holds(f int, elements ...wire.Element) bool {
	return f > 0 && slices.ContainsFunc(elements, func(e wire.Element) bool { return d.Place(e).Field == f })
}

// mask is what may be shown of field f. The PIN block, the tracks, where ISO 8583
// has them and where the dialect does, its working keys, and fields that the dialect
// lacks are hidden and the PAN is masked whatever it says.
func (d *Dialect) mask(f int) Mask {
	switch {
	case neverShown(f), !d.HasField(f), d.holds(f, wire.Track1, wire.Track2, wire.Track3, wire.PINBlock, wire.WorkingKeys, wire.OneTimeCode):
		return Hidden
	case (f == isoPAN || d.holds(f, wire.PAN)) && d.Masks[f] != Hidden:
		return Truncated
	}
	return d.Masks[f]
}

// Binary reports whether field f is octets rather than text.
func (d *Dialect) Binary(f int) bool {
	switch d.Spec.Fields[f].(type) {
	case *field.Binary, *field.Hex, *field.Composite:
		return true
	}
	return false
}

// plain shows a value: text as it reads, octets that are no text in hexadecimal.
func (d *Dialect) plain(f int, v []byte) string {
	if d.Binary(f) && !printable(v) {
		if private(f) {
			return d.ScrubbedHex(v)
		}
		return d.hex(v)
	}
	return readable(v)
}

// hex is octets in hexadecimal without what is known to be secret.
func (d *Dialect) hex(v []byte) string {
	return string(d.Secrets.scrub(fmt.Appendf(nil, "%X", v), element))
}

// Text reports whether field f is characters, neither octets nor packed digits.
func (d *Dialect) Text(f int) bool { return d.HasField(f) && !d.Binary(f) && !d.packedDigits(f) }

// packedDigits reports whether field f is packed digits.
func (d *Dialect) packedDigits(f int) bool {
	_, packed := d.Spec.Fields[f].Spec().Enc.(*wire.Nibbles)
	return packed
}

// MaskPAN shows the first six and last four digits of a PAN of 16 or more, of a
// shorter one the last four only (PCI DSS 3.4.1: first six of 13 would leave
// three hidden). What is not a digit is shown as ?.
func MaskPAN[T ~string | ~[]byte](pan T) string {
	first, last := shownOfPAN(len(pan))
	out := []byte(string(pan))
	for i, c := range out {
		switch {
		case i >= first && i < len(out)-last:
			out[i] = '*'
		case c-'0' > 9:
			out[i] = '?'
		}
	}
	return string(out)
}

// shownOfPAN is how many digits of a PAN of n may be shown, at its beginning
// and at its end.
func shownOfPAN(n int) (first, last int) {
	switch {
	case n >= 16:
		return 6, 4
	case n <= 4:
		return 0, 0
	}
	return 0, 4
}

// describeHead writes the routing header in words.
func (d *Dialect) describeHead(w io.Writer, h []byte) {
	digits := d.hex(h)
	if d.Header.TPDU && len(h) >= 5 {
		fmt.Fprintf(w, "TPDU %s  to %s, from %s\n", digits[:10], digits[2:6], digits[6:10])
		h, digits = h[5:], digits[10:]
	}
	if len(h) == 0 {
		return
	}
	fmt.Fprintf(w, "head %s", digits)
	switch words := d.headerWords(h); {
	case strings.Contains(digits, "*"):
	case words != "":
		fmt.Fprintf(w, "  %s", words)
	case printable(h):
		fmt.Fprintf(w, "  %s", readable(d.ScrubbedValue(h)))
	}
	fmt.Fprintln(w)
}

// HeaderWord is what digits From up to, not including, To of the application header
// say, in hexadecimal.
type HeaderWord struct {
	From, To int
	Name     string
	Words    map[string]string // by the digits
}

// headerWords puts the application header into words, as far as it is one of the
// network's: one whose first digits have some.
func (d *Dialect) headerWords(h []byte) string {
	var all []string
	digits := fmt.Sprintf("%X", h)
	for i, w := range d.HeaderWords {
		if w.To > len(digits) {
			break
		}
		said := digits[w.From:w.To]
		word, known := w.Words[said]
		switch {
		case !known && i == 0 && printable(h):
			return ""
		case !known:
			word = w.Name + " " + said
		}
		all = append(all, word)
	}
	return strings.Join(all, ", ")
}

// describeMTI puts the MTI into words: class by the second digit, function by
// the third; and the transaction of a request.
func (d *Dialect) describeMTI(m *wire.Message) string {
	mti := m.MTI()
	class := map[byte]string{'1': "authorisation", '2': "financial", '3': "file action", '4': "reversal",
		'5': "reconciliation", '6': "administrative", '8': "network management"}[mti[1]]
	function := map[byte]string{'0': "request", '1': "response", '2': "advice", '3': "advice response"}[mti[2]]
	if class == "" || function == "" {
		return "unknown message type"
	}
	if t, ok := d.Classify(m); ok {
		return fmt.Sprintf("%s %s: %s", class, function, t)
	}
	return class + " " + function
}
