package main

import (
	"errors"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/agent"
)

// ofShare is what an agent tells of a share of which an arrival falls due each 10 ms: those
// from one second to another were planned, of which it played so many.
func ofShare(t *testing.T, from, to int, played int64) *report.Report {
	t.Helper()
	r := &report.Report{Took: time.Duration(to) * time.Second, Planned: int64(100 * (to - from)), Played: played, Interrupted: to < 4}
	left := played
	for at := from; at < to; at++ {
		n := min(left, 100)
		left -= n
		r.Seconds = append(r.Seconds, report.Second{At: time.Duration(at) * time.Second, Length: time.Second, Planned: 100, Played: n})
	}
	r.NotPlayed = r.Planned - r.Played
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	return r
}

// Whatever ends an agent before its time, what is planned of its share is the plan's until
// another one takes over, what nobody played is told, and the run is incomplete.
func TestEndedAgentsAreHeldToThePlan(t *testing.T) {
	c := &controlled{asked: report.Plan{For: 4 * time.Second}, hand: &hand{}, due: func(agent.Share, []report.Press) iter.Seq[time.Duration] {
		return func(yield func(time.Duration) bool) {
			for n := 0; n < 400 && yield(time.Duration(n)*10*time.Millisecond); n++ {
			}
		}
	}}
	is := func(attempt int, s agent.State, why string, until, from time.Duration) agent.Part {
		return agent.Part{Status: agent.Status{Share: agent.Share{Of: 2, Attempt: attempt}, State: s, Why: why, Until: until, From: from}}
	}
	whole, stopped := is(1, agent.Ended, "", 0, 0), is(1, agent.Ended, "stopped", 2*time.Second, 0)
	for name, x := range map[string]struct {
		told     *report.Report
		part     agent.Part
		later    []agent.Part
		planned  int64
		unplayed int64
		words    string // in them; empty for none at all
	}{
		"to its end":            {told: ofShare(t, 0, 4, 390), part: whole, planned: 400, words: ""},
		"by a signal":           {told: ofShare(t, 0, 2, 200), part: stopped, planned: 400, unplayed: 200, words: "ended 2.00 s into the run: stopped; 200 arrivals of its share were played by nobody"},
		"and taken over":        {told: ofShare(t, 0, 2, 200), part: stopped, later: []agent.Part{is(2, agent.Ended, "", 0, 3*time.Second)}, planned: 300, unplayed: 100, words: "100 arrivals"},
		"who takes over":        {told: ofShare(t, 3, 4, 100), part: is(2, agent.Ended, "", 0, 3*time.Second), planned: 100, words: ""},
		"a spare did not begin": {told: ofShare(t, 0, 2, 200), part: stopped, later: []agent.Part{is(2, agent.Joined, "", 0, 0)}, planned: 400, unplayed: 200, words: "200 arrivals"},
		"that spare":            {told: ofShare(t, 0, 0, 0), part: is(2, agent.Joined, "", 0, 0), planned: 0, words: "not heard of"},
		"a second spare did":    {told: ofShare(t, 0, 2, 200), part: stopped, later: []agent.Part{is(2, agent.Joined, "", 0, 0), is(3, agent.Ended, "", 0, 3*time.Second)}, planned: 300, unplayed: 100, words: "100 arrivals"},
		"stopped for a while":   {told: ofShare(t, 0, 4, 120), part: is(1, agent.Ended, "unheard", 4*time.Second, 0), later: []agent.Part{is(2, agent.Ended, "", 0, 1500*time.Millisecond)}, planned: 150, unplayed: 30, words: "30 arrivals"},
		"killed":                {told: ofShare(t, 0, 1, 90), part: is(1, agent.Playing, "", 0, 0), planned: 400, unplayed: 310, words: "not heard of any more: this is what it had sent of the first 1.00 s; 310 arrivals"},
		"its disk was full":     {told: ofShare(t, 0, 3, 300), part: is(1, agent.Failed, "no space left", 0, 0), planned: 400, unplayed: 100, words: "no space left; this is what it had sent of the first 3.00 s; 100 arrivals"},
		"played beside another": {told: ofShare(t, 0, 3, 300), part: stopped, later: []agent.Part{is(2, agent.Ended, "", 0, 2*time.Second)}, planned: 300, words: "100 arrivals that it played another agent played, too"},
	} {
		r := x.told
		unplayed, words := c.fate(r, &x.part, x.part.State == agent.Ended, x.later)
		if r.Planned != x.planned || unplayed != x.unplayed || (words == "") != (x.words == "") || !strings.Contains(words, x.words) {
			t.Errorf("%s: %d planned, %d played by nobody, %q", name, r.Planned, unplayed, words)
		}
		if err := r.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var why error
		if words != "" {
			why = errors.New(words)
		}
		if e, is := errors.AsType[*exit](verdict(r, 0, why)); x.words != "" && (!is || e.code != exitIncomplete) {
			t.Errorf("%s: it ends with %v", name, e)
		}
	}
}

