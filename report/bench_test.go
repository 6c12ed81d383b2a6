package report

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
	"time"
)

// day writes the folder of a run of 24 hours: three labels, 500 exchanges a
// second. It plays 675 seconds and repeats them 128 times.
func day(b *testing.B) string {
	b.Helper()
	const again = 1 << 7
	r := NewRecorder([]string{"purchase", "balance", "purchase-void"}, 30*time.Second, 0)
	s := r.Shard()
	var part bytes.Buffer
	w, err := NewLogWriter(&part, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	draw := rand.New(rand.NewPCG(1, 1))
	for second := range time.Duration(86_400 / again) {
		at := second * time.Second
		for i := range time.Duration(500) {
			due := at + i*2*time.Millisecond
			took := time.Duration(draw.ExpFloat64() * 8e6)
			r.Planned(due, 1)
			s.Played(due)
			s.Record(Sample{Label: int(i) % 3, Due: due, Sent: due + took/50, Done: due + took, Code: [4]byte{'0', '0'}})
		}
		if err := w.Write(r.Tick(at + time.Second)); err != nil {
			b.Fatal(err)
		}
	}
	rep := r.Report()
	grow(rep, again)
	dir := b.TempDir()
	out, err := os.Create(filepath.Join(dir, summaryName))
	if err != nil {
		b.Fatal(err)
	}
	if err := rep.WriteJSON(out); err != nil {
		b.Fatal(err)
	}
	out.Close()
	if out, err = os.Create(filepath.Join(dir, logName)); err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	to := bufio.NewWriter(out)
	defer to.Flush()
	for k := range again {
		for _, line := range bytes.SplitAfter(part.Bytes(), []byte("\n")) {
			tag, rest, histogram := bytes.Cut(line, []byte(","))
			at, rest, _ := bytes.Cut(rest, []byte(","))
			switch {
			case histogram && bytes.HasPrefix(line, []byte("Tag=")):
				from, _ := strconv.ParseFloat(string(at), 64)
				fmt.Fprintf(to, "%s,%.3f,%s", tag, from+float64(k*86_400/again), rest)
			case k == 0 || bytes.HasPrefix(line, []byte(countsMark)):
				to.Write(line)
			}
		}
	}
	return dir
}

// grow makes a report one of so many times the run.
func grow(r *Report, times int) {
	n := int64(times)
	r.Took, r.Planned, r.Played = r.Took*time.Duration(n), r.Planned*n, r.Played*n
	seconds := r.Seconds
	r.Seconds = nil
	for k := range times {
		for _, s := range seconds {
			s.At += time.Duration(k*len(seconds)) * time.Second
			r.Seconds = append(r.Seconds, s)
		}
	}
	for i := range r.Labels {
		l := &r.Labels[i]
		for o := range l.Counts {
			l.Counts[o] *= n
		}
		for code := range l.Codes {
			l.Codes[code] *= n
		}
		for k := 1; k < times; k *= 2 {
			l.Response.Merge(l.Response.Clone())
			l.Service.Merge(l.Service.Clone())
			l.Lag.Merge(l.Lag.Clone())
		}
	}
}

// BenchmarkDayReport tells a run of a day from its folder: 86,400 intervals of
// three labels, three histograms and the counts of each.
func BenchmarkDayReport(b *testing.B) {
	dir := day(b)
	debug.FreeOSMemory()
	for b.Loop() {
		end, most := make(chan struct{}), make(chan uint64)
		go func() {
			var m runtime.MemStats
			var peak uint64
			for {
				select {
				case <-end:
					most <- peak
					return
				case <-time.After(20 * time.Millisecond):
					runtime.ReadMemStats(&m)
					peak = max(peak, m.Sys-m.HeapReleased)
				}
			}
		}()
		r, err := Read(dir)
		if err != nil {
			b.Fatal(err)
		}
		r.WriteText(io.Discard, false)
		close(end)
		b.ReportMetric(float64(<-most)/1e6, "MB-at-most")
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/report")
}
