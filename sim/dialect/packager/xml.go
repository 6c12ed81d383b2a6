package packager

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/posfleet/posfleet/sim/strict"
)

// What a packager file may be at most.
const (
	maxFile   = 1 << 20 // octets
	maxDepth  = 8       // elements in elements
	maxFields = 4096    // fields and subfields
	maxErrors = 20      // told at once
)

// element is an element of a packager file.
type element struct {
	name  string
	line  int
	depth int // 1 for the root
	attr  map[string]string
	kids  []*element
}

// grammar is what stands in an element: the attributes that it must have and those
// that it may, and its children. Source: the three DTDs of jPOS 2.1.10, together.
type grammar struct {
	must, may, kids []string
	text            bool // text in it means nothing
}

var elements = map[string]grammar{
	"isopackager": {
		may:  []string{"maxValidField", "bitmapField", "thirdBitmapField", "firstField", "emitBitmap", "headerLength"},
		kids: []string{"isofield", "isofieldpackager", "isovalidator"},
	},
	"isofield": {
		must: []string{"id", "length", "name", "class"}, may: []string{"pad", "trim", "token", "params", "encoding"},
		kids: []string{"isofieldvalidator"}, text: true,
	},
	"isofieldpackager": {
		must: []string{"id", "length", "name", "class", "packager"},
		may: []string{"pad", "token", "params", "emitBitmap", "maxValidField", "bitmapField", "firstField", "headerLength", "tagMapper",
			"tagSize", "lenSize", "swapTagAndLen", "validator"},
		kids: []string{"isofield", "isofieldpackager", "isovalidator"},
	},
	"isofieldvalidator": {must: []string{"class"}, may: []string{"break-on-error", "minlen", "maxlen"}, kids: []string{"property"}, text: true},
	"isovalidator":      {must: []string{"class"}, may: []string{"break-on-error"}, kids: []string{"property"}, text: true},
	"property":          {may: []string{"name", "value", "file"}, text: true},
}

// booleans are the attributes that are true or false and nothing else.
var booleans = []string{"pad", "trim", "emitBitmap", "swapTagAndLen"}

// reader reads a packager file into its elements. Nothing that it names is
// fetched and no entity is expanded but XML's own five.
type reader struct {
	file    string
	dec     *xml.Decoder
	from    int64 // where the token began
	errs    []error
	left    int // fields and subfields
	wrapped bool
	doctype bool
}

// readXML gives the root of a packager file; name stands for it in errors.
func readXML(name string, data []byte) (root *element, p *reader, err error) {
	p = &reader{file: name, left: maxFields}
	if len(data) > maxFile {
		return nil, p, fmt.Errorf("%s: has more than %d octets; is it a packager?", name, maxFile)
	}
	if text, err := strict.Text(data); err == nil {
		data = text
	}
	p.dec = xml.NewDecoder(bytes.NewReader(data))
	p.dec.CharsetReader = p.charset
	if root = p.document(); len(p.errs) > 0 {
		return nil, p, errors.Join(p.errs...)
	}
	return root, p, nil
}

// charsets are the encodings in which specifications are kept, by the names that an XML
// declaration has for them; UTF-16 has been made UTF-8 before.
var charsets = map[string]encoding.Encoding{
	"utf-16": encoding.Nop, "utf-16le": encoding.Nop, "utf-16be": encoding.Nop,
	"iso-8859-1": charmap.ISO8859_1, "latin1": charmap.ISO8859_1, "us-ascii": charmap.ISO8859_1, "ascii": charmap.ISO8859_1,
	"iso-8859-2": charmap.ISO8859_2, "iso-8859-5": charmap.ISO8859_5, "iso-8859-9": charmap.ISO8859_9, "iso-8859-15": charmap.ISO8859_15,
	"windows-1250": charmap.Windows1250, "windows-1251": charmap.Windows1251, "windows-1252": charmap.Windows1252, "windows-1254": charmap.Windows1254,
	"gbk": simplifiedchinese.GBK, "gb2312": simplifiedchinese.GBK, "gb18030": simplifiedchinese.GB18030,
}

