// Package interrupt holds back the signals that end posfleet from before anything else of
// it begins: it imports next to nothing, so that it is ready first, and what takes longer,
// such as compiling dialects, cannot be cut off without a word.
package interrupt

import (
	"os"
	"os/signal"
	"syscall"
)

var early = make(chan os.Signal, 1)

func init() { signal.Notify(early, Ending()...) }

// Ending are the signals that end posfleet: an interrupt, being told to, quitting, and
// its terminal having gone. One that it was started to ignore, as by nohup, stays so.
func Ending() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// Early gives the signal that has come by now, nil for none, and holds back no further
// one.
func Early() os.Signal {
	signal.Stop(early)
	select {
	case s := <-early:
		return s
	default:
		return nil
	}
}
