package packager

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// composed reads the parts of a composed field and how they are told apart.
func (p *reader) composed(e *element, f *Field) {
	name := strings.TrimSpace(e.attr["packager"])
	why, own := whyUndivided(name)
	if !slices.Contains(composites, name) && !own {
		among := map[string]bool{}
		for _, c := range composites {
			among[c] = true
		}
		err := noClass(name, among)
		if meant(name, among) == "" {
			err = fmt.Errorf("%w, or make it an <isofield> without packager: one value", err)
		}
		p.fail(e.line, "%s: packager: %w", e, err)
		return
	}
	f.Packager = name[strings.LastIndexByte(name, '.')+1:]
	if own {
		f.Whole = why
		return
	}
	parts := p.fields(e, nil)
	if len(p.errs) > 0 {
		return
	}
	d := division{Field: f, p: p, e: e, parts: parts}
	f.Whole = d.divide()
	if f.Whole == "" && f.As == "ebcdic" {
		f.Whole = f.translate()
	}
	if f.Whole == "" && f.Prefix == "fixed" {
		f.Whole = d.unfilled()
	}
	if f.Whole != "" {
		f.By, f.Others, f.Parts = "", "", nil
	}
}

// division finds out how the parts of a composed field are told apart.
type division struct {
	*Field
	p     *reader
	e     *element
	parts map[int]*Field
}

// divide says why a dialect cannot tell the parts apart, "" when it can.
func (d *division) divide() string {
	if d.As != "latin1" && d.As != "octets" && d.As != "ebcdic" {
		return fmt.Sprintf("%s does not write the octets of its parts as they are", d.Class)
	}
	if n := d.p.number(d.e, "headerLength", 0); n != 0 {
		return fmt.Sprintf("it has a header of its own: headerLength=%d", n)
	}
	switch d.Packager {
	case "GenericSubFieldPackager", "GenericPackager", "GenericValidatingPackager", "Base1SubFieldPackager":
		return d.generic()
	case "EuroSubFieldPackager":
		return d.tagged("ascii", "IFMC_", 2)
	case "MasterCardEBCDICSubFieldPackager":
		return d.tagged("ebcdic", "IFEPE_", 2)
	case "GenericTaggedFieldsPackager":
		return d.mapped()
	case "TaggedSequencePackager":
		return d.sequence()
	case "BERTLVBinaryPackager":
		d.By = "ber-tlv"
		return ""
	}
	return "it is not a way of putting parts together that dialects have"
}

// lengthFirst reports a part whose class writes its length before its tag.
func (d *division) lengthFirst() bool {
	for _, part := range d.parts {
		if strings.HasPrefix(part.Class, "IFEP_") || strings.HasPrefix(part.Class, "IFELPE_") {
			return true
		}
	}
	return false
}

// deepest is how deep in the file the parts of a part may stand: dialect files are
// nested no deeper.
const deepest = 2

// generic divides by a bitmap, or by order.
func (d *division) generic() string {
	at := d.p.number(d.e, "bitmapField", 1)
	first := 1
	if d.Packager == "Base1SubFieldPackager" {
		at = 0
	}
	if d.Packager == "GenericPackager" || d.Packager == "GenericValidatingPackager" {
		first = 0
	}
	d.By = "order"
	if bitmap := d.parts[at]; d.e.attr["emitBitmap"] != "false" {
		base1 := bitmap != nil && bitmap.Class == "packager.Base1_BITMAP126"
		switch {
		case base1 && d.highest() < 64:
			bitmap.Length = 8
		case bitmap == nil || bitmaps[bitmap.Class] == "":
			return fmt.Sprintf("there is no bitmap at its part %d, without which jPOS does not write it", at)
		case bitmap.Length < 1 || d.highest() > 8*min(bitmap.Length, 8):
			return fmt.Sprintf("its bitmap of %d octets does not announce part %d by itself", bitmap.Length, d.highest())
		case first == 0 && at > 0 && d.parts[0] != nil && d.parts[0].Why == "":
			return "a part stands before its bitmap"
		}
		d.By = fmt.Sprintf("bitmap %s %d", cmp.Or(bitmaps[bitmap.Class], "octets"), min(bitmap.Length, 8))
		first = at + 1
	}
	first = d.p.number(d.e, "firstField", first)
	if len(d.parts) == 0 {
		return "it has no parts"
	}
	for _, n := range slices.Sorted(maps.Keys(d.parts)) {
		part := d.parts[n]
		if part.trimmed && d.By == "order" && n == d.highest() && part.Packager == "" {
			part.Prefix, part.Fill, part.Why = "rest", "", ""
		}
		switch {
		case n < first || d.By != "order" && n <= at:
			continue // not written: a placeholder, the bitmap
		case part.Why != "":
			return fmt.Sprintf("its part %d is %s, which %s", n, part.Class, part.Why)
		case part.By != "" && d.e.depth > deepest:
			return fmt.Sprintf("its part %d has parts that are nested too deep", n)
		case d.By == "order" && len(d.Parts) > 0 && n != d.Parts[len(d.Parts)-1].ID+1:
			return fmt.Sprintf("its part %d follows part %d", n, d.Parts[len(d.Parts)-1].ID)
		}
		d.take(part, strconv.Itoa(n))
	}
	if len(d.Parts) == 0 {
		return "it has no parts"
	}
	return ""
}

