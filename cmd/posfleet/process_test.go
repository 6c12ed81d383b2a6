//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/profile"
)

// Whoever reads our output may go, as `| head` does: the run goes on and its
// folder is whole.
func TestClosedOutputLeavesAWholeRun(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	dir := t.TempDir()
	c := exec.Command(program(t), "load", "--rate", "50/s", "--for", "1s", "--warmup", "0s", "--terminals", "10", "--out", "run")
	c.Dir = dir
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout, c.Stderr = in, in
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	out.Close()
	c.Wait()
	if c.ProcessState.ExitCode() < 0 {
		t.Errorf("it ended by %v", c.ProcessState)
	}
	for _, name := range []string{"run.json", "report.html", "throughput.svg"} {
		if info, err := os.Stat(filepath.Join(dir, "run", name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A profile may come through a pipe. One that nobody writes into ends with the
// first signal.
func TestProfileThroughAPipe(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"written", "unwritten"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Skip(err)
		}
	}
	c := exec.Command(program(t), "check", "--profile", filepath.Join(dir, "written"), "@core-echo-1")
	c.Dir = dir
	go func() {
		time.Sleep(100 * time.Millisecond)
		_ = os.WriteFile(filepath.Join(dir, "written"), profile.BundledYAML(), 0)
	}()
	if said, err := c.CombinedOutput(); err != nil {
		t.Errorf("a profile that comes late: %v\n%s", err, said)
	}
	for _, s := range []struct {
		signal syscall.Signal
		code   int
	}{{syscall.SIGINT, exitInterrupt}, {syscall.SIGTERM, exitTerminate}, {syscall.SIGHUP, exitHangUp}} {
		var c *exec.Cmd
		for wait := 200 * time.Millisecond; wait < 10*time.Second; wait *= 3 {
			c = exec.Command(program(t), "check", "--profile", filepath.Join(dir, "unwritten"))
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(wait)
			c.Process.Signal(s.signal)
			kill := time.AfterFunc(patient, func() { c.Process.Kill() })
			c.Wait()
			if !kill.Stop() || c.ProcessState.ExitCode() >= 0 {
				break // else a busy machine had not begun to run it
			}
		}
		if c.ProcessState.ExitCode() != s.code {
			t.Errorf("%v: %v, want exit code %d at once", s.signal, c.ProcessState, s.code)
		}
	}
}

// What a verb waits for to read, be it a pipe that nobody writes into or a silent
// standard input, ends with the first signal.
func TestSignalEndsWhatWaitsForAFile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	dir, exe := t.TempDir(), program(t)
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Skip(err)
	}
	var all sync.WaitGroup
	for _, args := range []string{"decode", "decode -", "decode pipe", "decode --dialect ./pipe aa", "check pipe", "check --dialect ./pipe core/echo",
		"check --expected-failures pipe @core-echo-1", "dialect check pipe", "dialect import pipe", "dialect import -", "doctor pipe", "doctor -", "fees --plans pipe",
		"load --arrivals pipe", "replay pipe"} {
		all.Go(func() {
			code := -1
			for wait := 300 * time.Millisecond; wait < 10*time.Second && code < 0; wait *= 3 { // -1: a busy machine had not begun to run it
				c := exec.Command(exe, strings.Fields(args)...)
				c.Dir = dir
				in, err := c.StdinPipe()
				if err != nil {
					t.Error(err)
					return
				}
				defer in.Close()
				if err := c.Start(); err != nil {
					t.Error(err)
					return
				}
				time.Sleep(wait)
				c.Process.Signal(syscall.SIGTERM)
				kill := time.AfterFunc(patient, func() { c.Process.Kill() })
				c.Wait()
				code = c.ProcessState.ExitCode()
				if !kill.Stop() {
					break
				}
			}
			if code != exitTerminate {
				t.Errorf("%s: exit code %d, want %d at once", args, code, exitTerminate)
			}
		})
	}
	all.Wait()
}

// A check that hangs after it was told to end, on output that nobody reads, is ended by
// a further signal.
func TestFurtherSignalEndsWhatHangs(t *testing.T) {
	t.Parallel()
	unread, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer unread.Close()
	raw, err := out.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Write(func(fd uintptr) bool { // until it is full
		for err == nil {
			_, err = syscall.Write(int(fd), make([]byte, 4096))
		}
		return true
	}); err != nil {
		t.Fatal(err)
	}
	exe, code := program(t), -1
	for wait := 300 * time.Millisecond; wait < 10*time.Second && code < 0; wait *= 3 { // -1: a busy machine had not begun to run it
		c := exec.Command(exe, "check", "@core-echo-1")
		c.Stdout = out
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(wait)
		kill := time.AfterFunc(patient, func() { c.Process.Kill() })
		go func() {
			for c.Process.Signal(syscall.SIGTERM) == nil {
				time.Sleep(100 * time.Millisecond)
			}
		}()
		c.Wait()
		if code = c.ProcessState.ExitCode(); !kill.Stop() {
			t.Fatal("it goes on after a thousand signals")
		}
	}
	if code != exitTerminate {
		t.Errorf("exit code %d, want %d", code, exitTerminate)
	}
}

