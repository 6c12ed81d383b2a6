package dialect

import (
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

// Entry is how a card or code came into the terminal.
type Entry uint8

const (
	Swipe     Entry = iota // magnetic stripe
	Insert                 // contact chip
	Tap                    // contactless chip
	Keyed                  // typed by hand
	ShownCode              // QR payment code
	Instead                // magnetic stripe, since the chip cannot be read (fallback)
	Held                   // contactless chip that is held there until the issuer has answered
	entries
)

var entryNames = [entries]string{Swipe: "stripe", Insert: "chip", Tap: "tap", Keyed: "typed", ShownCode: "code", Instead: "fallback", Held: "held"}

// EntryMode is what the network writes for an entry, with a PIN or without; empty
// for one that it has not.
func (d *Dialect) EntryMode(e Entry, pin bool) string {
	if pin {
		return d.entries[e][1]
	}
	return d.entries[e][0]
}

// Entered reports whether an entry mode is that of an entry, whatever it says of a PIN.
func (d *Dialect) Entered(mode []byte, e Entry) bool {
	stem := d.stems[e]
	return stem != "" && len(mode) >= len(stem) && string(mode[:len(stem)]) == stem
}

// entryModes reads what each entry is written as: without a PIN, and with one.
func (r *reader) entryModes(v strict.Value) {
	width := r.width(wire.EntryMode)
	if width == 0 || !v.Given() {
		if width > 0 || v.Given() {
			at := v
			if !v.Given() {
				at = r.at[r.d.Place(wire.EntryMode).Field]
			}
			r.Fail(at, "entry-mode among the elements and entry, which says what is written there, go together; give both")
		}
		return
	}
	r.Each(v, func(key string, v strict.Value) {
		e := slices.Index(entryNames[:], key)
		if e < 0 {
			r.Fail(v, "no way to read a card; want one of %s", strings.Join(entryNames[:], ", "))
			return
		}
		n := 0
		r.List(v, func(v strict.Value) {
			s, ok := r.Scalar(v)
			if ok && len(s) != width {
				r.Fail(v, "%s, want %d characters, as wide as the field of the entry mode", strict.Quote(s), width)
			}
			if n < 2 {
				r.d.entries[e][n] = s
			}
			n++
		})
		if n == 1 {
			r.d.entries[e][1] = r.d.entries[e][0]
		}
		r.d.stems[e] = stem(r.d.entries[e][0], r.d.entries[e][1])
		if n > 2 {
			r.Fail(v, "%d values, want that without a PIN and that with one", n)
		}
	})
}

// stem is what both begin with.
func stem(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// EntryOf is the entry that the network writes so, and whether there is a PIN; by stripe
// and PIN what it does not know.
func (d *Dialect) EntryOf(mode string) (e Entry, pin bool) {
	for e := range entries {
		for pin, written := range d.entries[e] {
			if written != "" && written == mode {
				return e, pin == 1
			}
		}
	}
	return Swipe, true
}
