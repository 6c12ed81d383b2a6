package dialect

import (
	"bytes"

	"github.com/posfleet/posfleet/sim/wire"
)

// MaskMessage takes out of a message what may not be kept: what Shown hides becomes zeros
// of the same length, nines the digits of card numbers that MaskPAN hides, and the MAC, which
// was made over them. It reports false when the message begins with a text where a routing
// header belongs: it is none, and may be anything.
func (d *Dialect) MaskMessage(m *wire.Message) bool {
	if d.isText(m.Head) {
		return false
	}
	for f := range m.Fields {
		v := m.Field(f)
		switch d.mask(f) {
		case Clear:
			shown := d.scrubbed(f, v)
			if d.MAC && wire.IsMAC(f) || len(shown) != len(v) {
				shown = nil
			}
			d.overwrite(f, v, shown)
		case Truncated:
			d.overwrite(f, v, unlike([]byte(MaskPAN(v))))
		default:
			d.overwrite(f, v, nil)
		}
	}
	for f := d.Leaks(m); f != 0; f = d.Leaks(m) {
		v := m.Field(f)
		if d.overwrite(f, v, nil); d.Leaks(m) == f {
			return false
		}
	}
	return true
}

// overwrite writes what may be shown over a value; zeros where nothing may, or where
// what hides a digit cannot stand.
func (d *Dialect) overwrite(f int, v, shown []byte) {
	if shown == nil {
		shown = bytes.Repeat([]byte{0}, len(v))
		if !d.Binary(f) {
			shown = bytes.Repeat([]byte{'0'}, len(v))
		}
	} else if !d.Text(f) {
		shown = unlike(shown)
	}
	copy(v, shown)
}

// unlike writes nines for what is hidden of a number. What comes out is no card number,
// whatever the digits that are shown: its check digit is wrong.
func unlike(shown []byte) []byte {
	out := bytes.ReplaceAll(shown, []byte{'*'}, []byte{'9'})
	at := bytes.IndexByte(shown, '*')
	if at >= 0 && luhn(len(out), func(i int) byte { return out[i] - '0' }) {
		out[at] = '8'
	}
	return out
}
