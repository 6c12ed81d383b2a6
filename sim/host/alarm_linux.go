package host

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// alarm wakes one goroutine at a time that others may move. It is a timerfd, a
// file that can be read from a given moment on: the goroutine is parked as on a
// socket and woken some 50 µs late. The runtime's timers would be up to a
// millisecond late, which a meter would read as the host's latency; nanosleep
// would keep a processor from the goroutines that have work to do.
type alarm struct {
	file  *os.File
	fd    int
	ticks [8]byte
}

func newAlarm() (*alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("timer: %w", err)
	}
	return &alarm{file: os.NewFile(uintptr(fd), "timer"), fd: fd}, nil
}

// set makes the alarm go off so long from now, and no more at the time set
// before. It must not run together with another set or with close.
func (a *alarm) set(wait time.Duration) {
	if a.fd >= 0 {
		in := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(max(wait, 1)))}
		_ = unix.TimerfdSettime(a.fd, 0, &in, nil) // fails for a wrong fd or time only
	}
}

// wait waits for the alarm; it reports false once that is closed.
func (a *alarm) wait() bool {
	_, err := a.file.Read(a.ticks[:])
	return err == nil
}

func (a *alarm) close() {
	a.fd = -1
	_ = a.file.Close()
}
