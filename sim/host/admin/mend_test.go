package admin

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// What cannot be read is told with the form that is wanted, in words of the API.
func TestWhatIsWrongComesWithItsMend(t *testing.T) {
	_, url := api(t, nil)
	for _, c := range []struct {
		at, body string
		want     []string
	}{
		{"/v1/clock", `{"mid": "1", "now": "2027-03-01"}`, []string{`"2027-03-01" is no moment`, `"2026-11-26T09:00:00+08:00"`}},
		{"/v1/clock", `{"mid": "1", "now": 5}`, []string{"5 is no moment", `"2026-11-26T09:00:00+08:00"`}},
		{"/v1/clock", `{"mid": "1", "now": null}`, []string{`"2026-11-26T09:00:00+08:00"`}},
		{"/v1/clock", `{"mid": "1"}`, []string{"now: ", "2026-11-26T09:00:00+08:00"}},
		{"/v1/clock", ``, []string{"it is empty", "mid, application, now"}},
		{"/v1/clock", `{"mid": "1", "n`, []string{"ends in the middle", "mid, application, now"}},
		{"/v1/clock", `{"then": 1}`, []string{`no field "then"`, "mid, application, now"}},
		{"/v1/applications", `{"nmae": 1}`, []string{`no field "nmae"`, "kind, name", "person.id", "account.bank"}},
		{"/v1/inspection", `{"day": "tomorrow"}`, []string{"day: ", `"tomorrow"`, "2026-11-26"}},
		{"/v1/payouts", `{"as_of": 5}`, []string{"as_of is number, want a string"}},
		{"/v1/resets", `{"channel": "pigeon", "operator": "01"}`, []string{`"pigeon"`, "app, hotline or branch"}},
		{"/v1/resets/1/proof", `{"channel": "pigeon"}`, []string{`"pigeon"`, "app, hotline or branch"}},
		{"/v1/applications", `{"kind": "big"}`, []string{"kind: want company, individual or micro", "kind格式不符（应为company（企业）、"}},
	} {
		status, why := ask(t, "POST", url+c.at, c.body, nil)
		if status != http.StatusBadRequest || strings.Contains(why, "2006") || strings.Contains(why, "UnmarshalJSON") || strings.Contains(why, "EOF") {
			t.Errorf("%s %s: %d %s", c.at, c.body, status, why)
		}
		for _, want := range c.want {
			if !strings.Contains(why, want) {
				t.Errorf("%s %s: %q, want %q in it", c.at, c.body, why, want)
			}
		}
	}
}

// Nothing is done as of a day that no clock could be put to; weeks and years ahead are.
func TestNothingIsDoneFarAhead(t *testing.T) {
	s, url := api(t, nil)
	mid, far := mid0(s), time.Now().AddDate(11, 0, 0).Format(time.RFC3339)
	for at, bodies := range map[string][]string{
		"/v1/inspection": {`{"day": "9999-12-31"}`, `{"day": "` + far + `"}`, `{"day": "9999-12-31", "mid": "` + mid + `"}`},
		"/v1/payouts":    {`{"as_of": "9999-12-31"}`, `{"as_of": "` + far + `"}`, `{"as_of": "9999-12-31", "mid": "` + mid + `"}`},
		"/v1/clock":      {`{"mid": "` + mid + `", "now": "9999-12-31T00:00:00Z"}`, `{"mid": "` + mid + `", "now": "` + far + `"}`},
	} {
		for _, body := range bodies {
			if status, why := ask(t, "POST", url+at, body, nil); status != http.StatusBadRequest || !strings.Contains(why, "at most 10 years ahead of the host's clock; want 20") {
				t.Errorf("%s %s: %d %s", at, body, status, why)
			}
		}
	}
	for _, terminal := range s.host.Merchants().Terminals("") {
		if terminal.State != "active" {
			t.Errorf("terminal %s is %s", terminal.TID, terminal.State)
		}
	}
	for _, years := range []int{0, 1, 9} {
		day := time.Now().AddDate(years, 0, 21).Format(time.DateOnly)
		for at, body := range map[string]string{"/v1/inspection": `{"day": "` + day + `"}`, "/v1/payouts": `{"as_of": "` + day + `"}`} {
			if status, why := ask(t, "POST", url+at, body, nil); status != http.StatusOK {
				t.Errorf("%s %s: %d %s", at, body, status, why)
			}
		}
	}
}

// API8:2023. A page elsewhere changes nothing, even with the token; the host's own page and
// programs, which name no origin, do.
func TestAPageElsewhereChangesNothing(t *testing.T) {
	_, url := api(t, nil)
	for _, c := range []struct {
		method, origin, site string
		want                 int
	}{
		{"PATCH", "", "", 200},
		{"PATCH", url, "", 200},
		{"PATCH", url, "same-origin", 200},
		{"PATCH", "https://evil.example", "", 403},
		{"PATCH", "https://evil.example", "cross-site", 403},
		{"PATCH", "http://127.0.0.1:1", "same-site", 403},
		{"PATCH", "http://127.0.0.1:1", "", 403},
		{"PATCH", "null", "", 403},
		{"GET", "https://evil.example", "cross-site", 200}, // which it cannot read
	} {
		path, body := "/v1/dishes/201", `{"price": 700}`
		if c.method == "GET" {
			path, body = "/v1/menu", ""
		}
		status, why := ask(t, c.method, url+path, body, func(r *http.Request) {
			for name, value := range map[string]string{"Origin": c.origin, "Sec-Fetch-Site": c.site} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
		})
		if status != c.want || status == 403 && !strings.Contains(why, "another origin") {
			t.Errorf("%s from %q (%s): %d %q, want %d", c.method, c.origin, c.site, status, why, c.want)
		}
	}
}
