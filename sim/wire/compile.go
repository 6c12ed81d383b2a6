package wire

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"
	"github.com/moov-io/iso8583/prefix"
)

// kind is how a field's value is put into octets.
type kind uint8

const (
	absent   kind = iota
	octets        // as they are
	ascii         // an octet each, none above 127
	decimal       // an octet each, digits only
	nibbles       // packed by a Nibbles
	coded         // by a coder: EBCDIC, hexadecimal text, …
	composed      // octets as they are, told into parts
	foreign       // by moov's own code
)

// padSide is where a short value is filled up to its fixed length.
type padSide uint8

const (
	padNone padSide = iota
	padLeft
	padRight
)

// fieldCodec is one row of the table that a spec compiles into.
type fieldCodec struct {
	kind     kind
	count    counting
	countLen uint8 // octets of the count
	odd      bool  // a packed count has an odd number of digits, its first nibble is none
	strict   bool  // moov's BCD: the spare nibble must be a digit on reading
	unit     unit
	digits   bool  // of a coded value, characters are digits
	signed   bool  // a short value is filled up after its sign, when it is packed
	max      int32 // the longest value, in units
	nib      *Nibbles
	coder    coder
	parts    *parts // of a composed field
	pad      padSide
	padWith  byte
}

// codec is a compiled spec.
type codec struct {
	pool    sync.Pool // of messages
	fields  [129]fieldCodec
	short   shorts
	moov    [129]field.Field // the prototypes
	bitmap  *hexText         // how the bitmap is written; nil for octets
	second  bool             // fields above 64 exist
	both    bool             // each message has both bitmaps, and no bit to announce the second
	longer  bool             // the first bit of both announces two more, which there are not
	filled  int              // how much longer amounts with a sign may become
	doubles bool             // packing a value may take twice its octets
}

// MaxField is the longest value, in units: six digits of length. A message is
// shorter, but specs give such lengths to say that there is no limit.
const MaxField = 999_999

// maxFixed is the longest value of fixed length.
const maxFixed = 9999

// compile makes the table of a spec. Composite fields and kinds that it does
// not know are left to moov's own code for that field.
func compile(spec *iso8583.MessageSpec) (*codec, error) {
	if spec == nil {
		return nil, fmt.Errorf("there is no field spec")
	}
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	c := &codec{}
	for _, n := range slices.Sorted(maps.Keys(spec.Fields)) { // the first mistake is the one told
		f := spec.Fields[n]
		if n < 0 || n > 128 {
			return nil, fmt.Errorf("field %d: ISO 8583 has fields 0 to 128", n)
		}
		if f == nil || f.Spec() == nil {
			return nil, fmt.Errorf("field %d has no spec", n)
		}
		if n == 1 {
			continue
		}
		fc, err := compileField(f)
		if err != nil {
			return nil, fmt.Errorf("field %d: %w", n, err)
		}
		if fc.kind == composed {
			if fc.parts, err = compileParts(strconv.Itoa(n), f.Spec(), 0); err != nil {
				return nil, fmt.Errorf("field %w", err)
			}
		}
		if fc.count == berCount || fc.kind == composed && fc.parts == nil {
			fc = fieldCodec{kind: foreign, max: fc.max}
		}
		c.second = c.second || n > 64
		c.moov[n], c.fields[n] = f, fc
		c.short.add(n, fc.short())
		if fc.signed {
			c.filled += int(fc.max)
		}
		c.doubles = c.doubles || fc.kind == coded && fc.coder.span(8) > 8 || fc.kind == composed
	}
	if mti := &c.fields[0]; mti.count != fixed || mti.max != 4 || mti.kind >= composed {
		return nil, fmt.Errorf("MTI (field 0): want 4 digits of fixed length, in ascii, packed or ebcdic")
	}
	if c.fields[65].kind != absent {
		return nil, fmt.Errorf("field 65: it announces a third bitmap, there are two; leave it out")
	}
	return c, c.compileBitmap(spec.Fields[1].Spec())
}

// bothBitmaps is the length of a bitmap that is both at once.
const bothBitmaps = 16

func (c *codec) compileBitmap(s *field.Spec) (err error) {
	if c.bitmap, err = bitmapBy(s.Enc); err != nil {
		return fmt.Errorf("bitmap (field 1): %w", err)
	}
	if l := s.Length; l != 0 && l != 8 && l != bothBitmaps {
		return fmt.Errorf("bitmap (field 1): length %d, want 8, and the second bitmap comes by itself when it is needed, or 16 where each message has both; a third never comes", l)
	}
	c.both, c.longer = s.Length == bothBitmaps, !s.DisableAutoExpand
	if s.DisableAutoExpand && !c.both {
		c.second = false
	}
	return nil
}

// bitmapBy is how a bitmap is written, nil for octets.
func bitmapBy(e encoding.Encoder) (*hexText, error) {
	switch e {
	case encoding.Binary:
		return nil, nil
	case encoding.BytesToASCIIHex:
		return asciiHex, nil
	case encoding.Encoder(ebcdicHex):
		return ebcdicHex, nil
	}
	return nil, errors.New("want it in octets, hex or ebcdic-hex")
}

