package admin

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/profile"
)

const token = "0123456789abcdef"

// api is the API of a new bundled host with some routes of the test's own.
func api(t *testing.T, more map[string]answers) (s *Server, url string) {
	t.Helper()
	p, err := profile.Bundled("cup", 4)
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.New(p)
	if err != nil {
		t.Fatal(err)
	}
	s = New(h, token)
	for pattern, answer := range more {
		s.routes.HandleFunc(pattern, s.json(answer))
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

// ask sends a request and gives status and error.
func ask(t *testing.T, method, url, body string, change func(*http.Request)) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	if change != nil {
		change(r)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	var why struct{ Error string }
	json.Unmarshal(text, &why)
	return got.StatusCode, why.Error
}

func TestNobodyWithoutTheTokenIsAnswered(t *testing.T) {
	_, url := api(t, nil)
	for name, change := range map[string]func(*http.Request){
		"no header":      func(r *http.Request) { r.Header.Del("Authorization") },
		"no scheme":      func(r *http.Request) { r.Header.Set("Authorization", token) },
		"another scheme": func(r *http.Request) { r.Header.Set("Authorization", "Basic "+token) },
		"part of it":     func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token[:15]) },
		"more than it":   func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token+"0") },
		"none":           func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") },
	} {
		if status, why := ask(t, "GET", url+"/v1/host", "", change); status != http.StatusUnauthorized || strings.Contains(why, token) {
			t.Errorf("%s: %d %q, want 401", name, status, why)
		}
	}
	if status, _ := ask(t, "GET", url+"/v1/host", "", nil); status != http.StatusOK {
		t.Errorf("with the token: %d", status)
	}
}

// A page elsewhere whose name is made to lead here is not served: it could read
// what the person at this machine may.
func TestARequestToAnotherNameIsTurnedAway(t *testing.T) {
	s, url := api(t, nil)
	for name, want := range map[string]int{
		"evil.example": 421, "evil.example:8584": 421, "10.0.0.1": 421, "": 421,
		"localhost:8584": 200, "127.0.0.1": 200, "127.9.9.9:1": 200, "[::1]:8584": 200,
	} {
		r := httptest.NewRequest("GET", url+"/v1/host", nil)
		r.Host = name
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != want {
			t.Errorf("Host %q: %d, want %d", name, w.Code, want)
		}
		if got := w.Header().Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") || w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("Host %q: policy %q", name, got)
		}
	}
}

func TestBodiesAreReadStrictly(t *testing.T) {
	var got struct{ Name string }
	_, url := api(t, map[string]answers{"POST /v1/test": func(r *http.Request) (any, error) {
		got.Name = ""
		return nil, read(r, &got)
	}})
	for body, want := range map[string]int{
		`{"name": "shop"}`:             204,
		`{"name": "shop", "other": 1}`: 400,
		`{"name": "shop"} {}`:          400,
		`{"name": 1}`:                  400,
		`{"name": "sho`:                400,
		``:                             400,
		`[]`:                           400,
		`{"name": "` + strings.Repeat("x", maxBody) + `"}`: 413,
	} {
		if status, why := ask(t, "POST", url+"/v1/test", body, nil); status != want {
			t.Errorf("%.40s: %d %q, want %d", body, status, why, want)
		}
	}
	if status, _ := ask(t, "POST", url+"/v1/test", `{"name": "shop"}`, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }); status != 415 {
		t.Errorf("text/plain, which a page elsewhere may send: %d, want 415", status)
	}
	if status, _ := ask(t, "GET", url+"/v1/nothing", "", nil); status != 404 {
		t.Errorf("a path that is not there: %d", status)
	}
}

// What the file says that can be asked, can, and the other way round.
func TestOpenAPIHasEachRoute(t *testing.T) {
	s, _ := api(t, nil)
	var routes, told []string
	for pattern := range s.table() {
		routes = append(routes, pattern)
	}
	path := ""
	for line := range strings.Lines(string(openAPI)) {
		if m := regexp.MustCompile(`^  (/\S*):\s*$`).FindStringSubmatch(line); m != nil {
			path = m[1]
		}
		if m := regexp.MustCompile(`^    (get|post|put|patch|delete):\s*$`).FindStringSubmatch(line); m != nil {
			told = append(told, fmt.Sprintf("%s %s", strings.ToUpper(m[1]), path))
		}
	}
	slices.Sort(routes)
	slices.Sort(told)
	if !slices.Equal(routes, told) {
		t.Errorf("served:\n%s\nin openapi.yaml:\n%s", strings.Join(routes, "\n"), strings.Join(told, "\n"))
	}
}
