package verdicts

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

// CoverageFile is the name of the file that holds what was exercised in the folder of
// a check.
const CoverageFile = "coverage.json"

// State is what a check found of one thing that a dialect has.
type State uint8

const (
	NotExercised State = iota // no scenario came to it: untested
	Exercised                 // scenarios came to it whose verdict is about something else, or none
	Held                      // each scenario that came to it passed; of a rule: each answer kept it
	Broke                     // a scenario failed over an exchange that had it; of a rule: an answer broke it
)

var states = [...]string{"untested", "exercised", "passed", "failed"}

// String is the state in a word.
func (s State) String() string { return states[s] }

// MarshalText is the state's word.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the state's word.
func (s *State) UnmarshalText(text []byte) error {
	i := slices.Index(states[:], string(text))
	if i < 0 {
		return fmt.Errorf("state %q: want one of %q", text, states)
	}
	*s = State(i)
	return nil
}

// Coverage is what of a dialect the scenarios of a check came to: the matrix of its
// messages with their fields, response codes and rules.
type Coverage struct {
	Dialect  string     `json:"dialect"`
	Messages []*Message `json:"messages"` // in the dialect's order
	Fields   []*Cell    `json:"fields"`   // of the dialect, in any message
	Codes    []*Cell    `json:"codes"`    // of the dialect, in the answer to any message
	Rules    []*Cell    `json:"rules"`    // of the table, held to the answer to any message
}

// Message is a row of the matrix: a transaction, or one of its network management
// codes where it has several.
type Message struct {
	Cell
	Request []*Cell `json:"request"` // its fields
	Answer  []*Cell `json:"answer"`  // the answer's fields
	Codes   []*Cell `json:"codes"`   // with which it was answered
	Rules   []*Cell `json:"rules"`   // that its answers are held to
}

// Cell is one thing that can be exercised, and by which scenarios it was.
type Cell struct {
	ID        string   `json:"id"`
	Title     string   `json:"title,omitempty"`
	State     State    `json:"state"`
	Codes     []string `json:"with_codes,omitempty"` // answers with these codes had it; "none" for no answer
	Scenarios []string `json:"scenarios,omitempty"`  // selectors, each once
}

// Came notes that a scenario came to the cell in an exchange that was answered with a
// code, and what that found.
func (c *Cell) Came(scenario, code string, found State) {
	c.State = max(c.State, found)
	if n := len(c.Scenarios); n == 0 || c.Scenarios[n-1] != scenario {
		c.Scenarios = append(c.Scenarios, scenario)
	}
	if code != "" && !slices.Contains(c.Codes, code) {
		c.Codes = append(c.Codes, code)
	}
}

// CellOf finds a cell by its id, and puts in a new one where there is none.
func CellOf(cells *[]*Cell, id, title string) *Cell {
	for _, c := range *cells {
		if c.ID == id {
			return c
		}
	}
	c := &Cell{ID: id, Title: title}
	*cells = append(*cells, c)
	return c
}

// MessageNamed finds the row of a message; nil for none.
func (c *Coverage) MessageNamed(id string) *Message {
	for _, m := range c.Messages {
		if m.ID == id {
			return m
		}
	}
	return nil
}

// Sort puts the cells that were found on the way where they belong, so that the order of
// scenarios says nothing.
func (c *Coverage) Sort() {
	for cells := range c.lists() {
		for _, cell := range cells {
			slices.Sort(cell.Codes)
			slices.Sort(cell.Scenarios)
			cell.Scenarios = slices.Compact(cell.Scenarios)
		}
	}
	byID := func(a, b *Cell) int {
		if len(a.ID) != len(b.ID) && isNumber(a.ID) && isNumber(b.ID) {
			return len(a.ID) - len(b.ID)
		}
		return strings.Compare(a.ID, b.ID)
	}
	for _, m := range c.Messages {
		slices.SortFunc(m.Request, byID)
		slices.SortFunc(m.Answer, byID)
		slices.SortFunc(m.Codes, byID)
	}
}

func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" }

// lists gives every list of cells.
func (c *Coverage) lists() iter.Seq[[]*Cell] {
	return func(yield func([]*Cell) bool) {
		for _, m := range c.Messages {
			if !yield([]*Cell{&m.Cell}) || !yield(m.Request) || !yield(m.Answer) || !yield(m.Codes) || !yield(m.Rules) {
				return
			}
		}
		_ = yield(c.Fields) && yield(c.Codes) && yield(c.Rules)
	}
}

// Side is one side of the matrix: messages, fields, codes or rules.
type Side struct {
	Name  string
	Cells []*Cell
}

// Sides are the four sides of the matrix.
func (c *Coverage) Sides() []Side {
	messages := make([]*Cell, len(c.Messages))
	for i, m := range c.Messages {
		messages[i] = &m.Cell
	}
	return []Side{{"messages", messages}, {"fields", c.Fields}, {"codes", c.Codes}, {"rules", c.Rules}}
}

// Count is how many cells are in a state.
func Count(cells []*Cell, s State) (n int) {
	for _, c := range cells {
		if c.State == s {
			n++
		}
	}
	return n
}

// Unexercised are the ids of the cells that no scenario came to.
func Unexercised(cells []*Cell) (ids []string) {
	for _, c := range cells {
		if c.State == NotExercised {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// fewUntested is how many untested things are named in the text; coverage.json has all.
const fewUntested = 8

// WriteText tells in a few lines how much of the dialect was exercised, and what was not.
func (c *Coverage) WriteText(w io.Writer) error {
	var b strings.Builder
	b.WriteString("exercised:")
	for i, k := range c.Sides() {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, " %d of %d %s", len(k.Cells)-Count(k.Cells, NotExercised), len(k.Cells), k.Name)
		if n := Count(k.Cells, Broke); n > 0 {
			fmt.Fprintf(&b, " (%d failed)", n)
		}
	}
	b.WriteString("\n")
	for _, k := range c.Sides() {
		ids := Unexercised(k.Cells)
		if len(ids) == 0 || 2*len(ids) > len(k.Cells) {
			continue // of a few scenarios that were asked for, most is not to be expected
		}
		if more := len(ids) - fewUntested; more > 0 {
			ids = append(ids[:fewUntested:fewUntested], fmt.Sprintf("%d more", more))
		}
		fmt.Fprintf(&b, "      untested %s: %s\n", k.Name, strings.Join(ids, ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteJSON writes coverage.json.
func (c *Coverage) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	return e.Encode(c)
}