// compileField makes a field's row; the error continues its name. Where the
// codec does not know the kind of field, the row says that it is foreign.
func compileField(f field.Field) (fieldCodec, error) {
	s := f.Spec()
	if s.Length < 0 || s.Length > MaxField {
		return fieldCodec{}, fmt.Errorf("length %d, want 0 to %d", s.Length, MaxField)
	}
	out := fieldCodec{kind: foreign, max: int32(s.Length)}
	switch f.(type) {
	case *field.Composite:
		return out.outer(s.Pref)
	case *field.Numeric:
		out.digits = true
	case *field.String, *field.Binary, *field.Hex, *field.Track1, *field.Track2, *field.Track3:
	default:
		return out, nil
	}
	if s.Packer != nil || s.Unpacker != nil || s.Pref == nil || s.Enc == nil {
		return out, nil
	}
	by, known := lengthBy(s.Pref)
	if known && by.count == fixed && s.Length > maxFixed {
		return out, fmt.Errorf("fixed length %d, want at most %d", s.Length, maxFixed)
	}
	pad, padWith, padKnown := padOf(s.Pad)
	out.signed = s.Pad == SignedZeros
	if !known || !padKnown || (pad != padNone || out.signed) && by.count != fixed {
		return out, nil
	}
	out.pad, out.padWith = pad, padWith
	out.count, out.countLen, out.odd, out.unit = by.count, by.size, by.odd, by.unit
	out.max = int32(min(by.unit.longest(s.Length), by.most))
	if out.count == berCount && s.Length == 0 || out.count == rest {
		out.max = MaxField
	}
	out = out.encode(s.Enc)
	if !out.suits(by.unit) {
		return out, fmt.Errorf("a length of %s goes with %s, not with this encoding", by.unit, by.unit.goesWith())
	}
	if out.count == rest && (out.kind == nibbles || out.kind == coded && !out.holdsText()) {
		out.kind = foreign // as many units as octets are left, moov says: it will not do
	}
	return out, nil
}

// outer is the row of a composed field, all but its parts.
func (f fieldCodec) outer(p prefix.Prefixer) (fieldCodec, error) {
	by, known := lengthBy(p)
	if !known || by.unit != own && by.unit != doubled {
		return f, nil
	}
	f.kind, f.count, f.countLen, f.odd, f.unit = composed, by.count, by.size, by.odd, by.unit
	if f.max = min(f.max, int32(by.most)); f.count == rest || f.count == berCount && f.max == 0 {
		f.max = MaxField
	}
	return f, nil
}

// encode is the row with its encoding; foreign when the codec does not know it.
func (f fieldCodec) encode(e encoding.Encoder) fieldCodec {
	switch e {
	case encoding.ASCII:
		f.kind = ascii
	case encoding.Binary, encoding.Encoder(latin1):
		f.kind = octets
	case encoding.BCD:
		f.kind, f.nib, f.strict = nibbles, DigitsRight, true
	case encoding.LBCD:
		f.kind, f.nib, f.strict = nibbles, Digits, true
	case encoding.EBCDIC, encoding.EBCDIC1047:
		f.kind, f.coder = coded, moovCharset(e)
	case encoding.BytesToASCIIHex:
		f.kind, f.coder = coded, asciiHex
	default:
		if c, ok := e.(coder); ok {
			f.kind, f.coder = coded, c
		}
	}
	if n, ok := e.(*Nibbles); ok && n.spare == 0 && n.separator != '=' && !(f.digits && n.letters) {
		f.kind, f.nib = nibbles, n
	}
	if f.digits && (f.kind == ascii || f.kind == octets) {
		f.kind = decimal
	}
	return f
}

// suits reports whether the encoding has what unit u counts.
func (f *fieldCodec) suits(u unit) bool {
	_, packed := f.coder.(*Nibbles)
	_, hex := f.coder.(*hexText)
	switch u {
	case halves, evened:
		return packed || f.kind == nibbles
	case doubled:
		return hex || f.kind == octets
	}
	return true
}

// holdsMAC reports whether the field can hold a MAC.
func (f *fieldCodec) holdsMAC() bool {
	hex := f.kind == coded && (f.coder == coder(asciiHex) || f.coder == coder(ebcdicHex))
	return (hex || f.kind == octets || f.kind == ascii) && f.count == fixed && f.max == 8
}

// holdsText reports whether the field's value is characters, an octet each.
func (f *fieldCodec) holdsText() bool {
	_, text := f.coder.(*charset)
	return f.kind == octets || f.kind == ascii || text
}

// padOf reads a moov padder by trying it: the side it fills and with what. A
// pad that is not one ASCII character is not known.
func padOf(p padding.Padder) (padSide, byte, bool) {
	if p == nil || p == padding.None || p == SignedZeros {
		return padNone, 0, true
	}
	with := p.Inspect()
	if len(with) != 1 || with[0] > 127 {
		return padNone, 0, false
	}
	other := with[0] ^ 1
	switch out := string(p.Pad([]byte{other}, 2)); out {
	case string([]byte{with[0], other}):
		return padLeft, with[0], true
	case string([]byte{other, with[0]}):
		return padRight, with[0], true
	}
	return padNone, 0, false
}
