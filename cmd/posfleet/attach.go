package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/agent"
	"github.com/posfleet/posfleet/sim/profile"
)

// goOn goes on with the run of a folder, whose controller is no more: its agents have
// played on, and what they could not send they still have.
func (f *spreadFlags) goOn(cmd *cobra.Command, args []string, view viewFlags, sig *signals) error {
	others := 0
	cmd.Flags().Visit(func(given *pflag.Flag) {
		if !slices.Contains([]string{"live", "metrics", "otlp"}, given.Name) {
			others++
		}
	})
	if len(args) > 0 || others > 1 {
		return usage(errors.New("--attach: the run has been asked for already, leave all else but --live, --metrics and --otlp out"))
	}
	c := &controlled{view: view, tell: newProgress(cmd.ErrOrStderr()), sig: sig, dir: filepath.Join(f.attach, report.AgentsName)}
	mine, claimed := claimRun(c.dir)
	if claimed == nil {
		defer mine.Close()
	}
	text, err := os.ReadFile(filepath.Join(c.dir, meetingName))
	if err == nil {
		err = json.Unmarshal(text, &c.meetingPlace)
	}
	if err != nil {
		return usage(fmt.Errorf("--attach %s: there is no run of agents under way: %w", f.attach, err))
	}
	if view != (viewFlags{}) && !c.Watched {
		return usage(errors.New("--live, --metrics, --otlp: the run was begun without any, and its agents do not tell how they go on"))
	}
	for _, text := range c.Limits {
		limit, err := report.ParseLimit(text)
		if err != nil {
			return usage(err)
		}
		c.limits = append(c.limits, limit)
	}
	c.limits = report.WithDefaults(c.limits)
	if err := c.attached(cmd.Context(), claimed); err != nil {
		return usage(fmt.Errorf("--attach %s: %w", f.attach, err))
	}
	folder, begun, err := report.Reopen(f.attach)
	if err != nil {
		return usage(err)
	}
	c.folder, c.asked, c.planned = folder, begun.Plan, begun.Plan.Model != model(true)
	c.hand = &hand{tell: c.tell, pace: pace{speed: 1}, kept: keptIn(folder, c.asked)}
	c.since = "since attach"
	c.desk = atTerminal(cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
	return c.conduct(cmd.Context(), cmd.OutOrStdout(), begun, func(m *meeting) (*agent.Controller, error) {
		run, began, err := agent.Attach(cmd.Context(), m.conn, c.Agents, c.dir)
		if err != nil {
			return run, err
		}
		if !began.IsZero() {
			c.began.Store(&began)
		}
		c.tell.line("attached to the run of %s", f.attach)
		if c.hostGone() {
			c.tell.line("%v: what fell due after that was played by nobody", errHostGone)
		}
		packed, err := run.Plan(cmd.Context())
		if err == nil {
			c.due, err = dueIn(packed)
		}
		return run, err
	})
}

// dueIn is due of a run's plan, as agents have it.
func dueIn(packed []byte) (func(s agent.Share, keys []report.Press) iter.Seq[time.Duration], error) {
	plan, err := unpackPlan(packed)
	if err != nil {
		return nil, err
	}
	cmd, f := newLoad(&signals{})
	if err := giveFlags(cmd.Flags(), plan.Flags); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	f.net.files = profile.Files{From: plan.files, Dir: plan.Dir}
	j, err := f.prepare(cmd, plan.Args)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	return f.due(j), nil
}
