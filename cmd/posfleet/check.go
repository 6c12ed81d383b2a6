package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/scenarios"
	"github.com/posfleet/posfleet/sim"
)

func checkCommand(sig *signals) *cobra.Command {
	var net networkFlags
	var tags, junit, cucumber string
	var names []string
	var list, quiet bool
	var terminals int
	cmd := &cobra.Command{
		Use:   "check [feature…]",
		Short: "conformance: play scenarios one at a time, strict",
		Long: "Plays every conformance scenario one by one and gives a verdict for each; for a failure the\n" +
			"sentence, what was expected and seen, and the exchange decoded field by field, masked.\n\n" +
			"A feature is a file, a folder, a part of the embedded tree (cup/reversal), file:line or @id;\n" +
			"without one, all embedded features of the dialect are played. With no --host the bundled host\n" +
			"is started in this process.\n\n" + exitHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := net.load(0)
			if err != nil {
				return err
			}
			fs, err := choose(args, p.Dialect.Name, tags, names)
			if err != nil {
				return usage(err)
			}
			fs, _ = without(fs, "@load")
			if len(fs) == 0 {
				return usage(errors.New("nothing is selected: @load scenarios are played by posfleet load"))
			}
			if list {
				listScenarios(cmd.OutOrStdout(), fs)
				return nil
			}
			check := &scenarios.Check{Language: scenarios.NewLanguage(p), Features: fs, Terminals: terminals, Cucumber: cucumber}
			if err := check.Bind(); err != nil {
				return usage(err)
			}
			var results *report.AtomicFile
			if junit != "" {
				if results, err = createResults(junit); err != nil {
					return usage(fmt.Errorf("--junit: %w", err))
				}
				defer results.Discard()
			}
			ctx, out := cmd.Context(), cmd.OutOrStdout()
			n, err := net.open(ctx, 0)
			if err != nil {
				return err
			}
			defer n.close()
			check.Dialer = n.dialer
			check.Each = func(v *verdicts.Verdict) {
				if v.Outcome == verdicts.Failed || !quiet {
					v.WriteText(out)
				}
			}
			found, err := check.Run(ctx)
			found.Target = n.target
			found.WriteSummary(out)
			if results != nil {
				if err := errors.Join(found.WriteJUnit(results), results.Commit()); err != nil {
					return &exit{code: exitIncomplete, err: fmt.Errorf("--junit: %w", err)}
				}
			}
			switch {
			case ctx.Err() != nil:
				return &exit{code: sig.code(), err: errors.New("stopped by a signal; the scenarios after it were not played")}
			case err != nil:
				return &exit{code: exitIncomplete, err: err}
			case found.Count(verdicts.Failed) > 0:
				e := &exit{code: exitFailed, err: errors.New("")}
				if unanswered(found) {
					e.err = errors.New("the host never answered")
					e.hint = "does it speak another dialect, length prefix or TPDU? see --dialect and the profile's length, tpdu and header"
				}
				return e
			}
			return nil
		},
	}
	net.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&tags, "tags", "", `tag expression: "@payment and not @slow"`)
	fl.StringSliceVar(&names, "name", nil, "part of a scenario's name, or its id")
	fl.StringVar(&junit, "junit", "", "write a JUnit XML file")
	fl.StringVar(&cucumber, "cucumber", "", "write a Cucumber JSON file")
	fl.BoolVarP(&list, "list", "n", false, "list the selected scenarios, play nothing")
	fl.BoolVarP(&quiet, "quiet", "q", false, "tell failures only")
	fl.IntVar(&terminals, "terminals", 8, "terminals of the profile that scenarios take turns on")
	return cmd
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
		if v.Outcome != verdicts.NotPlayed && !errors.Is(v.Reason, sim.ErrTimeout) && !errors.Is(v.Reason, sim.ErrBroken) {
			return false
		}
	}
	return true
}
