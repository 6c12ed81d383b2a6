package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/audit"
	"github.com/posfleet/posfleet/sim/line"
)

// How large a storm is, where nobody said how many terminals.
const (
	stormTerminals = 8
	stormArrivals  = 60 // a terminal
)

// runStorms plays storms, a seed each, and names those that fail.
func (f *loadFlags) runStorms(cmd *cobra.Command, args []string) error {
	given := cmd.Flags().Changed
	for _, flag := range []string{"rate", "ramp", "poisson", "closed", "think", "for", "warmup", "drain", "line", "line-profile", "limit", "settle", "strict", "run-id", "out"} {
		if given(flag) {
			return usage(fmt.Errorf("--storm: plays one exchange after another and tells no latency, leave --%s out", flag))
		}
	}
	if f.storms < 1 || f.storms > 1_000_000 {
		return usage(fmt.Errorf("--storm %d: want how many seeds, from 1 to 1000000", f.storms))
	}
	if !given("seed") {
		f.seed = 1
	}
	if !given("terminals") {
		f.terminals = stormTerminals
	}
	j, err := f.prepare(cmd, args)
	if err != nil {
		return usage(err)
	}
	var host *network // the user's, for all seeds
	if host, err = f.net.open(cmd.Context(), f.terminals); err != nil {
		return err
	}
	defer func() { host.close() }()
	var events []seedStrikes
	failed, all := []string{}, stormSums{injected: map[string]int64{}}
	whole := 0 // storms that were played to their end
	calm := "" // what the first seed that is wrong comes to without a fault
	out := cmd.OutOrStdout()
	tell := newProgress(cmd.ErrOrStderr())
	for seed := f.seed; seed < f.seed+uint64(f.storms) && cmd.Context().Err() == nil; seed++ {
		if host.books != nil && seed > f.seed { // a new one each: storms know nothing of each other
			host.close()
			if host, err = f.net.open(cmd.Context(), f.terminals); err != nil {
				return err
			}
		}
		found, err := f.playStorm(cmd.Context(), host, j, seed, f.drawn, &all)
		if err != nil {
			tell.done()
			if cmd.Context().Err() != nil { // what was not played to its end says nothing of the host
				break
			}
			return err
		}
		if cmd.Context().Err() == nil {
			whole++
		}
		if f.storm.events != "" {
			events = append(events, seedStrikes{seed, found.strikes})
		}
		if len(found.why) > 0 {
			failed = append(failed, fmt.Sprint(seed))
			tell.done()
			found.write(out, host)
		}
		if all.wrong == 1 && calm == "" && cmd.Context().Err() == nil {
			if host.books != nil {
				host.close()
				if host, err = f.net.open(cmd.Context(), f.terminals); err != nil {
					return err
				}
			}
			if calm, err = f.playCalm(cmd.Context(), host, j, seed); err != nil {
				return err
			}
			fmt.Fprintln(out, calm)
		}
	}
	tell.done()
	all.write(out)
	if f.storm.events != "" {
		if err := writeStrikes(f.storm.events, events...); err != nil {
			return &exit{code: exitIncomplete, err: fmt.Errorf("--events: %w", err)}
		}
	}
	switch {
	case cmd.Context().Err() != nil:
		played := fmt.Sprintf("%d of %d storms were played to the end", whole, f.storms)
		if len(failed) > 0 {
			played += ", of which failed: seeds " + strings.Join(failed, ", ")
		}
		return cutOff(cmd.Context(), played)
	case all.wrong > 0:
		return &exit{code: exitBooks, err: fmt.Errorf("%d of %d storms failed: seeds %s", len(failed), f.storms, strings.Join(failed, ", "))}
	case len(failed) > 0:
		return &exit{code: exitIncomplete, err: fmt.Errorf("%d of %d storms prove nothing of a fault that never struck: seeds %s", len(failed), f.storms, strings.Join(failed, ", "))}
	}
	return nil
}

// stormFound is what was wrong in one storm.
type stormFound struct {
	seed    uint64
	storm   *line.Storm
	why     []string
	strikes []line.Strike
}

// write tells it, and how to have it again.
func (s *stormFound) write(out io.Writer, n *network) {
	fmt.Fprintf(out, "seed %d FAILS under %s\n", s.seed, s.storm)
	for _, why := range s.why {
		fmt.Fprintf(out, "  %s\n", n.profile.Dialect.Scrubbed(why))
	}
	fmt.Fprintf(out, "  again: add --storm 1 --seed %d\n", s.seed)
}

