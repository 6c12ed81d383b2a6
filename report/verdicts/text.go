package verdicts

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/posfleet/posfleet/report"
)

// Teller tells verdicts on a terminal as they fall. Failures of one cause are
// told in full once.
type Teller struct {
	Out   io.Writer
	Again string // plays a scenario again whose selector follows it
	Quiet bool   // failures only

	told map[string]string // cause: selector of the first verdict with it
}

// WriteText tells the results as a check that ends tells them.
func (r *Results) WriteText(w io.Writer) error {
	t := Teller{Out: w, Again: r.Again}
	for v := range r.All() {
		if err := t.Tell(v); err != nil {
			return err
		}
	}
	return r.WriteSummary(w)
}

// words begin the line of a verdict.
var words = [...]string{Passed: "ok", Failed: "FAIL", Untested: "untested", Skipped: "skipped"}

// Tell tells one verdict: a line, and for a failure all that is needed to act. A
// scenario that was not played is not told.
func (t *Teller) Tell(v *Verdict) error {
	known := v.Outcome == Failed && v.Expected != ""
	if v.Outcome == NotPlayed || t.Quiet && (v.Outcome != Failed || known) {
		return nil
	}
	var b strings.Builder
	word := words[v.Outcome]
	if known {
		word = "known"
	}
	fmt.Fprintf(&b, "%-5s %-24s %s\n", word, v.ID, report.Printable(v.Name))
	switch {
	case known:
		fmt.Fprintf(&b, "      %s; known to fail: %s\n", v.Why(), report.Printable(v.Expected))
	case v.Outcome == Failed:
		if first, told := t.told[v.cause()]; told {
			fmt.Fprintf(&b, "      as %s\n", first)
		} else {
			if t.told == nil {
				t.told = map[string]string{}
			}
			t.told[v.cause()] = v.Selector
			v.writeFailure(&b, t.Again)
		}
	}
	_, err := io.WriteString(t.Out, b.String())
	return err
}

// writeFailure tells the sentence, the reason, the exchange and how to see it again.
func (v *Verdict) writeFailure(b *strings.Builder, again string) {
	if v.Step != "" {
		fmt.Fprintf(b, "      %s: %s\n", report.Printable(v.At), report.Printable(v.Step))
	}
	fmt.Fprintf(b, "      %s\n", v.Why())
	for line := range strings.Lines(v.Exchange) {
		fmt.Fprintf(b, "      | %s", line)
	}
	fmt.Fprintf(b, "      again: %s %s\n", again, report.ShellWord(v.Selector))
}

// alone is how many scenarios passed in which the host was asked nothing.
func (r *Results) alone() (n int) {
	for v := range r.All() {
		if v.Alone && v.Outcome == Passed {
			n++
		}
	}
	return n
}

