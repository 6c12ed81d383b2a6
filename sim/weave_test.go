package sim_test

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/host"
)

// woven plays 200 terminals on shared lines for a while, in the closed model,
// and holds the books of both sides against each other.
func woven(t *testing.T, b *bench, timeout time.Duration) *report.Report {
	t.Helper()
	p := *b.profile
	p.Policy.Timeout = timeout
	p.Policy.JournalLimit = 40 // settlements in between, too
	b = &bench{&p, b.host, b.dialer}
	run := &sim.Run{Lines: sim.Lines{Shared: 8}, Terminals: 200, For: 1500 * time.Millisecond,
		Recorder: report.NewRecorder(sim.Labels(), timeout, 0)}
	rep := b.run(t, run)
	if err := b.host.Check(); err != nil {
		t.Error(err)
	}
	for i, book := range b.host.Books()[:200] {
		if mine := run.Fleet()[i].Journal.All.Net(); mine != book.Net() {
			t.Errorf("terminal %s has %d fen, the host %d", book.TID, mine, book.Net())
		}
	}
	return rep
}

func TestWovenPlayersPlayOn(t *testing.T) {
	rep := woven(t, newBench(t, "cup", 200), 5*time.Second)
	l := rep.Label("purchase")
	if n := l.Counts[report.Approved]; n < 1000 || n != l.Counts.Sent() || rep.Failed > 0 {
		t.Errorf("%v: want some thousand purchases, all approved; %d scenarios failed", l.Counts, rep.Failed)
	}
	if rep.Label("settlement") == nil {
		t.Error("no batch was settled")
	}
}

// A player that hears nothing goes on by itself; the others are not held up.
func TestWovenPlayersOutliveLostAnswers(t *testing.T) {
	drop, err := host.ParseBehaviour("drop:97", 1)
	if err != nil {
		t.Fatal(err)
	}
	rep := woven(t, newBench(t, "cup", 200, host.WithBehaviour(drop)), 200*time.Millisecond)
	l := rep.Label("purchase")
	if l.Counts[report.TimedOut] == 0 || l.Counts[report.Approved] < 500 {
		t.Errorf("%v: want some timeouts among many approvals", l.Counts)
	}
	if r := rep.Label("reversal"); r == nil || r.Counts[report.Approved] == 0 {
		t.Error("nothing was reversed")
	}
}

// All lines are cut in the middle of the run: what was open is broken, and all
// players find their way back.
func TestWovenPlayersComeBackAfterACut(t *testing.T) {
	b := newBench(t, "cup", 200)
	address, cut := cuttable(t, b.dialer.Address)
	b.dialer = &sim.Dialer{Address: address, Timeout: 2 * time.Second}
	time.AfterFunc(700*time.Millisecond, cut)
	rep := woven(t, b, 2*time.Second)
	l := rep.Label("purchase")
	if l.Counts[report.Broken] == 0 || l.Counts[report.Broken] > 200 || l.Counts[report.Approved] < 1000 {
		t.Errorf("%v: want at most 200 broken, and many approvals", l.Counts)
	}
	var late int64
	for _, s := range rep.Seconds[1:] {
		late += s.Counts[report.Approved]
	}
	if late < 200 {
		t.Errorf("%d approvals after the cut", late)
	}
}

// cuttable is a way to a host on which all connections can be cut.
func cuttable(t *testing.T, to string) (address string, cut func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	var all sync.WaitGroup
	cut = func() {
		mu.Lock()
		defer mu.Unlock()
		for c := range open {
			c.Close()
		}
	}
	pipe := func(dst, src net.Conn) {
		io.Copy(dst, src)
		dst.Close()
		src.Close()
	}
	all.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", to)
			if err != nil {
				near.Close()
				continue
			}
			mu.Lock()
			open[near], open[far] = true, true
			mu.Unlock()
			all.Go(func() { pipe(near, far) })
			all.Go(func() { pipe(far, near) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		cut()
		all.Wait()
	})
	return l.Addr().String(), cut
}
