package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// signals turns the first interrupt into the end of the command's context and
// the second into the end of Abort's.
type signals struct {
	abort context.Context
	first os.Signal
}

func (s *signals) watch() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	abort, cancelAbort := context.WithCancel(context.Background())
	s.abort = abort
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case sig := <-c:
				if s.first != nil {
					cancelAbort()
					return
				}
				s.first = sig
				cancel()
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(c)
		close(done)
		cancel()
		cancelAbort()
	}
}

// code is the exit code of the signal that came, 0 when none did.
func (s *signals) code() int {
	switch s.first {
	case nil:
		return 0
	case syscall.SIGTERM:
		return exitTerminate
	}
	return exitInterrupt
}
