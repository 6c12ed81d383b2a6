// Package serve answers the messages of many connections. It knows frames and
// no business: what to answer is a callback's.
//
// A [Server] reads whole messages of a wire.Format off the connections of a
// net.Listener and has an [Answer] answer each. Plain traffic, TLS once it has begun
// included (transport_linux.go), is served by an event loop for each processor
// (poller_linux.go); a connection on which anything else happens, and every one where there is no such loop, has a
// goroutine (conn.go). Answers that must wait do so in a queue of their own
// (delayqueue.go), so that none waits behind another. Every wait for a peer has
// its bound ([Limits]).
package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

// Answer answers one message, frame, without its length prefix, that arrived at
// a time. It appends the answer with its length prefix to dst, as often as it is
// to be sent; nothing appended is silence. An answer that is to wait has the time
// when it is due, any other the zero time.
//
// An error says that it could not be read, or is not for this host. Octets that
// follow such a message and are no whole one may be its own, counted wrong: then
// the connection is ended, when what has been answered is sent.
//
// It answers one message at a time; frame is a view that holds until it returns.
// A panic costs the connection and is counted.
type Answer func(dst, frame []byte, arrived time.Time) (out []byte, due time.Time, err error)

// Server serves any number of listeners. Its fields are set before the first.
type Server struct {
	NewAnswer func() Answer // makes one for each message that is answered at the same time as others
	Format    *wire.Format
	Limits    Limits
	TLS       *tls.Config // nil for plain TCP
	Delays    bool        // an Answer may give times when answers are due, which the event loop does not ask for

	// Unread is told of what could not be read, if it is not nil: an Answer's error
	// with its message, or what is wrong with a length prefix or a TLS handshake,
	// with the octets at hand. They hold until it returns.
	Unread func(from net.Addr, octets []byte, err error)
	// Panicked is told of a panic of an Answer, if it is not nil.
	Panicked func(value any, stack []byte)

	count     counters
	answerers sync.Pool // of those for connections with a goroutine
}

// Limits bound what peers may take. Zero values mean the defaults.
type Limits struct {
	Conns   int           // connections open at once; more are closed on arrival. 20,000
	Message time.Duration // from the first octet of a message to its last. 10 s
	Idle    time.Duration // between messages. 5 min
	Write   time.Duration // for a peer to take an answer. 10 s
}

// orDefaults gives the limits with a value for each.
func (l Limits) orDefaults() Limits {
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
	return l
}

// Counts are what a server has seen so far.
type Counts struct {
	Connections int64 // accepted
	Open        int64 // open now
	TurnedAway  int64 // closed on arrival: too many were open
	Refused     int64 // connections ended for octets that no message or TLS handshake begins with
	Panics      int64 // connections lost to a panic of an Answer
}

type counters struct {
	connections, open, turnedAway, refused, panics atomic.Int64
}

// Counts reads the counters.
func (s *Server) Counts() Counts {
	c := &s.count
	return Counts{
		Connections: c.connections.Load(),
		Open:        c.open.Load(),
		TurnedAway:  c.turnedAway.Load(),
		Refused:     c.refused.Load(),
		Panics:      c.panics.Load(),
	}
}

// answerer answers one connection at a time.
type answerer struct {
	answer Answer
	out    []byte // answers not sent yet
}

func (s *Server) newAnswerer() *answerer { return &answerer{answer: s.NewAnswer()} }

// shortest is how many octets a message has at least: routing header and MTI.
func (s *Server) shortest() int { return s.Format.Header.Len() + 2 }

// unread counts what ended a connection, unless the peer or time did, and tells
// of it.
func (s *Server) unread(from net.Addr, octets []byte, err error) {
	if !errors.Is(err, wire.ErrLength) && !errors.Is(err, wire.ErrFrame) && !errors.Is(err, wire.ErrIdle) {
		return
	}
	s.count.refused.Add(1)
	s.tell(from, octets, err)
}

func (s *Server) tell(from net.Addr, octets []byte, err error) {
	if s.Unread != nil {
		s.Unread(from, octets, err)
	}
}

func (s *Server) panicked(value any) {
	s.count.panics.Add(1)
	if s.Panicked != nil {
		s.Panicked(value, debug.Stack())
	}
}

// Serve answers on every connection that l accepts until ctx ends, then closes l
// and the connections and waits for their goroutines. It returns nil when ctx
// ended it. An Accept that fails, for want of descriptors say, is tried again
// after a pause; only a listener that somebody closed ends Serve.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	a := &acceptor{Server: s, limits: s.Limits.orDefaults(), queue: newDelayQueue(ctx), open: make(map[net.Conn]struct{})}
	if !s.Delays {
		a.poller = newPoller(a)
	}
	a.tasks.Go(func() { a.queue.run(ctx) })
	stop := context.AfterFunc(ctx, func() {
		_ = l.Close() // what Accept then says is what counts
		a.closeAll()
	})
	err := a.accept(ctx, l)
	stop()
	cancel()
	_ = l.Close()
	a.closeAll()
	a.tasks.Wait()
	return err
}

// acceptor is one Serve: a listener and the connections that it gave.
type acceptor struct {
	*Server
	limits Limits
	queue  *delayQueue
	poller *poller // nil when each connection has a goroutine
	tasks  sync.WaitGroup
	mu     sync.Mutex
	open   map[net.Conn]struct{} // those with a goroutine
	closed bool
}

func (a *acceptor) accept(ctx context.Context, l net.Listener) error {
	var pause time.Duration
	for {
		nc, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = nc.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("host on %s: the listener was closed: %w", l.Addr(), err)
		case err != nil:
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(pause):
			}
			continue
		}
		pause = 0
		if a.count.open.Add(1) > int64(a.limits.Conns) {
			a.count.open.Add(-1)
			a.count.turnedAway.Add(1)
			_ = nc.Close()
			continue
		}
		a.count.connections.Add(1)
		if a.poller == nil || a.TLS != nil || !a.poller.take(nc) {
			a.attend(nc, nil, nil)
		}
	}
}

// attend gives a connection a goroutine of its own. Octets that have been read
// of it and answers that have not been sent come first.
func (a *acceptor) attend(nc net.Conn, read, answers []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		_ = nc.Close()
		a.count.open.Add(-1)
		return
	}
	a.open[nc] = struct{}{}
	a.tasks.Go(func() {
		taken := a.converse(nc, read, answers)
		_ = nc.Close() // a loop has its own descriptor of what it has taken
		a.mu.Lock()
		delete(a.open, nc)
		a.mu.Unlock()
		if !taken {
			a.count.open.Add(-1)
		}
	})
}

func (a *acceptor) closeAll() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	for nc := range a.open {
		_ = nc.Close()
	}
	if a.poller != nil {
		a.poller.close()
	}
}
