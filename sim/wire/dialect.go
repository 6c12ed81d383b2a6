// Package wire speaks ISO 8583.
//
// A [Dialect] says, as data, how one network speaks it: its fields (a moov
// MessageSpec), its length prefix and routing header, the [Form] of each
// transaction, how an answer pairs with its request and what the MAC covers.
// A new network is a new value, not a new type; [CUP] and [ISO87] are two.
//
// A [Message] is one message in hand. It is built and read over one reused
// buffer by a codec compiled from the dialect's spec, without allocation. A
// [Reader] cuts a stream into frames; every length is checked before use.
package wire

import (
	"fmt"
	"maps"
	"slices"

	"github.com/moov-io/iso8583"
)

// Dialect is how one network speaks ISO 8583. Compile it before use; after
// that it is read only and may be shared by any number of goroutines.
type Dialect struct {
	Name   string               // as profiles and flags spell it: "cup"
	Title  string               // for people
	Spec   *iso8583.MessageSpec // the fields: encoding, length prefix, longest length
	Length Length               // the length before each message
	Header Header               // the routing header between length and MTI
	Pair   []int                // fields that, with the MTI, pair an answer with its request
	Echo   []int                // fields that an answer brings back unchanged
	MAC    bool                 // field 64 (128 with a second bitmap) is a MAC over MTI..last field before it
	Subs   map[Sub]Span         // where the parts of composed fields are
	Masks  map[int]Mask         // what may be shown of a field; Clear when absent
	Parts  map[int][]Part       // the parts of composed fields, for Describe; those of Subs when absent
	Forms  []Form               // the transactions; of two that fit a message the earlier one is meant

	codec *codec
	spans [subs]Span
	forms [Transactions]*Form
}

// MaxFrame is the longest message taken off a line, in octets after the
// length prefix. The longest that the CUP field lengths allow is 3,238.
const MaxFrame = 4096

// Header is the routing header before the MTI.
type Header struct {
	TPDU bool // 5 octets: 60, destination, origin; an answer has the two changed over
	App  int  // octets of application header after it
}

// Len is the header's length in octets.
func (h Header) Len() int {
	if h.TPDU {
		return 5 + h.App
	}
	return h.App
}

// Mask says what may be shown of a field's value.
type Mask uint8

const (
	Clear  Mask = iota
	PAN         // first six and last four digits
	Hidden      // its length only: PIN block, tracks, keys, payment codes
	TLV         // BER-TLV: the tags and lengths, values only where harmless
	Detail      // batch upload details (CUP field 48): the PANs in them masked
)

// Sub names a part of a composed field that terminals and hosts read.
type Sub uint8

const (
	SubType       Sub = iota // transaction type (CUP 60.1)
	SubBatch                 // batch number (CUP 60.2)
	SubNet                   // network management code (CUP 60.3, ISO 8583 field 70)
	SubCapability            // terminal read capability (CUP 60.4)
	SubOrigBatch             // of the original transaction: batch (CUP 61.1)
	SubOrigTrace             // trace (CUP 61.2, field 90)
	SubOrigDate              // date MMDD (CUP 61.3)
	SubOrigMTI               // MTI (field 90)
	SubOrigTime              // transmission time MMDDhhmmss (field 90)
	subs
)

// Span is a part of a field: characters From up to, not including, To.
type Span struct {
	Field, From, To int
	Name            string // as documents number it: "60.2"
}

// Part names a part of a composed field for people.
type Part struct {
	From, To int // characters, To not included
	Number   string
	Title    string
}

// Value is a constant field value.
type Value struct {
	Field int
	Text  string
}

// Form is what a transaction's request looks like.
type Form struct {
	Transaction Transaction
	MTI         string
	Fixed       []Value  // constants; composed fields with zeros where parts are filled in
	Nets        []string // network management codes it may carry; the first is its own
	Fields      []int    // carried when the terminal has a value for them, besides Fixed
	Sealed      bool     // carries a MAC

	carries [2]uint64 // Fixed and Fields as bits
}

// Carries reports whether a request of this form may carry field n.
func (f *Form) Carries(n int) bool {
	return n >= 1 && n <= 128 && f.carries[(n-1)>>6]&(1<<(63-(n-1)&63)) != 0
}

func (f *Form) carry(n int) { f.carries[(n-1)>>6] |= 1 << (63 - (n-1)&63) }

// tells are the fields whose constants tell one transaction from another:
// processing code, entry mode and condition code.
var tells = [...]int{3, 22, 25}

