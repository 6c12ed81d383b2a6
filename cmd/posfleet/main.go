// Command posfleet is a fleet of virtual POS terminals: it certifies a host
// (check), loads it (load), stands in for one (host), tells a run again
// (report), explains a message (decode), and prints its language (steps) and what
// it holds answers to (rules).
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	_ "time/tzdata" // terminals' clocks keep TZ, in an image that holds no zones too

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func main() {
	noCoreDumps()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program but for the exit.
func run(args []string, out, errs io.Writer) (code int) {
	stdout, stderr := newScreen(out), newScreen(errs)
	defer stdout.Close()
	defer stderr.Close()
	defer func() {
		if p := recover(); p != nil {
			tellPanic(stderr, p, debug.Stack())
			code = exitInternal
		}
	}()
	sig := &signals{errs: stderr}
	ctx, stop := sig.watch()
	defer stop()
	root := command(sig)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if lost := stdout.Close(); lost != nil {
		err = withoutOutput(err, lost)
	}
	if err == nil {
		return exitOK
	}
	var e *exit
	if !errors.As(err, &e) {
		e = &exit{code: exitUsage, err: err, hint: "posfleet --help lists verbs and flags"}
	}
	if e.err != nil && e.err.Error() != "" {
		fmt.Fprintf(stderr, "posfleet: %s\n", strings.TrimRight(e.err.Error(), "\n"))
	}
	if e.hint != "" {
		fmt.Fprintf(stderr, "posfleet: hint: %s\n", e.hint)
	}
	return e.code
}

// withoutOutput is what a command ended with whose standard output is lost.
func withoutOutput(err, lost error) error {
	if errors.Is(err, lost) {
		if e, is := errors.AsType[*exit](err); is && e.code != exitUsage {
			return err
		}
		err = nil
	}
	return withLost(err, fmt.Errorf("standard output: %w", lost))
}

func command(sig *signals) *cobra.Command {
	root := &cobra.Command{
		Use:   "posfleet",
		Short: "a fleet of virtual POS terminals: certify, load and stand in for payment hosts",
		Long: "posfleet plays Gherkin scenarios of sign-in and payment on virtual POS terminals:\n" +
			"one by one as a conformance check, or compiled, thousands at a time, as a load test.\n\n" + exitHelp,
		Version:       versionLine(),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(fromEnvironment(cmd.Flags()), noSecretGiven(cmd.Flags())); err != nil {
				return usage(err)
			}
			return usage(resultsApart(cmd.Flags(), args, nil))
		},
	}
	root.AddCommand(
		loadCommand(sig),
		agentCommand(sig),
		capacityCommand(sig),
		compareCommand(),
		selftestCommand(sig),
		checkCommand(sig),
		hostCommand(),
		proxyCommand(),
		replayCommand(sig),
		reportCommand(),
		booksCommand(),
		decodeCommand(),
		dialectCommand(),
		doctorCommand(),
		stepsCommand(),
		feesCommand(),
		keysCommand(),
		rulesCommand(),
	)
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return plainFlag(err) })
	return root
}

// plainFlag says what a flag wants, and not what Go's parser calls it.
func plainFlag(err error) error {
	e, is := errors.AsType[*pflag.InvalidValueError](err)
	if !is {
		return err
	}
	want := map[string]string{
		"int": "a whole number", "int64": "a whole number", "uint64": "a whole number from 0 to 18446744073709551615",
		"float64": "a number", "bool": "true or false", "duration": "a time with its unit, such as 10s, 250ms or 1h30m",
	}[e.GetFlag().Value.Type()]
	if want == "" {
		return err
	}
	return usage(fmt.Errorf("--%s %q: want %s", e.GetFlag().Name, e.GetValue(), want))
}

// fromEnvironment sets flags that were not given from POSFLEET_<FLAG>.
func fromEnvironment(flags *pflag.FlagSet) error {
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "POSFLEET_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if v, ok := os.LookupEnv(name); ok && !f.Changed {
			if err := flags.Set(f.Name, v); err != nil {
				errs = append(errs, fmt.Errorf("%s=%q: %w", name, v, plainFlag(err)))
			}
			_ = flags.SetAnnotation(f.Name, inEnvironment, []string{name})
		}
	})
	return errors.Join(errs...)
}

// inEnvironment marks a flag that the environment sets.
const inEnvironment = "environment"

// typed reports whether a flag stands on the command line. The environment is for all
// verbs: what it says may mean nothing to one of them.
func typed(flags *pflag.FlagSet, name string) bool {
	f := flags.Lookup(name)
	return f != nil && f.Changed && f.Annotations[inEnvironment] == nil
}
