package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// kept writes a run's folder as a run does, tick by tick, and gives its name.
func kept(t *testing.T, finish bool) (string, *Report) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "runs", "one")
	r := NewRecorder([]string{"sign-in", "purchase", "void", "idle"}, 30*time.Second, time.Second)
	s := r.Shard()
	plan := Plan{Command: []string{"posfleet", "load"}, Model: "open", Arrivals: "100/s", For: 4 * time.Second, Warmup: time.Second, Timeout: 30 * time.Second, Mix: map[string]float64{"a": 1}, Seed: 1 << 63}
	f, err := Create(dir, &Report{Plan: plan, Environment: ThisMachine("test")})
	if err != nil {
		t.Fatal(err)
	}
	signedIn := phase(t)
	if err := f.Phase(&signedIn, time.Now()); err != nil {
		t.Fatal(err)
	}
	s.Record(Sample{Due: -time.Hour, Sent: -time.Hour, Done: -time.Hour + ms})
	r.Planned(0, 1)
	r.Stuck(s, s.Played(0), errors.New("the batch is full"))
	for range 3 {
		r.Failure("a.feature:7", "the host approves", Refused, errors.New("MAC wrong"))
	}
	for sec := range 4 {
		for i := range 100 {
			due := time.Duration(sec)*time.Second + time.Duration(i)*10*ms
			x := Sample{Label: 1 + i%2, Due: due, Sent: due + 30*time.Microsecond, Done: due + time.Duration(1+i)*ms, Code: [4]byte{'0', '0'}}
			if i == 50 {
				x.Outcome, x.Code = Open, [4]byte{}
			}
			if i == 51 {
				x.Outcome, x.Code = Unsent, [4]byte{}
			}
			s.Record(x)
			s.Played(0)
			r.Planned(due, 1)
			if f.Events.Slow(x.Done - x.Due) {
				f.Events.AddSlow(Event{At: due, Label: "purchase", Due: x.Due, Sent: x.Sent, Done: x.Done})
			}
		}
		iv := r.Tick(time.Duration(sec+1) * time.Second)
		iv.Second.Signals = Signals{CPU: 0.25, Busiest: 0.5, Sched: 17 * time.Microsecond, Exhausted: int64(sec)}
		if sec == 2 {
			iv.Second.Level, iv.Second.Reason = Suspect, "made up"
		}
		if err := f.Interval(iv); err != nil {
			t.Fatal(err)
		}
	}
	f.Events.Add(Event{At: time.Second, Label: "void", Outcome: Refused, Note: "MAC <wrong>", Request: "02 622588******5678"})
	rep := r.Report()
	rep.Plan, rep.Environment = plan, ThisMachine("test")
	rep.Started, rep.ClockDrift = time.Now().UTC().Round(time.Microsecond), -3
	rep.Validity = Validity{Level: Suspect, Reasons: []string{"made up"}, SameHost: true}
	rep.Money = Money{Checked: true, Compared: 3, Unknown: 1, Open: 2, Terminals: -5, Host: 5, Decimals: new(int), Payments: 3, Owed: 1, Detail: []string{"x"}}
	rep.Faults = map[string]int64{"reset": 2}
	rep.Run, rep.Part = "r1", "p1"
	rep.SignIn = signedIn
	rep.Waited = Waited{Arrivals: 3, Longest: time.Second, Terminals: 20, Enough: 30}
	rep.Strays = []Stray{{Kind: "0620", N: 2, First: "| MTI 0620"}}
	rep.Lines = Lines{Connected: 20, Refused: 1}
	rep.Settlements = Settlements{Balanced: 1, Explained: 2, Uncompared: 3, Unbalanced: 4, Failed: 5, Detail: []string{"y"}}
	rep = judged(t, rep, "p99 of purchase < 250ms", "refused = 0")
	if finish {
		if err := f.WriteAll(rep); err != nil {
			t.Fatal(err)
		}
	}
	return dir, rep
}

// phase is a fleet's sign-in.
func phase(t *testing.T) Phase {
	t.Helper()
	r := NewRecorder([]string{"sign-in"}, 5*time.Second, 0)
	s := r.Shard()
	for i := range 20 {
		s.Record(Sample{Done: time.Duration(1+i) * ms, Code: [4]byte{'0', '0'}})
	}
	r.Tick(300 * ms)
	signedIn := Phase{Terminals: 21, Took: 300 * ms, Label: r.Report().Labels[0]}
	signedIn.Unable("10000007", errors.New("the host answers 97"))
	return signedIn
}

