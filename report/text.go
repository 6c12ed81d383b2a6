package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// width is the widest line of the text, in columns of a terminal.
const width = 100

// Styles of a terminal, as ECMA-48 has them.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// WriteText tells the run on a terminal, in at most 100 columns. Besides ASCII
// it uses µ, ≥ and what stands in names.
func (r *Report) WriteText(w io.Writer, color bool) error {
	t := &text{color: color}
	t.heading(r)
	if err := t.tables(r); err != nil {
		return err
	}
	t.agents(r)
	t.facts(r)
	t.limits(r)
	t.validity(r)
	_, err := io.WriteString(w, t.String())
	return err
}

type text struct {
	strings.Builder
	color bool
}

func (t *text) heading(r *Report) {
	p := r.Plan
	what := cmp.Or(p.Model, "unknown") + " model"
	if p.Arrivals != "" {
		what += ", " + p.Arrivals
	}
	if p.For > 0 {
		what += " for " + plain(p.For)
	}
	if len(p.Pressed) > 0 {
		what += ", changed by hand"
	}
	t.printf("%s\n", t.paint(bold, "posfleet: "+what))
	lines := []string{Plural(int64(p.Terminals), "terminal")}
	if p.Lines != "" {
		lines[0] += " on " + p.LinesText() + " lines"
	}
	if p.Target != "" {
		lines = append(lines, "target "+p.Target)
	}
	if p.Dialect != "" {
		lines = append(lines, "dialect "+p.Dialect)
	}
	if p.Seed == 0 && strings.Contains(r.Part, "+") {
		lines = append(lines, "seeds of their own")
	} else {
		lines = append(lines, fmt.Sprintf("seed %d", p.Seed))
	}
	t.wrapped("", strings.Join(lines, ", "))
	if mix := shares(p.Mix); mix != "" {
		t.wrapped("", "mix "+mix)
	}
	when := ""
	if !r.Started.IsZero() {
		when = r.Started.UTC().Format("2006-01-02 15:04:05 UTC") + ", "
	}
	if r.Took > 0 || r.Incomplete == "" {
		when += "took " + FormatDuration(r.Took)
	}
	when = strings.TrimSuffix(when, ", ")
	switch {
	case r.Incomplete != "":
		when += "; " + t.paint(red, "INCOMPLETE: "+r.Incomplete)
	case r.Interrupted:
		when += "; " + t.paint(yellow, "interrupted before its time")
	}
	t.wrapped("", when)
	for _, what := range r.Lost {
		t.wrapped("", t.paint(red, "LOST: "+what))
	}
	t.printf("\n")
}

