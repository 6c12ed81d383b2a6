// Package dialect says how networks speak ISO 8583, as data.
//
// A [Dialect] is a [wire.Format] (fields, length prefix, routing header, pairing,
// MAC) with what its messages mean: the [Form] of each [Transaction], response
// codes, what may be shown of a field. A new network is a new file, read by [Parse];
// those that come with posfleet are [Named].
package dialect

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/field"

	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// Dialect is how one network speaks ISO 8583. Compile it before use; after
// that it is read only and may be shared by any number of goroutines.
type Dialect struct {
	wire.Format
	Name  string             // as profiles and flags spell it: "cup"
	Title string             // for people
	Bases []string           // the dialects that it extends and that come with posfleet
	Masks map[int]Mask       // what may be shown of a field; Clear when absent
	Parts map[int][]PartName // the parts of composed fields, for Describe; those of Places when absent
	Forms []Form             // the transactions; of two that fit a message the earlier one is meant

	Algorithm keys.Algorithm // of the MAC, where there is one
	KeyBlock  keys.KeyBlock  // of working keys that a sign-in asks for; empty for a sign-in without keys
	PINFormat keys.PINFormat // of PIN blocks: under SM4 it is 0, narrow or not; under AES 4 whatever stands here
	DUKPT     keys.DUKPT     // how a key for each transaction is derived; NoDUKPT where a sign-in brings keys, or nothing does
	SerialHex bool           // the key serial number of DUKPT is hexadecimal text, not octets
	Currency  string         // three digits (ISO 4217); empty when no message says it
	Exponent  int            // how many decimals the minor unit is in which messages have amounts: 2 of yuan and fen
	Codes     []CodeInfo     // response codes
	Reasons   []Reason       // of reversals
	Accepts   []Code         // the codes of answers that end a reversal

	Downloads   []Download                    // what terminals fetch
	Status      []StatusCode                  // what a status upload says of a terminal's parts
	HeaderWords []HeaderWord                  // what the application header says, for people
	Without     []string                      // rules about answers, by id, to which this network's are not held
	WithoutAt   string                        // where the file says so
	Malformed   map[wire.DefectKind]Reactions // how hosts meet requests that are malformed; see Reacts
	Schemes     []string                      // what field 63 of an answer may begin with: card schemes, three characters, the network's own first; nil where nothing is agreed

	Secrets *Secrets // known of the cards that are used on the network, for what is shown; nil for none

	forms    [Transactions]*Form
	types    []sameType   // of Forms, in their order
	codes    map[Code]int // where in Codes
	roles    [roles]Code
	approved int // where in Codes Approved is
	causes   [causes]Code

	entries [entries][2]string
	stems   [entries]string // what both of entries begin with
	unit    string          // the currency's letters
	kinds   [129]kind
}

// Mask says what may be shown of a field's value.
type Mask uint8

const (
	Clear     Mask = iota
	Truncated      // first six and last four digits
	Hidden         // its length only: PIN block, tracks, keys, payment codes
	Tags           // BER-TLV: the tags and lengths, values only where harmless
	Details        // batch upload details (CUP field 48): the PANs in them masked
)

// PartName names a part of a composed field for people.
type PartName struct {
	From, To int // characters, To not included
	Number   string
	Title    string
}

// Value is a constant field value.
type Value struct {
	Field int
	Text  string
}

// Derives reports whether a request of form f is under keys that DUKPT derives for it.
func (d *Dialect) Derives(f *Form) bool {
	return d.DUKPT != keys.NoDUKPT && (f.MACed && d.MAC || f.Carries(wire.PINBlock))
}

// Compile checks the dialect and makes its codec. The error names the field.
func (d *Dialect) Compile() error {
	if err := d.Format.Compile(); err != nil {
		return fmt.Errorf("dialect %s: %w", d.Name, err)
	}
	d.forms = [Transactions]*Form{}
	for i := range d.Forms {
		if err := d.compileForm(&d.Forms[i]); err != nil {
			return fmt.Errorf("dialect %s: form of %s%w", d.Name, d.Forms[i].Transaction, err)
		}
	}
	d.groupForms()
	return nil
}

// copy is a dialect of its own, compiled, that shares with d what neither changes.
func (d *Dialect) copy() (*Dialect, error) {
	c := *d
	c.Forms = slices.Clone(d.Forms)
	return &c, c.Compile()
}

// Framed is the dialect with other octets around its messages, where f says them. A
// length that it names counts the message alone.
func (d *Dialect) Framed(f Framing) (*Dialect, error) {
	c := *d
	if f.Length != "" {
		c.Length = wire.Length{}
	}
	if err := c.frame(f); err != nil {
		return nil, err
	}
	framed, err := c.copy()
	if err != nil {
		return nil, err
	}
	return framed, framed.goesOnLine()
}

// WithoutMAC is the dialect with no MAC on any message.
func (d *Dialect) WithoutMAC() (*Dialect, error) {
	c := *d
	c.MAC = false
	c.Forms = slices.Clone(d.Forms)
	for i := range c.Forms {
		c.Forms[i].MACed = false
	}
	return &c, c.Compile()
}

// WithoutPANs is the dialect with not even the first and last digits of a card
// number to be shown.
func (d *Dialect) WithoutPANs() (*Dialect, error) {
	c := *d
	c.Masks = maps.Clone(d.Masks)
	for f, m := range c.Masks {
		if m == Truncated || m == Details {
			c.Masks[f] = Hidden
		}
	}
	return c.copy()
}

// UnderAES reports whether the keys of messages are AES keys: brought by a sign-in or
// derived.
func (d *Dialect) UnderAES() bool {
	return d.KeyBlock.Cipher() == keys.CipherAES || d.DUKPT > keys.DUKPTTDES
}

