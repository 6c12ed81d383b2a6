package admin

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/dialect"
)

// fetch gives a file of the page as anybody gets it.
func fetch(t *testing.T, url string) (text, kind, policy string) {
	t.Helper()
	got, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	all, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", url, got.StatusCode, err)
	}
	return string(all), got.Header.Get("Content-Type"), got.Header.Get("Content-Security-Policy")
}

func TestThePageIsGivenWithoutATokenAndAsksNobodyElse(t *testing.T) {
	_, url := api(t, nil)
	elsewhere := regexp.MustCompile(`(?i)(https?:)?//[a-z0-9]|@import|url\(`)
	asHTML := regexp.MustCompile(`(?i)innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc|\beval\b|new Function|createContextualFragment|setHTML`)
	inline := regexp.MustCompile(`(?i)<script>|<style|\sstyle=|\son\w+=`)
	for path, want := range map[string]string{"/": "text/html", "/page.css": "text/css", "/page.js": "text/javascript", "/show.js": "text/javascript", "/words.js": "text/javascript"} {
		text, kind, policy := fetch(t, url+path)
		if !strings.HasPrefix(kind, want) {
			t.Errorf("%s is %s, want %s", path, kind, want)
		}
		if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("%s: policy %q", path, policy)
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(strings.TrimSpace(line), "//") {
				continue
			}
			for why, bad := range map[string]*regexp.Regexp{"asks somebody else": elsewhere, "takes text for HTML": asHTML} {
				if found := bad.FindString(line); found != "" {
					t.Errorf("%s %s: %q in %s", path, why, found, line)
				}
			}
			if path == "/" && inline.MatchString(line) {
				t.Errorf("what the policy forbids: %s", line)
			}
		}
		if strings.Contains(text, token) {
			t.Errorf("%s has the token", path)
		}
	}
}

