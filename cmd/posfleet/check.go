package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/scenarios"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
)

// checkFlags are how a conformance check is asked for.
type checkFlags struct {
	net             networkFlags
	tags            string
	names           []string
	junit, cucumber string // files of results; empty for none
	out             string // folder of results; empty for none
	expected        string // file of scenarios that are known to fail; empty for none
	list, quiet     bool
	strict, early   bool
	terminals       int
	parallel        int
	line            string
	lineProfile     string
	shuffle         int64
	negative        negativeFlags
	loads           []string // selectors of what the features have besides, for load to play
}

func checkCommand(sig *signals) *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check [feature…]",
		Short: "conformance: play each scenario once, strict",
		Long: "Plays every conformance scenario and gives a verdict for each: passed, failed, untested (the host\n" +
			"gave no evidence) or skipped (it does not apply to this network); for a failure the sentence, what\n" +
			"was expected and seen, and the exchange decoded field by field, masked.\n\n" +
			"A feature is a file, a folder, a part of the embedded tree (cup/reversal), file:line or @id; several\n" +
			"are played all, --tags and --name narrow them down. Without one, all embedded features of the dialect\n" +
			"are played. With no --host the bundled host is started in this process.\n\n" +
			"With --negative it plays requests that are malformed instead, each with a payment beside it that must\n" +
			"pass (docs/negative.md).\n\n" + exitHelp,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args, sig) },
	}
	f.net.add(cmd)
	addKeyLog(cmd, &f.net.keyLog)
	fl := cmd.Flags()
	fl.StringVar(&f.tags, "tags", "", `tag expression: "@payment and not @slow"`)
	fl.StringSliceVar(&f.names, "name", nil, "part of a scenario's name, or its @id: of the features that are named, those alone")
	fl.StringVar(&f.junit, "junit", "", "write a JUnit XML file")
	fl.StringVar(&f.cucumber, "cucumber", "", "write a Cucumber JSON file")
	fl.StringVar(&f.out, "out", "", "write a folder of results: report.html, coverage.html, check.json, coverage.json, junit.xml, cucumber.json; it must not exist")
	fl.StringVar(&f.expected, "expected-failures", "", "file of scenarios that are known to fail: a line each of @id or file:line and why; one that passes fails the check")
	fl.BoolVarP(&f.list, "list", "n", false, "list the selected scenarios, play nothing")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "tell failures only")
	fl.BoolVar(&f.strict, "strict", false, "untested and skipped scenarios count as failed, and so do answers that break a rule that they should keep")
	fl.BoolVar(&f.early, "stop-on-failure", false, "begin no scenario after one has failed")
	fl.IntVar(&f.terminals, "terminals", 8, "terminals of the profile that scenarios take turns on")
	fl.IntVar(&f.parallel, "parallel", 1, "scenarios played at once, each on terminals of its own")
	fl.StringVar(&f.line, "line", "", "own: a line for each terminal; each: a new one for each exchange (default: the profile's)")
	fl.StringVar(&f.lineProfile, "line-profile", "", lineProfileUsage)
	fl.Int64Var(&f.shuffle, "shuffle", 0, "play in an order drawn from this seed (alone: from a new one, which is printed)")
	fl.Lookup("shuffle").NoOptDefVal = "-1"
	f.negative.add(fl)
	return cmd
}

