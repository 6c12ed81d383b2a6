package main

import (
	"bufio"
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// disputed are the scenarios that interop/standalone does not keep, although it
// does nothing that the documents forbid, and why it need not keep them.
var disputed = map[string]string{
	"cup-purchase-5": "the host gives no field 44, which not all hosts do",
}

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

// A host that was written from the documents alone keeps every scenario, but for
// those that ask for more than the documents do.
func TestCheckOfAHostFromAnotherCodeBase(t *testing.T) {
	t.Parallel()
	out, _ := posfleet(t, "check", "--profile", standaloneProfile, "--host", standalone(t), "--timeout", "5s")
	sum := regexp.MustCompile(`(?m)^\d+ scenarios .*: (\d+) passed`).FindStringSubmatch(out)
	if sum == nil || sum[1] == "0" {
		t.Fatalf("nothing passed:\n%s", out)
	}
	failed := map[string]bool{}
	for _, f := range regexp.MustCompile(`(?m)^FAIL +(\S+)[^\n]*(?:\n +[^\n]*)*`).FindAllStringSubmatch(out, -1) {
		failed[f[1]] = true
		if why, known := disputed[f[1]]; known {
			t.Logf("%s fails as expected: %s", f[1], why)
		} else {
			t.Errorf("the host and a scenario disagree:\n%s", f[0])
		}
	}
	for id := range disputed {
		if !failed[id] {
			t.Errorf("%s does not fail any more: take it off the list", id)
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
