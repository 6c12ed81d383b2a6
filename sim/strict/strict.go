// Package strict reads YAML files that people write by hand, and takes nothing
// for granted: what it does not know is an error, and every error names file,
// line, key and mend.
//
// A [Reader] parses one document and walks it [Value] by Value. What may stand
// where is a [Table]: for each key of a mapping, what reads its value. Those
// functions are made by Text, Match, Bool, Duration, Yuan, [Int] and [Secret], each
// for a variable and its bounds, or written by hand. What is wrong is collected
// and told all at once by Err; no value that may be secret is quoted.
//
//	r := &strict.Reader{File: "shop.yaml"}
//	if root, ok := r.Document(data); ok {
//		r.Map(root, strict.Table{
//			"name":    r.Text(&name),
//			"timeout": r.Duration(&timeout, time.Millisecond, time.Minute),
//		})
//	}
//	return r.Err()
package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxFile is the longest document that is read, in octets.
const MaxFile = 1 << 20

const (
	maxDepth  = 8  // of nesting; a profile uses 4
	maxErrors = 20 // told at once
)

// Reader reads one file and collects what is wrong with it. With a File it is
// ready for use.
type Reader struct {
	File  string // its name, as errors give it
	Empty string // what to do about an empty file; may be left out
	Large string // what to do about one longer than MaxFile; may be left out

	errs  []error
	files map[*yaml.Node]string // of what other files say; see Over
}

// Value is a place in a document: what stands there, and the path of keys that
// leads to it. The zero Value is a place that the document does not have.
type Value struct {
	node *yaml.Node
	path string
}

// Given reports whether the document has this place.
func (v Value) Given() bool { return v.node != nil }

// IsMap reports whether keys and values stand here.
func (v Value) IsMap() bool { return v.node.Kind == yaml.MappingNode }

// IsList reports whether a list stands here.
func (v Value) IsList() bool { return v.node.Kind == yaml.SequenceNode }

// Path is the keys that lead here, as in cards[2].pan; items count from 1.
func (v Value) Path() string { return v.path }

// At is where a value stands: file, line and keys.
func (r *Reader) At(v Value) string {
	return fmt.Sprintf("%s:%d: %s", r.file(v.node), v.node.Line, v.path)
}

// Fail notes what is wrong with a value: what it is, what is wanted, the mend.
func (r *Reader) Fail(v Value, format string, args ...any) {
	r.fail(v.node, v.path, format, args...)
}

// fail notes what is wrong at a node.
func (r *Reader) fail(n *yaml.Node, path, format string, args ...any) {
	r.failIn(r.file(n), n.Line, path, format, args...)
}

// FailAt notes what is wrong at a line of the file, which counts from 1; an
// empty path names no key. After 20 complaints no more are taken.
func (r *Reader) FailAt(line int, path, format string, args ...any) {
	r.failIn(r.File, line, path, format, args...)
}

func (r *Reader) failIn(file string, line int, path, format string, args ...any) {
	if r.full() {
		return
	}
	if len(r.errs) == maxErrors {
		r.errs = append(r.errs, fmt.Errorf("%s: more is wrong; mend these first", r.File))
		return
	}
	if path != "" {
		path += ": "
	}
	err := fmt.Errorf(format, args...)
	if file != r.File {
		err = fmt.Errorf("%w (mend it in %s, which builds on this file)", err, r.File)
	}
	r.errs = append(r.errs, fmt.Errorf("%s:%d: %s%w", file, line, path, err))
}

func (r *Reader) full() bool { return len(r.errs) > maxErrors }

// Add takes over what is wrong with another file, one that this one names.
func (r *Reader) Add(other *Reader) { r.errs = append(r.errs, other.errs...) }

// OK reports whether nothing has been wrong so far.
func (r *Reader) OK() bool { return len(r.errs) == 0 }

// Err is all that is wrong, a line each; nil for nothing.
func (r *Reader) Err() error { return errors.Join(r.errs...) }

