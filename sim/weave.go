package sim

import (
	"context"
	"iter"
	"sync"

	"github.com/posfleet/posfleet/report"
)

// weaver has the players of one shared line play without goroutines of their
// own, in the closed model: each is a coroutine that whoever ends its exchange
// (nearly always the line's reader) resumes, until it waits for the next one. An
// answer is so judged while the processor has it at hand, and no goroutine has to
// be woken for it, which with ten thousand terminals is a sixth of the time.
//
// As many readers as there are lines then do all the playing, so this is for as
// many lines as processors at least. A player to which anything happens but an
// approval or a decline gets a goroutine: there it may wait for a new connection
// without holding others up.
type weaver struct {
	line    *Shared
	players *sync.WaitGroup
	ending  context.Context
	play    func(*Player, *Terminal) // one arrival
	alone   func(*Player, *Terminal) // arrivals until the run ends, on a goroutine
	resumes []func()
}

// add takes in a player for a terminal of the line.
func (w *weaver) add(p *Player, t *Terminal) {
	w.players.Add(1)
	c := &call{ready: make(chan struct{}, 1)}
	p.x.call = c
	step, _ := iter.Pull(func(yield func(struct{}) bool) {
		c.pause = func() { yield(struct{}{}) }
		for w.ending.Err() == nil && p.Last.Outcome <= report.Declined {
			w.play(p, t)
		}
		c.pause, c.resume = nil, nil
	})
	var turn sync.Mutex // an answer may come before the player has paused
	c.resume = func() {
		turn.Lock()
		_, more := step()
		turn.Unlock()
		if more {
			return
		}
		if w.ending.Err() == nil {
			w.players.Go(func() { w.alone(p, t) })
		}
		w.players.Done()
	}
	w.resumes = append(w.resumes, c.resume)
}

// start has all players begin, some at a time, so that the first requests are
// on their way while the last players have yet to begin.
func (w *weaver) start() {
	for i, resume := range w.resumes {
		if resume(); i%64 == 0 {
			w.line.write()
		}
	}
	w.line.write()
}
