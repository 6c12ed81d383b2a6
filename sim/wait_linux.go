package sim

import (
	"context"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// sleeper sleeps until the clock shows a time. One goroutine uses it at once,
// and with one ctx; close comes last.
//
// The runtime's own timers wake up to a millisecond late (the netpoller waits
// whole milliseconds), which would be read as the host's latency. nanosleep is
// exact, but keeps a processor of the runtime's from answers that have come, for
// up to hundreds of milliseconds where there are as many sleepers as processors:
// posfleet selftest showed it. A timerfd is a file that can be read from a given
// moment on: the goroutine is parked as it would be on a socket. The lateness
// that is left is learnt and slept less by; what then remains is waited for awake.
type sleeper struct {
	timer  *os.File
	fd     int
	cancel func() bool
	late   time.Duration
	ticks  [8]byte
}

// mostAwake bounds the lateness that is made up for, and so the time spent awake.
const mostAwake = 150 * time.Microsecond

// until sleeps until the clock shows d, or ctx is done.
func (s *sleeper) until(ctx context.Context, clock *Clock, d time.Duration) {
	if s.timer == nil && !s.open(ctx) {
		pause(ctx, clock, d)
		return
	}
	for {
		left := d - clock.Now()
		switch {
		case left <= 0 || ctx.Err() != nil:
			return
		case left > s.late:
			spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(left - s.late))}
			if unix.TimerfdSettime(s.fd, 0, &spec, nil) != nil {
				pause(ctx, clock, d)
				return
			}
			if _, err := s.timer.Read(s.ticks[:]); err != nil {
				pause(ctx, clock, d)
				return
			}
			over := clock.Now() - (d - s.late)
			s.late = min(max(s.late+(over-s.late)/16, 0), mostAwake)
		}
	}
}

// open makes the timer; a system short of descriptors has none to give.
func (s *sleeper) open(ctx context.Context) bool {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return false
	}
	timer := os.NewFile(uintptr(fd), "timerfd")
	s.timer, s.fd = timer, fd
	s.cancel = context.AfterFunc(ctx, func() { _ = timer.SetReadDeadline(time.Unix(1, 0)) })
	return true
}

func (s *sleeper) close() {
	if s.timer != nil {
		s.cancel()
		_ = s.timer.Close()
		s.timer = nil
	}
}
