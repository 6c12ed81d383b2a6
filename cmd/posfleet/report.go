package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/page"
	"github.com/posfleet/posfleet/report/plot"
	"github.com/posfleet/posfleet/report/verdicts"
)

// reportFlags are the forms in which a run is told again; without any it is text.
type reportFlags struct {
	json                             bool
	html, pictures, csv, percentiles string
}

func reportCommand() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "report DIR…",
		Short: "tell a run or a check again in any form; the parts of one run are added up",
		Long: "Reads the folders of runs and checks and tells them again as text, JSON, a page, pictures or tables. Parts of one run (load\n" +
			"--run-id) are added up: histograms, never percentiles. Other runs are told one after the other.\n\n" + exitHelp,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.json, "json", false, "print run.json, or check.json")
	fl.StringVar(&f.html, "html", "", "write the page to this file")
	fl.StringVar(&f.pictures, "pictures", "", "write the pictures into this folder")
	fl.StringVar(&f.csv, "csv", "", "write the seconds as a table to this file")
	fl.StringVar(&f.percentiles, "hgrm", "", "write HdrHistogram's percentile files (.hgrm, in ms) into this folder")
	return cmd
}

func (f *reportFlags) run(cmd *cobra.Command, dirs []string) error {
	for _, dir := range dirs {
		found, err := verdicts.Read(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return usage(err)
		case len(dirs) > 1:
			return usage(fmt.Errorf("%s holds a check, which is told alone: name it by itself", dir))
		}
		return f.tellCheck(cmd.OutOrStdout(), found)
	}
	runs, names, err := readRuns(dirs)
	if err != nil {
		return usage(err)
	}
	out := cmd.OutOrStdout()
	if len(runs) == 1 {
		return f.tell(out, runs[0])
	}
	differs := fmt.Sprintf("%s and %s are different runs: %s", names[0], names[1], strings.Join(runs[0].Differs(runs[1]), "; "))
	if *f != (reportFlags{}) {
		return usage(errors.New(differs + ". Tell them one by one"))
	}
	for i, r := range runs {
		if i > 0 {
			fmt.Fprintf(out, "\n%s and %s are different runs: %s\n", names[0], names[i], strings.Join(runs[0].Differs(r), "; "))
		}
		fmt.Fprintf(out, "\n%s\n", names[i])
		if err := f.tell(out, r); err != nil {
			return err
		}
	}
	return nil
}

// readRuns reads folders and adds up the parts of each run.
func readRuns(dirs []string) (runs []*report.Report, names []string, err error) {
	read := map[string]*report.Report{}
	for _, dir := range dirs {
		r, err := report.Read(dir)
		if err != nil {
			return nil, nil, err
		}
		for before, o := range read {
			if r.Same(o) {
				return nil, nil, fmt.Errorf("%s and %s are the same run: name it once", before, dir)
			}
		}
		whole := *r
		read[dir] = &whole
		joined := false
		for i, o := range runs {
			if !joined && r.PartsOf(o) {
				if err := o.Join(r); err != nil {
					return nil, nil, fmt.Errorf("%s and %s: %w", names[i], dir, err)
				}
				names[i] += " and " + dir
				joined = true
			}
		}
		if !joined {
			runs, names = append(runs, r), append(names, dir)
		}
	}
	return runs, names, nil
}

// tellCheck tells a conformance check in the forms asked for.
func (f *reportFlags) tellCheck(out io.Writer, found *verdicts.Results) error {
	if f.pictures != "" || f.csv != "" || f.percentiles != "" {
		return usage(errors.New("a check has verdicts and no latencies: it is told as text, --json and --html"))
	}
	if f.html != "" {
		if err := report.WriteFile(f.html, func(w io.Writer) error { return page.WriteCheck(w, found) }); err != nil {
			return &exit{code: exitIncomplete, err: err}
		}
	}
	if f.json {
		return found.WriteJSON(out)
	}
	return found.WriteText(out)
}

// tell tells one run in the forms asked for.
func (f *reportFlags) tell(out io.Writer, r *report.Report) error {
	incomplete := func(err error) error {
		if err == nil {
			return nil
		}
		return &exit{code: exitIncomplete, err: err}
	}
	if f.html != "" {
		if err := page.Save(r, f.html); err != nil {
			return incomplete(err)
		}
	}
	if f.pictures != "" {
		if err := os.MkdirAll(filepath.Clean(f.pictures), 0o755); err != nil {
			return incomplete(err)
		}
		if _, err := plot.Save(r, f.pictures); err != nil {
			return incomplete(err)
		}
	}
	if f.csv != "" {
		if err := report.WriteFile(f.csv, r.WriteCSV); err != nil {
			return incomplete(err)
		}
	}
	if f.percentiles != "" {
		if err := r.SavePercentiles(f.percentiles); err != nil {
			return incomplete(err)
		}
	}
	if f.json {
		return r.WriteJSON(out)
	}
	return r.WriteText(out, newProgress(out).color(out))
}
