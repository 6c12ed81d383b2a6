package main

import (
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// silentLater is the address of a host that carries so many connections, and takes all
// others without a word; silent is told when something comes on the first of those.
func silentLater(t *testing.T, host string, carried int32) (address string, silent <-chan struct{}) {
	var n atomic.Int32
	came := make(chan struct{})
	return listening(t, func(c net.Conn) {
		if n := n.Add(1); n > carried {
			if _, err := c.Read(make([]byte, 1)); err == nil && n == carried+1 {
				close(came)
			}
			io.Copy(io.Discard, c)
			return
		}
		relay(host, c)
	}), came
}

// A signal while a host that has answered is waited for ends what waits at once, and blames
// nothing on the host.
func TestSignalWhileAHostIsSilentLater(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	dir := t.TempDir()
	for name, c := range map[string]struct {
		args, words string
		carried     int32
	}{
		"load":         {"load --for 2s --terminals 200 --out " + filepath.Join(dir, "a"), "nothing was played", 1},
		"shared lines": {"load --for 2s --terminals 200 --line shared:4 --out " + filepath.Join(dir, "b"), "nothing was played", 1},
		"storm":        {"load --storm 2", "0 of 2 storms were played to the end", 1}, // whatever of the first had been
		"check":        {"check core/purchase", "the scenarios after it were not played", 1},
		"negative":     {"check --negative", "", 1},
		"capacity":     {"capacity --for 2s --terminals 20 --limit p99<1s --out " + filepath.Join(dir, "d"), "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host, silent := silentLater(t, served(t), c.carried)
			p := start(t, "", append(strings.Fields(c.args), "--host", host, "--timeout", "20s")...)
			select {
			case <-silent:
			case <-time.After(patient):
				t.Fatalf("it asks nothing:\n%s%s", &p.stdout, &p.stderr)
			}
			began := time.Now()
			code := p.end(t, syscall.SIGTERM)
			took := time.Since(began)
			said := p.stdout.String() + p.stderr.String()
			if code != exitTerminate || !strings.Contains(said, "stopped by a signal") || !strings.Contains(said, c.words) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, exitTerminate, c.words, said)
			}
			if took > 10*time.Second { // of 20 s for an answer
				t.Errorf("it ended %v after the signal", took)
			}
			for _, lie := range []string{"could not: ", "does not answer", "run ended before the answer", "hint", "context canceled", "FAIL"} {
				if strings.Contains(said, lie) {
					t.Errorf("it says %q:\n%s", lie, said)
				}
			}
		})
	}
}

// Of a host that answered one terminal it is not asked whether it speaks the dialect.
func TestLoadAtAHostThatIsSilentLater(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	host, _ := silentLater(t, served(t), 1)
	code := run([]string{"load", "--for", "1s", "--warmup", "0s", "--terminals", "3", "--timeout", "1s", "--out", filepath.Join(t.TempDir(), "run"), "--host", host}, &out, &errs)
	if said := errs.String(); code != exitUnreachable || !strings.Contains(said, "answered one terminal just before") || strings.Contains(said, "does it speak") {
		t.Errorf("exit code %d, it says\n%s", code, said)
	}
}

// Nor is one said never to answer that check had an answer of before it began.
func TestCheckAtAHostThatIsSilentLater(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	host, _ := silentLater(t, served(t), 1)
	code := run([]string{"check", "--timeout", "1s", "@core-signin-1", "@core-purchase-1", "--host", host}, &out, &errs)
	if said := errs.String(); code != exitFailed || !strings.Contains(said, "answered a sign-in or an echo test before") || strings.Contains(said, "another dialect") || strings.Contains(said, "never") {
		t.Errorf("exit code %d, it says\n%s%s", code, out.String(), said)
	}
}
