package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// signals turns the first interrupt into the end of the command's context and the
// second into the end of abort. What nobody waits for, as while a file is read, ends
// the process there and then.
type signals struct {
	abort context.Context
	first os.Signal
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

// ending are the signals that end posfleet: an interrupt, being told to, quitting, and
// its terminal having gone. One that it was started to ignore, as by nohup, stays so.
func ending() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

func (s *signals) watch() (context.Context, func()) {
	whole, cancel := context.WithCancelCause(context.Background())
	last, cancelAbort := context.WithCancel(context.Background())
	ctx, abort := &heeded{Context: whole}, &heeded{Context: last}
	s.abort = abort
	c := make(chan os.Signal, 2)
	signal.Notify(c, ending()...)
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
					os.Exit(s.code())
				case sig == syscall.SIGHUP && sig == s.first: // of one terminal that goes kernel and shell both tell
				case abort.asked.Load() && last.Err() == nil:
					cancelAbort()
				default:
					os.Exit(s.code())
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
		cancelAbort()
	}
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
