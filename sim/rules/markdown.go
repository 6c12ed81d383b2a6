package rules

import (
	"fmt"
	"io"
	"strings"

	"github.com/posfleet/posfleet/sim/dialect"
)

// WriteMarkdown prints the table: docs/rules.md.
func WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Rules about answers\n\n" +
		"<!-- Made by `posfleet rules --markdown` from the tables in sim/rules and sim/dialect; a test keeps it current. -->\n\n" +
		"Every answer is held to this table, in a check, under load and by `posfleet decode --answer-to`. An answer that breaks a\n" +
		"*must* is refused: the terminal takes it for no answer, and a payment then owes a reversal. An answer that breaks a *should*\n" +
		"is taken and counted. Each rule says of an answer that it …\n\n" +
		"| rule | level | answers to | it … | source |\n|---|---|---|---|---|\n")
	for _, r := range Table() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.ID, r.Level, r.Answers(), r.Asks, r.Source)
	}
	b.WriteString("\n## What an approval carries\n\n" +
		"The fields that the forms of the dialects give, besides those that come back from the request. Those in the first column are\n" +
		"musts (ANS-04-PRESENT to ANS-48-TOTALS), those in the second shoulds (ANS-FIELDS, ANS-54-PRESENT).\n")
	for _, name := range dialect.Names() {
		d, _ := dialect.Named(name)
		if len(d.Bases) > 0 {
			continue // the same as of what it extends
		}
		fmt.Fprintf(&b, "\n| %s | must | should |\n|---|---|---|\n", d.Name)
		for i := range d.Forms {
			must, should := d.Forms[i].Answered()
			fmt.Fprintf(&b, "| %s | %s | %s |\n", d.Forms[i].Transaction, strings.Join(numbers(must), ", "), strings.Join(numbers(should), ", "))
		}
	}
	b.WriteString("\n## What no rule can see\n\n" +
		"A test changes every answer of the bundled host, field by field, and wants each change noticed by a rule or a scenario. These\n" +
		"are not, and why:\n\n| change | why |\n|---|---|\n")
	for _, u := range Unseen() {
		fmt.Fprintf(&b, "| %s | %s |\n", strings.TrimSpace(u.Where+" "+u.Change), u.Why)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Answers says which answers the rule is about.
func (r *Rule) Answers() string {
	if r.Approvals {
		return r.Of.String() + ", approved"
	}
	return r.Of.String()
}
