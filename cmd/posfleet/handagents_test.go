//go:build linux || darwin

package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/agent"
)

// agentsAtDesk has somebody at a terminal begin a run of two agents at 100/s.
func agentsAtDesk(t *testing.T) *desk {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	d := sit(t, nil, nil, "load", "--agents", "2", "--rate", "100/s", "--for", "10m", "--warmup", "0s", "--terminals", "50", "--out", "run")
	d.await(t, "last second", 2)
	return d
}

// leave waits until the run has ended, and reads what it left.
func (d *desk) leave(t *testing.T) *report.Report {
	t.Helper()
	select {
	case <-d.ended:
	case <-time.After(patient):
		t.Fatalf("it does not end:\n%s", d.shown())
	}
	rep, err := report.Read(filepath.Join(d.Dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// Keys change what all agents play at one moment: each has just the arrivals of its share
// that one plan, so changed, would have, and all of them say what was pressed.
func TestKeysSteerAgentsAsOne(t *testing.T) {
	d := agentsAtDesk(t)
	d.press(t, "*")
	d.await(t, "*: 200/s", 1)
	d.press(t, "p")
	d.await(t, "p: paused, 200/s when they go on", 1)
	d.press(t, "p-s")
	d.await(t, "-: 190/s", 1)
	d.await(t, " terminal 1", 1)
	time.Sleep(time.Second)
	d.press(t, "q")
	rep := d.leave(t)
	if screen := d.shown(); !strings.Contains(screen, "books agree") || strings.Contains(screen, "did not hold") {
		t.Errorf("the screen:\n%s", screen)
	}
	var keys string
	for _, k := range rep.Plan.Pressed {
		keys += k.Key
	}
	if keys != "*pp-q" || !rep.Interrupted || rep.Incomplete != "" {
		t.Fatalf("pressed %+v, %q", rep.Plan.Pressed, rep.Incomplete)
	}
	want := shares(rep)
	for i, a := range rep.Agents {
		if a.Planned != want[i] {
			t.Errorf("agent %d: %d arrivals, want %d", a.Number, a.Planned, want[i])
		}
		own, err := report.Read(filepath.Join(d.Dir, "run", "agents", a.Folder))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(own.Plan.Pressed, rep.Plan.Pressed) {
			t.Errorf("agent %d says that these were pressed: %v", a.Number, own.Plan.Pressed)
		}
	}
}

// shares are how many arrivals of 100/s each of two agents has, as keys have changed them.
func shares(rep *report.Report) (of [2]int64) {
	var one sim.Steering
	for _, k := range rep.Plan.Pressed {
		one.SetAt(k.At, k.Speed)
	}
	for n := range one.Pacer(sim.Constant(sim.Rate{N: 100, Per: time.Second})) {
		of[n%2]++
	}
	return of
}

// An agent that hears too late of a key has played something else than the others, and
// the run says so. One that stood still, and hears of the key before it gives out what fell
// due meanwhile, has not.
func TestAgentThatHearsOfAKeyTooLate(t *testing.T) {
	d := agentsAtDesk(t)
	deaf := agentProcess.FindStringSubmatch(d.shown())
	if deaf == nil {
		t.Fatalf("no agent is named:\n%s", d.shown())
	}
	pid, _ := strconv.Atoi(deaf[2])
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for state := []byte(nil); !bytes.HasPrefix(state, []byte("T")); time.Sleep(5 * time.Millisecond) { // on a busy machine it goes on for a while
		var err error
		if state, err = exec.Command("ps", "-o", "state=", "-p", deaf[2]).Output(); err != nil {
			t.Fatal(err)
		}
	}
	d.press(t, "/")
	d.await(t, "/: 50/s", 1)
	time.Sleep(agent.Lead + 200*time.Millisecond)
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Second)
	d.press(t, "q")
	rep := d.leave(t)
	if want := shares(rep); !strings.Contains(d.shown(), "heard of a key too late") {
		for i, a := range rep.Agents {
			if a.Planned != want[i] {
				t.Errorf("agent %d: %d arrivals, want %d, and nobody heard of a key too late", a.Number, a.Planned, want[i])
			}
		}
		return
	}
	if code := d.ProcessState.ExitCode(); code != exitIncomplete {
		t.Errorf("exit code %d, want %d", code, exitIncomplete)
	}
	for _, a := range rep.Agents {
		if told := strings.Contains(a.Lost, "heard of a key too late") && a.Fate() == report.Deaf; told != (strconv.Itoa(a.Number) == deaf[1]) {
			t.Errorf("agent %+v", a)
		}
	}
	if !strings.Contains(rep.Incomplete, "agent "+deaf[1]+": heard of a key too late") {
		t.Errorf("incomplete: %q", rep.Incomplete)
	}
}
