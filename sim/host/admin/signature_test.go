package admin

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/signature"
)

// signaturesOf is a body with some of a writer's signatures.
func signaturesOf(t *testing.T, writer, n uint64) string {
	t.Helper()
	all := []signature.Signature{}
	for i := range n {
		all = append(all, signature.Generate(writer, signature.Genuine, i))
	}
	text, err := json.Marshal(map[string]any{"signatures": all})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func one(t *testing.T, s signature.Signature) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"signature": s})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSignaturesAreEnrolled(t *testing.T) {
	s, url := api(t, nil)
	mid := s.host.Profile().Merchants[0].MID
	at := url + "/v1/merchants/" + mid + "/operators/01/signature"
	for _, c := range []struct {
		what, method, url, body string
		status                  int
	}{
		{"nothing on file", "GET", at, "", 404},
		{"nothing to compare with", "POST", at + "/checks", one(t, signature.Generate(1, signature.Genuine, 9)), 404},
		{"four", "PUT", at, signaturesOf(t, 1, 4), 422},
		{"six", "PUT", at, signaturesOf(t, 1, 6), 422},
		{"the supervisor", "PUT", strings.Replace(at, "/01/", "/00/", 1), signaturesOf(t, 1, 5), 422},
		{"operator x1", "PUT", strings.Replace(at, "/01/", "/x1/", 1), signaturesOf(t, 1, 5), 422},
		{"another merchant", "PUT", strings.Replace(at, mid, "000000000000000", 1), signaturesOf(t, 1, 5), 404},
		{"no strokes", "PUT", at, `{"signatures": [[], [], [], [], []]}`, 400},
		{"words", "PUT", at, `{"signatures": "five"}`, 400},
		{"another member", "PUT", at, `{"signature": []}`, 400},
		{"still nothing on file", "GET", at, "", 404},
		{"five", "PUT", at, signaturesOf(t, 1, 5), 200},
		{"five others", "PUT", at, signaturesOf(t, 2, 5), 200},
		{"on file", "GET", at, "", 200},
		{"a point too few", "POST", at + "/checks", `{"signature": [[[1,2,3]]]}`, 400},
		{"the terminal has sent none", "GET", url + "/v1/terminals/10000001/signatures", "", 200},
		{"no terminal", "GET", url + "/v1/terminals/99999999/signatures", "", 404},
	} {
		if status, why := ask(t, c.method, c.url, c.body, nil); status != c.status {
			t.Errorf("%s: %d %q, want %d", c.what, status, why, c.status)
		}
	}
	if told := object(t, "GET", at, ""); told["references"] != 5.0 || told["replaced"] != 1.0 || len(told) != 5 {
		t.Errorf("on file is %v, want no strokes", told)
	}
	for writer, want := range map[uint64]bool{1: false, 2: true} {
		told := object(t, "POST", at+"/checks", one(t, signature.Generate(writer, signature.Genuine, 9)))
		if told["accepted"] != want || (told["reason"] == "") != want {
			t.Errorf("a signature of writer %d: %v, want accepted %v, else a reason", writer, told, want)
		}
	}
	if status, _ := ask(t, "DELETE", at, "", nil); status != 204 {
		t.Errorf("delete: %d", status)
	}
	if status, _ := ask(t, "GET", at, "", nil); status != 404 {
		t.Errorf("after delete: %d", status)
	}
}

// object is the object that a request is answered with.
func object(t *testing.T, method, url, body string) (told map[string]any) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &told); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return told
}
