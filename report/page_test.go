package report

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var shots = flag.String("shots", "", "also write the pages and their screenshots to this folder, to be looked at")

// stalling is a run of the host of docs/method.md, recorded as a real run is: it
// answers after a millisecond, but holds everything for the first second of each
// ten. Some cards are declined and, at the end, some answers never come.
func stalling(rate int, lasts, warmup time.Duration) *Report {
	names := []string{"purchase", "QR payment", "balance", "撤销", "settlement"}
	rec := NewRecorder(names, 5*time.Second, warmup)
	shard := rec.Shard()
	rng := rand.New(rand.NewPCG(7, 7))
	var all []Sample
	n := int(lasts.Seconds()) * rate
	for k := range n {
		due := time.Duration(k) * lasts / time.Duration(n)
		sent := due + time.Duration(60*math.Exp(rng.NormFloat64()/2))*time.Microsecond
		took := time.Millisecond + time.Duration(200*math.Exp(rng.NormFloat64()))*time.Microsecond
		if into := due % (10 * time.Second); into < time.Second {
			took += time.Second - into
		}
		x := Sample{Label: min(rng.IntN(9), rng.IntN(9), 4), Due: due, Sent: sent, Done: sent + took, Code: [2]byte{'0', '0'}}
		switch u := rng.Float64(); {
		case u < 0.03:
			x.Outcome, x.Code = Declined, [2]byte{'5', '1'}
		case u < 0.04 && due > lasts/2:
			x.Outcome, x.Code, x.Done = TimedOut, [2]byte{}, due+5*time.Second
		}
		all = append(all, x)
	}
	for i := range int(lasts.Seconds()) {
		rec.Planned(time.Duration(i)*time.Second, int64(rate))
	}
	slices.SortFunc(all, func(a, b Sample) int { return cmp.Compare(a.Done, b.Done) })
	for now := time.Second; len(all) > 0; now += time.Second {
		for len(all) > 0 && all[0].Done < now {
			shard.Record(all[0])
			all = all[1:]
		}
		for k := 0; k < rate && now <= lasts; k++ {
			shard.Played(0)
		}
		rec.Tick(now)
	}
	r := rec.Report()
	r.Started = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	r.Plan = Plan{
		Command: []string{"posfleet", "load", "--rate", fmt.Sprint(rate, "/s"), "--limit", "p99 of purchase < 250ms"},
		Model:   "open", Arrivals: fmt.Sprintf("%d/s constant", rate), For: lasts, Warmup: warmup, Timeout: 5 * time.Second,
		Drain: 5 * time.Second, Terminals: 1000, Lines: "own", Mix: map[string]float64{"purchase": 0.7, "balance": 0.3},
		Seed: 7, Target: "bundled host", Dialect: "cup", Digests: map[string]string{"cup/purchase.feature": strings.Repeat("0f", 32)},
	}
	r.Environment = Environment{Version: "v0.1.0", Go: "go1.26.8", OS: "linux/amd64", CPU: "a processor", Cores: 2, GOMAXPROCS: 2, Clock: "tsc", ClockCost: 41}
	r.Verdict.SameHost = true
	r.Money = Money{Checked: true, Terminals: 123_456_789, Host: 123_456_789, Payments: 9000}
	return r
}

// troubled is the same run with everything wrong that can be.
func troubled() *Report {
	r := stalling(200, 40*time.Second, 5*time.Second)
	for i := range r.Seconds {
		switch {
		case i >= 20 && i < 23:
			r.Seconds[i].Level, r.Seconds[i].Reason = Invalid, "lag p99 31 ms"
		case i >= 18 && i < 26:
			r.Seconds[i].Level, r.Seconds[i].Reason = Suspect, "busiest core idle 12 %"
		}
	}
	r.Verdict = Verdict{Level: Invalid, SameHost: true, Reasons: []string{"seconds 20 to 22: lag p99 31 ms, bound 20 ms", "seconds 18 to 25: busiest core idle 12 %, bound 20 %"}}
	r.Limits = []LimitResult{{"p99 of purchase < 250ms", "902 ms", false, "902 ms is not below 250 ms"}, {"unanswered < 5 %", "0.51 %", true, ""}}
	r.Money = Money{Checked: true, Terminals: 10_000, Host: 9_500, Payments: 3, Owed: 2, Detail: []string{"terminal 10000001, batch 3: terminal 100.00, host 95.00"}}
	r.Faults = map[string]int64{"answer lost": 12}
	r.Late, r.Duplicate, r.Unmatched, r.NotPlayed, r.Interrupted = 12, 1, 3, 44, true
	r.Plan.Model = "closed"
	return r
}

