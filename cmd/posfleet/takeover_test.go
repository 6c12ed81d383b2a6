//go:build unix

package main

import (
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// killed plays a run of one agent and a spare, has that agent killed after the first second,
// before which something may happen, and gives how the run ends.
func killed(t *testing.T, address string, before func()) (code int, told string) {
	t.Helper()
	c := start(t, "1 of 6 s", "load", "--agents", "1", "--takeover", "--host", address, "--rate", "20/s", "--for", "6s", "--warmup", "0s", "--terminals", "20", "--out", "run")
	pid, err := strconv.Atoi(regexp.MustCompile(`agent 1 is \S+/(\d+)`).FindStringSubmatch(c.stderr.String())[1])
	if err != nil {
		t.Fatal(err)
	}
	before()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.ended:
	case <-time.After(patient):
		t.Fatalf("it does not end:\n%s", &c.stderr)
	}
	return c.ProcessState.ExitCode(), c.stdout.String() + c.stderr.String()
}

// The share of the only agent is taken over; and where whoever takes it cannot begin, since
// the host is gone too, the run is told by what is known.
func TestShareOfTheOnlyAgentIsTakenOver(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	for name, x := range map[string]struct {
		hostGoes bool
		words    []string
	}{
		"by a spare one":            {false, []string{"takes over", "120 planned"}},
		"by one that finds no host": {true, []string{"cannot be reached", "nothing has come of it", "INCOMPLETE", "failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := start(t, "listening on", "host", "--listen", "127.0.0.1:0", "--terminals", "20")
			address, _, _ := strings.Cut(strings.TrimPrefix(host.stdout.String(), "listening on "), ": ")
			code, told := killed(t, address, func() {
				if x.hostGoes {
					_ = host.Process.Kill()
					<-host.ended
				}
			})
			for _, w := range x.words {
				if !strings.Contains(told, w) {
					t.Errorf("exit code %d, not %q:\n%s", code, w, told)
				}
			}
			if code != exitIncomplete {
				t.Errorf("exit code %d:\n%s", code, told)
			}
		})
	}
}
