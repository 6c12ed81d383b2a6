//go:build unix

package main

import (
	"os/exec"
	"os/signal"
	"syscall"
)

// ignorePipe has writing into a closed pipe be an error, and no end.
func ignorePipe() { signal.Ignore(syscall.SIGPIPE) }

// apart has a process go on when this one's terminal sends a signal: who is asked to
// stop tells it.
func apart(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// noCoreDumps keeps the keys in this process's memory out of files: a crash
// leaves none.
func noCoreDumps() {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
}
