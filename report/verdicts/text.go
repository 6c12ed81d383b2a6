package verdicts

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/posfleet/posfleet/report"
)

// WriteText tells the verdict on a terminal: a line, and for a failure all that
// is needed to act. A scenario that was not played is not told.
func (v *Verdict) WriteText(w io.Writer) error {
	var b strings.Builder
	switch v.Outcome {
	case Passed:
		fmt.Fprintf(&b, "ok    %-24s %s\n", v.ID, v.Name)
	case Failed:
		fmt.Fprintf(&b, "FAIL  %-24s %s\n", v.ID, v.Name)
		fmt.Fprintf(&b, "      %s: %s\n      %s\n", v.At, v.Step, report.Printable(v.Reason.Error()))
		for line := range strings.Lines(v.Exchange) {
			fmt.Fprintf(&b, "      | %s", line)
		}
		fmt.Fprintf(&b, "      again: posfleet check %s\n", v.Selector())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteSummary tells in a line what the check came to; nothing when no scenario
// was played.
func (r *Results) WriteSummary(w io.Writer) error {
	passed, failed := r.Count(Passed), r.Count(Failed)
	if passed+failed == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "\n%d scenarios against %s (%s): %d passed, %d failed in %s\n",
		passed+failed, r.Target, r.Dialect, passed, failed, r.Took.Round(time.Millisecond))
	return err
}
