package main

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/line"
)

// errHostGone is why an agent ends whose host was the bundled one. A controller that goes
// on with the run says it too.
var errHostGone = errors.New("the bundled host lived in the controller's process and ended with it")

// outliveHost ends this agent when the bundled host has ended with its controller: what
// finds no host from then on says nothing of it. The agent learns of it by the connection to
// the controller's server, which breaks at the same moment; that alone may pass.
func (s *sharePlayer) outliveHost(ctx context.Context, address string) {
	for s.agent.Reach(ctx, false) == nil {
		again, cancel := context.WithCancel(ctx)
		go func() {
			defer cancel()
			_ = s.agent.Reach(again, true)
		}()
		for again.Err() == nil {
			c, err := net.DialTimeout("tcp", address, time.Second)
			if errors.Is(err, syscall.ECONNREFUSED) {
				cancel()
				s.agent.Cede(errHostGone)
				return
			}
			if err == nil {
				c.Close()
			}
			select {
			case <-again.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
}

// withoutHost leaves out of what an agent found what the end of its host did: what was under
// way then ended with the line, and what found nobody in the moment until the agent had
// noticed was not the host's refusal.
func withoutHost(r *report.Report) {
	r.CutOff(report.Open, report.Broken, report.Unsent)
	var none int64
	for why, n := range r.Stuck {
		if strings.HasPrefix(why, line.ErrUnsent.Error()) {
			delete(r.Stuck, why)
			none += n
		}
	}
	for i := len(r.Seconds) - 1; i >= 0 && none > 0; i-- { // it was gone in the last ones
		n := min(none, r.Seconds[i].Stuck)
		r.Seconds[i].Stuck -= n
		none -= n
	}
}