// charset gives UTF-8 of a file by its declaration.
func (p *reader) charset(label string, in io.Reader) (io.Reader, error) {
	if of := charsets[strings.ToLower(label)]; of != nil {
		return of.NewDecoder().Reader(in), nil
	}
	return nil, fmt.Errorf("encoding %s; save the file as UTF-8", strict.Quote(label))
}

// fail notes what is wrong on a line.
func (p *reader) fail(line int, format string, args ...any) {
	err := fmt.Errorf("%s:%d: %w", p.file, line, fmt.Errorf(format, args...))
	if len(p.errs) < maxErrors && !slices.ContainsFunc(p.errs, func(e error) bool { return e.Error() == err.Error() }) {
		p.errs = append(p.errs, err)
	}
}

// token is the next token and the line that it begins on; nil at the end, or when
// the file is no XML.
func (p *reader) token() (xml.Token, int) {
	p.from = p.dec.InputOffset()
	line, _ := p.dec.InputPos()
	t, err := p.dec.Token()
	if err == io.EOF {
		return nil, line
	}
	if wrong, is := errors.AsType[*xml.SyntaxError](err); is {
		mend := ""
		switch {
		case strings.Contains(wrong.Msg, "character entity"):
			mend = "; entities are not expanded, write their text out"
		case strings.Contains(wrong.Msg, "invalid UTF-8"):
			mend = `; save the file as UTF-8, or say its encoding: <?xml version="1.0" encoding="GBK"?>`
		}
		p.fail(wrong.Line, "not XML: %s%s", wrong.Msg, mend)
		return nil, line
	}
	if err != nil {
		p.fail(line, "not XML: %w", err)
		return nil, line
	}
	return t, line
}

// document reads what stands before the root, the root, and what follows it.
func (p *reader) document() (root *element) {
	for {
		t, line := p.token()
		switch t := t.(type) {
		case nil:
			if len(p.errs) == 0 && root == nil {
				p.fail(line, "is empty; want a jPOS generic packager: <isopackager> with an <isofield> for each field")
			}
			return root
		case xml.Directive:
			p.directive(line, string(t))
		case xml.ProcInst:
			if t.Target == "xml" && p.from > 0 {
				p.fail(line, "the XML declaration does not stand at the very beginning; remove what is before it")
			}
		case xml.CharData:
			p.noText(line, t)
		case xml.StartElement:
			switch name := t.Name.Local; {
			case root != nil:
				p.fail(line, "<%s> follows the end of the packager; one file holds one", name)
			case name == "jpos" && !p.wrapped:
				p.wrapped = true
				continue
			case name != "isopackager":
				p.fail(line, "<%s>, want <isopackager>: is this a jPOS generic packager?", name)
			default:
				root = p.element(t, line, 1)
			}
		}
		if len(p.errs) > 0 {
			return nil
		}
	}
}

var (
	doctypeShape = regexp.MustCompile(`(?s)^DOCTYPE\s+([^\s\[]+)`)
	// entityShape are the declarations that have a reader fetch or expand.
	entityShape = regexp.MustCompile(`(?s)<!\s*ENTITY\s+(%\s*)?(\S*)`)
	// otherShape is what is no declaration of elements or attributes.
	otherShape = regexp.MustCompile(`<!\s*([A-Z\[]+)|%[^\s;]+;`)
)

