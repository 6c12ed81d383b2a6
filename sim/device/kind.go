package device

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/posfleet/posfleet/sim/strict"
)

// Kind is a kind of terminal.
type Kind struct {
	Name    string   // "mobile"
	Chinese string   // as features in Chinese name it; may be empty
	Also    []string // other names that profiles have for it
	Parts   Parts    // that it has
	Line    string   // name of the line profile that such a terminal comes with; empty for none
}

//go:embed kinds.yaml
var kindsFile []byte

// kinds are those that come with posfleet.
var kinds = sync.OnceValue(func() []*Kind {
	r := &strict.Reader{File: "kinds.yaml"}
	var all []*Kind
	if root, ok := r.Document(kindsFile); ok {
		all = ReadKinds(r, root, nil, nil)
	}
	if err := r.Err(); err != nil {
		panic(err) // it is part of this program
	}
	return all
})

// Kinds are the kinds that come with posfleet, in the order of their file.
func Kinds() []*Kind { return kinds() }

// Desktop is the kind of a terminal of which nothing is said.
func Desktop() *Kind { return kinds()[0] }

// Find is the kind of a name among some; nil for none of these.
func Find(among []*Kind, name string) *Kind {
	for _, k := range among {
		if name != "" && (k.Name == name || k.Chinese == name || slices.Contains(k.Also, name)) {
			return k
		}
	}
	return nil
}

// NamesOf lists the names of kinds, for messages.
func NamesOf(among []*Kind) string {
	var all []string
	for _, k := range among {
		all = append(all, k.Name)
	}
	return strings.Join(all, ", ")
}

var (
	nameShape = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	lineShape = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
)

// ReadKinds reads a mapping of kinds by name and adds them to those that there are;
// one of the same name takes the older one's place. line reports whether a line
// profile is known; nil takes any name.
func ReadKinds(r *strict.Reader, v strict.Value, to []*Kind, line func(string) bool) []*Kind {
	to = slices.Clone(to)
	r.Each(v, func(name string, v strict.Value) {
		k := &Kind{Name: name}
		var at strict.Value
		found := r.Map(v, strict.Table{
			"chinese": r.Text(&k.Chinese),
			"also":    texts(r, &k.Also),
			"parts":   parts(r, &k.Parts),
			"line": func(v strict.Value) {
				at = v
				r.Match(&k.Line, lineShape, "the name of a line profile")(v)
			},
		})
		r.Need(v, found, "parts")
		switch {
		case !nameShape.MatchString(name):
			r.Fail(v, "%s is no name of a kind: small letters, digits and hyphens, a letter first", strict.Quote(name))
		case k.Line != "" && line != nil && !line(k.Line):
			r.Fail(at, "no line profile is called %s; add it under line-profiles, or see docs/profile.md for those that there are", strict.Quote(k.Line))
		}
		if i := slices.IndexFunc(to, func(o *Kind) bool { return o.Name == name || slices.Contains(o.Also, name) }); i >= 0 {
			to[i] = k
		} else {
			to = append(to, k)
		}
	})
	return to
}

// texts reads a list of words.
func texts(r *strict.Reader, to *[]string) func(strict.Value) {
	return func(v strict.Value) {
		r.List(v, func(v strict.Value) {
			if s, ok := r.Scalar(v); ok {
				*to = append(*to, s)
			}
		})
	}
}

// parts reads a list of parts.
func parts(r *strict.Reader, to *Parts) func(strict.Value) {
	return func(v strict.Value) {
		r.List(v, func(v strict.Value) {
			s, ok := r.Scalar(v)
			p, known := Named(s)
			if ok && !known {
				r.Fail(v, "%s is no part of a terminal; want one of %s", strict.Quote(s), strings.Join(Names(false), ", "))
			}
			*to |= p
		})
	}
}

// Has reports whether terminals of the kind have all of the given parts. Of a kind
// that is not known, nil, they have what a desktop has.
func (k *Kind) Has(p Parts) bool { return k.parts().Has(p) }

func (k *Kind) parts() Parts {
	if k == nil {
		return Desktop().Parts
	}
	return k.Parts
}

// All is every part that terminals of the kind have.
func (k *Kind) All() Parts { return k.parts() }

// ReadsCards reports whether terminals of the kind read cards in some way.
func (k *Kind) ReadsCards() bool { return k.parts()&CardReader != 0 }

// String is the kind's name.
func (k *Kind) String() string {
	if k == nil {
		return Desktop().Name
	}
	return k.Name
}
