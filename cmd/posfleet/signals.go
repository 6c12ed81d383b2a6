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
	ctx, cancel := context.WithCancel(context.Background())
	abort, cancelAbort := context.WithCancel(context.Background())
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
	case syscall.SIGHUP:
		return exitHangUp
	case syscall.SIGQUIT:
		return exitQuit
	}
	return exitInterrupt
}
