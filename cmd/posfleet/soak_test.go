//go:build linux

package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
)

var (
	soak     = flag.Duration("soak", 0, "play load under faults so long, and see whether memory, goroutines, descriptors or p99 grow")
	soakRate = flag.String("soak-rate", "500/s", "arrivals of the soak")
)

// What may grow in a soak.
const (
	memorySlope = 1 << 20 // octets a minute, from the middle on: till then players meet each kind of transaction, and make its histograms
	things      = 5       // descriptors, to the end; goroutines, from before the run to after it
	p99Growth   = 0.10    // of the third minute's median second, to the last minute's
	// So few that each fills its batch in some minutes, and settles: journals hold what
	// has not been settled.
	soakTerminals = 25
)

// sample is what two processes have at a moment.
type sample struct {
	at             time.Duration
	memory         int64 // resident, octets: of the generator
	live, kept     int64 // of its heap, and resident once what is free in it is given back; 0 when nobody looked
	host           int64 // of the host
	goroutines     int
	files, hostFDs int
}

// Ten minutes of load under faults leave nothing behind: memory, goroutines, descriptors
// and p99 are at their end what they were when all had been met once. What is printed is
// in docs/reliability.md.
func TestSoak(t *testing.T) {
	if *soak == 0 {
		t.Skip("make soak")
	}
	if *soak < 5*time.Minute {
		t.Fatal("-soak: want at least 5m: slopes are taken from the second minute on, p99 of the third")
	}
	host := start(t, "listening on", "host", "--listen", "127.0.0.1:0", "--terminals", strconv.Itoa(soakTerminals))
	address, _, _ := strings.Cut(strings.TrimPrefix(host.stdout.String(), "listening on "), ": ")
	dir := filepath.Join(t.TempDir(), "run")
	before := runtime.NumGoroutine()
	code := make(chan int, 1)
	var stdout, stderr bytes.Buffer
	began := time.Now()
	go func() {
		code <- run([]string{"load", "--host", address, "--rate", *soakRate, "--for", soak.String(), "--warmup", "1s", "--terminals", strconv.Itoa(soakTerminals), "--timeout", "2s",
			"--settle", "--seed", "19", "--out", dir, "--fault", "answer-lost=0.1%", "--fault", "request-lost=0.1%", "--fault", "answer-doubled=0.5%",
			"--fault", "answer-cut=0.05%", "--fault", "answer-mac-spoiled=0.05%", "--limit", "failed < 5%"}, &stdout, &stderr)
	}()
	var all []sample
	ended := -1
	for ended < 0 {
		select {
		case ended = <-code:
		case <-time.After(5 * time.Second):
			if since := time.Since(began); since < *soak {
				memory, live, kept := residentOf(t, os.Getpid()), int64(0), int64(0)
				if len(all)%6 == 5 { // a collection for each sample would be seen in p99
					var m runtime.MemStats
					debug.FreeOSMemory()
					kept = residentOf(t, os.Getpid())
					runtime.ReadMemStats(&m)
					live = int64(m.HeapAlloc)
				}
				all = append(all, sample{since, memory, live, kept, residentOf(t, host.Process.Pid), runtime.NumGoroutine(), descriptorsOf(t, os.Getpid()), descriptorsOf(t, host.Process.Pid)})
			}
		}
	}
	if ended != exitOK && ended != exitGenerator {
		t.Errorf("the run exits %d:\n%s%s", ended, &stdout, &stderr)
	}
	rep, err := report.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(s sample) bool { return s.at < time.Minute }) // all has been met once
	first, last := all[0], all[len(all)-1]
	fmt.Printf("\nsoak of %v at %s: %d arrivals played, exit %d, %s\n\n| of | from | to | slope | allowed |\n|---|---|---|---|---|\n", *soak, *soakRate, rep.Played, ended, rep.Validity.Level)
	row := func(of string, from, to int64, slope, allowed string, ok bool) {
		fmt.Printf("| %s | %d | %d | %s | %s |\n", of, from, to, slope, allowed)
		if !ok {
			t.Errorf("%s: %d to %d, %s; allowed %s", of, from, to, slope, allowed)
		}
	}
	for _, of := range []struct {
		name  string
		value func(sample) int64
	}{{"live heap of the generator, KB", func(s sample) int64 { return s.live >> 10 }}, {"resident memory of the generator without what is free in its heap, KB", func(s sample) int64 { return s.kept >> 10 }},
		{"resident memory of the host, KB", func(s sample) int64 { return s.host >> 10 }}} {
		half := leastOfMinutes(slices.DeleteFunc(slices.Clone(all), func(s sample) bool { return s.at < *soak/2 || of.value(s) == 0 }), of.value)
		slope := slopeOf(half, of.value)
		row(of.name, of.value(half[0]), of.value(half[len(half)-1]), fmt.Sprintf("%+.0f KB/min", slope), "1024 KB/min, from the middle on", slope < memorySlope>>10)
	}
	peak := slices.MaxFunc(all, func(a, b sample) int { return int(a.memory - b.memory) }).memory
	lives := slices.MaxFunc(all, func(a, b sample) int { return int(a.live - b.live) }).live
	row("resident memory of the generator at most, KB", all[0].memory>>10, peak>>10, "", fmt.Sprintf("%d: 2.2 of what lives, and 64 MB", most(lives)>>10), peak <= most(lives))
	for of, value := range map[string]func(sample) int64{"descriptors of the generator": func(s sample) int64 { return int64(s.files) }, "descriptors of the host": func(s sample) int64 { return int64(s.hostFDs) }} {
		row(of, value(first), value(last), fmt.Sprintf("%+d", value(last)-value(first)), fmt.Sprintf("±%d", things), max(value(last)-value(first), value(first)-value(last)) <= things)
	}
	after := runtime.NumGoroutine()
	row("goroutines of the generator, before the run and after it", int64(before), int64(after), fmt.Sprintf("%+d", after-before), fmt.Sprintf("±%d", things), after <= before+things)
	busy := slices.MaxFunc(all, func(a, b sample) int { return a.goroutines - b.goroutines }).goroutines
	row("goroutines meanwhile, at most", int64(first.goroutines), int64(busy), "", fmt.Sprintf("%d terminals and %d", soakTerminals, 64), busy <= soakTerminals+64)
	third, end := medianP99(rep, 2*time.Minute), medianP99(rep, *soak-time.Minute)
	allowed, judged := "+10 %", rep.Validity.Level == report.Valid
	if !judged {
		allowed = "not judged: the generator was the limit, or may have been"
	}
	row("p99 of the median second, µs, third minute and last", third.Microseconds(), end.Microseconds(), fmt.Sprintf("%+.1f %%", 100*(float64(end)/float64(third)-1)), allowed, !judged || float64(end) <= float64(third)*(1+p99Growth))
}

