package scenarios

import (
	"fmt"
	"sync"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
)

// heard is which terminals of a check the host has answered, on lines that had nothing
// done to them, and which have waited for it.
type heard struct {
	mu               sync.Mutex
	answered, waited map[string]bool // by TID
}

// hears takes down how an exchange of a terminal ended.
func (h *heard) hears(t *sim.Terminal, r *sim.Result) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.answered == nil {
		h.answered, h.waited = map[string]bool{}, map[string]bool{}
	}
	switch {
	case r.Outcome <= report.Refused:
		h.answered[t.TID] = true
	case r.Outcome == report.TimedOut:
		h.waited[t.TID] = true
	}
}

// Hint says, of a check that has been run, what may be behind answers that did not come
// in time: that the host answers some terminals and never others tells of one that serves
// a connection at a time. It is empty where that is not likely.
func (c *Check) Hint() string {
	c.heard.mu.Lock()
	defer c.heard.mu.Unlock()
	answered, never := len(c.heard.answered), 0
	for tid := range c.heard.waited {
		if !c.heard.answered[tid] {
			never++
		}
	}
	if answered == 0 || never < 2 || c.Lines.Each {
		return ""
	}
	return fmt.Sprintf("the host answered %s and never the other %d: does it serve one connection at a time (posfleet doctor tells; --terminals 1 or --line each), or not know them?",
		report.Plural(int64(answered), "terminal"), never)
}
