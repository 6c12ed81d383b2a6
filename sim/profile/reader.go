package profile

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
	"time"

	"go.yaml.in/yaml/v3"
)

// Bounds of a profile file. A fleet too large for it goes into a list of its
// own or is a range.
const (
	maxFile   = 1 << 20 // octets
	maxDepth  = 8       // of nesting; a profile uses 4
	maxErrors = 20      // told at once
)

// value is a place in the file: a node and the path of keys that leads to it.
type value struct {
	*yaml.Node
	path string
}

// reader reads one file, value by value, and collects what is wrong. Every
// complaint names file, line and key; none quotes a value that may be secret.
type reader struct {
	file string
	errs []error
}

// fail notes what is wrong with v.
func (r *reader) fail(v value, format string, args ...any) {
	r.at(v.Line, v.path, format, args...)
}

// at notes what is wrong at a line of the file.
func (r *reader) at(line int, path, format string, args ...any) {
	if len(r.errs) > maxErrors {
		return
	}
	if len(r.errs) == maxErrors {
		r.errs = append(r.errs, fmt.Errorf("%s: more is wrong; mend these first", r.file))
		return
	}
	if path != "" {
		path += ": "
	}
	r.errs = append(r.errs, fmt.Errorf("%s:%d: %s%w", r.file, line, path, fmt.Errorf(format, args...)))
}

