//go:build linux || darwin

package main

import (
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// keyboard is a terminal that gives keys as they are pressed, and does not show them.
// Ctrl-C and the like stay signals. While another program has the terminal it is left
// alone.
type keyboard struct {
	fd      int
	before  unix.Termios
	done    chan struct{}
	reading sync.WaitGroup
}

func openKeyboard(in *os.File) (*keyboard, error) {
	k := &keyboard{fd: int(in.Fd()), done: make(chan struct{})}
	before, err := unix.IoctlGetTermios(k.fd, getTermios)
	if err != nil {
		return nil, err
	}
	k.before = *before
	return k, nil
}

// keyPatience is how long a key may go unnoticed when the terminal was another's before.
const keyPatience = 200 * time.Millisecond

// read tells each key until the keyboard is closed, from a goroutine of its own.
func (k *keyboard) read(told func(key byte)) {
	k.own()
	k.reading.Go(func() {
		key := make([]byte, 1)
		for {
			select {
			case <-k.done:
				return
			default:
			}
			if !k.own() {
				time.Sleep(keyPatience)
				continue
			}
			fds := []unix.PollFd{{Fd: int32(k.fd), Events: unix.POLLIN}}
			n, err := unix.Poll(fds, int(keyPatience/time.Millisecond))
			switch {
			case err == unix.EINTR || err == nil && n == 0:
			case err != nil || fds[0].Revents&unix.POLLIN == 0:
				return // the terminal has gone
			case k.foreground():
				if n, err := unix.Read(k.fd, key); n == 1 {
					told(key[0])
				} else if err != unix.EINTR && err != unix.EAGAIN {
					return
				}
			}
		}
	})
}

// foreground reports whether the terminal is this program's: one in the background that
// reads or sets it is stopped.
func (k *keyboard) foreground() bool {
	group, err := unix.IoctlGetInt(k.fd, unix.TIOCGPGRP)
	return err == nil && int32(group) == int32(unix.Getpgrp())
}

// own has the terminal give single keys, also after others have had it. It reports false
// while it is another's.
func (k *keyboard) own() bool {
	if !k.foreground() {
		return false
	}
	now, err := unix.IoctlGetTermios(k.fd, getTermios)
	if err != nil {
		return true // reading says more
	}
	if now.Lflag&(unix.ICANON|unix.ECHO) != 0 {
		now.Lflag &^= unix.ICANON | unix.ECHO
		now.Cc[unix.VMIN], now.Cc[unix.VTIME] = 1, 0
		_ = unix.IoctlSetTermios(k.fd, setTermios, now)
	}
	return true
}

// close leaves the terminal as it was.
func (k *keyboard) close() {
	close(k.done)
	k.reading.Wait()
	if k.foreground() {
		_ = unix.IoctlSetTermios(k.fd, setTermios, &k.before)
	}
}
