package main

import (
	"fmt"
	"io"
	"net"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/negative"
	"github.com/posfleet/posfleet/sim/profile"
)

// negativeFlags are how a check with malformed requests is asked for.
type negativeFlags struct {
	on       bool
	seed     uint64
	patience time.Duration
	owned    bool
}

func (f *negativeFlags) add(fl *pflag.FlagSet) {
	fl.BoolVar(&f.on, "negative", false, "play malformed requests instead of features, each with a payment beside it that must pass")
	fl.Uint64Var(&f.seed, "seed", 1, "with --negative: of what is drawn where a boundary has many values")
	fl.DurationVar(&f.patience, "patience", 50*time.Millisecond, "with --negative: how long silence is listened to, before and after the payment beside it")
	fl.BoolVar(&f.owned, "i-own-this-host", false, "with --negative: let malformed requests meet a host on another machine")
}

// ofScenarios are the flags that say something of scenarios, and nothing of malformed
// requests.
var ofScenarios = []string{"tags", "cucumber", "expected-failures", "terminals", "parallel", "line", "line-profile", "shuffle"}

// ofNegative are those that say something of malformed requests only.
var ofNegative = []string{"seed", "patience", "i-own-this-host"}

// runNegative lists the malformed requests or plays them.
func (f *checkFlags) runNegative(cmd *cobra.Command, args []string, p *profile.Profile, sig *signals) error {
	for _, name := range ofScenarios {
		if cmd.Flags().Changed(name) {
			return usage(fmt.Errorf("--%s is about scenarios: leave it out, or --negative", name))
		}
	}
	if len(args) > 0 {
		return usage(fmt.Errorf("%q: --negative plays no features: leave it out; --name takes part of a malformed request's name", args[0]))
	}
	if f.negative.patience <= 0 {
		return usage(fmt.Errorf("--patience %v: want a time above 0, such as 50ms", f.negative.patience))
	}
	if address, _, err := net.SplitHostPort(p.Address); err == nil && !profile.IsLoopback(address) && !f.negative.owned && !f.list {
		return &exit{code: exitUsage, err: fmt.Errorf("--negative: %s is another machine: a host that meets malformed requests may fall over, or bar the terminal", p.Address),
			hint: "say --i-own-this-host where it is yours, or its owner has agreed"}
	}
	check := &negative.Check{Profile: p, Seed: f.negative.seed, Patience: f.negative.patience, Names: f.names, StopEarly: f.early, Strict: f.strict}
	first := *check // what is drawn for a list is not drawn for the check
	cases, err := first.Cases()
	if err != nil {
		return usage(err)
	}
	if f.list {
		listCases(cmd.OutOrStdout(), cases)
		return nil
	}
	files, err := f.files()
	if err != nil {
		return usage(err)
	}
	defer files.discard()
	n, err := f.net.open(cmd.Context(), 0)
	if err != nil {
		return err
	}
	defer n.close()
	check.Dialer, check.Books, check.Profile = n.dialer, n.books, n.profile
	begun := &verdicts.Results{Dialect: n.profile.Dialect.Title, Profile: n.profile.Name, Strict: f.strict, Started: time.Now()}
	f.identify(cmd, n, begun)
	check.Each = f.each(cmd, files, func() *verdicts.Results { return begun })
	found, err := check.Run(cmd.Context())
	return f.end(cmd, n, found, err, sig, files)
}

// listCases names malformed requests, by kind.
func listCases(out io.Writer, cases []negative.Case) {
	for i, c := range cases {
		if i == 0 || c.Kind != cases[i-1].Kind {
			fmt.Fprintf(out, "negative/%s\n", c.Kind)
		}
		fmt.Fprintf(out, "  %-34s %s\n", c.Name, c.Doc)
	}
}
