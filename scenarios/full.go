package scenarios

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
)

// hostFull is why scenarios are untested at a host that takes only so many connections.
const hostFull = "the host takes no more connections"

// errFull marks what could not be tested for want of a connection.
var errFull = fmt.Errorf("%w: %s", sim.ErrUntested, hostFull)

// full says that the host refuses terminal t a connection while it answers on those that
// other terminals have; nil when that is not so.
func (s *seat) full(ctx context.Context, t *sim.Terminal) error {
	c := s.check
	if own, is := t.Link.(*line.Own); !is || own.Each || own.Stands() {
		return nil
	}
	stand, answers := 0, false
	for _, other := range s.terminals {
		own, is := other.Link.(*line.Own)
		if !is || other == t || !own.Stands() {
			continue
		}
		stand++
		if !answers && stand == 1 && !c.refuses(ctx) {
			return nil
		}
		answers = answers || s.answersOn(other)
	}
	if !answers {
		return nil
	}
	c.heard.mu.Lock()
	taken := stand
	if c.Parallel > 1 { // other seats' terminals have lines, too
		taken = max(stand, len(c.heard.answered))
	}
	c.heard.taken = max(c.heard.taken, taken)
	c.heard.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.results.Away != "" && c.absence.misses == 0:
		return errFull // it is told already
	case taken == 1:
		c.results.Away = "the host serves one connection at a time: it took one and refused another while it answered on that: " + c.fewer(1)
	default:
		c.results.Away = fmt.Sprintf("the host took %s and refused one more while it answered on them: %s", report.Plural(int64(taken), "connection"), c.fewer(taken))
	}
	c.absence.misses = 0 // it was full then, too
	return errFull
}

// fewer is how a check is told to keep no more than so many connections at a time.
func (c *Check) fewer(n int) (flags string) {
	if c.Terminals > n {
		flags = fmt.Sprintf("--terminals %d", n)
	}
	if c.Parallel > n { // each is played on a terminal of its own
		flags = strings.TrimSpace(fmt.Sprintf("%s --parallel %d", flags, n))
	}
	if flags == "" {
		return "--line each"
	}
	return flags + " or --line each"
}

// answersOn reports whether the host answers an echo test on the connection that an idle
// terminal has; where the network has none, that the connection stands has to do.
func (s *seat) answersOn(t *sim.Terminal) bool {
	of := s.check.Language.Profile.Dialect
	if of.Form(dialect.Echo) == nil {
		return true
	}
	p := sim.NewPlayer(of, s.clock)
	p.T = t
	return p.Echo() == nil && p.Last.Outcome <= report.Declined
}

// refuses reports whether the host turns a connection down, or hangs up on one before
// anything is asked. One that leaves it without a word is away, perhaps.
func (c *Check) refuses(ctx context.Context) bool {
	conn, err := c.Dialer.Dial(ctx)
	if err != nil {
		late, is := errors.AsType[net.Error](err)
		return ctx.Err() == nil && !(is && late.Timeout())
	}
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(restart / 20))
	_, err = conn.Read(make([]byte, 1))
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}
