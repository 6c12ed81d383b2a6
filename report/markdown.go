package report

import (
	"fmt"
	"io"
	"strings"
)

// WriteMarkdown tells the run as a page of GitHub's step summaries: what it came
// to, empty when all held, its latencies, and its promises.
func (r *Report) WriteMarkdown(w io.Writer, broken string) error {
	all, err := r.Overall()
	if err != nil {
		return err
	}
	var b strings.Builder
	sign := "✅"
	if broken != "" {
		sign = "❌"
	}
	fmt.Fprintf(&b, "### %s posfleet load: %s against %s\n\n", sign, Cell(r.Plan.Arrivals), Cell(r.Plan.Target))
	if broken != "" {
		fmt.Fprintf(&b, "%s\n\n", Cell(broken))
	}
	b.WriteString("| label | sent | approved | declined | others | p50 | p99 | max |\n|---|---:|---:|---:|---:|---:|---:|---:|\n")
	row := func(l *Label) {
		sent := l.Counts.Sent()
		if sent == 0 {
			return
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", Cell(l.Name), FormatCount(sent), FormatCount(l.Counts[Approved]), FormatCount(l.Counts[Declined]),
			FormatCount(sent-l.Counts[Approved]-l.Counts[Declined]), l.Quantile(0.5), l.Quantile(0.99), l.Quantile(1))
	}
	for i := range r.Labels {
		row(&r.Labels[i])
	}
	all.Name = "all"
	row(&all)
	b.WriteString("\n| promise | kept | seen |\n|---|---|---|\n")
	for _, l := range r.Limits {
		kept, seen := map[bool]string{true: "✅", false: "❌"}[l.OK], l.Seen
		if l.Moot() {
			kept, seen = "–", l.Why
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", Cell(l.Limit), kept, Cell(seen))
	}
	fmt.Fprintf(&b, "\nThe generator: %s.\n\n", r.Validity.Level)
	_, err = io.WriteString(w, b.String())
	return err
}

// Cell is text that can stand in a table of Markdown, and is nothing but text
// there.
func Cell(s string) string {
	return strings.NewReplacer("\n", " ", "|", "\\|", "<", "&lt;", ">", "&gt;", "`", "\\`", "*", "\\*", "[", "\\[", "@", "&#64;").Replace(Printable(s))
}
