//go:build unix

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/chip"
)

// agentProcess is what a controller says of an agent that joins: its process.
var agentProcess = regexp.MustCompile(`agent (\d) is \S+/(\d+)`)

// kill kills a process by its number.
func kill(t *testing.T, number string) { sendSignal(t, number, syscall.SIGKILL) }

func sendSignal(t *testing.T, number string, s syscall.Signal) {
	t.Helper()
	pid, err := strconv.Atoi(number)
	if err == nil {
		err = syscall.Kill(pid, s)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// An agent that is killed, or told to end by itself, is told, with how much nobody played;
// what it and the others have sent is kept, and the run is no result.
func TestKilledAgentDegradesTheRun(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	p := start(t, " arrivals/s, ", "load", "--agents", "3", "--rate", "60/s", "--for", "10s", "--warmup", "0s", "--terminals", "30", "--out", "run")
	victims := agentProcess.FindAllStringSubmatch(p.stderr.String(), 2)
	if len(victims) < 2 {
		t.Fatalf("no agents are named:\n%s", &p.stderr)
	}
	fates := map[string]string{victims[0][1]: "lost", victims[1][1]: report.Stopped}
	kill(t, victims[0][2])
	sendSignal(t, victims[1][2], syscall.SIGTERM)
	if code := p.end(t); code != exitIncomplete {
		t.Errorf("exit code %d, want %d:\n%s", code, exitIncomplete, &p.stderr)
	}
	for i, words := range []string{" is not heard of", " has ended: it was stopped by a signal (terminated)"} {
		v := victims[i]
		if said := "agent " + v[1] + " (" + strings.TrimPrefix(v[0], "agent "+v[1]+" is ") + ")" + words; !strings.Contains(p.stderr.String(), said) {
			t.Errorf("it is not said: %q:\n%s", said, &p.stderr)
		}
	}
	for _, words := range []string{"INCOMPLETE", "played by nobody", "lost", "stopped", "600 planned"} {
		if !strings.Contains(p.stdout.String(), words) {
			t.Errorf("the report does not say %q:\n%s", words, &p.stdout)
		}
	}
	rep, err := report.Read(filepath.Join(p.Dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	if rep.Planned != 600 || rep.Unplayed() == 0 {
		t.Errorf("%d planned, %d played by nobody", rep.Planned, rep.Unplayed())
	}
	for _, a := range rep.Agents {
		fate := fates[strconv.Itoa(a.Number)]
		if a.Planned != 200 || (fate != "") != (a.Lost != "") || fate != "" && a.Fate() != fate || (a.Unplayed > 0) != (fate != "") {
			t.Errorf("agent %d: %+v", a.Number, a)
		}
	}
}

// A signal to the controller reaches all agents: arrivals stop, what is open ends, and
// all is told; none of them stays behind.
func TestSignalStopsAllAgents(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	p := start(t, " arrivals/s, ", "load", "--agents", "2", "--rate", "100/s", "--for", "10m", "--warmup", "0s", "--terminals", "20", "--out", "run")
	if code := p.end(t, os.Interrupt); code != exitInterrupt {
		t.Errorf("exit code %d, want %d:\n%s", code, exitInterrupt, &p.stderr)
	}
	for _, words := range []string{"books agree", "interrupted before its time", "report: run/report.html"} {
		if !strings.Contains(p.stdout.String(), words) {
			t.Errorf("the report does not say %q:\n%s", words, &p.stdout)
		}
	}
	for _, a := range agentProcess.FindAllStringSubmatch(p.stderr.String(), -1) {
		if pid, _ := strconv.Atoi(a[2]); syscall.Kill(pid, 0) == nil {
			t.Errorf("agent %s still runs", a[1])
		}
	}
}

// Where the controller is killed its agents play on; another one attaches, and nothing
// is lost.
func TestControllerMayBeKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("a server begins anew")
	}
	t.Parallel()
	host := start(t, "listening on", "host", "--listen", "127.0.0.1:0", "--terminals", "20")
	address, _, _ := strings.Cut(strings.TrimPrefix(host.stdout.String(), "listening on "), ": ")
	p := start(t, " arrivals/s, ", "load", "--agents", "2", "--host", address, "--rate", "100/s", "--for", "4s", "--warmup", "0s", "--terminals", "20", "--out", "run")
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	again := exec.Command(p.Path, "load", "--attach", "run")
	again.Dir = p.Dir
	out, _ := again.CombinedOutput()
	if code := again.ProcessState.ExitCode(); code != exitOK && code != exitGenerator {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	rep, err := report.Read(filepath.Join(p.Dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	if rep.Planned != 400 || rep.Played+rep.NotPlayed != 400 || rep.Incomplete != "" || len(rep.Agents) != 2 {
		t.Errorf("%d planned, %d played, %q:\n%s", rep.Planned, rep.Played, rep.Incomplete, out)
	}
}

// The bundled host ends with its controller. Its agents end then, by themselves, and who
// attaches is told that: nobody blames the host for refusing connections.
func TestBundledHostEndsWithItsController(t *testing.T) {
	if testing.Short() {
		t.Skip("a server begins anew")
	}
	t.Parallel()
	p := start(t, "all agents begin", "load", "--agents", "2", "--rate", "100/s", "--for", "10m", "--warmup", "0s", "--terminals", "20", "--out", "run")
	time.Sleep(2 * time.Second)
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	again := exec.Command(p.Path, "load", "--attach", "run")
	again.Dir = p.Dir
	out, _ := again.CombinedOutput()
	words := strings.Join(strings.Fields(string(out)), " ")
	if code := again.ProcessState.ExitCode(); code != exitIncomplete || strings.Contains(words, "refuses connections") || strings.Contains(words, "BROKEN") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	for _, said := range []string{"the bundled host lived in the controller's process and ended with it: what fell due after that was played by nobody", "into the run: the bundled host lived in the controller's process and ended with it"} {
		if !strings.Contains(words, said) {
			t.Errorf("it is not said: %q:\n%s", said, out)
		}
	}
	rep, err := report.Read(filepath.Join(p.Dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	if rep.Played == 0 || rep.Planned != 60_000 || rep.Unplayed() < 59_000 || rep.Failed > 0 || rep.Money.Owed > 0 {
		t.Errorf("%d planned, %d played, %d by nobody, %d did not hold, %d owed", rep.Planned, rep.Played, rep.Unplayed(), rep.Failed, rep.Money.Owed)
	}
}

// The seconds of run.json add up to the run when its host goes away in the middle: what
// could not be sent is stuck, in its second too, whoever played it.
func TestSecondsAddUpWhenTheHostGoes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	for name, spread := range map[string][]string{"one process": nil, "two agents": {"--agents", "2"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := start(t, "listening on", "host", "--listen", "127.0.0.1:0", "--terminals", "20")
			address, _, _ := strings.Cut(strings.TrimPrefix(host.stdout.String(), "listening on "), ": ")
			p := start(t, "1 of 4 s", append([]string{"load", "--host", address, "--rate", "100/s", "--for", "4s", "--warmup", "0s", "--terminals", "20", "--out", "run"}, spread...)...)
			if err := host.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			<-p.ended
			text, err := os.ReadFile(filepath.Join(p.Dir, "run", "run.json"))
			if err != nil {
				t.Fatal(err)
			}
			type counts struct {
				Planned, Played int64
			}
			var run struct {
				counts
				Stuck   map[string]int64
				Seconds []struct {
					counts
					Stuck int64
				}
			}
			if err := json.Unmarshal(text, &run); err != nil {
				t.Fatal(err)
			}
			var sum counts
			var stuck int64
			for _, s := range run.Seconds {
				sum.Planned, sum.Played, stuck = sum.Planned+s.Planned, sum.Played+s.Played, stuck+s.Stuck
			}
			for _, n := range run.Stuck {
				stuck -= n
			}
			if len(run.Stuck) == 0 || run.Played == 0 || sum != run.counts || stuck != 0 {
				t.Errorf("run %+v stuck %v, its seconds %+v, and %d stuck too many", run.counts, run.Stuck, sum, stuck)
			}
		})
	}
}

// Agents use the same cards at one host, each with chips of its own: two with one counter
// would be fraud.
func TestAgentsHaveChipsOfTheirOwn(t *testing.T) {
	for i := range 3 {
		f := networkFlags{share: sim.Share{Index: i, Of: 3}}
		p, err := f.load(3)
		if err != nil {
			t.Fatal(err)
		}
		c, err := p.Holders("chip")[0].Chip()
		if err != nil || c == nil {
			t.Fatalf("no chip: %v", err)
		}
		var x chip.Transaction
		if err := x.Begin(c); err != nil {
			t.Fatal(err)
		}
		if _, err := x.Generate(chip.ARQC); err != nil {
			t.Fatal(err)
		}
		if issue := x.IAD()[1]; int(issue) != i+1 {
			t.Errorf("agent %d has chips of issue %d", i+1, issue)
		}
	}
}
