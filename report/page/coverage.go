package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"github.com/posfleet/posfleet/report/verdicts"
)

//go:embed coverage.html
var coverageHTML string

// WriteCoverage tells what of a dialect the scenarios of a check came to, as a page: the
// matrix of messages, their fields, response codes and rules. It runs no script.
func WriteCoverage(w io.Writer, c *verdicts.Coverage) error {
	t, err := parse("coverage", coverageHTML)
	if err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	if err := t.Execute(w, matrixOf(c)); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// matrix is what the template shows.
type matrix struct {
	Policy   string
	Style    template.CSS
	Title    string
	Sides    []verdictCard
	Messages []messageRow
	Lists    []cellList // fields, codes and rules in any message
}

type messageRow struct {
	cellRow
	Parts [4]string // of its fields in requests and answers, codes and rules: how many were exercised
	Lists []cellList
}

type cellList struct {
	Name  string
	Cells []cellRow
}

type cellRow struct {
	ID, Title, Class, Sign, Word string
	Codes                        []string
	Scenarios                    []string // some
	More                         int      // that many others are in coverage.json
}

// shownScenarios is how many scenarios of a cell are on the page.
const shownScenarios = 5

var stateSigns = map[verdicts.State][2]string{verdicts.NotExercised: {"none", "–"}, verdicts.Exercised: {"warn", "?"},
	verdicts.Held: {"good", "✓"}, verdicts.Broke: {"bad", "✗"}}

func matrixOf(c *verdicts.Coverage) *matrix {
	p := &matrix{Style: template.CSS(pageCSS), Title: "What was exercised of " + c.Dialect}
	p.Policy = fmt.Sprintf("default-src 'none'; style-src '%s'; base-uri 'none'; form-action 'none'", digest(string(p.Style)))
	for i, side := range c.Sides() {
		exercised := len(side.Cells) - verdicts.Count(side.Cells, verdicts.NotExercised)
		card := verdictCard{side.Name, "good", "✓", fmt.Sprintf("%d of %d", exercised, len(side.Cells)), "were exercised"}
		if failed := verdicts.Count(side.Cells, verdicts.Broke); failed > 0 {
			card.Class, card.Sign, card.Detail = "bad", "✗", fmt.Sprintf("were exercised, %d failed", failed)
		} else if exercised < len(side.Cells) {
			card.Class, card.Sign = "warn", "?"
		}
		p.Sides = append(p.Sides, card)
		if i > 0 {
			p.Lists = append(p.Lists, listOf(side.Name+" in any message", side.Cells))
		}
	}
	for _, m := range c.Messages {
		row := messageRow{cellRow: cellOf(&m.Cell)}
		for i, list := range [...]struct {
			name  string
			cells []*verdicts.Cell
		}{{"fields of the request", m.Request}, {"fields of the answer", m.Answer}, {"response codes", m.Codes}, {"rules", m.Rules}} {
			row.Parts[i] = fmt.Sprintf("%d/%d", len(list.cells)-verdicts.Count(list.cells, verdicts.NotExercised), len(list.cells))
			row.Lists = append(row.Lists, listOf(list.name, list.cells))
		}
		p.Messages = append(p.Messages, row)
	}
	return p
}

func listOf(name string, cells []*verdicts.Cell) cellList {
	list := cellList{Name: name}
	for _, c := range cells {
		list.Cells = append(list.Cells, cellOf(c))
	}
	return list
}

func cellOf(c *verdicts.Cell) cellRow {
	sign := stateSigns[c.State]
	n := min(len(c.Scenarios), shownScenarios)
	return cellRow{ID: c.ID, Title: c.Title, Class: sign[0], Sign: sign[1], Word: c.State.String(), Codes: c.Codes,
		Scenarios: c.Scenarios[:n], More: len(c.Scenarios) - n}
}
