//go:build unix

package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/agent"
)

// A folder that an agent cannot have is told before it joins anything: with a share taken
// that would end the whole run. Its help has no code of what a run finds.
func TestAgentLooksForItsFolderBeforeItJoins(t *testing.T) {
	dir, creds := t.TempDir(), filepath.Join(t.TempDir(), "creds")
	if err := agent.NewCredentials().Save(creds); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	if code := run([]string{"agent", "--join", "nats://127.0.0.1:1", "--creds", creds, "--out", dir}, io.Discard, &stderr); code != exitUsage || !strings.Contains(stderr.String(), dir+" exists: name another") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
	var help bytes.Buffer
	if run([]string{"agent", "--help"}, &help, io.Discard); strings.Contains(help.String(), "books") || strings.Contains(help.String(), "1 a limit") || !strings.Contains(help.String(), "0 its share is handed over") {
		t.Errorf("it promises codes of load:\n%s", &help)
	}
}

// Fewer shared lines than agents are refused before anything is begun: an agent without one
// could not play, and one more each would be more lines than were asked for.
func TestAgentsNeedALineEach(t *testing.T) {
	t.Chdir(t.TempDir())
	var stderr bytes.Buffer
	if code := run([]string{"load", "--agents", "3", "--line", "shared:2", "--terminals", "10"}, io.Discard, &stderr); code != exitUsage || !strings.Contains(stderr.String(), "each agent needs one of its own: fewer agents, or more lines (--line shared:3)") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
	if left, _ := filepath.Glob("*"); len(left) > 0 {
		t.Errorf("it leaves %q", left)
	}
}

// A second signal is why an agent ends as much as the first, which came too late to stop an
// arrival: the controller is told that, and the exit code is the signal's.
func TestSecondSignalIsWhyAnAgentEnds(t *testing.T) {
	sig := &signals{errs: io.Discard}
	ctx, end := sig.watch()
	defer end()
	heed(ctx)
	for _, done := range []<-chan struct{}{ctx.Done(), sig.abort.Done()} {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		<-done
	}
	why := (&sharePlayer{sig: sig}).ownEnd(sig.abort)
	if why == nil || why.code != exitTerminate || why.Error() != "it was stopped by a signal (terminated)" {
		t.Errorf("%+v", why)
	}
}

// A signal that comes while the report of a run is written, as from whatever ends the
// controller once its agents have ended, has stopped nothing: the exit code is the run's.
func TestSignalAfterTheRunDoesNotStopIt(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	for name, spread := range map[string][]string{"one process": nil, "an agent": {"--agents", "1"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, "promises ", slices.Concat([]string{"load", "--rate", "20/s", "--for", "1s", "--warmup", "0s", "--terminals", "4", "--out", "run"}, spread)...)
			if code := p.end(t, syscall.SIGTERM); code == exitTerminate || !strings.Contains(p.stdout.String(), "report.html") {
				t.Errorf("exit code %d:\n%s%s", code, &p.stdout, &p.stderr)
			}
		})
	}
}

// An agent that hears no signal, as one that is busy with the plan on a busy machine, does not
// keep a run that has not begun.
func TestAgentThatHearsNothingIsNotWaitedFor(t *testing.T) {
	if testing.Short() {
		t.Skip("waits a second; played whole without the race detector")
	}
	t.Parallel()
	p := startCommand(t, "deaf", exec.Command("sh", "-c", `trap "" TERM; echo deaf; while :; do sleep 0.05; done`))
	l := localAgent{p.Cmd, make(chan struct{})}
	go func() {
		<-p.ended
		close(l.ended)
	}()
	c, began := &controlled{local: []localAgent{l}}, time.Now()
	if c.dismiss(); time.Since(began) > 4*time.Second { // it waits for 1
		t.Errorf("it is waited for %v", time.Since(began))
	}
	select {
	case <-l.ended:
	default:
		t.Error("it goes on")
	}
}

