package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/agent"
)

// control has agents play the run, and tells what came of it as if one had.
func (f *loadFlags) control(cmd *cobra.Command, args []string, sig *signals) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	if err := f.spread.check(); err != nil {
		return usage(err)
	}
	seen := filesSeen{}
	f.net.files.Seen = seen.see
	j, err := f.prepare(cmd, args)
	if err != nil {
		return usage(err)
	}
	n, err := f.net.open(ctx, f.fleetSize(cmd, j))
	if err != nil {
		return err
	}
	defer n.close()
	f.terminals = len(n.profile.Terminals)
	switch {
	case f.terminals < f.spread.agents:
		return usage(fmt.Errorf("--agents %d: there are %d terminals, and each agent needs one", f.spread.agents, f.terminals))
	case n.books != nil && !f.spread.here():
		return usage(errors.New("agents of other machines cannot reach the bundled host, which listens on this one alone: name a host (--host), such as a posfleet host"))
	}
	part := rand.Text()
	f.asked = f.plan(j, n)
	begun := &report.Report{Run: f.runID(part), Part: part, Plan: f.asked, Environment: report.ThisMachine(version()), Started: time.Now()}
	folder, err := report.Create(f.folder(), begun)
	if err != nil {
		return usage(err)
	}
	plan, err := f.sent(args, cmd, j, n, seen)
	if err != nil {
		return usage(err)
	}
	c := &controlled{flags: f, job: j, network: n, folder: folder, tell: newProgress(cmd.ErrOrStderr()), sig: sig, dir: folder.Path("agents")}
	f.introduce(c.tell, j, n)
	parts, err := c.run(ctx, plan)
	if err != nil {
		return c.unplayed(ctx, begun, err)
	}
	rep, incomplete, err := c.join(parts)
	if err != nil {
		return &exit{code: exitInternal, err: err}
	}
	rep.Run, rep.Part, rep.Environment = begun.Run, begun.Part, begun.Environment
	err = folder.WriteAll(rep)
	if told := rep.WriteText(out, c.tell.color(out)); told != nil {
		incomplete = errors.Join(incomplete, fmt.Errorf("the report could not be printed: %w", told))
	}
	return conclude(out, folder, rep, sig, incomplete, err)
}

// sent is the run's plan as agents are told of it.
func (f *loadFlags) sent(args []string, cmd *cobra.Command, j *job, n *network, seen filesSeen) ([]byte, error) {
	p, err := planOf(args, cmd.Flags())
	if err != nil {
		return nil, err
	}
	p.Run, p.Digests = f.runID(f.asked.Target), f.asked.Digests
	p.Flags["seed"] = []string{fmt.Sprint(f.seed)}
	if n.books != nil {
		p.Bundled = &bundledHost{Address: n.dialer.Address, Admin: n.admin.URL, Token: string(n.admin.Token)}
	}
	return p.pack(seen, j.features)
}

// controlled is a run that agents play.
type controlled struct {
	flags   *loadFlags
	job     *job
	network *network
	folder  *report.Folder
	tell    *progress
	sig     *signals
	dir     string // of what agents send
	began   time.Time
	broken  error // what the bundled host finds wrong with its own books
}

// sentBooks are the bundled host's books as agents are told of them.
type sentBooks struct {
	Net map[string]int64 `json:"net"`
}

