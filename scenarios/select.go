package scenarios

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	messages "github.com/cucumber/messages/go/v34"
	tagexpressions "github.com/cucumber/tag-expressions/go/v6"
)

// Selection is which scenarios are meant. Empty parts do not narrow.
type Selection struct {
	Tags  string         // a tag expression: "@payment and not @slow"
	Names []string       // parts of names, or ids; any of them
	Lines map[string]int // by feature path: the scenario that holds this line, or the row of an outline that it is
}

// Select narrows features down to the selected scenarios. Selecting nothing is
// an error.
func Select(fs []*Feature, sel Selection) ([]*Feature, error) {
	var tags tagexpressions.Evaluatable
	if sel.Tags != "" {
		var err error
		if tags, err = parseTags(sel.Tags); err != nil {
			return nil, fmt.Errorf("tags %q: %w (write for example \"@payment and not @slow\")", sel.Tags, err)
		}
	}
	var out []*Feature
	all, kept := 0, 0
	for _, f := range fs {
		n := *f
		n.Scenarios = nil
		line := sel.Lines[f.Path]
		row := slices.ContainsFunc(f.Scenarios, func(s *Scenario) bool { return s.Example > 0 && s.Line == line })
		for _, s := range f.Scenarios {
			all++
			if line != 0 && (line < s.from || line > s.to || row && s.Line != line) || tags != nil && !tags.Evaluate(s.Tags) || !s.named(sel.Names) {
				continue
			}
			kept++
			n.Scenarios = append(n.Scenarios, s)
		}
		if len(n.Scenarios) > 0 {
			out = append(out, &n)
		}
	}
	if kept == 0 {
		return nil, fmt.Errorf("nothing is selected: none of %d scenarios fits (list them with posfleet check --list)", all)
	}
	return out, nil
}

// parseTags reads a tag expression. The parser panics on some that end too
// early.
func parseTags(text string) (tags tagexpressions.Evaluatable, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the expression is not complete: %v", p)
		}
	}()
	return tagexpressions.Parse(text)
}

func (s *Scenario) named(names []string) bool {
	if len(names) == 0 {
		return true
	}
	for _, n := range names {
		if strings.Contains(s.Name, n) || s.ID == strings.TrimPrefix(n, "@") {
			return true
		}
	}
	return false
}

// selected is the source with the scenarios and example rows that are not
// selected blanked out, so that every line keeps its number.
func (f *Feature) selected() []byte {
	keep, rows := map[int]bool{}, map[int]bool{}
	for _, s := range f.Scenarios {
		keep[s.from], rows[s.Line] = true, true
	}
	lines := bytes.SplitAfter(f.Source, []byte("\n"))
	blank := func(from, to int) {
		for i := from - 1; i < to && i < len(lines); i++ {
			lines[i] = []byte("\n")
		}
	}
	for _, span := range f.lineSpans(map[string]int64{}) {
		if !keep[span.from] {
			blank(span.from, span.to)
		}
	}
	for _, row := range f.exampleRows() {
		if line := int(row.Location.Line); !rows[line] {
			blank(line, line)
		}
	}
	return bytes.Join(lines, nil)
}

// exampleRows are the rows of all outlines, their heads not included.
func (f *Feature) exampleRows() (rows []*messages.TableRow) {
	for _, s := range f.outlines() {
		for _, e := range s.Examples {
			rows = append(rows, e.TableBody...)
		}
	}
	return rows
}

// outlines are the scenarios as the file has them, each outline once.
func (f *Feature) outlines() (all []*messages.Scenario) {
	for _, c := range f.doc.Feature.Children {
		if c.Scenario != nil {
			all = append(all, c.Scenario)
		}
		if c.Rule != nil {
			for _, rc := range c.Rule.Children {
				if rc.Scenario != nil {
					all = append(all, rc.Scenario)
				}
			}
		}
	}
	return all
}
