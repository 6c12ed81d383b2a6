package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/agent"
)

// spreadFlags say that a run is played by several agents, and where they meet.
type spreadFlags struct {
	agents   int
	listen   string
	takeover bool
	attach   string
	join     joinFlags
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
	fl.StringVar(&f.cluster.Creds, "nats-creds", "", "file of NATS credentials, where your own NATS wants one (or NATS_USER and NATS_PASSWORD in the environment)")
	fl.StringVar(&f.cluster.CA, "nats-ca", "", "PEM file of who signed the certificates of your own NATS (default: the system's roots)")
}

func (f *spreadFlags) add(cmd *cobra.Command) {
	f.join.add(cmd)
	fl := cmd.Flags()
	fl.IntVar(&f.agents, "agents", 0, "play the run on so many agents; without --listen and --nats they are started here")
	fl.BoolVar(&f.takeover, "takeover", false, "have a spare agent take over from one that is lost (default: go on without its share); the run is degraded all the same")
	fl.StringVar(&f.attach, "attach", "", "go on with the run of this folder, whose controller is no more")
	fl.StringVar(&f.listen, "listen", "", "address at which agents of other machines join, such as 0.0.0.0:4222; wants --creds")
}

// wanted reports whether agents are to play, rather than this process.
func (f *spreadFlags) wanted(cmd *cobra.Command) bool {
	for _, name := range []string{"agents", "listen", "creds", "nats", "nats-creds", "nats-ca", "takeover", "attach"} {
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

// meet starts the run's NATS server, or connects to the user's, and writes down where. dir
// is where the server keeps its streams.
func (p *meetingPlace) meet(ctx context.Context, dir string) (*meeting, error) {
	m := &meeting{close: func() {}}
	var creds agent.Credentials
	var err error
	if p.Creds == "" {
		creds, p.Creds = agent.NewCredentials(), filepath.Join(dir, credentialsName)
		err = creds.Save(p.Creds)
	} else {
		creds, err = agent.ReadCredentials(p.Creds)
	}
	if err != nil {
		return nil, usage(err)
	}
	if m.creds, err = filepath.Abs(p.Creds); err != nil {
		return nil, usage(err)
	}
	if p.Cluster.URL != "" {
		if m.conn, err = agent.JoinCluster(ctx, p.Cluster, creds); err != nil {
			return nil, &exit{code: exitUnreachable, err: err}
		}
		m.close = m.conn.Close
		return m, p.save(dir)
	}
	s, err := agent.Serve(ctx, cmp.Or(p.Listen, "127.0.0.1:0"), filepath.Join(dir, "nats"), creds)
	switch {
	case errors.Is(err, agent.ErrAddress):
		return nil, usage(err)
	case err != nil:
		return nil, &exit{code: exitUnreachable, err: err}
	}
	m.url, p.Listen = s.URL, s.Address
	m.close = func() {
		if m.conn != nil {
			m.conn.Close()
		}
		s.Close()
		_ = os.RemoveAll(filepath.Join(dir, "nats"))
		_ = os.Remove(filepath.Join(dir, credentialsName))
		_ = os.Remove(filepath.Join(dir, meetingName))
	}
	if m.conn, err = agent.Join(ctx, m.url, creds); err == nil {
		err = p.save(dir)
	}
	if err != nil {
		m.close()
		return nil, &exit{code: exitInternal, err: err}
	}
	return m, nil
}

// credentialsName is the file of credentials that were drawn for a run alone.
const credentialsName = "credentials"

func (p *meetingPlace) save(dir string) error {
	return report.WriteFile(filepath.Join(dir, meetingName), func(w io.Writer) error { return json.NewEncoder(w).Encode(p) })
}

// startAgents starts agents on this machine, one to spare where shares may be taken over.
// What they say goes into files of the folder.
func (c *controlled) startAgents(m *meeting) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("agents: %w", err)
	}
	n := c.Agents
	if c.Takeover {
		n++
	}
	for i := range n {
		a := exec.Command(self, "agent", "--join", m.url, "--creds", m.creds)
		a.Args[0] = os.Args[0] // the name by which this process was called
		a.Env = withoutOwn(os.Environ())
		apart(a)
		name := filepath.Join(c.dir, fmt.Sprintf("agent-%d.log", i+1))
		log, err := os.Create(name)
		if err != nil {
			return fmt.Errorf("agents: %w", err)
		}
		a.Stderr = log
		err = a.Start()
		log.Close()
		if err != nil {
			return fmt.Errorf("agents: %w", err)
		}
		l := localAgent{a, make(chan struct{})}
		c.local = append(c.local, l)
		go func() {
			defer close(l.ended)
			if err := a.Wait(); err != nil {
				c.died(fmt.Errorf("an agent on this machine (process %d) ended: %w; %s %s", a.Process.Pid, err, name, lastLine(name)))
			}
		}()
	}
	return nil
}

// localAgent is an agent that the controller has started.
type localAgent struct {
	*exec.Cmd
	ended chan struct{} // closed when it has
}

// dismiss ends agents on this machine of a run that has not begun: those that have not joined
// it do not hear that it is over, and one that is busy with the plan may hear nothing for
// seconds. None has anything to hand over.
func (c *controlled) dismiss() {
	for _, a := range c.local {
		if a.Process.Signal(syscall.SIGTERM) != nil { // there are none on Windows
			_ = a.Process.Kill()
		}
	}
	c.endAgents(time.Second)
}

// endAgents waits so long for agents on this machine, which have been told that the run is
// over, and ends those that have not heard it.
func (c *controlled) endAgents(wait time.Duration) {
	patience := time.After(wait)
	for _, a := range c.local {
		select {
		case <-a.ended:
		case <-patience:
			_ = a.Process.Kill()
			<-a.ended
			patience = time.After(0)
		}
	}
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
		return "ends with: " + report.Printable(last)
	}
	return "says nothing"
}
