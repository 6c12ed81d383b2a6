package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/agent"
)

// join adds up what the agents have sent.
func (c *controlled) join(parts []agent.Part) (rep *report.Report, incomplete, err error) {
	var agents []report.Agent
	var folders []string
	before := map[int]*report.Report{} // by share, the phases of who had it first
	for i, p := range parts {
		if p.Folder == "" || p.State == "" {
			continue // nobody took it over
		}
		r, unplayed, why, err := c.part(&p, parts[i+1:])
		if err != nil {
			return nil, nil, err
		}
		incomplete = errors.Join(incomplete, why)
		a, err := report.NewAgent(p.Index+1, p.Agent, r)
		if err != nil {
			return nil, nil, err
		}
		if says(&a, &p); a.Lost != "" && a.State == string(agent.Ended) {
			a.State = report.Deaf
		}
		a.Unplayed = unplayed
		if has(p.Folder) {
			a.Folder, folders = filepath.Base(p.Folder), append(folders, p.Folder)
		}
		agents = append(agents, a)
		r.Named(fmt.Sprintf("agent %d", p.Index+1))
		if first := before[p.Index]; first != nil {
			r.TakesOver(first)
		} else {
			before[p.Index] = &report.Report{SignIn: r.SignIn, Opening: r.Opening}
		}
		if rep == nil {
			rep = r
		} else if err := rep.Join(r); err != nil {
			return nil, nil, err
		}
	}
	rep.Plan, rep.Agents = c.plan(), agents
	rep.AdviseAgents()
	rep.JudgeSkew()
	if c.broken != nil {
		rep.Money.Detail = append(rep.Money.Detail, c.broken.Error())
	}
	rep.Judge(c.limits)
	for _, phase := range []*report.Phase{&rep.SignIn, &rep.Opening} {
		if phase.Terminals > 0 {
			if err := c.folder.Phase(phase, rep.Started); err != nil {
				return nil, nil, err
			}
		}
	}
	if err := c.folder.JoinLogs(rep, folders); err != nil {
		return nil, nil, err
	}
	if err := errors.Join(c.folder.JoinEvents(folders), joinJournals(c.folder.Path(journalName), folders)); err != nil {
		return nil, nil, err
	}
	return rep, incomplete, nil
}

// says adds to what an agent did what it says of itself.
func says(a *report.Agent, p *agent.Part) {
	a.Offset, a.Within, a.Drift, a.Late, a.State = p.Offset, p.Within, p.Drift, p.Late, string(p.State)
	a.Cut = p.Cut
	switch {
	case stopped(p) && !lost(p):
		a.State = report.Stopped
	case !p.Lost.IsZero():
		a.State = report.StateLost
	}
}

// part reads what an agent has sent; why says what is missing of it, unplayed how many
// arrivals of its share nobody played. later are the parts after it.
func (c *controlled) part(p *agent.Part, later []agent.Part) (r *report.Report, unplayed int64, why, err error) {
	ended := p.State == agent.Ended && p.Whole()
	_ = os.Remove(filepath.Join(p.Folder, nowName)) // the rest tells more
	begun, whole := filepath.Join(p.Folder, begunName), filepath.Join(p.Folder, summaryName)
	if ended {
		err = os.Remove(begun)
	} else {
		err = os.Rename(begun, whole)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil, err
	}
	if log, err := os.OpenFile(filepath.Join(p.Folder, logName), os.O_CREATE|os.O_RDONLY, 0o644); err == nil {
		log.Close() // of one that was lost in its first second there was none
	}
	if !has(whole) && p.Attempt > 1 { // it took a share over and could not begin: nothing has come of it
		r = &report.Report{Plan: c.asked, Validity: report.Validity{Level: report.NotJudged, Reasons: []string{"it did not come to its end"}}}
		r.Plan.Of, r.Plan.Terminals = p.Of, 0
	} else if r, err = report.Read(p.Folder); err != nil {
		return nil, 0, nil, err
	}
	if began := c.began.Load(); began != nil {
		r.Started = *began
	}
	unplayed, r.Incomplete = c.fate(r, p, ended, later)
	if r.Incomplete != "" {
		why = fmt.Errorf("agent %d (%s): %s", p.Index+1, p.Agent, r.Incomplete)
	}
	return r, unplayed, why, nil
}

