package admin

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

var shots = flag.String("shots", "", "also write screenshots of the page to this folder, to be looked at")

// browser is Chromium with a profile of its own; it collects what a page does that it
// should not.
type browser struct {
	ctx  context.Context
	mu   sync.Mutex
	said []string // console messages, exceptions, log entries
	sent []string // requests
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	info, ok := debug.ReadBuildInfo()
	if testing.Short() || ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("NOT TESTED with -short or -race: that the host's page works in a browser; go test ./sim/host/admin does it")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "headless-shell"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("NOT TESTED: that the host's page shows what the host says, takes none of it for HTML, and asks nobody else; no chromium was found in PATH")
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
			if ev.Entry.Source == "recommendation" { // of Chromium's taste
				return
			}
			b.said = append(b.said, fmt.Sprintf("%s %s: %s %s", ev.Entry.Source, ev.Entry.Level, ev.Entry.Text, ev.Entry.URL))
		}
	})
	if err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return b
}

// open shows a page in a window of this width, colour scheme and language.
func (b *browser) open(t *testing.T, url string, width int64, scheme, language string) {
	t.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(b.ctx, chromedp.EmulateViewport(width, 1000), chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	b.until(t, `document.getElementById("language").textContent !== ""`)
	if b.js(t, `document.documentElement.lang.slice(0, 2)`) != fmt.Sprintf("%q", language) {
		b.js(t, `document.getElementById("language").click()`)
	}
}

// js runs an expression in the page and gives its value as JSON.
func (b *browser) js(t *testing.T, expression string) string {
	t.Helper()
	got, err := b.evaluate(expression)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return got
}

func (b *browser) evaluate(expression string) (string, error) {
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[json.RawMessage]("Promise.resolve("+expression+").then(v => v === undefined ? null : v)", chromedp.EvalAwaitPromise))
	return string(got), err
}

// until waits until an expression is true. In a page that is just being left there is
// nothing to ask, and it asks again.
func (b *browser) until(t *testing.T, expression string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		got, err := b.evaluate(expression)
		if got == "true" && err == nil {
			return
		}
		if time.Now().After(end) {
			b.mu.Lock()
			defer b.mu.Unlock()
			t.Fatalf("never true: %s, %v\nthe page shows %s\nand said %s", expression, err, b.js(t, `document.body.innerText`), b.said)
		}
	}
}

// complaints is what the page said, and sent elsewhere than to url.
func (b *browser) complaints(url string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	bad := b.said
	for _, to := range b.sent {
		if !strings.HasPrefix(to, url+"/") && !strings.HasPrefix(to, "data:") && to != "about:blank" {
			bad = append(bad, "request for "+to)
		}
	}
	b.said, b.sent = nil, nil
	return bad
}

