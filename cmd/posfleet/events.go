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
	bad := func(e sim.Event) {
		if !events.Room(e.Result.Of.String(), e.Result.Outcome) {
			return
		}
		told := event(run, e)
		if why := errors.Join(e.Err, e.Result.Why); why != nil {
			told.Note = report.Printable(why.Error())
		}
		if e.Step != nil {
			told.Note = e.Step.At + ": " + e.Step.Text + ": " + told.Note
		}
		told.Note = run.Profile.Dialect.Scrubbed(told.Note)
		events.Add(told)
	}
	run.Observer.Failed = bad
	run.Observer.Exchange = func(e sim.Event) {
		switch r := e.Result; {
		case r.Outcome > report.Declined:
			bad(e)
		case r.Due >= 0 && events.Slow(r.Done-r.Due):
			events.AddSlow(event(run, e))
		}
	}
}

func event(run *sim.Run, e sim.Event) report.Event {
	r, d := e.Result, run.Profile.Dialect
	trace := ""
	if e.Request != nil {
		trace = string(e.Request.Get(wire.Trace))
	}
	return report.Event{At: run.Now(), Terminal: e.Terminal.TID, Trace: trace, Label: r.Of.String(), Outcome: r.Outcome,
		Due: r.Due, Sent: r.Sent, Done: r.Done, Request: described(d, e.Request), Answer: described(d, e.Answer)}
}

func described(d *dialect.Dialect, m *wire.Message) string {
	if m == nil || m.IsMTI("\x00\x00\x00\x00") {
		return ""
	}
	var b strings.Builder
	d.Describe(&b, m)
	return b.String()
}