func has(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// fate is what became of a share, empty where it was played as it was told to its end, and
// how many of its arrivals nobody played. What its own end cut off is not the host's.
func (c *controlled) fate(r *report.Report, p *agent.Part, ended bool, later []agent.Part) (unplayed int64, words string) {
	var all []string
	_, took := successor(p, later)
	gone := !ended || stopped(p) || took
	switch {
	case p.State == agent.Failed:
		all = append(all, p.Why, hadSent(r))
	case stopped(p):
		all = append(all, fmt.Sprintf("ended %s into the run: %s", report.FormatDuration(p.Until), p.Why))
	case gone:
		all = append(all, "not heard of any more: "+hadSent(r))
	}
	if _, torn, is := strings.Cut(r.Incomplete, "; "); is { // beside that it is not whole
		all = append(all, torn)
	}
	if gone {
		if p.Cut && c.hostGone() {
			withoutHost(r)
		} else if p.Cut {
			r.CutOff(report.Open)
		}
		twice := c.hold(r, p, later, c.asked.For)
		if unplayed = r.NotPlayed; unplayed > 0 {
			words := " of its share were played by nobody"
			if !ended && (lost(p) || !stopped(p)) && p.State != agent.Failed {
				words = " of its share are not known to have been played: up to a second of them may have been"
			}
			all = append(all, report.Plural(unplayed, "arrival")+words)
		}
		if twice > 0 {
			all = append(all, report.Plural(twice, "arrival")+" that it played another agent played, too")
		}
		if p.Cut || took {
			r.Money = report.Money{}
		}
	}
	if deaf := c.deaf(p, r.Took); deaf != "" && gone {
		all = append(all, "it "+deaf)
	} else if deaf != "" {
		all = append(all, deaf)
	}
	return unplayed, strings.Join(all, "; ")
}

// hadSent says how much is known of an agent that did not come to its end.
func hadSent(r *report.Report) string {
	if r.Took == 0 {
		return "nothing has come of it"
	}
	return "this is what it had sent of the first " + report.FormatDuration(r.Took)
}

// stopped reports whether an agent has ended before its time by itself.
func stopped(p *agent.Part) bool { return p.Until > 0 && p.State != agent.Failed }

// lost reports whether an agent that was not heard of has not told all since.
func lost(p *agent.Part) bool {
	return !p.Lost.IsZero() && !(p.State == agent.Ended && p.Whole())
}

// successor is from when on the arrivals of a share are those of an agent that took it
// over; false where none has begun.
func successor(p *agent.Part, later []agent.Part) (from time.Duration, took bool) {
	for _, l := range later {
		if l.Index == p.Index && l.From > 0 {
			return l.From, true
		}
	}
	return 0, false
}

// hold holds what is known of a share that was not played to its end to the plan: those of
// its arrivals that fell due by a time of the run, and before another agent took over, are
// its own. It gives how many it played that were another's.
func (c *controlled) hold(r *report.Report, p *agent.Part, later []agent.Part, to time.Duration) (twice int64) {
	if c.due == nil {
		r.NotPlayed = max(r.NotPlayed, r.Planned-r.Begun())
		return 0
	}
	if stopped := time.Duration(c.stopped.Load()); stopped > 0 {
		to = min(to, stopped)
	} else {
		r.Interrupted = false // what was planned is the plan's
	}
	if from, took := successor(p, later); took {
		to = min(to, from)
	}
	if p.Attempt > 1 && p.From == 0 {
		to = 0 // it has not begun
	}
	return r.PlannedAre(c.counts.of(p.Share, c.hand.pressed(), c.due, p.From, to))
}
