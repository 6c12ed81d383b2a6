package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// errSuperseded and errUnheard are why an agent ends by itself whose share another one has,
// or may have.
var (
	errSuperseded = errors.New("another agent has taken its share over")
	errUnheard    = fmt.Errorf("it could not be heard of for %v, and another one may have its share", Lease)
)

// Cede ends this agent at once, for a reason that is no order of its controller's.
func (a *Agent) Cede(why error) {
	a.stop(why)
	a.end(why)
}

// Reach waits until the connection to the run's server stands, or is broken: as is said.
// It gives ctx's error when that ends before.
func (a *Agent) Reach(ctx context.Context, stands bool) error {
	changed := a.conn.nc.StatusChanged(nats.CONNECTED, nats.RECONNECTING, nats.CLOSED)
	defer a.conn.nc.RemoveStatusListener(changed)
	for a.conn.nc.IsConnected() != stands {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
	return nil
}

// Attended reports whether the run's controller answers. On the user's own NATS the connection
// stands whether it does or not.
func (a *Agent) Attended(ctx context.Context) bool {
	return a.conn.nc.IsConnected() && a.conn.attended(ctx)
}

// hold says again and again that the share is being played. An exclusive one ends when
// that has not been heard for as long as the lease.
func (a *Agent) hold(ctx context.Context) {
	t := time.NewTicker(Lease / 3)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if !a.Mine() {
			return
		}
		said := time.Since(a.taken)
		err := a.lease.InProgress()
		if !a.Share.Exclusive {
			continue // a cut line: the lease runs out, and the share is played to its end
		}
		one, cancel := context.WithTimeout(ctx, Lease/3)
		if err = errors.Join(err, a.conn.nc.FlushWithContext(one)); err == nil {
			a.heard.Store(int64(said))
		}
		cancel()
	}
}

// Mine reports whether the share is still this agent's: an exclusive one is as long as
// its lease lasts, and not again once that has run out, as while the process was stopped.
func (a *Agent) Mine() bool {
	if !a.Share.Exclusive {
		return true
	}
	if !a.lapsed.Load() && time.Since(a.taken)-time.Duration(a.heard.Load()) <= Lease {
		return true
	}
	if a.lapsed.CompareAndSwap(false, true) {
		a.Cede(errUnheard)
	}
	return false
}

// Stopped says that this agent begins no more arrivals from a time of the run on though the
// controller did not say so, why, and whether what is under way is cut off.
func (a *Agent) Stopped(why string, at time.Duration, cut bool) {
	a.mu.Lock()
	if a.status.Until == 0 {
		a.status.Why, a.status.Until = why, max(1, at)
	}
	a.status.Cut = a.status.Cut || cut
	a.mu.Unlock()
	a.beside.Go(func() { _ = a.tell(a.Abort, func(*Status) {}) })
}
