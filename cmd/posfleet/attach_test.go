package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/agent"
	"github.com/posfleet/posfleet/sim/line"
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

// To an agent loopback is its own machine: one that finds no host there is told that, and
// not to start a host; and the controller says it before anybody tries.
func TestLoopbackIsEachAgentsOwn(t *testing.T) {
	of := func(share sim.Share) string {
		f := networkFlags{host: "127.0.0.1:1", share: share}
		_, err := f.open(t.Context(), 2)
		var e *exit
		if !errors.As(err, &e) || e.code != exitUnreachable {
			t.Fatal(err)
		}
		return e.hint
	}
	const own = "127.0.0.1:1 is each agent's own machine"
	if hint := of(sim.Share{Index: 1, Of: 2}); !strings.Contains(hint, own) || strings.Contains(hint, "starts the bundled one") {
		t.Errorf("an agent is told %q", hint)
	}
	if hint := of(sim.Share{}); !strings.Contains(hint, "starts the bundled one") {
		t.Errorf("who plays alone is told %q", hint)
	}
	for address, target := range map[string]string{"127.0.0.1:1": "127.0.0.1:1", "10.0.0.1:1": "10.0.0.1:1", "127.0.0.1:2": bundledTarget} {
		n := &network{target: target, dialer: &line.Dialer{Address: address}}
		if said := n.agentsOwn(); (said != "") != (target == "127.0.0.1:1") {
			t.Errorf("%s, %s: %q", address, target, said)
		}
	}
}

// An agent that is let go before the start has had no trouble signing in.
func TestAgentLetGoIsNotToldOfItsSignIns(t *testing.T) {
	rep := &report.Report{SignIn: report.Phase{Terminals: 50}}
	err := unplayedShare(t.Context(), rep, nil, fmt.Errorf("begin: %w", agent.ErrOver))
	var e *exit
	if !errors.As(err, &e) || e.code != exitIncomplete || strings.Contains(err.Error(), "sign in") || !strings.Contains(err.Error(), "let go") {
		t.Error(err)
	}
}
