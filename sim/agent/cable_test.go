package agent

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// cable is what an agent is connected to its server by. It may lose octets, without
// anybody being told, and it may be slow.
type cable struct {
	url     string
	lost    atomic.Bool  // what the agent sends
	unheard atomic.Bool  // what the server sends
	rate    atomic.Int64 // octets a second each way; 0 for as they come

	mu    sync.Mutex
	spoil map[net.Conn]bool // both ends of connections: true when octets of them are lost
}

func newCable(t *testing.T, to string) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{url: "nats://" + l.Addr().String(), spoil: map[net.Conn]bool{}}
	t.Cleanup(func() {
		l.Close()
		c.close(func(bool) bool { return true })
	})
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", strings.TrimPrefix(to, "nats://"))
			if err != nil {
				near.Close()
				continue
			}
			c.mu.Lock()
			c.spoil[near], c.spoil[far] = false, false
			c.mu.Unlock()
			go c.carry(near, far, &c.lost)
			go c.carry(far, near, &c.unheard)
		}
	}()
	return c
}

// carry carries octets one way until an end closes.
func (c *cable) carry(from, to net.Conn, cut *atomic.Bool) {
	defer from.Close()
	defer to.Close()
	part := make([]byte, 4096)
	for {
		n, err := from.Read(part)
		if err != nil {
			return
		}
		if rate := c.rate.Load(); rate > 0 {
			time.Sleep(time.Duration(n) * time.Second / time.Duration(rate))
		}
		if cut.Load() {
			c.mu.Lock()
			c.spoil[from], c.spoil[to] = true, true
			c.mu.Unlock()
			continue
		}
		if _, err := to.Write(part[:n]); err != nil {
			return
		}
	}
}

// mend has the cable carry again. Connections that have lost something are reset, as
// who finds a gap in them does in the end.
func (c *cable) mend() {
	c.lost.Store(false)
	c.unheard.Store(false)
	c.close(func(spoilt bool) bool { return spoilt })
}

func (c *cable) close(which func(spoilt bool) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn, spoilt := range c.spoil {
		if which(spoilt) {
			conn.Close()
		}
	}
}

