//go:build !linux

package host

import "time"

// alarm wakes one goroutine at a time that others may move, as exactly as the
// runtime's timers do.
type alarm struct {
	timer  *time.Timer
	closed chan struct{}
}

func newAlarm() (*alarm, error) {
	return &alarm{timer: time.NewTimer(time.Hour), closed: make(chan struct{})}, nil
}

// set makes the alarm go off so long from now, and no more at the time set
// before. It must not run together with another set or with close.
func (a *alarm) set(wait time.Duration) { a.timer.Reset(wait) }

// wait waits for the alarm; it reports false once that is closed.
func (a *alarm) wait() bool {
	select {
	case <-a.timer.C:
		return true
	case <-a.closed:
		return false
	}
}

func (a *alarm) close() {
	a.timer.Stop()
	close(a.closed)
}
