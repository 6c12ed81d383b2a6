package main

import (
	"bytes"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/posfleet/posfleet/sim/wire"
)

// The trace is a field that an answer must bring back: no dialect says otherwise.
func TestDoctorHasTheHostMendAnotherTrace(t *testing.T) {
	t.Parallel()
	host := spoiling(t, toEcho, false, func(c net.Conn, f []byte) {
		c.Write(changed(f, func(m *wire.Message) { m.SetString(wire.Trace, "000001") }))
	})
	diagnose(t, exitUnreachable, []string{`field 11 .*"000001".*must bring back this one as it came .ANS-11-ECHO.: mend the host`}, "of your own", "--host", host, "--timeout", "300ms")
}

// Where there is one terminal, its host is not asked whether it takes so many.
func TestLoadOfOneTerminalIsNotTooMany(t *testing.T) {
	t.Parallel()
	var met atomic.Bool
	host := behind(t, nil, func(_, _ net.Conn, answer func() bool) {
		if !met.Swap(true) {
			for answer() {
			}
		}
	})
	var out, errs bytes.Buffer
	code := run([]string{"load", "--host", host, "--rate", "5/s", "--for", "1s", "--warmup", "0s", "--timeout", "300ms", "--terminals", "1", "--out", t.TempDir() + "/run"}, &out, &errs)
	if said := errs.String(); code != exitUnreachable || !strings.Contains(said, "another connection after the first") || strings.Contains(said, "so many") {
		t.Errorf("exit code %d\n%s%s", code, &out, said)
	}
}
