//go:build unix

package page

import (
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
)

// BenchmarkTenWhoLookOn tells what part of a machine of so many processors ten browsers
// that look on take of one second of a run of twelve minutes: what it has to tell is worked
// out once, and fetched by each over HTTP; what the browsers' ends take here is in it.
func BenchmarkTenWhoLookOn(b *testing.B) {
	r := stalling(100, 12*time.Minute, 0)
	l := NewLive(func() (*report.Report, []Event) { return r, nil })
	s := httptest.NewServer(l)
	defer s.Close()
	octets := int64(0)
	before := processorTime(b)
	for b.Loop() {
		l.Tick()
		var viewers sync.WaitGroup
		var mu sync.Mutex
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
	}
	took := processorTime(b) - before
	b.ReportMetric(took.Seconds()/float64(b.N)*1e3, "ms-cpu/second")
	b.ReportMetric(took.Seconds()/float64(b.N)/float64(runtime.GOMAXPROCS(0))*100, "%-of-machine")
	b.ReportMetric(float64(octets)/float64(b.N)/10/1e3, "kB/viewer")
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
