package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/agent"
	"github.com/posfleet/posfleet/sim/audit"
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
	case j.lines.Shared > 0 && j.lines.Shared < f.spread.agents:
		return usage(fmt.Errorf("--agents %d: terminals share %s (line %v), and each agent needs one of its own: fewer agents, or more lines (--line shared:%d)",
			f.spread.agents, report.Plural(int64(j.lines.Shared), "line"), j.lines, f.spread.agents))
	case n.books != nil && !f.spread.here():
		return usage(errors.New("agents of other machines cannot reach the bundled host, which listens on this one alone: name a host (--host), such as a posfleet host"))
	}
	part := rand.Text()
	f.asked = f.plan(j, n)
	begun := &report.Report{Run: f.runID(part), Part: part, Plan: f.asked, Environment: report.ThisMachine(build()), Started: time.Now()}
	folder, err := report.Create(f.folder(), begun)
	if err != nil {
		return usage(err)
	}
	tell, desk := newProgress(cmd.ErrOrStderr()), atTerminal(cmd.InOrStdin(), out, cmd.ErrOrStderr())
	plan, err := f.sent(begun.Run, args, cmd, n)
	if err != nil {
		return usage(err)
	}
	plan.Watched, plan.Keys = f.view != viewFlags{}, desk != nil
	packed, err := plan.pack(seen, j.features)
	if err != nil {
		return usage(err)
	}
	c := &controlled{
		meetingPlace: meetingPlace{Agents: f.spread.agents, Takeover: f.spread.takeover, Watched: plan.Watched, Keys: plan.Keys, Creds: f.spread.join.creds, Listen: f.spread.listen, Cluster: f.spread.join.cluster,
			Bundled: n.books != nil, Limits: slices.Concat(j.load.Limits, f.limits)},
		asked: f.asked, limits: j.limits, books: n.books, due: f.due(j), planned: j.pacer != nil,
		folder: folder, tell: tell, sig: sig, dir: folder.Path(report.AgentsName), view: f.view, desk: desk, hand: f.newHand(folder, tell),
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return &exit{code: exitIncomplete, err: err}
	}
	if mine, err := claimRun(c.dir); err == nil {
		defer mine.Close()
	}
	f.introduce(c.tell, j, n)
	if own := n.agentsOwn(); own != "" && !f.spread.here() {
		c.tell.line("%s", own)
	}
	return c.conduct(ctx, out, begun, func(m *meeting) (*agent.Controller, error) {
		run, err := agent.Start(ctx, m.conn, build(), c.Agents, c.Takeover, packed, c.dir)
		if err != nil || !f.spread.here() {
			return run, err
		}
		return run, c.startAgents(m)
	})
}

// due gives when the arrivals of a share fall due in a run that keys have changed; nil in a
// closed model.
func (f *loadFlags) due(j *job) func(s agent.Share, keys []report.Press) iter.Seq[time.Duration] {
	if j.pacer == nil {
		return nil
	}
	return func(s agent.Share, keys []report.Press) iter.Seq[time.Duration] {
		return func(yield func(time.Duration) bool) {
			var steering sim.Steering
			for _, k := range keys {
				steering.SetAt(k.At, k.Speed)
			}
			for _, due := range steering.Pacer(sim.Share{Index: s.Index, Of: s.Of}.Pacer(j.pacer)) {
				if due >= f.length || !yield(due) {
					return
				}
			}
		}
	}
}

// sent is the run's plan as agents are told of it.
func (f *loadFlags) sent(run string, args []string, cmd *cobra.Command, n *network) (*sentPlan, error) {
	p, err := planOf(args, cmd.Flags())
	if err != nil {
		return nil, err
	}
	p.Run, p.Digests = run, f.asked.Digests
	p.Flags["seed"] = []string{fmt.Sprint(f.seed)}
	if n.books != nil {
		p.Bundled = &bundledHost{Address: n.dialer.Address, Admin: n.admin.URL, Token: string(n.admin.Token)}
	}
	return p, nil
}