func TestRunComesBackFromItsFolder(t *testing.T) {
	dir, want := kept(t, true)
	got, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want.Labels {
		g, w := &got.Labels[i], &want.Labels[i]
		for name, h := range map[string][2]**hdr.Histogram{
			"response": {&g.Response, &w.Response}, "service": {&g.Service, &w.Service}, "lag": {&g.Lag, &w.Lag}, "censored": {&g.Censored, &w.Censored},
		} {
			a, b := *h[0], *h[1]
			if a == nil != (b == nil) || a != nil && !a.Equals(b) {
				t.Errorf("%s: %s differs", w.Name, name)
			}
			*h[0], *h[1] = nil, nil // compared: the rest must be equal as it is
		}
	}
	if a, b := got.SignIn.Label.Response, want.SignIn.Label.Response; a == nil || !a.Equals(b) {
		t.Error("the sign-in's histogram differs")
	}
	got.SignIn.Label, want.SignIn.Label = Label{}, Label{}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// An editor may have put a byte order mark before a run's summary.
func TestSummaryWithAByteOrderMark(t *testing.T) {
	dir, _ := kept(t, true)
	name := filepath.Join(dir, "run.json")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append([]byte("\xef\xbb\xbf"), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(dir); err != nil {
		t.Error(err)
	}
}

func TestKilledRunIsRead(t *testing.T) {
	dir, want := kept(t, false)
	got, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got.Incomplete == "" || got.Plan.Seed != want.Plan.Seed || got.Took != 4*time.Second {
		t.Errorf("incomplete %q, seed %d, took %v", got.Incomplete, got.Plan.Seed, got.Took)
	}
	l, w := got.Label("purchase"), want.Label("purchase")
	if l == nil || l.Counts != w.Counts || l.Warmup != w.Warmup || !l.Response.Equals(w.Response) {
		t.Errorf("got %+v, want %+v", l, w)
	}
	if got.Label("sign-in") == nil || got.Label("sign-in").Warmup[Approved] != 1 {
		t.Error("the sign-in is lost")
	}
	if got.SignIn.Label.Counts[Approved] != 20 || got.SignIn.Label.Response.TotalCount() != 20 {
		t.Errorf("of the sign-in phase it knows %+v", got.SignIn)
	}
	render(t, got, false)
}

// A file of a whole run that a copy has cut is said to be cut, and not to be another run's.
func TestCutCopyOfARunIsToldAsCut(t *testing.T) {
	for _, name := range []string{summaryName, logName} {
		dir, _ := kept(t, true)
		whole, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, left := range []int{0, len(whole) / 2} {
			if err := os.WriteFile(filepath.Join(dir, name), whole[:left], 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Read(dir); !errors.Is(err, ErrNotWhole) || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "belong together") {
				t.Errorf("%s of %d octets, of which %d are left: %v", name, len(whole), left, err)
			}
		}
	}
}

func TestRunFolderIsNeverOverwritten(t *testing.T) {
	dir, _ := kept(t, true)
	if _, err := Create(dir, &Report{}); err == nil || !strings.Contains(err.Error(), "name another") {
		t.Errorf("finished folder: %v", err)
	}
	dir, _ = kept(t, false)
	if _, err := Create(dir, &Report{}); err == nil || !strings.Contains(err.Error(), "name another") {
		t.Errorf("folder of a run that was killed: %v", err)
	}
}

func TestReportThatDoesNotAddUpIsNotWritten(t *testing.T) {
	f, err := Create(filepath.Join(t.TempDir(), "run"), &Report{})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.WriteAll(&Report{Planned: 3, Played: 2}); err == nil || !strings.Contains(err.Error(), "3 arrivals planned") {
		t.Errorf("got %v", err)
	}
}

func TestSummaryAndLogOfDifferentRunsAreRefused(t *testing.T) {
	a, _ := kept(t, true)
	name := filepath.Join(a, summaryName)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		`"approved": 147`: `"approved": 148`, `"format": "posfleet run 1"`: `"format": "posfleet run 9"`,
		`"planned": 401`: `"planned": 402`, `"level": "suspect"`: `"level": "perfect"`, `"late": 0`: `"lite": 0`,
	} {
		bad := bytes.Replace(b, []byte(from), []byte(to), 1)
		if bytes.Equal(bad, b) {
			t.Errorf("%s is not in run.json", from)
		}
		if err := os.WriteFile(name, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(a); err == nil {
			t.Errorf("%s was believed", to)
		}
	}
	if _, err := Read(t.TempDir()); err == nil || !strings.Contains(err.Error(), "folder of a run") {
		t.Errorf("empty folder: %v", err)
	}
}

func TestSummaryNamesItsUnits(t *testing.T) {
	r := judged(t, lunch(t), "p99 of purchase < 250ms")
	r.Seconds = r.Seconds[:1]
	var out bytes.Buffer
	if err := r.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(out.Bytes()) {
		t.Fatal("not JSON")
	}
	golden(t, "run.json", out.Bytes())
}

func TestEventsAreBounded(t *testing.T) {
	var out bytes.Buffer
	e := NewEvents(&out, 500)
	for i := range 10_000 {
		e.Add(Event{Label: "purchase", Outcome: TimedOut, Note: "no answer"})
		if took := time.Duration(i) * ms; e.Slow(took) {
			e.AddSlow(Event{Label: "purchase", Done: took})
		}
	}
	e.Add(Event{Label: "void", Outcome: Refused, Note: "field 39 = \"05\""})
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if got, want := len(lines), mostAlike+1+mostSlowest+1; got != want {
		t.Fatalf("%d lines, want %d", got, want)
	}
	if want := `{"kind":"slow","at_s":0,"label":"purchase","outcome":"approved","response_us":9999000,"service_us":9999000}`; lines[mostAlike+1] != want {
		t.Errorf("slowest: %s, want %s", lines[mostAlike+1], want)
	}
	if want := `{"kind":"left out","at_s":0,"count":9800}`; lines[len(lines)-1] != want {
		t.Errorf("last: %s, want %s", lines[len(lines)-1], want)
	}
}
