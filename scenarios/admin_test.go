package scenarios

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/profile"
)

// What a host's API answers is not trusted: it may be long, another form, or send elsewhere
// to have the token (API10:2023 of OWASP, unsafe consumption of APIs).
func TestAHostsAPIIsNotTrusted(t *testing.T) {
	const token = "kept-0123456789abcdef"
	elsewhere := 0
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer thief.Close()
	for name, answer := range map[string]http.HandlerFunc{
		"sends elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
		},
		"is endless": func(w http.ResponseWriter, _ *http.Request) {
			w.Write([]byte(`{"a": "` + strings.Repeat("x", mostAnswer) + `"}`))
		},
		"is no JSON":       func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) },
		"is an error page": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<script>"+token, http.StatusBadGateway) },
	} {
		host := httptest.NewServer(answer)
		a := &Admin{URL: host.URL, Token: profile.Secret(token)}
		var out map[string]any
		err := a.Do("GET", "/v1/host", nil, &out)
		if err == nil || strings.Contains(err.Error(), token) {
			t.Errorf("an answer that %s: %v", name, err)
		}
		host.Close()
	}
	if elsewhere > 0 {
		t.Errorf("%d requests went where an answer sent them", elsewhere)
	}
}
