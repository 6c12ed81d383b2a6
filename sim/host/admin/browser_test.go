package admin

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/posfleet/posfleet/report/page/browser"
)

var shots = flag.String("shots", "", "also write screenshots of the page to this folder, to be looked at")

// start starts the browser.
func start(t *testing.T) *browser.Browser {
	t.Helper()
	return browser.Start(t, "that the host's page shows what the host says, takes none of it for HTML, and asks nobody else")
}

// open shows the page in a language.
func open(t *testing.T, b *browser.Browser, url string, width int64, scheme, language string) {
	t.Helper()
	b.Open(t, url, width, scheme)
	b.Until(t, `document.getElementById("language").textContent !== ""`)
	if b.JS(t, `document.documentElement.lang.slice(0, 2)`) != fmt.Sprintf("%q", language) {
		b.JS(t, `document.getElementById("language").click()`)
	}
}

// shoot writes a picture of the whole page, if that is asked for.
func shoot(t *testing.T, b *browser.Browser) {
	t.Helper()
	if *shots != "" {
		b.Shoot(t, filepath.Join(*shots, strings.ReplaceAll(t.Name(), "/", "-")+".png"))
	}
}

func TestThePageShowsWhatTheHostSays(t *testing.T) {
	b := start(t)
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
			open(t, b, url+"/#token="+token, view.width, view.scheme, view.language)
			b.Until(t, `document.querySelectorAll("main > section:not([hidden])").length === 6`)
			b.JS(t, `[...document.querySelectorAll("#terminals button")].find(e => e.textContent === "10000001").click()`)
			b.Until(t, `document.querySelector("#slip").innerText.includes("622588******5678") && document.querySelector("#screen").innerText.includes("交易成功")`)
			b.Until(t, `document.querySelector("#live").classList.contains("good")`)
			select {
			case orders <- `{"number": "1000000126112612050000020", "tid": "10000001", "state": "confirmed", "state_zh": "待支付", "lines": [{"dish": 1, "name": ` + fmt.Sprintf("%q", view.name) + `, "count": 1, "price": 1800}], "total": 1800, "refunded": 0, "made": "2026-11-26T04:05:00Z", "changed": "2026-11-26T04:05:00Z"}`:
			case <-time.After(time.Minute):
				t.Fatal("nobody listens for orders")
			}
			b.Until(t, `document.querySelector("#orders tbody tr").innerText.includes("0000020")`)
			b.Until(t, `document.querySelector("#sum").className === "good" && document.querySelector("#statement tr.total").innerText.includes("12,432.70")`)
			shoot(t, b)
			for where, count := range map[string]int{"orders": 3, "merchants": 2, "terminals": 3, "audit": 2, "statement": 4, "booked": 3} {
				rows := fmt.Sprintf(`document.querySelector("#%s tbody").rows.length`, where)
				if got := b.JS(t, rows); got != fmt.Sprint(count) {
					t.Errorf("%s has %s rows, want %d", where, got, count)
				}
			}
			if got := b.JS(t, `document.querySelectorAll("main img, main script, header img").length`); got != "0" {
				t.Errorf("%s elements made of what the host said", got)
			}
			if got := b.JS(t, `document.querySelector("#merchants").innerText.includes(`+fmt.Sprintf("%q", view.name)+`)`); got != "true" {
				t.Errorf("the merchant's name is not shown as it is: %s", b.JS(t, `document.querySelector("#merchants").innerText`))
			}
			if got := b.JS(t, `location.href + document.title`); strings.Contains(got, token) || strings.Contains(got, "taken") {
				t.Errorf("address and title: %s", got)
			}
			if got := b.JS(t, `document.body.innerText`); strings.Contains(got, token) {
				t.Error("the page shows the token")
			}
			if got := b.JS(t, `document.scrollingElement.scrollWidth <= innerWidth`); got != "true" {
				t.Errorf("the page is wider than a window of %d pixels", view.width)
			}
			b.JS(t, `(() => { const s = document.getElementById("day"); s.value = "2026-11-25"; s.onchange(); })()`)
			b.Until(t, `document.querySelector("#sum").className === "bad"`)
			b.Do(t, chromedp.Navigate("about:blank"))
			if bad := b.Complaints(url + "/"); len(bad) > 0 {
				t.Errorf("the page complained:\n%s", strings.Join(bad, "\n"))
			}
		})
	}
}

func TestThePageTurnsFaultsOnAndOff(t *testing.T) {
	b := start(t)
	s, url := api(t, nil)
	open(t, b, url+"/#token="+token, 1280, "light", "zh")
	press := func() {
		b.JS(t, `[...document.querySelectorAll("#faults tr")].find(r => r.innerText.includes("wrong-mac")).querySelector("button").click()`)
	}
	b.Until(t, `!document.getElementById("faults").hidden && document.getElementById("wrong").hidden`)
	press()
	b.Until(t, `document.getElementById("wrong").innerText.includes("wrong-mac")`)
	if on := s.host.Misbehaves(); len(on) != 1 || on[0] != "wrong-mac" {
		t.Errorf("on: %v", on)
	}
	if got := b.JS(t, `[...document.querySelectorAll("#faults tbody tr")].every(r => /[\u4e00-\u9fff]/.test(r.cells[1].innerText))`); got != "true" {
		t.Error("a fault has no words in Chinese")
	}
	shoot(t, b)
	press()
	b.Until(t, `document.getElementById("wrong").hidden`)
	if on := s.host.Misbehaves(); len(on) > 0 {
		t.Errorf("on: %v", on)
	}
	b.JS(t, `[...document.querySelectorAll("#faults tr")].find(r => r.innerText.startsWith("late")).querySelector("button").click()`)
	b.Until(t, `document.getElementById("banner").innerText.includes("--behaviour")`) // and why not
	b.Do(t, chromedp.Navigate("about:blank"))                                         // which ends the stream of orders
}

func TestThePageHidesWhatTheHostDoesNotHave(t *testing.T) {
	b := start(t)
	answers := day("shop")
	for _, route := range []string{"GET /v1/orders", "GET /v1/merchants", "GET /v1/audit", "GET /v1/events"} {
		answers[route] = ""
	}
	url, _ := staged(t, answers)
	open(t, b, url+"/#token="+token, 1280, "light", "en")
	b.Until(t, `[...document.querySelectorAll("main > section:not([hidden])")].map(s => s.id).join() === "terminals,faults" && document.getElementById("banner").hidden`)
}

func TestThePageAsksForATokenThatTheHostKnows(t *testing.T) {
	b := start(t)
	url, _ := staged(t, day("shop"))
	open(t, b, url+"/", 1280, "light", "en")
	b.Until(t, `!document.getElementById("ask").hidden && document.getElementById("main").hidden`)
	b.JS(t, `(() => { document.getElementById("token").value = "wrong"; document.getElementById("enter").click(); })()`)
	b.Until(t, `!document.getElementById("banner").hidden && document.getElementById("main").hidden`)
	b.JS(t, `(() => { document.getElementById("token").value = "`+token+`"; document.getElementById("enter").click(); })()`)
	b.Until(t, `!document.getElementById("main").hidden && document.getElementById("banner").hidden`)
	b.JS(t, `(() => { window.old = true; location.reload(); })()`)
	b.Until(t, `window.old !== true && document.getElementById("main")?.hidden === false`)
}
