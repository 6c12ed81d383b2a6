package selftest

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Result is how the figures of all trials compare with the truth.
type Result struct {
	Figures []Figure
	Busy    []string // what was wrong with this machine meanwhile, and when
}

// Figure is one figure of a trial, held against the truth.
type Figure struct {
	Trial  string // its name
	Words  string // what must be seen
	Want   string // the truth; empty when the figure is for information
	Within string // how far off it may be; exact for not at all
	Seen   string
	Holds  bool // a figure for information always does
}

// Judged is how many figures were held against the truth.
func (r *Result) Judged() (n int) {
	for _, f := range r.Figures {
		if f.Want != "" {
			n++
		}
	}
	return n
}

// Failed is how many of them do not hold: none when this machine is to be
// trusted.
func (r *Result) Failed() (n int) {
	for _, f := range r.Figures {
		if !f.Holds {
			n++
		}
	}
	return n
}

// Why says what may have made figures fail.
func (r *Result) Why() string {
	if len(r.Busy) == 0 {
		return "no signal of this machine tells why; please report it with this table"
	}
	return "this machine was busy: " + strings.Join(r.Busy[:min(3, len(r.Busy))], "; ")
}

// WriteText writes a table of the figures, and what they mean.
func (r *Result) WriteText(w io.Writer) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "case\twhat must be seen\texpected\tseen\ttolerance\tverdict")
	trial := ""
	for _, f := range r.Figures {
		name, verdict := f.Trial, "holds"
		if name == trial {
			name = ""
		}
		trial = f.Trial
		switch {
		case f.Want == "":
			verdict = "-"
		case !f.Holds:
			verdict = "DOES NOT HOLD"
		}
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\t%s\n", name, f.Words, f.Want, f.Seen, f.Within, verdict)
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	if r.Failed() == 0 {
		_, err := fmt.Fprintf(w, "\nall %d figures hold: what posfleet measures on this machine is to be trusted\n", r.Judged())
		return err
	}
	_, err := fmt.Fprintf(w, "\n%d of %d figures do not hold: do not trust what posfleet measures on this machine now\n", r.Failed(), r.Judged())
	return err
}
