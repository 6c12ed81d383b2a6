package metrics

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
)

// hundred is a run of a hundred purchases of 20 ms, one of them timed out.
func hundred(t *testing.T) Now {
	t.Helper()
	rec := report.NewRecorder([]string{"purchase"}, 10*time.Second, 0)
	shard := rec.Shard()
	for i := range 100 {
		due, took, outcome := time.Duration(i)*10*time.Millisecond, 20*time.Millisecond, report.Approved
		if i == 99 {
			took, outcome = 10*time.Second, report.TimedOut
		}
		rec.Planned(due, 1)
		shard.Played(due)
		shard.Record(report.Sample{Due: due, Sent: due, Done: due + took, Outcome: outcome, Code: [4]byte{'0', '0'}})
	}
	rec.Tick(time.Second)
	return func() (*report.Report, []report.Event, []report.Event) {
		r := rec.SoFar()
		r.Run, r.Started = "run", began
		r.Agents = []report.Agent{{Number: 1, State: "playing"}}
		r.Rules = []report.RuleCount{{ID: "ANS-37-UNIQUE", N: 3}}
		limit, err := report.ParseLimit("p99 of purchase < 1ms")
		if err != nil {
			t.Error(err)
		}
		r.Judge([]report.Limit{limit})
		wrong := report.Event{At: 10 * time.Second, Terminal: "10000009", Trace: "000042", Label: "purchase", Outcome: report.TimedOut, Due: time.Second, Sent: time.Second, Done: 11 * time.Second, Note: "no answer", Request: "   2  primary account number  622500******0014"}
		slow := []report.Event{
			{At: 30 * time.Millisecond, Terminal: "10000007", Trace: "000017", Label: "purchase", Due: 10 * time.Millisecond, Sent: 12 * time.Millisecond, Done: 30 * time.Millisecond},
			{At: time.Second, Terminal: "10000008", Label: "void", Done: time.Second},
		}
		return r, []report.Event{wrong}, slow
	}
}

// began is when it did.
var began = time.Unix(1_700_000_000, 0)

// scrape gives what it is told as.
func scrape(t *testing.T, accept string) string {
	t.Helper()
	s := httptest.NewServer(Handler(hundred(t)))
	defer s.Close()
	req, err := http.NewRequest(http.MethodGet, s.URL+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	got, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestScrapeTellsWhatTheReportWill(t *testing.T) {
	text := scrape(t, "application/openmetrics-text")
	for _, want := range []string{
		`posfleet_exchanges_total{label="purchase",outcome="approved"} 99.0`,
		`posfleet_exchanges_total{label="purchase",outcome="timed_out"} 1.0`,
		`posfleet_response_seconds_bucket{label="purchase",le="0.01"} 0`,
		`posfleet_response_seconds_bucket{label="purchase",le="0.05"} 99`,
		`posfleet_response_seconds_bucket{label="purchase",le="20.0"} 100`,
		`posfleet_response_seconds_count{label="purchase"} 100`,
		`terminal="10000007"`,
		`trace="000017"`,
		`trace_id="`,
		`posfleet_arrivals_total{what="planned"} 100.0`,
		`posfleet_rules_broken_total{rule="ANS-37-UNIQUE"} 3.0`,
		`posfleet_limit_kept{limit="p99 of purchase < 1ms"} 0.0`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "10000008") {
		t.Error("an exemplar of another label is told")
	}
	if plain := scrape(t, "text/plain"); !strings.Contains(plain, `posfleet_exchanges_total{label="purchase",outcome="approved"} 99`) {
		t.Errorf("to an older Prometheus:\n%s", plain)
	}
}

// A run that loses an agent is seen to while it goes on: how many agents are there of how
// many, and what nobody has played.
func TestScrapeTellsOfLostAgents(t *testing.T) {
	for _, c := range []struct {
		states                               []string // of agents 1, 1 once more where it was taken over, 2 …
		unplayed                             int64
		expected, alive, degraded, notPlayed string
	}{
		{[]string{"playing", "", "playing"}, 0, "2", "2", "0", "0"},
		{[]string{"playing", "", "joined"}, 0, "2", "2", "0", "0"},
		{[]string{"", "", "joined"}, 0, "2", "1", "0", "0"},
		{[]string{"playing", "", report.StateLost}, 40, "2", "1", "1", "40"},
		{[]string{"playing", "", report.Stopped}, 40, "2", "1", "1", "40"},
		{[]string{report.StateLost, "playing", "playing"}, 7, "2", "2", "1", "7"},
		{[]string{report.StateLost, report.StateLost, "failed"}, 7, "2", "0", "1", "7"},
		{[]string{"playing", "", report.Deaf}, 0, "2", "2", "1", "0"},
		{[]string{"ended", "", "ended"}, 0, "2", "2", "0", "0"},
	} {
		r := &report.Report{Planned: 100, Played: 100 - c.unplayed, NotPlayed: c.unplayed}
		for i, s := range c.states {
			if i == 1 && s == "" {
				continue
			}
			a := report.Agent{Number: 1 + i/2, State: s}
			if s == report.StateLost || s == report.Stopped {
				a.Unplayed, c.unplayed = c.unplayed, 0
			}
			r.Agents = append(r.Agents, a)
		}
		w := httptest.NewRecorder()
		Handler(func() (*report.Report, []report.Event, []report.Event) { return r, nil, nil }).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		for name, want := range map[string]string{"posfleet_agents_expected": c.expected, "posfleet_agents_alive": c.alive, "posfleet_degraded": c.degraded,
			"posfleet_arrivals_unplayed": c.notPlayed, `posfleet_arrivals_total{what="not_played"}`: c.notPlayed} {
			if line := "\n" + name + " " + want + "\n"; !strings.Contains(w.Body.String(), line) {
				t.Errorf("%v: no %q in\n%s", c.states, line, w.Body)
			}
		}
	}
	w := httptest.NewRecorder()
	Handler(func() (*report.Report, []report.Event, []report.Event) { return &report.Report{}, nil, nil }).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if text := w.Body.String(); strings.Contains(text, "posfleet_agents") || strings.Contains(text, "posfleet_degraded") {
		t.Errorf("agents are told of a run that one process plays:\n%s", text)
	}
}

// Each name in the dashboard is one that a scrape has, and each that a scrape has is there.
func TestDashboardAsksForWhatThereIs(t *testing.T) {
	text, err := os.ReadFile("../../deploy/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	for _, name := range regexp.MustCompile(`posfleet_[a-z_]+`).FindAllString(string(text), -1) {
		for _, end := range []string{"_bucket", "_count", "_sum"} {
			name = strings.TrimSuffix(name, end)
		}
		asked[name] = true
		if !slices.Contains(Names(), name) {
			t.Errorf("the dashboard asks for %s, which nothing tells", name)
		}
	}
	for _, name := range Names() {
		if !asked[name] {
			t.Errorf("%s is on no panel", name)
		}
	}
}

func TestNothingElseIsServed(t *testing.T) {
	h := Handler(func() (*report.Report, []report.Event, []report.Event) { return &report.Report{}, nil, nil })
	for _, c := range []struct{ method, path string }{{"GET", "/"}, {"GET", "/debug/pprof/"}, {"POST", "/metrics"}} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s %s: %d", c.method, c.path, w.Code)
		}
	}
}
