package verdicts

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/posfleet/posfleet/report"
)

// WriteMarkdown tells the results as a page of GitHub's step summaries: the counts,
// why scenarios failed, and what was not tested.
func (r *Results) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	sign := "✅"
	switch {
	case r.Broken() > 0:
		sign = "❌"
	case r.Incomplete() != "":
		sign = "⚠️"
	}
	fmt.Fprintf(&b, "### %s posfleet check: %s\n\n", sign, report.Cell(r.Target))
	b.WriteString("| passed | failed | known to fail | untested | skipped | not played | took |\n|---:|---:|---:|---:|---:|---:|---:|\n")
	known := r.known()
	fmt.Fprintf(&b, "| %d | %d | %d | %d | %d | %d | %s |\n", r.Count(Passed), r.Count(Failed)-known, known,
		r.Count(Untested), r.Count(Skipped), r.Count(NotPlayed), r.Took.Round(time.Millisecond))
	if why := r.Incomplete(); why != "" {
		fmt.Fprintf(&b, "\nIncomplete: %s\n", report.Cell(why))
	}
	for _, o := range []Outcome{Failed, Untested, Skipped} {
		head := false
		for _, c := range r.Causes() {
			if c.Outcome != o {
				continue
			}
			if !head {
				fmt.Fprintf(&b, "\n| scenarios %s | why | which |\n|---:|---|---|\n", o)
				head = true
			}
			fmt.Fprintf(&b, "| %d | %s | %s |\n", len(c.Of), report.Cell(c.Why()), report.Cell(c.which()))
		}
	}
	for _, line := range r.OffList() {
		fmt.Fprintf(&b, "\n%s\n", report.Cell(line))
	}
	if len(r.Rules) > 0 {
		b.WriteString("\n| rule broken | level | times |\n|---|---|---:|\n")
		for _, of := range r.Rules {
			fmt.Fprintf(&b, "| %s | %s | %d |\n", of.ID, of.Level, of.N)
		}
	}
	if len(r.Without) > 0 {
		fmt.Fprintf(&b, "\nAnswers were not held to %s: the dialect leaves them out.\n", report.Cell(strings.Join(r.Without, ", ")))
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}
