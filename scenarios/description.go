package scenarios

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	gherkin "github.com/cucumber/gherkin/go/v42"
	messages "github.com/cucumber/messages/go/v34"
)

// sourceLanguages are those that features of ours are written in.
var sourceLanguages = []string{"en", "zh-CN", "zh-TW"}

// stepKinds are the keywords of steps as Gherkin names their kinds.
var stepKinds = []string{"given", "when", "then", "and", "but"}

// undescribed finds lines that were meant to be played and that Gherkin reads as a
// description, where nobody plays them: a keyword of another language, or a sentence of
// ours without a keyword or with one in other letters.
func (f *Feature) undescribed() error {
	described := func(text string, from int64, steps bool) error {
		at := int(from)
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			at = f.lineOf(line, at)
			if why := f.meant(line, steps); why != "" {
				return fmt.Errorf("%s: Gherkin reads this line as a description and nobody plays it: %s", f.at(at), why)
			}
		}
		return nil
	}
	var errs []error
	feature := f.doc.Feature
	if line := f.emptyExamples(); line > 0 {
		return fmt.Errorf("%s: examples without a row below their heading: nothing of the outline is played; give one, or take it away", f.at(line))
	}
	errs = append(errs, described(feature.Description, feature.Location.Line, len(f.Scenarios) == 0))
	for _, p := range f.parts() {
		errs = append(errs, described(p.description, p.line, p.steps))
	}
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}

// part is a background, a rule, a scenario or examples, with what describes it.
type part struct {
	description string
	line        int64 // of its keyword
	steps       bool  // steps follow it
}

func (f *Feature) parts() (all []part) {
	background := func(b *messages.Background) {
		if b != nil {
			all = append(all, part{b.Description, b.Location.Line, true})
		}
	}
	for _, c := range f.doc.Feature.Children {
		background(c.Background)
		if c.Rule != nil {
			all = append(all, part{c.Rule.Description, c.Rule.Location.Line, false})
			for _, rc := range c.Rule.Children {
				background(rc.Background)
			}
		}
	}
	for _, s := range f.outlines() {
		all = append(all, part{s.Description, s.Location.Line, true})
		for _, e := range s.Examples {
			all = append(all, part{e.Description, e.Location.Line, true})
		}
	}
	return all
}

// emptyExamples is the line of examples that have no row; 0 when all have.
func (f *Feature) emptyExamples() int {
	for _, s := range f.outlines() {
		for _, e := range s.Examples {
			if len(e.TableBody) == 0 {
				return int(e.Location.Line)
			}
		}
	}
	return 0
}

// lineOf is the number of the first line after the given one that reads so.
func (f *Feature) lineOf(text string, after int) int {
	n := 0
	for line := range bytes.Lines(f.Source) {
		if n++; n > after && string(bytes.TrimSpace(line)) == text {
			return n
		}
	}
	return after
}

// meant says why a line of a description was meant to be more, and what to write;
// empty when it was not. Steps are looked for where steps follow.
func (f *Feature) meant(line string, steps bool) string {
	own := gherkin.DialectsBuiltin().GetDialect(f.Language)
	for _, language := range sourceLanguages {
		if language == f.Language {
			continue
		}
		if word, _, found := strings.Cut(line, ":"); found && keywordOf(language, word) && !keywordOf(f.Language, word) {
			return fmt.Sprintf("%s: is a keyword of # language: %s, and the feature's is %s; write one language", word, language, f.Language)
		}
		for _, kind := range stepKinds {
			for _, word := range gherkin.DialectsBuiltin().GetDialect(language).Keywords[kind] {
				if steps && word != "* " && strings.HasPrefix(line, word) {
					return fmt.Sprintf("%s is a keyword of # language: %s, and the feature's is %s, where it is %s; write that, or begin a description with another word",
						strings.TrimSpace(word), language, f.Language, strings.Join(written(own.Keywords[kind]), " or "))
				}
			}
		}
	}
	if isSentence(line) {
		return fmt.Sprintf("it is a sentence of the language without its keyword; begin it with %s", strings.Join(written(own.Keywords["given"]), " or "))
	}
	for _, language := range sourceLanguages {
		for _, kind := range stepKinds {
			for _, word := range gherkin.DialectsBuiltin().GetDialect(language).Keywords[kind] {
				if n := len(word); len(line) > n && strings.EqualFold(line[:n], word) && isSentence(strings.TrimSpace(line[n:])) {
					return fmt.Sprintf("its keyword is written %s", strings.TrimSpace(word))
				}
			}
		}
	}
	return ""
}

// written are keywords as one writes them, but for the asterisk.
func written(keywords []string) (words []string) {
	for _, word := range keywords {
		if word != "* " {
			words = append(words, strings.TrimSpace(word))
		}
	}
	return words
}

// isSentence reports whether text is one of the language.
func isSentence(text string) bool {
	return slices.ContainsFunc(Phrases(), func(p *Phrase) bool {
		return slices.ContainsFunc(p.patterns, func(words pattern) bool {
			return words.match(text) != nil
		})
	})
}
