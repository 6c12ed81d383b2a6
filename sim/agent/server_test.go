package agent

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Where another listens this is told at once, and what that one keeps in the folder is left
// alone; and whoever does not want to wait any more does not.
func TestServerThatCannotListenSaysSo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := filepath.Join(t.TempDir(), "nats")
	began := time.Now()
	for _, address := range []string{taken.Addr().String(), "127.0.0.1", "127.0.0.1:port"} {
		if _, err := Serve(t.Context(), address, dir, NewCredentials()); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder has been opened all the same")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := Serve(ctx, "127.0.0.1:0", filepath.Join(t.TempDir(), "nats"), NewCredentials()); err == nil {
		s.Close() // it was up before anybody could look
	}
	silent := Cluster{URL: "nats://" + taken.Addr().String()} // takes the connection, and says nothing
	if _, err := JoinCluster(ctx, silent, NewCredentials()); !errors.Is(err, context.Canceled) {
		t.Errorf("a server that says nothing: %v", err)
	}
	if took := time.Since(began); took > 9*time.Second {
		t.Errorf("took %v", took)
	}
}

// Whether a controller is alive is asked of itself: a server without one has none.
func TestLivingControllerIsKnown(t *testing.T) {
	ctx, creds := within(t), NewCredentials()
	s := newServer(t, creds)
	if Alive(ctx, s.Address, creds) {
		t.Error("a server alone is taken for a controller")
	}
	run, err := Start(ctx, join(t, s, creds), "v1", 1, false, []byte("the plan"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if !Alive(ctx, s.Address, creds) {
		t.Error("a controller that answers is not known to be alive")
	}
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if Alive(short, s.Address, NewCredentials()) {
		t.Error("the controller of another run is taken for this one's")
	}
	run.stop()
	for Alive(ctx, s.Address, creds) && ctx.Err() == nil { // its server hears of it in a moment
		time.Sleep(10 * time.Millisecond)
	}
	s.Close()
	if Alive(ctx, s.Address, creds) {
		t.Error("nobody listens, and it is alive")
	}
}
