package scenarios

import (
	"fmt"
	"slices"
	"sync"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/rules"
)

// heard is which terminals of a check the host has answered, on lines that had nothing
// done to them, and which have waited for it.
type heard struct {
	mu               sync.Mutex
	answers          int
	answered, waited map[string]bool // by TID

	last    string          // terminal that was answered last
	between map[string]bool // others that have waited since
	itself  bool            // it has, too
	again   string          // terminal that was answered next while several others had waited; empty for none
	others  int             // so many

	tooLate int                          // exchanges that met an answer to a request given up before
	late    int                          // exchanges given up that met, at their end, an answer given up before, since the last answer in time
	hung    map[dialect.Transaction]int  // requests that were hung up on, by what they were
	kind    map[dialect.Transaction]bool // what was answered

	unsigned, signed int // answers that want a sign-in first, and others, to what is asked after one

	taken int // connections that the host took, and answered on when it refused one more; 0 where it did not
}

// hears takes down how an exchange of a terminal ended.
func (h *heard) hears(t *sim.Terminal, r *sim.Result) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.answered == nil {
		h.answered, h.waited, h.between = map[string]bool{}, map[string]bool{}, map[string]bool{}
		h.hung, h.kind = map[dialect.Transaction]int{}, map[dialect.Transaction]bool{}
	}
	if r.Outcome == report.Broken {
		h.hung[r.Of]++
	}
	switch {
	case r.Outcome <= report.Refused:
		h.late, h.kind[r.Of] = 0, true
		if wants := r.Outcome == report.Declined && t.Profile.Dialect.Means(r.Code, dialect.SignInFirst); wants && t.SignedIn {
			h.unsigned++
		} else if r.Of.Payment() || r.Of.Inquires() {
			h.signed++
		}
		if h.answered[t.TID] = true; t.TID == h.last && len(h.between) >= several && h.again == "" {
			h.again, h.others = t.TID, len(h.between)
		}
		h.answers++
		h.last, h.itself = t.TID, false
		clear(h.between)
	case r.Outcome == report.TimedOut, r.Outcome == report.Unsent, r.Outcome == report.Broken: // kept waiting, or hung up on
		if r.Stray != nil && r.Stray.Why == line.GivenUpBefore {
			h.late++
			h.tooLate++
		}
		if h.waited[t.TID] = true; t.TID != h.last {
			h.between[t.TID] = true
		} else {
			h.itself = true
		}
	}
}

// hungUp is how many requests were hung up on of a kind that the host answers on other lines.
func (h *heard) hungUp() (n int) {
	for of, times := range h.hung {
		if h.kind[of] {
			n += times
		}
	}
	return n
}

// count is how many answers have been heard.
func (h *heard) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.answers
}

// silent reports whether no terminal has been answered any more, not even the one that was
// answered last: one that is served alone would be.
func (h *heard) silent() bool { return h.itself && len(h.between) >= several }

// several is how many terminals a host that serves one connection leaves without an
// answer; a single one may be of another mind, or unknown to it.
const several = 2

// Hint says, of a check that has been run, what may be behind answers that did not come
// in time: that the host answers one terminal before and after others that it leaves
// without an answer, or some and never others, tells of one that serves a connection at a
// time; that it answers nobody any more, of one that has fallen silent, or that takes longer than
// terminals wait where answers still come. One that hangs up on requests which it answers on other lines may
// keep a line for some messages alone. The hint is empty where
// neither is likely, of a host that is gone for good, and where answers came astray.
func (c *Check) Hint() string {
	c.heard.mu.Lock()
	defer c.heard.mu.Unlock()
	answered, never := len(c.heard.answered), 0
	for tid := range c.heard.waited {
		if !c.heard.answered[tid] {
			never++
		}
	}
	mend := fmt.Sprintf("does it serve one connection at a time (posfleet doctor tells; %s)", c.fewer(1))
	switch {
	case c.absence.final != nil, c.astray():
	case c.heard.silent() && c.latest != nil && c.heard.late > 0:
		return fmt.Sprintf("the host answered in time up to scenario %d of %d (%s); since then its answers come when the terminals have given up: is it slowed down, or timeout in the profile's policy too short for it?", c.answered, len(c.plans), c.latest.Selector)
	case c.heard.silent() && c.latest != nil:
		return fmt.Sprintf("the host answered up to scenario %d of %d (%s), then nothing to any terminal: has it stopped, or hung?", c.answered, len(c.plans), c.latest.Selector)
	case c.heard.tooLate >= several && c.silence.mute():
		return "the host answered no payment in time, and answers came to requests that had been given up: is timeout in the profile's policy too short for it (--timeout)?"
	case c.Lines.Each && c.heard.unsigned >= several && c.heard.signed == 0:
		return "the host approves sign-ins, and wants one again on the next connection: does it keep working keys with the connection? --line own keeps that"
	case c.Lines.Each, c.heard.taken > 1:
	case c.heard.again != "" && c.Parallel <= 1:
		return fmt.Sprintf("the host answered terminal %s before and after %d others that it did not answer: %s?", c.heard.again, c.heard.others, mend)
	case answered > 0 && never >= several:
		return fmt.Sprintf("the host answered %s and never the other %d: %s, or not know them?", report.Plural(int64(answered), "terminal"), never, mend)
	case c.heard.hungUp() >= several && c.absence.misses == 0:
		return fmt.Sprintf("the host hung up on %s of kinds that it answers on other lines: does it close a line after some messages, or after a while? --line each has a new one for each exchange", report.Plural(int64(c.heard.hungUp()), "request"))
	}
	return ""
}

// astray reports whether messages came that were no answers: the host answers, if not as,
// or where, it should.
func (c *Check) astray() bool {
	return c.results != nil && slices.ContainsFunc(c.results.Rules, func(r report.RuleCount) bool { return r.ID == rules.Alone.ID || r.ID == "ANS-PAIR" })
}
