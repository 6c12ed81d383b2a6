package agent

import (
	"errors"
	"sync"
	"testing"
)

// Of controllers that attach to a run at the same moment one does, and none beside one that
// is alive.
func TestOneControllerAttaches(t *testing.T) {
	ctx, creds := within(t), NewCredentials()
	s, err := Serve(t.Context(), "127.0.0.1:0", t.TempDir(), creds)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	conn := join(t, s, creds)
	run, err := Start(ctx, conn, "v1", 1, false, []byte("the plan"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Attach(ctx, join(t, s, creds), 1, t.TempDir()); !errors.Is(err, ErrAttended) {
		t.Errorf("beside one that is alive: %v", err)
	}
	run.stop()
	conn.Close()
	for range 3 { // a run may lose its controller again
		attached := make(chan *Controller, 8)
		var all sync.WaitGroup
		for range cap(attached) {
			own := join(t, s, creds)
			all.Go(func() {
				switch r, _, err := Attach(ctx, own, 1, t.TempDir()); {
				case err == nil:
					attached <- r
				case !errors.Is(err, ErrAttended):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(attached) > 1 {
			t.Fatalf("%d controllers attach to one run", len(attached))
		}
		if len(attached) == 1 {
			(<-attached).stop()
		}
	}
	var r *Controller // those of one moment may all give way: then one that comes by itself does not
	for r == nil && ctx.Err() == nil {
		if r, _, err = Attach(ctx, join(t, s, creds), 1, t.TempDir()); err != nil && !errors.Is(err, ErrAttended) {
			t.Fatal(err)
		}
	}
	if r == nil {
		t.Fatal("nobody attaches")
	}
	r.stop()
}
