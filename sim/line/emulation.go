package line

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"time"
)

// Emulation has a terminal's own line be like a [Profile]: it waits before octets
// leave and before they are given on, stalls, and breaks. What it draws follows from
// its seed alone. It belongs to the goroutine that uses the line.
type Emulation struct {
	Profile *Profile
	Scale   float64 // of all times; 1 for those of the profile, 0 for none at all

	Stalls, Broken, Connects int64 // how often it did

	random *rand.Rand
	now    passage // of the exchange under way
}

// NewEmulation makes one line like p; seed and terminal decide what it draws.
func NewEmulation(p *Profile, seed uint64, terminal string) *Emulation {
	h := fnv.New64a()
	h.Write([]byte(terminal))
	return &Emulation{Profile: p, Scale: 1, random: rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// passage is what happens to one exchange: how long each way takes beside the
// octets' own time, and whether the line breaks.
type passage struct {
	up, down time.Duration
	stalls   int
	breaks   breaking
}

// breaking is where a line breaks.
type breaking uint8

const (
	holds         breaking = iota
	beforeRequest          // it has been down: the terminal connects again and sends
	withRequest            // the host never gets the request
	withAnswer             // the terminal never gets the answer
)

// errByProfile marks a break that a line profile asked for.
var errByProfile = errors.New("as its line profile has it")

// z95 is the 95th percentile of the standard normal distribution.
const z95 = 1.6448536269514722

// draw draws what happens to the next exchange: always as many numbers, so that one
// exchange does not change what the next ones draw.
func (e *Emulation) draw() passage {
	p := e.Profile
	normal, up, down, breaks, where := e.random.NormFloat64(), e.random.Float64(), e.random.Float64(), e.random.Float64(), e.random.IntN(3)
	var trip time.Duration
	if p.P50 > 0 {
		trip = time.Duration(float64(p.P50) * math.Exp(normal*math.Log(float64(p.P95)/float64(p.P50))/z95))
	}
	d := passage{up: trip / 2, down: trip - trip/2}
	if up < p.Lost {
		d.up += p.stall()
		d.stalls++
	}
	if down < p.Lost {
		d.down += p.stall()
		d.stalls++
	}
	if breaks < p.Breaks {
		d.breaks = beforeRequest + breaking(where)
	}
	return d
}

// stall is how long a message is late that TCP has to send again: the first
// retransmission comes after a second, or what round trips take where that is longer
// (RFC 6298, 2.1 and 2.4).
func (p *Profile) stall() time.Duration { return max(time.Second, p.P95) }

// carrying is the time that octets take at so many bits a second.
func carrying(octets int, rate float64) time.Duration {
	if rate <= 0 {
		return 0
	}
	return time.Duration(float64(octets) * 8 / rate * float64(time.Second))
}

// wait waits as long as the line would take, and no longer than most; it reports how
// long that was by the clock, and whether it was cut short.
func (e *Emulation) wait(stop context.Context, clock *Clock, d, most time.Duration) (took time.Duration, short bool) {
	d = time.Duration(float64(d) * e.Scale)
	if short = d > most; short {
		d = most
	}
	if d <= 0 {
		return 0, short
	}
	from := clock.Now()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-stop.Done():
		short = true
	}
	return clock.Now() - from, short
}

// Like has the line play a profile from its next connection on; seed and terminal
// decide what is drawn.
func (l *Own) Like(p *Profile, seed uint64, terminal string) {
	l.Emulation = NewEmulation(p, seed, terminal)
	l.Each = l.Each || p.HangsUp
}

// emulate draws what happens to the next exchange, and breaks the line where it has
// been down.
func (l *Own) emulate(x *Exchange) {
	x.Connecting, x.Transit = 0, 0
	e := l.Emulation
	if e.now = e.draw(); e.now.breaks == beforeRequest && l.conn != nil {
		e.Broken++
		l.Close()
	}
}

// connecting waits as long as connecting takes.
func (l *Own) connecting(x *Exchange) {
	e := l.Emulation
	e.Connects++
	took, _ := e.wait(l.stop, l.clock, e.Profile.Connect, math.MaxInt64)
	x.Connecting += took
}

// goingUp has a request take its time to the host. The exchange ends with an error
// where the line breaks, or where the terminal has given up by the time that the
// request leaves, which it does all the same.
func (l *Own) goingUp(x *Exchange) error {
	e := l.Emulation
	e.Stalls += int64(e.now.stalls)
	took, short := e.wait(l.stop, l.clock, e.now.up+carrying(len(x.Request), e.Profile.Up), x.Timeout)
	x.Transit += took
	switch {
	case l.stop.Err() != nil:
		return ErrStopped
	case e.now.breaks == withRequest:
		e.Broken++
		return fmt.Errorf("%w, and the request with it: %w", ErrBroken, errByProfile)
	case short:
		if n, err := writeNow(l.conn, x.Request); err != nil {
			return &writeError{n, err}
		}
		return ErrTimeout
	}
	return nil
}

// comingDown has an answer take its time from the host. What comes after the terminal
// has given up is a late answer.
func (l *Own) comingDown(x *Exchange) error {
	e := l.Emulation
	if e.now.breaks == withAnswer {
		e.Broken++
		return fmt.Errorf("%w, and the answer with it: %w", ErrBroken, errByProfile)
	}
	left := x.Sent + x.Timeout - l.clock.Now()
	took, short := e.wait(l.stop, l.clock, e.now.down+carrying(len(l.answer), e.Profile.Down), left)
	x.Transit += took
	switch {
	case l.stop.Err() != nil:
		return ErrStopped
	case short:
		x.Strays.count(wasGivenUp, l.answer)
		return ErrTimeout
	}
	return nil
}
