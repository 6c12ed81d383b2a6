package timer

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// openTimerfd gives none when the system is short of descriptors.
func openTimerfd() (*os.File, int) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, -1
	}
	return os.NewFile(uintptr(fd), "timerfd"), fd
}

func setTimerfd(fd int, wait time.Duration) {
	in := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(wait))}
	_ = unix.TimerfdSettime(fd, 0, &in, nil) // fails for a wrong descriptor or time only
}
