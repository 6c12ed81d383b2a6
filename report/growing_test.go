package report

import (
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"
	"time"
)

// Logs that are read while they grow, wherever what has come is cut off and whichever
// part is ahead, come to the union in the end, second by second.
func TestGrowingLogsAreTheUnion(t *testing.T) {
	dir := t.TempDir()
	const n = 3
	var wrote, growing []string
	var parts []*Report
	for i := range n {
		wrote, growing = append(wrote, filepath.Join(dir, strconv.Itoa(i))), append(growing, filepath.Join(dir, "growing", strconv.Itoa(i)))
		parts = append(parts, record(t, wrote[i], i, n))
		if err := os.MkdirAll(growing[i], 0o755); err != nil {
			t.Fatal(err)
		}
	}
	want := parts[0]
	for _, p := range parts[1:] {
		if err := want.Join(p); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := Create(filepath.Join(dir, "whole"), want)
	if err != nil {
		t.Fatal(err)
	}
	if err := whole.JoinLogs(want, wrote); err != nil {
		t.Fatal(err)
	}

	g := NewGrowing()
	read := func() (union *Report) {
		for i, folder := range growing {
			r := &Report{Part: strconv.Itoa(i), Plan: parts[i].Plan, Incomplete: UnderWay}
			r.Plan.Shares = []int{i + 1}
			if err := g.Fill(r, folder); err != nil {
				t.Fatal(err)
			}
			if union == nil {
				union = r
			} else if err := union.Join(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := g.Quantiles(union.Seconds); err != nil {
			t.Fatal(err)
		}
		return union
	}
	if r := read(); len(r.Seconds) != 0 || len(r.Labels) != 0 {
		t.Errorf("of nothing: %+v", r)
	}
	logs := make([][]byte, n)
	for i := range logs {
		if logs[i], err = os.ReadFile(filepath.Join(wrote[i], logName)); err != nil {
			t.Fatal(err)
		}
	}
	const steps = 13
	for step := range steps {
		for i, log := range logs {
			upto := len(log) * min(steps, step+1+2*i) / steps // one is ahead of the other
			if err := os.WriteFile(filepath.Join(growing[i], logName), log[:upto], 0o600); err != nil {
				t.Fatal(err)
			}
		}
		read()
	}
	got := read()
	for _, w := range want.Labels {
		l := got.Label(w.Name)
		if l == nil || l.Counts != w.Counts || l.Warmup != w.Warmup || !l.Response.Equals(w.Response) || !l.Service.Equals(w.Service) || !l.Lag.Equals(w.Lag) || !l.Censored.Equals(w.Censored) {
			t.Errorf("%s is not the union", w.Name)
		}
	}
	for i := range want.Seconds {
		a, b := got.Seconds[i], want.Seconds[i]
		a.At, a.Length = b.At, b.Length // rounded to ms in the log
		if !reflect.DeepEqual(a, b) {
			t.Errorf("second %d is\n%+v, want\n%+v", i, a, b)
		}
	}
}

// A second that a part tells of long after the others gets a bound, never less than
// either told.
func TestLateSecondIsABound(t *testing.T) {
	dir := t.TempDir()
	g := NewGrowing()
	write := func(name string, seconds int, took time.Duration) *Report {
		folder := filepath.Join(dir, name)
		f, err := Create(folder, &Report{Plan: Plan{Timeout: time.Second}})
		if err != nil {
			t.Fatal(err)
		}
		r := NewRecorder([]string{"a"}, time.Second, 0)
		s := r.Shard()
		for k := range seconds {
			due := time.Duration(k) * time.Second
			s.Record(Sample{Due: due, Sent: due, Done: due + took})
			if err := f.Interval(r.Tick(due + time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		rep := &Report{Plan: Plan{Timeout: time.Second}}
		if err := g.Fill(rep, folder); err != nil {
			t.Fatal(err)
		}
		return rep
	}
	a := write("ahead", openSeconds+5, time.Millisecond)
	b := write("late", 1, 7*time.Millisecond)
	union := mergeSeconds(a.Seconds, b.Seconds)
	if err := g.Quantiles(union); err != nil {
		t.Fatal(err)
	}
	if q := union[0].Response; q.N != 2 || q.P50 < 7*time.Millisecond {
		t.Errorf("the first second is told as %+v", q)
	}
	if q := union[1].Response; q.N != 1 || q.P50 > 2*time.Millisecond {
		t.Errorf("the next one as %+v", q)
	}
}

// What an interval log does not tell comes through a line as it was.
func TestLineHasWhatTheLogHasNot(t *testing.T) {
	r := record(t, filepath.Join(t.TempDir(), "run"), 0, 1)
	r.Late, r.Duplicate, r.Stuck = 3, 4, map[string]int64{"no line": 5}
	line, err := r.Line()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadLine(line)
	if err != nil {
		t.Fatal(err)
	}
	if got.Planned != r.Planned || got.Late != 3 || got.Duplicate != 4 || got.Stuck["no line"] != 5 || got.Run != r.Run || got.Plan.Terminals != 5 || len(got.Seconds) != 0 {
		t.Errorf("%s", line)
	}
}
