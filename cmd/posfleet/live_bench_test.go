//go:build unix

package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/posfleet/posfleet/report"
)

// liveAt is where a run says that it can be seen.
var liveAt = regexp.MustCompile(`live: (http://\S+/)`)

// BenchmarkLive tells what ten who look on cost a run: the processor time that its process
// takes for an exchange, closed model on shared lines, with ten browsers' requests from
// another process over without --live, in turns.
func BenchmarkLive(b *testing.B) {
	for b.Loop() {
		var ratio, costs []float64
		var seen int64
		for range 7 {
			alone, _ := watchedLoad(b, 0)
			watched, n := watchedLoad(b, 10)
			ratio, costs = append(ratio, watched/alone), append(costs, alone)
			seen += n
		}
		slices.Sort(ratio)
		slices.Sort(costs)
		b.ReportMetric(ratio[len(ratio)/2], "cpu-watched/alone")
		b.ReportMetric(ratio[0], "least")
		b.ReportMetric(ratio[len(ratio)-1], "most")
		b.ReportMetric(costs[len(costs)/2], "µs-cpu/exchange")
		b.ReportMetric(float64(seen)/7/10, "fetched/viewer")
		if seen == 0 {
			b.Fatal("nobody saw anything")
		}
	}
}

// watchedLoad plays a run of ten seconds with so many who look on. It gives µs of processor
// time an exchange, and how often the figures were fetched.
func watchedLoad(b *testing.B, viewers int) (cpu float64, seen int64) {
	args := []string{"load", "--closed", "--line", "shared:4", "--terminals", "1000", "--for", "10s", "--out", "run"}
	if viewers > 0 {
		args = append(args, "--live", "127.0.0.1:0")
	}
	p := start(b, "signed in", args...)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var all sync.WaitGroup
	var fetched atomic.Int64
	if viewers > 0 {
		m := liveAt.FindStringSubmatch(p.stderr.String())
		if m == nil {
			b.Fatalf("where? %s", &p.stderr)
		}
		for range viewers {
			all.Go(func() { lookOn(ctx, m[1], &fetched) })
		}
	}
	if err := <-p.ended; p.ProcessState.ExitCode() != exitOK && p.ProcessState.ExitCode() != exitGenerator {
		b.Fatalf("%v: %s", err, &p.stderr)
	}
	stop()
	all.Wait()
	rep, err := report.Read(filepath.Join(p.Dir, "run"))
	if err != nil {
		b.Fatal(err)
	}
	n := int64(0)
	for _, l := range rep.Labels {
		n += l.Counts.Sent()
	}
	usage := p.ProcessState.SysUsage().(*syscall.Rusage)
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e3 / float64(n), fetched.Load()
}

// lookOn is a browser that looks on: it hears of each second and fetches what there is.
func lookOn(ctx context.Context, url string, fetched *atomic.Int64) {
	get := func(path string) io.ReadCloser {
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, url+path, nil)
		if err != nil {
			return nil
		}
		answer, err := http.DefaultClient.Do(q)
		if err != nil {
			return nil
		}
		return answer.Body
	}
	if page := get(""); page != nil {
		_, _ = io.Copy(io.Discard, page)
		page.Close()
	}
	events := get("events")
	if events == nil {
		return
	}
	defer events.Close()
	for lines := bufio.NewScanner(events); lines.Scan(); {
		if !strings.HasPrefix(lines.Text(), "event:") {
			continue
		}
		if now := get("now"); now != nil {
			_, _ = io.Copy(io.Discard, now)
			now.Close()
			fetched.Add(1)
		}
	}
}
