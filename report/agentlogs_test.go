package report

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A run whose controller was killed is told by what its agents have sent, and how it goes
// on; nothing is said of what is not known.
func TestKilledControllersFolderTellsWhatItsAgentsSent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	plan := Plan{Model: "open", For: 9 * time.Second, Warmup: time.Second, Terminals: 20}
	if _, err := Create(dir, &Report{Run: "r", Part: "c", Plan: plan}); err != nil {
		t.Fatal(err)
	}
	tell := func() (string, *Report) {
		r, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := r.WriteText(&out, false); err != nil {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(out.String()), " "), r
	}
	if said, _ := tell(); strings.Contains(said, "no exchange") || strings.Contains(said, "0 exchanges") || strings.Contains(said, "had not ended") || strings.Contains(said, "--attach") {
		t.Errorf("of a run without a log: %s", said)
	}

	agents := filepath.Join(dir, AgentsName)
	if err := errors.Join(os.MkdirAll(filepath.Join(agents, "nats"), 0o755), os.WriteFile(filepath.Join(agents, ControllerName), []byte("{}"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if said, _ := tell(); !strings.Contains(said, "its agents have sent nothing; posfleet load --attach "+dir) {
		t.Errorf("before an agent has sent anything: %s", said)
	}
	for _, name := range []string{"1", "2", "3"} {
		f, err := Create(filepath.Join(agents, name), &Report{Run: "r", Part: name, Plan: plan})
		if err != nil {
			t.Fatal(err)
		}
		if name == "3" { // it has just joined
			err = os.Remove(f.Path(logName))
		} else {
			err = f.Phase(&Phase{Terminals: 10, Took: ms, Label: Label{Name: "sign-in"}}, time.Now())
			for i := range 3 {
				s := Second{At: time.Duration(i) * time.Second, Length: time.Second, Warmup: i == 0, Planned: 4, Played: 3, Counts: Counts{Approved: 3}}
				h := newHistogram(time.Second.Microseconds())
				if name == "2" && i == 2 {
					break
				}
				for range 3 {
					_ = h.RecordValue(900)
				}
				iv := Interval{From: s.At, To: s.At + time.Second, Second: &s}
				l := []Label{{Name: "purchase", Counts: s.Counts, Response: h, Service: h, Lag: h}}
				if iv.Labels = l; s.Warmup {
					iv.Labels, iv.Warmup = nil, l
				}
				err = errors.Join(err, f.Interval(iv))
			}
		}
		if err = errors.Join(err, os.Rename(f.Path(summaryName), f.Path(BegunName))); err != nil {
			t.Fatal(err)
		}
	}
	said, r := tell()
	if r.Part != "c" || r.Planned != 20 || r.Played != 15 || r.SignIn.Terminals != 20 || r.Label("purchase").Counts.Sent() != 9 || r.Label("purchase").Warmup.Sent() != 6 {
		t.Errorf("they add up to %d planned, %d played, %+v", r.Planned, r.Played, r.SignIn)
	}
	for _, want := range []string{"added up here; posfleet load --attach " + dir + " goes on with it", "nothing of agent 3 has come", "20 due and 15 begun", "sign-in 20 terminals", "6 exchanges kept apart"} {
		if !strings.Contains(said, want) {
			t.Errorf("it is not said: %q: %s", want, said)
		}
	}
	for name, planned := range map[string]int64{"1": 12, "2": 8, "3": 0} {
		one, err := Read(filepath.Join(agents, name))
		if err != nil || one.Planned != planned || one.Incomplete == "" || len(Missing(filepath.Join(agents, name), one)) > 0 {
			t.Errorf("agent %s alone: %+v, %v", name, one, err)
		}
	}

	// Killed while it adds up what has come: its own log holds some of that.
	f, _, err := Reopen(dir)
	if err != nil {
		t.Fatal(err)
	}
	second := Second{Length: time.Second, Warmup: true, Planned: 8, Played: 6, Counts: Counts{Approved: 6}}
	if err := errors.Join(f.Phase(&Phase{Terminals: 20, Took: ms, Label: Label{Name: "sign-in"}}, time.Now()), f.Interval(Interval{To: time.Second, Second: &second}),
		os.Remove(filepath.Join(agents, ControllerName))); err != nil {
		t.Fatal(err)
	}
	if said, r := tell(); r.Planned != 20 || r.Played != 15 || r.SignIn.Terminals != 20 || !strings.Contains(said, "added up here") || strings.Contains(said, "--attach") {
		t.Errorf("of a controller that was killed while it added up: %s", said)
	}
}
