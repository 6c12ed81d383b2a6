// Package selftest is the lie detector: is this instrument to be trusted, on
// this machine, now?
//
// It plays against hosts whose latency is known, in this process, on loopback:
// they stall, queue, drop, are late, fall silent. The law of each host says in
// closed form what must be seen (law.go); each trial is a host, a run against it
// and its checks (trial.go); cases.go lists the trials. [Run] plays them all and
// gives a [Result].
package selftest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/audit"
	"github.com/posfleet/posfleet/sim/dialect"
)

// Run plays all trials, in about a minute, or shorter ones, less certain, in a
// quarter of it. When ctx or abort ends first, or a trial cannot be played on
// this machine, there is an error and no result.
func Run(ctx, abort context.Context, quick bool) (*Result, error) {
	return play(ctx, abort, trials(quick))
}

// play plays trials in parts, those of a part at the same time.
func play(ctx, abort context.Context, parts [][]trial) (*Result, error) {
	unwatch := watchMachine(ctx)
	defer unwatch()
	r := &Result{}
	for _, part := range parts {
		all, err := together(ctx, abort, part)
		if err = errors.Join(ctx.Err(), err); err != nil {
			return nil, err
		}
		for i := range part {
			r.Figures = append(r.Figures, part[i].judge(all[i], (*report.Label).Quantile)...)
		}
	}
	r.Busy = unwatch()
	return r, nil
}

// together plays trials at the same time, each against a host of its own. None
// begins before the fleets of all have signed in, which takes the processor.
func together(ctx, abort context.Context, part []trial) ([]*findings, error) {
	all, errs := make([]*findings, len(part)), make([]error, len(part))
	sweep := sync.OnceFunc(runtime.GC) // what sign-in left behind
	var wg, ready sync.WaitGroup
	ready.Add(len(part))
	for i := range part {
		wg.Go(func() {
			signedIn := sync.OnceFunc(ready.Done)
			defer signedIn()
			var err error
			if all[i], err = part[i].play(ctx, abort, func() {
				signedIn()
				ready.Wait()
				sweep()
			}); err != nil {
				errs[i] = fmt.Errorf("%s: %w", part[i].name, err)
			}
		})
	}
	wg.Wait()
	return all, errors.Join(errs...)
}

// play runs one trial. It calls signedIn between sign-in and play.
func (c *trial) play(ctx, abort context.Context, signedIn func()) (*findings, error) {
	h, err := c.start()
	if err != nil {
		return nil, err
	}
	defer h.stop()
	run, err := c.run(h)
	if err != nil {
		return nil, err
	}
	run.Observer.SignIn = func(ok, bad, of int) {
		if ok+bad == of {
			signedIn()
		}
	}
	var why error
	var first sync.Once
	note := func(e sim.Event) { first.Do(func() { why = errors.Join(e.Err, e.Result.Why) }) }
	run.Observer.Failed = note
	run.Observer.Exchange = func(e sim.Event) {
		if e.Result.Outcome > report.Declined {
			note(e)
		}
	}
	f := &findings{}
	if f.report, err = run.Do(ctx, abort); err != nil {
		return nil, err
	}
	f.money = audit.Compare(run.Fleet(), h.books())
	if f.label = f.report.Label(c.plays.String()); f.label == nil {
		return nil, fmt.Errorf("no %s was recorded: %w", c.plays, why)
	}
	return f, nil
}

// run is what the trial plays against its host.
func (c *trial) run(h *knownHost) (*sim.Run, error) {
	run := &sim.Run{
		Profile: h.profile, Dialer: h.dialer, Lines: c.lines, Terminals: c.terminals, For: c.length, Drain: c.drain,
		Recorder: report.NewRecorder(sim.Labels(), h.profile.Policy.Timeout, 0),
	}
	if run.Drain == 0 {
		run.Drain = h.profile.Policy.Timeout
	}
	rate := sim.Rate{N: c.rate, Per: time.Second}
	switch {
	case c.poisson != 0:
		run.Pacer = sim.Poisson(rate, c.poisson)
	case c.rate > 0:
		run.Pacer = sim.Constant(rate)
	}
	var err error
	run.Mix, err = sim.NewMix(1, []*sim.Plan{exchange(c.plays)}, []float64{1})
	return run, err
}

// exchange is a plan of a single exchange: an echo, or something done with a
// good card.
func exchange(of dialect.Transaction) *sim.Plan {
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
