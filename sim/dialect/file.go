package dialect

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

// Open gives the octets of a dialect file that another one extends, by its path as
// written there.
type Open func(path string) ([]byte, error)

// MaxFile is the longest dialect file that is read, in octets.
const MaxFile = strict.MaxFile

// maxExtends is how many dialects may build on one another.
const maxExtends = 8

// IsFile reports whether a dialect's name is the path of a file rather than one of
// those that come with posfleet: it has a dot or a slash.
func IsFile(name string) bool { return strings.ContainsAny(name, `./\`) }

// Parse reads a dialect file; name stands for the file in errors. What it extends
// is one that comes with posfleet or a file, read by open. The error tells all
// that is wrong, each with file, line and mend. docs/dialects.md has the keys.
func Parse(name string, data []byte, open Open) (*Dialect, error) {
	r, root, ok := document(name, data, open, nil)
	if !ok {
		return nil, r.Err()
	}
	d := r.dialect(root)
	if !r.OK() {
		return nil, r.Err()
	}
	return d, nil
}

// Resolved is the text of a dialect file with what it extends put in.
func Resolved(name string, data []byte, open Open) ([]byte, error) {
	r, root, ok := document(name, data, open, nil)
	switch {
	case !ok:
		return nil, r.Err()
	case !r.Merged():
		return data, nil
	}
	return root.YAML()
}

// document reads a file and puts it over what it extends; chain is the files that
// extend it.
func document(name string, data []byte, open Open, chain []string) (*reader, strict.Value, bool) {
	r := &reader{Reader: &strict.Reader{File: name, Empty: "posfleet dialect show cup prints one to start from"}}
	root, ok := r.Document(data)
	if !ok {
		return r, root, false
	}
	if !root.IsMap() {
		r.Fail(root, "want keys and values: a dialect begins with name and title (docs/dialects.md)")
		return r, root, false
	}
	at, extends := root.Key("extends")
	if !extends {
		return r, root, true
	}
	base, ok := r.Scalar(at)
	if !ok {
		return r, root, false
	}
	if chain == nil {
		chain = []string{path.Base(name)}
	}
	from := slices.Index(chain, path.Clean(base))
	chain = append(slices.Clip(chain), path.Clean(base))
	switch {
	case from >= 0:
		r.Fail(at, "a circle: %s; let one of them extend another, or none", strings.Join(chain[from:], " extends "))
		return r, root, false
	case len(chain) > maxExtends+1:
		r.Fail(at, "%s: more than %d in a row; put some together", strings.Join(chain, " extends "), maxExtends)
		return r, root, false
	}
	text, file, err := source(base, open)
	if err != nil {
		r.Fail(at, "%w", err)
		return r, root, false
	}
	of, under, ok := document(file, text, open, chain)
	if !ok {
		r.Add(of.Reader)
		return r, root, false
	}
	if r.bases = of.bases; !IsFile(base) {
		r.bases = append(r.bases, base)
	}
	if framing, _ := root.Key("framing"); framing.Given() && framing.IsMap() {
		if _, whole := framing.Key("channel"); whole { // it says all of the framing
			under = under.Without("framing")
		}
	}
	whole := r.Over(under, of.Reader, root).Without("extends")
	if _, named := root.Key("name"); !named {
		whole = whole.With("name", strings.TrimSuffix(path.Base(name), path.Ext(name)))
	}
	return r, whole, true
}

// source gives the text of what a dialect extends, and its name in errors.
func source(base string, open Open) (text []byte, file string, err error) {
	if !IsFile(base) {
		text, ok := Text(base)
		if !ok {
			return nil, "", fmt.Errorf("%s, want %s, or a file such as ./bank.yaml", strict.Quote(base), strings.Join(Names(), ", "))
		}
		return text, base + ".yaml", nil
	}
	if open == nil {
		return nil, "", fmt.Errorf("%s: a file cannot be extended from here", strict.Quote(base))
	}
	text, err = open(base)
	return text, base, err
}

// reader reads a dialect: what [strict.Reader] knows of YAML, and methods for what
// stands in a dialect.
type reader struct {
	*strict.Reader
	bases       []string
	d           *Dialect
	at          map[int]strict.Value // fields
	encoding    map[string]string    // by kind of value: n, text, b, z, mti, bitmap, length
	bothBitmaps bool                 // each message has both
	lists       map[string][]int
	set         map[Transaction]map[int]strict.Value // constants of forms
}

// dialect reads the whole file, whose parts need one another in this order.
func (r *reader) dialect(root strict.Value) *Dialect {
	r.d = &Dialect{Bases: r.bases}
	d := r.d
	var framing, encoding, fields, elements, pair, echo, mac, signIn, working, pin, currency, entry, lists, transactions, reversal, codes, status, malformed, downloads strict.Value
	found := r.Map(root, strict.Table{
		"name": r.Text(&d.Name), "title": r.Text(&d.Title),
		"framing": strict.Keep(&framing), "encoding": strict.Keep(&encoding), "fields": strict.Keep(&fields),
		"elements": strict.Keep(&elements), "pair": strict.Keep(&pair), "echo": strict.Keep(&echo),
		"mac": strict.Keep(&mac), "sign-in": strict.Keep(&signIn), "keys": strict.Keep(&working), "pin": strict.Keep(&pin), "currency": strict.Keep(&currency),
		"schemes": r.schemes(&d.Schemes), "entry": strict.Keep(&entry), "lists": strict.Keep(&lists), "transactions": strict.Keep(&transactions),
		"reversal": strict.Keep(&reversal), "codes": strict.Keep(&codes), "rules": r.rules(&d.Without), "header-words": r.headerWords,
		"status": strict.Keep(&status), "malformed": strict.Keep(&malformed), "downloads": strict.Keep(&downloads),
	})
	r.Need(root, found, "name", "title", "framing", "encoding", "fields")
	if found["transactions"] > 0 { // without any it is a field table, which explains messages and plays none
		r.Need(root, found, "elements", "pair", "codes")
	}
	if !r.OK() {
		return nil
	}
	r.framing(framing)
	r.encodings(encoding)
	r.fields(fields)
	if !r.OK() {
		return nil
	}
	if r.d.Places = map[wire.Element]wire.Place{}; elements.Given() {
		r.elements(elements)
	}
	d.Pair, d.Echo = r.numbers(pair), r.numbers(echo)
	r.keys(mac, signIn, working, pin)
	r.currency(currency)
	if r.OK() {
		if err := d.Format.Compile(); err != nil {
			r.Fail(fields, "%w", err)
		}
	}
	if !r.OK() {
		return nil
	}
	r.entryModes(entry)
	r.named(lists)
	if status.Given() {
		r.status(status)
	}
	if codes.Given() {
		r.codes(codes)
	}
	if malformed.Given() {
		r.malformed(malformed)
	}
	if transactions.Given() {
		r.transactions(transactions)
	}
	if downloads.Given() {
		r.downloads(downloads)
	}
	r.reversal(reversal, transactions)
	r.checkForms(transactions, pair, framing)
	return d
}

// word is a single word, empty for none or for a value that is not given.
func (r *reader) word(v strict.Value) string {
	if !v.Given() {
		return ""
	}
	s, _ := r.Scalar(v)
	if s == strict.None {
		return ""
	}
	return s
}

// rules reads which rules about answers do not apply. Whether there are such rules
// is for those to say who know them.
func (r *reader) rules(without *[]string) func(strict.Value) {
	return func(v strict.Value) {
		r.Map(v, strict.Table{"without": func(v strict.Value) {
			r.d.WithoutAt = r.At(v)
			r.words(without)(v)
		}})
	}
}

// schemes reads what an answer's card scheme may be.
func (r *reader) schemes(to *[]string) func(strict.Value) {
	return func(v strict.Value) {
		r.List(v, func(v strict.Value) {
			if s, ok := r.Scalar(v); ok {
				*to = append(*to, s)
			}
		})
	}
}

// elements reads where the elements are.
func (r *reader) elements(v strict.Value) {
	r.Each(v, func(key string, v strict.Value) {
		e, known := wire.ElementNamed(key)
		s, ok := r.Scalar(v)
		switch {
		case !known:
			r.Fail(v, "no element has this name; docs/dialects.md lists them")
		case ok && s != strict.None:
			place, err := r.place(s)
			if err != nil {
				r.Fail(v, "%w", err)
				return
			}
			if room := r.room(place); room < digits[e] {
				r.Fail(v, "%d digits have room there, and terminals count with %d; give the field as many", room, digits[e])
			}
			r.d.Places[e] = place
		}
	})
}

// digits are how many each of these has: with fewer its first would go missing.
var digits = map[wire.Element]int{wire.Amount: 12, wire.Trace: 6, wire.OriginalTrace: 6}

// room is how many characters have room at a place.
func (r *reader) room(p wire.Place) int {
	if p.To > 0 {
		return p.To - p.From
	}
	return r.d.Spec.Fields[p.Field].Spec().Length
}
