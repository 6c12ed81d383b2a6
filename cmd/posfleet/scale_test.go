//go:build linux

package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
)

var scale = flag.Bool("scale", false, "play one plan on 1, 2, 4 and 8 agents, kill some, and print what came of it")

// One plan on more and more agents of this machine comes to the same; agents that are
// killed are noticed and replaced; and a controller of 64 is no large one. What is printed
// is in docs/scale.md.
func TestScale(t *testing.T) {
	if !*scale {
		t.Skip("make scale")
	}
	address := scaleHost(t)
	fmt.Printf("\n| agents | planned | played | merged = union | began apart | told | clocks moved | verdict |\n|---|---|---|---|---|---|---|---|\n")
	for _, n := range []int{1, 2, 4, 8} {
		dir := filepath.Join(t.TempDir(), "run")
		c := exec.Command(program(t), "load", "--agents", strconv.Itoa(n), "--host", address, "--rate", "400/s", "--for", "10s", "--terminals", "400", "--seed", "7", "--out", dir)
		if out, err := c.CombinedOutput(); c.ProcessState.ExitCode() != exitOK && c.ProcessState.ExitCode() != exitGenerator {
			t.Fatalf("%v\n%s", err, out)
		}
		whole, err := report.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		var union *report.Report
		var first, last time.Time
		var drift time.Duration
		for _, a := range whole.Agents {
			part, err := report.Read(filepath.Join(dir, "agents", a.Folder))
			if err != nil {
				t.Fatal(err)
			}
			if first.IsZero() || part.Started.Before(first) {
				first = part.Started // by the one clock that all of them have here
			}
			if part.Started.After(last) {
				last = part.Started
			}
			drift = max(drift, a.Drift.Abs())
			if union == nil {
				union = part
			} else if err := union.Join(part); err != nil {
				t.Fatal(err)
			}
		}
		equal := true
		for i := range whole.Labels {
			w := &whole.Labels[i]
			u := union.Label(w.Name)
			equal = equal && w.Counts == u.Counts && w.Response.Equals(u.Response) && w.Service.Equals(u.Service) && w.Lag.Equals(u.Lag)
		}
		if !equal || whole.Planned != 4000 || len(whole.Agents) != n {
			t.Errorf("%d agents: %d planned, merged is the union: %v", n, whole.Planned, equal)
		}
		fmt.Printf("| %d | %d | %d | %v | %v | ≤ %v | %v | %s |\n", n, whole.Planned, whole.Played, equal, last.Sub(first).Round(time.Microsecond),
			whole.Skew().Round(time.Microsecond), drift.Round(time.Microsecond), whole.Validity.Level)
	}
	kills(t, address)
	manyAgents(t, address)
}

// scaleHost is a bundled host in a process of its own.
func scaleHost(t *testing.T) string {
	host := start(t, "listening on", "host", "--listen", "127.0.0.1:0", "--terminals", "4000")
	address, _, _ := strings.Cut(strings.TrimPrefix(host.stdout.String(), "listening on "), ": ")
	return address
}

// kills tells how soon a killed agent is told, and how soon another plays on.
func kills(t *testing.T, address string) {
	fmt.Printf("\n| of 4 agents one is killed | seconds |\n|---|---|\n")
	p := start(t, "all agents begin", "load", "--agents", "4", "--takeover", "--host", address, "--rate", "400/s", "--for", "10s", "--terminals", "400", "--out", "run")
	time.Sleep(3 * time.Second)
	victim := agentProcess.FindStringSubmatch(p.stderr.String())
	pid, _ := strconv.Atoi(victim[2])
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	await := func(words string) time.Duration {
		for !strings.Contains(p.stderr.String(), words) {
			if time.Since(killed) > time.Minute {
				t.Fatalf("nobody says %q:\n%s", words, &p.stderr)
			}
			time.Sleep(5 * time.Millisecond)
		}
		return time.Since(killed)
	}
	fmt.Printf("| until it is told | %.2f |\n", await("is not heard of").Seconds())
	fmt.Printf("| until a spare one plays its arrivals | %.2f |\n", await("takes over").Seconds())
	if code := p.end(t, time.Minute); code != exitIncomplete {
		t.Errorf("exit code %d, want %d: %s", code, exitIncomplete, &p.stderr)
	}

	p = start(t, "all agents begin", "load", "--agents", "4", "--host", address, "--rate", "400/s", "--for", "5m", "--terminals", "400", "--out", "run")
	time.Sleep(2 * time.Second)
	aborted := time.Now()
	p.end(t, time.Minute, os.Interrupt, os.Interrupt)
	fmt.Printf("| from the second Ctrl-C until all have ended and what they had is kept | %.2f |\n", (time.Since(aborted) - 300*time.Millisecond).Seconds())
}

// peak is the most memory that a process has had.
var peak = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// manyAgents has 64 agents of this process play for a controller in a process of its own.
func manyAgents(t *testing.T, address string) {
	const n = 64
	dir := t.TempDir()
	creds := filepath.Join(dir, "credentials")
	if code := run([]string{"agent", "credentials", creds}, os.Stdout, os.Stderr); code != exitOK {
		t.Fatal("no credentials")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	var agents sync.WaitGroup
	for range n {
		agents.Go(func() {
			var out bytes.Buffer
			if code := run([]string{"agent", "--join", "nats://" + l.Addr().String(), "--creds", creds}, &out, &out); code != exitOK {
				t.Errorf("an agent ends with %d: %s", code, &out)
			}
		})
	}
	p := start(t, "all agents begin", "load", "--agents", strconv.Itoa(n), "--listen", l.Addr().String(), "--creds", creds,
		"--host", address, "--rate", "1600/s", "--for", "15s", "--terminals", "3200", "--out", "run")
	ctx, stop := context.WithCancel(context.Background())
	used := make(chan int, 1)
	go func() {
		most := 0
		for ctx.Err() == nil {
			if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid)); err == nil {
				if m := peak.FindSubmatch(text); m != nil {
					most, _ = strconv.Atoi(string(m[1]))
				}
			}
			time.Sleep(50 * time.Millisecond)
		}
		used <- most
	}()
	code := p.end(t, 3*time.Minute)
	stop()
	agents.Wait()
	if code != exitOK && code != exitGenerator {
		t.Errorf("exit code %d: %s", code, &p.stderr)
	}
	usage := p.ProcessState.SysUsage().(*syscall.Rusage)
	cpu := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	fmt.Printf("\n| controller of %d agents, a run of 15 s | |\n|---|---|\n| memory at most | %d MB |\n| processor time | %.1f s |\n", n, <-used/1024, cpu.Seconds())
}
