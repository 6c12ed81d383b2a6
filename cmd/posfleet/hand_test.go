//go:build linux || darwin

package main

import (
	"bytes"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/posfleet/posfleet/report"
)

// desk is somebody at a terminal who has started posfleet.
type desk struct {
	*exec.Cmd
	keys *os.File

	mu     sync.Mutex
	screen bytes.Buffer
	ended  chan struct{}
}

// Who has redirected an output sees on the other that keys do nothing.
func TestKeysThatAreNotReadAreToldOf(t *testing.T) {
	master, tty, err := pty.Open()
	if err != nil {
		t.Skip("NOT TESTED: keys at a terminal: ", err)
	}
	defer master.Close()
	defer tty.Close()
	t.Setenv("TERM", "xterm")
	shown, file := newScreen(tty), newScreen(new(bytes.Buffer))
	if atTerminal(tty, shown, shown) == nil {
		t.Fatal("a terminal is taken for none")
	}
	for want, to := range map[string][2]io.Writer{"standard error is redirected": {shown, file}, "standard output is redirected": {file, shown}} {
		if atTerminal(tty, to[0], to[1]) != nil {
			t.Errorf("%s: keys are read", want)
		}
		said := make([]byte, 200)
		if n, err := master.Read(said); err != nil || !bytes.Contains(said[:n], []byte("keys are not read: "+want)) {
			t.Errorf("told %q, %v; want %q", said[:n], err, want)
		}
	}
	if atTerminal(tty, file, file) != nil || atTerminal(strings.NewReader(""), shown, shown) != nil {
		t.Error("keys are read away from a terminal")
	}
}

// sit starts posfleet at a terminal, with others for those of its files that are given.
func sit(t *testing.T, stdin, stdout *os.File, args ...string) *desk {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Skip("NOT TESTED: keys at a terminal: ", err)
	}
	t.Cleanup(func() { master.Close() })
	if err := pty.Setsize(master, &pty.Winsize{Rows: 40, Cols: 120}); err != nil {
		t.Fatal(err)
	}
	d := &desk{Cmd: exec.Command(program(t), args...), keys: master, ended: make(chan struct{})}
	d.Dir, d.Stdin, d.Stdout, d.Stderr = t.TempDir(), tty, tty, tty
	d.Env = append(os.Environ(), "TERM=xterm")
	if stdin != nil {
		d.Stdin = stdin
	}
	if stdout != nil {
		d.Stdout = stdout
	}
	d.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 2}
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	t.Cleanup(func() { d.Process.Kill() })
	go func() {
		defer close(d.ended)
		part := make([]byte, 4096)
		for {
			n, err := master.Read(part)
			d.mu.Lock()
			d.screen.Write(part[:n])
			d.mu.Unlock()
			if err != nil {
				d.Wait()
				return
			}
		}
	}()
	return d
}

func (d *desk) shown() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.screen.String()
}

// await waits until something is shown that has not been before.
func (d *desk) await(t *testing.T, words string, times int) {
	t.Helper()
	for until := time.Now().Add(patient); strings.Count(d.shown(), words) < times; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%q is not shown %d times, but\n%s", words, times, d.shown())
		}
	}
}

func (d *desk) press(t *testing.T, keys string) {
	t.Helper()
	if _, err := io.WriteString(d.keys, keys); err != nil {
		t.Fatal(err)
	}
}

// Keys change a run while it is played, the table is drawn over, and what was pressed is
// in the report, since it is not the run that was asked for.
func TestKeysSteerARun(t *testing.T) {
	t.Parallel()
	d := sit(t, nil, nil, "load", "--rate", "100/s", "--for", "10m", "--warmup", "0s", "--terminals", "50", "--out", "run")
	d.await(t, "last second", 2)
	for _, k := range []struct{ key, words string }{
		{"*", "*: 200/s"}, {"+", "+: 210/s"}, {"/", "/: 105/s"}, {"-", "-: 95/s"}, {"p", "p: paused, 95/s when they go on"}, {"x", ""}, {"p", "p: 95/s"},
	} {
		d.press(t, k.key)
		if k.words != "" {
			d.await(t, k.words, 1)
		}
	}
	d.press(t, "s")
	d.await(t, " terminal 1", 1)
	if asked, err := os.ReadFile(filepath.Join(d.Dir, "run", "run.json")); err != nil || !bytes.Contains(asked, []byte(`"after": "210/s"`)) {
		t.Errorf("while it is played run.json says nothing of keys: %v\n%.600s", err, asked)
	}
	d.press(t, "q")
	select {
	case <-d.ended:
	case <-time.After(patient):
		t.Fatalf("it does not end:\n%s", d.shown())
	}
	screen := d.shown()
	for _, words := range []string{"\x1b[A\x1b[2K", "changed by hand", "by a tenth", "books agree"} {
		if !strings.Contains(screen, words) {
			t.Errorf("%q is not shown:\n%s", words, screen)
		}
	}
	rep, err := report.Read(filepath.Join(d.Dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	var keys string
	for i, p := range rep.Plan.Pressed {
		keys += p.Key
		if i > 0 && p.At < rep.Plan.Pressed[i-1].At {
			t.Errorf("%v is told after %v", p, rep.Plan.Pressed[i-1])
		}
	}
	if keys != "*+/-ppq" || math.Abs(rep.Plan.Pressed[3].Speed-0.95) > 1e-9 || rep.Plan.Pressed[4].Speed != 0 {
		t.Errorf("pressed: %+v", rep.Plan.Pressed)
	}
	page, err := os.ReadFile(filepath.Join(d.Dir, "run", "report.html"))
	if err != nil || !bytes.Contains(page, []byte("Arrivals were changed by hand while the run was played, by 7 keys")) || !bytes.Contains(page, []byte("paused, 95/s when they go on")) {
		t.Errorf("the page says nothing of keys: %v", err)
	}
	if !rep.Interrupted || rep.Planned != rep.Played+rep.NotPlayed {
		t.Errorf("%d planned, %d played, %d not; interrupted %v", rep.Planned, rep.Played, rep.NotPlayed, rep.Interrupted)
	}
}

// Where input or output is no terminal no key is read and nothing is drawn over.
func TestNoKeysWithoutATerminal(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	nothing, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"load", "--rate", "20/s", "--for", "2s", "--warmup", "0s", "--terminals", "5", "--out", "run"}
	for name, d := range map[string]*desk{"stdout is a file": sit(t, nil, file, args...), "stdin is not there": sit(t, nothing, nil, args...)} {
		d.press(t, "q*p")
		select {
		case <-d.ended:
		case <-time.After(patient):
			t.Fatalf("%s: it does not end:\n%s", name, d.shown())
		}
		if screen := d.shown(); regexp.MustCompile(`\x1b\[A|by a tenth`).MatchString(screen) {
			t.Errorf("%s:\n%q", name, screen)
		}
		if rep, err := report.Read(filepath.Join(d.Dir, "run")); err != nil || rep.Planned != 40 || len(rep.Plan.Pressed) != 0 {
			t.Errorf("%s: %+v, %v", name, rep, err)
		}
	}
}