// most is how much may be resident where so much lives: the collector begins anew when as
// much has come as lives, and keeps a tenth of that; the program is in memory, too.
func most(live int64) int64 { return live*22/10 + 64<<20 }

// leastOfMinutes is the sample of each minute with the least value: what is resident goes
// up and down with the collector by more than it may grow.
func leastOfMinutes(all []sample, value func(sample) int64) (least []sample) {
	for _, s := range all {
		n := len(least)
		switch {
		case n == 0 || s.at.Truncate(time.Minute) != least[n-1].at.Truncate(time.Minute):
			least = append(least, s)
		case value(s) < value(least[n-1]):
			least[n-1] = s
		}
	}
	return least
}

// slopeOf is by how much a value grows a minute: the line of least squares.
func slopeOf(all []sample, value func(sample) int64) float64 {
	var n, x, y, xx, xy float64
	for _, s := range all {
		at, v := s.at.Minutes(), float64(value(s))
		n, x, y, xx, xy = n+1, x+at, y+v, xx+at*at, xy+at*v
	}
	return (n*xy - x*y) / (n*xx - x*x)
}

// medianP99 is the p99 of the median second of the minute that begins then.
func medianP99(r *report.Report, from time.Duration) time.Duration {
	var all []time.Duration
	for _, s := range r.Seconds {
		if s.At >= from && s.At < from+time.Minute && s.Service.N > 0 {
			all = append(all, s.Service.P99)
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// residentOf is the resident memory of a process, in octets.
func residentOf(t *testing.T, pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// descriptorsOf is how many files and connections a process has open.
func descriptorsOf(t *testing.T, pid int) int {
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
