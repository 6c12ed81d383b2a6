package main

import (
	"cmp"
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
			"--run-id) are added up, histograms, never percentiles, and judged by their sums. Other runs are told one\n" +
			"after the other. Exit code 0: all is told, whatever the run found; 5: it is not the whole run or check, not\n" +
			"all of it was kept, or not all could be written; of added parts the code of their sums, as load has it (a part's generator is its own).\n\n" + exitHelp,
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
		if err = f.tellCheck(cmd.OutOrStdout(), found); found.Incomplete() != "" {
			return withLost(&exit{code: exitIncomplete, err: fmt.Errorf("this is not the whole check: %s", found.Incomplete())}, err)
		}
		return err
	}
	runs, names, err := readRuns(dirs)
	if err != nil {
		return unread(err)
	}
	if err := f.spare(dirs); err != nil {
		return usage(err)
	}
	out := cmd.OutOrStdout()
	if len(runs) == 1 {
		lost := f.tell(out, runs[0])
		if e, is := errors.AsType[*exit](lost); is && e.code == exitUsage {
			return lost
		}
		return withLost(told(runs[0], len(dirs) > 1), lost)
	}
	differs := fmt.Sprintf("%s and %s are different runs: %s", names[0], names[1], differences(runs[0], runs[1]))
	if *f != (reportFlags{}) {
		return usage(errors.New(differs + ". Tell them one by one"))
	}
	for i, r := range runs {
		if i > 0 {
			fmt.Fprintf(out, "\n%s and %s are different runs: %s\n", names[0], names[i], differences(runs[0], r))
		}
		fmt.Fprintf(out, "\n%s\n", names[i])
		if err := f.tell(out, r); err != nil {
			return err
		}
	}
	for _, r := range runs {
		if err := told(r, strings.Contains(r.Part, "+")); err != nil {
			return err
		}
	}
	return nil
}

// differences says in what two runs were asked for differently.
func differences(a, b *report.Report) string {
	return cmp.Or(strings.Join(a.Differs(b), "; "), "nothing that was asked for")
}

// told is the exit code of a run that has been told again. What it found was told, and
// ended in a code, when it was played; but nobody has judged it when it was killed, and
// nobody the sums of its parts.
func told(r *report.Report, sums bool) error {
	if r.Incomplete != "" {
		return &exit{code: exitIncomplete, err: fmt.Errorf("this is not the whole run: %s", r.Incomplete)}
	}
	if r.Interrupted {
		return &exit{code: exitIncomplete, err: errors.New("this is not the whole run: it was interrupted before its time")}
	}
	if len(r.Lost) > 0 {
		return &exit{code: exitIncomplete, err: fmt.Errorf("not all of this run was kept: %s", strings.Join(r.Lost, "; "))}
	}
	if !sums {
		return nil
	}
	judged := *r
	judged.Validity.Level = min(judged.Validity.Level, report.Suspect) // each part's exit code said so
	return verdict(&judged, 0, nil)
}

// unread is the exit code of a run that cannot be read.
func unread(err error) error {
	if errors.Is(err, report.ErrNotWhole) {
		return &exit{code: exitIncomplete, err: err}
	}
	return usage(err)
}

// readRuns reads folders and adds up the parts of each run.
func readRuns(dirs []string) (runs []*report.Report, names []string, err error) {
	read := map[string]*report.Report{}
	var first []string // the first part of each run
	for _, dir := range dirs {
		r, err := report.Read(dir)
		if err != nil {
			return nil, nil, err
		}
		r.Lost = append(r.Lost, report.Missing(dir, r)...)
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
				if names[i] == first[i] {
					o.Named(first[i])
				}
				r.Named(dir)
				if err := o.Join(r); err != nil {
					return nil, nil, fmt.Errorf("%s and %s: %w", names[i], dir, err)
				}
				names[i] += " and " + dir
				joined = true
			}
		}
		if !joined {
			runs, names, first = append(runs, r), append(names, dir), append(first, dir)
		}
	}
	return runs, names, nil
}

// tellCheck tells a conformance check in the forms asked for.
func (f *reportFlags) tellCheck(out io.Writer, found *verdicts.Results) error {
	if f.pictures != "" || f.csv != "" || f.percentiles != "" {
		return usage(errors.New("a check has verdicts and no latencies: it is told as text, --json and --html"))
	}
	var lost error
	if f.html != "" {
		lost = report.WriteFile(f.html, func(w io.Writer) error { return page.WriteCheck(w, found) })
	}
	if f.json {
		return unwritten(errors.Join(lost, found.WriteJSON(out)))
	}
	return unwritten(errors.Join(lost, found.WriteText(out)))
}

// unwritten is the exit code of what could not be written.
func unwritten(err error) error {
	if err == nil {
		return nil
	}
	return &exit{code: exitIncomplete, err: err}
}

// tell tells one run in the forms asked for, each whatever comes of the others.
func (f *reportFlags) tell(out io.Writer, r *report.Report) error {
	var lost []error
	for _, form := range []struct {
		flag, to string
		write    func(to string) error
	}{
		{"--html", f.html, func(to string) error { return page.Save(r, to) }},
		{"--pictures", f.pictures, func(to string) error {
			if err := os.MkdirAll(filepath.Clean(to), 0o755); err != nil {
				return err
			}
			_, err := plot.Save(r, to)
			return err
		}},
		{"--csv", f.csv, func(to string) error { return report.WriteFile(to, r.WriteCSV) }},
		{"--hgrm", f.percentiles, r.SavePercentiles},
	} {
		if form.to == "" {
			continue
		}
		if err := form.write(form.to); form.flag == "--hgrm" && errors.Is(err, fs.ErrExist) {
			return usage(fmt.Errorf("--hgrm: %w: name another folder", err))
		} else if err != nil {
			lost = append(lost, fmt.Errorf("%s: %w", form.flag, err))
		}
	}
	if f.json {
		lost = append(lost, r.WriteJSON(out))
	} else {
		lost = append(lost, r.WriteText(out, newProgress(out).color(out)))
	}
	return unwritten(errors.Join(lost...))
}
