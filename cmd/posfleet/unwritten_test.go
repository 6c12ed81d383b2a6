//go:build linux

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// secondsIn are the seconds that a run's interval log has as a whole.
func secondsIn(dir string) (n int) {
	log, _ := os.ReadFile(filepath.Join(dir, "run", "latency.hlog"))
	return bytes.Count(log, []byte("#[Second"))
}

// running is a run that has written a second.
func running(t *testing.T) *process {
	p := start(t, "signed in", "load", "--rate", "100/s", "--for", "10m", "--warmup", "0s", "--terminals", "20", "--out", "run")
	for secondsIn(p.Dir) == 0 {
		time.Sleep(20 * time.Millisecond)
	}
	return p
}

// A run whose disk is full ends, long before its end: it says so, is not taken for a whole
// one, and what was written up to then can be told.
func TestFullDiskEndsARun(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	p := running(t)
	log, err := os.Stat(filepath.Join(p.Dir, "run", "latency.hlog"))
	if err != nil {
		t.Fatal(err)
	}
	full := unix.Rlimit{Cur: uint64(log.Size()), Max: unix.RLIM_INFINITY}
	if err := unix.Prlimit(p.Process.Pid, unix.RLIMIT_FSIZE, &full, nil); err != nil {
		t.Skip(err)
	}
	began := time.Now()
	select {
	case <-p.ended:
	case <-time.After(patient):
		t.Fatal("it plays on")
	}
	t.Logf("ended %v after the disk was full", time.Since(began).Round(time.Millisecond))
	if code := p.ProcessState.ExitCode(); code != exitIncomplete || !strings.Contains(p.stderr.String(), syscall.EFBIG.Error()) {
		t.Errorf("exit %d, says %s", code, &p.stderr)
	}
	if !strings.Contains(p.stdout.String(), "arrivals") {
		t.Errorf("what was found is not told:\n%s", &p.stdout)
	}
	told := exec.Command(p.Path, "report", "run")
	told.Dir = p.Dir
	if out, err := told.CombinedOutput(); told.ProcessState.ExitCode() != exitIncomplete || !bytes.Contains(out, []byte("INCOMPLETE")) {
		t.Errorf("posfleet report of it: %v\n%s", err, out)
	}
}

var (
	dueSoFar  = regexp.MustCompile(`(\d+) due and`)
	dueInside = regexp.MustCompile(`#\[Second .*"planned":(\d+)`)
)

// Whenever a run is killed, all whole seconds before are told.
func TestKilledRunLosesTheSecondUnderWay(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	for _, after := range []time.Duration{0, 600 * time.Millisecond} {
		p := running(t)
		time.Sleep(after)
		log, _ := os.ReadFile(filepath.Join(p.Dir, "run", "latency.hlog"))
		written := 0
		for _, second := range dueInside.FindAllSubmatch(log, -1) {
			n, _ := strconv.Atoi(string(second[1]))
			written += n
		}
		p.Process.Kill()
		<-p.ended
		told := exec.Command(p.Path, "report", "run")
		told.Dir = p.Dir
		out, _ := told.CombinedOutput()
		due := dueSoFar.FindSubmatch(out)
		if due == nil {
			t.Fatalf("killed after %v:\n%s", after, out)
		}
		if n, _ := strconv.Atoi(string(due[1])); written == 0 || n < written {
			t.Errorf("killed with %d arrivals written: %d are told", written, n)
		}
	}
}

// A report that is killed while it writes leaves the file that was there, or a new one.
func TestKilledReportLeavesNoHalf(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	dir := t.TempDir()
	made := exec.Command(program(t), "load", "--rate", "50/s", "--for", "1s", "--warmup", "0s", "--terminals", "10", "--out", "run")
	if made.Dir = dir; made.Run() != nil && made.ProcessState.ExitCode() != exitGenerator {
		t.Fatal(made)
	}
	page := filepath.Join(dir, "page.html")
	kills := 10
	if testing.Short() {
		kills = 3
	}
	for i := range kills {
		if err := os.WriteFile(page, []byte("before"), 0o644); err != nil {
			t.Fatal(err)
		}
		c := exec.Command(program(t), "report", "--html", "page.html", "run")
		if c.Dir = dir; c.Start() != nil {
			t.Fatal(c)
		}
		time.Sleep(time.Duration(i) * 8 * time.Millisecond)
		c.Process.Kill()
		c.Wait()
		if text, err := os.ReadFile(page); err != nil || string(text) != "before" && !bytes.HasSuffix(bytes.TrimSpace(text), []byte("</html>")) {
			t.Errorf("killed after %d ms: half a page of %d octets, %v", 8*i, len(text), err)
		}
	}
}
