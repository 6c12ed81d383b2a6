package page

import (
	"cmp"
	"strings"
	"time"

	"github.com/posfleet/posfleet/report"
)

// agentRow is what one agent did of a run that several shared.
type agentRow struct {
	Number                                     int
	Name                                       string
	Class, Sign, State                         string // how far it came, or why not further
	Terminals, Planned, Played, Sent, Answered string
	P50, P99                                   string
	Verdict, VerdictClass, Clock, Skew         string
}

// agents gives a row for each agent, and in words how far apart they may have begun.
func agents(r *report.Report) (rows []agentRow, skew string) {
	for _, a := range r.Agents {
		row := agentRow{
			Number: a.Number, Name: a.Name, Class: "good", Sign: "✓", State: cmp.Or(a.State, "waited for"),
			Terminals: report.FormatCount(int64(a.Terminals)), Planned: report.FormatCount(a.Planned), Played: report.FormatCount(a.Played),
			Sent: report.FormatCount(a.Sent), Answered: report.FormatCount(a.Answered),
			P50: "–", P99: "–", Verdict: a.Verdict, VerdictClass: verdictClass(a.Verdict), Clock: "–", Skew: "–",
		}
		if a.Sent > 0 {
			row.P50, row.P99 = report.FormatDuration(a.P50), report.FormatDuration(a.P99)
		}
		if a.Within > 0 {
			row.Clock, row.Skew = signed(a.Offset)+" ± "+report.FormatDuration(a.Within), "≤ "+report.FormatDuration(a.Within+a.Late)
			if a.Drift != 0 {
				row.Clock += ", moved by " + signed(a.Drift)
			}
		}
		switch {
		case a.Lost != "":
			row.Class, row.Sign, row.State = "bad", "✗", a.Fate()+": "+strings.TrimSuffix(a.Lost, ".")
		case a.Away(), a.State == report.Deaf:
			row.Class, row.Sign = "bad", "✗"
		case a.State != "ended":
			row.Class, row.Sign = "", "…"
		}
		rows = append(rows, row)
	}
	if d := r.Skew(); d > 0 {
		skew = "Begun within " + report.FormatDuration(d) + " of each other, as far as their clocks could be compared."
	}
	return rows, skew
}

// verdictClass is how a verdict on a generator is coloured.
func verdictClass(verdict string) string {
	return map[string]string{report.Valid.String(): "good", report.Invalid.String(): "bad"}[verdict]
}

// signed is a duration with its sign.
func signed(d time.Duration) string {
	if d < 0 {
		return "−" + report.FormatDuration(-d)
	}
	return "+" + report.FormatDuration(d)
}