// What is said in one language is said in the other.
func TestThePageHasEachWordInBothLanguages(t *testing.T) {
	text := string(wordsJS)
	english, rest, _ := strings.Cut(text, "\tzh: {")
	chinese, _, _ := strings.Cut(rest, "\n\t},")
	of := func(text string) map[string]bool {
		all := map[string]bool{}
		for _, m := range regexp.MustCompile(`(?:[\s,{])(\w+): (?:"|\()`).FindAllStringSubmatch(text, -1) {
			all[m[1]] = true
		}
		return all
	}
	en, zh := of(english), of(chinese)
	if len(en) < 50 {
		t.Fatalf("found %d words only", len(en))
	}
	for w := range en {
		if !zh[w] {
			t.Errorf("%s is not said in Chinese", w)
		}
	}
	for w := range zh {
		if !en[w] {
			t.Errorf("%s is not said in English", w)
		}
	}
	for _, m := range regexp.MustCompile(`data-word="(\w+)"`).FindAllStringSubmatch(string(pageHTML), -1) {
		if !en[m[1]] {
			t.Errorf("the page says %s, which is no word of words.js", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`say\("(\w+)"\)|\["(\w+)", "[a-z]*", \(`).FindAllStringSubmatch(string(pageJS), -1) {
		if w := m[1] + m[2]; !en[w] {
			t.Errorf("the page says %s, which is no word of words.js", w)
		}
	}
}

// A transaction, and a part that is broken, has its name in Chinese.
func TestThePageNamesTransactionsInChinese(t *testing.T) {
	_, chinese, _ := strings.Cut(string(wordsJS), "export const chinese")
	has := func(name string) bool {
		return regexp.MustCompile(`[\s{]"?` + regexp.QuoteMeta(name) + `"?: "\p{Han}|[\s{]"?` + regexp.QuoteMeta(name) + `"?: "(SIM|IC)`).MatchString(chinese)
	}
	for kind := range dialect.Transactions {
		if name := kind.String(); !has(name) {
			t.Errorf("transaction %s has no Chinese name in words.js", name)
		}
	}
	for _, part := range names(device.All.String()) {
		if !has(part) {
			t.Errorf("part %s has no Chinese name in words.js", part)
		}
	}
}

// hostile is text that does something where it is taken for HTML.
const hostile = `<img src=x onerror="document.title='taken'">`

// day is what a host that means no good, or has had a busy day, answers.
func day(name string) map[string]string {
	q := fmt.Sprintf("%q", name)
	return map[string]string{
		"GET /v1/host":      `{"profile": ` + q + `, "dialect": "cup", "terminals": 40, "connections": 12, "requests": 3481, "answers": 3479, "refused": 2}`,
		"GET /v1/merchants": `[{"mid": "123456789012345", "name": ` + q + `, "plan": "standard", "state": "active", "account": "621700******1234"}, {"mid": "123456789012346", "name": "面馆", "plan": "micro", "state": "suspended", "why": ` + q + `}]`,
		"GET /v1/terminals": `[{"tid": "10000001", "serial": "0", "mid": "123456789012345", "state": "active"}, {"tid": "10000002", "serial": "0", "mid": "123456789012346", "state": "suspended", "why": ` + q + `}, {"tid": "90000001", "serial": "0", "state": "stock"}]`,
		"GET /v1/activity": `[{"tid": "10000001", "mid": "123456789012345", "merchant": ` + q + `, "signed_in": true, "operator": "01", "batch": 7, "at": "2026-11-26T12:03:11+08:00", "asked": "purchase", "code": "00", "display": "交易成功", "broken": []},
			{"tid": "10000002", "mid": "123456789012346", "merchant": "面馆", "signed_in": false, "batch": 3, "at": "2026-11-26T12:01:54+08:00", "asked": "sign-in", "code": "58", "display": ` + q + `, "broken": ["printer", ` + q + `]}]`,
		"GET /v1/terminals/10000001/activity": `{"tid": "10000001", "mid": "123456789012345", "merchant": ` + q + `, "signed_in": true, "operator": "01", "batch": 7, "at": "2026-11-26T12:03:11+08:00", "asked": "purchase", "code": "00", "display": "交易成功", "broken": [], "payments": [
			{"kind": "purchase", "state": "approved", "channel": "contactless", "card": "622588******5678", "amount": 12850, "refunded": 0, "batch": 7, "trace": 214, "auth_code": "003479", "rrn": "120311003479", "acquirer": "48020000", "at": "2026-11-26T12:03:11+08:00"},
			{"kind": "purchase-void", "state": "approved", "channel": "card", "card": "622588******5678", "amount": 2600, "refunded": 0, "batch": 7, "trace": 213, "voids": 209, "auth_code": "003471", "rrn": "120140003471", "acquirer": "48020000", "at": "2026-11-26T12:01:40+08:00"},
			{"kind": "purchase", "state": "declined", "channel": "card", "card": "622588******0510", "amount": 880000, "refunded": 0, "batch": 7, "trace": 212, "rrn": "120102003465", "acquirer": "48020000", "at": "2026-11-26T12:01:02+08:00"}]}`,
		"GET /v1/merchants/123456789012345/account": `{"mid": "123456789012345", "plan": "standard", "cycle": "T+1", "posted": {"count": 3, "amount": 1250000, "fee": 6730, "net": 1243270}, "paid": 900000, "surcharges": 0, "owed": 343270, "days": ["2026-11-25", "2026-11-26"]}`,
		"GET /v1/merchants/123456789012345/statements/2026-11-26": `{"mid": "123456789012345", "name": ` + q + `, "plan": "standard", "day": "2026-11-26", "lines": [
			{"what": "sale", "card": "debit", "channel": "card", "count": 2, "amount": 1200000, "fee": 6500, "net": 1193500},
			{"what": "sale", "card": "credit", "channel": "contactless", "count": 1, "amount": 60000, "fee": 360, "net": 59640},
			{"what": "refund", "card": ` + q + `, "channel": "card", "count": 1, "amount": -10000, "fee": -130, "net": -9870}],
			"total": {"count": 4, "amount": 1250000, "fee": 6730, "net": 1243270}, "value_date": "2026-11-27", "cycle": "T+1", "payouts": [], "postings": [], "left_out": 0}`,
		"GET /v1/merchants/123456789012345/statements/2026-11-25": `{"mid": "123456789012345", "name": ` + q + `, "plan": "standard", "day": "2026-11-25", "lines": [
			{"what": "sale", "card": "debit", "channel": "card", "count": 1, "amount": 10000, "fee": 60, "net": 9940}],
			"total": {"count": 1, "amount": 10000, "fee": 61, "net": 9939}, "value_date": "2026-11-26", "cycle": "T+1", "payouts": ["P1"], "postings": [], "left_out": 0}`,
		"GET /v1/orders": `[{"number": "1000000126112612030000019", "tid": "10000001", "state": "paid", "state_zh": "支付成功", "lines": [{"dish": 1, "name": ` + q + `, "count": 2, "price": 1800}, {"dish": 7, "name": "红烧牛肉面", "count": 1, "price": 9250}], "total": 12850, "refunded": 0, "made": "2026-11-26T04:03:00Z", "changed": "2026-11-26T04:03:11Z", "expires": "2026-11-26T04:18:00Z"},
			{"number": "1000000126112611580000018", "tid": "10000001", "state": "cancelled", "state_zh": "已取消", "lines": [{"dish": 2, "count": 1, "price": 2600}], "total": 2600, "refunded": 0, "made": "2026-11-26T03:58:00Z", "changed": "2026-11-26T03:59:30Z", "expires": "2026-11-26T04:13:00Z"}]`,
		"GET /v1/audit":  `[{"at": "2026-11-26T03:40:00Z", "channel": "app", "customer": ` + q + `, "tid": "10000001", "operator": "01", "what": "asked", "done": false, "why": ` + q + `}]`,
		"GET /v1/events": `{"events": [{"when": "2026-11-26T11:20:00+08:00", "what": "suspended", "alert": true, "mid": "123456789012346", "english": ` + q + `, "chinese": ` + q + `}], "dropped": 0}`,
	}
}

// staged is the page over a host whose answers to some routes are these, 404 for none; orders come live
// when something is sent to the channel.
func staged(t *testing.T, answers map[string]string) (url string, orders chan<- string) {
	t.Helper()
	s, _ := api(t, nil)
	live := make(chan string)
	routes := http.NewServeMux()
	for pattern, text := range answers {
		routes.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if !s.allowed(r) {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			if text == "" {
				w.WriteHeader(http.StatusNotFound)
			}
			io.WriteString(w, text)
		})
	}
	routes.HandleFunc("GET /v1/order-events", func(w http.ResponseWriter, r *http.Request) {
		if !s.allowed(r) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, ": orders as they change\n\n")
		out := http.NewResponseController(w)
		_ = out.Flush()
		for {
			select {
			case <-r.Context().Done():
				return
			case o := <-live:
				fmt.Fprintf(w, "event: order\ndata: %s\n\n", o)
				_ = out.Flush()
			}
		}
	})
	routes.Handle("/", s)
	server := httptest.NewServer(routes)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.URL, live
}
