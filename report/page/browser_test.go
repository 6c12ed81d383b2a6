package page

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/page/browser"
)

var shots = flag.String("shots", "", "also write the pages and their screenshots to this folder, to be looked at")

// open shows a page of charts that are drawn.
func open(t *testing.T, b *browser.Browser, file string, width int64, scheme string) {
	t.Helper()
	b.Open(t, "file://"+file, width, scheme)
	b.Do(t, chromedp.WaitVisible(chromedp.CSS("canvas")))
	b.JS(t, "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
}

// area is a chart's plotting area in the window's coordinates, scrolled into
// view.
func area(t *testing.T, b *browser.Browser, chart string) (x, y, w, h float64) {
	t.Helper()
	got := b.JS(t, fmt.Sprintf(`(() => {
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

func TestPageInABrowser(t *testing.T) {
	b := browser.Start(t, "that report.html draws its charts, shows values on hover, zooms, and sends nothing")
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
			open(t, b, file, view.width, view.scheme)
			if *shots != "" {
				b.Shoot(t, filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+".png"))
			}
			if got, want := b.JS(t, `[...document.querySelectorAll("canvas")].filter(c => new Set(new Uint32Array(c.getContext("2d").getImageData(0, 0, c.width, c.height).data.buffer)).size > 10).length`), "4"; got != want {
				t.Errorf("%s charts drawn, want %s", got, want)
			}
			if view.name == "troubled" { // seconds 18 to 25, of which 20 to 22 are invalid
				marks := b.JS(t, `document.getElementById("marks").textContent`)
				for _, want := range []string{"Amber strip: the generator was suspect, 5 seconds.", "Red strip: the generator was invalid, 3 seconds."} {
					if !strings.Contains(marks, want) {
						t.Errorf("%s does not say %q", marks, want)
					}
				}
				if got := b.JS(t, redStrip); got != "true" {
					t.Errorf("above the curves there is no red strip: %s", got)
				}
			}
			if got := b.JS(t, `document.scrollingElement.scrollWidth <= innerWidth`); got != "true" {
				t.Errorf("the page is wider than a window of %d pixels", view.width)
			}
			if view.play {
				play(t, b)
			}
			if bad := b.Complaints("file://" + file); len(bad) > 0 {
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
func play(t *testing.T, b *browser.Browser) {
	t.Helper()
	for _, chart := range []string{"percentiles", "histogram", "throughput", "latency"} {
		x, y, w, h := area(t, b, chart)
		do := func(steps ...chromedp.Action[chromedp.Void]) { t.Helper(); b.Do(t, steps...) }
		values := fmt.Sprintf(`[...document.querySelectorAll("[data-chart=%s] .u-legend .u-value")].map(v => v.textContent).join(" | ")`, chart)
		scale := fmt.Sprintf(`(s => s.max - s.min)(posfleet[%q].scales.x)`, chart)
		do(chromedp.MouseEvent(chromedp.MouseMoved, x+w*0.3, y+h*0.5))
		if got := b.JS(t, values); !regexp.MustCompile(`\d`).MatchString(got) {
			t.Errorf("%s: pointing at it shows %s, want values", chart, got)
		}
		var whole, part, again float64
		read := func(into *float64) {
			t.Helper()
			b.JS(t, "new Promise(done => setTimeout(done, 30))")
			if err := json.Unmarshal([]byte(b.JS(t, scale)), into); err != nil {
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
	before := b.JS(t, `posfleet.percentiles.data[2].length`)
	b.JS(t, `(() => { const s = document.getElementById("label"); s.value = s.options.length - 1; s.onchange(); })()`)
	if after := b.JS(t, `posfleet.percentiles.data[2].length`); after == before {
		t.Error("choosing another label changes no curve")
	}
}

// A page that calls home must be caught by the test above, or it proves nothing.
func TestBrowserSeesWhatAPageShouldNotDo(t *testing.T) {
	b := browser.Start(t, "that the browser test notices a page that breaks its policy")
	file := filepath.Join(t.TempDir(), "bad.html")
	bad := strings.Replace(written(t, troubled()), "</main>", `<img src="http://127.0.0.1:9/x.png" onerror="alert(1)"></main>`, 1)
	if err := os.WriteFile(file, []byte(bad), 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, b, file, 1400, "light")
	said := strings.Join(b.Complaints("file://"+file), "\n")
	if !strings.Contains(said, "127.0.0.1:9") || !strings.Contains(said, "Content Security Policy") {
		t.Errorf("an image and a handler that the policy forbids went unseen: %q", said)
	}
}

// A page that is open when the run goes on shows it, keeps what was chosen, and is the
// report when it is over.
func TestPageGrowsWithItsRun(t *testing.T) {
	b := browser.Start(t, "that an open page grows with its run")
	g, l := newGrowing()
	s := httptest.NewServer(l)
	defer s.Close()
	g.second(l)
	go func() { // as a run does: a machine that is busy tells seconds together
		for t.Context().Err() == nil {
			l.Tick()
			time.Sleep(100 * time.Millisecond)
		}
	}()
	b.Do(t, chromedp.Navigate(s.URL+"/"))
	b.Until(t, `document.getElementById("kinds").innerText.includes("100")`)
	g.second(l)
	g.second(l)
	b.Until(t, `document.getElementById("kinds").innerText.includes("300") && window.posfleet.throughput.data[0].length === 4`)
	b.Until(t, `document.getElementById("head").innerText.includes("under way") && document.getElementById("rest").innerText.includes("<script>")`)
	r := g.rec.Report()
	r.Plan = report.Plan{Arrivals: "100/s constant", For: 3 * time.Second, Timeout: 10 * time.Second}
	l.End(r)
	b.Until(t, `!document.getElementById("head").innerText.includes("under way")`)
	if bad := b.Complaints(s.URL); len(bad) > 0 {
		t.Errorf("the page complained:\n%s", strings.Join(bad, "\n"))
	}
}
