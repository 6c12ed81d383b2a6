//go:build unix

package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/agent"
)

// growingAgent is an agent of a benchmark: what a controller has of it.
type growingAgent struct {
	folder   *report.Folder
	recorder *report.Recorder
	shard    *report.Shard
	told     *telling
	second   int
}

// grow adds a second of 500 exchanges of five kinds.
func (a *growingAgent) grow(b *testing.B) {
	from := time.Duration(a.second) * time.Second
	for n := range 500 {
		due := from + time.Duration(n)*2*time.Millisecond
		a.shard.Played(due)
		a.recorder.Planned(due, 1)
		a.shard.Record(report.Sample{Label: n % 5, Due: due, Sent: due, Done: due + time.Duration(200+n*7919%5000)*time.Microsecond})
	}
	a.second++
	if err := a.folder.Interval(a.recorder.Tick(from + time.Second)); err != nil {
		b.Fatal(err)
	}
	a.told.second()
}

// BenchmarkTenWhoLookOnAgents tells what part of a machine of so many processors ten browsers
// that look on take of one second of a controller whose agents have played for twelve minutes:
// what the agents have sent is read on and added up once, and fetched by each over HTTP;
// what the browsers' ends take here is in it.
func BenchmarkTenWhoLookOnAgents(b *testing.B) {
	for _, n := range []int{2, 8, 64} {
		b.Run(strconv.Itoa(n)+"agents", func(b *testing.B) { lookOnAgents(b, n) })
	}
}

func lookOnAgents(b *testing.B, n int) {
	dir, labels := b.TempDir(), []string{"a", "b", "c", "d", "e"}
	asked := report.Plan{Timeout: 30 * time.Second, For: time.Hour, Model: model(false)}
	var all []*growingAgent
	var parts []agent.Part
	for i := range n {
		folder, err := report.Create(filepath.Join(dir, strconv.Itoa(i)), &report.Report{Plan: asked})
		if err != nil {
			b.Fatal(err)
		}
		a := &growingAgent{folder: folder, recorder: report.NewRecorder(labels, asked.Timeout, 0)}
		a.shard = a.recorder.Shard()
		if a.told, err = newTelling(folder.Path(nowName), func() (*report.Report, []report.Event, []report.Event) {
			rep := a.recorder.SoFar()
			rep.Plan, rep.Incomplete = asked, report.UnderWay
			return rep, nil, nil
		}); err != nil {
			b.Fatal(err)
		}
		defer a.told.close()
		all = append(all, a)
		parts = append(parts, agent.Part{Status: agent.Status{Share: agent.Share{Index: i, Of: n, Attempt: 1}, State: agent.Playing}, Folder: folder.Name()})
	}
	for range 12 * 60 {
		for _, a := range all {
			a.grow(b)
		}
	}
	c := &controlled{asked: asked, hand: &hand{}}
	w := &watched{}
	if err := (&viewFlags{live: "127.0.0.1:0"}).serve(context.Background(), newProgress(io.Discard), "run", c.sight("run", func() []agent.Part { return parts }), w); err != nil {
		b.Fatal(err)
	}
	defer w.close()
	s := httptest.NewServer(w.page)
	defer s.Close()
	look := func() (octets int64) {
		var viewers sync.WaitGroup
		var mu sync.Mutex
		w.tick()
		for range 10 {
			viewers.Go(func() {
				got, err := http.Get(s.URL + "/now")
				if err != nil {
					b.Error(err)
					return
				}
				defer got.Body.Close()
				n, _ := io.Copy(io.Discard, got.Body)
				mu.Lock()
				octets += n
				mu.Unlock()
			})
		}
		viewers.Wait()
		return octets
	}
	look() // reads the twelve minutes
	var took time.Duration
	var octets int64
	for b.Loop() {
		for _, a := range all {
			a.grow(b)
		}
		before := ownTime(b)
		octets += look()
		took += ownTime(b) - before
	}
	b.ReportMetric(took.Seconds()/float64(b.N)*1e3, "ms-cpu/second")
	b.ReportMetric(float64(octets)/float64(b.N)/10/1e3, "kB/viewer")
}

// ownTime is the processor time that this process has taken.
func ownTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
