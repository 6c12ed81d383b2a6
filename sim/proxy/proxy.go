// Package proxy stands between terminals and a host, whoever they are, and passes what
// they say to each other message by message.
//
// A [Proxy] serves a listener. For each connection that it takes it makes one to the host,
// both by TCP or TLS, and cuts both directions into messages of a wire.Format. A
// line.Storm says what it does wrong to which of them; what it did is in its [Counts] and
// [Proxy.Strikes]. Whoever wants to know what passed is told each [Message]. Octets that
// are no messages pass as they are.
package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// Proxy is a man in the middle. Its fields are set before it serves.
type Proxy struct {
	Format *wire.Format // of the messages
	Dialer *line.Dialer // to the host
	TLS    *tls.Config  // of connections that it takes; nil for plain TCP
	Storm  *line.Storm  // what it does wrong; nil for nothing
	// Passed is told each message as it came, before anything is done to it. One at a time
	// is told; its octets hold until Passed returns. It may be nil.
	Passed func(Message)

	passing sync.Mutex

	mu        sync.Mutex
	terminals map[string]*[2]uint64 // messages of each, in both directions
	strikes   []line.Strike

	injected [256]atomic.Int64 // by fault
	count    struct{ connections, open, unreachable, turnedAway, requests, answers, raw atomic.Int64 }
}

// Message is one message that passed.
type Message struct {
	At         time.Time
	Connection int64 // from 1
	Answer     bool  // from the host
	Octets     []byte
}

// Counts are what a proxy has seen so far.
type Counts struct {
	Connections       int64
	Unreachable       int64            // of them those for which the host could not be reached: closed at once
	TurnedAway        int64            // closed on arrival: too many were open
	Requests, Answers int64            // messages from terminals, and from the host
	Raw               int64            // directions of connections that went over to octets that are no messages
	Injected          map[string]int64 // faults done, by name
}

const (
	mostConns     = 20_000           // open at once
	mostTerminals = 1 << 16          // told apart
	mostStrikes   = 1 << 20          // kept
	mostLate      = 1 << 10          // messages kept back of one connection's direction
	patience      = 10 * time.Second // with a peer that does not take octets, or shake hands
	leaving       = 5 * time.Second  // with a host whose terminal has hung up
)

// Counts reads the counters.
func (p *Proxy) Counts() Counts {
	c := Counts{Connections: p.count.connections.Load(), Unreachable: p.count.unreachable.Load(), TurnedAway: p.count.turnedAway.Load(),
		Requests: p.count.requests.Load(), Answers: p.count.answers.Load(), Raw: p.count.raw.Load(), Injected: map[string]int64{}}
	for _, f := range line.AllFaults() {
		if n := p.injected[f].Load(); n > 0 {
			c.Injected[f.String()] = n
		}
	}
	return c
}

// Strikes are the faults done, in an order that is that of no clock: the same storm over
// the same messages gives the same ones. Of more than a million the first are kept.
func (p *Proxy) Strikes() []line.Strike {
	p.mu.Lock()
	all := append([]line.Strike(nil), p.strikes...)
	p.mu.Unlock()
	line.SortStrikes(all)
	return all
}

// Serve serves a listener until ctx is done, and waits for its connections to end. It
// closes the listener. The error is the listener's, nil when ctx ended it.
func (p *Proxy) Serve(ctx context.Context, l net.Listener) error {
	defer l.Close()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	var connections sync.WaitGroup
	defer connections.Wait()
	wait := time.Duration(0)
	for {
		conn, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // out of descriptors, say: there will be some again
			wait = min(max(5*time.Millisecond, 2*wait), time.Second)
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
			continue
		}
		wait = 0
		n := p.count.connections.Add(1)
		if p.count.open.Load() >= mostConns {
			p.count.turnedAway.Add(1)
			conn.Close()
			continue
		}
		p.count.open.Add(1)
		connections.Go(func() {
			defer p.count.open.Add(-1)
			p.connection(ctx, conn, n)
		})
	}
}

// number counts a message of a terminal in one direction, from 0.
func (p *Proxy) number(terminal string, side line.Side) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminals == nil {
		p.terminals = map[string]*[2]uint64{}
	}
	of := p.terminals[terminal]
	if of == nil {
		if len(p.terminals) >= mostTerminals {
			terminal = ""
		}
		if of = p.terminals[terminal]; of == nil {
			of = &[2]uint64{}
			p.terminals[terminal] = of
		}
	}
	of[side]++
	return of[side] - 1
}

// struck counts a fault that is being done.
func (p *Proxy) struck(s line.Strike) {
	p.injected[s.Fault].Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.strikes) < mostStrikes {
		p.strikes = append(p.strikes, s)
	}
}

// tell tells of a message that came.
func (p *Proxy) tell(connection int64, side line.Side, octets []byte) {
	if side == line.Request {
		p.count.requests.Add(1)
	} else {
		p.count.answers.Add(1)
	}
	if p.Passed != nil {
		p.passing.Lock()
		defer p.passing.Unlock()
		p.Passed(Message{At: time.Now(), Connection: connection, Answer: side == line.Answer, Octets: octets})
	}
}
