// Package wire reads and writes ISO 8583 octets.
//
// A [Format] says how a network's messages stand on a line. A [Message] is one
// message in hand: it is built and read over one reused buffer by a codec
// compiled from the format's field spec, without allocation. [Element] names
// what terminals and hosts read in it, wherever the network puts it. A [Reader]
// cuts a stream into frames; every length is checked before use. What messages
// mean is package dialect's.
package wire

import (
	"fmt"
	"math"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/field"
)

// Format is how messages stand on a line: all that a message, a frame and a
// pool need to know of a network. Compile it before use; after that it is read
// only and may be shared by any number of goroutines. A dialect is a Format and
// what its messages mean.
type Format struct {
	Framing                      // how a message stands among the octets of a line
	Spec    *iso8583.MessageSpec // the fields: encoding, length prefix, longest length
	Pair    []int                // fields that, with the MTI, pair an answer with its request
	Echo    []int                // fields that an answer brings back unchanged
	MAC     bool                 // field 64 (128 with a second bitmap) is a MAC
	Covers  Coverage             // what that is made over
	Places  map[Element]Place    // where the elements are that terminals and hosts read

	codec  *codec
	places [elements]Place
	spots  [elements]spot
	echo   FieldSet
	texts  FieldSet
	macs   [2]uint16 // octets of a MAC in field 64 and in field 128; more than a message has where there is none
	plain  int       // octets of the length, where nothing else stands around a message; else 0
}

// Coverage is what a MAC is made over: the message from the MTI to the field before
// the MAC, or some fields of it one after another.
type Coverage struct {
	Fields []int // in this order as far as they are there, 0 the MTI, 1 the bitmaps; nil for the message
	Values bool  // their values, of text and digits the characters, instead of their octets on the line
}

// MaxFrame is the longest message taken off a line, in octets from the routing
// header to the last field. The longest that the CUP field lengths allow is 3,238.
const MaxFrame = 4096

// Compile checks the format and makes its codec. The error names the field.
func (f *Format) Compile() error {
	c, err := compile(f.Spec)
	if err != nil {
		return err
	}
	f.codec = c
	if err := f.Framing.Check(); err != nil && err != errEndless {
		return fmt.Errorf("framing: %w", err)
	}
	for _, n := range []int{64, 128} {
		if fc := &c.fields[n]; f.MAC && fc.kind != absent && !fc.holdsMAC() {
			return fmt.Errorf("field %d: a MAC is 8 octets; want length 8, a fixed prefix, and it in octets, hex or ebcdic-hex", n)
		}
	}
	if f.plain = 0; f.Framing.plain() {
		f.plain = f.Length.Octets
	}
	for i := range f.macs {
		if f.macs[i] = math.MaxUint16; f.MAC {
			f.macs[i] = uint16(c.fields[64<<i].span(8))
		}
	}
	f.echo, f.texts = Fields(f.Echo...), FieldSet{}
	for n, of := range f.Spec.Fields {
		if _, text := of.(*field.String); text && c.fields[n].holdsText() {
			f.texts.Add(n)
		}
	}
	f.places, f.spots = [elements]Place{}, [elements]spot{}
	for e, place := range f.Places {
		if n := place.Field; n > 0 && n < len(c.fields) && c.fields[n].kind != absent {
			f.places[e], f.spots[e] = place, place.spot()
		}
	}
	return nil
}

// CheckSpec says what a Format could not make a codec of. The error names the
// field.
func CheckSpec(spec *iso8583.MessageSpec) error {
	_, err := compile(spec)
	return err
}

// Echoed are the fields that an answer brings back unchanged.
func (f *Format) Echoed() FieldSet { return f.echo }

// Texts are the fields of characters that are for people or programs to read: no
// control characters belong there.
func (f *Format) Texts() FieldSet { return f.texts }

// HasField reports whether the format has field n.
func (f *Format) HasField(n int) bool {
	return n >= 0 && n < len(f.codec.fields) && f.codec.fields[n].kind != absent
}

// Has reports whether the network has element e.
func (f *Format) Has(e Element) bool { return f.places[e].Field != 0 }

// Place is where element e is; nowhere when the network does not have its field.
func (f *Format) Place(e Element) Place { return f.places[e] }
