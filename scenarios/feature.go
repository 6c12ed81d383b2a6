// Package scenarios is Gherkin in, plans out. It alone knows Gherkin and godog.
//
// [ReadFeatures] parses feature files to [Scenario]s, [Select] narrows them down.
// One table of [Phrase]s, each with an English and a Chinese pattern, is the
// vocabulary; a [Language] binds sentences to it for one profile, and what does
// not fit is an error with file and line before anything is played. The bound
// scenarios are played once each as a conformance check ([Check], by godog) or,
// compiled to the same steps, ten thousand at a time under load
// ([Language.Compile]); an @load scenario says what such a run is ([Load]).
package scenarios

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	gherkin "github.com/cucumber/gherkin/go/v42"
	messages "github.com/cucumber/messages/go/v34"

	"github.com/posfleet/posfleet/sim/strict"
)

// Feature is one feature file, parsed.
type Feature struct {
	Path      string // as errors and verdicts name it
	Name      string
	Language  string
	Source    []byte
	Embedded  bool // it comes with posfleet: its scenarios' ids are known wherever it is
	Scenarios []*Scenario

	doc *messages.GherkinDocument
}

// Digest is the SHA-256 of the source, in hexadecimal.
func (f *Feature) Digest() string {
	d := sha256.Sum256(f.Source)
	return hex.EncodeToString(d[:])
}

// Scenario is one scenario, or one row of an outline.
type Scenario struct {
	Feature *Feature
	ID      string // its stable tag without @: the last tag that ends in a number; empty when it has none
	Name    string
	Tags    []string // with @
	Line    int
	Example int // which row of an outline it is, from 1; 0 when it is none
	Steps   []Sentence

	from, to int // lines, tags included
}

// At is file:line.
func (s *Scenario) At() string { return s.Feature.at(s.Line) }

// Selector is how posfleet check is told to play this scenario alone: @id, or
// file:line when it has none, is a row of an outline or not embedded.
func (s *Scenario) Selector() string {
	if s.ID != "" && s.Example == 0 && s.Feature.Embedded {
		return "@" + s.ID
	}
	return s.At()
}

// at is file:line.
func (f *Feature) at(line int) string { return f.Path + ":" + strconv.Itoa(line) }

// Has reports whether the scenario carries a tag.
func (s *Scenario) Has(tag string) bool { return slices.Contains(s.Tags, tag) }

// Sentence is one step of a scenario.
type Sentence struct {
	Text  string
	Line  int
	Table [][]string // rows, nil when there is none
	Doc   bool       // a doc string stands below it, which no phrase takes
}

// maxSource bounds a feature file, in octets.
const maxSource = 1 << 20

