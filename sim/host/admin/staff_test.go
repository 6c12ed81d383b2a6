package admin

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestResetOverTheAPI(t *testing.T) {
	s, url := api(t, nil)
	tid := s.host.Profile().Terminals[0].TID
	do := func(want int, method, path, body string) map[string]string {
		t.Helper()
		r, err := http.NewRequest(method, url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		out := map[string]string{}
		json.NewDecoder(got.Body).Decode(&out)
		if got.StatusCode != want {
			t.Fatalf("%s %s: %d %q, want %d", method, path, got.StatusCode, out["error"], want)
		}
		return out
	}
	do(204, "POST", "/v1/staff/customers", `{"tid": "`+tid+`", "customer": "80010001", "phone": "139", "password": "app", "papers": {"id": "1", "licence": "2"}}`)
	do(404, "POST", "/v1/staff/customers", `{"tid": "99999999", "customer": "80010002"}`)
	do(422, "POST", "/v1/app/sessions", `{"customer": "80010001", "password": "app2"}`)
	session := do(200, "POST", "/v1/app/sessions", `{"customer": "80010001", "password": "app"}`)["session"]
	do(404, "GET", "/v1/phones/139", "")
	id := do(200, "POST", "/v1/resets", `{"channel": "app", "tid": "`+tid+`", "operator": "01", "session": "`+session+`"}`)["id"]
	sms := do(200, "GET", "/v1/phones/139", "")["message"]
	do(422, "POST", "/v1/resets/"+id+"/proof", `{"channel": "hotline", "code": "`+sms+`"}`)
	if code := do(200, "POST", "/v1/resets/"+id+"/proof", `{"channel": "app", "code": "`+sms+`"}`)["code"]; len(code) != 8 {
		t.Errorf("a code of %d digits", len(code))
	}
	do(422, "POST", "/v1/resets/no such/proof", `{"channel": "app", "code": "1"}`)
	do(422, "POST", "/v1/resets", `{"channel": "branch", "tid": "`+tid+`", "operator": "01", "papers": {"id": "1", "licence": "2"}, "staff": ["1", "2"]}`)
	do(204, "POST", "/v1/staff/members", `{"number": "1"}`)
	do(204, "POST", "/v1/staff/members", `{"number": "2"}`)
	do(200, "POST", "/v1/resets", `{"channel": "branch", "tid": "`+tid+`", "operator": "01", "papers": {"id": "1", "licence": "2"}, "staff": ["1", "2"]}`)
	for range 2 {
		do(200, "POST", "/v1/resets", `{"channel": "hotline", "tid": "`+tid+`", "operator": "01", "customer": "80010001"}`)
	}
	do(429, "POST", "/v1/resets", `{"channel": "hotline", "tid": "`+tid+`", "operator": "01", "customer": "80010001"}`)
	do(204, "POST", "/v1/staff/terminals/"+tid+"/age", `{"seconds": 86400}`)
	do(400, "POST", "/v1/staff/terminals/"+tid+"/age", `{"seconds": -1}`)
	do(422, "POST", "/v1/losses", `{"customer": "80010002", "tid": "`+tid+`"}`)
	do(204, "POST", "/v1/losses", `{"customer": "80010001", "tid": "`+tid+`"}`)
	do(422, "POST", "/v1/resets", `{"channel": "hotline", "tid": "`+tid+`", "operator": "01", "customer": "80010001"}`)
	do(204, "POST", "/v1/staff/terminals/"+tid+"/clear", "")
	do(204, "POST", "/v1/staff/terminals/"+tid+"/sign-in", "")
	do(404, "POST", "/v1/staff/terminals/99999999/sign-in", "")
	if n := len(s.host.Staff().Audit(tid)); n < 8 {
		t.Errorf("%d lines in the log", n)
	}
}