// meetingPlace is what another controller needs to go on with a run.
type meetingPlace struct {
	Agents   int           `json:"agents"`
	Takeover bool          `json:"takeover,omitempty"`
	Watched  bool          `json:"watched,omitempty"` // agents tell each second how they go on
	Keys     bool          `json:"keys,omitempty"`    // agents tell each second which exchanges were slowest
	Creds    string        `json:"creds"`             // file
	Listen   string        `json:"listen,omitempty"`  // address
	Cluster  agent.Cluster `json:"cluster,omitzero"`
	Bundled  bool          `json:"bundled,omitempty"` // the host is the bundled one, in the controller's process
	Limits   []string      `json:"limits"`
}

// now is the time of the run; 0 before it has begun.
func (c *controlled) now() time.Duration {
	if began := c.began.Load(); began != nil {
		return max(0, time.Since(*began))
	}
	return 0
}

// meetingName is its file in the run's folder of agents.
const meetingName = report.ControllerName

// controlled is a run that agents play.
type controlled struct {
	meetingPlace
	asked  report.Plan
	limits []report.Limit
	books  func(context.Context) (audit.Books, error)                       // of the bundled host; nil when the host is the user's
	due    func(s agent.Share, keys []report.Press) iter.Seq[time.Duration] // of a share's arrivals; nil where they are not known
	counts dueCounts                                                        // of them, by second
	folder *report.Folder
	tell   *progress
	sig    *signals
	dir    string                    // of what agents send
	began  atomic.Pointer[time.Time] // when arrival 0 is due; nil until that is known
	broken error                     // what the bundled host finds wrong with its own books

	view    viewFlags
	watched *watched // the run's page; nil for none
	planned bool     // arrivals are: an open model
	desk    *os.File // terminal that somebody sits at; nil for nobody
	hand    *hand    // that takes down what is pressed there
	since   string   // from when on this controller has counted; empty for the beginning
	changes []agent.Change

	signalled int // exit code of the signal that came before the agents had ended

	heardOf atomic.Int64 // agents
	stopped atomic.Int64 // when arrivals were, as a time of the run in ns; 0 for not before its end

	died  context.CancelCauseFunc // has the wait for agents end
	local []localAgent
}

// sentBooks are the bundled host's books as agents are told of them.
type sentBooks struct {
	Net  map[string]int64 `json:"net"`
	Gone bool             `json:"gone,omitempty"` // with the controller that had the host
}

// conduct has agents play the run that start begins or finds, and tells it.
func (c *controlled) conduct(ctx context.Context, out io.Writer, begun *report.Report, start func(*meeting) (*agent.Controller, error)) error {
	parts, err := c.run(ctx, begun.Run, start)
	defer func() { c.watched.close() }()
	defer c.counts.close()
	switch {
	case errors.Is(err, agent.ErrAttended): // at the same moment: the folder is the other's
		return usage(fmt.Errorf("--attach: %w", agent.ErrAttended))
	case errors.Is(err, agent.ErrAddress) && c.since != "": // or the next one's
		return usage(fmt.Errorf("--attach: %w", err))
	}
	if err != nil {
		begun.Incomplete = "nothing was played: " + report.Printable(err.Error())
		begun.Validity = report.Validity{Level: report.NotJudged, Reasons: []string{"nothing was played"}}
		if kept := c.folder.WriteAll(begun); kept != nil {
			return errors.Join(err, kept)
		}
		return err
	}
	c.watched.hold()
	rep, incomplete, err := c.join(parts)
	if err != nil {
		return &exit{code: exitInternal, err: err}
	}
	rep.Run, rep.Part, rep.Environment = begun.Run, begun.Part, begun.Environment
	c.watched.end(rep)
	err = c.folder.WriteAll(rep)
	if told := rep.WriteText(out, c.tell.color(out)); told != nil {
		incomplete = errors.Join(incomplete, fmt.Errorf("the report could not be printed: %w", told))
	}
	return conclude(out, c.folder, rep, c.sig, c.signalled, incomplete, err)
}

