package main

import (
	"errors"
	"strings"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// note has a run tell events.ndjson of what went wrong and of the slowest
// exchanges, masked.
func note(run *sim.Run, events *report.Events) {
	run.Ended = func(t *sim.Terminal, r *sim.Result, step *sim.Step, err error, request, answer *wire.Message) {
		if !events.Room(r.Of.String(), r.Outcome) {
			return
		}
		e := event(run, t, r, request, answer)
		if why := errors.Join(err, r.Why); why != nil {
			e.Note = report.Printable(why.Error())
		}
		if step != nil {
			e.Note = step.At + ": " + step.Text + ": " + e.Note
		}
		events.Add(e)
	}
	run.Slow = events.Slow
	run.Slowest = func(t *sim.Terminal, r *sim.Result, request, answer *wire.Message) {
		events.AddSlow(event(run, t, r, request, answer))
	}
}

func event(run *sim.Run, t *sim.Terminal, r *sim.Result, request, answer *wire.Message) report.Event {
	return report.Event{At: run.Now(), Terminal: t.TID, Label: r.Of.String(), Outcome: r.Outcome,
		Due: r.Due, Sent: r.Sent, Done: r.Done, Request: described(t.Profile.Dialect, request), Answer: described(t.Profile.Dialect, answer)}
}

func described(d *dialect.Dialect, m *wire.Message) string {
	if m == nil || m.IsMTI("\x00\x00\x00\x00") {
		return ""
	}
	var b strings.Builder
	d.Describe(&b, m)
	return b.String()
}