// directive passes over a document type: its DTD is not fetched, and what it
// declares inside is not used. It may not declare entities.
func (p *reader) directive(line int, text string) {
	m := doctypeShape.FindStringSubmatch(text)
	if m == nil {
		p.fail(line, "<!%.20s, want a DOCTYPE or nothing here", text)
		return
	}
	p.doctype = true
	if m[1] != "isopackager" && m[1] != "jpos" {
		p.fail(line, "DOCTYPE %s, want isopackager: jPOS would not load this file", strict.Quote(m[1]))
	}
	if m := entityShape.FindStringSubmatch(text); m != nil {
		p.fail(line, "declares the entity %s; entities are not expanded and nothing is fetched, write its text out where it is used", strict.Quote(m[2]))
		return
	}
	open := strings.IndexByte(text, '[')
	if open < 0 {
		return
	}
	for _, m := range otherShape.FindAllStringSubmatch(text[open+1:], -1) {
		if m[1] != "ELEMENT" && m[1] != "ATTLIST" {
			p.fail(line, "the DOCTYPE holds %s; only ELEMENT and ATTLIST are passed over, remove it", strict.Quote(m[0]))
			return
		}
	}
}

func (p *reader) noText(line int, text xml.CharData) {
	if s := bytes.TrimSpace(text); len(s) > 0 {
		p.fail(line+bytes.Count(text[:bytes.Index(text, s)], []byte("\n")), "the text %s stands between fields; put it into a comment <!-- … -->", strict.Quote(string(s)))
	}
}

// element reads an element whose start has been read.
func (p *reader) element(t xml.StartElement, line, depth int) *element {
	e := &element{name: t.Name.Local, line: line, depth: depth, attr: map[string]string{}}
	g := elements[e.name]
	if strings.HasPrefix(e.name, "isofield") {
		if p.left--; p.left < 0 {
			p.fail(line, "more than %d fields and subfields", maxFields)
			return nil
		}
	}
	p.attributes(e, t.Attr, g)
	for {
		t, line := p.token()
		switch t := t.(type) {
		case nil:
			return nil
		case xml.EndElement:
			return e
		case xml.CharData:
			if !g.text {
				p.noText(line, t)
			}
		case xml.StartElement:
			switch {
			case !slices.Contains(g.kids, t.Name.Local):
				p.fail(line, "<%s> in <%s>, want %s", t.Name.Local, e.name, wanted(g.kids))
				return nil
			case depth == maxDepth:
				p.fail(line, "elements are nested deeper than %d; parts of parts of parts are one value to dialects: give such a field a plain class", maxDepth)
				return nil
			}
			kid := p.element(t, line, depth+1)
			if kid == nil {
				return nil
			}
			e.kids = append(e.kids, kid)
		}
	}
}

func wanted(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return "<" + strings.Join(names, ">, <") + ">"
}

// attributes reads those of an element.
func (p *reader) attributes(e *element, attrs []xml.Attr, g grammar) {
	for _, a := range attrs {
		key := a.Name.Local
		_, twice := e.attr[key]
		switch {
		case twice:
			p.fail(e.line, "%s has %s twice; keep one", e, key)
		case e.name == "isofield" && key == "packager":
			p.fail(e.line, "%s is an <isofield> and has a packager, which jPOS takes of an <isofieldpackager> alone; call it that, at its end too, or leave packager away", e)
		case !slices.Contains(g.must, key) && !slices.Contains(g.may, key):
			p.fail(e.line, "%s has an attribute %s, which jPOS does not know; known are %s", e, strict.Quote(key), strings.Join(slices.Concat(g.must, g.may), ", "))
		case slices.Contains(booleans, key) && a.Value != "true" && a.Value != "false":
			p.fail(e.line, "%s: %s=%s, want true or false", e, key, strict.Quote(a.Value))
		}
		e.attr[key] = a.Value
	}
	for _, key := range g.must {
		if _, has := e.attr[key]; !has {
			p.fail(e.line, "%s has no %s", e, key)
		}
	}
}

// String names an element in errors.
func (e *element) String() string {
	if id, has := e.attr["id"]; has {
		return "field " + strict.Quote(id)
	}
	return "<" + e.name + ">"
}