func shares(mix map[string]float64) string {
	names := slices.SortedFunc(maps.Keys(mix), func(a, b string) int {
		return cmp.Or(cmp.Compare(mix[b], mix[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %.3g%%", name, 100*mix[name])
	}
	return strings.Join(names, ", ")
}

// tables writes what became of the exchanges, and how long they took.
func (t *text) tables(r *Report) error {
	all, err := r.Overall()
	if err != nil {
		return err
	}
	labels := slices.DeleteFunc(slices.Clone(r.Labels), func(l Label) bool { return l.Counts == Counts{} })
	if len(labels) == 0 {
		nothing := "no exchange outside the warm-up"
		if r.untold() {
			nothing = "of its exchanges nothing is known"
		}
		t.wrapped("", t.paint(yellow, nothing))
		t.printf("\n")
		return nil
	}
	if len(labels) > 1 {
		labels = append(labels, all)
	}
	t.outcomes(r, labels)
	t.latencies(labels, &all, &r.LineDelay)
	return nil
}

// untold reports whether nothing is known of what a run that was killed has played.
func (r *Report) untold() bool {
	return r.Incomplete != "" && len(r.Seconds) == 0 && len(r.Labels) == 0
}

// nameWidth is the room for a label's name; longer ones are cut.
const nameWidth = 20

func (t *text) outcomes(r *Report, labels []Label) {
	columns := []struct {
		o     Outcome
		width int
		style string // when not 0
	}{{Approved, 10, ""}, {Declined, 10, ""}, {Refused, 9, red}, {TimedOut, 11, red}, {Broken, 8, red}, {Open, 6, yellow}, {Unsent, 8, red}}
	head := []string{pad("exchanges", -nameWidth), pad("sent", 10)}
	for _, c := range columns {
		head = append(head, pad(c.o.String(), c.width))
	}
	head = append(head, pad("sent/s", 8))
	t.printf("%s\n", t.paint(bold, strings.Join(head, "")))
	for _, l := range labels {
		t.printf("%s%s", t.name(l.Name), pad(FormatCount(l.Counts.Sent()), 10))
		for _, c := range columns {
			style := c.style
			if l.Counts[c.o] == 0 {
				style = dim
			}
			t.printf("%s", t.paint(style, pad(FormatCount(l.Counts[c.o]), c.width)))
		}
		rate := "-"
		if span := r.Measured(); span > 0 {
			rate = rateText(float64(l.Counts.Sent()) / span.Seconds())
		}
		t.printf("%s\n", pad(rate, 8))
	}
	t.printf("\n")
}

func rateText(x float64) string {
	if x >= 1000 {
		return FormatCount(int64(x + 0.5))
	}
	return threeDigits(x)
}

func (t *text) latencies(labels []Label, all *Label, delay *LineDelay) {
	shown := []float64{0.5, 0.9, 0.99, 0.999, 1}
	head := []string{pad("latency", -nameWidth), pad("", 16)}
	for _, q := range shown {
		head = append(head, pad(Quantile{Q: q}.name(), 12))
	}
	t.printf("%s\n", t.paint(bold, strings.Join(head, "")))
	bound, few := false, false
	row := func(name, what, style string, tell func(float64) Quantile) {
		t.printf("%s%s", name, t.paint(style, pad("  "+what, -16)))
		for _, q := range shown {
			x := tell(q)
			bound = bound || x.AtLeast && !x.TooFew
			few = few || x.TooFew
			s := style
			if x.TooFew {
				s = dim
			}
			t.printf("%s", t.paint(s, pad(x.String(), 12)))
		}
		t.printf("\n")
	}
	for i := range labels {
		l := &labels[i]
		row(t.name(l.Name), "response", "", l.Quantile)
		row(pad("", nameWidth), "service", dim, l.ServiceQuantile)
	}
	row(t.name("generator"), "schedule lag", dim, all.LagQuantile)
	t.wrapped("", t.paint(dim, "response: since due by the plan; service: since sent; schedule lag: the generator's own"))
	if delay.Played() {
		t.wrapped("", t.paint(dim, "both hold what the line profile added, the line's part below"))
	}
	if bound {
		t.wrapped("", t.paint(dim, "≥: a lower bound, exchanges that ended without an outcome reach into it"))
	}
	if few {
		t.wrapped("", t.paint(dim, "n too small: p50 needs 6 samples, p90 36, p99 368 and p99.9 3,688"))
	}
	t.printf("\n")
}

// facts writes what stands beside the tables.
func (t *text) facts(r *Report) {
	codes, reasons := map[string]int64{}, map[string]int64{}
	var warm Counts
	for _, l := range r.Labels {
		for code, n := range printableCodes(l.Codes) {
			codes[code] += n
		}
		for reason, n := range l.Reasons {
			reasons[reason] += n
		}
		for o, n := range l.Warmup {
			warm[o] += n
		}
	}
	if answers := cmp.Or(listed(codes), "none had a response code"); !r.untold() {
		t.wrapped("answers", answers)
	}
	if len(reasons) > 0 {
		t.wrapped("orders", "refused because "+listed(reasons))
	}
	t.arrivals(r)
	t.presses(r.Plan.Pressed)
	if r.Late+r.Cut+r.Duplicate+r.Unmatched > 0 {
		words := fmt.Sprintf("%s late, %s duplicate, %s unmatched", Plural(r.Late, "answer"), FormatCount(r.Duplicate), FormatCount(r.Unmatched))
		if r.Cut > 0 {
			words += ", " + FormatCount(r.Cut) + " when their line had broken"
		}
		t.wrapped("beside", words)
	} else if r.Plan.Lines == "each" {
		t.wrapped("beside", unseen)
	}
	for i, s := range r.Strays {
		if i == mostPlaces {
			t.wrapped(" ", fmt.Sprintf("and %d more kinds", len(r.Strays)-i))
			break
		}
		t.wrapped(" ", fmt.Sprintf("%s %s; the first:", Plural(s.N, "time"), s.Kind))
		for line := range strings.Lines(s.First) {
			t.printf("%s%s\n", indent(), strings.TrimRight(line, "\n"))
		}
	}
	if l := r.Lines; l.Refused > 0 {
		t.wrapped("lines", Plural(l.Connected, "connection")+" made, "+t.paint(red, FormatCount(l.Refused)+" could not be had")+r.LinesNotKnown())
	} else if l.Connected > 0 {
		t.wrapped("lines", Plural(l.Connected, "connection")+" made"+r.LinesNotKnown())
	}
	for _, f := range r.LineDelay.Facts() {
		t.wrapped(cmp.Or(f[0], " "), f[1])
	}
	if faults := listed(r.Faults); faults != "" {
		t.wrapped("faults", faults)
	}
	t.rules(r.Rules)
	if len(r.Without) > 0 {
		t.wrapped("rules", "answers were not held to "+strings.Join(r.Without, ", ")+": the dialect leaves them out")
	}
	var clamped int64
	for _, l := range r.Labels {
		clamped += l.Clamped
	}
	if clamped > 0 {
		t.wrapped("clamped", Plural(clamped, "value")+" beyond the histogram's range")
	}
	t.phases(r)
	if sent := warm.Sent() + warm[Unsent]; r.Plan.Warmup > 0 && r.untold() {
		t.wrapped("warm-up", "the first "+plain(r.Plan.Warmup)+" are told apart")
	} else if r.Plan.Warmup > 0 {
		t.wrapped("warm-up", fmt.Sprintf("the first %s: %s kept apart from all of the above", plain(r.Plan.Warmup), Plural(sent, "exchange")))
	} else {
		t.wrapped("warm-up", "none")
	}
	t.settlements(r.Settlements)
	t.money(r)
	if d := r.ClockDrift.Abs(); d > 10*time.Millisecond {
		t.wrapped("clock", t.paint(yellow, "the wall clock went "+FormatDuration(d)+" its own way during the run"))
	}
	if why := r.Environment.SlowClock(); why != "" {
		t.wrapped("clock", t.paint(yellow, why))
	}
}

// unseen is what lines that end with their exchange cannot tell.
const unseen = "late and duplicate answers cannot be seen: each line ends with its exchange"

// listed writes counts by name, the largest first.
func listed(m map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		names[i] = name + ": " + FormatCount(m[name])
	}
	return strings.Join(names, "   ")
}

// arrivals writes what became of the arrivals, and of the scenarios they played.
func (t *text) arrivals(r *Report) {
	if r.Incomplete != "" && r.Planned == 0 {
		t.wrapped("arrivals", "not known")
		return
	}
	if r.Incomplete != "" && len(r.Limits) == 0 {
		t.wrapped("arrivals", fmt.Sprintf("%s due and %s begun, as far as is known; how many held is not", FormatCount(r.Planned), FormatCount(r.Played)))
		return
	}
	stuck := total(r.Stuck)
	due := "planned"
	if r.Interrupted {
		due = "due until it was interrupted"
	}
	words := fmt.Sprintf("%s %s = %s played + ", FormatCount(r.Planned), due, FormatCount(r.Played))
	if stuck > 0 {
		words += t.paint(red, FormatCount(stuck)+" stuck") + " + "
	}
	words += FormatCount(r.NotPlayed) + " not played"
	for _, u := range r.UnplayedBy() {
		words += t.paint(red, " ("+FormatCount(u.N)+" "+u.By+")")
	}
	if r.Failed > 0 {
		words += "; " + t.paint(red, Plural(r.Failed, "scenario")+" did not hold")
	}
	t.wrapped("arrivals", words)
	for _, why := range byCount(r.Stuck) {
		t.wrapped(" ", fmt.Sprintf("%s stuck: %s", FormatCount(r.Stuck[why]), why))
	}
	t.failures(r.Failures)
	if r.Waited.Arrivals > 0 {
		t.wrapped("waited", t.paint(yellow, r.Waited.String()))
	}
}

// failures writes what did not hold, what has one cause together.
func (t *text) failures(all []Failure) {
	var causes []string
	count, places := map[string]int64{}, map[string][]string{}
	for _, f := range all {
		if count[f.Why] == 0 {
			causes = append(causes, f.Why)
		}
		count[f.Why] += f.N
		places[f.Why] = append(places[f.Why], fmt.Sprintf("%s %s (%s)", f.At, f.Sentence, FormatCount(f.N)))
	}
	slices.SortStableFunc(causes, func(a, b string) int { return cmp.Compare(count[b], count[a]) })
	for i, why := range causes {
		if i == mostShown {
			t.wrapped(" ", fmt.Sprintf("and for %d more reasons", len(causes)-i))
			return
		}
		where := places[why]
		if n := len(where) - mostPlaces; n > 0 {
			where = append(where[:mostPlaces:mostPlaces], fmt.Sprintf("%d more", n))
		}
		t.wrapped(" ", fmt.Sprintf("%s did not hold: %s: %s", FormatCount(count[why]), why, strings.Join(where, ", ")))
	}
}

// mostPlaces is how many sentences the text names of one cause.
const mostPlaces = 3

// mostShown is how many of many details the text shows.
const mostShown = 10

// byCount gives the names of counts, the largest first.
func byCount(m map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b))
	})
}