// ReadFeatures parses the features under the given paths of a file system:
// files, or folders searched for *.feature. Errors name file and line.
func ReadFeatures(fsys fs.FS, paths ...string) ([]*Feature, error) {
	var out []*Feature
	for _, p := range paths {
		info, err := fs.Stat(fsys, p)
		if err != nil {
			return nil, fmt.Errorf("feature %s: %w", p, err)
		}
		if !info.IsDir() {
			f, err := readFeature(fsys, p)
			if err != nil {
				return nil, err
			}
			out = append(out, f)
			continue
		}
		err = fs.WalkDir(fsys, p, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path.Ext(name) != ".feature" {
				return err
			}
			f, err := readFeature(fsys, name)
			out = append(out, f)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if err := UniqueIDs(out); err != nil {
		return nil, err
	}
	return out, nil
}

func readFeature(fsys fs.FS, name string) (*Feature, error) {
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("feature %s: %w", name, err)
	}
	return ParseFeature(name, src)
}

// ParseFeature parses one feature file.
func ParseFeature(name string, src []byte) (*Feature, error) {
	if len(src) > maxSource {
		return nil, fmt.Errorf("feature %s: %d octets, at most %d are read", name, len(src), maxSource)
	}
	src, err := strict.Lines(bytes.Clone(src))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	src = indented(src)
	if err := readable(name, src); err != nil {
		return nil, err
	}
	id := (&messages.Incrementing{}).NewId
	doc, err := gherkin.ParseGherkinDocument(bytes.NewReader(src), id)
	if err != nil {
		return nil, fmt.Errorf("%s", gherkinError(name, err))
	}
	f := &Feature{Path: name, Source: src, doc: doc}
	if doc.Feature == nil {
		return nil, fmt.Errorf("%s: there is no feature in this file", name)
	}
	f.Name, f.Language = doc.Feature.Name, doc.Feature.Language
	lines := map[string]int64{}
	spans := f.lineSpans(lines)
	rows := map[string]int{} // of outlines, by the outline
	for _, p := range gherkin.Pickles(*doc, name, id) {
		s := f.scenario(p, lines, spans)
		if len(p.AstNodeIds) > 1 {
			rows[p.AstNodeIds[0]]++
			s.Example = rows[p.AstNodeIds[0]]
		}
		f.Scenarios = append(f.Scenarios, s)
	}
	if err := f.undescribed(); err != nil {
		return f, err
	}
	return f, f.columns()
}

// longestLine is how long a line of a feature may be, in octets: the parser takes
// no more.
const longestLine = 60_000

var (
	wideKeyword = regexp.MustCompile(`^\s*(\S+?)\s*：`)
	wideHeader  = regexp.MustCompile(`^\s*#\s*language\s*：`)
	languageOf  = regexp.MustCompile(`^\s*#\s*language\s*:\s*(\S+)`)
)

// readable finds what Gherkin's parser would fail on without a word about it, or
// read as a description: lines that are too long, and the colons that a Chinese
// keyboard gives.
func readable(name string, src []byte) error {
	language, text := "en", false
	n := 0
	for line := range bytes.Lines(src) {
		n++
		at := func() string { return fmt.Sprintf("%s:%d", name, n) }
		if len(line) > longestLine {
			return fmt.Errorf("%s: line of %d octets, at most %d are read", at(), len(line), longestLine)
		}
		trimmed := bytes.TrimSpace(line)
		if bytes.HasPrefix(trimmed, []byte(`"""`)) || bytes.HasPrefix(trimmed, []byte("```")) {
			text = !text
		}
		if text {
			continue
		}
		if bytes.HasPrefix(trimmed, []byte("#")) {
			if m := languageOf.FindSubmatch(line); m != nil {
				language = string(m[1])
			}
		}
		if bytes.Contains(line, []byte("：")) {
			if wideHeader.Match(line) {
				return fmt.Errorf("%s: full-width colon ： after language; write # language: zh-CN", at())
			}
			if m := wideKeyword.FindSubmatch(line); m != nil && keyword(string(m[1])) {
				return fmt.Errorf("%s: full-width colon ： after %s; write %s: as in ASCII", at(), m[1], m[1])
			}
		}
		if word, _, found := bytes.Cut(trimmed, []byte(":")); found && language == "en" && !keywordOf("en", string(word)) && keywordOf("zh-CN", string(word)) {
			return fmt.Errorf("%s: %s is Chinese; write # language: zh-CN above it", at(), word)
		}
	}
	return nil
}

// keyword reports whether a word begins a part of a feature, in any language.
func keyword(word string) bool {
	return keywordOf("en", word) || keywordOf("zh-CN", word) || keywordOf("zh-TW", word)
}

func keywordOf(language, word string) bool {
	for _, kind := range []string{"feature", "background", "rule", "scenario", "scenarioOutline", "examples"} {
		if slices.Contains(gherkin.DialectsBuiltin().GetDialect(language).Keywords[kind], word) {
			return true
		}
	}
	return false
}

// tokens are what Gherkin's parser calls the lines that it wants, and what to write.
var tokens = map[string]string{
	"#Language": "# language: zh-CN", "#TagLine": "@tag", "#FeatureLine": "Feature:", "#BackgroundLine": "Background:", "#RuleLine": "Rule:",
	"#ScenarioLine": "Scenario:", "#ExamplesLine": "Examples:", "#StepLine": "a step such as Given …", "#TableRow": "| a row |", "#DocStringSeparator": `"""`,
}

// gherkinError puts the parser's "(3:5): …" in the form file:line: …, and what it expected
// in words.
func gherkinError(name string, err error) string {
	text := strings.TrimSpace(strings.TrimPrefix(err.Error(), "Parser errors:"))
	first, _, _ := strings.Cut(text, "\n")
	pos, rest, ok := strings.Cut(strings.TrimPrefix(first, "("), "): ")
	if !ok {
		return name + ": " + first
	}
	line, _, _ := strings.Cut(pos, ":")
	wanted, got, is := strings.Cut(strings.TrimPrefix(rest, "expected: "), ", got ")
	if is && strings.HasPrefix(rest, "expected: #") {
		var words []string
		for token := range strings.SplitSeq(wanted, ", ") {
			if word := tokens[token]; word != "" {
				words = append(words, word)
			}
		}
		if runes := []rune(got); len(runes) > 60 {
			got = string(runes[:60]) + "…'"
		}
		rest = fmt.Sprintf("%s cannot stand here: want %s (or their Chinese, below # language: zh-CN)", got, strings.Join(words, ", "))
	}
	return fmt.Sprintf("%s:%s: %s", name, line, rest)
}

// indented is a source whose lines are indented by blanks that Gherkin takes for such:
// keyboards and editors give others, a full-width one in Chinese.
func indented(src []byte) []byte {
	var out []byte
	for line := range bytes.Lines(src) {
		rest := bytes.TrimLeftFunc(line, func(r rune) bool { return r != '\n' && r != '\r' && isBlank(r) })
		for _, r := range string(line[:len(line)-len(rest)]) {
			if r != '\t' {
				r = ' '
			}
			out = utf8.AppendRune(out, r)
		}
		out = append(out, rest...)
	}
	return out
}

// isBlank reports whether a character shows nothing: a blank of any width, or none.
func isBlank(r rune) bool {
	return unicode.IsSpace(r) || r == '\u200b' || r == '\u200c' || r == '\u200d' || r == '\u2060' || r == '\ufeff'
}

type lineSpan struct{ from, to int }

// lineSpans finds the line of each step, scenario and example row, and the
// lines that each scenario takes up.
func (f *Feature) lineSpans(lines map[string]int64) map[string]lineSpan {
	var starts []int
	var ids []string
	steps := func(ss []*messages.Step) {
		for _, s := range ss {
			lines[s.Id] = s.Location.Line
		}
	}
	scenario := func(s *messages.Scenario) {
		from := s.Location.Line
		for _, t := range s.Tags {
			from = min(from, t.Location.Line)
		}
		starts, ids = append(starts, int(from)), append(ids, s.Id)
		lines[s.Id] = s.Location.Line
		steps(s.Steps)
		for _, e := range s.Examples {
			for _, r := range e.TableBody {
				lines[r.Id] = r.Location.Line
			}
		}
	}
	for _, c := range f.doc.Feature.Children {
		switch {
		case c.Background != nil:
			steps(c.Background.Steps)
		case c.Scenario != nil:
			scenario(c.Scenario)
		case c.Rule != nil:
			from := int(c.Rule.Location.Line)
			starts, ids = append(starts, from), append(ids, "")
			for _, rc := range c.Rule.Children {
				if rc.Background != nil {
					steps(rc.Background.Steps)
				} else if rc.Scenario != nil {
					scenario(rc.Scenario)
				}
			}
		}
	}
	end := bytes.Count(f.Source, []byte("\n")) + 1
	spans := map[string]lineSpan{}
	for i, from := range starts {
		to := end
		if i+1 < len(starts) {
			to = starts[i+1] - 1
		}
		if ids[i] != "" {
			spans[ids[i]] = lineSpan{from, to}
		}
	}
	return spans
}

func (f *Feature) scenario(p *messages.Pickle, lines map[string]int64, spans map[string]lineSpan) *Scenario {
	s := &Scenario{Feature: f, Name: p.Name, Line: int(lines[p.AstNodeIds[len(p.AstNodeIds)-1]])}
	span := spans[p.AstNodeIds[0]]
	s.from, s.to = span.from, span.to
	for _, t := range p.Tags {
		s.Tags = append(s.Tags, t.Name)
		if i := strings.LastIndexByte(t.Name, '-'); i > 0 && number(t.Name[i+1:]) {
			s.ID = t.Name[1:]
		}
	}
	for _, st := range p.Steps {
		sen := Sentence{Text: st.Text, Line: int(lines[st.AstNodeIds[0]])}
		if st.Argument != nil && st.Argument.DataTable != nil {
			for _, row := range st.Argument.DataTable.Rows {
				var cells []string
				for _, c := range row.Cells {
					cells = append(cells, c.Value)
				}
				sen.Table = append(sen.Table, cells)
			}
		}
		sen.Doc = st.Argument != nil && st.Argument.DocString != nil
		s.Steps = append(s.Steps, sen)
	}
	return s
}

func number(s string) bool {
	_, err := strconv.ParseUint(s, 10, 32)
	return err == nil
}

// UniqueIDs makes sure that an id means one scenario; rows of an outline share
// theirs.
func UniqueIDs(fs []*Feature) error {
	seen := map[string]*Scenario{}
	for _, f := range fs {
		for _, s := range f.Scenarios {
			if o := seen[s.ID]; s.ID != "" && o != nil && (o.Feature.Path != s.Feature.Path || o.from != s.from) {
				return fmt.Errorf("%s: tag @%s is taken by %s: ids must be unique", s.At(), s.ID, o.At())
			}
			seen[s.ID] = s
		}
	}
	return nil
}
