package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// early starts the program so that the first words come from its runtime, as soon as
// signals are held back and long before main.
func early(t *testing.T, c *exec.Cmd) *process {
	t.Helper()
	c.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	return startCommand(t, "init "+module+"/cmd/posfleet/interrupt @", c)
}

// A signal in a verb's first moments, before main even, ends it with its own exit code and
// is said, and nothing is left of what it was to write.
func TestSignalInTheFirstMoments(t *testing.T) {
	t.Parallel()
	signals := []struct {
		signal syscall.Signal
		code   int
	}{{syscall.SIGTERM, exitTerminate}, {syscall.SIGINT, exitInterrupt}, {syscall.SIGHUP, exitHangUp}, {syscall.SIGQUIT, exitQuit}}
	for i, args := range []string{"steps", "rules", "decode -", "dialect show cup", "check --out found", "load --out run", "host --listen 127.0.0.1:0",
		"doctor --host 127.0.0.1:1", "report run", "fees --out fees", "keys --help", "--version", "books run", "compare a b", "proxy --listen 127.0.0.1:0", "replay x", "selftest", "capacity --out c"} {
		sig := signals[i%len(signals)]
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			p := early(t, exec.Command(program(t), strings.Fields(args)...))
			if code := p.end(t, sig.signal); code != sig.code {
				t.Errorf("exit code %d, want %d", code, sig.code)
			}
			said := p.stderr.String()
			if at := strings.LastIndex(said, "\ninit "); !strings.Contains(said[max(at, 0):], "posfleet: stopped by a signal\n") {
				t.Errorf("it does not say so:\n%s", said[max(at, 0):])
			}
			if left, _ := os.ReadDir(p.Dir); len(left) > 0 {
				t.Errorf("it leaves %v", left)
			}
		})
	}
}

// A verb that a signal ends while it reads or writes files says so, and leaves no half of
// a file beside the one that it was to write.
func TestSignalLeavesNoHalfOfAFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	for name, args := range map[string][]string{"decode": {"decode", "-"}, "import": {"dialect", "import", "-"}, "profile": {"check", "--list", "--profile", pipe}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := exec.Command(program(t), args...)
			in, err := c.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			io.WriteString(in, "<isopackager>\n")
			p := early(t, c)
			time.Sleep(300 * time.Millisecond)
			if code := p.end(t, syscall.SIGTERM); code != exitTerminate || !strings.Contains(p.stderr.String(), "posfleet: stopped by a signal\n") {
				t.Errorf("exit code %d, it says %q", code, &p.stderr)
			}
		})
	}
}
