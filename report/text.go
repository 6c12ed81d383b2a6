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
	t.facts(r)
	t.limits(r.Limits)
	t.validity(r)
	_, err := io.WriteString(w, t.String())
	return err
}

type text struct {
	strings.Builder
	color bool
}

// paint wraps s, which is already padded, in a style.
func (t *text) paint(style, s string) string {
	if !t.color || style == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

func (t *text) printf(format string, args ...any) { fmt.Fprintf(t, format, args...) }

func (t *text) heading(r *Report) {
	p := r.Plan
	what := cmp.Or(p.Model, "unknown") + " model"
	if p.Arrivals != "" {
		what += ", " + p.Arrivals
	}
	if p.For > 0 {
		what += " for " + plain(p.For)
	}
	t.printf("%s\n", t.paint(bold, "posfleet: "+what))
	lines := []string{Plural(int64(p.Terminals), "terminal")}
	if p.Lines != "" {
		lines[0] += " on " + p.Lines + " lines"
	}
	if p.Target != "" {
		lines = append(lines, "target "+p.Target)
	}
	if p.Dialect != "" {
		lines = append(lines, "dialect "+p.Dialect)
	}
	lines = append(lines, fmt.Sprintf("seed %d", p.Seed))
	t.wrapped("", strings.Join(lines, ", "))
	if mix := shares(p.Mix); mix != "" {
		t.wrapped("", "mix "+mix)
	}
	when := ""
	if !r.Started.IsZero() {
		when = r.Started.UTC().Format("2006-01-02 15:04:05 UTC") + ", "
	}
	when += "took " + FormatDuration(r.Took)
	switch {
	case r.Incomplete != "":
		when += "; " + t.paint(red, "INCOMPLETE: "+r.Incomplete)
	case r.Interrupted:
		when += "; " + t.paint(yellow, "interrupted before its time")
	}
	t.wrapped("", when)
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
		t.wrapped("", t.paint(yellow, "no exchange outside the warm-up"))
		t.printf("\n")
		return nil
	}
	if len(labels) > 1 {
		labels = append(labels, all)
	}
	t.outcomes(r, labels)
	t.latencies(labels, &all)
	return nil
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

func (t *text) latencies(labels []Label, all *Label) {
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
	t.wrapped("", t.paint(dim, "response: since due by the plan; service: since sent; schedule lag: sent after due"))
	if bound {
		t.wrapped("", t.paint(dim, "≥: a lower bound, exchanges that ended without an outcome reach into it"))
	}
	if few {
		t.wrapped("", t.paint(dim, "n too small: p50 needs 6 samples, p90 36, p99 368 and p99.9 3,688"))
	}
	t.printf("\n")
}

// name pads a label's name, or cuts it.
func (t *text) name(s string) string { return pad(s, -nameWidth) }

// facts writes what stands beside the tables.
func (t *text) facts(r *Report) {
	codes := map[string]int64{}
	var warm Counts
	for _, l := range r.Labels {
		for code, n := range printableCodes(l.Codes) {
			codes[code] += n
		}
		for o, n := range l.Warmup {
			warm[o] += n
		}
	}
	t.wrapped("answers", cmp.Or(listed(codes), "none had a response code"))
	arrivals := fmt.Sprintf("%s planned = %s played + %s not played", FormatCount(r.Planned), FormatCount(r.Played), FormatCount(r.NotPlayed))
	if r.Incomplete != "" && r.Planned == 0 {
		arrivals = "not known"
	}
	if r.Failed > 0 {
		arrivals += "; " + t.paint(red, Plural(r.Failed, "scenario")+" did not hold")
	}
	t.wrapped("arrivals", arrivals)
	if r.Late+r.Duplicate+r.Unmatched > 0 {
		t.wrapped("beside", fmt.Sprintf("%s late, %s duplicate, %s unmatched", Plural(r.Late, "answer"), FormatCount(r.Duplicate), FormatCount(r.Unmatched)))
	}
	if faults := listed(r.Faults); faults != "" {
		t.wrapped("faults", faults)
	}
	var clamped int64
	for _, l := range r.Labels {
		clamped += l.Clamped
	}
	if clamped > 0 {
		t.wrapped("clamped", Plural(clamped, "value")+" beyond the histogram's range")
	}
	sent := warm.Sent() + warm[Unsent]
	switch {
	case r.Plan.Warmup > 0:
		t.wrapped("warm-up", fmt.Sprintf("the first %s: %s kept apart from all of the above", plain(r.Plan.Warmup), Plural(sent, "exchange")))
	case sent > 0:
		t.wrapped("warm-up", fmt.Sprintf("none; %s before the first arrival kept apart", Plural(sent, "exchange")))
	default:
		t.wrapped("warm-up", "none")
	}
	t.money(r.Money)
	if d := r.ClockDrift.Abs(); d > 10*time.Millisecond {
		t.wrapped("clock", t.paint(yellow, "the wall clock went "+FormatDuration(d)+" its own way during the run"))
	}
	if why := r.Environment.SlowClock(); why != "" {
		t.wrapped("clock", t.paint(yellow, why))
	}
}

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

func (t *text) money(m Money) {
	switch {
	case !m.Checked:
		t.wrapped("money", "books not compared")
	case m.Agree():
		t.wrapped("money", t.paint(green, "books agree")+fmt.Sprintf(": %s, %s yuan on both sides", Plural(m.Payments, "payment"), FormatGroupedYuan(m.Terminals)))
	default:
		t.wrapped("money", t.paint(red, "BOOKS DISAGREE")+fmt.Sprintf(": terminals %s yuan, host %s yuan, %s", FormatGroupedYuan(m.Terminals), FormatGroupedYuan(m.Host), Plural(m.Payments, "payment")))
		for i, d := range m.Detail {
			if i == 10 {
				t.wrapped("", fmt.Sprintf("%s and %d more", indent(), len(m.Detail)-i))
				break
			}
			t.wrapped(" ", d)
		}
	}
	if m.Owed > 0 {
		t.wrapped(" ", t.paint(yellow, Plural(m.Owed, "reversal")+" still owed when the run ended"))
	}
}

func (t *text) limits(limits []LimitResult) {
	for i, l := range limits {
		head := " "
		if i == 0 {
			head = "limits"
		}
		if l.OK {
			t.wrapped(head, t.paint(green, "kept")+"    "+l.Limit+": "+l.Seen)
			continue
		}
		t.wrapped(head, t.paint(red, "BROKEN")+"  "+l.Limit+": "+l.Seen+", "+l.Why)
	}
}

func (t *text) validity(r *Report) {
	v := r.Validity
	if len(r.Seconds) == 0 && v.Level == Valid {
		t.wrapped("generator", t.paint(yellow, "NOT JUDGED")+": no second of it is known")
		return
	}
	t.wrapped("generator", t.paint([]string{green, yellow, red}[min(v.Level, Invalid)], strings.ToUpper(v.Level.String()))+
		[]string{": it kept to its plan", ": read the figures with care", ": the generator was the limit, not the host"}[min(v.Level, Invalid)])
	for _, reason := range v.Reasons {
		t.wrapped(" ", reason)
	}
	if v.SameHost {
		t.wrapped(" ", "generator and host share this machine: no figure here is a capacity of the host")
	}
	if r.Plan.Model == "closed" {
		t.wrapped(" ", "closed model: latency excludes queueing before the terminal")
	}
}

func indent() string { return strings.Repeat(" ", nameWidth-8) }

// wrapped writes a paragraph with a name before it, or, when the name is empty,
// from the margin. A name of one space indents without one.
func (t *text) wrapped(name, s string) {
	in := ""
	if name != "" {
		in = indent()
		name = pad(strings.TrimSpace(name), -len(in))
		if strings.TrimSpace(name) != "" {
			name = t.paint(bold, name)
		}
	}
	line, used := name, len(in)
	first := true
	for word := range strings.SplitSeq(s, " ") {
		n := columns(word)
		if !first && used+1+n > width {
			t.printf("%s\n", strings.TrimRight(line, " "))
			line, used, first = in, len(in), true
		}
		if !first {
			line += " "
			used++
		}
		line += word
		used += n
		first = false
	}
	t.printf("%s\n", strings.TrimRight(line, " "))
}

// columns is how wide a terminal shows s: East Asian letters take two columns,
// escape sequences none.
func columns(s string) int {
	n, escape := 0, false
	for _, c := range s {
		switch {
		case c == 0x1b:
			escape = true
		case escape:
			escape = c != 'm'
		case c >= 0x1100 && (c <= 0x115f || c >= 0x2e80 && c <= 0xa4cf || c >= 0xac00 && c <= 0xd7a3 || c >= 0xf900 && c <= 0xfaff || c >= 0xfe30 && c <= 0xfe6f || c >= 0xff00 && c <= 0xff60 || c >= 0xffe0 && c <= 0xffe6 || c >= 0x20000 && c <= 0x3fffd):
			n += 2
		default:
			n++
		}
	}
	return n
}

// pad fills s to the width of n columns, at the left, or at the right when n is
// negative; then what is too wide is cut.
func pad(s string, n int) string {
	if n >= 0 {
		return strings.Repeat(" ", max(0, n-columns(s))) + s
	}
	n = -n
	if columns(s) > n {
		runes := []rune(s)
		for columns(string(runes)) > n-3 {
			runes = runes[:len(runes)-1]
		}
		s = string(runes) + ".. "
	}
	return s + strings.Repeat(" ", n-columns(s))
}

// plain writes a duration that was asked for: "30s", "5m", "1h30m".
func plain(d time.Duration) string {
	s := d.String()
	if s = strings.TrimSuffix(s, "0s"); s == "" || !strings.HasSuffix(s, "m") {
		s = d.String()
	}
	if t, ok := strings.CutSuffix(s, "h0m"); ok {
		s = t + "h"
	}
	return s
}
