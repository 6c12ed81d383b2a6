package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/report"
)

func cards(r *report.Report) []verdictCard {
	return []verdictCard{limitsCard(r), generatorCard(r), booksCard(r), playedCard(r)}
}

// unjudged is why a verdict is missing in a run that did not come to its end, or has not
// yet.
func unjudged(r *report.Report) string {
	if strings.HasPrefix(r.Incomplete, report.UnderWay) {
		return report.UnderWay
	}
	if slices.ContainsFunc(r.Agents, func(a report.Agent) bool { return a.Lost != "" || a.Away() }) {
		return "an agent did not come to its end"
	}
	return "the run did not come to its end"
}

func limitsCard(r *report.Report) verdictCard {
	n := len(r.Limits)
	switch {
	case n == 0 && r.Incomplete != "":
		return verdictCard{"Limits", "warn", "!", "not judged", unjudged(r)}
	case n == 0:
		return verdictCard{"Limits", "none", "–", "none asked", "a limit is a promise such as p99 of purchase < 250ms"}
	}
	judged := slices.DeleteFunc(slices.Clone(r.Limits), report.LimitResult.Moot)
	untested := ""
	if moot := n - len(judged); moot > 0 {
		untested = fmt.Sprintf("%d untested, for want of an occasion", moot)
	}
	n = len(judged)
	broken := slices.DeleteFunc(judged, func(l report.LimitResult) bool { return l.OK })
	switch {
	case len(broken) > 0:
		return verdictCard{"Limits", "bad", "✗", fmt.Sprintf("%d of %d not held", len(broken), n), broken[0].Limit + ": " + cmp.Or(broken[0].Why, broken[0].Seen)}
	case n == 0:
		return verdictCard{"Limits", "none", "–", "untested", untested}
	case n == 1:
		return verdictCard{"Limits", "good", "✓", "held", untested}
	}
	return verdictCard{"Limits", "good", "✓", fmt.Sprintf("all %d held", n), untested}
}

func generatorCard(r *report.Report) verdictCard {
	c := verdictCard{"Generator", "good", "✓", r.Validity.Level.String(), "it kept its own timetable: the latencies are the host's and the line's"}
	switch r.Validity.Level {
	case report.Valid:
	case report.Invalid:
		c.Class, c.Sign, c.Detail = "bad", "✗", ""
	default:
		c.Class, c.Sign, c.Detail = "warn", "!", ""
	}
	if why := r.Validity.Reason(); why != "" {
		c.Detail = strings.Replace(why, r.Validity.Level.String()+": ", "", 1)
	}
	return c
}

func booksCard(r *report.Report) verdictCard {
	m := r.Money
	switch {
	case !m.Checked && r.Incomplete != "":
		return verdictCard{"Books", "warn", "!", "not compared", unjudged(r)}
	case m.Compared == 0 && m.Unknown > 0:
		return verdictCard{"Books", "warn", "!", "not compared", "no terminal knows what it took: " + report.Plural(int64(m.Unknown), "terminal") + " unknown"}
	case !m.Checked:
		return verdictCard{"Books", "none", "–", "not compared", "the host's books were not open to this run"}
	case !m.Agree():
		if m.Terminals == m.Host {
			return verdictCard{"Books", "bad", "✗", "disagree", fmt.Sprintf("%s net on both sides, with %s, told below", m.Told(m.Host), report.Plural(int64(len(m.Detail)), "disagreement"))}
		}
		return verdictCard{"Books", "bad", "✗", "disagree", fmt.Sprintf("terminals %s, host %s", m.Told(m.Terminals), m.Told(m.Host))}
	}
	agree, class, sign := "agree", "good", "✓"
	if m.Unknown > 0 {
		agree, class, sign = fmt.Sprintf("agree on %s of %s", report.FormatCount(int64(m.Compared)), report.Plural(int64(m.Compared+m.Unknown), "terminal")), "warn", "!"
	}
	if m.Settled {
		agree += ", as the host's settlements say"
	}
	return verdictCard{"Books", class, sign, agree, fmt.Sprintf("%s payments less %s refunds and voids, %s net; %s terminals compared, %s unknown", report.FormatCount(m.Payments), report.FormatCount(m.Credits),
		m.Told(m.Terminals), report.FormatCount(int64(m.Compared)), report.FormatCount(int64(m.Unknown)))}
}

func playedCard(r *report.Report) verdictCard {
	switch {
	case r.Incomplete != "" && len(r.Limits) == 0:
		return verdictCard{"Scenarios", "warn", "!", "not judged", report.FormatCount(r.Played) + " were begun, as far as is known; how many held is not"}
	case r.Failed > 0:
		return verdictCard{"Scenarios", "bad", "✗", report.FormatCount(r.Failed) + " did not hold", "of " + report.FormatCount(r.Played) + " played"}
	case r.Played == 0:
		return verdictCard{"Scenarios", "warn", "!", "none played", ""}
	}
	if why := r.NotKnown(); why != "" {
		return verdictCard{"Scenarios", "warn", "!", "not known of all", "of " + report.FormatCount(r.Played) + " played none is known not to have held: " + why}
	}
	return verdictCard{"Scenarios", "good", "✓", "all held", report.FormatCount(r.Played) + " were played"}
}
