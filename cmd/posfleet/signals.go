package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/posfleet/posfleet/cmd/posfleet/interrupt"
	"github.com/posfleet/posfleet/report"
)

// signals turns the first interrupt into the end of the command's context and the
// second into the end of abort. What nobody waits for, as while a file is read, ends
// the process there and then, which is said.
type signals struct {
	abort context.Context
	first os.Signal
	errs  io.Writer // standard error
}

// heeded is a context that knows whether anybody has asked for its end.
type heeded struct {
	context.Context
	asked atomic.Bool
}

func (h *heeded) Done() <-chan struct{} {
	h.asked.Store(true)
	return h.Context.Done()
}

func (h *heeded) Err() error {
	h.asked.Store(true)
	return h.Context.Err()
}

// heed is said before what a signal must not cut off is begun: from here on the first
// ends the context alone.
func heed(ctx context.Context) { _ = ctx.Done() }

func (s *signals) watch() (context.Context, func()) {
	whole, cancel := context.WithCancelCause(context.Background())
	last, cancelAbort := context.WithCancelCause(context.Background())
	ctx, abort := &heeded{Context: whole}, &heeded{Context: last}
	s.abort = abort
	c := make(chan os.Signal, 2)
	signal.Notify(c, interrupt.Ending()...)
	if s.first = interrupt.Early(); s.first != nil {
		s.end()
	}
	// A reader that has gone, as in `| head`, is no reason to leave half a run:
	// what is written then fails, and a run folder becomes whole.
	ignorePipe()
	done := make(chan struct{})
	go func() {
		for {
			select {
			case sig := <-c:
				switch {
				case s.first == nil && ctx.asked.Load():
					s.first = sig
					cancel(&exit{code: s.code(), err: errSignal})
				case s.first == nil:
					s.first = sig
					s.end()
				case sig == syscall.SIGHUP && sig == s.first: // of one terminal that goes kernel and shell both tell
				case abort.asked.Load() && last.Err() == nil:
					cancelAbort(&exit{code: s.code(), err: errSignal})
				default:
					s.end()
				}
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(c)
		close(done)
		cancel(nil)
		cancelAbort(nil)
	}
}

// saying is how long it may take to say that a signal ends the process, where nobody may
// read it.
const saying = 200 * time.Millisecond

// end ends the process for the signal that came, and leaves no half of a file.
func (s *signals) end() {
	said := make(chan struct{})
	go func() {
		fmt.Fprintf(s.errs, "posfleet: %v\n", errSignal)
		close(said)
	}()
	report.DiscardUnfinished()
	select {
	case <-said:
	case <-time.After(saying):
	}
	os.Exit(s.code())
}

// errSignal is the cause of a context's end that a signal is.
var errSignal = errors.New("stopped by a signal")

// cutOff is the exit of what ended because its context did, for a signal mostly, and in
// words what it left undone; nil where the context stands. What came of it by then says
// nothing of a host.
func cutOff(ctx context.Context, undone string) error {
	if ctx.Err() == nil {
		return nil
	}
	why := context.Cause(ctx)
	if e, is := errors.AsType[*exit](why); is {
		return &exit{code: e.code, err: fmt.Errorf("%w: %s", e.err, undone)}
	}
	return &exit{code: exitIncomplete, err: fmt.Errorf("stopped (%w): %s", why, undone)}
}

// stopped is the exit code of the signal that ended ctx, 0 while it stands: what came of a
// run that is over by then is not changed by a signal.
func (s *signals) stopped(ctx context.Context) int {
	if ctx.Err() == nil {
		return 0
	}
	return s.code()
}

// code is the exit code of the signal that came, 0 when none did.
func (s *signals) code() int {
	switch s.first {
	case nil:
		return 0
	case syscall.SIGTERM:
		return exitTerminate
	case syscall.SIGHUP:
		return exitHangUp
	case syscall.SIGQUIT:
		return exitQuit
	}
	return exitInterrupt
}
