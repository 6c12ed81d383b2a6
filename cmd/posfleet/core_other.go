//go:build !unix

package main

// ignorePipe has nothing to do here: writing into a closed pipe is an error.
func ignorePipe() {}

// noCoreDumps has nothing to do here: this system writes none by itself.
func noCoreDumps() {}
