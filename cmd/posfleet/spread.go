package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/agent"
)

// spreadFlags say that a run is played by several agents, and where they meet.
type spreadFlags struct {
	agents int
	listen string
	join   joinFlags
}

// joinFlags say how the run's NATS server is met.
type joinFlags struct {
	creds   string
	cluster agent.Cluster
}

func (f *joinFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.creds, "creds", "", "file of the run's credentials, which posfleet agent credentials FILE makes")
	fl.StringVar(&f.cluster.URL, "nats", "", "your own NATS with JetStream, such as nats://a:4222,nats://b:4222")
	fl.StringVar(&f.cluster.Creds, "nats-creds", "", "file of NATS credentials, where your own NATS wants one")
	fl.StringVar(&f.cluster.CA, "nats-ca", "", "PEM file of who signed the certificates of your own NATS (default: the system's roots)")
}

func (f *spreadFlags) add(cmd *cobra.Command) {
	f.join.add(cmd)
	fl := cmd.Flags()
	fl.IntVar(&f.agents, "agents", 0, "play the run on so many agents; without --listen and --nats they are started here")
	fl.StringVar(&f.listen, "listen", "", "address at which agents of other machines join, such as 0.0.0.0:4222; wants --creds")
}

// wanted reports whether agents are to play, rather than this process.
func (f *spreadFlags) wanted(cmd *cobra.Command) bool {
	for _, name := range []string{"agents", "listen", "creds", "nats", "nats-creds", "nats-ca"} {
		if cmd.Flags().Changed(name) {
			return true
		}
	}
	return false
}

// here reports whether the agents are to be started by this process.
func (f *spreadFlags) here() bool { return f.listen == "" && f.join.cluster.URL == "" }

// check refuses flags that make no sense together.
func (f *spreadFlags) check() error {
	switch {
	case f.agents < 1:
		return fmt.Errorf("--agents %d: want how many agents are to play, at least 1", f.agents)
	case f.agents > mostAgents:
		return fmt.Errorf("--agents %d: want %d at most", f.agents, mostAgents)
	case f.listen != "" && f.join.cluster.URL != "":
		return errors.New("--listen and --nats: agents meet at one place, choose one")
	case !f.here() && f.join.creds == "":
		return errors.New("agents of other machines need the run's credentials: posfleet agent credentials FILE makes them, --creds FILE names them, here and there")
	case f.join.cluster.URL == "" && (f.join.cluster.Creds != "" || f.join.cluster.CA != ""):
		return errors.New("--nats-creds and --nats-ca are about your own NATS: name it with --nats")
	}
	return nil
}

// mostAgents is how many agents a run may have.
const mostAgents = 1000

// meeting is where the controller and the agents of a run meet.
type meeting struct {
	conn  *agent.Conn
	url   string // for agents that are started here
	creds string // file of the credentials, likewise
	close func()
}

// meet starts the run's NATS server, or connects to the user's. dir is where the server
// keeps its streams.
func (f *spreadFlags) meet(dir string) (*meeting, error) {
	m := &meeting{creds: f.join.creds, close: func() {}}
	var creds agent.Credentials
	var err error
	if m.creds == "" {
		creds, m.creds = agent.NewCredentials(), filepath.Join(dir, "credentials")
		err = creds.Save(m.creds)
	} else {
		creds, err = agent.ReadCredentials(m.creds)
	}
	if err != nil {
		return nil, usage(err)
	}
	if f.join.cluster.URL != "" {
		if m.conn, err = agent.JoinCluster(f.join.cluster, creds); err != nil {
			return nil, &exit{code: exitUnreachable, err: err}
		}
		m.close = m.conn.Close
		return m, nil
	}
	listen := f.listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	s, err := agent.Serve(listen, filepath.Join(dir, "nats"), creds)
	if err != nil {
		return nil, &exit{code: exitUnreachable, err: err}
	}
	m.url = s.URL
	if m.conn, err = agent.Join(m.url, creds); err != nil {
		s.Close()
		return nil, &exit{code: exitInternal, err: err}
	}
	m.close = func() {
		m.conn.Close()
		s.Close()
		_ = os.RemoveAll(filepath.Join(dir, "nats"))
		_ = os.Remove(filepath.Join(dir, "credentials"))
	}
	return m, nil
}

// localAgent is an agent that the controller has started.
type localAgent struct {
	cmd *exec.Cmd
	log string
}

// start starts agents on this machine; ended is told each that ends. What they say goes
// into files of the folder.
func (m *meeting) start(n int, dir string, ended func(error)) ([]localAgent, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("agents: %w", err)
	}
	var all []localAgent
	for i := range n {
		a := localAgent{cmd: exec.Command(self, "agent", "--join", m.url, "--creds", m.creds), log: filepath.Join(dir, fmt.Sprintf("agent-%d.log", i+1))}
		a.cmd.Args[0] = os.Args[0] // the name by which this process was called
		a.cmd.Env = withoutOwn(os.Environ())
		apart(a.cmd)
		log, err := os.Create(a.log)
		if err != nil {
			return all, fmt.Errorf("agents: %w", err)
		}
		a.cmd.Stderr = log
		err = a.cmd.Start()
		log.Close()
		if err != nil {
			return all, fmt.Errorf("agents: %w", err)
		}
		all = append(all, a)
		go func() {
			err := a.cmd.Wait()
			if err != nil {
				err = fmt.Errorf("an agent on this machine ended: %w%s", err, lastLine(a.log))
			}
			ended(err)
		}()
	}
	return all, nil
}

// withoutOwn leaves out the settings that are posfleet's.
func withoutOwn(env []string) (rest []string) {
	for _, e := range env {
		if !strings.HasPrefix(e, "POSFLEET_") {
			rest = append(rest, e)
		}
	}
	return rest
}

// lastLine is the end of what an agent said, to follow why it ended.
func lastLine(file string) string {
	text, err := os.ReadFile(file)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if last := lines[len(lines)-1]; err == nil && last != "" {
		return ": " + report.Printable(last)
	}
	return ""
}