// run lists the selected scenarios or plays them. Whatever is wrong with flags
// and features is told before a host is met.
func (f *checkFlags) run(cmd *cobra.Command, args []string, sig *signals) error {
	p, err := f.net.load(0)
	if err != nil {
		return err
	}
	if f.negative.on {
		return f.runNegative(cmd, args, p, sig)
	}
	for _, name := range ofNegative {
		if typed(cmd.Flags(), name) {
			return usage(fmt.Errorf("--%s is about malformed requests: leave it out, or say --negative", name))
		}
	}
	fs, err := f.choose(args, p.Dialect)
	if err != nil {
		return usage(err)
	}
	if err := f.net.resultsApart(); err != nil {
		return err
	}
	if f.list {
		listScenarios(cmd.OutOrStdout(), p.Dialect, fs)
		if len(f.loads) > 0 {
			fmt.Fprintf(cmd.OutOrStdout(), "not played, as @load is for posfleet load: %s\n", strings.Join(f.loads, ", "))
		}
		return nil
	}
	mode, err := f.mode(p.Line)
	if err != nil {
		return usage(err)
	}
	check := &scenarios.Check{Language: scenarios.NewLanguage(p), Features: fs, Terminals: f.terminals, Lines: mode,
		Parallel: f.parallel, Seed: f.seed(), StopEarly: f.early, Strict: f.strict}
	if check.Line, err = playedLine(p, f.lineProfile); err != nil {
		return usage(err)
	}
	if check.Expected, err = expectedFailures(f.expected, fs, args, cmd.ErrOrStderr()); err != nil {
		return usage(err)
	}
	if err := check.Bind(); err != nil {
		return usage(err)
	}
	heed(cmd.Context())
	files, err := f.files()
	if err != nil {
		return usage(err)
	}
	defer files.discard()
	if f.cucumber != "" || f.out != "" {
		check.Cucumber = &files.made
	}
	return f.play(cmd, check, sig, files)
}

// mode is how terminals are connected: as the flag says, or else the profile. A
// check cannot play on shared lines.
func (f *checkFlags) mode(profile string) (line.Mode, error) {
	switch {
	case f.terminals < 1:
		return line.Mode{}, fmt.Errorf("--terminals %d: want at least 1", f.terminals)
	case f.parallel < 1:
		return line.Mode{}, fmt.Errorf("--parallel %d: want at least 1", f.parallel)
	}
	if f.line == "" && !strings.HasPrefix(profile, "shared") {
		return line.ParseMode(profile)
	}
	mode, err := line.ParseMode(f.line)
	if err == nil && mode.Shared > 0 {
		err = fmt.Errorf("line %q: scenarios make lines fail one by one: want own or each", f.line)
	}
	return mode, err
}

// seed is that of the order; one is drawn when none is given.
func (f *checkFlags) seed() int64 {
	if f.shuffle < 0 {
		return 1 + rand.Int64N(1<<31)
	}
	return f.shuffle
}

// choose gives the features that a check plays.
func (f *checkFlags) choose(args []string, d *dialect.Dialect) ([]*scenarios.Feature, error) {
	fs, err := choose(args, d, f.tags, f.names, &f.net.files)
	if err != nil {
		return nil, err
	}
	fs, loads := without(fs, "@load")
	if f.loads = selectors(loads, func(*scenarios.Scenario) bool { return true }); len(fs) == 0 {
		return nil, errors.New("nothing is selected: @load scenarios are played by posfleet load")
	}
	return fs, nil
}

// play plays a check that is bound and tells its verdicts.
func (f *checkFlags) play(cmd *cobra.Command, check *scenarios.Check, sig *signals, files *resultFiles) error {
	ctx := cmd.Context()
	n, err := f.net.open(ctx, 0)
	if err != nil {
		return err
	}
	defer n.close()
	check.Language.Reach(n.admin)
	if check.Dialer = n.dialer; n.again {
		check.Patience = 20 * time.Millisecond
	}
	if f.net.host != "" {
		check.Lingers = 50 * time.Millisecond
	}
	f.identify(cmd, n, check.Results())
	check.Each = f.each(cmd, files, check.Results)
	found, err := check.Run(ctx)
	err = f.end(cmd, n, found, err, sig, files)
	if e, is := errors.AsType[*exit](err); is && (e.code == exitFailed || e.code == exitIncomplete) && e.hint == "" {
		e.hint = check.Hint()
	}
	return err
}

// end tells what a check of n found, writes the files that were asked for, and gives
// the exit code; err is what kept it from its end.
func (f *checkFlags) end(cmd *cobra.Command, n *network, found *verdicts.Results, err error, sig *signals, files *resultFiles) error {
	f.identify(cmd, n, found)
	found.Interrupted = cmd.Context().Err() != nil
	found.WriteSummary(cmd.OutOrStdout())
	return withLost(checkExit(found, err, sig), files.write(found))
}

