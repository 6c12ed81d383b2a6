package scenarios

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/line"
)

// absence is a host that went away while it was checked. What it would have
// answered nobody knows: scenarios that miss it are untested, not failed.
type absence struct {
	mu    sync.Mutex
	final error // why it cannot be reached; nil as long as it can, or may come back
	broke int   // lines that it broke and was there all the same
	left  bool  // it was not back at once when it was missed, and answered nothing meanwhile

	// Guarded by the check's mu.
	misses int    // times that no connection was to be had, from the first that results tell of
	when   string // the first was
	why    error
	heard  int // answers by then
}

// habit is so many lines broken that it is how the host is: it is not about to end.
const habit = 20

// restart is how long a host that went away is waited for.
const restart = 2 * time.Second

const hostAway = "the host went away"

// errAway marks what could not be tested for want of a host.
var errAway = fmt.Errorf("%w: %s", sim.ErrUntested, hostAway)

// awayAs is the cause of a scenario that missed the host: how that showed in it, in words
// that are the same for the same cause.
func awayAs(why error) string {
	var timeout net.Error
	_, dialing := errors.AsType[*net.OpError](why)
	switch cause := line.CauseOf(why); {
	case errors.Is(why, syscall.ECONNREFUSED):
		return hostAway + ": it refuses connections"
	case errors.Is(why, syscall.ECONNRESET), errors.Is(why, syscall.EPIPE):
		return hostAway + ": it reset the connection"
	case errors.Is(why, io.EOF), errors.Is(why, io.ErrUnexpectedEOF):
		return hostAway + ": it closed the connection"
	case dialing && errors.As(why, &timeout) && timeout.Timeout(), cause == line.HostSilent:
		return hostAway + ": it takes no connection in time"
	case cause != line.Unclear:
		return hostAway + ": " + cause.String()
	}
	return hostAway
}

// awayAs is the cause where an exchange showed it: of a line that broke how it did, and after
// how much of an answer.
func (s *seat) awayAs(r *sim.Result, why error) string {
	if r.Outcome != report.Broken {
		return awayAs(why)
	}
	how := awayAs(r.Why)
	if r.Stray != nil && r.Stray.Why != "" && how != hostAway {
		how += " after " + r.Stray.Why
	}
	return how
}

// isAway says of an exchange that went wrong that no host was there for it; nil when
// one was. A connection that could not be made is reason enough; one that broke only
// if no other can be had.
func (s *seat) isAway(ctx context.Context, r *sim.Result) error {
	c := s.check
	if r.Outcome != report.Unsent && r.Outcome != report.Broken || ctx.Err() != nil || line.Exhausted(r.Why) {
		return nil
	}
	if full := s.full(ctx, s.player.T); full != nil {
		return full
	}
	c.absence.mu.Lock()
	defer c.absence.mu.Unlock()
	why := c.absence.final
	if why == nil {
		if why = c.reach(ctx); why == nil && r.Outcome == report.Broken {
			if c.absence.broke < habit {
				time.Sleep(restart / 20) // one that is just ending may take a connection yet
				why = c.reach(ctx)
			}
			if why == nil {
				c.absence.broke++
				return nil
			}
		}
		if why == nil {
			why = r.Why // for a moment
		}
		c.missed(why)
		before, at := c.heard.count(), time.Now()
		for end := at.Add(restart); c.absence.final == nil; time.Sleep(restart / 20) {
			if err := c.reach(ctx); err == nil {
				c.absence.left = c.absence.left || time.Since(at) >= restart/20 && c.heard.count() == before
				break
			} else if time.Now().After(end) {
				c.absence.final = err
			}
		}
	}
	if r.Outcome != report.Broken {
		return fmt.Errorf("%w: %w", errAway, why)
	}
	return fmt.Errorf("%w: %w; then %w", errAway, whyNotApproved(r), why)
}

// reach sees whether the host can be reached.
func (c *Check) reach(ctx context.Context) error {
	conn, err := c.Dialer.Dial(ctx)
	if err != nil {
		return err
	}
	return conn.Close()
}

// missed takes down when the host went away.
func (c *Check) missed(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &c.absence
	if a.misses > 0 {
		a.misses++
	}
	if c.results.Away != "" {
		return
	}
	a.misses, a.why, a.heard = 1, why, c.heard.count()
	switch {
	case c.answered > 0:
		a.when = fmt.Sprintf("after scenario %d of %d (%s)", c.answered, len(c.plans), c.latest.Selector)
	case a.heard > 0:
		a.when = "in the first scenario that it answered"
	default:
		a.when = "before it answered in any scenario"
	}
	c.results.Away = scrubbed(c.Language.Profile.Dialect, fmt.Sprintf("the host went away %s: %v", a.when, why))
}

// cameBack says, of a host that was missed and has answered since, that it did.
func (c *Check) cameBack() {
	a := &c.absence
	if a.misses == 0 || a.final != nil || c.heard.count() == a.heard {
		return
	}
	how := fmt.Sprintf("the host refused %s and answered on others", report.Plural(int64(a.misses), "connection"))
	if a.left {
		how = fmt.Sprintf("the host went away %s and came back", a.when)
	}
	c.results.Away = scrubbed(c.Language.Profile.Dialect, fmt.Sprintf("%s: %v", how, a.why))
}

// gone gives its verdict to a scenario that comes to its turn when the host has gone for good.
// It reports false when it has not.
func (c *Check) gone(p *plan) bool {
	c.absence.mu.Lock()
	defer c.absence.mu.Unlock()
	if c.absence.final == nil {
		return false
	}
	p.Outcome, p.Reason = verdicts.Untested, fmt.Errorf("%w: %w", errAway, c.absence.final)
	p.Cause, p.Unreached = awayAs(c.absence.final), true
	return true
}
