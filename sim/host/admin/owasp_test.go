package admin

import (
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// realRoutes gives each route with something in the place of its variables.
func realRoutes(s *Server) (all []string) {
	for pattern := range s.table() {
		all = append(all, regexp.MustCompile(`\{\w+\}`).ReplaceAllString(pattern, "1"))
	}
	return all
}

// API1:2023, broken object level authorisation. What stands for a customer, a session of
// the app, reaches the terminals of that customer alone.
func TestASessionReachesOnlyItsOwnTerminals(t *testing.T) {
	s, url := api(t, nil)
	var sessions [2]string
	for i := range sessions {
		tid, number := s.host.Profile().Terminals[i].TID, fmt.Sprintf("8001000%d", i)
		body := fmt.Sprintf(`{"tid": %q, "customer": %q, "phone": "13%d", "password": "app%d", "papers": {"id": "1%d", "licence": "2"}}`, tid, number, i, i, i)
		if status, why := ask(t, "POST", url+"/v1/staff/customers", body, nil); status != 204 {
			t.Fatal(status, why)
		}
		session, err := s.host.Staff().Login(number, fmt.Sprintf("app%d", i))
		if err != nil {
			t.Fatal(err)
		}
		sessions[i] = session
	}
	for by, session := range sessions {
		for of := range sessions {
			body := fmt.Sprintf(`{"channel": "app", "tid": %q, "operator": "01", "session": %q}`, s.host.Profile().Terminals[of].TID, session)
			if status, why := ask(t, "POST", url+"/v1/resets", body, nil); (status == 200) != (by == of) {
				t.Errorf("customer %d asks for a reset at the terminal of customer %d: %d %s", by, of, status, why)
			}
		}
	}
	own, other := s.host.Profile().Terminals[0].TID, s.host.Profile().Terminals[1].TID
	for tid, want := range map[string]int{other: 422, own: 204} {
		if status, why := ask(t, "POST", url+"/v1/losses", fmt.Sprintf(`{"customer": "80010000", "tid": %q}`, tid), nil); status != want {
			t.Errorf("customer 80010000 reports the loss of terminal %s: %d %s, want %d", tid, status, why, want)
		}
	}
}

// API2 and API5:2023, broken authentication, of functions too. No route, whatever it is
// for, does anything without the token, or by one in the URL, a cookie or a form.
func TestNoRouteIsOpen(t *testing.T) {
	s, url := api(t, nil)
	routes := realRoutes(s)
	if len(routes) < 40 {
		t.Fatalf("%d routes", len(routes))
	}
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		for how, change := range map[string]func(*http.Request){
			"nothing":  func(r *http.Request) { r.Header.Del("Authorization") },
			"a cookie": func(r *http.Request) { r.Header.Del("Authorization"); r.Header.Set("Cookie", "token="+token) },
			"its URL": func(r *http.Request) {
				r.Header.Del("Authorization")
				r.URL.RawQuery = "token=" + token + "&access_token=" + token
			},
		} {
			if status, _ := ask(t, method, url+path, `{}`, change); status != http.StatusUnauthorized {
				t.Errorf("%s with %s for a token: %d", route, how, status)
			}
		}
	}
}

// API3:2023, broken object property level authorisation. No body sets what it is not asked
// for: each route that reads one refuses a member that it does not know.
func TestNoBodySetsMoreThanIsAsked(t *testing.T) {
	s, url := api(t, nil)
	for _, route := range realRoutes(s) {
		method, path, _ := strings.Cut(route, " ")
		if method == "GET" || method == "DELETE" {
			continue
		}
		status, why := ask(t, method, url+path, `{"role": "administrator", "balance": 1}`, nil)
		if status/100 == 2 && !takesNoBody[route] || status == http.StatusInternalServerError {
			t.Errorf("%s with members that it does not have: %d %s", route, status, why)
		}
	}
}

// takesNoBody are routes that read none.
var takesNoBody = map[string]bool{"POST /v1/payouts": true}

