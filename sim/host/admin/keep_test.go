package admin

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/signature"
)

// keptAPI is the API of a host with data.
func keptAPI(t *testing.T, folder string) (s *Server, url string) {
	t.Helper()
	p, err := profile.Bundled("cup", 4)
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.New(p, host.WithData(folder))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.CloseData() })
	s = New(h, token)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

// said is what the API answers, as it is.
func said(t *testing.T, method, url, body string) (status int, text []byte) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err = io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, text
}

// everything is what all routes say that are asked with GET, of terminals, merchants and an
// application; but for what goes with the process.
func everything(t *testing.T, s *Server, url, mid, application string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for pattern := range s.table() {
		path, is := strings.CutPrefix(pattern, "GET ")
		if !is || slices.Contains([]string{"/v1/host", "/v1/backup", "/v1/order-events", "/v1/clock", "/v1/activity", "/v1/faults"}, path) {
			continue
		}
		for _, number := range []string{application, "201"} {
			path := strings.NewReplacer("{tid}", "10000001", "{mid}", mid, "{number}", number, "{operator}", "01", "{day}", "today", "{phone}", "0").Replace(path)
			_, text := said(t, "GET", url+path, "")
			all[path] = string(text)
		}
	}
	return all
}

// What people have done is there after a kill: whatever the API says, it says again.
func TestWhatPeopleDidIsKept(t *testing.T) {
	folder := t.TempDir()
	s, url := keptAPI(t, folder)
	do := func(want int, method, path, body string) (in map[string]any) {
		t.Helper()
		status, text := said(t, method, url+path, body)
		if status != want {
			t.Fatalf("%s %s: %d %s, want %d", method, path, status, text, want)
		}
		json.Unmarshal(text, &in)
		return in
	}
	form, err := os.ReadFile("testdata/application.json")
	if err != nil {
		t.Fatal(err)
	}
	application := do(200, "POST", "/v1/applications", string(form))["number"].(string)
	do(200, "POST", "/v1/applications/"+application+"/review", `{}`)
	mid := do(200, "POST", "/v1/applications/"+application+"/sign", "")["mid"].(string)
	machine := do(200, "POST", "/v1/merchants/"+mid+"/terminals", `{}`)["tid"].(string)
	do(200, "POST", "/v1/merchants/"+mid+"/terminals", `{}`)
	do(204, "POST", "/v1/terminals/"+machine+"/unbind", "")
	do(204, "POST", "/v1/merchants/"+mid+"/suspend", `{"why": "test"}`)
	do(204, "PUT", "/v1/blacklist/91310101MA12345678", "")
	do(200, "POST", "/v1/clock", `{"mid": "`+mid+`", "now": "`+time.Now().Add(48*time.Hour).Format(time.RFC3339)+`"}`)
	do(200, "POST", "/v1/inspection", `{}`)
	do(204, "POST", "/v1/staff/customers", `{"tid": "10000001", "customer": "c1", "phone": "139", "password": "pass-7531", "papers": {"id": "1", "licence": "2"}}`)
	do(204, "POST", "/v1/staff/members", `{"number": "1"}`)
	do(204, "POST", "/v1/staff/members", `{"number": "2"}`)
	session := do(200, "POST", "/v1/app/sessions", `{"customer": "c1", "password": "pass-7531"}`)["session"].(string)
	do(204, "POST", "/v1/losses", `{"customer": "c1", "tid": "10000001"}`)
	do(200, "POST", "/v1/resets", `{"channel": "branch", "tid": "10000001", "operator": "02", "papers": {"id": "1", "licence": "2"}, "staff": ["1", "2"]}`)
	do(200, "PATCH", "/v1/dishes/201", `{"price": 777}`)
	do(204, "POST", "/v1/terminals/10000002/require", `{"what": "sign-in"}`)
	do(204, "DELETE", "/v1/terminals/10000003/ca-keys", "")
	do(204, "PUT", "/v1/terminals/10000003/parameters", `{"code": "20", "value": "0"}`)
	do(200, "POST", "/v1/payouts", `{}`)
	do(200, "PUT", "/v1/merchants/"+mid0(s)+"/operators/01/signature", signaturesOf(t, 1, 5))
	want := everything(t, s, url, mid, application)

	left, err := os.ReadFile(filepath.Join(folder, host.DataFile)) // as a kill leaves it
	if err != nil {
		t.Fatal(err)
	}
	status, copied := said(t, "GET", url+"/v1/backup", "")
	if status != 200 {
		t.Fatalf("no backup: %d %s", status, copied)
	}
	for what, file := range map[string][]byte{"after a kill": left, "from a backup": copied} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, host.DataFile), file, 0o600); err != nil {
			t.Fatal(err)
		}
		again, at := keptAPI(t, folder)
		got := everything(t, again, at, mid, application)
		for path, text := range want {
			if got[path] != text {
				t.Errorf("%s, %s says\n%s\nwant\n%s", what, path, got[path], text)
			}
		}
		if len(got) != len(want) || len(want) < 20 {
			t.Errorf("%d routes are asked, %d before", len(got), len(want))
		}
		url = at
		do(200, "POST", "/v1/resets", `{"channel": "branch", "tid": "10000001", "operator": "02", "papers": {"id": "1", "licence": "2"}, "staff": ["1", "2"]}`)
		do(422, "POST", "/v1/resets", `{"channel": "app", "tid": "10000001", "operator": "02", "session": "`+session+`"}`) // it is lost
		do(409, "POST", "/v1/applications/"+application+"/sign", "")
		next := do(200, "POST", "/v1/applications", string(form))["number"].(string)
		if next == application {
			t.Errorf("application number %s is given twice", next)
		}
		var refused struct{ Reasons []struct{ ID string } }
		_, text := said(t, "POST", at+"/v1/applications/"+next+"/review", `{}`)
		if json.Unmarshal(text, &refused); len(refused.Reasons) != 2 || refused.Reasons[0].ID != "blacklisted" || refused.Reasons[1].ID != "duplicate" {
			t.Errorf("a merchant on the risk list who applies again is refused because %+v", refused.Reasons)
		}
		if told := object(t, "POST", at+"/v1/merchants/"+mid0(s)+"/operators/01/signature/checks", one(t, signature.Generate(1, signature.Genuine, 9))); told["accepted"] != true {
			t.Errorf("a signature of who is on file: %v", told)
		}
	}
	for _, secret := range []string{"pass-7531", session} {
		if bytes.Contains(copied, []byte(secret)) {
			t.Error("the file has a password or session in clear")
		}
	}
	if sms := regexp.MustCompile(`"139":"`); sms.Match(copied) {
		t.Error("the file has messages to phones")
	}
}

func mid0(s *Server) string { return s.host.Profile().Merchants[0].MID }

func TestThereIsNoBackupOfAHostThatForgets(t *testing.T) {
	_, url := api(t, nil)
	if status, why := ask(t, "GET", url+"/v1/backup", "", nil); status != http.StatusConflict || !strings.Contains(why, "--data") {
		t.Errorf("%d %q, want 409 and the mend", status, why)
	}
}
