package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/cmd/posfleet/interrupt"
)

// The test binary is posfleet when it is called so: verbs are tested as
// processes of their own, with their exit codes, signals and files.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "posfleet" || len(os.Args) > 1 && os.Args[1] == "agent" { // which a run in this process starts
		main()
	}
	interrupt.Early() // a signal ends tests as ever

	if signal.Ignored(syscall.SIGHUP) { // under nohup, which programs that are started here are not to inherit
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	flag.Parse()
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue && runtime.GOMAXPROCS(0) < 4 {
		p.Value.Set("4") // tests here wait for the clock, or for processes that do
	}
	os.Exit(m.Run())
}

// program gives a path at which the test binary is posfleet.
func program(t testing.TB) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "posfleet")
	if err := os.Symlink(self, name); err != nil {
		t.Skipf("posfleet cannot be run from the test binary here: %v", err)
	}
	return name
}

// patient is how long a test waits for what must come, and what hangs is given: a busy
// machine is slow, and one that is shared stands still for seconds.
const patient = 3 * time.Minute

// stream keeps what a process says, and tells when it has said some words.
type stream struct {
	mu    sync.Mutex
	text  bytes.Buffer
	await string
	said  chan struct{}
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(p)
	if s.said != nil && bytes.Contains(s.text.Bytes(), []byte(s.await)) {
		close(s.said)
		s.said = nil
	}
	return len(p), nil
}

func (s *stream) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// process is posfleet under way, in a folder of its own.
type process struct {
	*exec.Cmd
	stdout, stderr stream
	ended          chan error
}

// start runs posfleet until it has said some words, on either stream.
func start(t testing.TB, words string, args ...string) *process {
	t.Helper()
	return startCommand(t, words, exec.Command(program(t), args...))
}

// startCommand starts a program likewise; with no words it waits for none.
func startCommand(t testing.TB, words string, c *exec.Cmd) *process {
	t.Helper()
	p := &process{Cmd: c, ended: make(chan error, 1)}
	out, err := make(chan struct{}), make(chan struct{})
	p.stdout.await, p.stdout.said = words, out
	p.stderr.await, p.stderr.said = words, err
	p.Dir, p.Stdout, p.Stderr = t.TempDir(), &p.stdout, &p.stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill() })
	go func() { p.ended <- p.Wait() }()
	if words == "" {
		return p
	}
	select {
	case <-out:
	case <-err:
	case <-time.After(patient):
		t.Fatalf("it does not say %q, but:\n%s%s", words, &p.stdout, &p.stderr)
	}
	return p
}

// end sends signals, waits for the process and gives its exit code. Of equal signals a
// process that stands still sees one.
func (p *process) end(t *testing.T, signals ...os.Signal) int {
	t.Helper()
	for i, s := range signals {
		if i > 0 {
			time.Sleep(300 * time.Millisecond)
		}
		if err := p.Process.Signal(s); err != nil {
			t.Fatalf("signal %d: %v\n%s", i+1, err, &p.stderr)
		}
	}
	select {
	case err := <-p.ended:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return p.ProcessState.ExitCode()
	case <-time.After(patient):
		p.Process.Signal(syscall.SIGQUIT) // its stacks go to standard error
		<-p.ended
		t.Fatalf("it does not end:\n%s", &p.stderr)
		return 0
	}
}

// The first signal stops arrivals, lets open exchanges end, and still reports.
func TestSignalDrainsAndReports(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		signal os.Signal
		code   int
	}{{os.Interrupt, exitInterrupt}, {syscall.SIGTERM, exitTerminate}, {syscall.SIGHUP, exitHangUp}} {
		t.Run(c.signal.String(), func(t *testing.T) {
			if testing.Short() && c.signal != os.Interrupt {
				t.Skip("takes seconds; played whole without the race detector")
			}
			t.Parallel()
			p := start(t, " arrivals/s, ", "load", "--rate", "100/s", "--for", "10m", "--warmup", "0s", "--terminals", "20", "--out", "run")
			code := p.end(t, c.signal)
			if code != c.code || !strings.Contains(p.stderr.String(), "stopped by a signal") {
				t.Errorf("exit code %d, want %d:\n%s", code, c.code, &p.stderr)
			}
			for _, words := range []string{"books agree", "arrivals", "report: run/report.html"} {
				if !strings.Contains(p.stdout.String(), words) {
					t.Errorf("the report does not say %q:\n%s", words, &p.stdout)
				}
			}
			for _, name := range []string{"run.json", "latency.hlog", "events.ndjson", "report.html", "throughput.svg"} {
				if info, err := os.Stat(filepath.Join(p.Dir, "run", name)); err != nil || name != "events.ndjson" && info.Size() == 0 {
					t.Errorf("%s: %v", name, err)
				}
			}
			again := exec.Command(p.Path, "report", filepath.Join(p.Dir, "run"))
			if out, err := again.CombinedOutput(); again.ProcessState.ExitCode() != exitIncomplete || !bytes.Contains(out, []byte("due until it was interrupted")) || !bytes.Contains(out, []byte("books agree")) {
				t.Errorf("posfleet report of it: %v\n%s", err, out)
			}
		})
	}
}

