//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// ignorePipe has writing into a closed pipe be an error, and no end.
func ignorePipe() { signal.Ignore(syscall.SIGPIPE) }

// noCoreDumps keeps the keys in this process's memory out of files: a crash
// leaves none.
func noCoreDumps() {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
}
