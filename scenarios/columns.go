package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	gherkin "github.com/cucumber/gherkin/go/v42"
	messages "github.com/cucumber/messages/go/v34"
)

// filledIn is what a row of examples fills in.
var filledIn = regexp.MustCompile(`<([^<>]+)>`)

// columns finds where an outline and its examples do not fit: a <name> that no column
// has, which Gherkin leaves as it is, and a column that nothing names.
func (f *Feature) columns() error {
	for _, s := range f.outlines() {
		if len(s.Examples) == 0 {
			if own := gherkin.DialectsBuiltin().GetDialect(f.Language); own != nil && slices.Contains(own.ScenarioOutlineKeywords(), s.Keyword) {
				return fmt.Errorf("%s: an outline without examples: give rows below %s:, or make it a scenario", f.at(int(s.Location.Line)), own.ExamplesKeywords()[0])
			}
			continue
		}
		used := map[string]bool{}
		for _, t := range placed(s) {
			for _, m := range filledIn.FindAllStringSubmatch(t.text, -1) {
				used[m[1]] = true
				for _, e := range s.Examples {
					if names := heads(e); !slices.Contains(names, m[1]) {
						return fmt.Errorf("%s: %s is no column of the examples in line %d, which have %s%s", f.at(int(t.line)), m[0], e.Location.Line, list(names), meantBy(m[1], names))
					}
				}
			}
		}
		for _, e := range s.Examples {
			for i, name := range heads(e) {
				if slices.Contains(heads(e)[:i], name) {
					return fmt.Errorf("%s: the column %s stands twice: which one counts is not known", f.at(int(e.TableHeader.Location.Line)), name)
				}
				if !used[name] {
					return fmt.Errorf("%s: nothing in the outline names the column %s: write <%s> in a sentence or the name, or take the column away", f.at(int(e.TableHeader.Location.Line)), name, name)
				}
			}
		}
	}
	return nil
}

// text is a piece of a feature in which names of columns may stand.
type text struct {
	text string
	line int64
}

func placed(s *messages.Scenario) []text {
	all := []text{{s.Name, s.Location.Line}}
	for _, step := range s.Steps {
		all = append(all, text{step.Text, step.Location.Line})
		if step.DataTable != nil {
			for _, row := range step.DataTable.Rows {
				for _, c := range row.Cells {
					all = append(all, text{c.Value, row.Location.Line})
				}
			}
		}
		if step.DocString != nil {
			all = append(all, text{step.DocString.Content, step.DocString.Location.Line})
		}
	}
	return all
}

func heads(e *messages.Examples) (names []string) {
	if e.TableHeader != nil {
		for _, c := range e.TableHeader.Cells {
			names = append(names, c.Value)
		}
	}
	return names
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// meantBy asks after the nearest of names, when one is near.
func meantBy(name string, names []string) string {
	best, least := "", len([]rune(name))/2+1
	for _, n := range names {
		if d := distance([]rune(strings.ToLower(name)), []rune(strings.ToLower(n))); d < least {
			best, least = n, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean <%s>?", best)
}

// distance is Levenshtein's: how many characters to change, add or leave out.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		before := row[0]
		row[0] = i + 1
		for j := range b {
			next := before
			if a[i] != b[j] {
				next = min(before, row[j], row[j+1]) + 1
			}
			before, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
