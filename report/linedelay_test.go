package report

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// delayed is a report of exchanges whose lines added n milliseconds to each, of a
// service time of n+1.
func delayed(t *testing.T, from, to int) *Report {
	t.Helper()
	r := NewRecorder([]string{"purchase"}, time.Second, time.Second)
	s := r.Shard()
	s.Line(0, time.Second, time.Second, time.Second) // in the warm-up
	for n := from; n < to; n++ {
		due := 2 * time.Second
		transit := time.Duration(n) * time.Millisecond
		s.Record(Sample{Due: due, Sent: due, Done: due + transit + time.Millisecond, Outcome: Approved})
		s.Line(due, time.Duration(n%2)*time.Second, transit, transit+time.Millisecond)
	}
	r.Tick(4 * time.Second)
	rep := r.Report()
	rep.LineDelay.Profiles = []string{"4g: slow"}
	rep.LineDelay.Stalls, rep.LineDelay.Broken = 3, 2
	return rep
}

// What the line added and what is left for the host are told apart, come back from
// run.json as they were, and add up over the parts of a run.
func TestLineDelayIsNotTheHosts(t *testing.T) {
	whole, a, b := delayed(t, 0, 100), delayed(t, 0, 40), delayed(t, 40, 100)
	d := whole.LineDelay
	if d.Added.TotalCount() != 100 || d.Connects != 50 || d.Connecting != 50*time.Second {
		t.Errorf("%d exchanges, %d connections took %v; want 100, 50 and 50s: the warm-up is apart", d.Added.TotalCount(), d.Connects, d.Connecting)
	}
	if low, high := d.Host.Min(), d.Host.Max(); low < 990 || high > 1010 {
		t.Errorf("the host's part is %d to %d µs, want 1,000", low, high)
	}
	if err := a.Merge(b); err != nil {
		t.Fatal(err)
	}
	if !a.LineDelay.Added.Equals(d.Added) || !a.LineDelay.Host.Equals(d.Host) || a.LineDelay.Stalls != 6 || a.LineDelay.Broken != 4 || a.LineDelay.Connects != 50 {
		t.Errorf("parts add up to %+v", a.LineDelay)
	}
	var text bytes.Buffer
	if err := whole.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	var s summaryJSON
	if err := s.read(&text); err != nil {
		t.Fatal(err)
	}
	back, err := s.LineDelay.delay()
	if err != nil || !back.Added.Equals(d.Added) || !back.Host.Equals(d.Host) || back.Connecting != d.Connecting || back.Stalls != d.Stalls || back.Profiles[0] != d.Profiles[0] {
		t.Errorf("it comes back as %+v: %v", back, err)
	}
}

// The text says like what the lines were, what they added, and that it is not the
// host's; without a profile it says nothing of it.
func TestTextTellsTheLinesPart(t *testing.T) {
	tell := func(r *Report) string {
		var b bytes.Buffer
		if err := r.WriteText(&b, false); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	r := delayed(t, 0, 100)
	r.Plan.Lines, r.Plan.Profile = "own", "4g"
	text := tell(r)
	for _, want := range []string{"on own 4g lines", "like        4g: slow", "line's part p50 ", "not the host's", "host's part p50 1.00 ms", "3 stalls, 2 breaks, 50 connections took 1.00 s each", "both hold what the line profile added"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	r.LineDelay = LineDelay{}
	if text := tell(r); strings.Contains(text, "line's part") || strings.Contains(text, "line profile") {
		t.Errorf("without a profile:\n%s", text)
	}
}

// A run.json whose histograms were spoilt is an error, not a run without them.
func TestSpoiltLineDelay(t *testing.T) {
	d := delayed(t, 0, 10).LineDelay
	for _, spoil := range []func(*lineDelayJSON){
		func(j *lineDelayJSON) { j.AddedHDR = "%" },
		func(j *lineDelayJSON) { j.HostHDR = j.HostHDR[:20] },
	} {
		j := d.json()
		spoil(j)
		if _, err := j.delay(); err == nil {
			t.Error("no error")
		}
	}
}
