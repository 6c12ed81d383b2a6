package report

import (
	"maps"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// part records every exchange n of 40,000 with n % of == i, as one machine of
// several does.
func part(i, of int) *Report {
	r := NewRecorder([]string{"a", "b"}, 30*time.Second, time.Second)
	s := r.Shard()
	for sec := range 4 {
		for n := i; n < 10_000; n += of {
			due := time.Duration(sec)*time.Second + time.Duration(n)*100*time.Microsecond
			x := Sample{Label: n % 2, Due: due, Sent: due, Done: due + time.Duration(n*n%70_000)*time.Microsecond, Outcome: Outcome(n % 7), Code: [4]byte{'0', '0'}}
			if x.Outcome == Declined {
				x.Reason = []string{"sold out", "expired"}[n/14%2]
			}
			if x.Outcome > Refused {
				x.Code = [4]byte{}
			}
			s.Record(x)
			s.Played(0)
			r.Planned(due, 1)
		}
		r.Tick(time.Duration(sec+1) * time.Second)
	}
	return r.Report()
}

func TestMergedSharesMakeTheWhole(t *testing.T) {
	whole := part(0, 1)
	sum := part(0, 3)
	for i := 1; i < 3; i++ {
		if err := sum.Merge(part(i, 3)); err != nil {
			t.Fatal(err)
		}
	}
	if err := sum.Check(); err != nil {
		t.Error(err)
	}
	if sum.Planned != whole.Planned || sum.Played != whole.Played || len(sum.Seconds) != len(whole.Seconds) {
		t.Errorf("planned %d, played %d in %d seconds, want %d, %d in %d", sum.Planned, sum.Played, len(sum.Seconds), whole.Planned, whole.Played, len(whole.Seconds))
	}
	for i, w := range whole.Seconds {
		if got := sum.Seconds[i]; got.Counts != w.Counts || got.Planned != w.Planned || got.Response.Max != w.Response.Max {
			t.Errorf("second %d: %+v, want %+v", i, got, w)
		}
	}
	for i, w := range whole.Labels {
		got := sum.Labels[i]
		if got.Counts != w.Counts || got.Warmup != w.Warmup || got.Codes["00"] != w.Codes["00"] || !maps.Equal(got.Reasons, w.Reasons) || len(w.Reasons) != 2 {
			t.Errorf("%s: %v, warm-up %v, want %v and %v", w.Name, got.Counts, got.Warmup, w.Counts, w.Warmup)
		}
		for _, h := range [][2]*hdr.Histogram{{got.Response, w.Response}, {got.Service, w.Service}, {got.Lag, w.Lag}, {got.Censored, w.Censored}} {
			if !h[0].Equals(h[1]) {
				t.Errorf("%s: a merged histogram differs", w.Name)
			}
		}
	}
}

func TestMergeDoesNotTouchTheOther(t *testing.T) {
	a, b := part(0, 2), part(1, 2)
	before := b.Labels[0].Response.Clone()
	if err := a.Merge(b); err != nil {
		t.Fatal(err)
	}
	if !b.Labels[0].Response.Equals(before) {
		t.Error("the merged report changed")
	}
}

func TestMergeRefusesOtherGeometry(t *testing.T) {
	a, b := part(0, 2), NewRecorder([]string{"a"}, time.Hour, 0)
	one(b.Shard(), 0, 0, ms, Approved)
	b.Tick(time.Second)
	was := a.Labels[0].Response.TotalCount()
	if err := a.Merge(b.Report()); err == nil || !strings.Contains(err.Error(), "same --timeout") {
		t.Errorf("got %v", err)
	}
	if a.Labels[0].Response.TotalCount() != was {
		t.Error("a refused merge left something behind")
	}
}

func TestSecondsLineUp(t *testing.T) {
	at := func(ats ...time.Duration) (out []Second) {
		for _, a := range ats {
			out = append(out, Second{At: a, Planned: 1})
		}
		return out
	}
	got := mergeSeconds(at(0, time.Second, 3*time.Second), at(time.Second+100*ms, 2*time.Second, 4*time.Second))
	want := []int64{1, 2, 1, 1, 1}
	if len(got) != len(want) {
		t.Fatalf("%d seconds, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Planned != want[i] {
			t.Errorf("second %d: %d, want %d", i, got[i].Planned, want[i])
		}
	}
}

func TestCheckFindsWhatIsLost(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	for name, spoil := range map[string]func(*Report){
		"an arrival":           func(r *Report) { r.Planned++ },
		"a played one":         func(r *Report) { r.Played--; r.NotPlayed++ },
		"an exchange":          func(r *Report) { r.Labels[0].Counts[Approved]-- },
		"a sample":             func(r *Report) { _ = r.Labels[0].Response.RecordValue(3) },
		"a service sample":     func(r *Report) { r.Labels[1].Service.Reset() },
		"a lag sample":         func(r *Report) { r.Labels[1].Lag = nil },
		"an open exchange":     func(r *Report) { r.Labels[0].Censored = nil },
		"a code too many":      func(r *Report) { r.Labels[0].Codes["96"] = 1 << 40 },
		"a reason too many":    func(r *Report) { r.Labels[0].Reasons["sold out"] = 1 << 40 },
		"a second":             func(r *Report) { r.Seconds = r.Seconds[1:] },
		"a warm-up exchange":   func(r *Report) { r.Labels[0].Warmup[Approved]++ },
		"more failed than run": func(r *Report) { r.Failed = r.Played + 1 },
	} {
		r := part(0, 1)
		if err := r.Check(); err != nil {
			t.Fatal(err)
		}
		if spoil(r); r.Check() == nil {
			t.Errorf("%s: not found", name)
		}
	}
}
