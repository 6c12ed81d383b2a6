//go:build linux || darwin

package main

import (
	"errors"
	"os"
	"syscall"
)

// lock locks an open file or folder until it is closed, at the latest with this process.
// It gives errLocked when somebody else has it.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errLocked
	}
	return nil // where a file system has no locks nobody is kept out
}
