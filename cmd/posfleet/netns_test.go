//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// wires are a bridge in a network namespace of its own and the places that are wired to it.
// Nothing of them is seen outside; where the kernel or its keeper does not permit that, all
// places are this machine's loopback, and no link can be cut.
type wires struct {
	bridge string // its namespace; empty for none
	places int
}

// place is where a process runs: a network namespace with one link.
type place struct {
	namespace string // empty for this machine's own
	IP        string
	link      string // the bridge's end of the link
}

// newWires makes a bridge, or says why it cannot.
func newWires(t *testing.T) *wires {
	t.Helper()
	w := &wires{bridge: fmt.Sprintf("posfleet-%d", os.Getpid())}
	if out, err := exec.Command("ip", "netns", "add", w.bridge).CombinedOutput(); err != nil {
		fmt.Printf("no network namespaces here (%v %s): processes of this machine instead, and no link is cut\n", err, strings.TrimSpace(string(out)))
		return &wires{}
	}
	t.Cleanup(func() { ip(t, "netns", "del", w.bridge) })
	ip(t, "-n", w.bridge, "link", "add", "bridge", "type", "bridge")
	ip(t, "-n", w.bridge, "link", "set", "bridge", "up")
	return w
}

func ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v %s", strings.Join(args, " "), err, out)
	}
}

// place makes another place.
func (w *wires) place(t *testing.T) place {
	t.Helper()
	if w.bridge == "" {
		return place{IP: "127.0.0.1"}
	}
	w.places++
	p := place{namespace: fmt.Sprintf("%s-%d", w.bridge, w.places), IP: fmt.Sprintf("10.83.0.%d", w.places), link: fmt.Sprint("link", w.places)}
	ip(t, "netns", "add", p.namespace)
	t.Cleanup(func() { ip(t, "netns", "del", p.namespace) })
	ip(t, "-n", w.bridge, "link", "add", p.link, "type", "veth", "peer", "name", "eth0", "netns", p.namespace)
	ip(t, "-n", w.bridge, "link", "set", p.link, "master", "bridge", "up")
	ip(t, "-n", p.namespace, "addr", "add", p.IP+"/16", "dev", "eth0")
	ip(t, "-n", p.namespace, "link", "set", "lo", "up")
	ip(t, "-n", p.namespace, "link", "set", "eth0", "up")
	return p
}

// cut pulls the cable of a place, and plug puts it in again.
func (w *wires) cut(t *testing.T, p place)  { ip(t, "-n", w.bridge, "link", "set", p.link, "down") }
func (w *wires) plug(t *testing.T, p place) { ip(t, "-n", w.bridge, "link", "set", p.link, "up") }

// command runs a program at a place.
func (p place) command(program string, args ...string) *exec.Cmd {
	if p.namespace == "" {
		return exec.Command(program, args...)
	}
	return exec.Command("ip", append([]string{"netns", "exec", p.namespace, program}, args...)...) // which becomes the program
}

// start runs posfleet at a place until it has said some words.
func (p place) start(t *testing.T, words string, args ...string) *process {
	t.Helper()
	return startCommand(t, words, p.command(program(t), args...))
}
