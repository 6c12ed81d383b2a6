package agent

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// clock is this process's, in ns since 1970. It goes on from a moment that it has been
// set at by the monotonic clock: a step of the wall clock moves nothing.
type clock struct {
	at    time.Time
	shows int64
}

func newClock() clock {
	now := time.Now()
	return clock{now, now.UnixNano()}
}

func (c clock) now() int64 { return c.shows + int64(time.Since(c.at)) }

// moment is when the clock shows ns.
func (c clock) moment(ns int64) time.Time { return c.at.Add(time.Duration(ns - c.shows)) }

// rounds is how often the controller's clock is asked: the answer that came soonest
// counts.
const rounds = 16

// answerClock tells agents what the clock shows here.
func (c *Conn) answerClock() (*nats.Subscription, error) {
	return c.nc.Subscribe(c.subject("clock"), func(m *nats.Msg) {
		asked, err := c.creds.open("clock asked", m.Data)
		if err != nil || len(asked) != 16 {
			return
		}
		_ = m.Respond(c.creds.seal("clock answer "+string(asked), binary.BigEndian.AppendUint64(nil, uint64(c.clock.now()))))
	})
}

// offset measures how far the controller's clock is before this one's, and how far
// that may be off: half of the time that the soonest answer took.
func (c *Conn) offset(ctx context.Context) (offset, within time.Duration, err error) {
	within = -1
	for range rounds {
		shows, sent, took, bad := c.askClock(ctx)
		if bad == nil {
			if half := took / 2; within < 0 || half < within {
				offset, within = time.Duration(shows-sent)-half, half
			}
			continue
		}
		if err = bad; ctx.Err() != nil {
			break
		}
	}
	if within < 0 {
		return 0, 0, fmt.Errorf("the controller's clock cannot be asked: %w", err)
	}
	return offset, within, nil
}

// askClock is what the controller's clock shows, when it was asked by this one, and how long
// the answer took.
func (c *Conn) askClock(ctx context.Context) (shows, sent int64, took time.Duration, err error) {
	asked := make([]byte, 16)
	_, _ = rand.Read(asked)
	one, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	sent = c.clock.now()
	m, err := c.nc.RequestWithContext(one, c.subject("clock"), c.creds.seal("clock asked", asked))
	took = time.Duration(c.clock.now() - sent)
	if err != nil {
		return 0, 0, 0, err
	}
	there, err := c.creds.open("clock answer "+string(asked), m.Data)
	if err != nil || len(there) != 8 {
		return 0, 0, 0, cmp.Or(err, errForeign)
	}
	return int64(binary.BigEndian.Uint64(there)), sent, took, nil
}

// attended reports whether a controller of the run answers.
func (c *Conn) attended(ctx context.Context) bool {
	if c.Connected(ctx, func(string) {}) != nil {
		return false
	}
	for range 3 { // a busy machine is slow
		switch _, _, _, err := c.askClock(ctx); {
		case err == nil:
			return true
		case errors.Is(err, nats.ErrNoResponders):
			return false
		}
	}
	return false
}
