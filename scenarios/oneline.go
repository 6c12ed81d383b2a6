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

	last    string          // terminal that was answered last
	between map[string]bool // others that have waited since
	again   string          // terminal that was answered next while several others had waited; empty for none
	others  int             // so many

	taken int // connections that the host took, and answered on when it refused one more; 0 where it did not
}

// hears takes down how an exchange of a terminal ended.
func (h *heard) hears(t *sim.Terminal, r *sim.Result) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.answered == nil {
		h.answered, h.waited, h.between = map[string]bool{}, map[string]bool{}, map[string]bool{}
	}
	switch {
	case r.Outcome <= report.Refused:
		if h.answered[t.TID] = true; t.TID == h.last && len(h.between) >= several && h.again == "" {
			h.again, h.others = t.TID, len(h.between)
		}
		h.last = t.TID
		clear(h.between)
	case r.Outcome == report.TimedOut, r.Outcome == report.Unsent, r.Outcome == report.Broken: // kept waiting, or hung up on
		if h.waited[t.TID] = true; t.TID != h.last {
			h.between[t.TID] = true
		}
	}
}

// several is how many terminals a host that serves one connection leaves without an
// answer; a single one may be of another mind, or unknown to it.
const several = 2

// Hint says, of a check that has been run, what may be behind answers that did not come
// in time: that the host answers one terminal before and after others that it leaves
// without an answer, or some and never others, tells of one that serves a connection at a
// time. It is empty where that is not likely, and of a host that is gone for good.
func (c *Check) Hint() string {
	c.heard.mu.Lock()
	defer c.heard.mu.Unlock()
	answered, never := len(c.heard.answered), 0
	for tid := range c.heard.waited {
		if !c.heard.answered[tid] {
			never++
		}
	}
	const mend = "does it serve one connection at a time (posfleet doctor tells; --terminals 1 or --line each)"
	switch {
	case c.Lines.Each, c.absence.final != nil, c.heard.taken > 1:
	case c.heard.again != "" && c.Parallel <= 1:
		return fmt.Sprintf("the host answered terminal %s before and after %d others that it did not answer: %s?", c.heard.again, c.heard.others, mend)
	case answered > 0 && never >= several:
		return fmt.Sprintf("the host answered %s and never the other %d: %s, or not know them?", report.Plural(int64(answered), "terminal"), never, mend)
	}
	return ""
}