// run has the agents play, and gives what came of each share.
func (c *controlled) run(ctx context.Context, plan []byte) ([]agent.Part, error) {
	spread := &c.flags.spread
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return nil, &exit{code: exitIncomplete, err: err}
	}
	met, err := spread.meet(c.dir)
	if err != nil {
		return nil, err
	}
	defer met.close()
	run, err := agent.Start(ctx, met.conn, version(), spread.agents, plan, c.dir)
	if err != nil {
		return nil, &exit{code: exitUnreachable, err: err}
	}
	whole, ended := context.WithCancelCause(context.WithoutCancel(ctx))
	defer ended(nil)
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		_ = run.Close(closing) // what is left of it on a cluster is removed by its next run
	}()
	gathered, joined := context.WithCancelCause(ctx)
	defer joined(nil)
	if spread.here() {
		local, err := met.start(spread.agents, c.dir, func(err error) {
			if err != nil {
				joined(err)
			}
		})
		defer func() {
			if context.Cause(whole) != nil {
				for _, a := range local {
					_ = a.cmd.Process.Kill()
				}
			}
		}()
		if err != nil {
			return nil, &exit{code: exitInternal, err: err}
		}
	}
	if err := c.gather(gathered, run); err != nil {
		stopping, cancel := context.WithTimeout(whole, 5*time.Second)
		defer cancel()
		_ = run.Stop(stopping, agent.Abort)
		return nil, err
	}
	if c.began, err = run.Begin(whole); err != nil {
		return nil, &exit{code: exitIncomplete, err: err}
	}
	go c.obey(ctx, whole, run)
	if err := c.books(whole, run); err != nil {
		return nil, &exit{code: exitIncomplete, err: err}
	}
	if err := run.Await(whole, agent.Ended, c.watch()); err != nil {
		return nil, &exit{code: exitIncomplete, err: err}
	}
	c.tell.done()
	return run.Parts(), nil
}

// gather waits until every share has an agent, and each is ready.
func (c *controlled) gather(ctx context.Context, run *agent.Controller) error {
	said := ""
	say := func(text string) {
		if text != said {
			said = text
			c.tell.line("%s", text)
		}
	}
	looking, found := context.WithCancel(ctx)
	defer found()
	go func() { // who waits in vain
		refused := map[string]bool{}
		for looking.Err() == nil {
			for _, name := range run.Strangers(looking, version()) {
				if !refused[name] {
					refused[name] = true
					c.tell.line("refused: agent %s, this is posfleet %s", name, version())
				}
			}
			select {
			case <-looking.Done():
			case <-time.After(2 * time.Second):
			}
		}
	}()
	of := c.flags.spread.agents
	err := run.Await(ctx, agent.Ready, func(parts []agent.Part) {
		joined, ready := 0, 0
		for _, p := range parts {
			if p.State != "" {
				joined++
			}
			if p.State == agent.Ready {
				ready++
			}
		}
		if joined < of {
			say(fmt.Sprintf("%d of %d agents have joined", joined, of))
		} else {
			say(fmt.Sprintf("%d agents have joined, %d are ready", of, ready))
		}
	})
	for _, p := range run.Parts() {
		name := fmt.Sprintf("agent %d (%s)", p.Index+1, p.Agent)
		switch {
		case p.State == agent.Failed:
			return &exit{code: cmp.Or(p.Code, exitIncomplete), err: fmt.Errorf("%s: %s", name, p.Why)}
		case !p.Lost.IsZero():
			return &exit{code: exitIncomplete, err: fmt.Errorf("%s was lost before the run began", name)}
		}
	}
	if err != nil {
		if why := context.Cause(ctx); why != nil && c.sig.first == nil {
			err = why
		}
		return &exit{code: cmp.Or(c.sig.code(), exitIncomplete), err: fmt.Errorf("the run has not begun: %w", err)}
	}
	return nil
}

// obey hands signals on to the agents.
func (c *controlled) obey(ctx, whole context.Context, run *agent.Controller) {
	for _, stop := range []struct {
		on  <-chan struct{}
		how agent.Stop
	}{{ctx.Done(), agent.Drain}, {c.sig.abort.Done(), agent.Abort}} {
		select {
		case <-whole.Done():
			return
		case <-stop.on:
			if err := run.Stop(whole, stop.how); err != nil {
				c.tell.line("the agents cannot be told to stop: %v", err)
			}
		}
	}
}

// books gives agents the bundled host's books when their terminals have ended.
func (c *controlled) books(ctx context.Context, run *agent.Controller) error {
	if c.network.books == nil {
		return nil
	}
	if err := run.Await(ctx, agent.Played, c.watch()); err != nil {
		return err
	}
	b, err := c.network.books(ctx)
	if err != nil {
		return err
	}
	c.broken = b.Broken
	text, err := json.Marshal(sentBooks{b.Net})
	if err != nil {
		return err
	}
	return run.Books(ctx, text)
}

