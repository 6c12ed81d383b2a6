package host

import (
	"syscall"
	"time"
)

// kernelSleep sleeps on the thread, some 50 µs more than asked.
func kernelSleep(d time.Duration) {
	ts := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&ts, nil) // waking early is as good: the caller looks at the clock
}