// A signal that comes before an agent on this machine has joined ends it with the run.
func TestSignalEndsAgentsThatHaveNotJoined(t *testing.T) {
	t.Parallel()
	c := start(t, "0 of 2 agents have joined", "load", "--agents", "2", "--rate", "20/s", "--for", "3s", "--terminals", "20", "--out", "run")
	asked := time.Now()
	if code := c.end(t, syscall.SIGTERM); code != exitTerminate || time.Since(asked) > 4*time.Second || !strings.Contains(c.stderr.String(), unbegun) { // 0.3 s where nobody else is busy
		t.Errorf("exit code %d after %v:\n%s", code, time.Since(asked), &c.stderr)
	}
}

// An agent that has waited for its controller tells how long its sign-in took, its log begins
// with the run, and when it has played and the controller is dead the first signal ends it,
// its data told of, also where its NATS lives on.
func TestSignalEndsAnAgentThatWaitsForADeadController(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	t.Run("which had the server", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		signalEndsWaiting(t, "cannot be reached yet", []string{"--join", "nats://" + l.Addr().String()}, []string{"--listen", l.Addr().String()})
	})
	t.Run("on the user's own NATS", func(t *testing.T) {
		t.Parallel()
		s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
		if err != nil {
			t.Fatal(err)
		}
		go s.Start()
		t.Cleanup(func() {
			s.Shutdown()
			s.WaitForShutdown()
		})
		if !s.ReadyForConnections(patient) {
			t.Fatal("the server does not start")
		}
		meet := []string{"--nats", s.ClientURL()}
		signalEndsWaiting(t, "waiting for a run to begin", meet, meet)
	})
}

// signalEndsWaiting plays a run of one agent whose controller is killed, with where agent and
// controller meet.
func signalEndsWaiting(t *testing.T, waits string, agentMeets, controllerMeets []string) {
	creds := filepath.Join(t.TempDir(), "creds")
	if err := agent.NewCredentials().Save(creds); err != nil {
		t.Fatal(err)
	}
	host := start(t, "listening on", "host", "--listen", "127.0.0.1:0", "--terminals", "20")
	address, _, _ := strings.Cut(strings.TrimPrefix(host.stdout.String(), "listening on "), ": ")
	a := start(t, waits, slices.Concat([]string{"agent", "--creds", creds}, agentMeets)...)
	time.Sleep(3 * time.Second)
	began := time.Now()
	c := start(t, "1 of 3 s", slices.Concat([]string{"load", "--agents", "1", "--creds", creds, "--host", address, "--rate", "20/s", "--for", "3s", "--warmup", "0s", "--terminals", "20", "--out", "run"}, controllerMeets)...)
	joined := time.Since(began)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patient); !strings.Contains(a.stderr.String(), "sending the rest"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not play to its end:\n%s", &a.stderr)
		}
	}
	time.Sleep(time.Second)
	asked := time.Now()
	if code := a.end(t, syscall.SIGTERM); code != exitTerminate || time.Since(asked) > 5*time.Second { // 0.5 s where nobody else is busy
		t.Errorf("exit code %d after %v", code, time.Since(asked))
	}
	said := a.stderr.String()
	kept := regexp.MustCompile(`what was played is in (\S+)`).FindStringSubmatch(said)
	if kept == nil || !strings.Contains(said, "the controller is not heard of") {
		t.Fatalf("it is not said:\n%s", said)
	}
	defer os.RemoveAll(filepath.Dir(kept[1]))
	if took := regexp.MustCompile(`signed in, 0 could not, in ([0-9.]+) s`).FindStringSubmatch(said); took == nil {
		t.Errorf("no sign-in is told:\n%s", said)
	} else if s, _ := strconv.ParseFloat(took[1], 64); s > min(3, joined.Seconds()) {
		t.Errorf("they signed in for %v s:\n%s", s, said)
	}
	rep, err := report.Read(kept[1])
	if err != nil || rep.SignIn.Terminals != 20 {
		t.Fatalf("%+v, %v", rep, err)
	}
	log, err := os.Open(filepath.Join(kept[1], logName))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if told, err := report.ReadLog(log); err != nil || rep.Incomplete == "" && told.Started.Sub(rep.Started).Abs() > 2*time.Millisecond {
		t.Errorf("its log begins at %v, the run at %v: %v", told.Started, rep.Started, err)
	}
}
