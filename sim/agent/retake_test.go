package agent

import (
	"context"
	"testing"
	"time"
)

// An agent that dies is lost, and what it had sent is kept. Where shares may be taken
// over another one plays it, as a second attempt, and who played the first may not
// go on.
func TestLostAgentsAreNoticedAndReplaced(t *testing.T) {
	ctx, creds := within(t), NewCredentials()
	s := newServer(t, creds)
	run := takeOver(t, ctx, s, creds)
	first := join(t, s, creds)
	a, err := Take(ctx, first, "first", "v1", quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Leave()
	first.nc.Close() // as a cut line: it cannot say anything any more
	var lost Part
	for lost.Lost.IsZero() {
		if lost = run.Parts()[0]; ctx.Err() != nil {
			t.Fatal("nobody has noticed")
		}
		time.Sleep(10 * time.Millisecond)
	}
	offer := run.Retake(lost)
	soon, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if err := run.Await(soon, Ended, nil); err == nil {
		t.Error("the run ends before another agent could take the only share")
	}
	if err := offer(ctx); err != nil {
		t.Fatal(err)
	}
	b, err := Take(ctx, join(t, s, creds), "second", "v1", quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Leave()
	if b.Share.Attempt != 2 || b.Share.Index != 0 {
		t.Errorf("the spare has %+v", b.Share)
	}
	select {
	case <-a.Abort.Done():
		if a.Drain.Err() == nil {
			t.Error("the agent that was lost wants more arrivals")
		}
	case <-ctx.Done():
		t.Error("the agent that was lost plays on")
	}
	for len(run.Parts()) < 2 || run.Parts()[1].Agent == "" {
		if err := run.Await(ctx, Joined, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if parts := run.Parts(); len(parts) != 2 || parts[0].Agent != "first" || parts[1].Agent != "second" || !parts[1].Lost.IsZero() {
		t.Errorf("%+v", parts)
	}
}

// Where the only agent cannot go on and its share is offered as soon as that is told, the run
// waits for another one, but not once it is to stop.
func TestOfferedShareIsWaitedFor(t *testing.T) {
	ctx, creds := within(t), NewCredentials()
	s := newServer(t, creds)
	run := takeOver(t, ctx, s, creds)
	a, err := Take(ctx, join(t, s, creds), "first", "v1", quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Leave()
	if err := a.Fail(ctx, 5, "no room"); err != nil {
		t.Fatal(err)
	}
	offered := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- run.Await(ctx, Ended, func(parts []Part) {
			if len(parts) == 1 && parts[0].State == Failed {
				run.Retake(parts[0])
				close(offered)
			}
		})
	}()
	<-offered
	select {
	case err := <-ended:
		t.Fatalf("the run ends before another agent could take the share: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	asked := time.Now()
	if err := run.Stop(ctx, Abort); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil || time.Since(asked) > Returning-time.Second {
		t.Errorf("stopped, it waits for %v: %v", time.Since(asked), err)
	}
}

// takeOver starts a run of one share that may be taken over.
func takeOver(t *testing.T, ctx context.Context, s *Server, creds Credentials) *Controller {
	t.Helper()
	run, err := Start(ctx, join(t, s, creds), "v1", 1, true, nil, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Close(ctx) })
	return run
}
