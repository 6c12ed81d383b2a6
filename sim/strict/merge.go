package strict

import (
	"bytes"
	"slices"

	"go.yaml.in/yaml/v3"
)

// None takes a key of another file away that a file builds on (see Over).
const None = "none"

// Over is base, of a file that another reader has read, with what over says
// besides or instead. Mappings are put together key by key: base's keys first, in
// their order. Anything else of over takes base's place; none takes a key away. What is wrong with a value is told of the file that it stands in.
func (r *Reader) Over(base Value, of *Reader, over Value) Value {
	if r.files == nil {
		r.files = map[*yaml.Node]string{}
	}
	r.from(base.node, of)
	return Value{r.merge(base.node, over.node, ""), ""}
}

// Merged reports whether the document was put over another one.
func (r *Reader) Merged() bool { return r.files != nil }

// from notes in which file the nodes below n stand.
func (r *Reader) from(n *yaml.Node, of *Reader) {
	r.files[n] = of.file(n)
	for _, c := range n.Content {
		r.from(c, of)
	}
}

// file is the name of the file in which n stands.
func (r *Reader) file(n *yaml.Node) string {
	if f, ok := r.files[n]; ok {
		return f
	}
	return r.File
}

func (r *Reader) merge(base, over *yaml.Node, path string) *yaml.Node {
	if base.Kind != yaml.MappingNode || over.Kind != yaml.MappingNode {
		return over
	}
	out := *over
	out.Style = base.Style
	out.HeadComment, out.LineComment, out.FootComment = base.HeadComment, base.LineComment, base.FootComment
	out.Content = slices.Clone(base.Content)
	line := map[string]int{}
	for i := 0; i+1 < len(over.Content); i += 2 {
		k, v := over.Content[i], over.Content[i+1]
		if line[k.Value] > 0 {
			r.fail(k, path, twice, k.Value, line[k.Value])
			continue
		}
		line[k.Value] = k.Line
		at := keyIndex(out.Content, k.Value)
		switch {
		case at < 0:
			out.Content = append(out.Content, k, v)
		case v.Kind == yaml.ScalarNode && v.Value == None:
			out.Content = slices.Delete(out.Content, at, at+2)
		default:
			out.Content[at], out.Content[at+1] = k, r.merge(out.Content[at+1], v, join(path, k.Value))
		}
	}
	return &out
}

// keyIndex is where a key stands among the contents of a mapping, -1 for nowhere.
func keyIndex(content []*yaml.Node, key string) int {
	for i := 0; i+1 < len(content); i += 2 {
		if content[i].Value == key {
			return i
		}
	}
	return -1
}

// Key is the value of a key of a mapping, where there is one.
func (v Value) Key(key string) (Value, bool) {
	if !v.Given() || !v.IsMap() {
		return Value{}, false
	}
	at := keyIndex(v.node.Content, key)
	if at < 0 {
		return Value{}, false
	}
	return Value{v.node.Content[at+1], join(v.path, key)}, true
}

// Without is the mapping without a key.
func (v Value) Without(key string) Value {
	n := *v.node
	if at := keyIndex(n.Content, key); at >= 0 {
		n.Content = slices.Delete(slices.Clone(n.Content), at, at+2)
	}
	return Value{&n, v.path}
}

// With is the mapping with a key that it has made text.
func (v Value) With(key, text string) Value {
	n := *v.node
	if at := keyIndex(n.Content, key); at >= 0 {
		value := *n.Content[at+1]
		value.Kind, value.Value, value.Content = yaml.ScalarNode, text, nil
		n.Content = slices.Clone(n.Content)
		n.Content[at+1] = &value
	}
	return Value{&n, v.path}
}

// Each reads a mapping whose keys are the reader's own, such as numbers, in the
// order of the file. A key that stands twice is an error.
func (r *Reader) Each(v Value, read func(key string, v Value)) {
	if !v.IsMap() {
		r.noMap(v, "want keys and values")
		return
	}
	found := map[string]int{}
	for i := 0; i+1 < len(v.node.Content) && !r.full(); i += 2 {
		k, c := v.node.Content[i], v.node.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			r.fail(k, v.path, "want a key of one word or number")
			continue
		}
		if line := found[k.Value]; line != 0 {
			r.fail(k, v.path, twice, k.Value, line)
			continue
		}
		found[k.Value] = k.Line
		read(k.Value, Value{c, join(v.path, k.Value)})
	}
}

// YAML writes the value as a document, comments and all.
func (v Value) YAML() ([]byte, error) {
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	err := e.Encode(v.node)
	return out.Bytes(), err
}