// API4:2023, unrestricted resource consumption: bodies (TestBodiesAreReadStrictly), heads,
// time, connections and streams have bounds.
func TestWhoAsksForTooMuchIsBounded(t *testing.T) {
	s, _ := api(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := s.Serve(l)
	defer server.Close()
	for what, d := range map[string]time.Duration{"head": server.ReadHeaderTimeout, "request": server.ReadTimeout, "idle connection": server.IdleTimeout} {
		if d <= 0 || d > time.Minute {
			t.Errorf("a %s may take %v", what, d)
		}
	}
	url := "http://" + l.Addr().String()
	long, err := http.NewRequest("GET", url+"/v1/host", nil)
	if err != nil {
		t.Fatal(err)
	}
	long.Header.Set("Authorization", "Bearer "+token)
	long.Header.Set("X-Long", strings.Repeat("x", 24<<10))
	if got, err := http.DefaultClient.Do(long); err == nil { // else it was cut off while it was sent
		got.Body.Close()
		if got.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("a head of 24 KiB: %d", got.StatusCode)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	silent, began := make([]net.Conn, mostConnections), time.Now()
	for i := range silent {
		if silent[i], err = net.Dial("tcp", l.Addr().String()); err != nil {
			t.Fatal(err)
		}
		defer silent[i].Close()
	}
	quick := http.Client{Timeout: 300 * time.Millisecond, Transport: &http.Transport{DisableKeepAlives: true}}
	if got, err := quick.Get(url + "/"); err == nil && time.Since(began) < server.ReadHeaderTimeout { // then the first are cut off
		got.Body.Close()
		t.Errorf("connection %d is served beside %d silent ones", mostConnections+1, mostConnections)
	}
	for _, c := range silent {
		c.Close()
	}
	if status, why := ask(t, "GET", url+"/v1/host", "", nil); status != 200 {
		t.Errorf("after they have gone: %d %s", status, why)
	}
}

// API7:2023, server side request forgery: nothing that the host is told leads it anywhere,
// since no package of it asks anybody.
func TestTheHostAsksNobody(t *testing.T) {
	asks := regexp.MustCompile(`\b(http\.(Get|Head|Post|PostForm|Client|DefaultClient|NewRequest\w*|Transport)|(net|tls)\.Dial\w*|exec\.Command\w*)\b`)
	read := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if m := asks.Find(text); m != nil {
			t.Errorf("%s: %s", path, m)
		}
		read++
		return err
	})
	if err != nil || read < 30 {
		t.Errorf("%d files read: %v", read, err)
	}
}

// API8:2023, security misconfiguration: every answer, of an error too, has the policy of the
// page and allows no other origin; nothing of the runtime is served, methods that no route
// has are not answered, and no error tells of the inside.
func TestEveryAnswerIsClosed(t *testing.T) {
	s, url := api(t, map[string]answers{"POST /v1/fails": func(*http.Request) (any, error) { return map[string]any{"f": func() {}}, nil }})
	for _, route := range append(realRoutes(s), "GET /", "GET /page.js", "GET /openapi.yaml", "GET /debug/pprof/", "GET /debug/vars", "GET /metrics", "GET /.git/config",
		"TRACE /v1/host", "CONNECT /v1/host", "OPTIONS /v1/host", "POST /v1/fails") {
		method, path, _ := strings.Cut(route, " ")
		if path == "/v1/order-events" {
			continue // a stream, which does not end
		}
		r, err := http.NewRequest(method, url+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Content-Type", "application/json")
		if method != "OPTIONS" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		got, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Errorf("%s: %v", route, err)
			continue
		}
		text := make([]byte, 64<<10)
		n, _ := got.Body.Read(text)
		got.Body.Close()
		h := got.Header
		if !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", route, h)
		}
		for name := range h {
			if strings.HasPrefix(name, "Access-Control-") || name == "Server" || name == "X-Powered-By" || name == "Set-Cookie" {
				t.Errorf("%s: header %s", route, name)
			}
		}
		if strings.HasPrefix(path, "/debug") || strings.HasPrefix(path, "/.git") || path == "/metrics" {
			if got.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %d", route, got.StatusCode)
			}
		}
		if said := string(text[:n]); strings.Contains(said, "goroutine ") || strings.Contains(said, ".go:") || strings.Contains(said, "*errors.") {
			t.Errorf("%s tells of the inside: %s", route, said)
		}
	}
}
