package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// slowly answers as a host of another process does, each answer so much later.
func slowly(t *testing.T, host string, by time.Duration) string {
	return listening(t, func(c net.Conn) {
		u, err := net.Dial("tcp", host)
		if err != nil {
			return
		}
		defer u.Close()
		go io.Copy(u, c)
		for b := make([]byte, 4096); ; {
			n, err := u.Read(b)
			if err != nil {
				return
			}
			time.Sleep(by)
			c.Write(b[:n])
		}
	})
}

// What a signal ends while the host has not answered blames no host and praises none: the
// exit code is the signal's, at once, and what was not looked at is told.
func TestSignalBeforeTheAnswerBlamesNoHost(t *testing.T) {
	t.Parallel()
	foreign := served(t)
	slow, slowish := slowly(t, foreign, 2*time.Second), slowly(t, foreign, 500*time.Millisecond)
	secure := filepath.Join(t.TempDir(), "tls.yaml")
	if err := os.WriteFile(secure, []byte(strings.Replace(readText(t, profileWith(t)), "\ndialect:", "\ntls: {}\ndialect:", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	const mute = "" // a host that says nothing
	for name, c := range map[string]struct {
		args, host, words string
		signal            syscall.Signal
		code              int
		after             string // what it says just before it is to be stopped; where that is empty, the host has heard of it
	}{
		"check":               {"check --timeout 20s @core-echo-1", mute, "nothing was played", syscall.SIGINT, exitInterrupt, ""},
		"negative":            {"check --negative --timeout 20s", mute, "nothing was played", syscall.SIGTERM, exitTerminate, ""},
		"load":                {"load --for 2s --terminals 2 --timeout 20s --out run", mute, "nothing was played", syscall.SIGTERM, exitTerminate, ""},
		"load of agents":      {"load --agents 2 --for 2s --terminals 2 --out run", slowish, "the run has not begun", syscall.SIGTERM, exitTerminate, "2 agents have joined,"},
		"capacity":            {"capacity --for 2s --terminals 2 --timeout 20s --out cap --limit p99<1s", mute, "nothing was played", syscall.SIGINT, exitInterrupt, ""},
		"check over TLS":      {"check --profile " + secure + " @core-echo-1", mute, "nothing was played", syscall.SIGINT, exitInterrupt, ""},
		"doctor, silence":     {"doctor --timeout 20s", mute, "whether the host answers, and what comes after it, was not examined", syscall.SIGINT, exitInterrupt, ""},
		"doctor, slow":        {"doctor", slow, "whether the host answers, and what comes after it, was not examined", syscall.SIGTERM, exitTerminate, "an echo test"},
		"doctor over TLS":     {"doctor --profile " + secure, mute, "whether there is a connection to be had, and what comes after it, was not examined", syscall.SIGINT, exitInterrupt, ""},
		"doctor, other ways":  {"doctor --timeout 150ms", mute, "in which other way the host answers, and what comes after it, was not examined", syscall.SIGINT, exitInterrupt, "other ways, each"},
		"doctor, the sign-on": {"doctor", slow, "whether the terminal signs on, and what comes after it, was not examined", syscall.SIGINT, exitInterrupt, "a sign-on (004)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const soon = 4 * time.Second // of 5 s and more
			var p *process
			var code int
			var took time.Duration
			for range 5 { // a busy machine is at another step by then, or late
				host, asked := c.host, make(<-chan struct{})
				if host == mute {
					host, asked = silentLater(t, "", 0)
				}
				p = start(t, c.after, append(strings.Fields(c.args), "--host", host)...)
				if c.after == "" {
					select {
					case <-asked:
					case <-time.After(patient):
						t.Fatalf("it asks nothing:\n%s%s", &p.stdout, &p.stderr)
					}
				}
				began := time.Now()
				code = p.end(t, c.signal)
				if took = time.Since(began); took <= soon && code >= 0 && strings.Contains(p.stderr.String(), c.words) {
					break
				}
			}
			said := p.stdout.String() + p.stderr.String()
			if code != c.code || !strings.Contains(said, "stopped by a signal: "+c.words) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, c.code, c.words, said)
			}
			for _, lie := range []string{"nothing to change", "closed network", "ways of asking", "cannot be reached", "canceled", "hint"} {
				if strings.Contains(said, lie) {
					t.Errorf("it says %q:\n%s", lie, said)
				}
			}
			if took > soon {
				t.Errorf("it ended %v after the signal", took)
			}
		})
	}
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// reread is a connection of which some octets have been read already.
type reread struct {
	net.Conn
	read []byte
}

func (c *reread) Read(p []byte) (int, error) {
	if len(c.read) > 0 {
		n := copy(p, c.read)
		c.read = c.read[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// A purchase that doctor asks with, where a network has nothing else, is undone though a
// signal ends the wait for its answer.
func TestSignalLeavesNoPurchaseOfDoctor(t *testing.T) {
	t.Parallel()
	file, asked := withoutManagement(t, "  balance: {", "  balance: none\n  #{")
	read, err := dialect.Parse(file, []byte(readText(t, file)), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer := answeringIn(read, func(*wire.Message) {})
	var reversals atomic.Int64
	host := listening(t, func(c net.Conn) {
		b := make([]byte, 4096)
		n, _ := c.Read(b)
		if n < 6 || string(b[2:4]) != "04" {
			io.Copy(io.Discard, c) // a purchase is not answered
			return
		}
		reversals.Add(1)
		answer(&reread{c, b[:n]})
	})
	p := start(t, "sends     a purchase", "doctor", "--profile", asked, "--host", host)
	time.Sleep(300 * time.Millisecond)
	if code := p.end(t, os.Interrupt); code != exitInterrupt {
		t.Errorf("exit code %d, want %d", code, exitInterrupt)
	}
	if said := p.stdout.String(); reversals.Load() != 1 || !strings.Contains(said, "sends     a reversal of the purchase: approved") {
		t.Errorf("%d reversals; it says\n%s%s", reversals.Load(), said, &p.stderr)
	}
}
