package dialect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/sim/wire"
)

// draftSpec drafts what a spec in moov's JSON says.
func draftSpec(name string, data []byte) (*draft, error) {
	d := newDraft(name, "spec of moov-io/iso8583")
	file, err := readSpec(data)
	if err == nil {
		d.countedTwice(file)
		err = file.check()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if file.Name != "" {
		d.title = plain(file.Name)
	}
	if err := d.moovHead(file); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, key := range numbered(file.Fields) {
		n, _ := strconv.Atoi(key)
		if n < 2 {
			continue
		}
		f := file.Fields[key]
		drafted, why := d.moovField(key, f)
		if n == 65 {
			why = "announces a third bitmap; a dialect has two"
		}
		if why != "" {
			d.left = append(d.left, fmt.Sprintf("field %s (%s) is left out: it %s", key, f.Description, why))
			continue
		}
		d.fields[n] = drafted
		if drafted.by != "" {
			d.took = append(d.took, fmt.Sprintf("field %s with its parts, told apart by %s", key, drafted.by))
		}
	}
	return d, nil
}

// countedTwice makes octets of fields in hexadecimal digits of fixed length, which
// moov cannot write and read alike: it wants twice as many when it packs.
func (d *draft) countedTwice(file *specFile) {
	for _, key := range numbered(file.Fields) {
		f := file.Fields[key]
		if f == nil || f.Type == "Bitmap" || f.Prefix != "Hex.Fixed" || f.Enc != "HexToASCII" {
			continue
		}
		f.Type, f.Prefix = "Binary", "ASCII.Fixed"
		d.guessed = append(d.guessed, fmt.Sprintf("field %s: prefix Hex.Fixed counts twice when moov packs and once when it reads; here it is %d octets in %d digits, as moov reads it", key, f.Length, 2*f.Length))
	}
}

// moovHead takes MTI and bitmap.
func (d *draft) moovHead(file *specFile) error {
	mti, bitmap := file.Fields["0"], file.Fields["1"]
	if mti == nil || bitmap == nil {
		return fmt.Errorf("fields 0 and 1, the MTI and the bitmap, are missing")
	}
	d.mti = ourEncoding(mti.Enc)
	if mti.Length != 4 || !strings.HasSuffix(mti.Prefix, ".Fixed") || !slices.Contains([]string{"ascii", "ebcdic", "packed", "packed-right"}, d.mti) {
		return fmt.Errorf(`field 0: length %d, enc %q, prefix %q: want four digits of fixed length, in ASCII, packed or in EBCDIC`, mti.Length, mti.Enc, mti.Prefix)
	}
	d.bitmap, d.one = ourEncoding(bitmap.Enc), false
	switch bitmap.Length {
	case 0, 8:
	case 16:
		d.bitmap += " 16"
		d.guessed = append(d.guessed, "field 1: each message has 16 octets of bitmap, as moov takes length 16; where the second 8 come only when the first says so, write bitmap: "+ourEncoding(bitmap.Enc)+` here and "length": 8 in your program`)
	default:
		return fmt.Errorf(`field 1: length %d: want 8, and 8 more when the first says so, or 16 in every message`, bitmap.Length)
	}
	return nil
}

// ourEncoding is our name of an encoding in moov's JSON.
func ourEncoding(name string) string {
	if ours := moovEncodings[name]; ours != "" {
		return ours
	}
	return name
}

// moovField drafts a field; why not when it cannot be had.
func (d *draft) moovField(path string, f *specField) (_ *draftField, why string) {
	out := &draftField{length: f.Length, name: f.Description, as: ourEncoding(f.Enc), prefix: ourPrefix(f.Prefix), kind: f.kind()}
	if f.Type == "Composite" {
		return d.moovComposite(path, f, out)
	}
	if f.Enc == "EBCDIC" {
		d.guessed = append(d.guessed, fmt.Sprintf(`field %s: moov's EBCDIC has other octets for !, |, [ and ]; here it is IBM-1047, moov's EBCDIC1047`, path))
	}
	if p := f.Padding; p != nil && p.Type != "None" {
		pad := p.Pad
		if pad == " " {
			pad = "space"
		}
		out.fill = strings.ToLower(p.Type) + " " + pad
		switch {
		case p.Type == "Signed":
			out.fill, out.kind = "left 0", "x+n"
		case out.prefix != "fixed":
			return nil, "is filled up after a length, which a dialect does not do"
		}
		if !padShape.MatchString(out.fill) {
			return nil, fmt.Sprintf("is filled up with %q", p.Pad)
		}
	}
	switch {
	case out.prefix == "rest" && !strings.Contains(path, "."):
		return nil, "takes what is left of the message"
	case out.prefix == "rest" || out.prefix == "ber":
		if out.length == 0 {
			out.length = 999
		}
	case out.prefix == "fixed" && out.length > maxFixed:
		return nil, fmt.Sprintf("has a fixed length of %d, more than a message has", out.length)
	}
	return out, ""
}

// maxFixed is the longest value of fixed length.
const maxFixed = 9999

// kind is what moov's type and encoding say of the values, in ISO 8583's notation.
func (f *specField) kind() string {
	enc := ourEncoding(f.Enc)
	_, packed := specEncodings[f.Enc].(*wire.Nibbles)
	switch {
	case f.Type == "Binary", f.Type == "Hex", f.Type == "Composite", enc == "hex", enc == "ebcdic-hex":
		return "b"
	case f.Type == "Numeric", f.Enc == "BCD", f.Enc == "LBCD", packed && !strings.HasPrefix(enc, "packed-hex"):
		return "n"
	case strings.HasPrefix(enc, "signed"):
		return "x+n"
	case packed:
		return "an"
	case f.Padding != nil && f.Padding.Type == "Left" && f.Padding.Pad == "0":
		return "n"
	}
	return "ans"
}

// moovComposite drafts a composed field.
func (d *draft) moovComposite(path string, f *specField, out *draftField) (_ *draftField, why string) {
	out.as = ""
	switch t := f.Tag; {
	case f.Bitmap != nil:
		n := f.Bitmap.Length
		if n == 0 {
			n = 8
		}
		out.by = fmt.Sprintf("bitmap %s %d", ourEncoding(f.Bitmap.Enc), n)
	case t.Enc == "":
		out.by = "order"
	case t.Enc == "BerTLVTag":
		out.by = "ber-tlv"
	default:
		out.by = fmt.Sprintf("tag %s %d", ourEncoding(t.Enc), t.Length)
		if t.SkipUnknownTLVTags && t.PrefUnknownTLV != "" {
			out.others = ourPrefix(t.PrefUnknownTLV)
		}
	}
	if !byShape.MatchString(out.by) {
		return nil, fmt.Sprintf("has parts by %s, which a dialect does not tell apart", out.by)
	}
	for _, id := range numbered(f.Subfields) {
		sub := f.Subfields[id]
		tag := id
		if t := f.Tag; t != nil && t.Enc != "" && t.Enc != "BerTLVTag" && t.Padding != nil && len(id) < t.Length {
			tag = string(t.Padding.padder().Pad([]byte(id), t.Length))
		}
		if strings.ContainsAny(tag, ". ") {
			return nil, fmt.Sprintf("has a part with the tag %q", tag)
		}
		part, why := d.moovField(path+"."+tag, sub)
		if why != "" {
			return nil, fmt.Sprintf("has a part %s that %s", tag, why)
		}
		part.id = tag
		out.parts = append(out.parts, part)
	}
	if out.length == 0 {
		out.length = 999
	}
	return out, ""
}
