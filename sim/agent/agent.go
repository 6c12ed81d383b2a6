// Package agent spreads one run over machines, on NATS JetStream: it knows who takes
// part, who plays which share, when all begin and end, and how what each writes down
// comes to one place. What a share is made of and how it is played it does not know: a
// plan is octets here, a result is the files of a folder.
//
// A [Controller] hands out a plan; each [Agent] joins over a [Conn], takes a [Share] of
// it, says when it is ready, begins when all do, and sends its folder as it grows. Both
// have the run's [Credentials], from which all that protects the run is derived. The
// engine is NATS': shares are a work queue with leases, states a key-value bucket,
// results a stream, the plan an object; [Serve] runs its server in this process.
package agent

import (
	"encoding/json"
	"slices"
	"time"
)

// Share is which part of a run an agent plays.
type Share struct {
	Index   int `json:"index"`
	Of      int `json:"of"`
	Attempt int `json:"attempt"` // 1; above when an agent before was lost and this one takes over
	// Exclusive shares are taken over when their agent is lost: one that cannot be heard of
	// ends by itself, or two would play the same terminals.
	Exclusive bool `json:"exclusive,omitempty"`
}

// State is how far an agent has come with its share.
type State string

const (
	Joined  State = "joined" // has its share and readies its terminals
	Ready   State = "ready"  // could begin
	Playing State = "playing"
	Played  State = "played" // its terminals have ended, its books may be compared
	Ended   State = "ended"  // all that it has to say is written
	Failed  State = "failed" // it could not play
)

// Status is what an agent says of itself.
type Status struct {
	Share
	Agent  string        `json:"agent"` // machine and process
	State  State         `json:"state"`
	Why    string        `json:"why,omitempty"`      // of a failed one, and of one that stopped by itself
	Code   int           `json:"code,omitempty"`     // exit code of a failed one
	Until  time.Duration `json:"until_ns,omitempty"` // of the run's time: when it stopped by itself; 0 for not
	Cut    bool          `json:"cut,omitempty"`      // what was under way then was cut off
	Offset time.Duration `json:"offset_ns"`          // controller's clock minus this one's, when it began
	Within time.Duration `json:"within_ns"`          // how far that may be off
	Drift  time.Duration `json:"drift_ns"`           // by how much the offset has changed when it ended
	From   time.Duration `json:"from_ns,omitempty"`  // of the run's time: what fell due before is not this agent's
	Late   time.Duration `json:"late_ns,omitempty"`  // how long after the beginning it was told of it
	// Changes is how many changes of the run it has heard of, Behind for how long after one
	// held it went on as before: 0 when it heard of all in time.
	Changes int              `json:"changes,omitempty"`
	Behind  time.Duration    `json:"behind_ns,omitempty"`
	Files   map[string]int64 `json:"files,omitempty"` // of an ended one: the length of each file that it sent
}

// states are in the order in which an agent comes through them.
var states = []State{"", Joined, Ready, Playing, Played, Ended}

// Before reports whether this was said before the other, by the same agent.
func (s *Status) Before(o Status) bool {
	return s.Attempt == o.Attempt && s.State != Failed &&
		(slices.Index(states, s.State) < slices.Index(states, o.State) || s.State == o.State && s.Changes < o.Changes)
}

// Lease is how long an agent may not be heard of before its share is held to be lost.
// It says so three times as often.
const Lease = 1500 * time.Millisecond

// Order is what the controller wants of all agents.
type Order struct {
	Begin int64 `json:"begin_ns,omitempty"` // when arrival 0 falls due on the controller's clock; 0 for not yet
	Stop  Stop  `json:"stop,omitempty"`
	Over  bool  `json:"over,omitempty"` // all is told: agents may go
	// Changes are of what is played, in their order.
	Changes []Change `json:"changes,omitempty"`
	// Newest has the attempt at each share that has been taken over: who plays an older one
	// ends.
	Newest map[int]int `json:"newest,omitempty"`
}

// Change is one of what is played, for all agents at one moment.
type Change struct {
	At   time.Duration   `json:"at_ns"` // since arrival 0 fell due
	What json.RawMessage `json:"what"`
}

// Lead is how long after it is ordered a change holds: by then all have heard of it, those
// too that are not told since they have lost what they follow orders by, and ask each
// second.
const Lead = 1500 * time.Millisecond

// Stop is how a run is to be ended before its time.
type Stop string

const (
	Drain Stop = "drain" // no more arrivals; what is open is waited for
	Abort Stop = "abort" // at once
)