func written(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WritePage(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A page is mailed around: ten minutes must fit.
func TestPageOfTenMinutesIsSmall(t *testing.T) {
	doc := written(t, stalling(50, 10*time.Minute, 20*time.Second))
	if got := len(doc); got > 200_000 {
		t.Errorf("%d octets, want at most 200000", got)
	}
}

// What comes from hosts and feature files is text, whatever it holds.
func TestPageEscapes(t *testing.T) {
	evil := `</script><script>alert(1)</script><img src=x onerror="alert(2)">&'` + "\u2028`${alert(3)}"
	r := stalling(50, 2*time.Second, 0)
	r.Labels[0].Name, r.Labels[0].Codes = evil, map[string]int64{evil[:2]: 3}
	r.Plan.Target, r.Plan.Arrivals, r.Plan.Command = evil, evil, []string{"posfleet", evil}
	r.Verdict.Reasons, r.Seconds[0].Reason, r.Seconds[0].Level = []string{evil}, evil, Suspect
	r.Money.Detail = []string{evil}
	r.Limits = []LimitResult{{evil, evil, false, evil}}
	r.Faults = map[string]int64{evil: 1}
	r.Plan.Digests = map[string]string{evil: evil}
	doc := written(t, r)
	for _, raw := range []string{"<script>alert", "<img", "onerror=\"", "</script><script>alert"} {
		if strings.Contains(doc, raw) {
			t.Errorf("the page holds %q as markup", raw)
		}
	}
	if got, want := strings.Count(doc, "<script"), 3; got != want {
		t.Errorf("%d script elements, want %d", got, want)
	}
}

// The policy names the digests of exactly what the page runs, and nothing else
// may be fetched or run.
func TestPagePolicyFitsThePage(t *testing.T) {
	doc := written(t, stalling(50, 2*time.Second, 0))
	policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(doc)
	if policy == nil {
		t.Fatal("no policy")
	}
	said := strings.NewReplacer("&#39;", "'", "&#43;", "+").Replace(policy[1])
	for _, tag := range []string{"script", "style"} {
		for _, m := range regexp.MustCompile(`(?s)<`+tag+`>(.*?)</`+tag+`>`).FindAllStringSubmatch(doc, -1) {
			if !strings.Contains(said, digest(m[1])) {
				t.Errorf("the policy %q does not know a %s of %d octets that begins %.40q", said, tag, len(m[1]), m[1])
			}
		}
	}
	for _, want := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(said, want) {
			t.Errorf("the policy %q lacks %s", said, want)
		}
	}
	if strings.Contains(said, "unsafe") {
		t.Errorf("the policy %q allows what it should forbid", said)
	}
	if !strings.Contains(doc, "Copyright (c) 2022 Leon Sorokin") {
		t.Error("uPlot goes out without its licence")
	}
}

// A run in which nothing happened, and one that was cut off at once, have pages.
func TestEmptyRunHasAPage(t *testing.T) {
	for name, r := range map[string]*Report{"zero": {}, "no seconds": {Labels: []Label{{Name: "purchase"}}}, "stopped": {Interrupted: true, Seconds: []Second{{}}}} {
		doc := written(t, r)
		if !strings.Contains(doc, "Limits") || !strings.HasSuffix(strings.TrimSpace(doc), "</html>") {
			t.Errorf("%s: not a whole page", name)
		}
	}
}

// The page says of each figure what the text report would: a percentile that too
// few samples carry is not made up.
func TestPageSaysHowFarAFigureGoes(t *testing.T) {
	r := stalling(20, 4*time.Second, 0)
	doc := written(t, r)
	for _, want := range []string{"n too small", "No warm-up was asked for", "no figure here is a capacity of the host"} {
		if !strings.Contains(doc, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	doc = written(t, troubled())
	for _, want := range []string{"Closed model: latency excludes queueing before the terminal", "The generator was the limit", "stopped before its time",
		"1 of 2 not held", "disagree", "terminal 10000001, batch 3", "Late answers", "first 5 s are warm-up", "--limit &#39;p99 of purchase &lt; 250ms&#39;"} {
		if !strings.Contains(doc, want) {
			t.Errorf("the troubled page does not say %q", want)
		}
	}
}

// browser starts Chromium with a profile of its own and collects what a page
// does that it should not.
type browser struct {
	ctx  context.Context
	mu   sync.Mutex
	said []string // console messages, exceptions, log entries
	sent []string // requests
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "headless-shell"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("NOT TESTED: that report.html draws its charts, shows values on hover, zooms, and sends nothing; no chromium was found in PATH")
	}
	opts := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir())}
	for _, f := range []string{"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
		"disable-component-update", "disable-sync", "disable-dev-shm-usage", "no-default-browser-check", "hide-scrollbars"} {
		opts = append(opts, chromedp.Flag(f, true))
	}
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() { chromedp.Cancel(ctx); cancel() })
	ctx, late := context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(late)
	b := &browser{ctx: ctx}
	err := chromedp.Listen(ctx, func(ev any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch ev := ev.(type) {
		case *network.EventRequestWillBeSent:
			b.sent = append(b.sent, ev.Request.URL)
		case *cdpruntime.EventConsoleAPICalled:
			for _, a := range ev.Args {
				b.said = append(b.said, fmt.Sprintf("console.%s %s%s", ev.Type, a.Value, a.Description))
			}
		case *cdpruntime.EventExceptionThrown:
			b.said = append(b.said, "exception: "+ev.ExceptionDetails.Text+" "+ev.ExceptionDetails.Exception.Description)
		case *log.EventEntryAdded:
			b.said = append(b.said, fmt.Sprintf("%s %s: %s", ev.Entry.Source, ev.Entry.Level, ev.Entry.Text))
		}
	})
	if err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return b
}