// playing is a run of one agent behind a cable, begun.
func playing(ctx context.Context, t *testing.T, steps int) (*Controller, *cable, func() *played) {
	t.Helper()
	creds := NewCredentials()
	s := newServer(t, creds)
	run, err := Start(ctx, join(t, s, creds), "v1", 1, false, []byte("the plan"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := newCable(t, s.URL)
	conn, err := Join(t.Context(), c.url, creds)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	var p *played
	ended := make(chan error, 1)
	go func() {
		var a *Agent
		var err error
		if p, a, err = play(ctx, t, conn, "one", steps); a != nil {
			a.Leave()
		}
		ended <- err
	}()
	if err := run.Await(ctx, Ready, nil); err != nil {
		t.Fatal(err)
	}
	return run, c, func() *played {
		if err := <-ended; err != nil {
			t.Error(err)
		}
		return p
	}
}

// whole lets a run end and holds what has come to what was written.
func whole(ctx context.Context, t *testing.T, run *Controller, wrote func() *played) {
	t.Helper()
	if err := run.Books(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if err := run.Await(ctx, Ended, nil); err != nil {
		t.Fatal(err)
	}
	part := run.Parts()[0]
	if part.State != Ended || !part.Lost.IsZero() {
		t.Errorf("in the end it is %+v", part)
	}
	if err := run.Close(ctx); err != nil {
		t.Error(err)
	}
	if p := wrote(); p != nil && (!same(t, part.Folder+"/log", p.log) || !same(t, part.Folder+"/done", p.done)) {
		t.Error("what the agent wrote did not come octet for octet")
	}
}

// A cable that loses what both say, and closes nothing, is told: the agent is not heard
// of. When it carries again nothing is missing and nothing is there twice.
func TestCutCableIsToldAndLosesNothing(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	run, cable, wrote := playing(ctx, t, 24)
	if _, err := run.Begin(ctx); err != nil {
		t.Fatal(err)
	}
	for run.Parts()[0].State != Playing {
		if ctx.Err() != nil {
			t.Fatal("it does not play")
		}
		time.Sleep(time.Millisecond)
	}
	cable.lost.Store(true)
	cable.unheard.Store(true)
	for run.Parts()[0].Lost.IsZero() {
		if ctx.Err() != nil {
			t.Fatal("nobody has noticed")
		}
		time.Sleep(10 * time.Millisecond)
	}
	cable.mend()
	whole(ctx, t, run, wrote)
}

// An agent that comes back is heard of again, however much the others have to say.
func TestAgentThatComesBackIsHeardWhileOthersSend(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	run, cable, wrote := playing(ctx, t, 24)
	if _, err := run.Begin(ctx); err != nil {
		t.Fatal(err)
	}
	others, silent := context.WithCancel(ctx)
	defer silent()
	go func() {
		for others.Err() == nil {
			run.change(func() {})
			time.Sleep(20 * time.Millisecond)
		}
	}()
	var waiting sync.WaitGroup
	waiting.Go(func() { _ = run.Await(others, Ended, nil) })
	until := func(lost bool) {
		for p := run.Parts()[0]; p.State != Played || p.Lost.IsZero() == lost; p = run.Parts()[0] {
			if ctx.Err() != nil {
				t.Fatalf("lost %v: %+v", !lost, p)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	until(false)
	cable.lost.Store(true)
	cable.unheard.Store(true)
	until(true)
	cable.mend()
	until(false)
	silent()
	waiting.Wait()
	whole(ctx, t, run, wrote)
}

// An exclusive share is its agent's as long as the lease lasts, asked at the moment when
// something is to be played: not again after the process was stopped for longer.
func TestLeaseThatHasRunOutIsNotHeldAgain(t *testing.T) {
	for exclusive, want := range map[bool]bool{true: false, false: true} {
		a := &Agent{Share: Share{Exclusive: exclusive}, taken: time.Now()}
		a.Drain, a.stop = context.WithCancelCause(t.Context())
		a.Abort, a.end = context.WithCancelCause(t.Context())
		if !a.Mine() {
			t.Error("it has just been taken")
		}
		a.taken = time.Now().Add(-2 * Lease)
		if a.Mine() != want {
			t.Errorf("exclusive %v: after twice the lease it is %v", exclusive, !want)
		}
		if cause := context.Cause(a.Abort); exclusive != errors.Is(cause, errUnheard) {
			t.Errorf("exclusive %v: it ends by %v", exclusive, cause)
		}
		a.heard.Store(int64(2 * Lease))
		if a.Mine() != want {
			t.Errorf("exclusive %v: heard of again it is %v", exclusive, !want)
		}
	}
}

// Where only what the server says is lost, the agent sends again what has come already:
// it is kept once.
func TestLostAcknowledgementsCountNothingTwice(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	run, cable, wrote := playing(ctx, t, 24)
	var parts atomic.Int64
	run.Hear(func(Share, string, []byte) { parts.Add(1) })
	if _, err := run.Begin(ctx); err != nil {
		t.Fatal(err)
	}
	for parts.Load() == 0 {
		if ctx.Err() != nil {
			t.Fatal("nothing comes")
		}
		time.Sleep(time.Millisecond)
	}
	cable.unheard.Store(true)
	time.Sleep(300 * time.Millisecond) // for what is on its way
	cable.mend()
	whole(ctx, t, run, wrote)
}

// An agent behind a slow line sends long after it has played: it is waited for, as it
// goes on to say that it is there, and nothing of it is missing.
func TestSlowLineIsWaitedFor(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	run, cable, wrote := playing(ctx, t, 8)
	cable.rate.Store(1 << 20)
	if _, err := run.Begin(ctx); err != nil {
		t.Fatal(err)
	}
	whole(ctx, t, run, wrote)
}

// What was on its way to the controller when its line failed comes again, after what was
// sent later: a later part that comes first is no loss.
func TestCutCableOfTheControllerLosesNothing(t *testing.T) {
	t.Parallel()
	ctx, creds := within(t), NewCredentials()
	open := stock(t, nil)
	cable := newCable(t, open.ClientURL())
	conn, err := JoinCluster(t.Context(), Cluster{URL: cable.url}, creds)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	run, err := Start(ctx, conn, "v1", 1, false, []byte("the plan"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	member := cluster(t, open, creds)
	a, err := Take(ctx, member, "one", "v1", quiet)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	a.Send(dir, "log")
	write := func(part string) {
		if _, err := log.WriteString(part); err != nil {
			t.Fatal(err)
		}
		a.Grown()
	}
	await := func(what string, is func() bool) {
		t.Helper()
		for !is() {
			if ctx.Err() != nil {
				t.Fatal(what)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	kept := func() string {
		text, _ := os.ReadFile(filepath.Join(run.folder(a.Share), "log"))
		return string(text)
	}
	soon := jetstream.ConsumerConfig{Durable: "controller", AckPolicy: jetstream.AckExplicitPolicy, AckWait: time.Second, MaxAckPending: 256}
	reader, err := member.js.UpdateConsumer(ctx, member.name("results"), soon)
	if err != nil {
		t.Fatal(err)
	}
	cable.unheard.Store(true)
	write("first ")
	await("the first part is not sent", func() bool {
		info, err := reader.Info(ctx)
		return err == nil && info.NumAckPending == 1
	})
	if kept() != "" {
		t.Fatal("the cable was not cut")
	}
	cable.mend()
	write("second")
	await("what was under way is lost", func() bool { return kept() == "first second" })
	a.Leave()
	if err := run.Close(ctx); err != nil {
		t.Error(err)
	}
	if run.err != nil {
		t.Error(run.err)
	}
}

// What is missing is waited for, and told once it has not come for too long: in the middle
// of a file and at its end.
func TestWhatNeverComesIsTold(t *testing.T) {
	r := &Controller{dir: t.TempDir(), gaps: map[string]time.Time{}, news: make(chan struct{})}
	gap := &gapError{"log", 0, 6}
	if err := r.awaited(gap); err != nil {
		t.Errorf("at first: %v", err)
	}
	r.gaps["log"] = time.Now().Add(-2 * absent)
	if err := r.awaited(gap); err == nil || err.Error() != "log: octets 0 to 6 are missing" {
		t.Errorf("after a while: %v", err)
	}

	ended := Part{Folder: t.TempDir(), Status: Status{State: Ended, Files: map[string]int64{"log": 6}}}
	for _, x := range []struct {
		silent          time.Duration
		connected, told bool
	}{{0, true, false}, {absent / 2, true, false}, {2 * absent, true, true}, {2 * absent, false, false}} {
		r.all, r.err, r.last = []Part{ended}, nil, time.Now().Add(-x.silent)
		if r.overdue(x.connected); (r.err != nil) != x.told {
			t.Errorf("nothing comes for %v: %v", x.silent, r.err)
		}
	}
	if err := os.WriteFile(filepath.Join(ended.Folder, "log"), []byte("sixsix"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.err, r.last = nil, time.Time{}
	if r.overdue(true); r.err != nil {
		t.Error(r.err)
	}
}

// An agent that was late for a moment is no lost one: whether the run can begin is known
// once it is heard of again, or has not been for long.
func TestLateAgentIsWaitedForBeforeTheRunBegins(t *testing.T) {
	r := &Controller{}
	for _, x := range []struct {
		lost time.Time
		is   bool
	}{{time.Time{}, true}, {time.Now(), false}, {time.Now().Add(-2 * Returning), true}} {
		if p := (&Part{Status: Status{State: Ready}, Lost: x.lost}); r.reached(p, Ready) != x.is {
			t.Errorf("lost at %v: ready is %v", x.lost, !x.is)
		}
	}
}
