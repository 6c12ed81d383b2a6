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
	"time"

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

// What attaches at the same moment as another controller is told that, whoever of both has
// come how far: it has begun the run's server, or only taken the folder, and does not
// answer yet. Where the address is a stranger's, that is told.
func TestSecondControllerIsToldOfTheFirst(t *testing.T) {
	begin := func(t *testing.T) (dir string, place *meetingPlace) {
		dir = filepath.Join(t.TempDir(), "run")
		folder, err := report.Create(dir, &report.Report{Run: "r", Part: "r"})
		if err != nil {
			t.Fatal(err)
		}
		agents := folder.Path("agents")
		creds := filepath.Join(t.TempDir(), "creds")
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		place = &meetingPlace{Agents: 1, Creds: creds, Listen: l.Addr().String()}
		if err := errors.Join(os.Mkdir(agents, 0o755), agent.NewCredentials().Save(creds), place.save(agents)); err != nil {
			t.Fatal(err)
		}
		return dir, place
	}
	refused := func(t *testing.T, dir string, words ...string) {
		t.Helper()
		was, err := os.ReadFile(filepath.Join(dir, "run.json"))
		if err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		code := run([]string{"load", "--attach", dir}, &stdout, &stderr)
		for _, w := range words {
			if code != exitUsage || !strings.Contains(stderr.String(), w) {
				t.Errorf("exit code %d, not %q: %s", code, w, stderr.String())
			}
		}
		if is, err := os.ReadFile(filepath.Join(dir, "run.json")); !bytes.Equal(was, is) {
			t.Errorf("the run of the other is changed: %s, %v", is, err)
		}
	}
	t.Run("it has the folder", func(t *testing.T) {
		dir, _ := begin(t)
		mine, err := claimRun(filepath.Join(dir, "agents"))
		if err != nil {
			t.Fatal(err)
		}
		defer mine.Close()
		refused(t, dir, "another controller has just attached to it", "let that be, or end it first")
	})
	t.Run("it listens, and answers later", func(t *testing.T) {
		if testing.Short() {
			t.Skip("takes seconds; played whole without the race detector")
		}
		dir, place := begin(t) // from another machine, on a file system without locks
		creds, err := agent.ReadCredentials(place.Creds)
		if err != nil {
			t.Fatal(err)
		}
		s, err := agent.Serve(t.Context(), place.Listen, t.TempDir(), creds)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		conn, err := agent.Join(t.Context(), s.URL, creds)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		started := make(chan *agent.Controller, 1)
		time.AfterFunc(time.Second, func() {
			c, err := agent.Start(t.Context(), conn, "v1", 1, false, []byte("the plan"), t.TempDir())
			if err != nil {
				t.Error(err)
			}
			started <- c
		})
		refused(t, dir, "its controller is alive", "let it be, or end it first")
		if c := <-started; c != nil {
			_ = c.Close(t.Context())
		}
	})
	t.Run("a stranger listens", func(t *testing.T) {
		if testing.Short() {
			t.Skip("takes seconds; played whole without the race detector")
		}
		dir, place := begin(t)
		l, err := net.Listen("tcp", place.Listen)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		refused(t, dir, "address already in use", "what listens there is none of this run: end that, and attach again")
	})
}

// An agent that is lost before all have joined is told as soon as any other, and the run
// that cannot begin ends: nobody waits for those that have not come.
func TestAgentLostBeforeAllHaveJoinedIsTold(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	agents := t.TempDir()
	place := meetingPlace{Agents: 2}
	met, err := place.meet(t.Context(), agents)
	if err != nil {
		t.Fatal(err)
	}
	defer met.close()
	controller, err := agent.Start(t.Context(), met.conn, "v1", 2, false, []byte("the plan"), agents)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = controller.Close(t.Context()) }()
	var said stream
	c := &controlled{meetingPlace: place, tell: newProgress(&said), sig: &signals{}}
	ended := make(chan error, 1)
	go func() { ended <- c.gather(t.Context(), controller) }()
	creds, err := agent.ReadCredentials(place.Creds)
	if err != nil {
		t.Fatal(err)
	}
	own, err := agent.Join(t.Context(), met.url, creds)
	if err != nil {
		t.Fatal(err)
	}
	a, err := agent.Take(t.Context(), own, "one", "v1", func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Leave()
	own.Close() // as a kill: it says nothing any more
	killed := time.Now()
	for !strings.Contains(said.String(), "agent 1 (one) is not heard of") && !strings.Contains(said.String(), "agent 2 (one) is not heard of") {
		if time.Since(killed) > 30*time.Second {
			t.Fatalf("it is not told:\n%s", said.String())
		}
		time.Sleep(10 * time.Millisecond)
	}
	if took := time.Since(killed); took > 4*time.Second { // 1.5 s mostly; on a busy machine the others ask in vain twice
		t.Errorf("told after %v", took)
	}
	select {
	case err := <-ended:
		var e *exit
		if !errors.As(err, &e) || e.code != exitIncomplete || !strings.Contains(err.Error(), "was lost before the run began") {
			t.Errorf("it ends with %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("it waits on for those that have not come")
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
	f := networkFlags{host: "127.0.0.1:1", share: sim.Share{Index: 1, Of: 2}, same: (&agentFlags{url: "nats://127.0.0.1:4222"}).beside()}
	if _, err := f.open(t.Context(), 2); err == nil || strings.Contains(fmt.Sprintf("%+v", err.(*exit)), own) {
		t.Errorf("an agent on the controller's machine is told %+v", err)
	}
	if (&agentFlags{url: "nats://10.0.0.1:4222"}).beside() || (&agentFlags{}).beside() {
		t.Error("an agent elsewhere takes the controller to be on its machine")
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
