package dialect

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/posfleet/posfleet/sim/dialect/packager"
	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

// ImportForms are the forms of specifications that Import reads.
var ImportForms = []string{"jpos", "moov"}

// Import makes a dialect file of another program's specification: a jPOS generic
// packager (XML) or moov-io/iso8583's JSON; form is one of ImportForms, or empty
// to see it by the first character. At its head the file says, as comments, what
// was taken, what was guessed, and what is left to do; the last two are notes, too.
// name stands for the specification in errors and names the dialect.
//
// The file is one that [Parse] takes. What a dialect cannot have is left out and
// told by field; what the other program itself would refuse is an error, with
// line, field and mend.
func Import(name string, data []byte, form string) (text []byte, notes []string, err error) {
	if form == "" {
		form = "jpos"
		switch begin := bytes.TrimLeft(data, "\ufeff \t\r\n"); {
		case len(begin) == 0 || begin[0] == '<' || begin[0] == 0 || begin[0] >= 0xFE: // or UTF-16
		case begin[0] == '{':
			form = "moov"
		default:
			return nil, nil, fmt.Errorf("%s:1: begins as neither XML nor JSON; want a packager of jPOS or a spec of moov-io/iso8583", name)
		}
	}
	var d *draft
	switch form {
	case "jpos":
		d, err = draftPackager(name, data)
	case "moov":
		d, err = draftSpec(name, data)
	default:
		err = fmt.Errorf("%s, want %s", strict.Quote(form), strings.Join(ImportForms, " or "))
	}
	if err != nil {
		return nil, nil, err
	}
	return d.finish()
}

// draft is a dialect file in the making.
type draft struct {
	from, name, title string
	extends           string       // the dialect whose forms it has, "" for none
	absent            map[int]bool // fields of that one which the specification lacks
	mti, bitmap       string       // encodings
	header            int          // octets before the MTI
	one               bool         // a single bitmap is declared
	fields            map[int]*draftField
	took              []string
	guessed           []string
	left              []string
}

// draftField is a field of a draft, as the file has it.
type draftField struct {
	kind   string // of values, in ISO 8583's notation
	length int
	name   string
	as     string
	prefix string
	fill   string
	mask   string
	whole  bool // without the parts that the dialect it extends has

	by, others string // of a composed field, as files have them
	parts      []*draftField
	id         string // of a part, in its field
}

// draftPackager drafts what a jPOS packager says.
func draftPackager(name string, data []byte) (*draft, error) {
	f, err := packager.Read(name, data)
	if err != nil {
		return nil, err
	}
	d := newDraft(name, "jPOS generic packager")
	d.bitmap, d.one, d.header = f.Bitmap, f.Short, f.Header
	d.mti = map[string]string{"latin1": "ascii", "ebcdic": "ebcdic"}[f.MTI.As]
	if d.mti == "" {
		d.mti = strings.Replace(f.MTI.As, "track-equals", "packed", 1)
	}
	d.guessed = append(d.guessed, f.Notes...)
	for i := range f.Fields {
		p := &f.Fields[i]
		if p.Why != "" {
			d.left = append(d.left, fmt.Sprintf("field %d (%s, line %d) is left out: %s %s", p.ID, p.Name, p.Line, p.Class, p.Why))
			continue
		}
		d.fields[p.ID] = draftOf(p)
		d.composed(strconv.Itoa(p.ID), p)
	}
	return d, nil
}

// draftOf is a packager's field as a draft has it, with its parts.
func draftOf(p *packager.Field) *draftField {
	f := &draftField{kind: p.Kind, length: p.Length, name: p.Name, as: p.As, prefix: p.Prefix, fill: p.Fill, by: p.By, others: p.Others}
	if f.by != "" {
		f.kind, f.as, f.fill = "b", "", ""
	}
	for i := range p.Parts {
		part := draftOf(&p.Parts[i])
		part.id = p.Parts[i].Tag
		f.parts = append(f.parts, part)
	}
	return f
}

