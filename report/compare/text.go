package compare

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/posfleet/posfleet/report"
)

// WriteText tells a comparison; allow is the share by which the new side may be worse.
func (c *Comparison) WriteText(w io.Writer, allow float64) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "old: %s, %s\nnew: %s, %s\n\n", c.Old.Name, runs(c.Old), c.New.Name, runs(c.New))
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprint(table, "\told\tnew\tchange\tbetween\n")
	for _, r := range c.Rows {
		if r.Old == 0 && r.High == r.Low {
			fmt.Fprintf(table, "%s\t-\t-\t-\t-\n", r.Measure)
			continue
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s and %s\n", r.Measure, r.figure(r.Old), r.figure(r.New), r.signed(r.Change), r.signed(r.Low), r.signed(r.High))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	for _, r := range c.Rows {
		fmt.Fprintf(out, "%s: %s\n", r.Measure, r.Words())
	}
	for _, u := range c.Uneven {
		fmt.Fprintf(out, "%s: not compared: of the old runs %d of %d have it, of the new ones %d of %d\n", u.Label, u.Old, len(c.Old.Runs), u.New, len(c.New.Runs))
	}
	if c.Few {
		fmt.Fprintf(out, "\ntoo few runs: what differs from run to run takes %d a side to be told from what changed; the bounds above are those of these runs alone\n", Fewest)
	}
	if worse := c.Regressed(allow); len(worse) > 0 {
		fmt.Fprintf(out, "\nworse by more than the %s allowed: %s\n", percent(allow), names(worse))
	}
	return out.Flush()
}

// Words says what came of a measure.
func (r *Row) Words() string {
	better, worse := "faster", "slower"
	switch {
	case r.Share != "":
		better, worse = "less", "more"
	case r.Q == 0:
		better, worse = "more", "fewer"
	}
	switch r.Verdict {
	case Unknown:
		return "cannot be told: " + r.Why
	case Better:
		return better + " by " + r.span()
	case Worse:
		return worse + " by " + r.span()
	}
	return "no difference that could be seen; one of " + r.size(r.Unseen()) + " could"
}

// span is the size of a change, from the nearer of its bounds to the farther.
func (r *Row) span() string {
	a, b := math.Abs(r.Low), math.Abs(r.High)
	return fmt.Sprintf("%s to %s", r.size(min(a, b)), r.size(max(a, b)))
}

// size is how large a change is, without its sign: a share of the old figure, or of a
// share the points.
func (r *Row) size(x float64) string {
	if r.Share != "" {
		return strings.TrimSuffix(percent(x), "%") + "points"
	}
	return percent(x)
}

// figure is a measure's value in its unit.
func (r *Row) figure(x float64) string {
	switch {
	case r.Share != "":
		return percent(x)
	case r.Q == 0:
		return fmt.Sprintf("%.1f/s", x)
	}
	return report.FormatDuration(time.Duration(x * float64(time.Second)))
}

func percent(x float64) string {
	switch {
	case math.Abs(x) >= 0.1:
		return fmt.Sprintf("%.0f %%", 100*x)
	case x != 0 && math.Abs(x) < 0.001:
		return fmt.Sprintf("%.2f %%", 100*x)
	}
	return fmt.Sprintf("%.1f %%", 100*x)
}

func (r *Row) signed(x float64) string {
	if x < 0 {
		return "−" + r.size(-x)
	}
	return "+" + r.size(x)
}

func runs(s *Side) string {
	if len(s.Runs) == 1 {
		return "1 run"
	}
	return fmt.Sprintf("%d runs", len(s.Runs))
}

func names(rows []Row) string {
	var all []string
	for _, r := range rows {
		all = append(all, r.String())
	}
	return strings.Join(all, ", ")
}

// WriteJSON writes a comparison for programs: figures are seconds, a
// second or shares, changes shares of the old figure, and of a share the difference.
func (c *Comparison) WriteJSON(w io.Writer, allow float64) error {
	type row struct {
		Measure string  `json:"measure"`
		Old     float64 `json:"old"`
		New     float64 `json:"new"`
		Change  float64 `json:"change"`
		Low     float64 `json:"low"`
		High    float64 `json:"high"`
		Verdict string  `json:"verdict"`
		Words   string  `json:"words"`
		Regress bool    `json:"regression"`
	}
	form := struct {
		Old        string  `json:"old"`
		New        string  `json:"new"`
		OldRuns    int     `json:"old_runs"`
		NewRuns    int     `json:"new_runs"`
		TooFewRuns bool    `json:"too_few_runs"`
		Allow      float64 `json:"allow"`
		Rows       []row   `json:"rows"`

		NotCompared []Uneven `json:"not_compared"`
	}{c.Old.Name, c.New.Name, len(c.Old.Runs), len(c.New.Runs), c.Few, allow, []row{}, append([]Uneven{}, c.Uneven...)}
	for i := range c.Rows {
		r := &c.Rows[i]
		verdict := [...]string{"no difference", "better", "worse", "unknown"}[r.Verdict]
		form.Rows = append(form.Rows, row{r.String(), r.Old, r.New, r.Change, r.Low, r.High, verdict, r.Words(), r.Verdict == Worse && r.Loss() > allow})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(form)
}
