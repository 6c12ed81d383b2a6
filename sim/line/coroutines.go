package line

import (
	"iter"
	"sync"
)

// Coroutines are players of one shared line without goroutines of their own:
// whoever ends a player's exchange (nearly always the line's reader) resumes it,
// until it waits for the next one. An answer is so looked at while it is in the
// processor's cache, and no goroutine has to be woken for it, which with ten
// thousand terminals is a sixth of the time.
//
// As many readers as there are lines then do all the playing, so this is for as
// many lines as processors at least, and for players that wait for nothing but
// the line's answers: whatever else one waits for, all others wait for too.
type Coroutines struct {
	line *Shared
	all  []*coroutine
}

// coroutine is one player without a goroutine.
type coroutine struct {
	call     call
	turn     sync.Mutex // an answer may come before the player has paused
	step     func() (struct{}, bool)
	yield    func(struct{}) bool
	returned func()
}

// NewCoroutines makes an empty set of players of line s.
func NewCoroutines(s *Shared) *Coroutines { return &Coroutines{line: s} }

// Add takes in a player, which Start has begin. All its exchanges on the line are
// x, one after another. When it returns x waits as a goroutine's does, and
// returned is called, which must not wait either.
func (cs *Coroutines) Add(x *Exchange, player, returned func()) {
	c := &coroutine{call: call{ready: make(chan struct{}, 1)}, returned: returned}
	c.call.coroutine, x.call = c, &c.call
	c.step, _ = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		player()
		c.call.coroutine = nil
	})
	cs.all = append(cs.all, c)
}

// Start has all players begin, some at a time, so that the first requests are on
// their way while the last players have yet to begin.
func (cs *Coroutines) Start() {
	for i, c := range cs.all {
		if c.resume(); i%64 == 0 {
			cs.line.wakeWriter()
		}
	}
	cs.line.wakeWriter()
}

// pause leaves the player until it is resumed.
func (c *coroutine) pause() { c.yield(struct{}{}) }

// resume has the player go on, here and now, until it pauses or returns.
func (c *coroutine) resume() {
	c.turn.Lock()
	_, more := c.step()
	c.turn.Unlock()
	if !more {
		c.returned()
	}
}
