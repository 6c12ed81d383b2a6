package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/agent"
)

// takeKeys has the run that agents play be changed by keys of the controller's terminal,
// until the hand leaves: each for all agents at one moment, a little later.
func (c *controlled) takeKeys(ctx context.Context, in *os.File, run *agent.Controller, drain context.CancelFunc) {
	h := c.hand
	h.drain = drain
	if c.planned {
		h.set = func(p report.Press) (time.Duration, error) {
			at, err := run.Change(ctx, c.asked.For, func(at time.Duration) (json.RawMessage, error) {
				p.At = at
				return json.Marshal(p)
			})
			if err != nil && !errors.Is(err, agent.ErrOver) {
				c.tell.line("the agents cannot be told: %v", err)
				err = nil // they will be, with what is told next, and the report says who heard it late
			}
			return at, err
		}
		h.drain = func() { time.AfterFunc(agent.Lead, drain) } // once no arrival falls due
	}
	h.slowest = func() (slow []report.Event, none string) {
		if !c.Watched && !c.Keys {
			return nil, "the run was begun away from a terminal, and its agents do not tell"
		}
		for _, p := range run.Parts() {
			if line, has := newest(p.Folder); has {
				slow = append(slow, line.Slow...)
			}
		}
		slices.SortStableFunc(slow, func(a, b report.Event) int { return cmp.Compare(b.Done-b.Due, a.Done-a.Due) })
		return slow[:min(len(slow), mostSeen)], "no agent has told of an exchange yet"
	}
	h.read(in, &table{hand: h, agents: true, since: c.since})
}

// resume goes on with what was pressed while another controller had the run.
func (h *hand) resume(changes []agent.Change) {
	for _, c := range changes {
		var p report.Press
		if json.Unmarshal(c.What, &p) != nil {
			continue
		}
		if h.pace.paused = p.Speed == 0; !h.pace.paused {
			h.pace.speed = p.Speed
		}
		h.took(p)
	}
}

// obeyKeys has a share be played as keys of the controller's terminal say.
func (s *sharePlayer) obeyKeys(h *hand, steering *sim.Steering) {
	s.agent.Change(func(c agent.Change) time.Duration {
		var p report.Press
		if err := json.Unmarshal(c.What, &p); err != nil {
			s.tell.line("a key that cannot be read: %v", err)
			return 0
		}
		late := steering.SetAt(c.At, p.Speed)
		s.tell.line("%s", p)
		h.took(p)
		return late
	})
}

// deaf says which keys an agent that has played for so long has not heard of in time;
// empty for none.
func (c *controlled) deaf(p *agent.Part, took time.Duration) string {
	if p.Behind > 0 {
		return fmt.Sprintf("heard of a key too late: for %s its arrivals fell due as before", report.FormatDuration(p.Behind))
	}
	for _, k := range c.changes[min(p.Changes, len(c.changes)):] {
		if k.At < took {
			return fmt.Sprintf("did not hear of the key that was to hold from %s on: its arrivals fell due as before", report.FormatDuration(k.At))
		}
	}
	return ""
}

// plan is what was asked for, and what keys have made of it.
func (c *controlled) plan() report.Plan {
	p := c.asked
	p.Pressed = c.hand.pressed()
	return p
}
