package scenarios

import (
	"context"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/line"
)

// atMost gives an address at which a host takes so many connections, and resets more.
func atMost(t *testing.T, host string, most int32) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var open atomic.Int32
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			up, err := net.Dial("tcp", host)
			if open.Add(1) > most || err != nil {
				open.Add(-1)
				c.(*net.TCPConn).SetLinger(0)
				c.Close()
				continue
			}
			go func() {
				io.Copy(up, c)
				open.Add(-1)
				up.Close()
			}()
			go func() {
				io.Copy(c, up)
				c.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// someOf is some of the scenarios that come with posfleet, by id.
func someOf(t *testing.T, ids ...string) (some []*Feature) {
	t.Helper()
	return someIn(t, "cup", ids...)
}

// someIn is likewise of those of a dialect.
func someIn(t *testing.T, of string, ids ...string) (some []*Feature) {
	t.Helper()
	n := 0
	for _, f := range embeddedFor(t, of) {
		of := *f
		of.Scenarios = slices.DeleteFunc(slices.Clone(f.Scenarios), func(s *Scenario) bool { return !slices.Contains(ids, s.ID) })
		if n += len(of.Scenarios); len(of.Scenarios) > 0 {
			some = append(some, &of)
		}
	}
	if n != len(ids) {
		t.Fatalf("%d of %d scenarios are there", n, len(ids))
	}
	return some
}

// A host that takes so many connections, and serves them all, has not gone away when it
// refuses one more, nor does it serve one at a time.
func TestHostThatTakesSoManyConnections(t *testing.T) {
	m := mortalHost(t)
	c := &Check{Language: language(m.profile, nil), Dialer: &line.Dialer{Address: atMost(t, m.address, 4), Timeout: time.Second}, Features: someOf(t, "core-purchase-1", "core-purchase-2", "core-purchase-3", "core-purchase-4", "core-purchase-9", "core-purchase-10", "core-purchase-11", "core-purchase-12"),
		Terminals: 8, Parallel: 1}
	found, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if want := "the host took 4 connections and refused one more while it answered on them: --terminals 4 or --line each"; found.Away != want || c.Hint() != "" {
		t.Errorf("it says %q, and %q", found.Away, c.Hint())
	}
	if failed, untested := found.Count(verdicts.Failed), found.Count(verdicts.Untested); failed > 0 || untested != 4 {
		t.Errorf("%d failed, %d untested", failed, untested)
	}
	for _, cause := range found.Causes() {
		if !strings.Contains(cause.Why(), hostFull) {
			t.Errorf("%s", cause.Why())
		}
	}
}
