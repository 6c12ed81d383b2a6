package sim

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/line"
)

// closedModel has every terminal play over and over, with a pause in between: a
// slower host has fewer arrivals. A QR box passes over what it cannot play.
type closedModel struct {
	run     *Run
	ending  context.Context // done when no more arrivals may come
	players *sync.WaitGroup
	next    atomic.Int64 // number of the next arrival
}

// playClosed has players play until the run's end; it returns when ctx is done.
func playClosed(ctx context.Context, r *Run, players *sync.WaitGroup) {
	ending, cancel := context.WithDeadline(ctx, r.clock.At(r.origin+r.For))
	defer cancel()
	m := &closedModel{run: r, ending: ending, players: players}
	var coroutines []*line.Coroutines // of each shared line
	waits := slices.ContainsFunc(r.Mix.Plans, func(p *Plan) bool { return p.Waits })
	if r.Think == 0 && !waits && len(r.fleet.shared) >= runtime.GOMAXPROCS(0) {
		for _, s := range r.fleet.shared {
			coroutines = append(coroutines, line.NewCoroutines(s))
		}
	}
	codes := slices.ContainsFunc(r.Mix.Plans, func(p *Plan) bool { return !p.Cards })
	for i, t := range r.fleet.terminals {
		if !t.SignedIn || !t.Kind.ReadsCards() && !codes {
			continue
		}
		p := r.newPlayer(r.Recorder)
		if coroutines == nil {
			players.Go(func() { m.playUntilEnd(p, t) })
		} else {
			m.addTo(coroutines[i%len(coroutines)], p, t)
		}
	}
	for _, c := range coroutines {
		players.Go(func() {
			pause(ending, r.clock, r.origin)
			c.Start()
		})
	}
	<-ctx.Done()
}

// backOff is how long a terminal waits after an arrival of which it could send
// nothing: it would come to a million of them a second.
const backOff = time.Second

// play plays one arrival, which falls due when the terminal is ready for it. It
// reports whether anything could be sent.
func (m *closedModel) play(p *Player, t *Terminal) bool {
	n := m.run.Share.Arrival(int(m.next.Add(1)) - 1)
	if !t.Kind.ReadsCards() && m.run.Mix.Plan(n).Cards {
		return true
	}
	now := m.run.clock.Now()
	m.run.Recorder.Planned(now-m.run.origin, 1)
	return m.run.playArrival(p, t, n, now, now)
}

// playUntilEnd plays arrivals until no more may come.
func (m *closedModel) playUntilEnd(p *Player, t *Terminal) {
	defer caught(p.Panicked)
	r := m.run
	pause(m.ending, r.clock, r.origin)
	for m.ending.Err() == nil && r.mine() {
		wait := r.Think
		if !m.play(p, t) {
			wait = max(wait, backOff)
		}
		if wait > 0 {
			pause(m.ending, r.clock, r.clock.Now()+wait)
		}
	}
}

// addTo has a player play as a coroutine of the terminal's line. When anything
// happens to it but an approval or a decline it gets a goroutine: there it may
// wait for a new connection without holding others up.
func (m *closedModel) addTo(c *line.Coroutines, p *Player, t *Terminal) {
	m.players.Add(1)
	c.Add(&p.x, func() {
		defer caught(p.Panicked)
		for m.ending.Err() == nil && m.run.mine() && p.Last.Outcome <= report.Declined && m.play(p, t) {
		}
	}, func() {
		if m.ending.Err() == nil {
			m.players.Go(func() { m.playUntilEnd(p, t) })
		}
		m.players.Done()
	})
}
