// Package packager reads the packager files of jPOS, in which many networks are
// written down: XML, with a class for each field.
//
// [Read] gives a [File] of [Field]s, each with the encoding, length prefix and
// padding that its class means, by the names that dialect files have for them. The
// file is a stranger's: nothing that it names is fetched, no entity is expanded, no
// class is run, and size, depth and number of fields are bounded.
package packager

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/sim/strict"
)

// File is a packager file of a whole message.
type File struct {
	Header int     // octets before the MTI, 0 for none
	MTI    Field   // field 0
	Bitmap string  // how bitmaps stand on the line: octets, hex or ebcdic-hex
	Short  bool    // the bitmap says that it has 64 bits
	Fields []Field // in the order of their numbers, from 2 on
	Notes  []string
}

// Field is a field, or a part of a composed one.
type Field struct {
	Line   int // of the file
	ID     int
	Name   string
	Class  string // without org.jpos.iso
	Length int    // the longest value, in characters, digits or octets

	Kind   string // of values: n, an, ans, x+n or b
	As     string // the encoding
	Prefix string // of the length
	Fill   string // how a short value is filled up: "left 0", "right space" or ""
	Why    string // why a dialect cannot have the field, "" when it can

	Packager string  // of a composed field, the class that puts its parts together, without package
	By       string  // how its parts are told apart: order, "bitmap octets 8", "tag ascii 2" or ber-tlv
	Others   string  // the length prefix of tags that are not among the parts
	Parts    []Field // in the order of their numbers
	Whole    string  // why its parts cannot be told, "" when they can
	Tag      string  // of a part: its number as it stands on the line

	token   string
	trimmed bool // it takes what is left
}

// Read reads a packager file; name stands for it in errors, which tell all that is
// wrong, each with file, line and mend. What jPOS would not load is refused, but
// for a missing document type.
func Read(name string, data []byte) (*File, error) {
	root, p, err := readXML(name, data)
	if err != nil {
		return nil, err
	}
	f := p.packager(root)
	if len(p.errs) > 0 {
		return nil, errors.Join(p.errs...)
	}
	return f, nil
}

// packager reads the root.
func (p *reader) packager(root *element) *File {
	f := &File{Header: p.number(root, "headerLength", 0)}
	if !p.doctype {
		f.Notes = append(f.Notes, "it has no DOCTYPE, without which jPOS itself does not load it")
	}
	if p.wrapped {
		f.Notes = append(f.Notes, "its <isopackager> stands in another element, in which jPOS itself does not load it")
	}
	if f.Header < 0 || f.Header > 50 {
		p.fail(root.line, "headerLength=%d, want 0 to 50 octets", f.Header)
	}
	if root.attr["emitBitmap"] == "false" {
		p.fail(root.line, `emitBitmap="false": a message without a bitmap cannot be told in a dialect`)
	}
	if n := p.number(root, "bitmapField", 1); n != 1 {
		p.fail(root.line, "bitmapField=%d: a dialect has the bitmap after the MTI, in field 1", n)
	}
	if first := p.number(root, "firstField", 2); first != 2 {
		p.fail(root.line, "firstField=%d: a dialect has its first field after the bitmap; number them from 2", first)
	}
	third := p.number(root, "thirdBitmapField", 0)
	if third > 128 {
		p.fail(root.line, "thirdBitmapField=%d, want at most 128", third)
	}
	all := p.fields(root, f)
	p.head(root, f, all)
	for n, field := range all {
		switch {
		case n < 2:
			continue
		case n > 128:
			field.Why = "needs a third bitmap; a dialect has two"
		case n > 64 && f.Short && f.Bitmap == "ebcdic-hex":
			field.Why = "is not announced by an IFE_BITMAP of 8 octets"
		case n == 65 || n == third:
			field.Why = "announces a third bitmap; a dialect has two"
		}
		f.Fields = append(f.Fields, *field)
	}
	slices.SortFunc(f.Fields, func(a, b Field) int { return a.ID - b.ID })
	return f
}

