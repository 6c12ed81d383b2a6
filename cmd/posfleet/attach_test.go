package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/agent"
)

// A run whose controller is alive is not gone on with: a second one would have half of what
// agents send, over one folder of streams.
func TestLivingControllerKeepsItsRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	folder, err := report.Create(dir, &report.Report{Run: "r", Part: "r"})
	if err != nil {
		t.Fatal(err)
	}
	const log = "what the controller has joined by now"
	agents := folder.Path("agents")
	if err := errors.Join(os.Mkdir(agents, 0o755), os.WriteFile(folder.Path(logName), []byte(log), 0o644)); err != nil {
		t.Fatal(err)
	}
	place := meetingPlace{Agents: 1}
	met, err := place.meet(t.Context(), agents)
	if err != nil {
		t.Fatal(err)
	}
	defer met.close()
	controller, err := agent.Start(t.Context(), met.conn, "v1", 1, false, []byte("the plan"), agents)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = controller.Close(t.Context()) }()

	var stdout, stderr bytes.Buffer
	code := run([]string{"load", "--attach", dir}, &stdout, &stderr)
	if code != exitUsage || !strings.Contains(stderr.String(), "its controller is alive") {
		t.Errorf("exit code %d, %s", code, stderr.String())
	}
	if left, err := os.ReadFile(folder.Path(logName)); string(left) != log {
		t.Errorf("its log holds %q, %v", left, err)
	}
}

// An address that another has is told at once, as those of --live and --metrics are.
func TestBusyAddressOfAgentsIsAUsageError(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	place := meetingPlace{Listen: l.Addr().String()}
	var e *exit
	if _, err := place.meet(t.Context(), dir); !errors.As(err, &e) || e.code != exitUsage || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "nats")); err == nil {
		t.Error("the folder of streams has been opened all the same")
	}
}
