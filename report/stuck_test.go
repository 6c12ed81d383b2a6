package report

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// stuckRun records a run of three seconds and a bit with 100 arrivals in each, into a folder.
// Ten of each cannot be sent, half of them known at once and half a second later; the last
// after the last whole second. end has it come to its end.
func stuckRun(t *testing.T, dir string, end bool) *Report {
	t.Helper()
	rep := &Report{Run: "run", Part: dir, Plan: Plan{Model: "open", For: 3 * time.Second, Timeout: time.Second}, Started: time.Unix(1_700_000_000, 0)}
	f, err := Create(dir, rep)
	if err != nil {
		t.Fatal(err)
	}
	r := NewRecorder([]string{"purchase"}, time.Second, 0)
	s, why := r.Shard(), errors.New("its batch is full")
	var late []int
	for k := range 3 {
		for _, second := range late {
			r.Stuck(s, second, why)
		}
		late = late[:0]
		for i := range 100 {
			due := time.Duration(k)*time.Second + time.Duration(i)*10*time.Millisecond
			r.Planned(due, 1)
			switch second := s.Played(due); {
			case i < 5:
				r.Stuck(s, second, why)
			case i < 10:
				late = append(late, second)
			default:
				s.Record(Sample{Due: due, Sent: due, Done: due + time.Millisecond})
			}
		}
		if err := f.Interval(r.Tick(time.Duration(k+1) * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if !end {
		return nil
	}
	for _, second := range late {
		r.Stuck(s, second, why)
	}
	r.Planned(3*time.Second, 1)
	r.Stuck(s, s.Played(3*time.Second), why)
	if err := f.Interval(r.Tick(3*time.Second + 200*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	got := r.Report()
	got.Run, got.Part, got.Plan, got.Started = rep.Run, rep.Part, rep.Plan, rep.Started
	if err := f.WriteAll(got); err != nil {
		t.Fatal(err)
	}
	return got
}

// sums adds up the seconds of a run, and holds each to what can be.
func sums(t *testing.T, name string, r *Report) (played, stuck int64) {
	t.Helper()
	for _, s := range r.Seconds {
		played, stuck = played+s.Played, stuck+s.Stuck
		if s.Played < 0 || s.Stuck < 0 || s.begun() > s.Planned {
			t.Errorf("%s: second %v: %d planned, %d played, %d stuck", name, s.At, s.Planned, s.Played, s.Stuck)
		}
	}
	if played != r.Played || stuck != total(r.Stuck) {
		t.Errorf("%s: the seconds have %d played and %d stuck, the run %d and %d", name, played, stuck, r.Played, total(r.Stuck))
	}
	if err := r.Check(); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return played, stuck
}

// The seconds of run.json add up to the run: what a terminal began and could not send is
// not played in any of them, whenever that is known, alone, of agents, and of a run that
// was killed.
func TestStuckArrivalsAreNotPlayedInTheirSecond(t *testing.T) {
	one, other, killed := filepath.Join(t.TempDir(), "1"), filepath.Join(t.TempDir(), "2"), filepath.Join(t.TempDir(), "3")
	rep := stuckRun(t, one, true)
	if played, stuck := sums(t, "told", rep); played != 270 || stuck != 31 || rep.Seconds[1].Played != 90 || rep.Seconds[1].Stuck != 10 {
		t.Errorf("%d played, %d stuck, of the second second %+v", played, stuck, rep.Seconds[1])
	}
	again, err := Read(one)
	if err != nil {
		t.Fatal(err)
	}
	if played, stuck := sums(t, "read again", again); played != 270 || stuck != 31 {
		t.Errorf("read again: %d played, %d stuck", played, stuck)
	}
	stuckRun(t, other, true)
	second, err := Read(other)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Join(second); err != nil {
		t.Fatal(err)
	}
	if played, stuck := sums(t, "two agents", again); played != 540 || stuck != 62 {
		t.Errorf("two agents: %d played, %d stuck", played, stuck)
	}
	stuckRun(t, killed, false)
	part, err := Read(killed)
	if err != nil {
		t.Fatal(err)
	}
	if played, stuck := sums(t, "killed", part); played != 285 || stuck != 15 { // as far as was known when each second was written
		t.Errorf("killed: %d played, %d stuck", played, stuck)
	}
	rep.Seconds[0].Played, rep.Seconds[0].Stuck = 100, 0
	if err := rep.Check(); err == nil || !strings.Contains(err.Error(), "280 played and 21 stuck") {
		t.Errorf("stuck ones told as played: %v", err)
	}
}
