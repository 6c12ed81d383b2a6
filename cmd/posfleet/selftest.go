package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/sim/selftest"
)

func selftestCommand(sig *signals) *cobra.Command {
	var quick bool
	cmd := &cobra.Command{
		Use:   "selftest",
		Short: "the lie detector: is this instrument to be trusted on this machine?",
		Long: "Plays against hosts whose latency is known (they stall, queue, drop, are late, fall silent) and holds\n" +
			"what the generator and its report say of them against the formula, on this machine, in about a minute.\n" +
			"A figure may be off by 8 ms, 2 % or the error of its sample, whichever is most; counts by nothing.\n" +
			"Exit code 4 means that figures measured here, now, are not to be trusted.\n\n" + exitHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			tell := newProgress(cmd.ErrOrStderr())
			tell.line("hosts of known behaviour, on loopback, in this process; leave the machine alone meanwhile")
			r, err := selftest.Run(cmd.Context(), sig.abort, quick)
			switch {
			case sig.code() != 0:
				return &exit{code: sig.code(), err: errors.New("stopped by a signal before it could judge")}
			case err != nil:
				return &exit{code: exitGenerator, err: fmt.Errorf("not to be played on this machine: %w", err)}
			}
			return tellSelftest(cmd.OutOrStdout(), r)
		},
	}
	cmd.Flags().BoolVar(&quick, "quick", false, "shorter runs, a quarter of a minute, less certain")
	return cmd
}

// tellSelftest prints the figures, and gives the exit code that they mean.
func tellSelftest(out io.Writer, r *selftest.Result) error {
	if err := r.WriteText(out); err != nil {
		return &exit{code: exitIncomplete, err: err}
	}
	if r.Failed() > 0 {
		return &exit{code: exitGenerator, err: errors.New(r.Why())}
	}
	return nil
}
