// Package browser shows pages in Chromium to tests, and notes what a page does that it
// should not.
package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
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

// Browser is Chromium with a profile of its own, which ends with its test.
type Browser struct {
	ctx  context.Context
	mu   sync.Mutex
	said []string // console messages, exceptions, log entries
	sent []string // requests
}

// Start starts Chromium. Where there is none, and with -short or -race, beside which it
// loses patience, the test is skipped, which says what is not tested.
func Start(t *testing.T, untested string) *Browser {
	t.Helper()
	info, ok := debug.ReadBuildInfo()
	if testing.Short() || ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skipf("NOT TESTED with -short or -race: %s; go test without them does it", untested)
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "headless-shell"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skipf("NOT TESTED: %s; no chromium was found in PATH", untested)
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
	b := &Browser{ctx: ctx}
	if err := chromedp.Listen(ctx, b.note); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return b
}

func (b *Browser) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := event.(type) {
	case *network.EventRequestWillBeSent:
		b.sent = append(b.sent, ev.Request.URL)
	case *cdpruntime.EventConsoleAPICalled:
		for _, a := range ev.Args {
			b.said = append(b.said, fmt.Sprintf("console.%s %s%s", ev.Type, a.Value, a.Description))
		}
	case *cdpruntime.EventExceptionThrown:
		b.said = append(b.said, "exception: "+ev.ExceptionDetails.Text+" "+ev.ExceptionDetails.Exception.Description)
	case *log.EventEntryAdded:
		if ev.Entry.Source != "recommendation" { // of Chromium's taste
			b.said = append(b.said, fmt.Sprintf("%s %s: %s %s", ev.Entry.Source, ev.Entry.Level, ev.Entry.Text, ev.Entry.URL))
		}
	}
}

// Do does things in the page.
func (b *Browser) Do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// Open shows the page at url in a window of this width, in pixels, and colour scheme
// (light or dark), for those who want no animations.
func (b *Browser) Open(t *testing.T, url string, width int64, scheme string) {
	t.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		t.Fatal(err)
	}
	b.Do(t, chromedp.EmulateViewport(width, 1000), chromedp.Navigate(url))
}

// JS runs an expression in the page and gives its value, awaited where it is a promise,
// as JSON.
func (b *Browser) JS(t *testing.T, expression string) string {
	t.Helper()
	got, err := b.evaluate(expression)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return got
}

func (b *Browser) evaluate(expression string) (string, error) {
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[json.RawMessage]("Promise.resolve("+expression+").then(v => v === undefined ? null : v)", chromedp.EvalAwaitPromise))
	return string(got), err
}

// Until waits until an expression is true, for a minute at most. In a page that is just
// being left there is nothing to ask, and it asks again.
func (b *Browser) Until(t *testing.T, expression string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		got, err := b.evaluate(expression)
		if got == "true" && err == nil {
			return
		}
		if time.Now().After(end) {
			shows, _ := b.evaluate(`document.body.innerText`)
			t.Fatalf("never true: %s, %v\nthe page shows %s\nand complains %s", expression, err, shows, b.Complaints(""))
		}
	}
}

// Complaints is what pages said since they were last asked, and what they asked others
// for than own: a URL, or the beginning of one.
func (b *Browser) Complaints(own string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	bad := b.said
	for _, to := range b.sent {
		if !strings.HasPrefix(to, own) && !strings.HasPrefix(to, "data:") && to != "about:blank" {
			bad = append(bad, "request for "+to)
		}
	}
	b.said, b.sent = nil, nil
	return bad
}

// Shoot writes a picture of the whole page.
func (b *Browser) Shoot(t *testing.T, file string) {
	t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(file, png, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
