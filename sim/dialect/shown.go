package dialect

import (
	"bytes"

	"github.com/posfleet/posfleet/sim/wire"
)

// Scrubbed is text of whatever origin as it may be shown or written: card numbers,
// tracks, PINs and keys in it are asterisks. What is shown of messages has been
// hidden more closely, field by field; this is for what people wrote, and for
// sentences that quote either.
func Scrubbed(text string) string { return string(scrub([]byte(text))) }

// Leaks is the first field of a message that is text and holds what it must not: a
// card number, a track, a PIN or a key; 0 for none. It reads each such field through,
// and is not for the hot path.
func (d *Dialect) Leaks(m *wire.Message) int {
	for f := range m.Fields {
		if v := m.Field(f); d.mask(f) == Clear && d.scrubs(f, v) && !bytes.Equal(scrub(v), v) {
			return f
		}
	}
	return 0
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
		return Scrubbed(value)
	case d.mask(f) == Truncated:
		return MaskPAN(value)
	}
	return "what the table says"
}