// document parses the file's one YAML document.
func (r *reader) document(data []byte) (root value, ok bool) {
	if len(data) > maxFile {
		r.at(1, "", "file is longer than %d octets; put a large fleet into a list or a range", maxFile)
		return root, false
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := d.Decode(&doc); {
	case err == io.EOF:
		r.at(1, "", "file is empty; posfleet's own profile is a start (docs/profile.md)")
		return root, false
	case err != nil:
		line, what := syntax(err)
		r.at(line, "", "not YAML: %s", what)
		return root, false
	}
	if err := d.Decode(&more); err != io.EOF {
		r.at(1, "", "file holds more than one document; keep one")
		return root, false
	}
	if len(doc.Content) != 1 {
		r.at(1, "", "file is empty; posfleet's own profile is a start (docs/profile.md)")
		return root, false
	}
	return value{doc.Content[0], ""}, r.plain(doc.Content[0], 1)
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntax takes the line out of a message of the YAML parser.
func syntax(err error) (line int, what string) {
	what, line = err.Error(), 1
	if m := yamlLine.FindStringSubmatch(what); m != nil {
		what = what[len(m[0]):]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	return line, what
}

// plain refuses what a profile does not need and others have abused: anchors
// and aliases, tags, merge keys and deep nesting.
func (r *reader) plain(n *yaml.Node, depth int) bool {
	switch {
	case depth > maxDepth:
		r.at(n.Line, "", "nested more than %d deep", maxDepth)
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.at(n.Line, "", "anchors and aliases are not read; write the value out")
	case n.Style&yaml.TaggedStyle != 0:
		r.at(n.Line, "", "tags are not read; leave the !… away")
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

// table is what a mapping may hold: for each key what reads its value.
type table map[string]func(value)

// mapping reads a mapping by a table. It gives the line of each key found.
func (r *reader) mapping(v value, t table) map[string]int {
	found := map[string]int{}
	if v.Kind != yaml.MappingNode {
		r.fail(v, "want keys and values: %s", known(t))
		return found
	}
	for i := 0; i+1 < len(v.Content) && len(r.errs) <= maxErrors; i += 2 {
		k, c := v.Content[i], v.Content[i+1]
		read := t[k.Value]
		switch {
		case read == nil || k.Kind != yaml.ScalarNode:
			r.at(k.Line, v.path, "unknown key %s; known here: %s", show(k.Value), known(t))
		case found[k.Value] != 0:
			r.at(k.Line, v.path, "key %s stands twice, first on line %d; keep one", k.Value, found[k.Value])
		default:
			found[k.Value] = k.Line
			path := k.Value
			if v.path != "" {
				path = v.path + "." + path
			}
			read(value{c, path})
		}
	}
	return found
}

func known(t table) string {
	return strings.Join(slices.Sorted(maps.Keys(t)), ", ")
}

// list reads a list, item by item.
func (r *reader) list(v value, read func(value)) {
	if v.Kind != yaml.SequenceNode {
		r.fail(v, "want a list: lines that begin with -")
		return
	}
	for i, c := range v.Content {
		if len(r.errs) > maxErrors {
			return
		}
		read(value{c, fmt.Sprintf("%s[%d]", v.path, i+1)})
	}
}

// scalar is the text of a single value. It is taken as written, never as a
// number: 0000 stays four zeros and 10_0 what it is.
func (r *reader) scalar(v value) (string, bool) {
	switch {
	case v.Kind != yaml.ScalarNode:
		r.fail(v, "want a single value")
	case v.Tag == "!!null":
		r.fail(v, "has no value; give one or leave the key away")
	case strings.ContainsFunc(v.Value, func(c rune) bool { return c < ' ' || c == 0x7F }):
		r.fail(v, "holds a control character")
	default:
		return v.Value, true
	}
	return "", false
}

// text reads any text.
func (r *reader) text(to *string) func(value) {
	return func(v value) {
		if s, ok := r.scalar(v); ok {
			*to = s
		}
	}
}

// match reads text of a shape, told in words when it is another. The value is
// shown unless it may be secret.
func (r *reader) match(to *string, shape *regexp.Regexp, words string) func(value) {
	return func(v value) {
		s, ok := r.scalar(v)
		if ok && !shape.MatchString(s) {
			r.fail(v, "%s, want %s", show(s), words)
			return
		}
		*to = s
	}
}

// secret reads text of a shape that is never shown.
func (r *reader) secret(to *Secret, shape *regexp.Regexp, words string) func(value) {
	return func(v value) {
		s, ok := r.scalar(v)
		if ok && !shape.MatchString(s) {
			r.fail(v, "a value of %d characters, want %s", len(s), words)
			return
		}
		*to = Secret(s)
	}
}

// yes reads true or false.
func (r *reader) yes(to *bool) func(value) {
	return func(v value) {
		switch s, ok := r.scalar(v); {
		case !ok:
		case s == "true" || s == "false":
			*to = s == "true"
		default:
			r.fail(v, "%s, want true or false", show(s))
		}
	}
}

// number reads a whole number within bounds.
func number[N int | int64](r *reader, to *N, least, most N) func(value) {
	return func(v value) {
		s, ok := r.scalar(v)
		if !ok {
			return
		}
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < int64(least) || n > int64(most) {
			r.fail(v, "%s, want a whole number from %d to %d", show(s), least, most)
			return
		}
		*to = N(n)
	}
}

var amountShape = regexp.MustCompile(`^(\d{1,13})(?:\.(\d\d))?$`)

// amount reads yuan, with fen or without: 10000.00 or 10000.
func (r *reader) amount(to *int64) func(value) {
	return func(v value) {
		s, ok := r.scalar(v)
		if !ok {
			return
		}
		m := amountShape.FindStringSubmatch(s)
		if m == nil {
			r.fail(v, "%s, want yuan and fen as in 10000.00", show(s))
			return
		}
		*to, _ = strconv.ParseInt(m[1]+(m[2] + "00")[:2], 10, 64)
	}
}

// duration reads a time with its unit.
func (r *reader) duration(to *time.Duration, least, most time.Duration) func(value) {
	return func(v value) {
		s, ok := r.scalar(v)
		if !ok {
			return
		}
		d, err := time.ParseDuration(s)
		switch {
		case err != nil && digits(s):
			r.fail(v, "%s has no unit; write it as in 60s or 500ms", show(s))
		case err != nil:
			r.fail(v, "%s, want a time with its unit as in 60s or 500ms", show(s))
		case d < least || d > most:
			r.fail(v, "%s, want from %s to %s", show(s), least, most)
		default:
			*to = d
		}
	}
}

// keep puts a value aside to be read when others are known.
func keep(to *value) func(value) { return func(v value) { *to = v } }

// show quotes a value in a message: not too long, and of long digit runs,
// which may be card numbers or keys, the last four only.
func show(s string) string {
	s = longRun.ReplaceAllStringFunc(s, func(run string) string { return "…" + run[len(run)-4:] })
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return strconv.Quote(s)
}

var longRun = regexp.MustCompile(`[0-9A-Fa-f]{11,}`)

// err is all that is wrong, nil for nothing.
func (r *reader) err() error { return errors.Join(r.errs...) }