func TestPipeIsNotReadForEver(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	for _, writer := range []bool{false, true} {
		if writer {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			f.WriteString("name: x\n")
		}
		began := time.Now()
		_, err := readPipe(path, true, 100*time.Millisecond)
		if took := time.Since(began); err == nil || !strings.Contains(err.Error(), "within 100ms") || took > patient {
			t.Errorf("writer %v: %v after %v", writer, err, took)
		}
	}
}

// A crash writes no memory, which holds keys, into a file.
func TestNoCoreDumps(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("/proc is asked")
	}
	t.Parallel()
	p := start(t, "listening on 127.0.0.1:", "host", "--listen", "127.0.0.1:0")
	limits, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.Process.Pid), "limits"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		if strings.HasPrefix(line, "Max core file size") && strings.Fields(line)[4] != "0" {
			t.Error(line)
		}
	}
	p.end(t, syscall.SIGTERM)
}

// Names, paths and what others wrote may hold escape sequences: none reaches
// the terminal.
func TestControlsReachNoTerminal(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	const evil = "\x1b]0;pwn\x07\x1b[2J\x1b[31mred\x00\b\u202e\u009b2J"
	dir := t.TempDir()
	feature := filepath.Join(dir, "e.feature")
	text := "Feature: evil " + evil + "\n  Scenario: named " + evil + "\n    Given a terminal that has signed in\n    Then the answer is " + evil + "\n"
	if err := os.WriteFile(feature, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	yaml := bytes.Replace(profile.BundledYAML(), []byte("name: "), []byte("name: \"\\e[31m\\a\"\n#"), 1)
	file := filepath.Join(dir, "p.yaml")
	if err := os.WriteFile(file, yaml, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"check", feature}, {"check", "--list", feature}, {"load", feature}, {"check", evil}, {"report", evil}, {evil}, {"check", "--" + evil},
		{"check", "--profile", evil}, {"check", "--profile", file, "@core-echo-1"}, {"decode", evil}, {"load", "--mix", evil}, {"load", "--limit", evil},
		{"check", "--host", evil}, {"load", "--line", evil}, {"check", "--misbehave", evil},
	} {
		var stdout, stderr bytes.Buffer
		run(args, &stdout, &stderr)
		for _, c := range []string{"\x1b", "\x07", "\x00", "\b", "\u202e", "\u009b"} {
			if strings.Contains(stdout.String()+stderr.String(), c) {
				t.Errorf("%q: %q comes through:\n%q", args, c, stdout.String()+stderr.String())
			}
		}
	}
}

func TestScreenEscapesAndKeeps(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out)
	for _, text := range []string{"消费 12.50\t元\n", "\xe6", "\xb6\x88", "a\x1b[0mb\r", "\xff\xe6", "x", "\xe6"} {
		if n, err := s.Write([]byte(text)); n != len(text) || err != nil {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
	s.Close()
	if got, want := out.String(), "消费 12.50\t元\n消a\\x1b[0mb\\x0d\\xff\\xe6x\\xe6"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestPanicTellsNoSecret(t *testing.T) {
	var out bytes.Buffer
	func() {
		defer func() {
			p := recover()
			stack := []byte("goroutine 1 [running]:\nmain.pay(0xc000123456, {0xc0001, 0x10})\n\t/x/pay.go:12 +0x1d\n")
			tellPanic(&out, p, stack)
		}()
		panic("card 6225000000000014 with key CA5D92598DCA48CE")
	}()
	if s := out.String(); strings.Contains(s, "6225000000000014") || strings.Contains(s, "CA5D9259") || strings.Contains(s, "0xc0001") ||
		!strings.Contains(s, "main.pay(…)") || !strings.Contains(s, "pay.go:12") {
		t.Error(s)
	}
}

func TestCardNumbersAreScrubbed(t *testing.T) {
	for text, want := range map[string]string{
		"card 6225000000000014 and 4111111111111111.": "card 622500******0014 and 411111******1111.",
		";6225000000000014=49121010000000000?":        ";622500******0014=…?",
		"6225000000000014D49121010000000000":          "622500******0014D…",
		"merchant 999290054110001, 20261126083327":    "merchant 999290054110001, 20261126083327",
		"amount 6225000000000015":                     "amount 6225000000000015",
		"sha256:ab6225000000000014cd":                 "sha256:ab6225000000000014cd",
		"378282246310005":                             "***********0005",
		"消费 1.00":                                     "消费 1.00",
	} {
		if got := string(scrub([]byte(text))); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	for length, pan := range map[int]string{ // R44 of docs/reliability.md: six hidden at least, ten shown at most
		13: "4222222222222", 14: "30569309025904", 15: "371449635398431", 16: "4012888888881881", 17: "62251234567890125", 18: "622512345678901233", 19: "6205500000000000004",
	} {
		got := string(scrub([]byte(pan)))
		if hidden := strings.Count(got, "*"); len(got) != length || hidden < 6 || length-hidden > 10 || !strings.HasSuffix(got, pan[length-4:]) {
			t.Errorf("of %d digits %s is shown", length, got)
		}
	}
	var stdout, stderr bytes.Buffer
	run([]string{"6225000000000014"}, &stdout, &stderr)
	if strings.Contains(stderr.String(), "6225000000000014") {
		t.Error(stderr.String())
	}
}
