package report

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// record writes share i of so many of one run into a folder, second by second as a run
// does, and gives what it found. Seconds differ in how slow their exchanges are.
func record(t *testing.T, dir string, i, of int) *Report {
	t.Helper()
	plan := Plan{Model: "open", Arrivals: "1000/s", For: 4 * time.Second, Timeout: 30 * time.Second, Terminals: 5, Mix: map[string]float64{"a": 1}, Seed: 3}
	if of > 1 {
		plan.Shares, plan.Of = []int{i + 1}, of
	}
	begun := &Report{Run: "run", Part: strconv.Itoa(i), Plan: plan, Started: time.Unix(1_800_000_000, 0)}
	f, err := Create(dir, begun)
	if err != nil {
		t.Fatal(err)
	}
	r := NewRecorder([]string{"a", "b"}, 30*time.Second, time.Second)
	s := r.Shard()
	for sec := range 4 {
		for n := range 1000 {
			if n%of != i || sec == 2 && i == 0 && of > 1 {
				continue // nothing of the first share falls into that second
			}
			due := time.Duration(sec)*time.Second + time.Duration(n)*time.Millisecond
			x := Sample{Label: n / of % 2, Due: due, Sent: due + time.Duration(n%7)*time.Microsecond, Outcome: Outcome(n % 7)}
			x.Done = x.Sent + time.Duration((n*n)%(20_000*(sec+1)))*time.Microsecond
			s.Record(x)
			s.Played(due)
			r.Planned(due, 1)
		}
		if err := f.Interval(r.Tick(time.Duration(sec+1) * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	rep := r.Report()
	rep.Run, rep.Part, rep.Plan, rep.Started = begun.Run, begun.Part, plan, begun.Started
	rep.Judge(WithDefaults(nil))
	if err := f.WriteAll(rep); err != nil {
		t.Fatal(err)
	}
	return rep
}

// What several machines have written of one run, read from their folders and joined, is
// bucket for bucket what its exchanges make together; so is each second.
func TestJoinedFoldersAreTheUnion(t *testing.T) {
	dir := t.TempDir()
	const n = 3
	var folders []string
	union := NewRecorder([]string{"a", "b"}, 30*time.Second, time.Second)
	s := union.Shard()
	var seconds []Second
	for sec := range 4 {
		for i := range n {
			for k := range 1000 {
				if k%n != i || sec == 2 && i == 0 {
					continue
				}
				due := time.Duration(sec)*time.Second + time.Duration(k)*time.Millisecond
				x := Sample{Label: k / n % 2, Due: due, Sent: due + time.Duration(k%7)*time.Microsecond, Outcome: Outcome(k % 7)}
				x.Done = x.Sent + time.Duration((k*k)%(20_000*(sec+1)))*time.Microsecond
				s.Record(x)
				s.Played(due)
				union.Planned(due, 1)
			}
		}
		seconds = append(seconds, *union.Tick(time.Duration(sec+1) * time.Second).Second)
	}
	want := union.Report()
	var got *Report
	for i := range n {
		folder := filepath.Join(dir, strconv.Itoa(i))
		folders = append(folders, folder)
		record(t, folder, i, n)
		part, err := Read(folder)
		if err != nil {
			t.Fatal(err)
		}
		if got == nil {
			got = part
		} else if err := got.Join(part); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := Create(filepath.Join(dir, "whole"), got)
	if err != nil {
		t.Fatal(err)
	}
	if err := whole.JoinLogs(got, folders); err != nil {
		t.Fatal(err)
	}
	if err := whole.WriteAll(got); err != nil {
		t.Fatal(err)
	}
	again, err := Read(filepath.Join(dir, "whole"))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range want.Labels {
		l := again.Label(w.Name)
		if l == nil || l.Counts != w.Counts || l.Warmup != w.Warmup || !l.Response.Equals(w.Response) || !l.Service.Equals(w.Service) || !l.Lag.Equals(w.Lag) || !l.Censored.Equals(w.Censored) {
			t.Errorf("%s is not the union", w.Name)
		}
	}
	for i := range seconds {
		a, b := again.Seconds[i], seconds[i]
		a.Level, a.Reason = b.Level, b.Reason
		if !reflect.DeepEqual(a, b) {
			t.Errorf("second %d is %+v, want %+v", i, a, b)
		}
	}
	if p := again.Plan; p.Arrivals != "1000/s" || len(p.Shares) != n || p.Terminals != 3*5 {
		t.Errorf("the plan is %+v", p)
	}
}

// kill leaves of a run's folder what a kill or a full disk leaves: a summary that knows
// nothing, and the log up to somewhere in the second after so many.
func kill(t *testing.T, dir string, rep *Report, seconds int) {
	t.Helper()
	if err := WriteFile(filepath.Join(dir, summaryName), notWhole(*rep, "killed").WriteJSON); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, logName))
	if err != nil {
		t.Fatal(err)
	}
	end := 0
	for range seconds {
		end += bytes.Index(text[end:], []byte(secondMark)) + 1
	}
	end += bytes.Index(text[end:], []byte(countsMark)) + 10
	if err := os.WriteFile(filepath.Join(dir, logName), text[:end], 0o600); err != nil {
		t.Fatal(err)
	}
}

// What the agent of a share did not come to is in the plan, and nobody played it; that a
// second of its log is cut off costs that second, and is told. The run adds up, and says
// the same when it is read again.
func TestEndedShareIsHeldToThePlan(t *testing.T) {
	dir := t.TempDir()
	folders := []string{filepath.Join(dir, "1"), filepath.Join(dir, "2")}
	kill(t, folders[0], record(t, folders[0], 0, 2), 2)
	record(t, folders[1], 1, 2)
	rep, err := Read(folders[0])
	if err != nil {
		t.Fatal(err)
	}
	if rep.Played != 1000 || !strings.Contains(rep.Incomplete, "cut off") {
		t.Fatalf("%d played, %q", rep.Played, rep.Incomplete)
	}
	twice := rep.PlannedAre(map[time.Duration]int64{0: 500, time.Second: 500, 2 * time.Second: 500, 3 * time.Second: 500})
	if twice != 0 || rep.Planned != 2000 || rep.NotPlayed != 1000 {
		t.Errorf("%d planned, %d not played, %d twice", rep.Planned, rep.NotPlayed, twice)
	}
	one, err := NewAgent(1, "one", rep)
	if err != nil {
		t.Fatal(err)
	}
	one.Unplayed = rep.NotPlayed
	other, err := Read(folders[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := rep.Join(other); err != nil {
		t.Fatal(err)
	}
	rep.Agents = []Agent{one}
	rep.Judge(WithDefaults(nil))
	whole, err := Create(filepath.Join(dir, "whole"), rep)
	if err != nil {
		t.Fatal(err)
	}
	if err := whole.JoinLogs(rep, folders); err != nil {
		t.Fatal(err)
	}
	if err := whole.WriteAll(rep); err != nil {
		t.Fatal(err)
	}
	again, err := Read(filepath.Join(dir, "whole"))
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*Report{"told": rep, "read again": again} {
		if r.Planned != 4000 || r.Played != 3000 || r.NotPlayed != 1000 || len(r.Seconds) != 4 {
			t.Errorf("%s: %d planned, %d played, %d not played, %d seconds", name, r.Planned, r.Played, r.NotPlayed, len(r.Seconds))
		}
		var text strings.Builder
		if err := r.WriteText(&text, false); err != nil {
			t.Fatal(err)
		}
		for _, words := range []string{"4,000 planned = 3,000 played + 1,000 not played (1,000 by nobody", "1,000 arrivals had no agent that could play"} {
			if !strings.Contains(strings.Join(strings.Fields(text.String()), " "), words) {
				t.Errorf("%s: no %q:\n%s", name, words, &text)
			}
		}
		if strings.Contains(text.String(), "kept    a terminal") || strings.Contains(text.String(), ", a terminal for 99%") {
			t.Errorf("%s: a promise is kept by arrivals that nobody played:\n%s", name, &text)
		}
	}
}

// The log of parts counts from when their run began, not from when they were joined: readers
// of HdrHistogram's format put each second at that time.
func TestJoinedLogBeginsWithTheRun(t *testing.T) {
	dir := t.TempDir()
	rep := record(t, filepath.Join(dir, "1"), 0, 1)
	rep.SignIn = Phase{Terminals: 5, Took: time.Second, Label: Label{Name: "sign-in"}}
	whole, err := Create(filepath.Join(dir, "whole"), rep)
	if err != nil {
		t.Fatal(err)
	}
	if err := whole.Phase(&rep.SignIn, rep.Started); err != nil {
		t.Fatal(err)
	}
	if err := whole.JoinLogs(rep, []string{filepath.Join(dir, "1")}); err != nil {
		t.Fatal(err)
	}
	log, err := readLogFile(whole.Path(logName))
	if err != nil || !log.Started.Equal(rep.Started) {
		t.Errorf("it begins at %v, the run at %v: %v", log.Started, rep.Started, err)
	}
}

// An arrival that two agents played is planned twice, and no count is negative.
func TestPlayedBesideThePlan(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "1")
	rep := record(t, dir, 1, 2)
	twice := rep.PlannedAre(map[time.Duration]int64{0: 500, time.Second: 450})
	if twice != 2000-950 || rep.Planned != 2000 || rep.NotPlayed != 0 || rep.Check() != nil {
		t.Errorf("%d twice, %d planned, %d not played: %v", twice, rep.Planned, rep.NotPlayed, rep.Check())
	}
	rep.NotPlayed, rep.Planned = -1, rep.Planned-1
	if err := rep.Check(); err == nil || !strings.Contains(err.Error(), "-1 not played") {
		t.Errorf("a negative count: %v", err)
	}
}

// A share that is added twice, or is of another plan, is refused.
func TestSharesCountOnce(t *testing.T) {
	dir := t.TempDir()
	parts := map[string]*Report{}
	for name, share := range map[string][2]int{"1 of 2": {0, 2}, "2 of 2": {1, 2}, "1 of 3": {0, 3}} {
		parts[name] = record(t, filepath.Join(dir, name), share[0], share[1])
		parts[name].Part = name
	}
	for words, with := range map[string]*Report{"is there twice": parts["1 of 2"], "shares of 2 and of 3": parts["1 of 3"]} {
		whole := *parts["1 of 2"]
		if err := whole.Join(with); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v, want %q", err, words)
		}
	}
	other := *parts["2 of 2"]
	other.Plan.Seed = 4
	whole := *parts["1 of 2"]
	if err := whole.Join(&other); err == nil || !strings.Contains(err.Error(), "not shares of one plan") {
		t.Error(err)
	}
}

// Agents that may have begun too far apart make a run suspect.
func TestSkewIsJudged(t *testing.T) {
	for _, x := range []struct {
		within, late time.Duration
		want         Level
	}{{400 * time.Microsecond, 0, Valid}, {1200 * time.Microsecond, 0, Suspect}, {100 * time.Microsecond, 3 * time.Millisecond, Suspect}} {
		r := &Report{Agents: []Agent{{Within: x.within}, {Within: x.within, Late: x.late}, {}}}
		if r.JudgeSkew(); r.Validity.Level != x.want {
			t.Errorf("%v and %v late: %s, skew %v", x.within, x.late, r.Validity.Level, r.Skew())
		}
	}
	if (&Report{Agents: []Agent{{Within: time.Second}}}).Skew() != 0 {
		t.Error("one agent is apart from itself")
	}
}