func (d *division) highest() int {
	n := 0
	for id := range d.parts {
		n = max(n, id)
	}
	return n
}

// take makes a field one of the parts.
func (d *division) take(part *Field, tag string) {
	part.Tag = tag
	d.Parts = append(d.Parts, *part)
}

// tagged divides by tags of so many digits, of classes that begin alike.
func (d *division) tagged(form, prefix string, digits int) string {
	if d.lengthFirst() {
		return lengthFirst
	}
	d.By = fmt.Sprintf("tag %s %d", form, digits)
	for _, n := range slices.Sorted(maps.Keys(d.parts)) {
		part := d.parts[n]
		c := tagged[part.Class]
		tag := fmt.Sprintf("%0*d", digits, n)
		if !strings.HasPrefix(part.Class, prefix) || c.prefix == "" || part.Packager != "" || len(tag) != digits || part.Length < 1 {
			return fmt.Sprintf("its part %d is %s, which these tags do not tell", n, part.Class)
		}
		part.be(c)
		d.take(part, tag)
	}
	if len(d.Parts) == 0 {
		return "it has no parts"
	}
	return ""
}

// be gives a part what its class says.
func (f *Field) be(c class) {
	f.Kind, f.As, f.Prefix, f.Fill, f.Why = c.kind, c.as, c.prefix, c.fill, ""
}

// mappers are the tag mappers of jPOS whose tags are numbers, by their digits.
var mappers = map[string]int{packagers + "TTDecimalTagMapper": 2, packagers + "TTTDecimalTagMapper": 3}

// mapped divides by the tags of a tag mapper; those that are not listed are text.
func (d *division) mapped() string {
	digits, known := mappers[strings.TrimSpace(d.e.attr["tagMapper"])]
	size := d.p.number(d.e, "lenSize", 0)
	switch {
	case !known:
		return fmt.Sprintf("its tags are those of %s", cmp.Or(d.e.attr["tagMapper"], "no tagMapper"))
	case d.e.attr["swapTagAndLen"] == "true":
		return "the length stands before the tag"
	case d.p.number(d.e, "tagSize", 0) != digits || size < 1 || size > 6:
		return "tagSize and lenSize are not those of its parts"
	}
	if why := d.tagged("ascii", "IFA_TT", digits); why != "" {
		return why
	}
	d.Others = fmt.Sprintf("ascii%d", size)
	for _, part := range d.Parts {
		if part.Prefix != d.Others {
			return fmt.Sprintf("its part %d is %s, lenSize=%d", part.ID, part.Class, size)
		}
	}
	return ""
}

var hashes = regexp.MustCompile(`^#+$`)

