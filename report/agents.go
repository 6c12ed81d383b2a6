package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Agent is what one of several machines did of a run that they shared.
type Agent struct {
	Number    int           `json:"number"` // of its share, from 1
	Name      string        `json:"name"`   // machine and process
	Folder    string        `json:"folder,omitempty"`
	State     string        `json:"state,omitempty"` // how far it has come, or came
	Terminals int           `json:"terminals"`
	Planned   int64         `json:"planned"`
	Played    int64         `json:"played"`
	Unplayed  int64         `json:"unplayed,omitempty"` // arrivals of its share that nobody played: it had ended
	Sent      int64         `json:"sent"`
	Answered  int64         `json:"answered"`
	P50       time.Duration `json:"p50_ns"`
	P99       time.Duration `json:"p99_ns"`
	Verdict   string        `json:"verdict"`
	Cut       bool          `json:"cut,omitempty"`  // what was under way when it ended by itself has no outcome
	Lost      string        `json:"lost,omitempty"` // what became of it, when it did not play all to the end as it was told
	Offset    time.Duration `json:"clock_offset_ns"`
	Within    time.Duration `json:"clock_within_ns"` // how far the offset may be off when it began
	Drift     time.Duration `json:"clock_drift_ns"`  // by how much the offset had changed when it ended
	Late      time.Duration `json:"late_ns,omitempty"`
	Machine   Environment   `json:"machine,omitzero"` // that it played on
}

// NewAgent sums up a part of a run, which has a number.
func NewAgent(number int, name string, r *Report) (Agent, error) {
	all, err := r.Overall()
	if err != nil {
		return Agent{}, err
	}
	return Agent{Number: number, Name: name, Terminals: r.Plan.Terminals, Planned: r.Planned, Played: r.Played, Sent: all.Counts.Sent(), Answered: all.Counts.answered(),
		P50: all.Quantile(0.5).Value, P99: all.Quantile(0.99).Value, Verdict: r.Validity.Level.String(), Lost: r.Incomplete, Machine: r.Environment}, nil
}

// States of an agent that told all to its end, and yet did not play as it was told.
const (
	Deaf    = "deaf"    // it has not heard in time how the run was changed
	Stopped = "stopped" // it ended before its time by itself
)

// Fate is what became of an agent, in a word.
func (a *Agent) Fate() string {
	switch {
	case a.Lost == "":
		return a.State
	case a.State == stateFailed, a.State == Deaf, a.State == Stopped:
		return a.State
	}
	return "lost"
}

// Away reports whether it plays no more though it has not come to its end.
func (a *Agent) Away() bool {
	return a.State == StateLost || a.State == stateFailed || a.State == Stopped
}

// There is how many agents a run is to have, and how many of them are there: who has joined
// and is heard of, who has played to its end too.
func (r *Report) There() (expected, there int) {
	newest := map[int]bool{} // by number: who takes over stands after the one before
	for i := range r.Agents {
		a := &r.Agents[i]
		newest[a.Number] = a.State != "" && !a.Away()
	}
	for _, is := range newest {
		if is {
			there++
		}
	}
	return len(newest), there
}

// Degraded reports whether some agent did not play its share as it was told to its end, or
// does not as far as is known of a run that goes on.
func (r *Report) Degraded() bool {
	return slices.ContainsFunc(r.Agents, func(a Agent) bool { return a.Lost != "" || a.Away() || a.State == Deaf || a.Unplayed > 0 })
}

// PlannedAre holds a part whose agent ended before its time to the plan: what fell due in
// its share, by second, is what was planned of it, and what it did not play nobody has.
// twice is how many arrivals it played that another had: they count as planned again.
func (r *Report) PlannedAre(due map[time.Duration]int64) (twice int64) {
	want := maps.Clone(due)
	r.Planned = 0
	for i := range r.Seconds {
		s := &r.Seconds[i]
		at := s.At.Round(time.Second)
		s.Planned = want[at]
		r.Planned += s.Planned
		delete(want, at)
	}
	for at, n := range want {
		r.Planned += n
		r.Seconds = append(r.Seconds, Second{At: at, Length: time.Second, Warmup: at < r.Plan.Warmup, Planned: n,
			Level: NotJudged, Reason: "an agent had ended"})
	}
	slices.SortStableFunc(r.Seconds, func(a, b Second) int { return cmp.Compare(a.At, b.At) })
	if twice = max(0, r.Begun()-r.Planned); twice > 0 {
		r.Planned += twice
		r.Seconds[len(r.Seconds)-1].Planned += twice
	}
	r.NotPlayed = r.Planned - r.Begun()
	return twice
}

// Begun is how many arrivals a terminal took, whether or not it could send anything.
func (r *Report) Begun() int64 { return r.Played + total(r.Stuck) }

