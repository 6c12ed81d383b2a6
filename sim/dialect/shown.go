package dialect

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/posfleet/posfleet/sim/wire"
)

// Scrubbed is text of whatever origin as it may be shown or written: card numbers,
// tracks, PINs and keys in it are asterisks, and so is what is known of the cards.
// What is shown of messages has been hidden more closely, field by field; this is for
// what people wrote, and for sentences that quote either.
func (d *Dialect) Scrubbed(text string) string {
	return string(d.Secrets.scrub([]byte(text), sentence))
}

// ScrubbedValue is the value of a field with a form of its own, such as a reference
// number, as it may be shown: as Scrubbed, but what only looks like a card number
// stays.
func (d *Dialect) ScrubbedValue(v []byte) []byte { return d.Secrets.scrub(v, element) }

// Leaks is the first field of a message that is shown and holds what it must not: a
// card number, a track, a PIN or a key; 0 for none. It reads each such field through,
// and is not for the hot path.
func (d *Dialect) Leaks(m *wire.Message) int {
	for f := range m.Fields {
		if d.mask(f) != Clear {
			continue
		}
		v := m.Field(f)
		if !bytes.Equal(d.scrubbed(f, v), v) {
			return f
		}
		if d.Secrets != nil && len(v) >= cardDigits/2 && d.Binary(f) && !printable(v) && d.hex(v) != fmt.Sprintf("%X", v) {
			return f
		}
	}
	return 0
}

// scrubbed is the value of field f without what it must not hold: a text that may hold
// anything is searched for all of it, so is a reference number that is no number, other
// fields for what is known of the cards and
// for PINs by word. Of packed digits that the networks agree on the same, for a card
// number that is all of it, and of what follows their parts for all.
func (d *Dialect) scrubbed(f int, v []byte) []byte {
	switch {
	case d.isFree(f, v):
		return d.Secrets.scrub(v, freeText, d.starts(f)...)
	case f == d.Place(wire.RRN).Field && !wire.IsDigits(v):
		return d.Secrets.scrub(v, freeText)
	case f == d.Place(wire.AdditionalAmounts).Field:
		return d.Secrets.scrub(v, amounts)
	case !private(f) || !d.packedDigits(f):
		return d.Secrets.scrub(v, element)
	}
	if n := len(v); n > 13 && slices.Contains(schemeLengths(v[0]-'0', v[1]-'0'), n) && isPAN(n, func(i int) byte { return v[i] - '0' }) {
		return []byte(MaskPAN(v))
	}
	shown := d.Secrets.scrub(v, element)
	if parts := d.parts(f); len(parts) > 0 {
		end := min(len(v), parts[len(parts)-1].To)
		if rest := d.Secrets.scrub(v[end:], freeText); !bytes.Equal(rest, v[end:]) {
			shown = append(shown[:end:end], rest...)
		}
	}
	return shown
}

// starts are where the parts of field f begin, after the first.
func (d *Dialect) starts(f int) (starts []int) {
	for _, p := range d.parts(f) {
		starts = append(starts, p.From)
		if p.To > 0 {
			starts = append(starts, p.To)
		}
	}
	return starts
}

// isFree reports whether field f is a text that may hold anything: what ISO 8583
// leaves to agreement and additional response data, but for packed digits and amounts.
func (d *Dialect) isFree(f int, v []byte) bool {
	if !private(f) && f != isoResponseData || d.packedDigits(f) {
		return false
	}
	amounts := f == isoAdditionalAmounts && len(v) >= 20 && len(v)%20 == 0 && (v[7] == 'C' || v[7] == 'D')
	return !amounts
}

// isText reports whether text stands where a routing header begins with a TPDU, 60:
// what was taken for a message is none, and may be a card number.
func (d *Dialect) isText(head []byte) bool {
	return d.Header.TPDU && len(head) >= 5 && head[0] != 0x60 && printable(head[:5])
}

// ShownElement is the value of element e as Shown has that of a field: where the
// element is a part of a field, that part of what is shown of the field.
func (d *Dialect) ShownElement(m *wire.Message, e wire.Element) string {
	place := d.Place(e)
	if place.To == 0 || d.mask(place.Field) != Clear {
		return d.Shown(m, place.Field)
	}
	v := m.Field(place.Field)
	if len(v) <= place.From {
		return "absent"
	}
	v = d.scrubbed(place.Field, v)
	return d.plain(place.Field, v[place.From:min(place.To, len(v))])
}

// ShownValue is a value that somebody wrote for field f, as Shown shows one of a
// message: of what the dialect hides nothing.
func (d *Dialect) ShownValue(f int, value string) string {
	switch {
	case f == 0 || d.mask(f) == Clear:
		return d.Scrubbed(value)
	case d.mask(f) == Truncated:
		return MaskPAN(value)
	}
	return "what the table says"
}
