// Command posfleet is a fleet of virtual POS terminals: it certifies a host
// (check), loads it (load), stands in for one (host), tells a run again
// (report), explains a message (decode) and prints its language (steps).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Exit codes. Several at once: the first of books, failed, incomplete,
// generator, limit.
const (
	exitOK          = 0
	exitLimit       = 1  // a limit was broken
	exitFailed      = 2  // a conformance case failed
	exitBooks       = 3  // the books disagree
	exitGenerator   = 4  // the generator was the limit: the run is invalid
	exitIncomplete  = 5  // results are incomplete
	exitUsage       = 64 // usage, profile or feature file
	exitUnreachable = 69 // host unreachable
	exitInternal    = 70 // a bug of ours
	exitInterrupt   = 130
	exitTerminate   = 143
)

const exitHelp = `Exit codes:
  0 all held · 1 a limit was broken · 2 a conformance case failed · 3 the books disagree
  4 the generator was the limit, run invalid · 5 results incomplete · 64 usage, profile or feature file
  69 host unreachable · 70 internal error · 130, 143 stopped by a signal`

// exit is an error with its exit code, and perhaps a hint at the mend.
type exit struct {
	code int
	err  error
	hint string
}

func (e *exit) Error() string { return e.err.Error() }
func (e *exit) Unwrap() error { return e.err }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return &exit{code: exitUsage, err: err}
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the whole program but for the exit.
func run(args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(stderr, "posfleet: internal error: %v (please report it)\n", p)
			code = exitInternal
		}
	}()
	sig := &signals{}
	ctx, stop := sig.watch()
	defer stop()
	root := command(sig)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
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

func command(sig *signals) *cobra.Command {
	root := &cobra.Command{
		Use:   "posfleet",
		Short: "a fleet of virtual POS terminals: certify, load and stand in for payment hosts",
		Long: "posfleet plays Gherkin scenarios of sign-in and payment on virtual POS terminals:\n" +
			"one by one as a conformance check, or compiled, thousands at a time, as a load test.\n\n" + exitHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return usage(fromEnvironment(cmd.Flags()))
		},
	}
	root.AddCommand(loadCommand(sig), selftestCommand(sig), checkCommand(sig), hostCommand(), reportCommand(), decodeCommand(), stepsCommand())
	root.CompletionOptions.HiddenDefaultCmd = true
	return root
}

// fromEnvironment sets flags that were not given from POSFLEET_<FLAG>.
func fromEnvironment(flags *pflag.FlagSet) error {
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "POSFLEET_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if v, ok := os.LookupEnv(name); ok && !f.Changed {
			if err := flags.Set(f.Name, v); err != nil {
				errs = append(errs, fmt.Errorf("%s=%q: %w", name, v, err))
			}
		}
	})
	return errors.Join(errs...)
}

// signals turns the first interrupt into the end of the command's context and
// the second into the end of Abort's.
type signals struct {
	abort context.Context
	first os.Signal
}

func (s *signals) watch() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	abort, cancelAbort := context.WithCancel(context.Background())
	s.abort = abort
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case sig := <-c:
				if s.first != nil {
					cancelAbort()
					return
				}
				s.first = sig
				cancel()
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(c)
		close(done)
		cancel()
		cancelAbort()
	}
}

// code is the exit code of the signal that came, 0 when none did.
func (s *signals) code() int {
	switch s.first {
	case nil:
		return 0
	case syscall.SIGTERM:
		return exitTerminate
	}
	return exitInterrupt
}
