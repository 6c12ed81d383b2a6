package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/agent"
)

// An agent whose run is seen while it runs writes each second what its interval log does
// not tell as a line of now.ndjson, which goes to the controller as the log does.

// nowLine is one such line.
type nowLine struct {
	Run   json.RawMessage `json:"run,omitempty"` // as report.Report.Line gives it; none where only keys are read
	Wrong []report.Event  `json:"wrong,omitempty"`
	Slow  []report.Event  `json:"slow,omitempty"`
}

// telling writes the lines of an agent.
type telling struct {
	file *os.File
	seen sight
}

func newTelling(name string, seen sight) (*telling, error) {
	f, err := os.Create(name)
	return &telling{f, seen}, err
}

// second writes the line of a second that has ended. What cannot be written whoever looks
// on goes without: the log is what counts.
func (t *telling) second() {
	rep, wrong, slow := t.seen()
	var run json.RawMessage
	if rep != nil {
		var err error
		if run, err = rep.Line(); err != nil {
			return
		}
	}
	for _, list := range [][]report.Event{wrong, slow} {
		for i := range list {
			list[i].Request, list[i].Answer = "", ""
		}
	}
	if line, err := json.Marshal(nowLine{run, wrong, slow}); err == nil {
		_, _ = t.file.Write(append(line, '\n'))
	}
}

func (t *telling) close() { _ = t.file.Close() }

// readNow reads an agent's newest line, and the run in it; false when there is none yet.
func readNow(dir string) (rep *report.Report, line nowLine, ok bool) {
	line, ok = newest(dir)
	if !ok {
		return nil, line, false
	}
	rep, err := report.ReadLine(line.Run)
	return rep, line, err == nil
}

func newest(dir string) (line nowLine, ok bool) {
	f, err := os.Open(filepath.Join(dir, nowName))
	if err != nil {
		return line, false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return line, false
	}
	tail := make([]byte, min(info.Size(), longestNow))
	if _, err := f.ReadAt(tail, info.Size()-int64(len(tail))); err != nil {
		return line, false
	}
	tail = tail[:bytes.LastIndexByte(tail, '\n')+1]
	tail = bytes.TrimSuffix(tail, []byte("\n"))
	return line, json.Unmarshal(tail[bytes.LastIndexByte(tail, '\n')+1:], &line) == nil
}

// longestNow bounds two lines of now.ndjson, in octets.
const longestNow = 1 << 20

// show serves the run as its agents tell it.
func (c *controlled) show(ctx context.Context, run *agent.Controller, id string) (err error) {
	if c.watched, err = c.view.show(ctx, c.tell, id, c.sight(id, run.Parts)); err != nil {
		return err
	}
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
				c.watched.tick()
			}
		}
	}()
	return nil
}

// sight is the union of what the agents have sent, who are each a part.
func (c *controlled) sight(id string, agents func() []agent.Part) sight {
	g, here := &gathered{growing: report.NewGrowing(), away: map[agent.Share]bool{}}, report.ThisMachine(build())
	var mu sync.Mutex // guards g
	return func() (*report.Report, []report.Event, []report.Event) {
		mu.Lock()
		defer mu.Unlock()
		parts := agents()
		union, wrong, slow, err := c.union(g, parts)
		union.Run, union.Plan, union.Environment = id, c.plan(), here
		union.Incomplete = report.UnderWay + c.missing(parts)
		if err != nil {
			union.Incomplete += "; it cannot be told in full: " + report.Printable(err.Error())
		}
		if len(union.Seconds) > 0 {
			union.Judge(c.limits)
		}
		return union, wrong, slow
	}
}

// gathered is what has come of the agents by now, for whoever looks on.
type gathered struct {
	growing *report.Growing
	away    map[agent.Share]bool // those that have ended, or were lost and have not caught up
}

// partNow is what an agent has told by now.
type partNow struct {
	*report.Report
	line nowLine
	told bool // it has told anything
}

// parts reads what each agent has told, and up to which second those have that play.
func (g *gathered) parts(parts []agent.Part, timeout time.Duration) (all []partNow, upto time.Duration, err error) {
	for i := range parts {
		p, r := &parts[i], partNow{}
		if r.Report, r.line, r.told = readNow(p.Folder); p.Folder == "" || !r.told {
			r.Report, r.told = &report.Report{Plan: report.Plan{Timeout: timeout}}, false
			r.Validity.Level = report.NotJudged
		} else if err = g.growing.Fill(r.Report, p.Folder); err != nil {
			return all, upto, err
		}
		all = append(all, r)
		if !p.Lost.IsZero() || p.State == agent.Failed || stopped(p) {
			g.away[p.Share] = true
		}
		if !g.away[p.Share] {
			upto = max(upto, r.Took)
		}
	}
	return all, upto.Truncate(time.Second), nil
}

