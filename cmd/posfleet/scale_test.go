//go:build linux

package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
)

var scale = flag.Bool("scale", false, "play one plan on 1, 2, 4 and 8 agents, kill some, cut lines, and print what came of it")

// One plan on more and more agents comes to the same; agents that are killed or cut off are
// noticed and replaced; a cluster's node may die; and a controller of 64 is no large one.
// What is printed is in docs/scale.md.
func TestScale(t *testing.T) {
	if !*scale {
		t.Skip("make scale")
	}
	w := newWires(t)
	if w.bridge != "" {
		fmt.Println("host, controller and each agent in a network namespace of its own, wired by veth and a bridge")
	}
	s := &spreadRun{wires: w, credentials: filepath.Join(t.TempDir(), "credentials"), host: w.place(t), controller: w.place(t)}
	if code := run([]string{"agent", "credentials", s.credentials}, os.Stdout, os.Stderr); code != exitOK {
		t.Fatal("no credentials")
	}
	s.hostAt = net.JoinHostPort(s.host.IP, freePort(t))
	s.host.start(t, "listening on", "host", "--listen", s.hostAt, "--anywhere", "--terminals", "4000")
	for range 8 {
		s.agents = append(s.agents, w.place(t))
	}
	fmt.Printf("\n| agents | planned | played | merged = union | began apart | told | clocks moved | verdict |\n|---|---|---|---|---|---|---|---|\n")
	for _, n := range []int{1, 2, 4, 8} {
		p := s.begin(t, n, n, "--for", "10s")
		if code := p.end(t); code != exitOK && code != exitGenerator {
			t.Fatalf("exit code %d: %s", code, &p.stderr)
		}
		u := joinedAgain(t, filepath.Join(p.Dir, "run"))
		if !u.equal || u.whole.Planned != 4000 || len(u.whole.Agents) != n {
			t.Errorf("%d agents: %d planned, merged is the union: %v", n, u.whole.Planned, u.equal)
		}
		fmt.Printf("| %d | %d | %d | %v | %v | ≤ %v | %v | %s |\n", n, u.whole.Planned, u.whole.Played, u.equal, u.apart.Round(time.Microsecond),
			u.whole.Skew().Round(time.Microsecond), u.drift.Round(time.Microsecond), u.whole.Validity.Level)
	}
	fmt.Printf("\n| what fails | |\n|---|---|\n")
	s.kill(t)
	s.cutForGood(t)
	s.cutForAWhile(t)
	s.abort(t)
	s.killNode(t)
	manyAgents(t)
}

// spreadRun is what runs on agents need here.
type spreadRun struct {
	*wires
	credentials      string
	host, controller place
	hostAt           string // address of the bundled host, in a process of its own
	agents           []place
	processes        []*process // of the agents, by place
	cluster          string     // URLs of a NATS cluster; empty for the controller's own server
}

