package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/scenarios"
	"github.com/posfleet/posfleet/sim/line"
)

// checkFlags are how a conformance check is asked for.
type checkFlags struct {
	net             networkFlags
	tags            string
	names           []string
	junit, cucumber string // files of results; empty for none
	list, quiet     bool
	terminals       int
}

func checkCommand(sig *signals) *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check [feature…]",
		Short: "conformance: play scenarios one at a time, strict",
		Long: "Plays every conformance scenario one by one and gives a verdict for each; for a failure the\n" +
			"sentence, what was expected and seen, and the exchange decoded field by field, masked.\n\n" +
			"A feature is a file, a folder, a part of the embedded tree (cup/reversal), file:line or @id;\n" +
			"without one, all embedded features of the dialect are played. With no --host the bundled host\n" +
			"is started in this process.\n\n" + exitHelp,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args, sig) },
	}
	f.net.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.tags, "tags", "", `tag expression: "@payment and not @slow"`)
	fl.StringSliceVar(&f.names, "name", nil, "part of a scenario's name, or its id")
	fl.StringVar(&f.junit, "junit", "", "write a JUnit XML file")
	fl.StringVar(&f.cucumber, "cucumber", "", "write a Cucumber JSON file")
	fl.BoolVarP(&f.list, "list", "n", false, "list the selected scenarios, play nothing")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "tell failures only")
	fl.IntVar(&f.terminals, "terminals", 8, "terminals of the profile that scenarios take turns on")
	return cmd
}

// run lists the selected scenarios or plays them. Whatever is wrong with flags
// and features is told before a host is met.
func (f *checkFlags) run(cmd *cobra.Command, args []string, sig *signals) error {
	p, err := f.net.load(0)
	if err != nil {
		return err
	}
	fs, err := f.choose(args, p.Dialect.Name)
	if err != nil {
		return usage(err)
	}
	if f.list {
		listScenarios(cmd.OutOrStdout(), fs)
		return nil
	}
	check := &scenarios.Check{Language: scenarios.NewLanguage(p), Features: fs, Terminals: f.terminals, Cucumber: f.cucumber}
	if err := check.Bind(); err != nil {
		return usage(err)
	}
	if f.junit == "" {
		return f.play(cmd, check, sig, nil)
	}
	results, err := createResults(f.junit)
	if err != nil {
		return usage(fmt.Errorf("--junit: %w", err))
	}
	defer results.Discard()
	return f.play(cmd, check, sig, results)
}

// choose gives the features that a check plays.
func (f *checkFlags) choose(args []string, dialect string) ([]*scenarios.Feature, error) {
	fs, err := choose(args, dialect, f.tags, f.names)
	if err != nil {
		return nil, err
	}
	if fs, _ = without(fs, "@load"); len(fs) == 0 {
		return nil, errors.New("nothing is selected: @load scenarios are played by posfleet load")
	}
	return fs, nil
}

// play plays a check that is bound and tells its verdicts, into a JUnit file too
// when there is one.
func (f *checkFlags) play(cmd *cobra.Command, check *scenarios.Check, sig *signals, junit *report.AtomicFile) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	n, err := f.net.open(ctx, 0)
	if err != nil {
		return err
	}
	defer n.close()
	check.Dialer = n.dialer
	check.Each = func(v *verdicts.Verdict) {
		if v.Outcome == verdicts.Failed || !f.quiet {
			v.WriteText(out)
		}
	}
	found, err := check.Run(ctx)
	found.Target = n.target
	found.WriteSummary(out)
	if junit != nil {
		if err := errors.Join(found.WriteJUnit(junit), junit.Commit()); err != nil {
			return &exit{code: exitIncomplete, err: fmt.Errorf("--junit: %w", err)}
		}
	}
	return checkExit(ctx, found, err, sig)
}

// checkExit is the exit code of a check that was played; err is what kept it
// from its end.
func checkExit(ctx context.Context, found *verdicts.Results, err error, sig *signals) error {
	switch {
	case ctx.Err() != nil:
		return &exit{code: sig.code(), err: errors.New("stopped by a signal; the scenarios after it were not played")}
	case err != nil:
		return &exit{code: exitIncomplete, err: err}
	case found.Count(verdicts.Failed) == 0:
		return nil
	case unanswered(found):
		return &exit{code: exitFailed, err: errors.New("the host never answered"),
			hint: "does it speak another dialect, length prefix or TPDU? see --dialect and the profile's length, tpdu and header"}
	}
	return &exit{code: exitFailed, err: errors.New("")}
}

func listScenarios(out io.Writer, fs []*scenarios.Feature) {
	for _, f := range fs {
		fmt.Fprintf(out, "%s  %s\n", f.Path, f.Name)
		for _, s := range f.Scenarios {
			id := ""
			if s.ID != "" {
				id = "@" + s.ID
			}
			fmt.Fprintf(out, "  %4d  %-24s %s\n", s.Line, id, s.Name)
		}
	}
}

// createResults sees before anything is played that a file of results can be
// written.
func createResults(name string) (*report.AtomicFile, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	return report.CreateAtomic(name)
}

// unanswered reports whether no scenario that was played got an answer at all.
func unanswered(found *verdicts.Results) bool {
	for v := range found.All() {
		if v.Outcome != verdicts.NotPlayed && !errors.Is(v.Reason, line.ErrTimeout) && !errors.Is(v.Reason, line.ErrBroken) {
			return false
		}
	}
	return true
}
