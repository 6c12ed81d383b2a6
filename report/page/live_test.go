package page

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
)

// growing is a run of which each second brings a hundred purchases, and how often it was
// asked for.
type growing struct {
	rec   *report.Recorder
	shard *report.Shard
	n     int
	asked atomic.Int64
}

func newGrowing() (*growing, *Live) {
	g := &growing{rec: report.NewRecorder([]string{"purchase"}, 10*time.Second, 0)}
	g.shard = g.rec.Shard()
	return g, NewLive(func() (*report.Report, []Event) {
		g.asked.Add(1)
		r := g.rec.SoFar()
		r.Plan = report.Plan{Arrivals: "100/s constant", For: time.Minute, Timeout: 10 * time.Second}
		r.Incomplete = report.UnderWay
		return r, []Event{{At: "0.1 s", Terminal: "00000001", Label: "purchase", Outcome: "timed out", Took: "10 s", Why: "<script>alert(1)</script>"}}
	})
}

func (g *growing) second(l *Live) {
	for i := range 100 {
		due := time.Duration(g.n)*time.Second + time.Duration(i)*10*time.Millisecond
		g.rec.Planned(due, 1)
		g.shard.Played(due)
		g.shard.Record(report.Sample{Due: due, Sent: due, Done: due + 20*time.Millisecond, Outcome: report.Approved, Code: [4]byte{'0', '0'}})
	}
	g.n++
	g.rec.Tick(time.Duration(g.n) * time.Second)
	l.Tick()
}

func fetch(t *testing.T, url string) (string, http.Header, int) {
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
	return string(text), got.Header, got.StatusCode
}

func TestManyWhoLookOnCostOneRendering(t *testing.T) {
	g, l := newGrowing()
	s := httptest.NewServer(l)
	defer s.Close()
	for range 3 {
		g.second(l)
	}
	if n := g.asked.Load(); n != 0 {
		t.Errorf("nobody looks on, and the run was asked %d times", n)
	}
	for range 10 {
		fetch(t, s.URL+"/")
		fetch(t, s.URL+"/now")
	}
	if n := g.asked.Load(); n != 1 {
		t.Errorf("of one second the run was asked %d times", n)
	}
	var now struct {
		Head, Kinds, Rest string
		Over              bool
		Data              charts
	}
	text, _, _ := fetch(t, s.URL+"/now")
	if err := json.Unmarshal([]byte(text), &now); err != nil {
		t.Fatal(err)
	}
	if now.Over || !strings.Contains(now.Head, "This is not the whole run: it is under way.") || strings.Contains(now.Head, "come to its end") || !strings.Contains(now.Kinds, ">300<") || len(now.Data.At) != 3 {
		t.Errorf("after three seconds: %.300q", text)
	}
	if strings.Contains(now.Rest, "<script>") || !strings.Contains(now.Rest, "&lt;script&gt;") {
		t.Error("what an event says is not escaped")
	}
	g.second(l)
	if text, _, _ := fetch(t, s.URL+"/now"); !strings.Contains(text, `\u003e400\u003c`) {
		t.Errorf("the fourth second is not in %.300q", text)
	}
}

// Where a second's figures take long, seconds are told together; the end is told at once.
func TestFiguresThatTakeLongAreToldLessOften(t *testing.T) {
	_, l := newGrowing()
	viewer := make(chan struct{}, 1)
	l.viewers[viewer] = true
	told := func() bool {
		select {
		case <-viewer:
			return true
		default:
			return false
		}
	}
	if l.Tick(); !told() {
		t.Error("the first second is not told")
	}
	l.took = time.Hour
	if l.Tick(); told() {
		t.Error("told again, though figures take an hour")
	}
	l.told = time.Now().Add(-101 * time.Hour)
	if l.Tick(); !told() {
		t.Error("not told after a hundred times as long")
	}
	delete(l.viewers, viewer)
	waiting := make(chan struct{}, 1)
	l.viewers[waiting] = true
	l.End(&report.Report{})
	if len(waiting) != 1 {
		t.Error("the end is not told")
	}
}

func TestLivePageIsOnlyRead(t *testing.T) {
	_, l := newGrowing()
	s := httptest.NewServer(l)
	defer s.Close()
	text, h, _ := fetch(t, s.URL+"/")
	if h.Get("Access-Control-Allow-Origin") != "" || h.Get("X-Frame-Options") != "DENY" || !strings.Contains(text, "connect-src &#39;self&#39;") && !strings.Contains(text, "connect-src 'self'") {
		t.Errorf("%v\n%.600s", h, text)
	}
	if _, _, code := fetch(t, s.URL+"/../etc/passwd"); code != http.StatusNotFound {
		t.Errorf("another path: %d", code)
	}
	got, err := http.Post(s.URL+"/", "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	got.Body.Close()
	if got.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", got.StatusCode)
	}
}

func TestWhoLooksOnHearsOfSecondsAndOfTheEnd(t *testing.T) {
	g, l := newGrowing()
	s := httptest.NewServer(l)
	defer s.Close()
	got, err := http.Get(s.URL + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	lines := bufio.NewScanner(got.Body)
	next := func() string {
		for lines.Scan() {
			if what, is := strings.CutPrefix(lines.Text(), "event: "); is {
				return what
			}
		}
		return ""
	}
	if got := next(); got != "second" {
		t.Errorf("at first: %q", got)
	}
	g.second(l)
	if got := next(); got != "second" {
		t.Errorf("after a second: %q", got)
	}
	over := make(chan struct{})
	go func() { l.End(g.rec.Report()); close(over) }()
	for what := next(); what != "over"; what = next() {
		if what == "" {
			t.Fatal("the end is not told")
		}
	}
	if text, _, _ := fetch(t, s.URL+"/now"); !strings.Contains(text, `"over":true`) || strings.Contains(text, "under way") {
		t.Errorf("after the end: %.300q", text)
	}
	got.Body.Close()
	<-over
}

func TestSoManyMayLookOn(t *testing.T) {
	_, l := newGrowing()
	for range mostViewers {
		l.viewers[make(chan struct{})] = true
	}
	s := httptest.NewServer(l)
	defer s.Close()
	if text, _, code := fetch(t, s.URL+"/events"); code != http.StatusServiceUnavailable || !strings.Contains(text, "100 are looking on") {
		t.Errorf("%d %s", code, text)
	}
}
