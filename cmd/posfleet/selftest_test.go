package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/selftest"
)

func TestMachineNotToBeTrustedHasItsExitCode(t *testing.T) {
	good := selftest.Figure{Trial: "stall", Words: "p50", Want: "1 ms", Seen: "2 ms", Holds: true}
	bad := selftest.Figure{Trial: "stall", Words: "p99", Want: "90 ms", Seen: "2 ms"}
	for _, c := range []struct {
		figures   []selftest.Figure
		code      int
		says, why string
	}{
		{[]selftest.Figure{good}, exitOK, "is to be trusted", ""},
		{[]selftest.Figure{good, bad}, exitGenerator, "DOES NOT HOLD", "this machine was busy: ticks came late"},
	} {
		var out strings.Builder
		code, why := exitOK, ""
		var e *exit
		if err := tellSelftest(&out, &selftest.Result{Figures: c.figures, Busy: []string{"ticks came late"}}); errors.As(err, &e) {
			code, why = e.code, e.Error()
		} else if err != nil {
			t.Fatal(err)
		}
		if code != c.code || why != c.why || !strings.Contains(out.String(), c.says) {
			t.Errorf("exit code %d, want %d, because %q:\n%s", code, c.code, why, &out)
		}
	}
}

// A selftest that is stopped judges nothing: half of the figures prove nothing.
func TestSignalEndsASelftest(t *testing.T) {
	t.Parallel()
	p := start(t, "hosts of known behaviour", "selftest", "--quick")
	time.Sleep(500 * time.Millisecond)
	if code := p.end(t, os.Interrupt); code != exitInterrupt || !strings.Contains(p.stderr.String(), "stopped by a signal before it could judge") {
		t.Errorf("exit code %d, want %d:\n%s", code, exitInterrupt, &p.stderr)
	}
	if p.stdout.String() != "" {
		t.Errorf("it says\n%s", &p.stdout)
	}
}