// WriteSummary tells what the check came to: causes that many scenarios share, a
// line of counts, what was not tested and why. It is nothing when no scenario
// came to its turn.
func (r *Results) WriteSummary(w io.Writer) error {
	played, unplayed := r.Count(Passed)+r.Count(Failed)+r.Count(Untested)+r.Count(Skipped), r.Count(NotPlayed)
	if played == 0 {
		return nil
	}
	var b strings.Builder
	causes := r.Causes()
	for _, c := range causes {
		if c.Outcome == Failed && len(c.Of) >= many {
			fmt.Fprintf(&b, "\n%s", c)
		}
	}
	fmt.Fprintf(&b, "\n%s against %s (%s): %d passed, %d failed", report.Plural(int64(played+unplayed), "scenario"), r.Target, r.Dialect+like(r.Line), r.Count(Passed), r.Count(Failed))
	for _, o := range []Outcome{Untested, Skipped, NotPlayed} {
		if n := r.Count(o); n > 0 {
			fmt.Fprintf(&b, ", %d %s", n, o)
		}
	}
	if n := r.known(); n > 0 {
		fmt.Fprintf(&b, ", %d of the failed known to", n)
	}
	fmt.Fprintf(&b, " in %s\n", r.Took.Round(time.Millisecond))
	if n := r.alone(); n > 0 {
		fmt.Fprintf(&b, "%d of those that passed asked nothing of the host: they are about the terminal alone\n", n)
	}
	if r.Coverage != nil {
		if err := r.Coverage.WriteText(&b); err != nil {
			return err
		}
	}
	if why := r.Incomplete(); why != "" {
		fmt.Fprintf(&b, "INCOMPLETE: %s\n", why)
	}
	if r.known() > 0 && r.Count(Passed) == 0 && r.Broken() == 0 {
		b.WriteString("nothing held: all that was tested is known to fail\n")
	}
	if len(r.Loads) > 0 {
		fmt.Fprintf(&b, "not played, as @load is for posfleet load: %s\n", strings.Join(r.Loads, ", "))
	}
	for _, line := range r.OffList() {
		fmt.Fprintf(&b, "%s\n", line)
	}
	for _, c := range causes {
		if c.Outcome != Failed {
			fmt.Fprintf(&b, "%s: %s", c.Outcome, c)
		}
	}
	if len(r.Rules) > 0 {
		var each []string
		for _, of := range r.Rules {
			each = append(each, fmt.Sprintf("%s (%s) %d", of.ID, of.Level, of.N))
		}
		fmt.Fprintf(&b, "rules that answers broke: %s; posfleet rules explains them\n", strings.Join(each, ", "))
		for _, of := range r.Rules {
			if why := r.RuleWhy[of.ID]; why != "" && of.Level != "must" { // musts are told with what failed
				fmt.Fprintf(&b, "      %s: %s\n", of.ID, oneLine(why))
			}
		}
	}
	if len(r.Without) > 0 {
		fmt.Fprintf(&b, "answers were not held to %s: the dialect leaves them out\n", strings.Join(r.Without, ", "))
	}
	if r.HungUp > 0 {
		b.WriteString(r.HangUps() + "\n")
	}
	if r.Unsettled > 0 {
		fmt.Fprintf(&b, "after %s a reversal was owed that the host did not acknowledge: %s\n", report.Plural(int64(r.Unsettled), "scenario"), report.Printable(r.UnsettledWhy))
	}
	if r.Seed != 0 {
		fmt.Fprintf(&b, "the order was --shuffle=%d\n", r.Seed)
	}
	if r.Strict && r.Broken() > r.Count(Failed) {
		b.WriteString("--strict: what is untested, skipped or played once more counts as failed\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// known is how many of the failed scenarios were known to fail.
func (r *Results) known() (n int) {
	for v := range r.All() {
		if v.Outcome == Failed && v.Expected != "" {
			n++
		}
	}
	return n
}

// many is from how many scenarios on a cause is told with their number.
const many = 3

// Why is the cause in words; what is lacking in many ways is told with each of them, and
// what has other words each time with the first.
func (c *Cause) Why() string {
	why := oneLine(c.Of[0].Cause)
	if why == "" || c.Outcome != Skipped {
		return cmp.Or(why, c.Of[0].Why())
	}
	var which, others []string
	for _, v := range c.Of {
		w, is := strings.CutPrefix(v.Why(), why)
		switch {
		case is && !slices.Contains(which, w):
			which = append(which, w)
		case !is && !slices.Contains(others, w):
			others = append(others, w)
		}
	}
	why += strings.Join(which, ",")
	if len(others) > 0 {
		why += fmt.Sprintf(", and %d others alike", len(others))
	}
	return why
}

// which names the first few scenarios.
func (c *Cause) which() string {
	const most = 3
	var which []string
	for _, v := range c.Of[:min(most, len(c.Of))] {
		which = append(which, v.Selector)
	}
	if more := len(c.Of) - most; more > 0 {
		which = append(which, fmt.Sprintf("%d more", more))
	}
	return strings.Join(which, ", ")
}

// String tells the cause in a line: how many scenarios, why, and which.
func (c *Cause) String() string {
	return fmt.Sprintf("%s: %s (%s)\n", report.Plural(int64(len(c.Of)), "scenario"), c.Why(), c.which())
}

// like says like what the lines were played; empty for as they are.
func like(profile string) string {
	if profile == "" {
		return ""
	}
	return ", lines like " + profile
}