// A host that holds its answers back would be waited for until the drain is
// over; the second signal does not wait.
func TestSecondSignalLeavesAtOnce(t *testing.T) {
	t.Parallel()
	p := start(t, " arrivals/s, ", "load", "--rate", "100/s", "--for", "60m", "--warmup", "0s", "--terminals", "200",
		"--misbehave", "silent", "--timeout", "10m", "--out", "run")
	code := p.end(t, os.Interrupt, syscall.SIGTERM)
	if code != exitInterrupt {
		t.Errorf("exit code %d, want %d:\n%s", code, exitInterrupt, &p.stderr)
	}
	for _, name := range []string{"run.json", "latency.hlog"} {
		if log, err := os.ReadFile(filepath.Join(p.Dir, "run", name)); err != nil || len(log) == 0 {
			t.Errorf("what was found is not there: %v", err)
		}
	}
}

// A check that is stopped tells what it played, and blames nothing on the host
// that the signal did.
func TestSignalEndsACheck(t *testing.T) {
	t.Parallel()
	p := start(t, "ok    core-echo-1", "check", "--misbehave", "silent", "--timeout", "10m", "--junit", "results.xml", "--out", "found",
		"@core-echo-1", "@core-purchase-1", "@core-purchase-2")
	time.Sleep(200 * time.Millisecond) // it waits for the answer to the first purchase
	if code := p.end(t, os.Interrupt); code != exitInterrupt {
		t.Errorf("exit code %d, want %d", code, exitInterrupt)
	}
	if out := p.stdout.String(); !strings.Contains(out, "3 scenarios against bundled host (CUP direct-connect (reconstructed)): 1 passed, 0 failed, 2 not played") || strings.Contains(out, "FAIL") {
		t.Errorf("it says\n%s", out)
	}
	results, err := os.ReadFile(filepath.Join(p.Dir, "results.xml"))
	if err != nil || !bytes.Contains(results, []byte(`tests="3" failures="0" skipped="2"`)) {
		t.Errorf("%v\n%s", err, results)
	}
	again := exec.Command(p.Path, "report", filepath.Join(p.Dir, "found"))
	if out, err := again.CombinedOutput(); again.ProcessState.ExitCode() != exitIncomplete || !bytes.Contains(out, []byte("not the whole check: it was stopped by a signal, 2 scenarios before its end")) {
		t.Errorf("posfleet report of it: %v\n%s", err, out)
	}
}

// A host is a server: a signal is its normal end.
func TestSignalEndsAHost(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			p := start(t, "listening on 127.0.0.1:", "host", "--listen", "127.0.0.1:0")
			if code := p.end(t, sig); code != exitOK || !strings.Contains(p.stdout.String(), "booked 0.00 yuan net") {
				t.Errorf("exit code %d, says %s%s", code, &p.stdout, &p.stderr)
			}
		})
	}
}

// Of a run that was killed the folder has the name that was asked for, and is told
// as what it is: not the whole run.
func TestKilledRunIsToldByItsName(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	p := start(t, "signed in", "load", "--rate", "100/s", "--for", "60s", "--warmup", "0s", "--terminals", "20", "--out", "run")
	for { // one second is in the log
		log, _ := os.ReadFile(filepath.Join(p.Dir, "run", "latency.hlog"))
		if bytes.Contains(log, []byte("#[Second")) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	again := exec.Command(p.Path, "report", "run")
	again.Dir = p.Dir
	out, err := again.CombinedOutput()
	if again.ProcessState.ExitCode() != exitIncomplete {
		t.Errorf("posfleet report of it: %v", err)
	}
	for _, want := range []string{"INCOMPLETE", "20 terminals in ", "NOT JUDGED: this is not the whole run", "the run did not come to its end", "due and", "how many held is not"} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	for _, bill := range []string{"generator   VALID", "kept", "books agree", " 0 µs"} {
		if bytes.Contains(out, []byte(bill)) {
			t.Errorf("it says %q:\n%s", bill, out)
		}
	}
	told := exec.Command(p.Path, "report", "--json", "--csv", "seconds.csv", "--html", "page.html", "run")
	told.Dir = p.Dir
	summary, _ := told.Output()
	level := "not judged"
	if bytes.Contains(summary, []byte(`"level": "invalid"`)) { // as its one second is on a busy machine
		level = "invalid"
	}
	if told.ProcessState.ExitCode() != exitIncomplete || !bytes.Contains(summary, []byte(`"level": "`+level+`"`)) || !bytes.Contains(summary, []byte(`"at_ns":0,`)) {
		t.Errorf("as JSON, exit %d:\n%s", told.ProcessState.ExitCode(), summary)
	}
	for name, want := range map[string]string{"seconds.csv": "incomplete, " + level, "page.html": level} {
		if text, err := os.ReadFile(filepath.Join(p.Dir, name)); err != nil || !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s does not say %q: %v", name, want, err)
		}
	}
}
