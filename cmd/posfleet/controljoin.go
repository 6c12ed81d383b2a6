package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/agent"
)

// join adds up what the agents have sent.
func (c *controlled) join(parts []agent.Part) (rep *report.Report, incomplete, err error) {
	var agents []report.Agent
	var folders []string
	for i, p := range parts {
		if p.Folder == "" || p.State == "" {
			continue // nobody took it over
		}
		r, why, err := c.part(&p, parts[i+1:])
		if err != nil {
			return nil, nil, err
		}
		incomplete = errors.Join(incomplete, why)
		a, err := report.NewAgent(p.Index+1, p.Agent, r)
		if err != nil {
			return nil, nil, err
		}
		if says(&a, &p); a.Lost != "" && p.State == agent.Ended {
			a.State = report.Deaf
		}
		a.Folder = filepath.Base(p.Folder)
		agents, folders = append(agents, a), append(folders, p.Folder)
		r.Named(fmt.Sprintf("agent %d", p.Index+1))
		if rep == nil {
			rep = r
		} else if err := rep.Join(r); err != nil {
			return nil, nil, err
		}
	}
	rep.Plan, rep.Agents = c.plan(), agents
	rep.JudgeSkew()
	if c.broken != nil {
		rep.Money.Detail = append(rep.Money.Detail, c.broken.Error())
	}
	rep.Judge(c.limits)
	for _, phase := range []*report.Phase{&rep.SignIn, &rep.Opening} {
		if phase.Terminals > 0 {
			if err := c.folder.Phase(phase); err != nil {
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
	if !p.Lost.IsZero() {
		a.State = "lost"
	}
}

// part reads what an agent has sent; why says what is missing of it. later are the parts
// after it.
func (c *controlled) part(p *agent.Part, later []agent.Part) (r *report.Report, why, err error) {
	_ = os.Remove(filepath.Join(p.Folder, nowName)) // the rest tells more
	begun, whole := filepath.Join(p.Folder, begunName), filepath.Join(p.Folder, summaryName)
	if p.State == agent.Ended {
		err = os.Remove(begun)
	} else {
		err = os.Rename(begun, whole)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	if log, err := os.OpenFile(filepath.Join(p.Folder, logName), os.O_CREATE|os.O_RDONLY, 0o644); err == nil {
		log.Close() // of one that was lost in its first second there was none
	}
	if r, err = report.Read(p.Folder); err != nil {
		return nil, nil, err
	}
	r.Started = c.began
	name := fmt.Sprintf("agent %d (%s)", p.Index+1, p.Agent)
	deaf := c.deaf(p, r.Took)
	if p.State == agent.Ended {
		if r.Incomplete = deaf; deaf != "" {
			why = fmt.Errorf("%s %s", name, deaf)
		}
		return r, why, nil
	}
	r.Incomplete = "not heard of any more: this is what it had sent"
	if p.State == agent.Failed {
		r.Incomplete = p.Why
	}
	if c.gap != nil {
		to := c.asked.For
		if stopped := time.Duration(c.stopped.Load()); stopped > 0 {
			to = min(to, stopped)
		}
		if len(later) > 0 && later[0].Index == p.Index && later[0].State != "" {
			to = later[0].From
		}
		if n := c.gap(p.Share, c.hand.pressed(), r.Took, to); n > 0 {
			r.Incomplete += fmt.Sprintf(" of the first %s; %s that fell due after were played by nobody", report.FormatDuration(r.Took), report.Plural(n, "arrival"))
		}
	}
	if deaf != "" {
		r.Incomplete += "; it " + deaf
	}
	r.NotPlayed = r.Planned - r.Played
	return r, fmt.Errorf("%s: %s", name, r.Incomplete), nil
}