// open shows the page in a window of this width and colour scheme.
func (b *browser) open(t *testing.T, file string, width int64, scheme string) {
	t.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(b.ctx, chromedp.EmulateViewport(width, 1000), chromedp.Navigate("file://"+file), chromedp.WaitVisible(chromedp.CSS("canvas"))); err != nil {
		t.Fatal(err)
	}
	b.js(t, "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
}

// js runs an expression in the page and gives its value as JSON.
func (b *browser) js(t *testing.T, expression string) string {
	t.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[json.RawMessage]("Promise.resolve("+expression+").then(v => v === undefined ? null : v)", chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return string(got)
}

// complaints is what the page said or sent since it was last asked; the file
// itself does not count.
func (b *browser) complaints(file string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	bad := b.said
	for _, url := range b.sent {
		if url != "file://"+file {
			bad = append(bad, "request for "+url)
		}
	}
	b.said, b.sent = nil, nil
	return bad
}

// area is a chart's plotting area in the window's coordinates, scrolled into
// view.
func (b *browser) area(t *testing.T, chart string) (x, y, w, h float64) {
	t.Helper()
	got := b.js(t, fmt.Sprintf(`(() => {
		const over = document.querySelector("[data-chart=%s] .u-over");
		over.scrollIntoView({block: "center"});
		const r = over.getBoundingClientRect();
		return [r.x, r.y, r.width, r.height];
	})()`, chart))
	var box [4]float64
	if err := json.Unmarshal([]byte(got), &box); err != nil {
		t.Fatal(err)
	}
	return box[0], box[1], box[2], box[3]
}

// underRaceDetector reports whether the test was built with -race, under which
// the browser loses patience.
func underRaceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

func TestPageInABrowser(t *testing.T) {
	if testing.Short() || underRaceDetector() {
		t.Skip("NOT TESTED with -short or -race: that report.html works in a browser; go test ./report does it")
	}
	b := newBrowser(t)
	dir := cmp.Or(*shots, t.TempDir())
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, view := range []struct {
		name   string
		run    *Report
		width  int64
		scheme string
		play   bool
	}{
		{"stall", stalling(200, 40*time.Second, 5*time.Second), 1400, "light", true},
		{"troubled", troubled(), 1400, "dark", false},
		{"troubled", troubled(), 400, "light", true},
		{"long", stalling(20, 30*time.Minute, time.Minute), 1400, "dark", false},
	} {
		t.Run(fmt.Sprintf("%s/%s/%d", view.name, view.scheme, view.width), func(t *testing.T) {
			file := filepath.Join(dir, view.name+".html")
			if err := os.WriteFile(file, []byte(written(t, view.run)), 0o644); err != nil {
				t.Fatal(err)
			}
			b.open(t, file, view.width, view.scheme)
			if *shots != "" {
				b.shoot(t, filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+".png"))
			}
			if got, want := b.js(t, `[...document.querySelectorAll("canvas")].filter(c => new Set(new Uint32Array(c.getContext("2d").getImageData(0, 0, c.width, c.height).data.buffer)).size > 10).length`), "4"; got != want {
				t.Errorf("%s charts drawn, want %s", got, want)
			}
			if got := b.js(t, `document.scrollingElement.scrollWidth <= innerWidth`); got != "true" {
				t.Errorf("the page is wider than a window of %d pixels", view.width)
			}
			if view.play {
				b.play(t)
			}
			if bad := b.complaints(file); len(bad) > 0 {
				t.Errorf("the page complained:\n%s", strings.Join(bad, "\n"))
			}
		})
	}
}

// play points at each chart, drags across it, and shows all of it again.
func (b *browser) play(t *testing.T) {
	t.Helper()
	for _, chart := range []string{"percentiles", "histogram", "throughput", "latency"} {
		x, y, w, h := b.area(t, chart)
		do := func(steps ...chromedp.Action[chromedp.Void]) {
			t.Helper()
			if err := chromedp.Do(b.ctx, steps...); err != nil {
				t.Fatal(err)
			}
		}
		values := fmt.Sprintf(`[...document.querySelectorAll("[data-chart=%s] .u-legend .u-value")].map(v => v.textContent).join(" | ")`, chart)
		scale := fmt.Sprintf(`(s => s.max - s.min)(posfleet[%q].scales.x)`, chart)
		do(chromedp.MouseEvent(chromedp.MouseMoved, x+w*0.3, y+h*0.5))
		if got := b.js(t, values); !regexp.MustCompile(`\d`).MatchString(got) {
			t.Errorf("%s: pointing at it shows %s, want values", chart, got)
		}
		var whole, part, again float64
		read := func(into *float64) {
			t.Helper()
			b.js(t, "new Promise(done => setTimeout(done, 30))")
			if err := json.Unmarshal([]byte(b.js(t, scale)), into); err != nil {
				t.Fatal(err)
			}
		}
		drag := func() { do(chromedp.DragAndDropXY(x+w*0.3, y+h*0.5, x+w*0.5, y+h*0.5, 5)) }
		read(&whole)
		drag()
		read(&part)
		if part > whole*0.3 || part <= 0 {
			t.Errorf("%s: dragging over a fifth shows %.3g of %.3g", chart, part, whole)
		}
		do(chromedp.MouseClickXY(x+w*0.6, y+h*0.6, chromedp.ClickCount(1)), chromedp.MouseClickXY(x+w*0.6, y+h*0.6, chromedp.ClickCount(2)))
		if read(&again); math.Abs(again-whole) > whole*0.001 {
			t.Errorf("%s: a double click shows %.3g, want all %.3g", chart, again, whole)
		}
		drag()
		do(chromedp.Click(chromedp.CSS("[data-chart=" + chart + "] button")))
		if read(&again); math.Abs(again-whole) > whole*0.001 {
			t.Errorf("%s: the button shows %.3g, want all %.3g", chart, again, whole)
		}
	}
	before := b.js(t, `posfleet.percentiles.data[2].length`)
	b.js(t, `(() => { const s = document.getElementById("label"); s.value = s.options.length - 1; s.onchange(); })()`)
	if after := b.js(t, `posfleet.percentiles.data[2].length`); after == before {
		t.Error("choosing another label changes no curve")
	}
}

// shoot writes a picture of the whole page.
func (b *browser) shoot(t *testing.T, file string) {
	t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// A page that calls home must be caught by the test above, or it proves nothing.
func TestBrowserSeesWhatAPageShouldNotDo(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED with -short: that the browser test notices a page that breaks its policy")
	}
	b := newBrowser(t)
	file := filepath.Join(t.TempDir(), "bad.html")
	bad := strings.Replace(written(t, troubled()), "</main>", `<img src="http://127.0.0.1:9/x.png" onerror="alert(1)"></main>`, 1)
	if err := os.WriteFile(file, []byte(bad), 0o644); err != nil {
		t.Fatal(err)
	}
	b.open(t, file, 1400, "light")
	said := strings.Join(b.complaints(file), "\n")
	if !strings.Contains(said, "127.0.0.1:9") || !strings.Contains(said, "Content Security Policy") {
		t.Errorf("an image and a handler that the policy forbids went unseen: %q", said)
	}
}