// composed notes what becomes of a composed field.
func (d *draft) composed(path string, p *packager.Field) {
	for i := range p.Parts {
		d.composed(path+"."+p.Parts[i].Tag, &p.Parts[i])
	}
	switch {
	case p.Packager == "":
	case p.Whole != "":
		d.left = append(d.left, fmt.Sprintf("field %s (%s, line %d), composed by %s, is taken as one value: %s", path, p.Name, p.Line, p.Packager, p.Whole))
	case p.By != "order":
		d.took = append(d.took, fmt.Sprintf("field %s with its parts, told apart by %s", path, p.By))
	default:
		d.took = append(d.took, fmt.Sprintf("field %s with its parts, in order", path))
	}
}

func newDraft(from, what string) *draft {
	base := plain(path.Base(strings.ReplaceAll(from, `\`, "/")))
	d := &draft{from: base, fields: map[int]*draftField{}}
	d.name = nameShape.ReplaceAllString(strings.ToLower(strings.TrimSuffix(base, path.Ext(base))), "-")
	d.name = cmp.Or(strings.Trim(d.name, "-"), "imported")
	d.title = fmt.Sprintf("imported from %s, a %s", base, what)
	return d
}

var nameShape = regexp.MustCompile(`[^a-z0-9]+`)

// finish writes the file, with the forms of the dialect that fits best, or with
// none.
func (d *draft) finish() (text []byte, notes []string, err error) {
	if len(d.fields) == 0 {
		return nil, nil, fmt.Errorf("%s: has no field from 2 on that a dialect can have%s", d.from, strings.Join(append([]string{""}, d.left...), "; "))
	}
	d.classify()
	d.mask()
	d.tell()
	forms := d.borrow()
	text = slices.Concat(d.head(), d.body(), forms)
	if _, err := Parse(d.name+".yaml", text, nil); err != nil {
		return nil, nil, fmt.Errorf("%s: the dialect made of it is none: %w", d.from, err)
	}
	for _, note := range slices.Concat(d.guessed, d.left) {
		notes = append(notes, plain(note))
	}
	return text, notes, nil
}

// classify corrects the kinds of fields by their numbers: ISO 8583 says which
// are tracks.
func (d *draft) classify() {
	for n, f := range d.fields {
		if isTrack(n) && f.kind != "b" {
			f.kind = "z"
		}
	}
	for _, n := range slices.Sorted(maps.Keys(d.fields)) {
		d.suit(strconv.Itoa(n), d.fields[n])
	}
}

// suit makes a field and its parts no longer than their length prefixes can tell, and
// of a kind that their encodings hold.
func (d *draft) suit(path string, f *draftField) {
	if p, known := wire.Prefix(f.prefix); known && f.length > wire.PrefixMost(p) {
		d.guessed = append(d.guessed, fmt.Sprintf("field %s: length %d is above %d, the longest that its length prefix tells, and is %d here", path, f.length, wire.PrefixMost(p), wire.PrefixMost(p)))
		f.length = wire.PrefixMost(p)
	}
	switch {
	case f.by != "", holds(f.kind, f.as):
	case strings.HasPrefix(f.as, "signed"):
		f.kind = "x+n"
	default:
		f.kind = "n"
	}
	for _, part := range f.parts {
		d.suit(path+"."+part.id, part)
	}
}

// mask says what may be shown of the fields that hold card data or whatever a
// network agrees on.
func (d *draft) mask() {
	for n, f := range d.fields {
		switch {
		case n == isoPAN:
			f.mask = maskNames[Truncated]
		case n == isoChipData && f.kind == "b":
			f.mask = maskNames[Tags]
		case private(n), n == isoKeyManagement, secretName.MatchString(f.name):
			f.mask = maskNames[Hidden]
		}
	}
}

// secretName are names of fields that hold what is never shown, in the second
// edition of ISO 8583 too.
var secretName = regexp.MustCompile(`(?i)\b(pin (data|block)|personal identification number|track ?[123]|cvv2?|cvc2?|password|keys?)\b`)

// tell says what was taken.
func (d *draft) tell() {
	d.took = slices.Insert(d.took, 0, fmt.Sprintf("%d fields: lengths, encodings, length prefixes, padding; MTI in %s, bitmaps as %s", len(d.fields), d.mti, d.bitmap))
	if d.one && slices.Max(slices.Collect(maps.Keys(d.fields))) > 64 {
		d.guessed = append(d.guessed, "the bitmap is declared with 64 bits, yet fields above 64 are there: a second bitmap is read and written (jPOS writes it and cannot read it back)")
	}
	framing := "framing: a length of two binary octets is a guess"
	if d.header > 0 {
		framing += fmt.Sprintf(", and what is in the header of %d octets is not known", d.header)
	}
	d.left = slices.Insert(d.left, 0, framing+"; name your jPOS channel, as in framing: {channel: NACChannel}, or say what stands around a message")
	d.guessed = append(d.guessed, "masks, by the numbers that ISO 8583 gives card data, PIN blocks, tracks and private fields: what holds no secret may be mask: clear")
}

// head is the comment that the file begins with.
func (d *draft) head() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Made of %s by posfleet dialect import. docs/dialects.md explains each key.\n", plain(d.from))
	for _, part := range []struct {
		title string
		notes []string
	}{{"Taken", d.took}, {"Guessed; look whether it is so", d.guessed}, {"Left to you", d.left}} {
		if len(part.notes) == 0 {
			continue
		}
		fmt.Fprintf(&b, "#\n# %s:\n", part.title)
		for _, note := range part.notes {
			wrap(&b, plain(note))
		}
	}
	return b.Bytes()
}

// wrap writes a note as comment lines of at most 100 characters.
func wrap(b *bytes.Buffer, note string) {
	line := "# *"
	for _, word := range strings.Fields(note) {
		if len(line)+1+len(word) > 100 {
			b.WriteString(line + "\n")
			line = "#  "
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}

// body is the file without its head.
func (d *draft) body() []byte {
	var b bytes.Buffer
	if d.extends != "" {
		fmt.Fprintf(&b, "extends: %s\n", d.extends)
	}
	fmt.Fprintf(&b, "name: %s\ntitle: %s\n", scalar(d.name), scalar(d.title))
	fmt.Fprintf(&b, "\nframing: {length: binary2%s}\n", d.routing())
	e := d.encodings()
	fmt.Fprintf(&b, "\nencoding: {mti: %s, bitmap: %s, length: %s, n: %s, text: %s, b: %s, z: %s}\n", d.mti, d.bitmap, e["length"], e["n"], e["text"], e["b"], e["z"])
	b.WriteString("\nfields:\n")
	for n := range 129 {
		if f := d.fields[n]; f != nil {
			f.write(&b, strconv.Itoa(n), "  ", e)
		}
	}
	for n := range 129 {
		if d.absent[n] {
			fmt.Fprintf(&b, "  %d: none\n", n)
		}
	}
	return b.Bytes()
}

// routing is the header before the MTI: what is in it is not known.
func (d *draft) routing() string {
	switch d.header {
	case 0:
		return ""
	case 5:
		return `, tpdu: "6000000000"`
	}
	return fmt.Sprintf(`, header: "%s"`, strings.Repeat("00", d.header))
}

// encodings are those that most fields of a kind have, so that few fields say
// another.
func (d *draft) encodings() map[string]string {
	votes := map[string]map[string]int{"n": {"ascii": 0}, "text": {"ascii": 0}, "b": {"octets": 0}, "z": {}, "length": {"ascii": 0}}
	for _, f := range d.fields {
		if f.by == "" {
			votes[encodedAs(f.kind)][f.as]++
		}
		if form := strings.TrimRight(f.prefix, "0123456789"); f.prefix != "fixed" {
			if _, is := map[string]bool{"ascii": true, "packed": true, "binary": true, "ebcdic": true}[form]; is {
				votes["length"][form]++
			}
		}
	}
	most := map[string]string{}
	for kind, of := range votes {
		for _, name := range slices.Sorted(maps.Keys(of)) {
			if best, has := most[kind]; !has || of[name] > of[best] {
				most[kind] = name
			}
		}
	}
	if most["z"] == "" {
		most["z"] = most["n"]
	}
	return most
}

// write writes a field, or a part, with what its kind does not say.
func (f *draftField) write(b *bytes.Buffer, path, indent string, encoding map[string]string) {
	type pair struct{ key, value string }
	dots := 0
	if f.prefix != "fixed" && f.prefix != "rest" {
		dots = min(6, max(len(strconv.Itoa(f.length)), prefixDigits(f.prefix)))
	}
	is := fmt.Sprintf("%s%s%d", f.kind, strings.Repeat(".", dots), f.length)
	if dots == 0 {
		is = fmt.Sprintf("%s %d", f.kind, f.length)
	}
	pairs := []pair{{"is", is}, {"name", scalar(cmp.Or(plain(f.name), "field "+path))}}
	if f.by == "" && f.as != encoding[encodedAs(f.kind)] {
		pairs = append(pairs, pair{"as", f.as})
	}
	if f.prefix != prefixName(encoding["length"], dots) {
		pairs = append(pairs, pair{"prefix", f.prefix})
	}
	pairs = append(pairs, pair{"pad", f.fill}, pair{"mask", f.mask}, pair{"by", f.by}, pair{"others", f.others})
	if f.whole {
		pairs = append(pairs, pair{"parts", strict.None})
	}
	pairs = slices.DeleteFunc(pairs, func(p pair) bool { return p.value == "" })
	if len(f.parts) == 0 {
		var words []string
		for _, p := range pairs {
			words = append(words, p.key+": "+p.value)
		}
		fmt.Fprintf(b, "%s%s: {%s}\n", indent, yamlKey(path), strings.Join(words, ", "))
		return
	}
	fmt.Fprintf(b, "%s%s:\n", indent, yamlKey(path))
	for _, p := range pairs {
		fmt.Fprintf(b, "%s  %s: %s\n", indent, p.key, p.value)
	}
	fmt.Fprintf(b, "%s  parts:\n", indent)
	for _, part := range f.parts {
		part.write(b, path+"."+part.id, indent+"    ", encoding)
	}
}

// yamlKey is a path as a key: in quotes where YAML would have it be a number that
// it writes otherwise, or where it has more than letters and digits.
func yamlKey(path string) string {
	if keyShape.MatchString(path) {
		return path
	}
	return strconv.QuoteToASCII(path)
}

var keyShape = regexp.MustCompile(`^[0-9A-Za-z]+(\.[0-9A-Za-z]+)*$`)

// prefixDigits is how many decimal digits a prefix of digits has, 0 for others.
func prefixDigits(name string) int {
	for _, form := range []string{"ascii", "ebcdic", "packed"} {
		if rest, is := strings.CutPrefix(name, form); is {
			digits, _ := strconv.Atoi(rest[:1])
			if form == "packed" && digits == 4 {
				digits = 3 // two octets; most specifications have three digits in them
			}
			return digits
		}
	}
	return 0
}

// plain is text on one line, of characters that are seen, and not too long: controls
// and what changes how others are shown (the direction of writing, …) are left out.
func plain(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || !unicode.IsPrint(c) }), " ")
	if r := []rune(s); len(r) > 400 {
		s = string(r[:400]) + "…"
	}
	return s
}

var (
	plainShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._/()+-]*$`)
	wordShape  = regexp.MustCompile(`(?i)^(true|false|yes|no|on|off|null|none|y|n|[-+.0-9].*)$`)
)

// scalar is text as YAML has it in a mapping on one line: in quotes where it would
// be read as something else.
func scalar(s string) string {
	if plainShape.MatchString(s) && !wordShape.MatchString(s) && !strings.HasSuffix(s, " ") {
		return s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b) // its escapes are YAML's, too
	e.SetEscapeHTML(false)
	e.Encode(s)
	return strings.TrimSpace(b.String())
}
