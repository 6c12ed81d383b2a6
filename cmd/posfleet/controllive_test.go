//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
)

// livePage is where a process says that its page is.
var livePage = regexp.MustCompile(`(?m)^live: (http://\S+)$`)

// seen is what a live page has now.
type seen struct {
	Head, Kinds, Rest string
	Over              bool
	Data              struct{ At, Planned []float64 }
}

func look(t *testing.T, url string) (now seen) {
	t.Helper()
	got, err := http.Get(url + "now")
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &now); err != nil {
		t.Fatalf("%v: %.300s", err, text)
	}
	return now
}

// Whoever looks at the controller's page sees what all agents have played, added up, and
// each of them; of an agent that is killed it says so.
func TestControllerShowsAllAgentsAsTheyPlay(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	p := start(t, "all agents begin", "load", "--agents", "2", "--rate", "40/s", "--for", "10m", "--warmup", "0s", "--terminals", "20", "--live", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--out", "run")
	scraped := regexp.MustCompile(`(?m)^metrics: (http://\S+)$`).FindStringSubmatch(p.stderr.String())
	url := livePage.FindStringSubmatch(p.stderr.String())
	if url == nil || scraped == nil {
		t.Fatalf("no page or no metrics are told:\n%s", &p.stderr)
	}
	await := func(what string, there func(seen) bool) (now seen) {
		for until := time.Now().Add(patient); time.Now().Before(until); time.Sleep(200 * time.Millisecond) {
			if now = look(t, url[1]); there(now) {
				return now
			}
		}
		t.Fatalf("not in time: %s\n%+v", what, now)
		return now
	}
	now := await("the first seconds of both", func(s seen) bool {
		return slices.Contains(s.Data.Planned, 40) && strings.Count(s.Kinds, "… playing") == 2
	})
	if now.Over || !strings.Contains(now.Head, "it is under way") || !strings.Contains(now.Rest, "and the slowest") {
		t.Errorf("%+v", now)
	}
	if told := scrape(t, scraped[1]); told["agents_expected"] != 2 || told["agents_alive"] != 2 || told["degraded"] != 0 || told["arrivals_unplayed"] != 0 {
		t.Errorf("both play: %v", told)
	}
	victim := agentProcess.FindStringSubmatch(p.stderr.String())
	kill(t, victim[2])
	await("that agent "+victim[1]+" is lost", func(s seen) bool {
		return strings.Contains(s.Kinds, "✗ lost") && strings.Contains(s.Head, "agent "+victim[1]+" (")
	})
	lost := scrape(t, scraped[1])
	for until := time.Now().Add(time.Minute); lost["arrivals_unplayed"] == 0 && time.Now().Before(until); time.Sleep(200 * time.Millisecond) {
		lost = scrape(t, scraped[1])
	}
	from := time.Now()
	time.Sleep(2 * time.Second)
	later := scrape(t, scraped[1])
	most := 20*time.Since(from).Seconds() + 40 // 20 fall due each second
	if later["agents_expected"] != 2 || later["agents_alive"] != 1 || later["degraded"] != 1 || later[`arrivals_total{what="not_played"}`] != later["arrivals_unplayed"] {
		t.Errorf("agent %s is lost: %v", victim[1], later)
	}
	if n := later["arrivals_unplayed"] - lost["arrivals_unplayed"]; lost["arrivals_unplayed"] == 0 || n <= 0 || n > most {
		t.Errorf("of its arrivals %v were played by nobody, some seconds later %v: at most %v more fell due", lost["arrivals_unplayed"], later["arrivals_unplayed"], most)
	}
	if code := p.end(t, os.Interrupt); code != exitIncomplete {
		t.Errorf("exit code %d:\n%s", code, &p.stderr)
	}
	rep, err := report.Read(filepath.Join(p.Dir, "run"))
	if err != nil || len(rep.Agents) != 2 {
		t.Fatal(rep, err)
	}
	unplayed := regexp.MustCompile(`([\d,]+) arrivals of its share are not known to have been played`).FindStringSubmatch(rep.Incomplete)
	if unplayed == nil {
		t.Fatalf("incomplete: %q", rep.Incomplete)
	}
	if n, _ := strconv.Atoi(strings.ReplaceAll(unplayed[1], ",", "")); float64(n) > 20*rep.Took.Seconds() { // arrivals were stopped long before ten minutes
		t.Errorf("a run of %v: %s", rep.Took, unplayed[0])
	}
	if left, _ := filepath.Glob(filepath.Join(p.Dir, "run", "agents", "*", nowName)); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

// scrape gives what is told to Prometheus, without posfleet_ before the names.
func scrape(t *testing.T, url string) map[string]float64 {
	t.Helper()
	got, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]float64{}
	for _, m := range regexp.MustCompile(`(?m)^posfleet_(\S+) (\S+)$`).FindAllStringSubmatch(string(text), -1) {
		told[m[1]], _ = strconv.ParseFloat(m[2], 64)
	}
	return told
}

// A host shows what it counts while it serves.
func TestHostShowsItsCounts(t *testing.T) {
	t.Parallel()
	p := start(t, "listening on", "host", "--listen", "127.0.0.1:0", "--terminals", "5", "--live", "127.0.0.1:0", "--misbehave", "silent")
	url, address := livePage.FindStringSubmatch(p.stdout.String()), hostAddress.FindStringSubmatch(p.stdout.String())
	if url == nil || address == nil {
		t.Fatal(&p.stdout)
	}
	c, err := net.Dial("tcp", address[1])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(patient); ; time.Sleep(200 * time.Millisecond) {
		now := look(t, url[1])
		if strings.Contains(now.Kinds, ">connections</th><td>1</td>") && strings.Contains(now.Rest, "HTTP, a browser") {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("not counted: %+v", now)
		}
	}
	p.end(t, os.Interrupt)
}

// hostAddress is where a host says that it listens.
var hostAddress = regexp.MustCompile(`(?m)^listening on (\S+): `)

// A collector of OpenTelemetry is told of a run while it lasts and at its end, and no card
// number or key reaches it.
func TestLoadTellsACollector(t *testing.T) {
	var mu sync.Mutex
	got := map[string]*bytes.Buffer{"/v1/metrics": {}, "/v1/traces": {}}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = io.Copy(got[r.URL.Path], r.Body)
	}))
	defer s.Close()
	var out, errs bytes.Buffer
	code := run([]string{"load", "--rate", "50/s", "--for", "2s", "--warmup", "0s", "--terminals", "10", "--otlp", s.URL, "--out", filepath.Join(t.TempDir(), "run"), "@core-purchase-1"}, &out, &errs)
	if code != exitOK && code != exitGenerator {
		t.Fatalf("exit code %d:\n%s", code, &errs)
	}
	mu.Lock()
	defer mu.Unlock()
	for path, words := range map[string][]string{"/v1/metrics": {"posfleet.exchanges", "posfleet.response"}, "/v1/traces": {"purchase", "on the line", "posfleet.terminal"}} {
		text := got[path].String()
		for _, w := range words {
			if !strings.Contains(text, w) {
				t.Errorf("%s is not told to %s: %q", w, path, text)
			}
		}
		if found := regexp.MustCompile(`6225\d{12}`).FindString(text); found != "" {
			t.Errorf("%s is told to %s", found, path)
		}
	}
}

// What a run is made of is taken away when it is put together: who looks then, and the
// collector at the end, sees what was there, and the finished run with it.
func TestLastSightIsNotEmpty(t *testing.T) {
	under, over, slow := &report.Report{Run: "under way"}, &report.Report{Run: "over"}, []report.Event{{Label: "purchase"}}
	w := &watched{seen: func() (*report.Report, []report.Event, []report.Event) { return under, nil, slow }}
	w.hold()
	w.seen = func() (*report.Report, []report.Event, []report.Event) { return &report.Report{}, nil, nil }
	if rep, _, got := w.now(); rep != under || len(got) != 1 {
		t.Errorf("while it is put together: %v, %d slow", rep, len(got))
	}
	w.end(over)
	if rep, _, got := w.now(); rep != over || len(got) != 1 {
		t.Errorf("at the end: %v, %d slow", rep, len(got))
	}
}