// back reports whether what an agent that was away tells is what the others do.
func back(p *agent.Part, took, upto time.Duration) bool {
	return p.Lost.IsZero() && p.State != agent.Failed && !stopped(p) && took >= upto-2*time.Second
}

// union adds up what the agents have sent by now. What has fallen due of a share whose agent
// is lost, or has ended before its time, and what nobody is known to have played, is told as
// soon as that is known. The report has all that could be added, whatever the error.
func (c *controlled) union(g *gathered, parts []agent.Part) (union *report.Report, wrong, slow []report.Event, err error) {
	union = &report.Report{Validity: report.Validity{Level: report.NotJudged, Reasons: []string{"no second has been judged yet"}}}
	var agents []report.Agent
	var silent []*report.Report                     // of who was lost before it could tell anything
	first, before := true, map[int]*report.Report{} // by share, the phases of who had it first
	all, upto, err := g.parts(parts, c.asked.Timeout)
	if upto == 0 { // nobody tells any more
		upto = c.now().Truncate(time.Second)
	}
	for i := range all {
		p, later, r := &parts[i], parts[i+1:], all[i]
		if g.away[p.Share] && back(p, r.Took, upto) {
			delete(g.away, p.Share)
		}
		_, took := successor(p, later)
		away := g.away[p.Share]
		if took || away {
			c.hold(r.Report, p, later, min(c.asked.For, upto))
		}
		r.Incomplete = ""
		a, bad := report.NewAgent(p.Index+1, p.Agent, r.Report)
		if bad != nil {
			err = errors.Join(err, bad)
			break
		}
		if says(&a, p); took || away {
			a.Unplayed = r.NotPlayed
		}
		if p.Behind > 0 && !away {
			a.State = report.Deaf
		}
		agents = append(agents, a)
		wrong, slow = append(wrong, r.line.Wrong...), append(slow, r.line.Slow...)
		if began := c.began.Load(); began != nil {
			r.Started = *began // by the controller's clock: its own may be minutes off
		}
		if !r.told {
			r.Validity = report.Validity{}
			silent = append(silent, r.Report)
			continue
		}
		r.Incomplete, r.Limits = report.UnderWay, nil
		r.Named(fmt.Sprintf("agent %d", p.Index+1))
		if had := before[p.Index]; had != nil {
			r.TakesOver(had)
		} else {
			before[p.Index] = &report.Report{SignIn: r.SignIn, Opening: r.Opening}
		}
		if first {
			union, first = r.Report, false
		} else if bad := union.Join(r.Report); bad != nil {
			err = errors.Join(err, bad)
			break
		}
	}
	for _, r := range silent {
		err = errors.Join(err, union.Merge(r))
	}
	union.Agents = agents
	union.JudgeSkew()
	if err == nil {
		err = g.growing.Quantiles(union.Seconds)
	}
	slices.SortStableFunc(wrong, func(a, b report.Event) int { return cmp.Compare(b.At, a.At) })
	slices.SortStableFunc(slow, func(a, b report.Event) int { return cmp.Compare(b.Done-b.Due, a.Done-a.Due) })
	return union, wrong[:min(len(wrong), mostSeen)], slow[:min(len(slow), mostSeen)], err
}

// mostSeen is how many events of a kind are shown of all agents.
const mostSeen = 10

// missing says whose figures stand still, or are not what was wanted.
func (c *controlled) missing(parts []agent.Part) string {
	var lost []string
	for _, p := range parts {
		if !p.Lost.IsZero() {
			lost = append(lost, fmt.Sprintf("agent %d (%s) is not heard of", p.Index+1, p.Agent))
		} else if stopped(&p) {
			lost = append(lost, fmt.Sprintf("agent %d (%s) has ended: %s", p.Index+1, p.Agent, p.Why))
		} else if p.Behind > 0 {
			lost = append(lost, fmt.Sprintf("agent %d (%s) %s", p.Index+1, p.Agent, c.deaf(&p, 0)))
		}
	}
	return strings.Join(append([]string{""}, lost...), "; ")
}
