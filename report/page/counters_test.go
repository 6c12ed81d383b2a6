package page

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
)

// Counters are told with what they gained in the last second, levels as they are; and a
// page that grows for hours keeps ten minutes.
func TestCountersAreToldByTheSecond(t *testing.T) {
	var requests, open int64
	l := NewLiveCounters(func() Counters {
		return Counters{Title: "host", Banner: []string{"It misbehaves."}, Noticed: []Counter{{Name: "<b>", Value: 2}},
			Counters: []Counter{{Name: "requests", Value: requests}, {Name: "open", Value: open, Level: true}}}
	})
	s := httptest.NewServer(l)
	defer s.Close()
	now := func() (all struct{ Head, Kinds, Rest, Title string }) {
		text, _, _ := fetch(t, s.URL+"/now")
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	if got := now(); !strings.Contains(got.Kinds, `<th scope="row">requests</th><td class="nil">0</td><td class="nil">–</td>`) || got.Title != "host" {
		t.Errorf("before any second: %s", got.Kinds)
	}
	for range remembered + 5 {
		requests, open = requests+1000, 7
		l.Tick()
	}
	requests, open = requests+40, 3
	l.Tick()
	got := now()
	for _, words := range []string{`requests</th><td>605,040</td><td>40/s</td><td>984.0/s</td><td>1,000/s</td>`, `open</th><td>3</td><td>3</td><td>6.9</td><td>7</td>`} {
		if !strings.Contains(got.Kinds, words) {
			t.Errorf("%s is not in\n%.900s", words, got.Kinds)
		}
	}
	if n := strings.Count(got.Kinds, ","); n > 3*remembered {
		t.Errorf("curves of %d points", n)
	}
	if !strings.Contains(got.Head, "It misbehaves.") || !strings.Contains(got.Rest, "&lt;b&gt;") {
		t.Errorf("%s\n%s", got.Head, got.Rest)
	}
	if text, _, _ := fetch(t, s.URL+"/"); !strings.Contains(text, "connect-src") || !strings.Contains(text, "EventSource") {
		t.Errorf("the page does not follow: %.700s", text)
	}
}