// evenly is a share of which an arrival falls due each 10 ms; a key makes them twice as
// many from when it holds on.
func evenly(asked *int) func(agent.Share, []report.Press) iter.Seq[time.Duration] {
	return func(_ agent.Share, keys []report.Press) iter.Seq[time.Duration] {
		*asked++
		return func(yield func(time.Duration) bool) {
			for due := time.Duration(0); yield(due); due += 10 * time.Millisecond {
				if len(keys) > 0 && due >= keys[0].At {
					due -= 5 * time.Millisecond
				}
			}
		}
	}
}

// What fell due is the same however often it has been asked before, and whoever looks on
// each second has it counted once.
func TestDueIsCountedOnAndOn(t *testing.T) {
	var counts dueCounts
	defer counts.close()
	all := 0
	due := evenly(&all)
	sum := func(keys []report.Press, from, to time.Duration) (n int64) {
		for at, k := range counts.of(agent.Share{Attempt: 1}, keys, due, from, to) {
			if n += k; at < from.Truncate(time.Second) || at >= to {
				t.Errorf("%v of %v to %v", at, from, to)
			}
		}
		return n
	}
	key := []report.Press{{At: 6 * time.Second}}
	for _, c := range []struct {
		keys     []report.Press
		from, to time.Duration
		n        int64
		again    bool // it is counted from the beginning
	}{
		{nil, 0, 0, 0, true}, {nil, 0, time.Second, 100, false}, {nil, 0, time.Second, 100, false}, {nil, 0, 2500 * time.Millisecond, 250, false}, {nil, 0, 5 * time.Second, 500, false},
		{key, 0, 6 * time.Second, 600, true}, {key, 0, 7 * time.Second, 800, false}, // arrivals that fell due before a key stay
		{key, 0, 5 * time.Second, 500, true},               // another one took over then
		{key, 2 * time.Second, 5 * time.Second, 300, true}, // it did
	} {
		before := all
		if n := sum(c.keys, c.from, c.to); n != c.n || (all > before) != c.again {
			t.Errorf("%d keys, %v to %v: %d, want %d; counted anew: %v", len(c.keys), c.from, c.to, n, c.n, all > before)
		}
	}
}

// An agent that is lost before it has told anything is seen to be missing, and what has
// fallen due of its share, as long as the run goes on; one that comes back has lost nothing.
func TestSightTellsWhatNobodyPlays(t *testing.T) {
	var asked int
	c := &controlled{asked: report.Plan{For: time.Minute, Warmup: time.Second}, hand: &hand{}, due: evenly(&asked)}
	defer c.counts.close()
	began := time.Now().Add(-5500 * time.Millisecond)
	c.began.Store(&began)
	parts := []agent.Part{{Status: agent.Status{Share: agent.Share{Of: 1, Attempt: 1}, State: agent.Playing, Agent: "m/1"}, Folder: t.TempDir()}}
	seen := c.sight("run", func() []agent.Part { return parts })
	if rep, _, _ := seen(); rep.Planned != 0 || rep.NotPlayed != 0 || rep.Degraded() {
		t.Errorf("it has told nothing yet: %d planned, %d not played", rep.Planned, rep.NotPlayed)
	}
	parts[0].Lost = time.Now()
	rep, _, _ := seen()
	if _, there := rep.There(); rep.Planned != 500 || rep.NotPlayed != 500 || rep.Unplayed() != 500 || !rep.Degraded() || there != 0 || len(rep.Seconds) != 5 || !strings.Contains(rep.Incomplete, "not heard of") {
		t.Errorf("lost: %d planned, %d not played, %d there, %d seconds, %q", rep.Planned, rep.NotPlayed, there, len(rep.Seconds), rep.Incomplete)
	}
	parts[0].Lost = time.Time{}
	if rep, _, _ := seen(); rep.Unplayed() != 500 {
		t.Errorf("heard of, and what it played has not come: %d", rep.Unplayed())
	}
}

