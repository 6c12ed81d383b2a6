// Package host is posfleet's own acquirer host: enough of one to certify and
// load terminals against, with books that can be checked to the fen.
//
// A [Host] serves the terminals, merchants and cards of a profile over any
// net.Listener. Each request becomes an [Exchange]; a [Handler] answers it, or
// stays silent. The host's own rules are the innermost Handler. A misbehaviour
// ([WithMisbehaviour]) wraps them or breaks one of them on purpose, so that
// the judge can be judged; a [Behaviour] says when answers leave, so that a
// meter of latency can be measured. What the host answered 00 it has booked in
// a double-entry ledger: see [Host.Check] and [Host.Books].
//
// The rules are those of the CUP direct-connect family as reconstructed from
// public sources (docs/sources.md), asked of any dialect.Dialect: a field or part
// that a dialect does not have is neither wanted nor given.
package host

import (
	"crypto/tls"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// Host is one acquirer host. It may serve several listeners at once.
type Host struct {
	profile   *profile.Profile
	dialect   *dialect.Dialect
	limits    Limits
	tls       *tls.Config
	terminals map[identity]*terminal
	all       []terminal
	cards     map[number]int32 // into ledger.cards, by card number
	codes     map[number]int32 // the same, by payment code
	ledger    ledger
	handler   Handler
	bugs      bug
	wicked    bool // it misbehaves in some way
	repeat    bool
	behaviour *Behaviour
	clock     clock
	serial    atomic.Uint64 // numbers answers; the last six digits are part of the RRN
	shortest  int           // octets that hold routing header and MTI
	strangers int32         // the account that approve-all books unknown cards to
	count     counters
	spare     sync.Pool // of exchanges: the processor still has the last ones at hand
}

// Option changes a Host that New makes.
type Option func(*Host) error

// Limits bound what peers may take. Zero values mean the defaults.
type Limits struct {
	Conns   int           // connections open at once; more are closed on arrival. 20,000
	Message time.Duration // from the first octet of a message to its last. 10 s
	Idle    time.Duration // between messages. 5 min
	Write   time.Duration // for a peer to take an answer. 10 s
}

// WithLimits bounds connections and waits.
func WithLimits(l Limits) Option {
	return func(h *Host) error {
		h.limits = l
		return nil
	}
}

// WithTLS makes the host speak TLS on every connection.
func WithTLS(c *tls.Config) Option {
	return func(h *Host) error {
		h.tls = c
		return nil
	}
}

// WithRepeats makes the host answer a payment that comes a second time, alike
// in trace, card and amount, as it did the first time. Without it the second
// one gets 94. Neither books it again.
func WithRepeats() Option {
	return func(h *Host) error {
		h.repeat = true
		return nil
	}
}

// New makes the host of profile p.
func New(p *profile.Profile, options ...Option) (*Host, error) {
	h := &Host{profile: p, dialect: p.Dialect, clock: clock{now: time.Now}}
	h.handler = h.serve
	h.spare.New = func() any { return newExchange(h.dialect) }
	for _, o := range options {
		if err := o(h); err != nil {
			return nil, fmt.Errorf("host of profile %s: %w", p.Name, err)
		}
	}
	h.limits.defaults()
	if err := h.open(); err != nil {
		return nil, fmt.Errorf("host of profile %s: %w", p.Name, err)
	}
	h.shortest = h.dialect.Header.Len() + 2
	return h, nil
}

func (l *Limits) defaults() {
	if l.Conns <= 0 {
		l.Conns = 20_000
	}
	if l.Message <= 0 {
		l.Message = 10 * time.Second
	}
	if l.Idle <= 0 {
		l.Idle = 5 * time.Minute
	}
	if l.Write <= 0 {
		l.Write = 10 * time.Second
	}
}

// Counts are what a host has seen since it was made.
type Counts struct {
	Connections int64 // accepted
	Open        int64 // open now
	TurnedAway  int64 // closed on arrival: too many were open
	Requests    int64 // messages that could be read
	Answers     int64 // answers made, whether the line took them or not
	Refused     int64 // frames that could not be read
	Ignored     int64 // messages left without an answer: answers sent as requests, unknown types, foreign routing
	Silent      int64 // requests that a misbehaviour left unanswered
	Miscounted  int64 // batch uploads whose end told another number than came
	Panics      int64 // connections lost to a fault of the host's own; 0, or there is a bug
}

type counters struct {
	connections, open, turnedAway, requests, answers, refused, ignored, silent, miscounted, panics atomic.Int64
}

// Counts reads the counters.
func (h *Host) Counts() Counts {
	c := &h.count
	return Counts{
		Connections: c.connections.Load(),
		Open:        c.open.Load(),
		TurnedAway:  c.turnedAway.Load(),
		Requests:    c.requests.Load(),
		Answers:     c.answers.Load(),
		Refused:     c.refused.Load(),
		Ignored:     c.ignored.Load(),
		Silent:      c.silent.Load(),
		Miscounted:  c.miscounted.Load(),
		Panics:      c.panics.Load(),
	}
}