// run has the agents play, and gives what came of each share.
func (c *controlled) run(ctx context.Context, id string, start func(*meeting) (*agent.Controller, error)) ([]agent.Part, error) {
	met, err := c.meet(ctx, c.dir)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, c.unmet(ctx, err)
	case errors.Is(err, agent.ErrAddress) && c.since != "":
		return nil, c.taken(ctx, err)
	case err != nil:
		return nil, err
	}
	defer met.close()
	waiting, died := context.WithCancelCause(ctx)
	defer died(nil)
	c.died = died
	if err := met.conn.Connected(ctx, func(what string) { c.tell.line("%s", what) }); err != nil {
		return nil, c.unmet(ctx, err)
	}
	defer c.endAgents(5 * time.Second)
	run, err := start(met)
	if err != nil {
		c.dismiss()
		return nil, c.unmet(ctx, err)
	}
	whole, over := context.WithCancel(context.WithoutCancel(ctx))
	defer over()
	defer context.AfterFunc(c.sig.abort, func() { // who does not hear that it is to end is not waited for
		time.AfterFunc(abortPatience, over)
	})()
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(whole), 20*time.Second)
		defer cancel()
		if c.began.Load() == nil {
			c.dismiss()
		}
		_ = run.Close(closing)
	}()
	if err := c.show(whole, run, id); err != nil {
		return nil, err
	}
	if c.began.Load() == nil {
		if err := c.gather(waiting, run); err != nil {
			stopping, cancel := context.WithTimeout(whole, 5*time.Second)
			defer cancel()
			_ = run.Stop(stopping, agent.Abort)
			return nil, err
		}
		began, err := run.Begin(whole)
		if err != nil {
			return nil, &exit{code: exitIncomplete, err: err}
		}
		c.began.Store(&began)
		c.tell.line("all agents begin")
	}
	c.heardOf.Store(int64(c.Agents))
	playing, drain := context.WithCancel(ctx)
	defer func() { over(); drain() }() // in this order: that it is over is no order to stop
	c.hand.resume(run.Changes())
	if c.desk != nil {
		c.takeKeys(whole, c.desk, run, drain)
	}
	if keys := c.hand.pressed(); len(keys) > 0 && keys[len(keys)-1].Key == "q" {
		drain() // the controller before meant to
	}
	run.Hear(c.progress())
	defer c.tell.done()
	defer c.hand.leave()
	defer context.AfterFunc(c.sig.abort, c.hand.leave)()
	go c.obey(playing, whole, run)
	told := c.watch(whole, run)
	if err := c.giveBooks(whole, run, told); err != nil {
		return nil, &exit{code: exitIncomplete, err: err}
	}
	if err := run.Await(whole, agent.Ended, told); err != nil && c.sig.abort.Err() == nil {
		return nil, &exit{code: exitIncomplete, err: err}
	}
	c.changes, c.signalled = run.Changes(), c.sig.stopped(ctx)
	return run.Parts(), nil
}

// unmet is that the run's NATS server could not be met, or that a signal came before.
func (c *controlled) unmet(ctx context.Context, err error) error {
	if stopped := cutOff(ctx, unbegun); stopped != nil {
		return stopped
	}
	return &exit{code: exitUnreachable, err: fmt.Errorf("%s: %w", unbegun, err)}
}

// unbegun is what a run is that ended before its agents began.
const unbegun = "the run has not begun"

