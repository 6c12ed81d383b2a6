package main

import (
	"context"
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/agent"
)

// watch tells agents that are lost or have ended, once each, and has others take their
// shares over where that is wanted.
func (c *controlled) watch(ctx context.Context, run *agent.Controller) func([]agent.Part) {
	lost, taken, deaf, ended, offered := map[agent.Share]bool{}, map[agent.Share]bool{}, map[agent.Share]bool{}, map[agent.Share]bool{}, map[agent.Share]bool{}
	offer := func(p *agent.Part, name string) {
		if !c.Takeover || offered[p.Share] || c.now() >= c.asked.For || c.stopped.Load() > 0 {
			return
		}
		offered[p.Share] = true
		offer := run.Retake(*p)
		go func() {
			if err := offer(ctx); err != nil && ctx.Err() == nil {
				c.tell.line("nobody can take over from %s: %v", name, err)
			}
		}()
	}
	return func(parts []agent.Part) {
		heardOf := 0
		for i, p := range parts {
			newest := i+1 == len(parts) || parts[i+1].Index != p.Index
			if newest && p.State != "" && p.State != agent.Failed && p.Lost.IsZero() && !stopped(&p) {
				heardOf++
			}
			name := fmt.Sprintf("agent %d (%s)", p.Index+1, p.Agent)
			if p.Behind > 0 && !deaf[p.Share] {
				deaf[p.Share] = true
				c.tell.line("%s %s: the run is degraded", name, c.deaf(&p, 0))
			}
			if (stopped(&p) || p.State == agent.Failed) && !ended[p.Share] {
				ended[p.Share] = true
				c.tell.line("%s has ended: %s: the run is degraded", name, p.Why)
			}
			switch {
			case !p.Lost.IsZero() && !lost[p.Share]:
				lost[p.Share] = true
				c.tell.line("%s is not heard of: the run is degraded unless it comes back", name)
				offer(&p, name)
			case p.Lost.IsZero() && lost[p.Share]:
				if lost[p.Share] = false; stopped(&p) {
					break // it has come back to say that it has ended
				}
				c.tell.line("%s is heard of again", name)
			case p.Attempt > 1 && p.State == agent.Playing && !taken[p.Share]:
				taken[p.Share] = true
				c.tell.line("%s takes over %s into the run", name, report.FormatDuration(p.From))
			}
			if newest && (p.State == agent.Failed || stopped(&p) && (p.State == agent.Played || p.State == agent.Ended)) {
				offer(&p, name) // its terminals are free
			}
		}
		c.heardOf.Store(int64(heardOf))
	}
}
