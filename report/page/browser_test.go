package page

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"net/http/httptest"
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

	"github.com/posfleet/posfleet/report"
)

var shots = flag.String("shots", "", "also write the pages and their screenshots to this folder, to be looked at")

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
		t.Skip("NOT TESTED with -short or -race: that report.html works in a browser; go test ./report/page does it")
	}
	b := newBrowser(t)
	dir := cmp.Or(*shots, t.TempDir())
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, view := range []struct {
		name   string
		run    *report.Report
		width  int64
		scheme string
		play   bool
	}{
		{"stall", stalling(200, 40*time.Second, 5*time.Second), 1400, "light", true},
		{"troubled", troubled(), 1400, "dark", false},
		{"troubled", troubled(), 400, "light", true},
		{"wordy", wordy(), 380, "light", false},
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
			if view.name == "troubled" { // seconds 18 to 25, of which 20 to 22 are invalid
				marks := b.js(t, `document.getElementById("marks").textContent`)
				for _, want := range []string{"Amber strip: the generator was suspect, 5 seconds.", "Red strip: the generator was invalid, 3 seconds."} {
					if !strings.Contains(marks, want) {
						t.Errorf("%s does not say %q", marks, want)
					}
				}
				if got := b.js(t, redStrip); got != "true" {
					t.Errorf("above the curves there is no red strip: %s", got)
				}
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

// redStrip tells whether the chart over time has the colour of what is invalid along a
// line at its upper edge.
const redStrip = `(() => {
	const c = document.querySelector("[data-chart=latency] canvas"), x = new OffscreenCanvas(c.width, c.height).getContext("2d");
	x.drawImage(c, 0, 0);
	x.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--invalid");
	const want = x.fillStyle, hex = p => "#" + [...p].slice(0, 3).map(v => v.toString(16).padStart(2, "0")).join("");
	const top = x.getImageData(0, 0, c.width, c.height / 4 | 0).data;
	for (let row = 0; row < top.length; row += 4 * c.width) {
		let n = 0;
		for (let i = row; i < row + 4 * c.width; i += 4) n += hex(top.slice(i, i + 3)) === want;
		if (n > c.width / 50) return true;
	}
	return false;
})()`

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

// A page that is open when the run goes on shows it, keeps what was chosen, and is the
// report when it is over.
func TestPageGrowsWithItsRun(t *testing.T) {
	if testing.Short() || underRaceDetector() {
		t.Skip("Chromium times out beside the race detector")
	}
	b := newBrowser(t)
	g, l := newGrowing()
	s := httptest.NewServer(l)
	defer s.Close()
	g.second(l)
	if err := chromedp.Do(b.ctx, chromedp.Navigate(s.URL+"/")); err != nil {
		t.Fatal(err)
	}
	until := func(js string) {
		t.Helper()
		for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			if got, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](js)); err == nil && got {
				return
			} else if time.Now().After(end) {
				t.Fatalf("never true: %s: %v", js, err)
			}
		}
	}
	until(`document.getElementById("kinds").innerText.includes("100")`)
	g.second(l)
	g.second(l)
	until(`document.getElementById("kinds").innerText.includes("300") && window.posfleet.throughput.data[0].length === 4`)
	until(`document.getElementById("head").innerText.includes("under way") && document.getElementById("rest").innerText.includes("<script>")`)
	r := g.rec.Report()
	r.Plan = report.Plan{Arrivals: "100/s constant", For: 3 * time.Second, Timeout: 10 * time.Second}
	l.End(r)
	until(`!document.getElementById("head").innerText.includes("under way")`)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, said := range b.said {
		t.Errorf("the page complained: %s", said)
	}
}