// shoot writes a picture of the whole page, if that is asked for.
func (b *browser) shoot(t *testing.T) {
	t.Helper()
	if *shots == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(*shots, strings.ReplaceAll(t.Name(), "/", "-")+".png"), png, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestThePageShowsWhatTheHostSays(t *testing.T) {
	b := newBrowser(t)
	for _, view := range []struct {
		name             string // of the merchant
		width            int64
		scheme, language string
	}{
		{"Noodle house", 1280, "light", "en"},
		{"兰州拉面馆", 1280, "dark", "zh"},
		{"兰州拉面馆", 400, "light", "zh"},
		{hostile, 1280, "light", "en"},
	} {
		t.Run(fmt.Sprintf("%.8s/%s/%d", strings.Trim(view.name, "<>"), view.scheme, view.width), func(t *testing.T) {
			url, orders := staged(t, day(view.name))
			b.open(t, url+"/#token="+token, view.width, view.scheme, view.language)
			b.until(t, `document.querySelectorAll("main > section:not([hidden])").length === 6`)
			b.js(t, `[...document.querySelectorAll("#terminals button")].find(e => e.textContent === "10000001").click()`)
			b.until(t, `document.querySelector("#slip").innerText.includes("622588******5678") && document.querySelector("#screen").innerText.includes("交易成功")`)
			b.until(t, `document.querySelector("#live").classList.contains("good")`)
			select {
			case orders <- `{"number": "1000000126112612050000020", "tid": "10000001", "state": "confirmed", "state_zh": "待支付", "lines": [{"dish": 1, "name": ` + fmt.Sprintf("%q", view.name) + `, "count": 1, "price": 1800}], "total": 1800, "refunded": 0, "made": "2026-11-26T04:05:00Z", "changed": "2026-11-26T04:05:00Z"}`:
			case <-time.After(time.Minute):
				t.Fatal("nobody listens for orders")
			}
			b.until(t, `document.querySelector("#orders tbody tr").innerText.includes("0000020")`)
			b.until(t, `document.querySelector("#sum").className === "good" && document.querySelector("#statement tr.total").innerText.includes("12,432.70")`)
			b.shoot(t)
			for where, count := range map[string]int{"orders": 3, "merchants": 2, "terminals": 3, "audit": 2, "statement": 4, "booked": 3} {
				rows := fmt.Sprintf(`document.querySelector("#%s tbody").rows.length`, where)
				if got := b.js(t, rows); got != fmt.Sprint(count) {
					t.Errorf("%s has %s rows, want %d", where, got, count)
				}
			}
			if got := b.js(t, `document.querySelectorAll("main img, main script, header img").length`); got != "0" {
				t.Errorf("%s elements made of what the host said", got)
			}
			if got := b.js(t, `document.querySelector("#merchants").innerText.includes(`+fmt.Sprintf("%q", view.name)+`)`); got != "true" {
				t.Errorf("the merchant's name is not shown as it is: %s", b.js(t, `document.querySelector("#merchants").innerText`))
			}
			if got := b.js(t, `location.href + document.title`); strings.Contains(got, token) || strings.Contains(got, "taken") {
				t.Errorf("address and title: %s", got)
			}
			if got := b.js(t, `document.body.innerText`); strings.Contains(got, token) {
				t.Error("the page shows the token")
			}
			if got := b.js(t, `document.scrollingElement.scrollWidth <= innerWidth`); got != "true" {
				t.Errorf("the page is wider than a window of %d pixels", view.width)
			}
			b.js(t, `(() => { const s = document.getElementById("day"); s.value = "2026-11-25"; s.onchange(); })()`)
			b.until(t, `document.querySelector("#sum").className === "bad"`)
			if err := chromedp.Do(b.ctx, chromedp.Navigate("about:blank")); err != nil {
				t.Fatal(err)
			}
			if bad := b.complaints(url); len(bad) > 0 {
				t.Errorf("the page complained:\n%s", strings.Join(bad, "\n"))
			}
		})
	}
}

func TestThePageTurnsFaultsOnAndOff(t *testing.T) {
	b := newBrowser(t)
	s, url := api(t, nil)
	b.open(t, url+"/#token="+token, 1280, "light", "zh")
	press := func() {
		b.js(t, `[...document.querySelectorAll("#faults tr")].find(r => r.innerText.includes("wrong-mac")).querySelector("button").click()`)
	}
	b.until(t, `!document.getElementById("faults").hidden && document.getElementById("wrong").hidden`)
	press()
	b.until(t, `document.getElementById("wrong").innerText.includes("wrong-mac")`)
	if on := s.host.Misbehaves(); len(on) != 1 || on[0] != "wrong-mac" {
		t.Errorf("on: %v", on)
	}
	if got := b.js(t, `[...document.querySelectorAll("#faults tbody tr")].every(r => /[\u4e00-\u9fff]/.test(r.cells[1].innerText))`); got != "true" {
		t.Error("a fault has no words in Chinese")
	}
	b.shoot(t)
	press()
	b.until(t, `document.getElementById("wrong").hidden`)
	if on := s.host.Misbehaves(); len(on) > 0 {
		t.Errorf("on: %v", on)
	}
	b.js(t, `[...document.querySelectorAll("#faults tr")].find(r => r.innerText.startsWith("late")).querySelector("button").click()`)
	b.until(t, `document.getElementById("banner").innerText.includes("--behaviour")`) // and why not
	if err := chromedp.Do(b.ctx, chromedp.Navigate("about:blank")); err != nil {      // which ends the stream of orders
		t.Fatal(err)
	}
}

func TestThePageHidesWhatTheHostDoesNotHave(t *testing.T) {
	b := newBrowser(t)
	answers := day("shop")
	for _, route := range []string{"GET /v1/orders", "GET /v1/merchants", "GET /v1/audit", "GET /v1/events"} {
		answers[route] = ""
	}
	url, _ := staged(t, answers)
	b.open(t, url+"/#token="+token, 1280, "light", "en")
	b.until(t, `[...document.querySelectorAll("main > section:not([hidden])")].map(s => s.id).join() === "terminals,faults" && document.getElementById("banner").hidden`)
}

func TestThePageAsksForATokenThatTheHostKnows(t *testing.T) {
	b := newBrowser(t)
	url, _ := staged(t, day("shop"))
	b.open(t, url+"/", 1280, "light", "en")
	b.until(t, `!document.getElementById("ask").hidden && document.getElementById("main").hidden`)
	b.js(t, `(() => { document.getElementById("token").value = "wrong"; document.getElementById("enter").click(); })()`)
	b.until(t, `!document.getElementById("banner").hidden && document.getElementById("main").hidden`)
	b.js(t, `(() => { document.getElementById("token").value = "`+token+`"; document.getElementById("enter").click(); })()`)
	b.until(t, `!document.getElementById("main").hidden && document.getElementById("banner").hidden`)
	b.js(t, `(() => { window.old = true; location.reload(); })()`)
	b.until(t, `window.old !== true && document.getElementById("main")?.hidden === false`)
}