// begin has a run played by so many of the agents that are started, and returns when all
// have been told to begin. An agent that this machine had no time for is held to be lost;
// before a run has begun that ends it, and it is tried again.
func (s *spreadRun) begin(t *testing.T, n, start int, args ...string) *process {
	t.Helper()
	meet, join := []string{"--nats", s.cluster}, []string{"--nats", s.cluster}
	if s.cluster == "" {
		at := net.JoinHostPort(s.controller.IP, freePort(t))
		meet, join = []string{"--listen", at}, []string{"--join", "nats://" + at}
	}
	s.processes = nil
	for _, a := range s.agents[:start] {
		s.processes = append(s.processes, a.start(t, "", append([]string{"agent", "--creds", s.credentials, "--out", "share"}, join...)...))
	}
	all := append([]string{"load", "--agents", strconv.Itoa(n), "--creds", s.credentials, "--host", s.hostAt, "--allow-test-keys",
		"--rate", "400/s", "--terminals", "400", "--seed", "7", "--out", "run"}, meet...)
	p := s.controller.start(t, "", append(all, args...)...)
	for {
		switch said := p.stderr.String(); {
		case strings.Contains(said, "all agents begin"):
			return p
		case strings.Contains(said, "was lost before the run began"):
			fmt.Printf("this machine is busy: %s\n", said[strings.LastIndex(strings.TrimSpace(said), "\n")+1:])
			p.end(t)
			for _, a := range s.processes {
				_ = a.Process.Kill()
			}
			return s.begin(t, n, start, args...)
		case len(p.ended) > 0:
			t.Fatalf("the run does not begin: %s", said)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// victim is an agent that plays a share of the run, where, and what it is called.
func (s *spreadRun) victim(t *testing.T, controller *process) (*process, place, string) {
	t.Helper()
	said := agentProcess.FindStringSubmatch(controller.stderr.String())
	for i, p := range s.processes {
		if said != nil && strconv.Itoa(p.Process.Pid) == said[2] {
			return p, s.agents[i], "agent " + said[1] + " (" + strings.TrimPrefix(said[0], "agent "+said[1]+" is ") + ")"
		}
	}
	t.Fatalf("who plays? %s", &controller.stderr)
	return nil, place{}, ""
}

// await is how long a process takes to say some words.
func await(t *testing.T, p *process, words string) time.Duration {
	t.Helper()
	since := time.Now()
	for !strings.Contains(p.stderr.String(), words) {
		if time.Since(since) > 3*time.Minute {
			t.Fatalf("nobody says %q:\n%s", words, &p.stderr)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(since)
}

// kill tells how soon a killed agent is told, and how soon another plays on.
func (s *spreadRun) kill(t *testing.T) {
	p := s.begin(t, 4, 5, "--for", "10s", "--takeover")
	time.Sleep(3 * time.Second)
	a, _, name := s.victim(t, p)
	if err := a.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	told := await(t, p, name+" is not heard of")
	fmt.Printf("| of four agents one is killed, --takeover | told after %.1f s, the spare plays its arrivals after %.1f s |\n", told.Seconds(), (told + await(t, p, "takes over")).Seconds())
	s.incomplete(t, p)
}

// cutForGood has one agent's cable pulled, which stops by itself as a spare one plays on.
func (s *spreadRun) cutForGood(t *testing.T) {
	if s.bridge == "" {
		return
	}
	p := s.begin(t, 4, 5, "--for", "10s", "--takeover")
	time.Sleep(3 * time.Second)
	a, at, name := s.victim(t, p)
	s.cut(t, at)
	since := time.Now()
	told := await(t, p, name+" is not heard of")
	taken := told + await(t, p, "takes over")
	await(t, a, "played; sending the rest")
	own, err := report.Read(filepath.Join(a.Dir, "share"))
	if err != nil {
		t.Fatal(err)
	}
	s.incomplete(t, p)
	s.plug(t, at)
	_ = a.Process.Kill() // it would look for its controller for minutes
	fmt.Printf("| of four agents one is cut off (its link is set down), --takeover | it plays until %.1f s after that; told after %.1f s, the spare plays its arrivals after %.1f s |\n", own.Started.Add(own.Took).Sub(since).Seconds(), told.Seconds(), taken.Seconds())
}

// incomplete wants a run to end as incomplete, or with what became of the money of who is
// no more, and merged to be the union.
func (s *spreadRun) incomplete(t *testing.T, p *process) {
	t.Helper()
	if code := p.end(t); code != exitIncomplete && code != exitBooks {
		t.Errorf("exit code %d, want %d: %s", code, exitIncomplete, &p.stderr)
	}
	if u := joinedAgain(t, filepath.Join(p.Dir, "run")); !u.equal {
		t.Error("merged is not the union")
	}
}

// cutForAWhile has one agent's cable pulled and put in again, from the host and from the
// controller: it is heard of again, and nothing that was counted is lost.
func (s *spreadRun) cutForAWhile(t *testing.T) {
	if s.bridge == "" {
		return
	}
	p := s.begin(t, 4, 4, "--for", "20s")
	time.Sleep(3 * time.Second)
	_, at, name := s.victim(t, p)
	s.cut(t, at)
	told := await(t, p, name+" is not heard of")
	time.Sleep(5*time.Second - told) // a while
	s.plug(t, at)
	again := await(t, p, name+" is heard of again")
	code := p.end(t)
	u := joinedAgain(t, filepath.Join(p.Dir, "run"))
	if !u.equal || u.whole.Planned != 8000 || !strings.Contains(p.stdout.String(), "nothing owed at the end") {
		t.Errorf("exit code %d, planned %d, merged is the union: %v\n%s%s", code, u.whole.Planned, u.equal, &p.stdout, &p.stderr)
	}
	fmt.Printf("| an agent is cut off from all for 5 s, in payments | told after %.1f s, heard of again %.1f s after it is plugged in; planned %d, played %d, merged = union %v, nothing owed, exit %d |\n",
		told.Seconds(), again.Seconds(), u.whole.Planned, u.whole.Played, u.equal, code)
}

// abort tells how soon all have ended whom a second Ctrl-C reaches.
func (s *spreadRun) abort(t *testing.T) {
	p := s.begin(t, 4, 4, "--for", "5m")
	time.Sleep(2 * time.Second)
	p.end(t, os.Interrupt, os.Interrupt)
	ended := time.Now()
	for _, a := range s.processes {
		a.end(t)
	}
	fmt.Printf("| the second Ctrl-C | the last agent has ended %.1f s after the controller |\n", time.Since(ended).Seconds())
}

// killNode kills the node of a stock cluster of three that leads the results.
func (s *spreadRun) killNode(t *testing.T) {
	stock := filepath.Join(t.TempDir(), "nats-server")
	if out, err := exec.Command("go", "build", "-o", stock, "github.com/nats-io/nats-server/v2").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	const n = 3
	var nodes [n]struct {
		place
		client, route, monitor string
		*process
	}
	var clients, routes []string
	for i := range nodes {
		o := &nodes[i]
		o.place, o.client, o.route, o.monitor = s.place(t), freePort(t), freePort(t), freePort(t)
		clients, routes = append(clients, "nats://"+net.JoinHostPort(o.IP, o.client)), append(routes, "nats://"+net.JoinHostPort(o.IP, o.route))
	}
	for i := range nodes {
		o := &nodes[i]
		o.process = startCommand(t, "Server is ready", o.command(stock, "--jetstream", "--store_dir", t.TempDir(), "--name", fmt.Sprint("node", i), "--addr", o.IP, "--port", o.client,
			"--http_port", o.monitor, "--cluster_name", "scale", "--cluster", routes[i], "--routes", strings.Join(routes, ",")))
	}
	s.cluster = strings.Join(clients, ",")
	defer func() { s.cluster = "" }()
	p := s.begin(t, 4, 4, "--for", "20s")
	time.Sleep(3 * time.Second)
	killed := -1
	for i, o := range nodes {
		text, err := o.command("curl", "-sf", "http://"+net.JoinHostPort(o.IP, o.monitor)+"/jsz?streams=true").Output()
		if err != nil {
			t.Fatal(err)
		}
		if m := resultsLeader.FindSubmatch(text); m != nil && string(m[1]) == fmt.Sprint("node", i) {
			killed = i
			if err := o.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if killed < 0 {
		t.Fatal("nobody leads the results")
	}
	code := p.end(t)
	u := joinedAgain(t, filepath.Join(p.Dir, "run"))
	if !u.equal || u.whole.Planned != 8000 || code != exitOK && code != exitGenerator {
		t.Errorf("exit code %d, planned %d, merged is the union: %v, failures %+v\n%s", code, u.whole.Planned, u.equal, u.whole.Failures, &p.stderr)
	}
	fmt.Printf("| of a cluster of three nodes the one that leads the results is killed | planned %d, played %d, merged = union %v, exit %d |\n", u.whole.Planned, u.whole.Played, u.equal, code)
}

// resultsLeader is who leads the stream of results, as a node says.
var resultsLeader = regexp.MustCompile(`(?s)"name": "posfleet-[^"]*-results",.*?"leader": "([^"]*)"`)

// rejoined is a run on agents, held to what its agents say one by one.
type rejoined struct {
	whole        *report.Report
	equal        bool          // to the union of the agents' own reports
	apart, drift time.Duration // from the first to the last beginning, by the one clock that all have here
}

func joinedAgain(t *testing.T, dir string) (u rejoined) {
	t.Helper()
	whole, err := report.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	var union *report.Report
	var first, last time.Time
	for _, a := range whole.Agents {
		part, err := report.Read(filepath.Join(dir, "agents", a.Folder))
		if err != nil {
			t.Fatal(err)
		}
		if first.IsZero() || part.Started.Before(first) {
			first = part.Started
		}
		if part.Started.After(last) {
			last = part.Started
		}
		u.drift = max(u.drift, a.Drift.Abs())
		if union == nil {
			union = part
		} else if err := union.Join(part); err != nil {
			t.Fatal(err)
		}
	}
	u.whole, u.equal, u.apart = whole, true, last.Sub(first)
	for i := range whole.Labels {
		w := &whole.Labels[i]
		l := union.Label(w.Name)
		u.equal = u.equal && w.Counts == l.Counts && w.Response.Equals(l.Response) && w.Service.Equals(l.Service) && w.Lag.Equals(l.Lag)
	}
	return u
}

// freePort is a port that nobody listens at.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// peak is the most memory that a process has had.
var peak = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// manyAgents has 64 agents of this process play for a controller in a process of its own.
func manyAgents(t *testing.T) {
	const n = 64
	host := start(t, "listening on", "host", "--listen", "127.0.0.1:0", "--terminals", "4000")
	address, _, _ := strings.Cut(strings.TrimPrefix(host.stdout.String(), "listening on "), ": ")
	dir := t.TempDir()
	creds := filepath.Join(dir, "credentials")
	if code := run([]string{"agent", "credentials", creds}, os.Stdout, os.Stderr); code != exitOK {
		t.Fatal("no credentials")
	}
	at := net.JoinHostPort("127.0.0.1", freePort(t))
	var agents sync.WaitGroup
	for range n {
		agents.Go(func() {
			var out bytes.Buffer
			if code := run([]string{"agent", "--join", "nats://" + at, "--creds", creds}, &out, &out); code != exitOK {
				t.Errorf("an agent ends with %d: %s", code, &out)
			}
		})
	}
	p := start(t, "all agents begin", "load", "--agents", strconv.Itoa(n), "--listen", at, "--creds", creds,
		"--host", address, "--rate", "1600/s", "--for", "15s", "--terminals", "3200", "--out", "run")
	ctx, stop := context.WithCancel(context.Background())
	used := make(chan int, 1)
	go func() {
		most := 0
		for ctx.Err() == nil {
			if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid)); err == nil {
				if m := peak.FindSubmatch(text); m != nil {
					most, _ = strconv.Atoi(string(m[1]))
				}
			}
			time.Sleep(50 * time.Millisecond)
		}
		used <- most
	}()
	code := p.end(t)
	stop()
	agents.Wait()
	if code != exitOK && code != exitGenerator && code != exitIncomplete {
		t.Errorf("exit code %d: %s", code, &p.stderr)
	}
	whole, err := report.Read(filepath.Join(p.Dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	lost := 0 // what this machine had no time for
	for _, a := range whole.Agents {
		if a.Lost != "" {
			lost++
		}
	}
	usage := p.ProcessState.SysUsage().(*syscall.Rusage)
	cpu := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	fmt.Printf("\n| controller of %d agents, a run of 15 s | |\n|---|---|\n| memory at most | %d MB |\n| processor time | %.1f s |\n| agents not heard of in the end, all of one process | %d |\n", n, <-used/1024, cpu.Seconds(), lost)
}