// CutOff leaves out of what did not hold what came after exchanges that ended in one of
// these ways: they were under way when their agent ended by itself, and say nothing of the
// host.
func (r *Report) CutOff(ended ...Outcome) {
	r.Failures = slices.DeleteFunc(slices.Clone(r.Failures), func(f Failure) bool {
		if !slices.ContainsFunc(ended, func(o Outcome) bool { return o.String() == f.Outcome }) {
			return false
		}
		r.Failed -= f.N
		return true
	})
}

// Unplayed is how many arrivals nobody played, since their agent had ended.
func (r *Report) Unplayed() (n int64) {
	for _, a := range r.Agents {
		n += a.Unplayed
	}
	return n
}

// StateLost is the state of an agent of which nothing is heard any more, stateFailed of one
// that could not play.
const (
	StateLost   = "lost"
	stateFailed = "failed"
)

// Unplayed is how many arrivals no terminal was asked to play, and why, in words.
type Unplayed struct {
	N  int64
	By string
}

// UnplayedBy tells the arrivals of agents that had ended from those of agents that were
// lost, of which it is not known.
func (r *Report) UnplayedBy() (all []Unplayed) {
	ended, lost := Unplayed{By: "by nobody: their agent had ended"}, Unplayed{By: "of an agent that was lost: up to a second of them it may have played"}
	for i := range r.Agents {
		if a := &r.Agents[i]; a.State == StateLost {
			lost.N += a.Unplayed
		} else {
			ended.N += a.Unplayed
		}
	}
	return slices.DeleteFunc([]Unplayed{ended, lost}, func(u Unplayed) bool { return u.N == 0 })
}

// NotKnown is why it is not known of all that was played how it ended; empty where it is.
func (r *Report) NotKnown() string {
	switch {
	case r.lost():
		return "an agent was lost, and what it did in its last second is not known"
	case slices.ContainsFunc(r.Agents, func(a Agent) bool { return a.Cut }):
		return "an agent was cut off, and what was under way then has no outcome"
	}
	return ""
}

// LinesNotKnown says of which connections nothing is known: an agent tells them at its end.
func (r *Report) LinesNotKnown() string {
	if r.lost() {
		return "; those of an agent that was lost are not known"
	}
	return ""
}

// lost reports whether what some agent did at its end is not known.
func (r *Report) lost() bool {
	return slices.ContainsFunc(r.Agents, func(a Agent) bool { return a.State == StateLost })
}

// mostSkew is how far apart agents may have begun: more shifts the arrivals of a plan
// against each other by what can be seen in its figures.
const mostSkew = 2 * time.Millisecond

// Skew is how far apart two agents may have begun at most, as far as their clocks
// could be compared; 0 for fewer than two.
func (r *Report) Skew() time.Duration {
	var within []time.Duration
	for _, a := range r.Agents {
		within = append(within, a.Within+a.Late)
	}
	if len(within) < 2 {
		return 0
	}
	slices.SortFunc(within, func(a, b time.Duration) int { return cmp.Compare(b, a) })
	return within[0] + within[1]
}

// JudgeSkew makes a run suspect whose agents may have begun too far apart.
func (r *Report) JudgeSkew() {
	if skew := r.Skew(); skew > mostSkew {
		r.Validity.Level = max(r.Validity.Level, Suspect)
		r.Validity.Reasons = append(r.Validity.Reasons, fmt.Sprintf("suspect: the agents may have begun %s apart (bound %s)", FormatDuration(skew), FormatDuration(mostSkew)))
	}
}

// agents tells what each did.
func (t *text) agents(r *Report) {
	if len(r.Agents) == 0 {
		return
	}
	t.printf("%s\n", t.paint(bold, pad("agents", -40)+pad("terminals", 12)+pad("played", 12)+pad("sent", 12)+pad("p99", 10)+"  verdict"))
	for _, a := range r.Agents {
		verdict, p99 := a.Verdict, "–" // of nothing that was sent
		if a.Lost != "" {
			verdict = t.paint(red, a.Fate())
		}
		if a.Sent > 0 {
			p99 = FormatDuration(a.P99)
		}
		t.printf("%s%s%s%s%s  %s\n", pad(fmt.Sprintf("%d  %s", a.Number, a.Name), -40), pad(FormatCount(int64(a.Terminals)), 12),
			pad(FormatCount(a.Played), 12), pad(FormatCount(a.Sent), 12), pad(p99, 10), verdict)
	}
	if skew := r.Skew(); skew > 0 {
		var drift time.Duration
		for _, a := range r.Agents {
			drift = max(drift, a.Drift.Abs())
		}
		t.wrapped("", fmt.Sprintf("begun within %s of each other; clocks moved by %s against the controller's until the end", FormatDuration(skew), FormatDuration(drift)))
	}
	t.printf("\n")
}
