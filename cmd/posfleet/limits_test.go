//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/profile"
)

func wantVerify(t *testing.T) {
	t.Helper()
	if os.Getenv(verifying) == "" {
		t.Skip("make verify")
	}
}

// capped has a shell put itself under a limit of memory before it becomes a program; empty
// where cgroups of version 1 cannot be made here.
func capped(t *testing.T, octets int64) string {
	dir := fmt.Sprintf("/sys/fs/cgroup/memory/posfleet-%d", os.Getpid())
	if err := os.Mkdir(dir, 0o755); err != nil {
		return ""
	}
	t.Cleanup(func() {
		for range 100 { // its last process may still be going
			if os.Remove(dir) == nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	if err := os.WriteFile(filepath.Join(dir, "memory.limit_in_bytes"), []byte(strconv.FormatInt(octets, 10)), 0o644); err != nil {
		return ""
	}
	return "echo $$ > " + filepath.Join(dir, "cgroup.procs") + " && "
}

// A generator of 1,000 terminals with batches of 100 lives in 256 MB, however many
// transactions it plays: what terminals must keep until they settle is all that grows.
func TestMemoryIsCapped(t *testing.T) {
	wantVerify(t)
	host := start(t, "listening on", "host", "--listen", "127.0.0.1:0", "--terminals", "1000")
	address, _, _ := strings.Cut(strings.TrimPrefix(host.stdout.String(), "listening on "), ": ")
	bank := filepath.Join(t.TempDir(), "bank.yaml")
	if err := os.WriteFile(bank, []byte(strings.Replace(string(profile.BundledYAML()), "journal-limit: 500 ", "journal-limit: 100 ", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	limit := capped(t, 256<<20)
	said := "under a limit of 256 MB:"
	if limit == "" {
		said = "no limit could be set here:"
	}
	for _, length := range []string{"3s", "30s"} {
		c := exec.Command("sh", "-c", limit+`exec "$@"`, "sh", program(t), "load", "--closed", "--line", "shared:4", "--profile", bank, "--host", address,
			"--terminals", "1000", "--for", length, "--out", "run")
		c.Env = append(os.Environ(), "GOMEMLIMIT=140MiB") // the program itself, some 40 MB of which are in memory, is not in it
		p := startCommand(t, "", c)
		if code := p.end(t); code != exitOK && code != exitGenerator {
			t.Fatalf("after %s %s it ends with %d: %s", length, said, code, &p.stderr)
		}
		rep, err := report.Read(filepath.Join(p.Dir, "run"))
		if err != nil {
			t.Fatal(err)
		}
		exchanges := int64(0)
		for _, l := range rep.Labels {
			exchanges += l.Counts.Sent()
		}
		peak := p.ProcessState.SysUsage().(*syscall.Rusage).Maxrss / 1024
		if peak >= 200 {
			t.Errorf("%d MB at most, want less than 200", peak)
		}
		said += fmt.Sprintf(" %d MB at most for %d exchanges,", peak, exchanges)
	}
	t.Log(strings.TrimSuffix(said, ","))
}

// A cable that is pulled while terminals pay is noticed by their timers, what was on its way
// is reversed once it is plugged in, and payments go on.
func TestPulledCableIsNoticed(t *testing.T) {
	wantVerify(t)
	w := newWires(t)
	if w.bridge == "" {
		t.Skip("no network namespaces here: they want root")
	}
	at, terminals := w.place(t), w.place(t)
	address := at.IP + ":8583"
	host := at.start(t, "listening on", "host", "--listen", address, "--anywhere", "--terminals", "100")
	p := terminals.start(t, "signed in", "load", "--host", address, "--allow-test-keys", "--timeout", "2s", "--rate", "50/s", "--for", "20s", "--warmup", "0s", "--terminals", "100", "--out", "run")
	time.Sleep(5 * time.Second)
	pulled := time.Now()
	w.cut(t, at)
	time.Sleep(5 * time.Second)
	w.plug(t, at)
	plugged := time.Now()
	p.end(t)
	if code := host.end(t, syscall.SIGTERM); code != exitOK && code != exitTerminate {
		t.Errorf("the host ends with %d: %s%s", code, &host.stdout, &host.stderr)
	}
	rep, err := report.Read(filepath.Join(p.Dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	var noticed, again time.Duration
	for _, s := range rep.Seconds {
		from, upto := rep.Started.Add(s.At), rep.Started.Add(s.At+s.Length)
		if missed := s.Counts[report.TimedOut] + s.Counts[report.Broken]; missed > 0 && noticed == 0 && upto.After(pulled) {
			noticed = upto.Sub(pulled)
		}
		if s.Counts[report.Approved] > 0 && again == 0 && from.After(plugged) {
			again = upto.Sub(plugged)
		}
	}
	if noticed == 0 || again == 0 || !strings.Contains(p.stdout.String(), "nothing owed at the end") {
		t.Errorf("noticed after %v, again after %v:\n%s", noticed, again, &p.stdout)
	}
	t.Logf("answers are given up, with a timer of 2 s, in the second that ends %.1f s after the cable is pulled; approvals again in the one that ends %.1f s after it is plugged in, nothing owed", noticed.Seconds(), again.Seconds())
}
