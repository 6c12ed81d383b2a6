package page

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/verdicts"
)

//go:embed check.html
var checkHTML string

// WriteCheck tells a conformance check as a page: verdicts by feature, each failure
// with its exchange, what was not tested and why. It runs no script.
func WriteCheck(w io.Writer, r *verdicts.Results) error {
	t, err := parse("check", checkHTML)
	if err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	if err := t.Execute(w, checkOf(r)); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// check is what the template shows.
type check struct {
	Policy   string
	Style    template.CSS
	Title    string
	When     string
	Banner   []string
	Verdicts []verdictCard
	Features []featureRow
	Failed   []cause
	Others   []cause // untested and skipped
	Known    []scenarioRow
	Rules    []ruleRow
	Without  string // rules that the dialect leaves out
	Asked    []pair
	Where    []pair
	Command  string
}

// featureRow is a feature with its scenarios, and how many ended how.
type featureRow struct {
	Path, Name                                  string
	Passed, Failed, Untested, Skipped, Unplayed int
	Scenarios                                   []scenarioRow
}

type scenarioRow struct {
	Anchor              string // of its failure on the page; empty when it has none
	Open                bool   // its failure is shown without asking
	Selector, Name      string
	Class, Sign, Word   string
	At, Step, Why, Took string
	Exchange, Rules     string
}

// ruleRow is how often a rule was broken, and how at first.
type ruleRow struct {
	report.RuleCount
	Why string
}

// cause is why scenarios ended alike, and they: of failures the first, which speaks
// for all, apart from the others.
type cause struct {
	N, Word, Why string
	First        *scenarioRow
	Others       string // how many more
	Scenarios    []scenarioRow
}

// signs tell an outcome without colour.
var signs = map[verdicts.Outcome][2]string{
	verdicts.NotPlayed: {"none", "–"}, verdicts.Passed: {"good", "✓"}, verdicts.Failed: {"bad", "✗"},
	verdicts.Untested: {"warn", "?"}, verdicts.Skipped: {"none", "–"},
}

func checkOf(r *verdicts.Results) *check {
	p := &check{
		Style:   template.CSS(pageCSS),
		Title:   "Conformance of " + cmp.Or(r.Target, "a host"),
		When:    r.Started.Format("2 January 2006, 15:04:05 MST") + ", took " + report.FormatDuration(r.Took),
		Command: shell(r.Command),
		Without: strings.Join(r.Without, ", "),
	}
	for _, of := range r.Rules {
		p.Rules = append(p.Rules, ruleRow{of, r.RuleWhy[of.ID]})
	}
	p.Policy = fmt.Sprintf("default-src 'none'; style-src '%s'; base-uri 'none'; form-action 'none'", digest(string(p.Style)))
	rows := map[*verdicts.Verdict]scenarioRow{}
	for v := range r.All() {
		row := scenarioOf(v, len(rows))
		if rows[v] = row; v.Outcome == verdicts.Failed && v.Expected != "" {
			row.Why += "; known to fail: " + v.Expected
			p.Known = append(p.Known, row)
		}
	}
	for _, f := range r.Features {
		row := featureRow{Path: f.Path, Name: f.Name}
		for _, v := range f.Verdicts {
			*map[verdicts.Outcome]*int{verdicts.Passed: &row.Passed, verdicts.Failed: &row.Failed, verdicts.Untested: &row.Untested,
				verdicts.Skipped: &row.Skipped, verdicts.NotPlayed: &row.Unplayed}[v.Outcome]++
			row.Scenarios = append(row.Scenarios, rows[v])
		}
		p.Features = append(p.Features, row)
	}
	for _, c := range r.Causes() {
		x := cause{N: report.Plural(int64(len(c.Of)), "scenario"), Word: c.Outcome.String(), Why: c.Why()}
		for _, v := range c.Of {
			x.Scenarios = append(x.Scenarios, rows[v])
		}
		if c.Outcome == verdicts.Failed {
			x.First, x.Scenarios = &x.Scenarios[0], x.Scenarios[1:]
			x.First.Open = true
			x.Others = report.Plural(int64(len(x.Scenarios)), "other scenario")
			p.Failed = append(p.Failed, x)
		} else {
			p.Others = append(p.Others, x)
		}
	}
	p.banners(r)
	p.Verdicts = checkCards(r)
	p.Asked, p.Where = checkAsked(r), checkWhere(r)
	return p
}

func scenarioOf(v *verdicts.Verdict, n int) scenarioRow {
	sign := signs[v.Outcome]
	row := scenarioRow{Selector: v.Selector, Name: report.Printable(v.Name), Class: sign[0], Sign: sign[1], Word: v.Outcome.String(),
		At: v.At, Step: report.Printable(v.Step), Why: v.Why(), Exchange: v.Exchange, Rules: strings.Join(v.Rules, ", ")}
	if v.Outcome == verdicts.Failed {
		row.Anchor = fmt.Sprintf("failure-%d", n)
	}
	if v.Outcome != verdicts.NotPlayed && v.Outcome != verdicts.Skipped {
		row.Took = report.FormatDuration(v.Took)
	}
	return row
}

func (p *check) banners(r *verdicts.Results) {
	if why := r.Incomplete(); why != "" {
		p.Banner = append(p.Banner, "Incomplete: "+why)
	}
	p.Banner = append(p.Banner, r.OffList()...)
	if n := r.Count(verdicts.NotPlayed); n > 0 {
		p.Banner = append(p.Banner, report.Plural(int64(n), "scenario")+" did not come to its turn: the check ended before.")
	}
	if r.HungUp > 0 {
		p.Banner = append(p.Banner, r.HangUps())
	}
	if r.Unsettled > 0 {
		p.Banner = append(p.Banner, fmt.Sprintf("After %s a reversal was owed that the host did not acknowledge: %s", report.Plural(int64(r.Unsettled), "scenario"), r.UnsettledWhy))
	}
	if r.Sent && !r.Answered && r.Count(verdicts.Failed) > 0 {
		p.Banner = append(p.Banner, "No scenario heard an answer of the host.")
	}
}

// awayIn is in few words what a host did for which a check is incomplete.
func awayIn(words string) string {
	short, _, _ := strings.Cut(words, ": ")
	return short
}

func checkCards(r *verdicts.Results) []verdictCard {
	all := 0
	for range r.All() {
		all++
	}
	verdict := verdictCard{"Verdict", "good", "✓", "conforms", "as far as it was tested"}
	switch n := r.Broken(); {
	case n > 0:
		verdict = verdictCard{"Verdict", "bad", "✗", "does not conform", report.Plural(int64(n), "scenario") + " against it"}
	case r.Interrupted:
		verdict = verdictCard{"Verdict", "warn", "?", "incomplete", "a signal stopped it"}
	case r.Away != "":
		verdict = verdictCard{"Verdict", "warn", "?", "incomplete", awayIn(r.Away)}
	case r.Count(verdicts.Passed) == 0 && r.Count(verdicts.Failed) > 0:
		verdict = verdictCard{"Verdict", "none", "–", "nothing held", "all that was tested is known to fail"}
	case r.Count(verdicts.Passed) == 0:
		verdict = verdictCard{"Verdict", "none", "–", "nothing was tested", ""}
	case r.Musts() > 0:
		verdict = verdictCard{"Verdict", "warn", "?", "conforms where it was tested", report.Plural(r.Musts(), "answer") + " broke a must"}
	}
	card := func(name string, o verdicts.Outcome, detail string) verdictCard {
		n, sign := r.Count(o), signs[o]
		c := verdictCard{name, "none", sign[1], report.FormatCount(int64(n)), detail}
		if n > 0 {
			c.Class = sign[0]
		}
		return c
	}
	return []verdictCard{verdict,
		card("Passed", verdicts.Passed, "of "+report.Plural(int64(all), "scenario")),
		card("Failed", verdicts.Failed, "a sentence did not hold"),
		card("Untested", verdicts.Untested, "the host gave no evidence"),
		card("Skipped", verdicts.Skipped, "does not apply to this network")}
}

func checkAsked(r *verdicts.Results) []pair {
	list := []pair{{"Host", r.Target}, {"Dialect", r.Dialect}, {"Profile", r.Profile}, {"Line profile", cmp.Or(r.Line, "none: the lines as they are")}, {"SHA-256 of the profile", r.Digest}}
	if r.Strict {
		list = append(list, pair{"Strict", "untested, skipped and broken should-rules count as failed"})
	}
	if r.Seed != 0 {
		list = append(list, pair{"Order", fmt.Sprintf("--shuffle=%d", r.Seed)})
	}
	for _, f := range r.Features {
		list = append(list, pair{"SHA-256 of " + f.Path, f.Digest})
	}
	return slices.DeleteFunc(list, func(x pair) bool { return x.Value == "" })
}

// checkWhere is where a check was made; how fast the machine is does not matter.
func checkWhere(r *verdicts.Results) []pair {
	e := r.Environment
	return slices.DeleteFunc([]pair{{"posfleet", e.Version}, {"Go", e.Go}, {"System", e.OS}, {"Machine", e.Hostname}},
		func(x pair) bool { return x.Value == "" })
}