// watch tells agents that are lost, once each.
func (c *controlled) watch() func([]agent.Part) {
	lost := map[int]bool{}
	return func(parts []agent.Part) {
		for _, p := range parts {
			switch {
			case !p.Lost.IsZero() && !lost[p.Index]:
				lost[p.Index] = true
				c.tell.line("agent %d (%s) has not been heard of for %v: its share of the run is degraded", p.Index+1, p.Agent, agent.Lease)
			case p.Lost.IsZero() && lost[p.Index]:
				lost[p.Index] = false
				c.tell.line("agent %d (%s) is heard of again", p.Index+1, p.Agent)
			}
		}
	}
}

// join adds up what the agents have sent.
func (c *controlled) join(parts []agent.Part) (rep *report.Report, incomplete, err error) {
	var agents []report.Agent
	var folders []string
	for _, p := range parts {
		r, why, err := c.part(&p)
		if err != nil {
			return nil, nil, err
		}
		incomplete = errors.Join(incomplete, why)
		a, err := report.NewAgent(p.Index+1, p.Agent, r)
		if err != nil {
			return nil, nil, err
		}
		a.Folder, a.Offset, a.Within, a.Drift, a.Late = filepath.Base(p.Folder), p.Offset, p.Within, p.Drift, p.Late
		agents, folders = append(agents, a), append(folders, p.Folder)
		r.Named(fmt.Sprintf("agent %d", p.Index+1))
		if rep == nil {
			rep = r
		} else if err := rep.Join(r); err != nil {
			return nil, nil, err
		}
	}
	rep.Plan, rep.Agents = c.flags.asked, agents
	rep.JudgeSkew()
	if c.broken != nil {
		rep.Money.Detail = append(rep.Money.Detail, c.broken.Error())
	}
	rep.Judge(c.job.limits)
	for _, phase := range []*report.Phase{&rep.SignIn, &rep.Opening} {
		if phase.Terminals > 0 {
			if err := c.folder.Phase(phase); err != nil {
				return nil, nil, err
			}
		}
	}
	seconds, err := c.folder.JoinLogs(rep.Started, folders)
	if err != nil {
		return nil, nil, err
	}
	rep.Seconds = seconds
	if err := errors.Join(c.folder.JoinEvents(folders), joinJournals(c.folder.Path(journalName), folders)); err != nil {
		return nil, nil, err
	}
	return rep, incomplete, nil
}

// part reads what an agent has sent; why says what is missing of it.
func (c *controlled) part(p *agent.Part) (r *report.Report, why, err error) {
	begun, whole := filepath.Join(p.Folder, begunName), filepath.Join(p.Folder, summaryName)
	if p.State == agent.Ended {
		err = os.Remove(begun)
	} else {
		err = os.Rename(begun, whole)
	}
	if err != nil {
		return nil, nil, err
	}
	if r, err = report.Read(p.Folder); err != nil {
		return nil, nil, err
	}
	r.Started = c.began
	if p.State != agent.Ended {
		r.Incomplete = "not heard of any more: this is what it had sent"
		if p.State == agent.Failed {
			r.Incomplete = p.Why
		}
		r.NotPlayed = r.Planned - r.Played
		why = fmt.Errorf("agent %d (%s): %s", p.Index+1, p.Agent, r.Incomplete)
	}
	return r, why, nil
}

// unplayed keeps why nothing was played.
func (c *controlled) unplayed(ctx context.Context, begun *report.Report, err error) error {
	begun.Incomplete = "nothing was played: " + report.Printable(err.Error())
	begun.Validity = report.Validity{Level: report.NotJudged, Reasons: []string{"nothing was played"}}
	if kept := c.folder.WriteAll(begun); kept != nil {
		return errors.Join(err, kept)
	}
	return err
}