// head reads MTI and bitmap.
func (p *reader) head(root *element, f *File, all map[int]*Field) {
	if len(p.errs) > 0 {
		return
	}
	mti, bitmap := all[0], all[1]
	switch {
	case mti == nil:
		p.fail(root.line, "there is no field 0: the MTI, an IFA_NUMERIC or IFB_NUMERIC of length 4")
	case mti.Kind != "n" && mti.Kind != "ans" || mti.Prefix != "fixed" || mti.Length != 4 || mti.Packager != "" || mti.Why != "":
		p.fail(mti.Line, "field 0 is %s of length %d, want four digits: IFA_NUMERIC, IFB_NUMERIC or IFE_NUMERIC of length 4", mti.Class, mti.Length)
	default:
		f.MTI = *mti
	}
	switch {
	case bitmap == nil:
		p.fail(root.line, "there is no field 1: the bitmap, an IFA_BITMAP or IFB_BITMAP of length 16")
	case bitmaps[bitmap.Class] == "":
		p.fail(bitmap.Line, "field 1 is %s, want a bitmap: IFA_BITMAP, IFB_BITMAP or IFE_BITMAP of length 16; messages without one (X92GenericPackager) cannot be told in a dialect", bitmap.Class)
	case bitmap.Length < 8:
		p.fail(bitmap.Line, "field 1: length %d, want 8 or 16 octets (its digits are twice as many)", bitmap.Length)
	default:
		f.Bitmap, f.Short = bitmaps[bitmap.Class], bitmap.Length == 8
		if f.Bitmap == "ebcdic-hex" && !f.Short {
			f.Notes = append(f.Notes, "the bitmap, an IFE_BITMAP: jPOS writes all of its octets where a message has no field above 32, and wants that many in each message that it reads; the second is written here when a field above 64 is there, and read either way")
		}
	}
}

// fields reads the fields of an element by number; of one that stands twice the
// last counts, as in jPOS.
func (p *reader) fields(of *element, f *File) map[int]*Field {
	all := map[int]*Field{}
	for _, e := range of.kids {
		if e.name == "isovalidator" || len(p.errs) >= maxErrors {
			continue
		}
		field := p.field(e)
		if field == nil {
			continue
		}
		if first := all[field.ID]; first != nil && f != nil {
			f.Notes = append(f.Notes, fmt.Sprintf("field %d stands twice, on lines %d and %d; the last counts", field.ID, first.Line, e.line))
		}
		all[field.ID] = field
	}
	return all
}

// field reads one field; nil when something is wrong with it.
func (p *reader) field(e *element) *Field {
	told := len(p.errs)
	f := &Field{Line: e.line, ID: p.number(e, "id", -1), Name: strings.TrimSpace(e.attr["name"]), Length: p.number(e, "length", 0)}
	name := strings.TrimSpace(e.attr["class"])
	f.Class = strings.TrimPrefix(name, iso)
	switch {
	case len(p.errs) > told || name == "":
		return nil
	case f.ID < 0 || f.ID > 192 && e.depth == 2:
		p.fail(e.line, "%s: want a number from 0 to 192", e)
		return nil
	case !known[name]:
		p.fail(e.line, "%s: %w", e, noClass(name, known))
		return nil
	case e.attr["params"] != "":
		p.fail(e.line, "%s: params=%s: no class of jPOS takes one; leave it away", e, strict.Quote(e.attr["params"]))
	}
	f.token = e.attr["token"]
	c, whole := classes[f.Class]
	if f.Kind, f.As, f.Prefix, f.Fill = c.kind, c.as, c.prefix, c.fill; e.attr["pad"] == "true" && c.padded != "" {
		f.As = c.padded
	}
	switch {
	case c.most > 0 && f.Length > c.most:
		p.fail(e.line, "%s: length %d is above %d, the longest that %s can tell; jPOS does not load the file", e, f.Length, c.most, f.Class)
	case !whole:
		f.Why = whyNot(f.Class)
	case f.Length < 1:
		f.Why = fmt.Sprintf("has length %d, with which jPOS writes nothing", f.Length)
	case c.prefix == "fixed" && f.Length > maxFixed:
		f.Why = fmt.Sprintf("has a fixed length of %d, more than a message has", f.Length)
	case f.Length > longest:
		f.Length = longest // its prefix tells of fewer
	case e.attr["trim"] == "true":
		f.Why, f.trimmed = `has trim="true", with which its length is what is left of the message`, c.prefix == "fixed"
	}
	if t, is := tagged[f.Class]; is && t.most > 0 && f.Length > t.most {
		p.fail(e.line, "%s: length %d is above %d, the longest that %s can tell", e, f.Length, t.most, f.Class)
	}
	if e.name == "isofieldpackager" {
		p.composed(e, f)
	}
	return f
}

const (
	maxFixed = 9999   // the longest value of fixed length
	longest  = 999999 // and of another
)

// number reads a number as Java does: digits, a sign before them perhaps, nothing
// else.
func (p *reader) number(e *element, key string, otherwise int) int {
	s, given := e.attr[key]
	if !given {
		return otherwise
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if errors.Is(err, strconv.ErrRange) {
		p.fail(e.line, "%s: %s=%s is a number of %d characters; want at most %d", e, key, strict.Quote(s), len(s), longest)
		return otherwise
	}
	if err != nil {
		p.fail(e.line, "%s: %s=%s, want a number in decimal digits, without blanks", e, key, strict.Quote(s))
		return otherwise
	}
	return int(n)
}
