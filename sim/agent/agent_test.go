package agent

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// patient is how long a test waits for what must come: a busy machine is slow.
const patient = 2 * time.Minute

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	t.Cleanup(cancel)
	return ctx
}

// newServer is the server of a controller.
func newServer(t testing.TB, c Credentials) *Server {
	t.Helper()
	s, err := Serve(t.Context(), "127.0.0.1:0", t.TempDir(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func join(t testing.TB, s *Server, c Credentials) *Conn {
	t.Helper()
	conn, err := Join(t.Context(), s.URL, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func quiet(string) {}

// played is what a test's agent writes: a file that grows, and one at the end.
type played struct {
	dir  string
	log  []byte
	done []byte
}

// play has an agent take a share, write into a folder in so many steps, and end.
func play(ctx context.Context, t testing.TB, c *Conn, name string, steps int) (*played, *Agent, error) {
	a, err := Take(ctx, c, name, "v1", quiet)
	if err != nil {
		return nil, nil, err
	}
	p := &played{dir: t.TempDir(), done: []byte("summary of " + name)}
	f, err := os.Create(filepath.Join(p.dir, "log"))
	if err != nil {
		return nil, a, err
	}
	defer f.Close()
	a.Send(p.dir, "log")
	if _, _, err := a.Begin(ctx); err != nil {
		return nil, a, err
	}
	for range steps {
		part := make([]byte, 1+len(p.log)%(2*chunk)+77)
		_, _ = rand.Read(part)
		p.log = append(p.log, part...)
		if _, err := f.Write(part); err != nil {
			return nil, a, err
		}
		a.Grown()
	}
	if err := os.WriteFile(filepath.Join(p.dir, "done"), p.done, 0o600); err != nil {
		return nil, a, err
	}
	if _, err := a.Played(ctx); err != nil {
		return nil, a, err
	}
	return p, a, a.End(ctx, "done")
}

// What agents write comes to the controller octet for octet, whatever grows while it is
// sent; and they begin at the moment that was said.
func TestWhatAgentsWriteComesWhole(t *testing.T) {
	ctx, creds := within(t), NewCredentials()
	s := newServer(t, creds)
	dir := t.TempDir()
	const n = 3
	run, err := Start(ctx, join(t, s, creds), "v1", n, false, []byte("the plan"), dir)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	wrote := map[int]*played{}
	for i := range n {
		conn := join(t, s, creds)
		all.Go(func() {
			p, a, err := play(ctx, t, conn, fmt.Sprint("agent ", i), 40)
			if err != nil {
				t.Error(err)
				return
			}
			defer a.Leave()
			if string(a.Plan) != "the plan" || a.Share.Of != n || a.Share.Attempt != 1 {
				t.Errorf("agent %d has %+v of %q", i, a.Share, a.Plan)
			}
			mu.Lock()
			defer mu.Unlock()
			wrote[a.Share.Index] = p
		})
	}
	if err := run.Await(ctx, Ready, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Begin(ctx); err != nil {
		t.Fatal(err)
	}
	if err := run.Await(ctx, Played, nil); err != nil {
		t.Fatal(err)
	}
	if err := run.Books(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if err := run.Await(ctx, Ended, nil); err != nil {
		t.Fatal(err)
	}
	parts := run.Parts()
	if err := run.Close(ctx); err != nil {
		t.Error(err)
	}
	all.Wait()
	for _, p := range parts {
		if w := wrote[p.Index]; w == nil || !same(t, p.Folder+"/log", w.log) || !same(t, p.Folder+"/done", w.done) {
			t.Errorf("share %d did not come as it was written", p.Index)
		}
		if p.Within <= 0 || p.Offset.Abs() > p.Within {
			t.Errorf("share %d: clocks of one machine are %v apart, within %v", p.Index, p.Offset, p.Within)
		}
	}
}

func same(t testing.TB, path string, want []byte) bool {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	return bytes.Equal(got, want)
}

// The clocks of agents are wrong by hours; the offset that is measured says by how much,
// no further off than it says.
func TestOffsetIsAsFarOffAsItSays(t *testing.T) {
	ctx, creds := within(t), NewCredentials()
	s := newServer(t, creds)
	controller, member := join(t, s, creds), join(t, s, creds)
	if err := controller.Connected(ctx, quiet); err != nil {
		t.Fatal(err)
	}
	asked, err := controller.answerClock()
	if err != nil {
		t.Fatal(err)
	}
	defer asked.Unsubscribe()
	if err := controller.nc.FlushWithContext(ctx); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []time.Duration{0, time.Hour, -26*time.Hour + 12345} {
		member.clock = newClock()
		member.clock.shows += int64(wrong)
		offset, within, err := member.offset(ctx)
		if err != nil {
			t.Fatal(err)
		}
		truth := controller.clock.now() - member.clock.now()
		if off := (offset - time.Duration(truth)).Abs(); off > within+time.Millisecond {
			t.Errorf("clock wrong by %v: measured %v within %v, it is %v", wrong, offset, within, time.Duration(truth))
		}
	}
}

// Who has other credentials gets no connection, and where a cluster lets everybody in
// is neither counted nor obeyed.
func TestForeignersNeitherJoinNorCommand(t *testing.T) {
	ctx, creds, foreign := within(t), NewCredentials(), NewCredentials()
	s := newServer(t, creds)
	conn := join(t, s, foreign)
	waiting, told := context.WithCancel(ctx)
	defer told()
	if err := conn.Connected(waiting, func(text string) {
		if strings.Contains(text, "the controller has other credentials") {
			told()
		}
	}); err == nil || ctx.Err() != nil {
		t.Error("an agent with other credentials has joined")
	}

	open := stock(t, nil)
	mine := cluster(t, open, creds)
	run, err := Start(ctx, mine, "v1", 1, false, []byte("the plan"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close(ctx)
	guest := cluster(t, open, foreign)
	if err := guest.Connected(ctx, quiet); err != nil {
		t.Fatal(err)
	}
	if got := guest.members(ctx, time.Second); len(got) != 0 {
		t.Errorf("a foreigner finds %v", got)
	}
	a, err := Take(ctx, cluster(t, open, creds), "one", "v1", quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Leave()
	sealed := foreign.seal("order", []byte(`{"stop":"abort"}`))
	if _, err := run.kv.Put(ctx, "order", sealed); err != nil {
		t.Fatal(err)
	}
	if err := run.Stop(ctx, Drain); err != nil { // comes after it
		t.Fatal(err)
	}
	select {
	case <-a.Drain.Done():
	case <-ctx.Done():
		t.Fatal("the controller's own order does not come")
	}
	if a.Abort.Err() != nil {
		t.Error("a foreign order was obeyed")
	}
	if _, err := creds.open("plan", foreign.seal("plan", []byte("other"))); err == nil {
		t.Error("a foreign plan opens")
	}
	if _, err := creds.open("order", creds.seal("plan", nil)); err == nil {
		t.Error("what was sealed for one place opens at another")
	}
}

// An agent of another version is refused, and the controller knows of it.
func TestOtherVersionsAreRefused(t *testing.T) {
	ctx, creds := within(t), NewCredentials()
	s := newServer(t, creds)
	run, err := Start(ctx, join(t, s, creds), "v1", 1, false, nil, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close(ctx)
	refused, member := make(chan error, 1), join(t, s, creds)
	go func() {
		_, err := Take(ctx, member, "old", "v0", quiet)
		refused <- err
	}()
	var seen []string
	for err := error(nil); err == nil; {
		select {
		case err = <-refused:
			if !errors.Is(err, ErrVersion) {
				t.Errorf("an agent of version v0 at a controller of v1: %v", err)
			}
		case <-time.After(Seen / 4): // as a controller asks
			seen = append(seen, run.Strangers(ctx, "v1")...)
		}
	}
	if len(seen) == 0 || seen[0] != "old (posfleet v0)" {
		t.Errorf("the controller has seen %q before it left", seen)
	}
	old := join(t, s, creds)
	if err := old.Connected(ctx, quiet); err != nil {
		t.Fatal(err)
	}
	there, err := old.announce("older", "v-1")
	if err != nil {
		t.Fatal(err)
	}
	defer there.Stop()
	for {
		names := run.Strangers(ctx, "v1")
		if len(names) == 1 && strings.Contains(names[0], "older (posfleet v-1)") {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("the controller knows of %q", names)
		}
	}
}

// Another controller goes on where one was killed: it knows who plays, what was ordered,
// and keeps what comes where it belongs, once.
func TestAnotherControllerGoesOn(t *testing.T) {
	ctx, creds := within(t), NewCredentials()
	store, dir := t.TempDir(), t.TempDir()
	s, err := Serve(t.Context(), "127.0.0.1:0", store, creds)
	if err != nil {
		t.Fatal(err)
	}
	conn := join(t, s, creds)
	run, err := Start(ctx, conn, "v1", 1, false, []byte("the plan"), dir)
	if err != nil {
		t.Fatal(err)
	}
	var p *played
	ended := make(chan error, 1)
	go func() {
		var err error
		p, _, err = play(ctx, t, join(t, s, creds), "one", 30)
		ended <- err
	}()
	if err := run.Await(ctx, Ready, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Begin(ctx); err != nil {
		t.Fatal(err)
	}
	run.stop()
	conn.Close()
	s.Close()
	if s, err = Serve(t.Context(), s.Address, store, creds); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	run, began, err := Attach(ctx, join(t, s, creds), 1, dir)
	if err != nil {
		t.Fatal(err)
	}
	if began.IsZero() {
		t.Error("it does not know that the run has begun")
	}
	if err := run.Books(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if err := run.Await(ctx, Ended, nil); err != nil {
		t.Fatal(err)
	}
	part := run.Parts()[0]
	if err := run.Close(ctx); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if !same(t, part.Folder+"/log", p.log) || !same(t, part.Folder+"/done", p.done) {
		t.Error("what the agent wrote did not come whole")
	}
}

// Parts of a file that come twice are kept once, and none is passed over.
func TestPartsAreKeptOnce(t *testing.T) {
	r := &Controller{dir: t.TempDir()}
	dir := filepath.Join(r.dir, "1")
	path := filepath.Join(dir, "log")
	for _, x := range []struct {
		offset int64
		data   string
		fails  bool
	}{{0, "abc", false}, {0, "abc", false}, {3, "de", false}, {1, "bcd", false}, {7, "z", true}, {5, "f", false}, {5, "f", false}} {
		if err := r.append(dir, path, x.offset, []byte(x.data)); (err != nil) != x.fails {
			t.Errorf("%q at %d: %v", x.data, x.offset, err)
		}
	}
	if !same(t, path, []byte("abcdef")) {
		t.Error("not what was sent")
	}
	for _, file := range []string{"", ".", "..", "../x", "/etc/passwd", "a/b", ".hidden", "a\\..\\b"} {
		if _, name, _, err := partOf("0.1", file, "0"); err == nil && (filepath.Base(name) != name || strings.ContainsAny(name, `/\`)) {
			t.Errorf("file %q is taken as %q", file, name)
		}
	}
	for _, share := range []string{"", "-1.1", "0.0", "x.1", "1"} {
		if _, _, _, err := partOf(share, "log", "0"); err == nil {
			t.Errorf("share %q is taken", share)
		}
	}
}

// stock is a NATS server as anybody runs it, with JetStream, and open to all.
func stock(t testing.TB, change func(*server.Options)) *server.Server {
	t.Helper()
	o := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true}
	if change != nil {
		change(o)
	}
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	if !s.ReadyForConnections(patient) {
		t.Fatal("the server does not start")
	}
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	return s
}

func cluster(t testing.TB, s *server.Server, c Credentials) *Conn {
	t.Helper()
	conn, err := JoinCluster(t.Context(), Cluster{URL: s.ClientURL()}, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}