// Compile checks the dialect and makes its codec. The error names the field.
func (d *Dialect) Compile() error {
	c, err := compile(d.Spec)
	if err != nil {
		return fmt.Errorf("dialect %s: %w", d.Name, err)
	}
	d.codec = c
	for _, n := range []int{64, 128} {
		if f := &c.fields[n]; d.MAC && f.kind != absent && (f.kind != octets && f.kind != ascii || f.count != fixed || f.max != 8) {
			return fmt.Errorf("dialect %s: field %d: a MAC is 8 octets; want type Binary, length 8, encoding Binary, a Fixed prefix", d.Name, n)
		}
	}
	d.spans = [subs]Span{}
	for s, span := range d.Subs {
		d.spans[s] = span
	}
	d.forms = [Transactions]*Form{}
	for i := range d.Forms {
		f := &d.Forms[i]
		if len(f.MTI) != 4 {
			return fmt.Errorf("dialect %s: form of %s: MTI %q is not 4 digits", d.Name, f.Transaction, f.MTI)
		}
		f.carries = [2]uint64{}
		m := NewMessage(d)
		m.SetMTI(f.MTI)
		f.Fixed = slices.Clone(f.Fixed)
		for i, v := range f.Fixed {
			if !d.Has(v.Field) {
				return fmt.Errorf("dialect %s: form of %s: field %d is not in the spec", d.Name, f.Transaction, v.Field)
			}
			m.SetString(v.Field, v.Text)
			f.Fixed[i].Text = m.Text(v.Field) // as the spec pads it
			f.carry(v.Field)
		}
		if _, err := m.Append(nil); err != nil {
			return fmt.Errorf("dialect %s: form of %s does not fit the spec: %w", d.Name, f.Transaction, err)
		}
		for _, n := range f.Fields {
			if d.Has(n) {
				f.carry(n)
			}
		}
		d.forms[f.Transaction] = f
	}
	return nil
}

// WithSpec is the dialect with another field spec, compiled: a user's own.
//
// What a user's private fields hold is not known here, so of the fields that
// ISO 8583 leaves to agreement (see private) those are hidden for which Masks
// says nothing and Subs knows no part. To have one shown, put it into Masks as
// Clear before.
func (d *Dialect) WithSpec(spec *iso8583.MessageSpec) (*Dialect, error) {
	n := *d
	n.Spec = spec
	n.Subs, n.Masks = maps.Clone(d.Subs), maps.Clone(d.Masks)
	n.Forms = slices.Clone(d.Forms)
	if n.Masks == nil {
		n.Masks = map[int]Mask{}
	}
	known := map[int]bool{}
	for _, span := range n.Subs {
		known[span.Field] = true
	}
	for f := range 129 {
		if _, said := n.Masks[f]; !said && !known[f] && private(f) {
			n.Masks[f] = Hidden
		}
	}
	if n.Masks[2] != Hidden {
		n.Masks[2] = PAN
	}
	if err := n.Compile(); err != nil {
		return nil, err
	}
	return &n, nil
}

// private reports whether field f carries card data or what networks agree on:
// extended PAN, tracks, name, additional data, PIN, reserved fields, accounts
// and the second half's private fields (ISO 8583:1987, table of data elements).
func private(f int) bool {
	switch {
	case f >= 34 && f <= 36, f == 43, f >= 45 && f <= 48, f == 52, f >= 54 && f <= 63, f >= 102 && f <= 127:
		return true
	}
	return false
}

// Has reports whether the dialect has field f.
func (d *Dialect) Has(f int) bool {
	return f >= 0 && f < len(d.codec.fields) && d.codec.fields[f].kind != absent
}

// Form is the form of transaction t, or nil when the dialect does not have it.
func (d *Dialect) Form(t Transaction) *Form { return d.forms[t] }

// Span is where part s is; Field is 0 when the dialect does not have it.
func (d *Dialect) Span(s Sub) Span { return d.spans[s] }

// Classify says which transaction a request is. The second result is false
// when no form fits.
func (d *Dialect) Classify(m *Message) (Transaction, bool) {
	for i := range d.Forms {
		if f := &d.Forms[i]; string(m.mti[:]) == f.MTI && d.fits(f, m) {
			return f.Transaction, true
		}
	}
	return 0, false
}

// fits compares what tells f from the other forms: fields 3, 22 and 25 where
// they are constant, the transaction type, and the network management code.
func (d *Dialect) fits(f *Form, m *Message) bool {
	kind := d.spans[SubType]
	for _, v := range f.Fixed {
		if slices.Contains(tells[:], v.Field) && string(m.Get(v.Field)) != v.Text {
			return false
		}
		if kind.Field == v.Field && f.Transaction != Reversal && string(m.Sub(SubType)) != v.Text[kind.From:kind.To] {
			return false
		}
	}
	if len(f.Nets) == 0 {
		return true
	}
	net := m.Sub(SubNet)
	for _, n := range f.Nets {
		if string(net) == n {
			return true
		}
	}
	return false
}

// Dialects are the ones that come with posfleet, by name.
func Dialects() map[string]*Dialect {
	return map[string]*Dialect{"cup": CUP(), "iso87": ISO87()}
}
