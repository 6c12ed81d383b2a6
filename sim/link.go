package sim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

// Exchange is one request on its way to its answer.
type Exchange struct {
	Request []byte        // the frame, length prefix included
	Key     wire.Key      // the answer has the same
	Timeout time.Duration // from the send
	Answer  *wire.Message // the one that came, borrowed for the caller; nil when none did

	Sent time.Duration // when the write began, since the clock's start
	Done time.Duration // when the last octet was read, or the exchange was given up

	Unreadable error // the answer's fault, when an answer came that the dialect cannot read
	Late       int   // answers met meanwhile to requests given up before
	Duplicate  int   // further answers met to requests already answered
	Unmatched  int   // answers met that belong to no request

	call *call // on a shared line
}

// Link carries exchanges for one terminal, or for many when it is shared.
//
// Exchange fills in Sent and Done whatever happens. It returns nil when an
// answer came (which the terminal must still check), ErrTimeout, ErrStopped,
// an error that is ErrUnsent when no octet of the request was written, and
// otherwise one that is ErrBroken.
type Link interface {
	Exchange(x *Exchange) error
	Close() error
}

var (
	ErrTimeout = errors.New("no answer in time")
	ErrUnsent  = errors.New("request not sent")
	ErrBroken  = errors.New("line broken")
	ErrStopped = errors.New("run ended before the answer")
)

// Clock counts from one start, on the monotonic clock. All times of a run do.
type Clock struct{ start time.Time }

// NewClock starts a clock.
func NewClock() *Clock { return &Clock{start: time.Now()} }

// Now is the time since the start.
func (c *Clock) Now() time.Duration { return time.Since(c.start) }

// At is the moment d after the start.
func (c *Clock) At(d time.Duration) time.Time { return c.start.Add(d) }

// Dialer makes connections to the host under test.
type Dialer struct {
	Address string
	TLS     *tls.Config   // nil for plain TCP
	Timeout time.Duration // for connection and TLS handshake
}

// Dial connects. Small writes go out at once (TCP_NODELAY is Go's default).
func (d *Dialer) Dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	var nd net.Dialer
	conn, err := nd.DialContext(ctx, "tcp", d.Address)
	if err != nil || d.TLS == nil {
		return conn, err
	}
	secure := tls.Client(conn, d.TLS)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("TLS with %s: %w", d.Address, err)
	}
	return secure, nil
}

// Lines says how terminals are connected: a line of their own each, a line
// for each exchange, or shared lines with many exchanges in flight.
type Lines struct {
	Each   bool
	Shared int // number of shared lines, 0 for none
}

// ParseLines reads "own", "each" or "shared:N".
func ParseLines(s string) (Lines, error) {
	var n int
	switch {
	case s == "own" || s == "":
		return Lines{}, nil
	case s == "each":
		return Lines{Each: true}, nil
	}
	if k, err := fmt.Sscanf(s, "shared:%d", &n); k == 1 && err == nil && n > 0 && fmt.Sprintf("shared:%d", n) == s {
		return Lines{Shared: n}, nil
	}
	return Lines{}, fmt.Errorf("line %q: want own, each or shared:N with N at least 1", s)
}

// String gives the form that ParseLines reads.
func (l Lines) String() string {
	switch {
	case l.Each:
		return "each"
	case l.Shared > 0:
		return fmt.Sprintf("shared:%d", l.Shared)
	}
	return "own"
}