// identify says of results what was checked, where and how.
func (f *checkFlags) identify(cmd *cobra.Command, n *network, found *verdicts.Results) {
	found.Target, found.Digest, found.Environment = n.target, digestOf(f.net.profile), report.ThisMachine(build())
	found.Command, found.Again = commandLine(), string(scrub([]byte(again(cmd))))
	found.Loads = f.loads
	if found.Started.IsZero() {
		found.Started = time.Now()
	}
}

// each tells a verdict as it falls, and notes it in the folder of results, which is begun
// with what is known before.
func (f *checkFlags) each(cmd *cobra.Command, files *resultFiles, so func() *verdicts.Results) func(*verdicts.Verdict) {
	teller := verdicts.Teller{Out: cmd.OutOrStdout(), Again: again(cmd), Quiet: f.quiet}
	if files.folder != nil {
		files.folder.Begin(so())
	}
	return func(v *verdicts.Verdict) {
		teller.Tell(v)
		if files.folder != nil {
			found := so()
			files.folder.Note(v, found.Rules, found.RuleWhy)
		}
	}
}

// once are the flags of a check that playing one scenario again does without.
var once = []string{"junit", "cucumber", "out", "expected-failures", "quiet", "tags", "name", "shuffle", "parallel", "terminals", "stop-on-failure", "help"}

// again is the command that a check was asked for by, without features: whoever
// adds one plays it against the same network.
func again(cmd *cobra.Command) string {
	words := []string{"posfleet", cmd.Name()}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Changed || slices.Contains(once, f.Name) {
			return
		}
		value := f.Value.String()
		if list, is := f.Value.(pflag.SliceValue); is {
			value = strings.Join(list.GetSlice(), ",")
		}
		if f.Value.Type() == "bool" && value == "true" {
			words = append(words, "--"+f.Name)
			return
		}
		words = append(words, "--"+f.Name+" "+report.ShellWord(value))
	})
	return strings.Join(words, " ")
}

// checkExit is the exit code of a check that was played; err is what kept it
// from its end.
func checkExit(found *verdicts.Results, err error, sig *signals) error {
	switch {
	case found.Interrupted:
		return &exit{code: sig.code(), err: errors.New("stopped by a signal; the scenarios after it were not played")}
	case err != nil:
		return &exit{code: exitIncomplete, err: err}
	case found.Broken() == 0 && found.Away != "":
		return &exit{code: exitIncomplete, err: errors.New(found.Away)}
	case found.Broken() == 0 && found.Count(verdicts.Passed) == 0 && found.Count(verdicts.Failed) == 0:
		return &exit{code: exitIncomplete, err: errors.New("nothing was tested: all that was chosen is untested or skipped, for the reasons above")}
	case found.Broken() == 0:
		return nil
	case found.Sent && !found.Answered && found.Count(verdicts.Failed) > 0:
		if found.Target == bundledTarget {
			return &exit{code: exitFailed, err: errors.New("no scenario heard an answer of the host")}
		}
		return &exit{code: exitFailed, err: errors.New("no scenario heard an answer of the host, which answered a sign-in or an echo test before them"),
			hint: "posfleet doctor asks it step by step, and waits for answers that come late"}
	}
	return &exit{code: exitFailed, err: errors.New("")}
}

func listScenarios(out io.Writer, d *dialect.Dialect, fs []*scenarios.Feature) {
	for _, f := range fs {
		fmt.Fprintf(out, "%s  %s\n", f.Path, scenarios.ScrubbedName(d, f.Name))
		for _, s := range f.Scenarios {
			id := ""
			if s.ID != "" {
				id = "@" + s.ID
			}
			fmt.Fprintf(out, "  %4d  %-24s %s\n", s.Line, id, scenarios.ScrubbedName(d, s.Name))
		}
	}
}