// Document parses the file's one document. ok is false when there is none to be
// read; Err tells why.
func (r *Reader) Document(data []byte) (root Value, ok bool) {
	if len(data) > MaxFile {
		r.FailAt(1, "", "file is longer than %d octets%s", MaxFile, mend(r.Large))
		return root, false
	}
	data, err := Text(data)
	if bad, is := errors.AsType[*EncodingError](err); is {
		r.FailAt(bad.Line, "", "%w", bad)
		return root, false
	}
	if line, words := mistyped(data, false); line > 0 {
		r.FailAt(line, "", "%s", words)
		return root, false
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := d.Decode(&doc); {
	case err == io.EOF, err == nil && len(doc.Content) != 1:
		r.FailAt(1, "", "file is empty%s", mend(r.Empty))
		return root, false
	case err != nil:
		line, what := syntax(err)
		if at, words := mistyped(data, true); at > 0 {
			r.FailAt(at, "", "%s", words)
			return root, false
		}
		r.FailAt(line, "", "not YAML: %s", what)
		return root, false
	}
	switch err := d.Decode(&more); {
	case err == io.EOF:
	case err == nil:
		r.FailAt(more.Line, "", "file holds more than one document; keep one")
		return root, false
	default: // of what follows nobody knows whether it is one
		line, what := syntax(err)
		if at, words := mistyped(data, true); at > 0 {
			line, what = at, words
		} else {
			what = "not YAML: " + what
		}
		r.FailAt(line, "", "%s", what)
		return root, false
	}
	return Value{doc.Content[0], ""}, r.plain(doc.Content[0], 1)
}

func mend(words string) string {
	if words == "" {
		return ""
	}
	return "; " + words
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntax takes the line out of a message of the YAML parser, and what may be
// secret.
func syntax(err error) (line int, what string) {
	what, line = err.Error(), 1
	if m := yamlLine.FindStringSubmatch(what); m != nil {
		what = what[len(m[0]):]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	return line, mask(what)
}

// plain refuses what such files do not need and others have abused: anchors and
// aliases, tags, merge keys and deep nesting.
func (r *Reader) plain(n *yaml.Node, depth int) bool {
	switch {
	case depth > maxDepth:
		r.FailAt(n.Line, "", "nested more than %d deep", maxDepth)
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.FailAt(n.Line, "", "anchors and aliases are not read; write the value out")
	case n.Style&yaml.TaggedStyle != 0:
		r.FailAt(n.Line, "", "tags are not read; leave the !… away")
	default:
		for _, c := range n.Content {
			if !r.plain(c, depth+1) {
				return false
			}
		}
		return true
	}
	return false
}

// Table is what a mapping may hold: for each key, what reads its value.
type Table map[string]func(Value)

func (t Table) keys() string { return strings.Join(slices.Sorted(maps.Keys(t)), ", ") }

// Map reads a mapping by a table, in the order of the file. It gives the line
// of each key found; a key that the table does not have, or that stands twice,
// is an error.
func (r *Reader) Map(v Value, t Table) (found map[string]int) {
	found = map[string]int{}
	if !v.IsMap() {
		r.noMap(v, "want keys and values: "+t.keys())
		return found
	}
	for i := 0; i+1 < len(v.node.Content) && !r.full(); i += 2 {
		k, c := v.node.Content[i], v.node.Content[i+1]
		read := t[k.Value]
		switch {
		case read == nil || k.Kind != yaml.ScalarNode:
			r.fail(k, v.path, "unknown key %s; known here: %s", Quote(k.Value), t.keys())
		case found[k.Value] != 0:
			r.fail(k, v.path, twice, k.Value, found[k.Value])
		default:
			found[k.Value] = k.Line
			read(Value{c, join(v.path, k.Value)})
		}
	}
	return found
}

// noMap complains about what is no mapping.
func (r *Reader) noMap(v Value, want string) {
	if r.Merged() && v.node.Value == None {
		want = "none takes away what the file extends, which has nothing here; leave it out"
	}
	r.Fail(v, "%s", want)
}

// twice is what is wrong with a key of the line before.
const twice = "key %s stands twice, first on line %d; keep one"

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// Need complains about keys that a mapping must have and that Map did not find.
func (r *Reader) Need(v Value, found map[string]int, keys ...string) {
	for _, k := range keys {
		if v.IsMap() && found[k] == 0 {
			r.Fail(v, "key %s is missing; add it", k)
		}
	}
}

// List reads a list, item by item.
func (r *Reader) List(v Value, read func(Value)) {
	if !v.IsList() {
		r.Fail(v, "want a list: lines that begin with -")
		return
	}
	for i, c := range v.node.Content {
		if r.full() {
			return
		}
		read(Value{c, fmt.Sprintf("%s[%d]", v.path, i+1)})
	}
}

// Keep puts a value aside, to be read when others are known.
func Keep(to *Value) func(Value) { return func(v Value) { *to = v } }
