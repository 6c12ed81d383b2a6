package scenarios

import (
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// World is what the sentences of one scenario keep between them.
type World struct {
	Trail []Seen // every exchange; nil under load

	refusal  error // why the terminal refused the last thing asked of it
	original sim.Record
	slip     sim.Record // of the purchase that the operator kept the slip of
	balance  int64
	known    bool // balance is
	before   dialect.Totals
	batch    uint32
}

// Seen is one exchange as it went over the line.
type Seen struct {
	Request, Answer *wire.Message // Answer is nil when none came
	Result          sim.Result
}

// world gives the scenario's world; a player under load keeps one.
func world(p *sim.Player) *World {
	w, ok := p.Vars.(*World)
	if !ok {
		w = &World{}
		p.Vars = w
	}
	return w
}

// Reset forgets everything, for the next scenario.
func (w *World) Reset() { *w = World{Trail: w.Trail[:0]} }

// refused remembers whether the terminal refused.
func (w *World) refused(err error) { w.refusal = err }
