package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
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
				if results, err = createJUnit(junit); err != nil {
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
			began := time.Now()
			var verdicts []*scenarios.Verdict
			failed := 0
			check.Each = func(v *scenarios.Verdict) {
				if v.Err != nil && ctx.Err() != nil {
					return // the signal's doing, not the host's
				}
				if verdicts = append(verdicts, v); v.Err != nil {
					failed++
				}
				tellVerdict(out, v, quiet)
			}
			_, err = check.Run(ctx)
			took := time.Since(began)
			if len(verdicts) > 0 {
				fmt.Fprintf(out, "\n%d scenarios against %s (%s): %d passed, %d failed in %s\n",
					len(verdicts), n.target, p.Dialect.Title, len(verdicts)-failed, failed, took.Round(time.Millisecond))
			}
			if results != nil {
				if err := errors.Join(writeJUnit(results, fs, verdicts, took), results.Commit()); err != nil {
					return &exit{code: exitIncomplete, err: fmt.Errorf("--junit: %w", err)}
				}
			}
			switch {
			case ctx.Err() != nil:
				return &exit{code: sig.code(), err: errors.New("stopped by a signal; the scenarios after it were not played")}
			case err != nil:
				return &exit{code: exitIncomplete, err: err}
			case failed > 0:
				e := &exit{code: exitFailed, err: errors.New("")}
				if failed == len(verdicts) && allUnanswered(verdicts) {
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

// tellVerdict prints one verdict; for a failure all that is needed to act.
func tellVerdict(out io.Writer, v *scenarios.Verdict, quiet bool) {
	s := v.Scenario
	if v.Err == nil {
		if !quiet {
			fmt.Fprintf(out, "ok    %-24s %s\n", s.ID, s.Name)
		}
		return
	}
	fmt.Fprintf(out, "FAIL  %-24s %s\n", s.ID, s.Name)
	fmt.Fprintf(out, "      %s: %s\n      %v\n", v.At, v.Step, report.Printable(v.Err.Error()))
	for line := range strings.Lines(v.Exchange) {
		fmt.Fprintf(out, "      | %s", line)
	}
	again := s.At()
	if s.ID != "" {
		again = "@" + s.ID
	}
	fmt.Fprintf(out, "      again: posfleet check %s\n", again)
}

// allUnanswered reports whether no scenario got an answer at all.
func allUnanswered(vs []*scenarios.Verdict) bool {
	for _, v := range vs {
		if !errors.Is(v.Err, sim.ErrTimeout) && !errors.Is(v.Err, sim.ErrBroken) {
			return false
		}
	}
	return true
}
