//go:build !linux

package timer

import (
	"os"
	"time"
)

func openTimerfd() (*os.File, int) { return nil, -1 }

func setTimerfd(int, time.Duration) {}
