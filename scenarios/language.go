package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// found is the phrase that a sentence is, by one of its patterns.
type found struct {
	phrase  *Phrase
	pattern *pattern
	match   []string
}

// Language binds sentences to phrases for one profile.
type Language struct {
	Profile *profile.Profile
	Admin   *Admin // to be filled in before steps are played; nil when the network has none that is known
	phrases []*Phrase
	said    map[string]*found // sentences that have come: more than half come again
}

// NewLanguage makes the language for a profile: roles are looked up in it.
// The bundled host, which a profile without an address is served by, has an admin API.
func NewLanguage(p *profile.Profile) *Language {
	l := &Language{Profile: p, phrases: Phrases(), said: map[string]*found{}}
	if p.Address == "" || p.Admin != nil {
		l.Admin = &Admin{}
	}
	return l
}

// Reach says where the admin API of the host is that steps are about to be played
// against.
func (l *Language) Reach(a Admin) {
	if l.Admin != nil {
		*l.Admin = a
	}
}

// Bound is a sentence with its phrase.
type Bound struct {
	Sentence
	Phrase *Phrase
	At     string // file:line
	Args   Args
	Role   string // of the card that it uses, as the profile names it; empty for none
	Need   *Need  // what the network lacks for it; nil when it can be played
	Do     func(*sim.Player) error
}

// onlyLoad is what a check plays of an @load scenario.
func onlyLoad(*sim.Player) error {
	return errors.New("belongs to @load scenarios: posfleet load plays them")
}

// Bind finds the phrase of a sentence and checks what it says. The error names
// file and line.
func (l *Language) Bind(s *Scenario, i int) (*Bound, error) {
	sen := s.Steps[i]
	at := s.Feature.at(sen.Line)
	is := l.find(sen.Text)
	if is == nil {
		return nil, fmt.Errorf("%s: no phrase matches %q%s (posfleet steps lists them)", at, sen.Text, cmp.Or(l.otherwise(sen.Text), l.nearest(sen.Text)))
	}
	p := is.phrase
	switch {
	case p.Table != "" && len(sen.Table) == 0:
		return nil, fmt.Errorf("%s: %q needs a table below it: %s", at, sen.Text, p.Table)
	case p.Table != "" && len(sen.Table) == 1:
		return nil, fmt.Errorf("%s: %q has a table without a row below its heading, and so says nothing: %s", at, sen.Text, p.Table)
	case p.Table == "" && len(sen.Table) > 0:
		return nil, fmt.Errorf("%s: %q takes no table", at, sen.Text)
	}
	if sen.Doc {
		return nil, fmt.Errorf("%s: %q takes no doc string (the lines between \"\"\" below it)", at, sen.Text)
	}
	b := &Bound{Sentence: sen, Phrase: p, At: at, Do: onlyLoad, Args: Args{Profile: l.Profile, Admin: l.Admin, Of: p.Of, Words: is.pattern.words(is.match), Table: sen.Table}}
	if err := cmp.Or(b.Args.units(), b.make()); err != nil {
		return nil, fmt.Errorf("%s: %q: %w", at, sen.Text, err)
	}
	return b, nil
}

// find finds the phrase that a sentence is; nil for none.
func (l *Language) find(text string) *found {
	if is := l.said[text]; is != nil {
		return is
	}
	for _, p := range l.phrases {
		for i := range p.patterns {
			if m := p.patterns[i].match(text); m != nil {
				is := &found{p, &p.patterns[i], m}
				l.said[text] = is
				return is
			}
		}
	}
	return nil
}

// make makes of a sentence what a terminal then does, or finds what that needs
// and the network lacks.
func (b *Bound) make() error {
	p, network := b.Phrase, b.Args.Profile
	if p.Names {
		name := inEnglish(transactionsChinese, b.Args.Words["transaction"][0])
		of, known := dialect.TransactionNamed(name)
		if !known {
			return fmt.Errorf("no transaction is called %q (posfleet steps lists them)", name)
		}
		b.Args.Of = of
	}
	b.Role = p.Role
	if b.Args.Has("role") {
		b.Role = roleInEnglish(b.Args.Words["role"][0])
	}
	if p.Make == nil {
		return nil
	}
	var err error
	if b.Do, err = p.Make(b.Args); err != nil {
		var is bool
		if b.Need, is = errors.AsType[*Need](err); !is {
			return err
		}
	}
	if b.Need == nil {
		b.Need = b.lacks(network)
	}
	return nil
}

// nearest suggests the phrase that shares the most words with a sentence.
func (l *Language) nearest(text string) string {
	best, most := "", 0
	for _, likeness := range []func(a, b string) int{shared, func(a, b string) int { return shared(a, placeholder.ReplaceAllString(b, "")) }} {
		for _, p := range l.phrases {
			for _, pattern := range []string{p.English, p.Chinese} {
				if n := likeness(text, pattern); n > most {
					best, most = pattern, n
				}
			}
		}
		if best != "" {
			break // of a short sentence the placeholders would outweigh the words
		}
	}
	if best == "" {
		return ""
	}
	if longer := best + " {how}"; len(strings.Fields(text)) > len(strings.Fields(best)) &&
		slices.ContainsFunc(l.phrases, func(p *Phrase) bool { return p.English == longer }) {
		best = longer
	}
	return fmt.Sprintf("; the nearest is %q%s%s", best, differing(plain(text), best), blankBefore(text))
}

// shared counts pairs of characters that two sentences have in common, less
// those that they do not.
func shared(a, b string) int {
	pairs := map[string]int{}
	ra := []rune(a)
	for i := range max(0, len(ra)-1) {
		pairs[string(ra[i:i+2])]++
	}
	n := 0
	rb := []rune(b)
	for i := range max(0, len(rb)-1) {
		k := string(rb[i : i+2])
		if pairs[k] > 0 {
			pairs[k]--
			n += 2
		} else {
			n--
		}
	}
	return n
}