// WithWidePIN is the dialect with room for the PIN block of 16 octets that SM4 and AES
// make.
func (d *Dialect) WithWidePIN() (*Dialect, error) {
	n := d.Place(wire.PINBlock).Field
	if n == 0 {
		return d, nil
	}
	s := *d.Spec.Fields[n].Spec()
	s.Length = 16
	c := *d
	c.Spec = &iso8583.MessageSpec{Name: d.Spec.Name, Fields: maps.Clone(d.Spec.Fields)}
	c.Spec.Fields[n] = field.NewBinary(&s)
	return c.copy()
}

// has is which of the fields the spec has.
func (d *Dialect) has(fields []int) (set wire.FieldSet) {
	for _, n := range fields {
		if d.HasField(n) {
			set.Add(n)
		}
	}
	return set
}

// WithSpec is the dialect with another field spec, compiled: a user's own.
//
// What a user's private fields hold is not known here, so of the fields that
// ISO 8583 leaves to agreement (see private) those are hidden for which Masks
// says nothing and Places knows no part. To have one shown, put it into Masks as
// Clear before.
func (d *Dialect) WithSpec(spec *iso8583.MessageSpec) (*Dialect, error) {
	n := *d
	n.Spec = spec
	n.Places, n.Masks = maps.Clone(d.Places), maps.Clone(d.Masks)
	n.Forms = slices.Clone(d.Forms)
	if n.Masks == nil {
		n.Masks = map[int]Mask{}
	}
	known := map[int]bool{}
	for _, place := range n.Places {
		known[place.Field] = known[place.Field] || place.To > 0
	}
	for f := range 129 {
		if _, said := n.Masks[f]; !said && !known[f] && private(f) {
			n.Masks[f] = Hidden
		}
	}
	if n.Masks[isoPAN] != Hidden {
		n.Masks[isoPAN] = Truncated
	}
	if err := n.Compile(); err != nil {
		return nil, err
	}
	return &n, nil
}

// Form is the form of transaction t, or nil when the dialect does not have it.
func (d *Dialect) Form(t Transaction) *Form { return d.forms[t] }

// IsOf reports whether a message has the MTI of transaction t's requests.
func (d *Dialect) IsOf(m *wire.Message, t Transaction) bool {
	f := d.forms[t]
	return f != nil && m.IsMTI(f.MTI)
}

// IsVersion reports whether a message has the version of ISO 8583 that the dialect's
// requests have: the first digit of its type.
func (d *Dialect) IsVersion(m *wire.Message) bool {
	return len(d.Forms) == 0 || d.Forms[0].MTI[0] == m.MTI()[0]
}

// Undoes reports whether a reversal may be of a request of form f: what both
// have in common, processing code, condition code and transaction type, is so.
func (d *Dialect) Undoes(reversal *wire.Message, f *Form) bool {
	mode := d.Place(wire.EntryMode).Field
	for i := range f.tells {
		if v := &f.tells[i]; v.Field != mode && string(reversal.Field(v.Field)) != v.Text {
			return false
		}
	}
	return f.kind == "" || string(reversal.Get(wire.TransactionType)) == f.kind
}

// Filler gives values of element e as messages have them: as they are, or filled up
// where the field of the element is (pad). Its error says which field has no room for a
// value, what the value is and what the field wants, and the mend. A network without
// the element, or without transactions, has room for any.
func (d *Dialect) Filler(e wire.Element) func(value string) (string, error) {
	place := d.Place(e)
	if place.Field == 0 || len(d.Forms) == 0 {
		return func(value string) (string, error) { return value, nil }
	}
	at := fmt.Sprintf("field %d (%s) of dialect %s", place.Field, d.FieldName(place.Field), d.Name)
	if room := place.To - place.From; place.To > 0 {
		return func(value string) (string, error) {
			if len(value) != room {
				return "", fmt.Errorf("has %d characters, and %s of %s has %d; write as many, or give the dialect other room", len(value), place.Name, at, room)
			}
			return value, nil
		}
	}
	m, back := d.NewMessage(), d.NewMessage()
	var b []byte
	return func(value string) (string, error) {
		m.Reset()
		m.SetMTI(d.Forms[0].MTI)
		m.SetString(e, value)
		var err error
		if b, err = m.Append(b[:0]); err == nil {
			err = back.Read(b)
		}
		if wrong, is := errors.AsType[*wire.FieldError](err); is {
			return "", fmt.Errorf("%s in %s; %s", wrong.Reason, at, d.roomFor(place.Field, value))
		}
		if text := back.Text(e); err == nil && !strings.HasPrefix(text, value) && !strings.HasSuffix(text, value) {
			err = fmt.Errorf("reads as %q out of %s; write it of characters that the field has", text, at)
		}
		return back.Text(e), err
	}
}

// roomFor is the mend where field n has no room for a value.
func (d *Dialect) roomFor(n int, value string) string {
	length := d.Spec.Fields[n].Spec().Length
	switch {
	case len(value) > length && fixedLength(d.Spec.Fields[n]):
		return fmt.Sprintf("write %d characters, or give the field another length in the dialect", length)
	case len(value) > length:
		return fmt.Sprintf("write at most %d characters, or make the field longer in the dialect", length)
	case len(value) < length && fixedLength(d.Spec.Fields[n]):
		return fmt.Sprintf("write %d characters, or have the dialect fill the field up: pad: right space", length)
	}
	return "write characters that the field has"
}

// Dialects are the ones that come with posfleet, by name.
func Dialects() map[string]*Dialect {
	all := map[string]*Dialect{}
	for _, name := range Names() {
		all[name] = copied(name)
	}
	return all
}
