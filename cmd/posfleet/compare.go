package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/compare"
	"github.com/posfleet/posfleet/report/plot"
)

// compareFlags are how runs are compared and told.
type compareFlags struct {
	allow    string
	json     bool
	pictures string
}

func compareCommand() *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare OLD NEW…",
		Short: "were runs different, and by how much",
		Long: "Holds the runs of each NEW against those of OLD: how many were approved a second, the shares unanswered and failed, and\n" +
			"each label's percentiles, with the bounds between which each changed. A side is run folders joined by commas, or a folder of run folders; " + strconv.Itoa(compare.Fewest) + "\n" +
			"runs a side are the fewest that tell what changed from what differs from run to run (docs/compare.md).\n" +
			"Exit code 0: nothing was seen to be worse by more than --allow; 1: something was; 5: too few runs to say;\n" +
			"64: they cannot be compared, for another plan, another machine, or a run that is invalid or not whole.",
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.allow, "allow", "5%", "how much worse a figure may be, of the old one")
	fl.BoolVar(&f.json, "json", false, "print JSON")
	fl.StringVar(&f.pictures, "pictures", "", "write the picture of both curves into this folder")
	return cmd
}

func (f *compareFlags) run(cmd *cobra.Command, args []string) error {
	allow, err := parseShare(f.allow)
	if err != nil {
		return usage(fmt.Errorf("--allow %q: %w", f.allow, err))
	}
	if f.pictures != "" && len(args) > 2 {
		return usage(errors.New("--pictures: draws two sides, name one NEW"))
	}
	old, err := readSide(args[0])
	if err != nil {
		return usage(err)
	}
	var worse []string
	few := false
	for i, arg := range args[1:] {
		next, err := readSide(arg)
		if err != nil {
			return usage(err)
		}
		c, err := compare.Compare(old, next)
		if err != nil {
			return usage(err)
		}
		if i > 0 && !f.json {
			fmt.Fprintln(cmd.OutOrStdout())
		}
		if err := f.tell(cmd, c, allow); err != nil {
			return unwritten(err)
		}
		few = few || c.Few
		for _, r := range c.Regressed(allow) {
			worse = append(worse, fmt.Sprintf("%s is %s in %s", r.Measure, r.Words(), next.Name))
		}
	}
	switch {
	case len(worse) > 0:
		return &exit{code: exitLimit, err: errors.New(strings.Join(worse, "; "))}
	case few:
		return &exit{code: exitIncomplete, err: fmt.Errorf("too few runs to tell: %d a side at least", compare.Fewest)}
	}
	return nil
}

// tell writes a comparison in the forms asked for.
func (f *compareFlags) tell(cmd *cobra.Command, c *compare.Comparison, allow float64) error {
	if f.pictures != "" {
		if err := os.MkdirAll(filepath.Clean(f.pictures), 0o755); err != nil {
			return err
		}
		old, err := together(c.Old)
		if err != nil {
			return err
		}
		next, err := together(c.New)
		if err != nil {
			return err
		}
		if _, err := plot.SaveCompared(old, next, f.pictures); err != nil {
			return err
		}
	}
	if f.json {
		return c.WriteJSON(cmd.OutOrStdout(), allow)
	}
	return c.WriteText(cmd.OutOrStdout(), allow)
}

// together adds up the runs of a side.
func together(s *compare.Side) (*report.Report, error) {
	sum := *s.Runs[0].Report
	for _, r := range s.Runs[1:] {
		if err := sum.Merge(r.Report); err != nil {
			return nil, fmt.Errorf("%s: %w", r.Name, err)
		}
	}
	return &sum, nil
}

// readSide reads the runs of one side: folders joined by commas, each a run's or one
// that holds runs.
func readSide(arg string) (*compare.Side, error) {
	side := &compare.Side{Name: arg}
	for _, dir := range strings.Split(arg, ",") {
		if dir == "" {
			return nil, fmt.Errorf("%q: a name of a run folder is empty; leave the comma or the blank beside it out", arg)
		}
		dirs, err := runFolders(dir)
		if err != nil {
			return nil, err
		}
		for _, d := range dirs {
			r, err := report.Read(d)
			if err != nil {
				return nil, err
			}
			slices, err := report.ReadSlices(d)
			if err != nil {
				return nil, err
			}
			side.Runs = append(side.Runs, &compare.Run{Name: d, Report: r, Slices: slices})
		}
	}
	return side, nil
}

// runFolders is a folder itself if it is a run's, else those in it that are.
func runFolders(dir string) ([]string, error) {
	if report.IsRun(dir) {
		return []string{dir}, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, e := range entries {
		if d := filepath.Join(dir, e.Name()); report.IsRun(d) {
			dirs = append(dirs, d)
		}
	}
	if len(dirs) == 0 {
		return nil, fmt.Errorf("%s is no run folder and holds none: name the folders that posfleet load has made", dir)
	}
	return dirs, nil
}

// parseShare reads "5%" or "0.05".
func parseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	x, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		x /= 100
	}
	if err != nil || !(x >= 0) || x > 10 || !percent && x > 1 {
		return 0, errors.New("want a share, such as 5%")
	}
	return x, nil
}
