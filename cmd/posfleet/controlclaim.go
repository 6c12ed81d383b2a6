package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/posfleet/posfleet/sim/agent"
)

var errLocked = errors.New("somebody else has it")

// errClaimed is that a run's folder has a controller of this machine that does not answer:
// of those that attach to a run at the same moment one has it before it can say so.
var errClaimed = errors.New("another controller has just attached to it, or its own stands still (SIGSTOP), and a run has one: let that be, or end it first and its run with it (Ctrl-C)")

// claimRun has the folder of a run's agents be this controller's, until the claim is closed:
// the server that keeps its streams there, and the run's log, bear no second one.
func claimRun(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err == nil {
		if err = lock(f); err != nil {
			f.Close()
		}
	}
	return f, err
}

// attached refuses a run that has a controller; claimed is why its folder is not this one's.
func (c *controlled) attached(ctx context.Context, claimed error) error {
	creds, err := agent.ReadCredentials(c.Creds)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	switch {
	case c.alive(ctx, creds):
		return agent.ErrAttended
	case errors.Is(claimed, errLocked):
		return errClaimed
	}
	return nil
}

// alive reports whether a controller of the run answers.
func (c *controlled) alive(ctx context.Context, creds agent.Credentials) bool {
	if c.Cluster.URL != "" {
		return agent.AliveAt(ctx, c.Cluster, creds)
	}
	return agent.Alive(ctx, c.Listen, creds)
}

// taken says what can be found out of who listens where a run's agents look for their
// controller: another one that has attached, where no claim could keep it out, or a stranger.
func (c *controlled) taken(ctx context.Context, err error) error {
	creds, bad := agent.ReadCredentials(c.Creds)
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for bad == nil && ctx.Err() == nil {
		if c.alive(ctx, creds) {
			return agent.ErrAttended
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
	return fmt.Errorf("%w: its agents look for their controller at %s, and what listens there is none of this run: end that, and attach again", err, c.Listen)
}
