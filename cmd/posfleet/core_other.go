//go:build !unix

package main

import "os/exec"

// ignorePipe has nothing to do here: writing into a closed pipe is an error.
func ignorePipe() {}

// apart has nothing to do here: a signal of the terminal stops both.
func apart(*exec.Cmd) {}

// noCoreDumps has nothing to do here: this system writes none by itself.
func noCoreDumps() {}