// sequence divides by the tokens that are the tags; one of # signs is for those
// that are not listed. Where parts without tags stand before them, the tags are parts
// of one that takes what is left.
func (d *division) sequence() string {
	length, next := 0, 0
	var before []Field
	for _, n := range slices.Sorted(maps.Keys(d.parts)) {
		part := d.parts[n]
		c, is := tagged[part.Class]
		is = is && strings.HasPrefix(part.Class, tlv)
		token := part.token
		switch {
		case !is && length > 0:
			return fmt.Sprintf("its part %d (%s) stands behind the tags", n, part.Class)
		case !is && part.Why != "":
			return fmt.Sprintf("its part %d is %s, which %s", n, part.Class, part.Why)
		case !is && (part.By != "" || d.e.depth > deepest):
			return fmt.Sprintf("its part %d (%s) stands before the tags", n, part.Class)
		case !is:
			part.Tag, next = strconv.Itoa(n), n+1
			before = append(before, *part)
			continue
		case token == "" || len(token) > 16 || strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' || c == '.' }):
			return fmt.Sprintf("its part %d has no token, or one that is no tag", n)
		case length != 0 && len(token) != length:
			return "its tags are not all of one length"
		case part.Length < 1:
			return fmt.Sprintf("its part %d has length %d", n, part.Length)
		}
		if length = len(token); hashes.MatchString(token) {
			d.Others = c.prefix
			continue
		}
		part.be(c)
		d.take(part, token)
	}
	slices.SortFunc(d.Parts, func(a, b Field) int { return strings.Compare(a.Tag, b.Tag) })
	if length == 0 {
		return "it has no tags"
	}
	d.By = fmt.Sprintf("tag latin1 %d", length)
	if len(before) > 0 {
		tags := Field{Line: d.Line, Name: "tags", Kind: "b", As: "octets", Prefix: "rest", Length: d.Length, By: d.By, Others: d.Others, Parts: d.Parts, Tag: strconv.Itoa(next)}
		d.By, d.Others, d.Parts = "order", "", append(before, tags)
	}
	return ""
}

// inEBCDIC is what an encoding is after its octets, taken for text, were put into
// EBCDIC, as the class of a composed field does with its parts.
var inEBCDIC = map[string]string{"latin1": "ebcdic", "octets": "ebcdic", "hex": "ebcdic-hex", "ascii": "ebcdic"}

// translate has the parts of a field stand on the line in EBCDIC, and says which
// cannot.
func (f *Field) translate() string {
	form, size, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(f.By, "bitmap "), "tag "), " ")
	switch {
	case f.By == "order":
	case inEBCDIC[form] == "" || f.By == "bitmap octets "+size:
		return fmt.Sprintf("%s puts into EBCDIC what tells its parts apart", f.Class)
	default:
		f.By = strings.Fields(f.By)[0] + " " + inEBCDIC[form] + " " + size
	}
	f.Others = strings.Replace(f.Others, "ascii", "ebcdic", 1)
	for i := range f.Parts {
		part := &f.Parts[i]
		as := inEBCDIC[part.As]
		if as == "" || part.Prefix != "fixed" && !strings.HasPrefix(part.Prefix, "ascii") {
			return fmt.Sprintf("%s puts into EBCDIC what %s writes of its part %d", f.Class, part.Class, part.ID)
		}
		part.Prefix = strings.Replace(part.Prefix, "ascii", "ebcdic", 1)
		if part.As = as; part.By != "" {
			if why := part.translate(); why != "" {
				return why
			}
		}
	}
	return ""
}

// unfilled says what is wrong with parts in a field of fixed length that they do
// not always fill.
func (d *division) unfilled() string {
	sum := 0
	for _, part := range d.Parts {
		if part.Prefix != "fixed" || part.Packager != "" || part.octets() == 0 {
			return "its parts are not always as long as it is"
		}
		sum += part.octets()
	}
	if d.By != "order" || sum != d.Length {
		return fmt.Sprintf("its parts have %d octets, it has %d", sum, d.Length)
	}
	return ""
}

// octets are those that a part of fixed length has on the line.
func (f *Field) octets() int {
	switch {
	case strings.HasPrefix(f.As, "track"), strings.HasPrefix(f.As, "packed"):
		return (f.Length + 1) / 2
	case strings.HasPrefix(f.As, "signed"):
		return 1 + f.Length/2
	case strings.Contains(f.As, "hex"):
		return 2 * f.Length
	}
	return f.Length
}
