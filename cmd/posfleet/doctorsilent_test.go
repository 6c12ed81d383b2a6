package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
)

// A host that falls silent on all connections is ill whichever message it left without an
// answer, and no line of the dialect mends that; one that leaves but the sign-off without
// is not silent.
func TestDoctorOfAHostThatFallsSilent(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	d := dialect.CUP()
	falls := func(after, silent int32) string {
		host := serveTLS(t, nil) // its own: all sign on as one terminal
		var asked atomic.Int32
		return listening(t, func(c net.Conn) {
			for in := d.NewReader(c); ; {
				request, err := in.Next()
				if err != nil {
					return
				}
				if n := asked.Add(1); n > after && n <= after+silent {
					continue
				}
				up, err := net.Dial("tcp", host)
				if err != nil {
					return
				}
				frame, _ := d.Frame(nil, request, true)
				up.Write(frame)
				answer, _ := d.NewReader(up).Next()
				frame, _ = d.Frame(nil, answer, true)
				c.Write(frame)
				up.Close()
			}
		})
	}
	for after, what := range map[int32]string{1: "sign-on", 2: "balance inquiry", 3: "echo test", 4: "sign-off"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			diagnose(t, exitUnreachable, []string{"none to the echo test, which it answered before", fmt.Sprintf("the host answered %d messages?, then nothing", after)},
				"nothing to change|change in", "--host", falls(after, 1000), "--timeout", "1500ms")
		})
	}
	t.Run("to the sign-off alone", func(t *testing.T) {
		t.Parallel()
		diagnose(t, exitUnreachable, []string{`sign-off: none`, "not the sign-off"}, "then nothing", "--host", falls(4, 1), "--timeout", "1500ms")
	})
}

// A host that answers all is not silent to a terminal that hardly waits.
func TestDoctorOfATimeoutThatIsTooShort(t *testing.T) {
	t.Parallel()
	slow := behind(t, nil, func(_, _ net.Conn, answer func() bool) {
		for time.Sleep(50 * time.Millisecond); answer(); time.Sleep(50 * time.Millisecond) {
		}
	})
	text, err := os.ReadFile("../../sim/profile/bundled.yaml")
	if err != nil {
		t.Fatal(err)
	}
	profile := filepath.Join(t.TempDir(), "short.yaml")
	if err := os.WriteFile(profile, bytes.Replace(text, []byte("  timeout: 5s "), []byte("  timeout: 2ms "), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	diagnose(t, exitUnreachable, []string{`too late: the timeout is 2ms`, `doctor waits 2ms: ask with --timeout 1s`}, "then nothing|tries", "--host", slow, "--timeout", "2ms")
	diagnose(t, exitUnreachable, []string{`too late: the timeout is 2ms`, `policy: {timeout: 1s}`}, "then nothing|tries", "--host", slow, "--profile", profile)
}
