package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/audit"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
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
			return selftest(cmd.Context(), cmd.OutOrStdout(), sig, truths(quick), (*report.Label).Quantile)
		},
	}
	cmd.Flags().BoolVar(&quick, "quick", false, "shorter runs, a quarter of a minute, less certain")
	return cmd
}

// selftest runs the cases and prints how their figures, read by head, compare
// with the truth.
func selftest(ctx context.Context, w io.Writer, sig *signals, parts [][]truth, head headline) error {
	unwatch := watchMachine(ctx)
	defer unwatch()
	t := &table{tab: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	fmt.Fprintln(t.tab, "case\twhat must be seen\texpected\tseen\ttolerance\tverdict")
	for _, part := range parts {
		results, err := together(ctx, sig, part, head)
		switch {
		case sig.code() != 0:
			return &exit{code: sig.code(), err: errors.New("stopped by a signal before it could judge")}
		case err != nil:
			return &exit{code: exitGenerator, err: fmt.Errorf("not to be played on this machine: %w", err)}
		}
		for i := range part {
			t.rows(&part[i], results[i])
		}
	}
	if err := t.tab.Flush(); err != nil {
		return &exit{code: exitIncomplete, err: err}
	}
	if t.failed == 0 {
		fmt.Fprintf(w, "\nall %d figures hold: what posfleet measures on this machine is to be trusted\n", t.judged)
		return nil
	}
	why := "no signal of this machine tells why; please report it with this table"
	if reasons := unwatch(); len(reasons) > 0 {
		why = "this machine was busy: " + strings.Join(reasons[:min(3, len(reasons))], "; ")
	}
	fmt.Fprintf(w, "\n%d of %d figures do not hold: do not trust what posfleet measures on this machine now\n", t.failed, t.judged)
	return &exit{code: exitGenerator, err: errors.New(why)}
}

// table prints rows and counts verdicts.
type table struct {
	tab            *tabwriter.Writer
	judged, failed int
}

func (t *table) rows(c *truth, f *found) {
	name := c.name
	for _, k := range c.checks {
		seen, holds := k.seen(f)
		verdict := "-"
		if k.want != "" {
			t.judged++
			verdict = "holds"
			if !holds {
				verdict = "DOES NOT HOLD"
				t.failed++
			}
		}
		fmt.Fprintf(t.tab, "%s\t%s\t%s\t%s\t%s\t%s\n", name, k.words, k.want, seen, k.within, verdict)
		name = ""
	}
}

// together plays cases at the same time, each against a host of its own. None
// begins before the fleets of all have signed in, which takes the processor.
func together(ctx context.Context, sig *signals, part []truth, head headline) ([]*found, error) {
	results, errs := make([]*found, len(part)), make([]error, len(part))
	sweep := sync.OnceFunc(runtime.GC) // what sign-in left behind
	var wg, ready sync.WaitGroup
	ready.Add(len(part))
	for i := range part {
		wg.Go(func() {
			signedIn := sync.OnceFunc(ready.Done)
			defer signedIn()
			results[i], errs[i] = part[i].play(ctx, sig.abort, head, func() {
				signedIn()
				ready.Wait()
				sweep()
			})
		})
	}
	wg.Wait()
	return results, errors.Join(errs...)
}

// play runs one case. It calls signedIn between sign-in and play.
func (c *truth) play(ctx, abort context.Context, head headline, signedIn func()) (*found, error) {
	flags := networkFlags{dialect: "cup", timeout: c.timeout, behaviour: c.host}
	n, err := flags.open(ctx, c.terminals)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	defer n.close()
	run := &sim.Run{
		Profile: n.profile, Dialer: n.dialer, Lines: c.lines, Terminals: c.terminals, For: c.length, Drain: c.drain,
		Recorder: report.NewRecorder(sim.Labels(), n.profile.Policy.Timeout, 0),
	}
	if run.Drain == 0 {
		run.Drain = n.profile.Policy.Timeout
	}
	rate := sim.Rate{N: c.rate, Per: time.Second}
	switch {
	case c.poisson != 0:
		run.Pacer = sim.Poisson(rate, c.poisson)
	case c.rate > 0:
		run.Pacer = sim.Constant(rate)
	}
	if run.Mix, err = sim.NewMix(1, []*sim.Plan{one(c.plays)}, []float64{1}); err != nil {
		return nil, err
	}
	run.Setup = func(ok, bad, of int) {
		if ok+bad == of {
			signedIn()
		}
	}
	var why error
	var first sync.Once
	run.Ended = func(_ *sim.Terminal, r *sim.Result, _ *sim.Step, err error, _, _ *wire.Message) {
		first.Do(func() { why = errors.Join(err, r.Why) })
	}
	f := &found{head: head}
	if f.report, err = run.Do(ctx, abort); err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	f.money = audit.Compare(run.Fleet(), n.books())
	if f.label = f.report.Label(c.plays.String()); f.label == nil {
		return nil, fmt.Errorf("%s: no %s was recorded: %w", c.name, c.plays, why)
	}
	return f, nil
}

// one is a plan of a single exchange: an echo, or something done with a good
// card.
func one(of dialect.Transaction) *sim.Plan {
	do := func(p *sim.Player) error {
		holders := p.T.Profile.Holders("good")
		return p.Pay(&sim.Order{Of: of, Amount: 100, Entry: sim.Swipe, PIN: true, Holder: &holders[p.N()%len(holders)]})
	}
	if of == dialect.Echo {
		do = (*sim.Player).Echo
	}
	return &sim.Plan{ID: of.String(), Cards: of != dialect.Echo, Steps: []sim.Step{{Text: of.String(), Do: do}}}
}

// watchMachine watches this machine until the function that it gives is called,
// which tells what was wrong with it and when.
func watchMachine(ctx context.Context) (stop func() []string) {
	ctx, cancel := context.WithCancel(ctx)
	watch := report.NewWatch()
	var seconds []report.Second
	var wg sync.WaitGroup
	wg.Go(func() { watch.Run(ctx) })
	wg.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for at := time.Duration(0); ; at += time.Second {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			s := report.Second{At: at}
			watch.Judge(&s)
			seconds = append(seconds, s)
		}
	})
	return func() []string {
		cancel()
		wg.Wait()
		return report.ValidityOf(seconds, true).Reasons
	}
}
