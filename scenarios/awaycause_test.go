package scenarios

import (
	"context"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/line"
)

// leaving gives an address at which a host answers so many messages on one connection, then
// leaves: it takes no more connections, and does something to the one that there is.
func leaving(t *testing.T, host string, answers int, leave func(c *net.TCPConn, answer []byte)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	serve := func(c net.Conn) bool {
		defer c.Close()
		up, err := net.Dial("tcp", host)
		if err != nil {
			return true
		}
		defer up.Close()
		b := make([]byte, 4096)
		for {
			n, err := c.Read(b)
			if err != nil {
				return false
			}
			up.Write(b[:n])
			if n, err = up.Read(b); err != nil {
				return true
			}
			if answers--; answers < 0 {
				l.Close()
				leave(c.(*net.TCPConn), b[:n])
				return true
			}
			c.Write(b[:n])
		}
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil || serve(c) {
				return
			}
		}
	}()
	return l.Addr().String()
}

// How it showed that a host had gone is told of each scenario: of the one that was under way
// what became of its line, of the others why there is none.
func TestCausesOfAHostThatLeaves(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	for name, of := range map[string]struct {
		leave func(c *net.TCPConn, answer []byte)
		cause string
	}{
		"reset":         {func(c *net.TCPConn, _ []byte) { c.SetLinger(0) }, ": it reset the connection"},
		"closed":        {func(*net.TCPConn, []byte) {}, ": it closed the connection"},
		"half answered": {func(c *net.TCPConn, answer []byte) { c.Write(answer[:20]) }, ": it closed the connection after 18 of the "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mortalHost(t)
			c := &Check{Language: language(m.profile, nil), Dialer: &line.Dialer{Address: leaving(t, m.address, 4, of.leave), Timeout: time.Second},
				Features: someOf(t, "core-purchase-1", "core-purchase-2", "core-purchase-3", "core-purchase-4"), Terminals: 1}
			found, err := c.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			var causes []string
			for v := range found.All() {
				if v.Outcome == verdicts.Untested {
					causes = append(causes, v.Cause)
				}
			}
			if found.Count(verdicts.Failed) > 0 || len(causes) < 2 || !strings.HasPrefix(causes[0], hostAway+of.cause) ||
				slices.ContainsFunc(causes[1:], func(s string) bool { return s != hostAway+": it refuses connections" }) {
				t.Errorf("%d failed, causes %q", found.Count(verdicts.Failed), causes)
			}
		})
	}
}

// Nothing else is made of an error than it tells.
func TestCausesAreNotMadeUp(t *testing.T) {
	for _, why := range []error{io.ErrNoProgress, context.DeadlineExceeded, line.ErrTimeout} {
		if got := awayAs(why); got != hostAway {
			t.Errorf("%v: %q", why, got)
		}
	}
}
