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
	"time"

	"go.yaml.in/yaml/v3"

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
	var h struct {
		Currency string
		Decimals int
	}
	if got(t, url+"/v1/host", &h); h.Currency != "156" || h.Decimals != 2 {
		t.Errorf("amounts are of currency %q with %d decimals", h.Currency, h.Decimals)
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
	for body, want := range map[string]string{
		`{"price": -5}`: "price is number -5, want a whole number from 0", `{"dishes": 1}`: "dishes is number, want a list", `{"price": "1"}`: "price is string",
		`[]`: "it is array, want an object", `{"on": 0}`: "want true or false",
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		err := read(r, &struct {
			Price  *uint32  `json:"price"`
			Dishes []string `json:"dishes"`
			On     bool     `json:"on"`
		}{})
		if err == nil {
			t.Errorf("%s is taken", body)
		} else if why := err.Error(); !strings.Contains(why, want) || strings.Contains(why, "Go ") || strings.Contains(why, "uint32") {
			t.Errorf("%s: %q, want %q in it", body, why, want)
		}
	}
}

// Every error has the form of the others, also where no route is.
func TestWhatIsNotThereIsToldAsJSON(t *testing.T) {
	_, url := api(t, nil)
	for at, want := range map[string]int{
		"GET /v1/nothing": 404, "POST /v1/host": 405, "OPTIONS /v1/host": 405, "GET /v1//host": 404, "GET /v1/../v1/host": 404, "GET /../../etc/passwd": 404,
		"GET /v1/host/": 404, "GET /.": 404, "POST /": 405, "GET /go.mod": 404, "GET /v1/host": 200,
	} {
		method, path, _ := strings.Cut(at, " ")
		r, err := http.NewRequest(method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.Path = path
		r.Header.Set("Authorization", "bearer "+token) // schemes are read in any case
		got, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		var why struct{ Error string }
		err = json.NewDecoder(got.Body).Decode(&why)
		got.Body.Close()
		if got.StatusCode != want || err != nil || want != 200 && why.Error == "" {
			t.Errorf("%s: %d, %v, %q, want %d and an error in JSON", at, got.StatusCode, err, why.Error, want)
		}
		if allow := got.Header.Get("Allow"); want == 405 && allow == "" {
			t.Errorf("%s: nothing says with what it is asked", at)
		}
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

// Whoever makes a client of the file reads it as strictly: no key stands twice, each
// reference leads somewhere, and a comma in a description does not end it.
func TestOpenAPICanBeRead(t *testing.T) {
	var whole map[string]any
	if err := yaml.Unmarshal(openAPI, &whole); err != nil {
		t.Fatal(err)
	}
	known := map[string][]string{ // keys of OpenAPI 3.1 that we use, by where they stand
		"": {"openapi", "info", "servers", "security", "paths", "components"}, "components": {"schemas", "securitySchemes", "responses"},
		"operation": {"summary", "parameters", "requestBody", "responses"}, "response": {"description", "content", "$ref"},
		"parameter": {"name", "in", "required", "schema", "description"}, "body": {"required", "content"},
		"schema": {"type", "required", "properties", "items", "enum", "description", "format", "pattern", "minimum", "maximum", "minItems", "maxItems", "maxLength", "default", "$ref"},
	}
	var walk func(at, what string, v any)
	each := func(at, what string, v any) {
		m, _ := v.(map[string]any)
		for k, v := range m {
			walk(at+"/"+k, what, v)
		}
	}
	walk = func(at, what string, v any) {
		m, is := v.(map[string]any)
		if !is {
			t.Errorf("%s is no mapping", at)
			return
		}
		for k, v := range m {
			if what != "path" && !slices.Contains(known[what], k) {
				t.Errorf("%s: no key of a %s is %q", at, what, k)
			}
			switch k {
			case "$ref":
				to := any(whole)
				for part := range strings.SplitSeq(strings.TrimPrefix(v.(string), "#/"), "/") {
					m, _ := to.(map[string]any)
					to = m[part]
				}
				if to == nil {
					t.Errorf("%s: nothing is at %s", at, v)
				}
			case "paths":
				each(at+"/"+k, "path", v)
			case "components":
				walk(at+"/"+k, "components", v)
			case "get", "put", "post", "patch", "delete":
				walk(at+"/"+k, "operation", v)
			case "responses":
				if m, _ := v.(map[string]any); what == "operation" && m["default"] == nil {
					t.Errorf("%s says nothing of errors: any request may be answered 400, 401, 413, 415, 421", at)
				}
				each(at+"/"+k, "response", v)
			case "parameters":
				for i, v := range v.([]any) {
					walk(fmt.Sprint(at, "/", k, "/", i), "parameter", v)
				}
			case "requestBody":
				walk(at+"/"+k, "body", v)
			case "content":
				for kind, v := range v.(map[string]any) {
					walk(at+"/"+kind, "schema", v.(map[string]any)["schema"])
				}
			case "schema", "items":
				walk(at+"/"+k, "schema", v)
			case "properties", "schemas":
				each(at+"/"+k, "schema", v)
			}
		}
	}
	walk("", "", whole)
}

func TestFaultsAreSwitched(t *testing.T) {
	_, url := api(t, nil)
	on := func() (names []string) {
		var all []fault
		got(t, url+"/v1/faults", &all)
		if len(all) != len(host.Misbehaviours()) {
			t.Fatalf("%d faults", len(all))
		}
		for _, f := range all {
			if f.On {
				names = append(names, f.Name)
			}
		}
		return names
	}
	for _, c := range []struct {
		body string
		want int
		on   []string
	}{
		{`{"name": "wrong-mac", "on": true}`, 200, []string{"wrong-mac"}},
		{`{"name": "fee-off-by-one", "on": true}`, 200, []string{"wrong-mac", "fee-off-by-one"}},
		{`{"name": "wrong-mac", "on": true}`, 200, []string{"wrong-mac", "fee-off-by-one"}},
		{`{"name": "rude", "on": true}`, 404, []string{"wrong-mac", "fee-off-by-one"}},
		{`{"name": "wrong-mac"}`, 400, []string{"wrong-mac", "fee-off-by-one"}},
		{`{"name": "late", "on": true}`, 409, []string{"wrong-mac", "fee-off-by-one"}}, // it serves from an event loop
		{`{"name": "wrong-mac", "on": false}`, 200, []string{"fee-off-by-one"}},
	} {
		if status, why := ask(t, "POST", url+"/v1/faults", c.body, nil); status != c.want || !slices.Equal(on(), c.on) {
			t.Errorf("%s: %d %q, want %d; on are %v, want %v", c.body, status, why, c.want, on(), c.on)
		}
	}
	if status, _ := ask(t, "POST", url+"/v1/faults", `{"name": "wrong-mac", "on": true}`, func(r *http.Request) { r.Header.Del("Authorization") }); status != 401 {
		t.Errorf("without the token: %d", status)
	}
}

func TestClocksArePutOnForOneMerchant(t *testing.T) {
	s, url := api(t, nil)
	mid := s.host.Profile().Merchants[0].MID
	now := func(query string) time.Time {
		var c clock
		got(t, url+"/v1/clock"+query, &c)
		return c.Now
	}
	began := now("")
	for body, want := range map[string]int{
		`{"mid": "` + mid + `", "now": "` + began.AddDate(0, 0, 40).Format(time.RFC3339) + `"}`: 200,
		`{"mid": "` + mid + `"}`:                                      400,
		`{"mid": "` + mid + `", "now": "tomorrow"}`:                   400,
		`{"mid": "` + mid + `", "now": "2001-01-01T00:00:00+08:00"}`:  409,
		`{"mid": "999", "now": "2030-01-01T00:00:00+08:00"}`:          404,
		`{"application": "A1", "now": "2030-01-01T00:00:00+08:00"}`:   404,
		`{"mid": "` + mid + `", "now": "2099-01-01T00:00:00+08:00"}`:  400,
		`{"now": "2030-01-01T00:00:00+08:00"}`:                        400,
		`{"mid": "` + mid + `", "now": "2030-01-01T00:00:00+08:00Z"}`: 400,
	} {
		if status, why := ask(t, "POST", url+"/v1/clock", body, nil); status != want {
			t.Errorf("%s: %d %s, want %d", body, status, why, want)
		}
	}
	if got := now("?mid=" + mid).Sub(began); got < 40*24*time.Hour-time.Minute || got > 41*24*time.Hour {
		t.Errorf("its clock is %v ahead", got)
	}
	if got := now("").Sub(began); got > time.Hour {
		t.Errorf("the host's clock is %v ahead", got)
	}
	if status, _ := ask(t, "GET", url+"/v1/clock?mid=1", "", nil); status != 404 {
		t.Errorf("clock of no merchant: %d", status)
	}
}
