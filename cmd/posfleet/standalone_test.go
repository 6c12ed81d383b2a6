package main

import (
	"bufio"
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const standaloneProfile = "../../interop/testdata/standalone.yaml"

// standalone builds the host of interop/standalone and starts it in a process of
// its own until the test ends. It returns its address.
func standalone(t *testing.T, flags ...string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "standalone")
	if out, err := exec.Command("go", "build", "-o", bin, "../../interop/standalone").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	cmd := exec.Command(bin, append([]string{"--config", "../../interop/testdata/standalone.json"}, flags...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		late := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
		defer late.Stop()
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil || said.Len() > 0 {
			t.Errorf("the host ended with %v and said:\n%s", err, said.String())
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		t.Fatalf("the host says %q, %v", line, err)
	}
	return address
}

// posfleet runs the program and returns what it says on standard output and its
// exit code.
func posfleet(t *testing.T, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(program(t), args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if code := cmd.ProcessState.ExitCode(); code > 4 || code < 0 {
		t.Fatalf("%v: exit code %d\n%s%s", cmd.Args, code, out, said.String())
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// A host that was written from the documents alone keeps every scenario, and the
// verdicts do not depend on how they are played.
func TestCheckOfAHostFromAnotherCodeBase(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	host := standalone(t)
	verdict := regexp.MustCompile(`(?m)^(ok|FAIL|untested|skipped) +(\S+)`)
	first := ""
	ways := []string{"", "--shuffle=8 --line each --parallel 2", "--line each", "--terminals 1", "--terminals 3 --shuffle=7", "--parallel 4"}
	if testing.Short() {
		ways = ways[:2] // under the race detector these will do
	}
	for _, way := range ways {
		out, code := posfleet(t, append([]string{"check", "--profile", standaloneProfile, "--host", host, "--timeout", "5s"}, strings.Fields(way)...)...)
		var all []string
		for _, m := range verdict.FindAllStringSubmatch(out, -1) {
			all = append(all, m[2]+" "+m[1])
		}
		slices.Sort(all)
		verdicts := strings.Join(all, "\n")
		if first == "" {
			first = verdicts
		}
		if code != 0 || len(all) < 200 || !strings.Contains(verdicts, "cup-purchase-5 untested") {
			t.Fatalf("check %s: exit code %d, %d verdicts; want all to hold, but for 44, which this host never gives:\n%s", way, code, len(all), out)
		}
		if verdicts != first {
			t.Errorf("check %s: other verdicts than without:\n%s\nwant\n%s", way, verdicts, first)
		}
	}
}

// What a load run meets at that host are approvals and the declines of its mix,
// also when the host hangs up after each answer.
func TestLoadOnAHostFromAnotherCodeBase(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	for name, flags := range map[string][]string{
		"own lines":             {"own"},
		"shared line":           {"shared:1"},
		"a line for each":       {"each", "--close"},
		"a line for each, slow": {"each", "--close", "--delay", "5ms"},
	} {
		t.Run(name, func(t *testing.T) {
			host := standalone(t, flags[1:]...)
			out, code := posfleet(t, "load", "--profile", standaloneProfile, "--host", host, "--line", flags[0],
				"--rate", "40/s", "--for", "1s", "--warmup", "0s", "--seed", "1", "--terminals", "8", "--timeout", "10s", "--out", filepath.Join(t.TempDir(), "run"))
			if code != 0 && code != 4 { // 4: this machine was too busy
				t.Errorf("exit code %d", code)
			}
			if !regexp.MustCompile(`(?m)^answers +00: \d+( +51: \d+)?$`).MatchString(out) {
				t.Errorf("want nothing but approvals and code 51:\n%s", out)
			}
		})
	}
}