// abortPatience is how long agents are waited for that are to end at once.
const abortPatience = 10 * time.Second

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
			for _, name := range run.Strangers(looking, build()) {
				if !refused[name] {
					refused[name] = true
					c.tell.line("refused: agent %s, this is posfleet %s: run the same build on both", name, build())
				}
			}
			select {
			case <-looking.Done():
			case <-time.After(agent.Seen / 4):
			}
		}
	}()
	of, known, lost := c.Agents, map[int]bool{}, map[int]bool{}
	err := run.Await(ctx, agent.Ready, func(parts []agent.Part) {
		joined, ready := 0, 0
		for _, p := range parts {
			if is := !p.Lost.IsZero(); is != lost[p.Index] {
				lost[p.Index] = is
				words := "is heard of again"
				if is {
					words = fmt.Sprintf("is not heard of: the run does not begin without it, and ends unless it comes back within %v", agent.Returning)
				}
				c.tell.line("agent %d (%s) %s", p.Index+1, p.Agent, words)
			}
			if p.State != "" {
				joined++
				if !known[p.Index] {
					known[p.Index] = true
					c.tell.line("agent %d is %s", p.Index+1, p.Agent)
				}
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
	if stopped := cutOff(ctx, unbegun); stopped != nil && c.sig.code() != 0 { // whatever became of agents by it
		return stopped
	}
	for _, p := range run.Parts() {
		name := fmt.Sprintf("agent %d (%s)", p.Index+1, p.Agent)
		switch {
		case p.State == agent.Failed:
			return &exit{code: cmp.Or(p.Code, exitIncomplete), err: fmt.Errorf("%s: %s", name, p.Why)}
		case !p.Lost.IsZero():
			return &exit{code: exitIncomplete, err: fmt.Errorf("%s was lost before the run began: nothing was played, begin anew", name)}
		}
	}
	if err != nil {
		if why := context.Cause(ctx); why != nil {
			err = why
		}
		return &exit{code: exitIncomplete, err: fmt.Errorf("%s: %w", unbegun, err)}
	}
	return nil
}

// progress tells where the run is, each second when all agents that are heard of have
// told it.
func (c *controlled) progress() func(s agent.Share, file string, part []byte) {
	var mu sync.Mutex
	seconds, told := map[int]report.Second{}, map[int]int{}
	var sum report.Progress
	return func(_ agent.Share, file string, part []byte) {
		if file != logName {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for _, s := range report.SecondsIn(part) {
			k := int(s.At.Round(time.Second) / time.Second)
			if n := told[k]; n > 0 {
				s = seconds[k].Plus(s)
			}
			seconds[k] = s
			if told[k]++; told[k] < int(c.heardOf.Load()) {
				continue
			}
			for o, n := range s.Counts {
				sum.Counts[o] += n
			}
			sum.At, sum.Last, sum.Played = s.At+s.Length, s, sum.Played+s.Played
			delete(seconds, k)
			told[k] = math.MinInt / 2 // whoever comes later with it is too late
			c.tell.second(sum, c.asked.For)
		}
	}
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
			if whole.Err() != nil {
				return
			}
			c.stopped.CompareAndSwap(0, int64(c.now()))
			if err := run.Stop(whole, stop.how); err != nil {
				c.tell.line("the agents cannot be told to stop: %v", err)
			}
		}
	}
}

// hostGone reports whether the host was the bundled one of a controller that is no more.
func (c *controlled) hostGone() bool { return c.Bundled && c.books == nil }

// giveBooks gives agents the bundled host's books when their terminals have ended.
func (c *controlled) giveBooks(ctx context.Context, run *agent.Controller, told func([]agent.Part)) error {
	if !c.Bundled {
		return nil
	}
	sent := sentBooks{Gone: c.hostGone()}
	if !sent.Gone {
		if err := run.Await(ctx, agent.Played, told); err != nil {
			return err
		}
		b, err := c.books(ctx)
		if err != nil {
			return err
		}
		sent.Net, c.broken = b.Net, b.Broken
	}
	text, err := json.Marshal(sent)
	if err != nil {
		return err
	}
	return run.Books(ctx, text)
}
