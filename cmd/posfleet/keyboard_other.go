//go:build !linux && !darwin

package main

import (
	"errors"
	"os"
)

// keyboard has no keys here.
type keyboard struct{}

func openKeyboard(*os.File) (*keyboard, error) {
	return nil, errors.New("no keys are read on this system")
}

func (*keyboard) read(func(byte)) {}

func (*keyboard) close() {}