// stormSums add up storms.
type stormSums struct {
	storms, arrivals, wrong int
	met, metIn, within      int // obligations met once lines had healed, exchanges of the slowest terminal, and the bound for each
	injected                map[string]int64
}

func (s *stormSums) write(out io.Writer) {
	var n int64
	for _, k := range s.injected {
		n += k
	}
	fmt.Fprintf(out, "%d storms: %d scenarios, %d messages struck\n", s.storms, s.arrivals, n)
	tellInjected(out, s.injected)
	if s.met > 0 {
		fmt.Fprintf(out, "healed lines: %s met, by no terminal in more than %s (bound: %d for each)\n", report.Plural(int64(s.met), "obligation"), report.Plural(int64(s.metIn), "exchange"), s.within)
	}
}

// drawn is the storm of a seed, or the one that --fault names.
func (f *loadFlags) drawn(n *network, seed uint64) (*line.Storm, error) {
	of := faultsOnLine(n.profile.Dialect)
	if len(f.storm.faults) == 0 {
		storm := line.DrawStorm(seed, of)
		storm.AtOnce()
		return storm, nil
	}
	storm, err := line.ParseStorm(seed, f.storm.faults)
	if err == nil {
		err = strikable(storm, of)
	}
	return storm, err
}

// playCalm plays a seed that was wrong without a fault, and says whether it still is: then
// no fault did it.
func (f *loadFlags) playCalm(ctx context.Context, n *network, j *job, seed uint64) (string, error) {
	calm := func(*network, uint64) (*line.Storm, error) { return &line.Storm{Seed: seed}, nil }
	found, err := f.playStorm(ctx, n, j, seed, calm, &stormSums{injected: map[string]int64{}})
	switch {
	case err != nil:
		return "", err
	case len(found.why) == 0:
		return fmt.Sprintf("without a fault nothing is wrong under seed %d", seed), nil
	}
	return fmt.Sprintf("without a fault seed %d is wrong, too: not the lines' doing. A scenario that leaves its terminal barred, or sends what is wrong on purpose,\n"+
		"does that at a right host: leave it out of storms (--tags). First: %s", seed, n.profile.Dialect.Scrubbed(found.why[0])), nil
}

// playStorm plays one seed under a storm and holds what is left of it against the host's books.
func (f *loadFlags) playStorm(ctx context.Context, n *network, j *job, seed uint64, under func(*network, uint64) (*line.Storm, error), all *stormSums) (*stormFound, error) {
	j.language.Reach(n.admin)
	mix, err := sim.NewMix(seed, j.load.Plans, j.load.Shares)
	if err != nil {
		return nil, usage(err)
	}
	storm, err := under(n, seed)
	if err != nil {
		return nil, usage(err)
	}
	s := &sim.Storm{Profile: n.profile, Dialer: n.dialer, Mix: mix, Faults: storm, Terminals: f.terminals,
		Arrivals: stormArrivals * f.terminals, NewHost: n.books != nil}
	done, err := s.Do(ctx)
	if done == nil {
		return nil, &exit{code: exitIncomplete, err: fmt.Errorf("seed %d: %w", seed, err)}
	}
	all.storms++
	all.arrivals += done.Arrivals
	all.met, all.metIn, all.within = all.met+done.Met, max(all.metIn, done.MetIn), max(n.profile.Policy.ReversalTries, sim.StormTries)
	for name, k := range done.Injected {
		all.injected[name] += k
	}
	found := &stormFound{seed: seed, storm: storm, strikes: done.Strikes}
	if err != nil {
		return found, nil // interrupted
	}
	found.why = done.Broken
	var m report.Money
	if n.books != nil {
		books, err := n.books(ctx)
		if err != nil {
			return nil, &exit{code: exitIncomplete, err: fmt.Errorf("seed %d: %w", seed, err)}
		}
		books.Story = s.StoryOf
		m = audit.Compare(done.Fleet, books)
	} else {
		m = audit.Settlements(done.Fleet)
	}
	for _, detail := range m.Detail {
		if tid, _, of := strings.Cut(strings.TrimPrefix(detail, "terminal "), ":"); of {
			detail += s.Story(tid)
		}
		found.why = append(found.why, detail)
	}
	if len(found.why) > 0 {
		all.wrong++
	}
	if never := storm.Never(done.Injected); len(never) > 0 {
		found.why = append(found.why, "never struck: "+strings.Join(never, ", "))
	}
	return found, nil
}