// All agents begin at one moment, whatever their own clocks say that it was.
func TestSightGoesByTheControllersClock(t *testing.T) {
	c := &controlled{asked: report.Plan{For: time.Minute}, hand: &hand{}}
	began := time.Now().Add(-5 * time.Second)
	c.began.Store(&began)
	var parts []agent.Part
	for i, off := range []time.Duration{0, 5 * time.Minute} {
		p := agent.Part{Status: agent.Status{Share: agent.Share{Index: i, Of: 2, Attempt: 1}, State: agent.Playing}, Folder: t.TempDir()}
		told, err := newTelling(filepath.Join(p.Folder, nowName), func() (*report.Report, []report.Event, []report.Event) {
			return &report.Report{Plan: report.Plan{For: time.Minute, Of: 2, Shares: []int{i + 1}}, Started: began.Add(off)}, nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		told.second()
		told.close()
		parts = append(parts, p)
	}
	rep, _, _ := c.sight("run", func() []agent.Part { return parts })()
	if !rep.Started.Equal(began) || rep.Validity.Level != report.Valid || rep.Incomplete != report.UnderWay {
		t.Errorf("began %v after the controller's clock, %+v, %q", rep.Started.Sub(began), rep.Validity, rep.Incomplete)
	}
}

// An agent that was not heard of, ended itself and then told all is stopped: what it did is
// known, and what it did not play nobody has. Another agent of the run that is lost makes it
// no lost one.
func TestAgentThatToldAllIsStoppedAndNotLost(t *testing.T) {
	part := func(state agent.State, until time.Duration) *agent.Part {
		return &agent.Part{Status: agent.Status{State: state, Why: "unheard", Until: until}, Lost: time.Now()}
	}
	back, killed := report.Agent{Number: 1, Unplayed: 53, Lost: "ended"}, report.Agent{Number: 2, Unplayed: 7, Lost: "not heard of"}
	says(&back, part(agent.Ended, 2*time.Second))
	says(&killed, part(agent.Playing, 0))
	if back.State != report.Stopped || killed.State != report.StateLost {
		t.Errorf("who told all is %s, who did not %s", back.State, killed.State)
	}
	r := &report.Report{Agents: []report.Agent{back}}
	if by := r.UnplayedBy(); len(by) != 1 || by[0].N != 53 || !strings.HasPrefix(by[0].By, "by nobody") || r.NotKnown() != "" {
		t.Errorf("%+v, %q", by, r.NotKnown())
	}
	r.Agents = append(r.Agents, killed)
	if by := r.UnplayedBy(); len(by) != 2 || by[0].N != 53 || by[1].N != 7 || !strings.HasPrefix(by[1].By, "of an agent that was lost") || r.NotKnown() == "" {
		t.Errorf("%+v, %q", by, r.NotKnown())
	}
	c := &controlled{asked: report.Plan{For: 4 * time.Second}, hand: &hand{}}
	if _, words := c.fate(ofShare(t, 0, 2, 150), part(agent.Playing, 2*time.Second), false, nil); strings.Contains(words, "by nobody") {
		t.Errorf("of one that has not told all: %s", words)
	}
}

// What an agent's own end cut off is not laid on the host: neither the scenario that was
// under way nor the reversal that it could not send any more.
func TestOwnEndIsNotTheHosts(t *testing.T) {
	c := &controlled{asked: report.Plan{For: 4 * time.Second}, hand: &hand{}}
	r := ofShare(t, 0, 2, 200)
	r.Failed, r.Failures = 3, []report.Failure{{At: "a:1", Outcome: report.Open.String(), N: 2}, {At: "a:2", Outcome: report.Declined.String(), N: 1}}
	r.Money.Owed = 2
	p := agent.Part{Status: agent.Status{State: agent.Ended, Why: "unheard", Until: 2 * time.Second, Cut: true}}
	c.fate(r, &p, true, nil)
	if r.Failed != 1 || len(r.Failures) != 1 || r.Money.Owed != 0 {
		t.Errorf("%d did not hold %v, %d owed", r.Failed, r.Failures, r.Money.Owed)
	}
}

// The bundled host ends with the controller that had it: what its end broke, and what found
// nobody until the agent had noticed, is not laid on it, and no promise is kept by the rest.
func TestEndOfTheBundledHostIsNotItsFault(t *testing.T) {
	c := &controlled{meetingPlace: meetingPlace{Bundled: true}, asked: report.Plan{For: 4 * time.Second}, hand: &hand{}}
	r := ofShare(t, 0, 2, 198)
	r.Stuck = map[string]int64{"request not sent: the host refuses connections: dial tcp 127.0.0.1:9: connect: connection refused": 1, "its batch is full": 1}
	r.NotPlayed = 0
	r.Stuck["request not sent: the host closed the line"] = 1 // beside the other more than one per cent of what fell due
	r.Planned, r.Seconds[1].Planned, r.Seconds[1].Stuck = r.Planned+1, r.Seconds[1].Planned+1, 3
	r.Failed, r.Failures = 4, []report.Failure{{At: "a:1", Outcome: report.Open.String(), N: 1}, {At: "a:2", Outcome: report.Broken.String(), N: 2}, {At: "a:3", Outcome: report.Declined.String(), N: 1}}
	r.Money.Owed = 2
	p := agent.Part{Status: agent.Status{State: agent.Ended, Why: errHostGone.Error(), Until: 2 * time.Second, Cut: true}}
	unplayed, words := c.fate(r, &p, true, nil)
	if r.Failed != 1 || len(r.Failures) != 1 || r.Money.Owed != 0 || r.Stuck["its batch is full"] != 1 || len(r.Stuck) != 1 || unplayed != r.Planned-199 {
		t.Errorf("%d did not hold %v, %d owed, stuck %v, %d of %d played by nobody", r.Failed, r.Failures, r.Money.Owed, r.Stuck, unplayed, r.Planned)
	}
	if err := r.Check(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(words, "the bundled host lived in the controller's process and ended with it") {
		t.Errorf("it is told as %q", words)
	}
	a := report.Agent{Number: 1}
	says(&a, &p)
	r.Agents, r.Failed, r.Failures = []report.Agent{a}, 0, nil
	r.Judge(report.WithDefaults(nil))
	for _, l := range r.Limits {
		if l.OK {
			t.Errorf("%s is kept", l.Limit)
		}
	}
	if e, is := errors.AsType[*exit](verdict(r, 0, errors.New(words))); !is || e.code != exitIncomplete {
		t.Errorf("it ends with %v", e)
	}
}

// A controller that goes on with a run counts the arrivals of its plan as the one before.
func TestAttachedControllerKnowsThePlan(t *testing.T) {
	seen := filesSeen{}
	cmd, f := newLoad(&signals{})
	f.net.files.Seen = seen.see
	if err := giveFlags(cmd.Flags(), map[string][]string{"rate": {"100/s"}, "for": {"3s"}, "poisson": {"true"}, "seed": {"7"}, "agents": {"2"}}); err != nil {
		t.Fatal(err)
	}
	j, err := f.prepare(cmd, nil)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := planOf(nil, cmd.Flags())
	if err != nil {
		t.Fatal(err)
	}
	packed, err := plan.pack(seen, j.features)
	if err != nil {
		t.Fatal(err)
	}
	due, err := dueIn(packed)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		s := agent.Share{Index: i, Of: 2}
		want, got := slices.Collect(f.due(j)(s, nil)), slices.Collect(due(s, nil))
		if len(want) < 100 || !slices.Equal(want, got) {
			t.Errorf("share %d: %d arrivals, %d of the plan that was sent", i, len(want), len(got))
		}
	}
}
